"""An intake that keeps everything in memory and stores nothing: for dry runs, for `scrapy crawl`, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from spiders.items import ArticleItem
from spiders.workers import what_failed
from storage.condition import Gap, GapState
from storage.errors import of_this_machine
from storage.identity import url_key
from storage.items import Arrival, Entry, Outcome, Poll, Source, SourceState


class RecordingIntake:
    """Remembers what it was told; all entries of a source are new once.

    Args:
        judge: says what becomes of an arrival; without it everything is stored.
        may: the page filter; without it every page may mention a name.
    """

    def __init__(
        self, judge: Callable[[Arrival], Outcome] | None = None, may: Callable[[bytes, str], bool] | None = None, *, entries: bool = True
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.outcomes: list[Outcome] = []
        self.polls: dict[str, Poll] = {}
        self.faults: list[str] = []  # articles that could not be judged, and why
        self.remembered: list[Entry] = []
        self._judge = judge or (lambda arrival: Outcome.STORED)
        self._may = may
        self._entries = entries
        self._seen: set[str] = set()

    def state(self, source: Source) -> SourceState:
        """Nothing is remembered of any source."""
        return SourceState(source_id=source.id)

    def sift(self, source: Source, entries: Sequence[Entry]) -> list[Entry]:
        """Return the entries whose address was not seen before (none where entries are not wanted)."""
        if not self._entries:
            return []
        return [entry for entry in entries if url_key(entry.url) not in self._seen or not url_key(entry.url)]

    def remember(self, source: Source, entries: Sequence[Entry]) -> None:
        """Keep them apart from what arrives."""
        self.remembered.extend(entries)

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Ask the filter that was given."""
        return self._may(page, encoding) if self._may else True

    def may_ask(self, url: str) -> bool:
        """Nothing is counted."""
        return True

    def take(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Keep the arrivals."""
        outcomes = []
        for arrival in arrivals:
            self._seen.add(url_key(arrival.article.url))
            if arrival.entry is not None:
                self._seen.add(url_key(arrival.entry.url))
            outcomes.append(self._judged(arrival))
            self.arrivals.append(arrival)
        self.outcomes.extend(outcomes)
        return outcomes

    def _judged(self, arrival: Arrival) -> Outcome:
        try:
            return self._judge(arrival)
        except Exception as error:
            if of_this_machine(error):
                raise
            self.faults.append(f"{arrival.article.url[:200]}: {what_failed(error)}")  # nobody else's article waits for it
            return Outcome.FAILED

    def unfinished(self, now: datetime) -> list[tuple[Source, Entry]]:
        """Nothing waits."""
        return []

    def polled(self, poll: Poll) -> None:
        """Keep the poll."""
        self.polls[poll.source_id] = poll

    def gaps(self, now: datetime) -> list[Gap]:
        """Nothing was read before, so nothing was missed."""
        return []

    def looked(self, gap: Gap, *, state: GapState, found: int) -> None:
        """Nothing is kept of it."""

    def items(self) -> Iterator[ArticleItem]:
        """Yield the articles as items."""
        for arrival in self.arrivals:
            article = arrival.article
            yield ArticleItem(
                url=article.url,
                title=article.title,
                summary=article.summary,
                published=article.published.isoformat() if article.published else None,
                authors=list(article.authors),
                language=article.language,
                text=article.text,
                outlet=article.outlet,
                source=arrival.source.id,
                body_from=article.body_from.value,
            )
