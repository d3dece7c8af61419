"""The line from "article" on: match, compare, place, store. Fills the port that spiders hand over to.

entries -> sift (known: a sighting) -> page -> take: match -> one short transaction for what came together -> outcome
polls and unmatched sightings are written together, so that validators are never ahead of what they stand for
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from monitor import polling
from monitor.budgets import HostBudget
from monitor.faults import Faults
from monitor.frame import RecurringLines, line_at
from monitor.keeping import Keeping, Rules
from monitor.matching import Document, Matcher, Matches
from monitor.outlets import is_of_site, with_outlet
from monitor.whose import gives_way
from storage.condition import Gap, GapState
from storage.errors import StorageError, of_this_machine
from storage.identity import entry_hash, url_key
from storage.items import Arrival, Article, Entry, Kind, Outcome, Poll, PollOutcome, Source, SourceState
from storage.reading import Transaction
from storage.sightings import Known, Sighting
from storage.store import Store
from storage.text import fold

_FLUSH_ROWS = 500
LONGEST_ID = 128  # code points; a bare address serves as the id of what it was read from
_FLUSH_S = 3.0
_TOGETHER = 32  # articles a transaction: writers take turns, and none is to wait for long
_DAY = timedelta(hours=24)
_WINDOWS = {Kind.FEED, Kind.SEARCH}  # they show their latest entries alone, read as a whole each time
PAST = "past"  # origin of what a crawl of the past brings, also where its page comes at a later crawl
NEWS = timedelta(hours=48)  # of such a crawl: younger than this it is news, whatever road it came by
_SHORT = 4_000  # code points; most entries without a page are shorter, and most of them name nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """An arrival that is kept, and what it mentions."""

    arrival: Arrival
    document: Document
    matches: Matches
    recurring: frozenset[str]


class StoreIntake:
    """Takes what a crawl brings into a store.

    Args:
        clock: the present moment; first_seen comes from it.
        rules: what is too old to be news, and whether articles without a topic are kept.
        owned: hosts that belong to a watched organisation.
        entries_a_day: unknown entries that a source may bring within 24 hours; what goes beyond is left, and told in the digest. None: any.
        pages_a_day: pages that a host may be asked for on a day (UTC); others are asked later, and the digest says so. None: any number.
    """

    def __init__(
        self,
        store: Store,
        matcher: Matcher,
        *,
        clock: Callable[[], datetime],
        rules: Rules | None = None,
        owned: frozenset[str] = frozenset(),
        entries_a_day: int | None = None,
        pages_a_day: int | None = None,
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._now = clock
        self._rules = rules or Rules()
        self._owned = owned
        self._entries_a_day = entries_a_day
        self._brought: dict[str, int] | None = None  # source -> unknown entries within a day
        self._over: set[str] = set()  # sources beyond that
        self._hosts = HostBudget(store, clock=clock, most=pages_a_day)
        self._lines = RecurringLines()
        self._states: dict[str, SourceState] | None = None
        self._sources: dict[str, Source] = {}
        self._seen: dict[str, int | None] = {}  # address -> article, of what is not written yet
        self._sightings: list[Sighting] = []
        self._again: dict[str, list[str]] = {}  # source -> known entries seen again
        self._pending: list[tuple[Source, Entry, str, bool]] = []
        self._waited: set[tuple[str, str]] = set()  # what is asked again in this crawl
        self._polls: list[tuple[SourceState, Poll, datetime]] = []
        self._sites: dict[str, str] = {}  # of sources whose document shares nothing: where its entries lead
        self._shared: dict[str, bool] = {}  # source -> whether what it shows now overlaps with what it showed before
        self._rides: list[Callable[[Transaction], None]] = []
        self._flushed = time.monotonic()
        self.outcomes: Counter[Outcome] = Counter()
        self.polls: dict[str, Poll] = {}
        self._faults = Faults(store)
        self.faults = self._faults.said  # articles that could not be kept, and why

    # ------------------------------------------------------------------ the port

    def state(self, source: Source) -> SourceState:
        """What is remembered of a source."""
        self._sources[source.id] = source
        if self._states is None:
            with self._store.reading() as reading:
                self._states = reading.sources.states()
        return self._states.get(source.id) or SourceState(source_id=source.id)

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Note known entries as sightings; return the others, and those whose words changed."""
        self._sources[source.id] = source
        keys = [url_key(entry.url) for entry in entries]
        with self._store.reading() as reading:
            known = reading.sightings.known(
                source.id if self.state(source).last_poll else None, [(entry.key, key) for entry, key in zip(entries, keys, strict=True)]
            )
        if source.id not in self._shared:  # the first is the whole document, later ones are single entries
            self._shared[source.id] = polling.overlaps(self.state(source), entries, [one is not None and one.shown for one in known])
            if not self._shared[source.id]:
                self._sites[source.id] = polling.site_of(entries)
        fresh = []
        for entry, key, before in zip(entries, keys, known, strict=True):
            if before is None and key and key in self._seen:
                before = Known(article_id=self._seen[key], entry_hash="", here=False)
            if before is None:
                fresh.append(entry)
            elif not before.here:
                if self._brings_better_words(source, entry, before.article_id):
                    fresh.append(entry)
                else:
                    self._note(source, entry, before.article_id)
            elif before.entry_hash != entry_hash(entry) and self._worth_a_look(entry, before.article_id):
                fresh.append(entry)
            else:
                self._again.setdefault(source.id, []).append(entry.key)
        return self._within_the_day(source, fresh)

    def remember(self, source: Source, entries: Sequence[Entry]) -> None:
        """Note entries as known here, and here alone: another source that shows one of them brings it as new."""
        self._sources[source.id] = source
        self._sightings += [replace(_sighting(source, entry, None, "archive"), url_key="") for entry in entries]
        self._flush_when_due()

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether these bytes can hold a watched name."""
        return self._rules.keep_unmatched or self._matcher.may_mention(page, encoding)

    def may_ask(self, url: str) -> bool:
        """Whether one more page of an address's host may be asked today."""
        return self._hosts.take(url)

    def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Match, compare and store; one outcome for each arrival, in order. Some dozens are one transaction."""
        outcomes: list[Outcome] = []
        for start in range(0, len(arrivals), _TOGETHER):
            outcomes += self._take_some(arrivals[start : start + _TOGETHER])
        self.outcomes.update(outcomes)
        self._flush_when_due()
        return outcomes

    def unfinished(self, now: datetime) -> list[tuple[Source, Entry]]:
        """Entries whose page is to be asked again."""
        with self._store.reading() as reading:
            waiting = reading.pending.due(now)
        self._waited = {(source.id, entry.key) for source, entry in waiting}
        return waiting

    def polled(self, poll: Poll) -> None:
        """Remember a poll; it is written with all that it brought."""
        source = self._sources.get(poll.source_id)
        if poll.outcome is PollOutcome.CHANGED and poll.entries and source is not None and source.kind in _WINDOWS:
            poll = replace(poll, shared=self._shared.get(poll.source_id, poll.shared), site=self._sites.get(poll.source_id))
        self.polls[poll.source_id] = poll
        if source is None or source.origin == "once":
            return
        state = self.state(source)
        if source.id in self._over:
            poll = replace(poll, validators=None)  # what was left is asked for again
        self._polls.append((state, poll, polling.next_poll(source, state, poll)))
        self._flush_when_due()

    def gaps(self, now: datetime) -> list[Gap]:
        """Return the gaps that are to be looked for; what waits is written before."""
        self.flush()
        with self._store.reading() as reading:
            return reading.gaps.open(now)

    def looked(self, gap: Gap, *, state: GapState, found: int) -> None:
        """Note what became of a gap, in the transaction that writes what was found."""
        self.ride(lambda transaction: transaction.gaps.looked(gap.id, state=state, found=found))

    def ride(self, change: Callable[[Transaction], None]) -> None:
        """Write something in the transaction that writes what waits now: it stands exactly if that does."""
        self._rides.append(change)
        self._flush_when_due()

    def is_baseline(self, source: Source, article: Article, now: datetime) -> bool:
        """Whether an article is older than the watch: stored, never told as news."""
        if source.origin == PAST:
            return article.published is None or now - article.published > NEWS
        return self._rules.is_baseline(source, self.state(source), article.published, now)

    def moment_of(self, source: Source, article: Article, now: datetime, *, baseline: bool) -> datetime:
        """When an article counts as first seen: what a crawl of the past brings stands in the figures of its own time."""
        return min(article.published, now) if source.origin == PAST and baseline and article.published else now

    # ------------------------------------------------------------------ inside

    def _within_the_day(self, source: Source, fresh: list[Entry]) -> list[Entry]:
        """Cut what a source brings to what it may bring in a day: a feed that renames everything at each poll must not fill the store."""
        if self._entries_a_day is None or source.origin == "once":
            return fresh
        if self._brought is None:
            with self._store.reading() as reading:
                self._brought = reading.sources.new_since(self._now() - _DAY)
        before = self._brought.get(source.id, 0)
        kept = fresh[: max(self._entries_a_day - before, 0)]
        self._brought[source.id] = before + len(kept)
        if len(kept) < len(fresh):
            self._over.add(source.id)
        return kept

    def flush(self) -> None:
        """Write what waits, in one transaction.

        Raises:
            StorageError: it could not be written; nothing of it is.
        """
        self._flushed = time.monotonic()
        if not (self._sightings or self._again or self._pending or self._polls or self._rides or self._hosts.waits):
            return
        now = self._now()
        with self._store.transaction() as transaction:
            transaction.sightings.note(self._sightings, now)
            for source_id, keys in self._again.items():
                for start in range(0, len(keys), 500):
                    transaction.sightings.seen_again(source_id, keys[start : start + 500], now)
            for source, entry, reason, again in self._pending:
                if again:
                    transaction.pending.add(source, entry, reason, now)
                else:
                    transaction.pending.done(source.id, entry.key)
            states = transaction.sources.save_polls(self._polls)
            for source_id in self._over & {poll.source_id for _, poll, _ in self._polls}:
                source = self._sources[source_id]
                transaction.incidents.add_once(now, "over-budget", source.outlet or source.id, _DAY)
            self._hosts.write(transaction)
            for change in self._rides:
                change(transaction)
        if self._states is not None:
            self._states |= {state.source_id: state for state in states}
        for waiting in (self._sightings, self._again, self._pending, self._polls, self._rides):
            waiting.clear()
        self._hosts.written()
        self._seen.clear()

    def _flush_when_due(self) -> None:
        waiting = len(self._sightings) + len(self._pending) + 2 * len(self._polls) + len(self._rides)
        if waiting >= _FLUSH_ROWS or (waiting and time.monotonic() - self._flushed > _FLUSH_S):
            self.flush()

    def _worth_a_look(self, entry: Entry, article_id: int | None) -> bool:
        """Whether a known entry with new words is asked again: a stored article is, another only if it now names somebody."""
        return article_id is not None or bool(self._match(Document(title=entry.title, text="", summary=entry.summary)).mentions)

    def _brings_better_words(self, source: Source, entry: Entry, article_id: int | None) -> bool:
        """Whether an entry that is known by its address alone is looked at: strangers told it, or told it so that it named nobody."""
        if entry.opaque or not is_of_site(source, entry.url) or (article_id is None and not self._worth_a_look(entry, None)):
            return False
        with self._store.reading() as reading:
            return gives_way(reading, source, entry.url, article_id)

    def _match(self, document: Document, verdicts: Mapping[str, str] | None = None) -> Matches:
        return self._matcher.match(document, verdicts or {})

    def _without_frame(self, document: Document) -> tuple[Matches, frozenset[str]]:
        """What a document mentions, lines that this crawl saw below several headlines of the site left out; and which those were."""
        recurring, folded = frozenset[str](), ""
        for last in (False, False, False, True):  # a page may hold a thousand such lines, and each costs a look at all of it
            matches = self._matcher.match(document, recurring=recurring)
            starts = [mention.start for mention in matches.mentions if mention.field == "text"]
            if last or not starts or not document.outlet_host:
                break
            folded = folded or fold(document.text)
            lines = {line_at(folded, start) for start in starts}
            if (known := self._lines.of(document.outlet_host, fold(document.title), lines)) <= recurring:
                break
            recurring |= known
        return matches, recurring

    def _may_match(self, article: Article) -> bool:
        """Whether a short article can hold a name at all: its bytes are searched faster than it is folded."""
        if self._rules.keep_unmatched:
            return True
        words = f"{article.title}\n{article.summary}\n{article.text}"
        return len(words) > _SHORT or self._matcher.may_mention(words.encode("utf-8", "surrogatepass"), "utf-8")

    def _unmatched(self, arrival: Arrival) -> Outcome:
        """Keep only the keys of what mentions nobody."""
        entry = arrival.entry
        if entry is not None:
            self._note(arrival.source, entry, None, arrival.article.why_no_page)
            if arrival.retry or (arrival.source.id, entry.key) in self._waited:
                self._pending.append((arrival.source, entry, arrival.article.why_no_page, arrival.retry))
        return Outcome.UNMATCHED

    def _take_some(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        try:
            judged = [self._judge(arrival) for arrival in arrivals]
            kept = [one for one in judged if one is not None]
            if not kept:
                return [self._unmatched(arrival) for arrival in arrivals]
            with self._store.transaction() as transaction:
                seen: list[Sighting] = []
                outcomes = iter([self._keep(transaction, one, seen) for one in kept])
                transaction.sightings.note(seen, self._now())
        except StorageError:
            raise
        except Exception as error:
            if of_this_machine(error):
                raise
            if len(arrivals) == 1:
                return [self._failed(arrivals[0], error)]
            # One of them is at fault: the others are not to wait for it.
            return [outcome for arrival in arrivals for outcome in self._take_some([arrival])]
        return [next(outcomes) if one is not None else self._unmatched(arrival) for one, arrival in zip(judged, arrivals, strict=True)]

    def _failed(self, arrival: Arrival, error: Exception) -> Outcome:
        """Give up for now what our own steps fall over: nobody else's article waits for it, it is told, and tried again later."""
        said = self._faults.add(arrival.article.url[:200], error)
        self._rides.append(lambda transaction: transaction.incidents.add_once(self._now(), "article-failed", said, _DAY))
        if arrival.entry is not None:
            self._note(arrival.source, arrival.entry, None, "article-failed")
            self._pending.append((arrival.source, arrival.entry, "article-failed", True))
        return Outcome.FAILED

    def _judge(self, arrival: Arrival) -> _Judged | None:
        """Match an arrival; None where it is not kept."""
        if not self._may_match(arrival.article):
            return None
        arrival = replace(arrival, article=with_outlet(arrival.article, arrival.source, self._owned))
        document = document_of(arrival.article)
        matches, recurring = self._without_frame(document)
        if not matches.mentions and not matches.suppressions and not self._rules.keep_unmatched:
            return None
        return _Judged(arrival=arrival, document=document, matches=matches, recurring=recurring)

    def _keep(self, transaction: Transaction, one: _Judged, seen: list[Sighting]) -> Outcome:
        """Store an arrival; its sighting is added to `seen`, to be noted with those of the others."""
        arrival, article, entry = one.arrival, one.arrival.article, one.arrival.entry
        now = self._now()
        baseline = self.is_baseline(arrival.source, article, now)
        keeping = Keeping(
            transaction,
            self.moment_of(arrival.source, article, now, baseline=baseline),
            lambda verdicts: self._matcher.match(one.document, verdicts, recurring=one.recurring),
            familiar=self._matcher.familiar,
        )
        outcome, article_id = keeping.keep(arrival, one.matches, baseline=baseline)
        if entry is not None:
            seen.append(_sighting(arrival.source, entry, article_id))
            if arrival.retry:
                transaction.pending.add(arrival.source, entry, article.why_no_page, now)
            elif (arrival.source.id, entry.key) in self._waited:
                transaction.pending.done(arrival.source.id, entry.key)
        return outcome

    def _note(self, source: Source, entry: Entry, article_id: int | None, no_page: str | None = None) -> None:
        sighting = _sighting(source, entry, article_id, no_page)
        self._sightings.append(sighting)
        if sighting.url_key:
            self._seen[sighting.url_key] = article_id


def document_of(article: Article) -> Document:
    """Return what matching reads of an article."""
    return Document(
        title=article.title,
        text=article.text,
        summary=article.summary,
        url=article.url,
        language=article.language,
        outlet_host=article.outlet_host or (urlsplit(article.url).hostname or ""),
        ownership=article.ownership,
    )


def _sighting(source: Source, entry: Entry, article_id: int | None, no_page: str | None = None) -> Sighting:
    return Sighting(
        source_id=source.id[:LONGEST_ID],
        entry_key=entry.key,
        url_key=url_key(entry.url),
        article_id=article_id,
        entry_hash=entry_hash(entry),
        no_page=no_page,
    )
