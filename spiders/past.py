"""Crawl the past of sources: sitemaps and lists back to a day, feeds page by page, searches window by window; can be taken up again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from spiders.base import HOST_BUDGET
from spiders.fetching import Answer, fetch
from spiders.frontier import Frontier, MemoryFrontier
from spiders.intake import intake_failure
from spiders.pollers.base import refusal
from spiders.pollers.feed import FeedPoller
from spiders.pollers.listing import ListingPoller
from spiders.pollers.sitemap import SitemapPoller
from spiders.readers.engines import most_results
from spiders.readers.feed import Reading, read_feed
from spiders.readers.past import between, next_archive, shortest, windows
from spiders.settings import LARGEST_FEED
from spiders.watch import SourceSpider
from spiders.workers import what_failed
from storage.errors import ReadError
from storage.habits import GOOD
from storage.identity import url_key
from storage.items import Arrival, Entry, Kind, Poll, PollOutcome, Source, Step

GUESSED = "~sitemaps"  # ends the id of a robots.txt that nobody named: it may name no sitemap
MOST_PAGES = 1_000  # of one feed and crawl


class PastSpider(SourceSpider):
    """Reads what sources showed between two moments.

    Args:
        since: no further back.
        until: nothing later.
        limit: pages of articles a source and crawl; the newest first, the others wait for the next crawl.
        frontier: remembers which pages of a feed and which windows of a search are done.
    """

    # Somebody waits for these sources; what the time does not suffice for, the next crawl goes on with.
    SHARE = MOST_SHARE = 1.0

    def __init__(self, *, since: datetime, until: datetime, limit: int, frontier: Frontier | None = None, **kwargs: Any) -> None:
        super().__init__(since=since, **(kwargs | {"pages_a_source": limit}))
        self.since, self.until, self.limit = since, until, limit
        self.frontier = frontier or MemoryFrontier()
        self.pollers[Kind.SITEMAP] = SitemapPoller(self, since=since, until=until)
        self.pollers[Kind.LISTING] = ListingPoller(self, since=since)
        self.pollers[Kind.SEARCH] = FeedPoller(self, in_windows=True)
        self._asked_of: Counter[str] = Counter()  # source -> pages of articles
        self._left_of: Counter[str] = Counter()  # source -> entries that wait for the next crawl

    async def work(self) -> None:
        """Read the past of all sources."""
        await self.in_turns([(source, partial(self.poll, source)) for source in self.sources])

    async def read(self, source: Source) -> Poll:
        """Read the past of one source.

        Raises:
            IntakeFailed: nothing else; whatever the source does is told in the poll.
        """
        if source.kind is Kind.FEED:
            return await self._feed(source)
        if source.kind is Kind.SEARCH:
            return await self._search(source)
        poll = await super().read(source)
        if source.id.endswith(GUESSED) and poll.error_kind in {"http-404", "http-410", "not-a-sitemap"}:
            return replace(poll, outcome=PollOutcome.UNCHANGED, error_kind=None, error=None)  # it was worth a try
        return poll

    async def take_entries(self, source: Source, entries: Sequence[Entry]) -> int:
        """As for all spiders, but only of the time that is asked for, and what is too much for one crawl is left to the next."""
        inside = [entry for entry in entries if self._inside(entry)]
        dated = sorted(inside, key=lambda entry: entry.published or entry.updated or self.since, reverse=True)
        room = max(self.limit - self._asked_of[source.id], 0)
        self._asked_of[source.id] += len(dated[:room])
        self._leave(source, len(dated[room:]))
        return await super().take_entries(source, dated[:room])

    def is_wanted(self, arrival: Arrival) -> bool:
        """What only its page dates later than is asked for is left to the everyday crawls; what is older is coverage, too.

        What a host has no page left for today is left to the next crawl of the past. The finds of a search stand on many hosts: they are
        kept as the search tells them, and their pages are asked for later.
        """
        if arrival.article.why_no_page == HOST_BUDGET:
            self.over_budget(arrival.article.url)
            if arrival.source.kind is not Kind.SEARCH:
                self._leave(arrival.source, 1)
                return False
        return arrival.article.published is None or arrival.article.published < self.until

    async def _later(self, source: Source, entries: Sequence[Entry]) -> int:
        """What there is no time for is not noted, so that the next crawl of the past finds it new."""
        self._leave(source, len(entries))
        return 0

    def _leave(self, source: Source, number: int) -> None:
        self._left_of[source.id] += number
        self.result.put_off += number

    def _inside(self, entry: Entry) -> bool:
        moment = entry.published or entry.updated
        return moment is None or self.since <= moment < self.until or (entry.published is None and moment >= self.until)

    def _walk(self, source: Source) -> str:
        told = f"past {source.id} {source.url} {self.since.isoformat()} {self.until.date().isoformat()}"
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()

    # ------------------------------------------------------------------ feeds

    async def _feed(self, source: Source) -> Poll:
        """Follow a feed to the page that is older than what is asked for."""
        name, started = self._walk(source), self.now()
        steps = self.frontier.open(name, [Step(key=url_key(source.url)[:32], url=source.url)])
        asked = {step.key for step, _ in steps}
        waiting = [step for step, done in steps if not done]
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.CHANGED, url=source.url)
        shown: set[str] = set()
        read = 0
        while waiting:
            if read >= MOST_PAGES:
                # An archive without an end must not hold this crawl up for ever; one that has an end is read to it by the next ones.
                self.result.notes.append(f"{source.id}: {MOST_PAGES:,} pages of the feed were read, there are older ones")
                self._leave(source, 1)
                return replace(poll, finished=self.now())
            step = waiting.pop(0)
            read += 1
            if step.depth and not self.intake.may_ask(step.url):
                self.over_budget(step.url)
                self._leave(source, 1)
                return replace(poll, finished=self.now())
            answer = await fetch(self.crawler, step.url, most=LARGEST_FEED, robots=source.robots)
            if step.depth and answer.status in {400, 404, 410}:
                break  # past the last page
            try:
                reading = await self._page(source, answer, started)
            except ReadError as error:
                if step.depth and answer.status == 200:
                    break  # a page of the site instead of a page of the feed
                return replace(poll, finished=self.now(), **_failure(answer, error))
            except Exception as error:
                if intake_failure(error):
                    raise
                return replace(poll, outcome=PollOutcome.FAILED, error_kind="unreadable", error=what_failed(error), finished=self.now())
            assert answer.response is not None
            entries = [entry for entry in reading.entries if entry.url not in shown]
            shown |= {entry.url for entry in entries}
            fresh = self.intake.sift(source, [entry for entry in entries if self._inside(entry)])
            kept = await self.take_entries(source, fresh)
            poll = replace(poll, entries=poll.entries + len(entries), new=poll.new + len(fresh), kept=poll.kept + kept)
            if self._left_of[source.id]:
                return replace(poll, finished=self.now())  # this page stays to be done
            found = self._older(step, answer, entries, asked)
            asked |= {one.key for one in found}
            self.frontier.visited(name, step.key, found)
            waiting += found
        self.frontier.close(name)
        return replace(poll, finished=self.now())

    async def _page(self, source: Source, answer: Answer, now: datetime) -> Reading:
        """Read a page of a feed.

        Raises:
            ReadError: it is none, or no answer came.
        """
        response = answer.response
        if response is None or response.status != 200:
            raise ReadError(answer.error or f"the host answers {answer.status}")
        return await self.workers.run(read_feed, response.body, source=source, url=response.url, content_type=None, now=now)

    def _older(self, step: Step, answer: Answer, entries: Sequence[Entry], asked: set[str]) -> list[Step]:
        """The page before this one in time, if it may hold something that is asked for."""
        dates = [entry.published for entry in entries if entry.published]
        if answer.response is None or not entries or (dates and max(dates) < self.since):
            return []
        further = next_archive(answer.response.body, answer.response.url)
        key = url_key(further)[:32]
        return [Step(key=key, url=further, depth=step.depth + 1)] if key and key not in asked else []

    # ------------------------------------------------------------------ searches

    async def _search(self, source: Source) -> Poll:
        """Ask a search for one window after the other, smaller ones where it has more than it shows."""
        name, started = self._walk(source), self.now()
        wanted = list(windows(self.since, self.until))
        ours = [(span, url) for span in wanted if (url := between(source.url, *span, started))]
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.CHANGED, url=source.url)
        if not ours:
            said = "this search does not reach back to that time"
            return replace(poll, outcome=PollOutcome.FAILED, error_kind="no-windows", error=said)
        if len(ours) < len(wanted):
            self.result.notes.append(f"{source.id}: searched from {ours[-1][0][0]:%Y-%m-%d} on; further back it does not reach")
        steps = self.frontier.open(name, [Step(key=url_key(url)[:32], url=url) for _, url in ours])
        done = {step.key for step, is_done in steps if is_done}
        for span, url in ours:
            if url_key(url)[:32] in done:
                continue
            one = await self._window(source, span, url, started)
            poll = replace(poll, entries=poll.entries + one.entries, new=poll.new + one.new, kept=poll.kept + one.kept)
            if one.outcome not in GOOD:
                # A search that refuses once is left alone; the windows that are done stay done.
                return replace(one, source_id=source.id, entries=poll.entries, new=poll.new, kept=poll.kept)
            if self._left_of[source.id]:
                return replace(poll, finished=self.now())
            self.frontier.visited(name, url_key(url)[:32], [])
        self.frontier.close(name)
        return replace(poll, finished=self.now())

    async def _window(self, source: Source, span: tuple[datetime, datetime], url: str, now: datetime) -> Poll:
        """Ask for a window, and for its halves where it is full, down to a day or an hour; returns what all came to, or the first failure."""
        whole: Poll | None = None
        smaller = [(span, url)]
        while smaller:
            (begin, end), address = smaller.pop()
            one = await self.pollers[source.kind].read(replace(source, url=address))
            if one.error_kind == "no-address":
                one = replace(one, outcome=PollOutcome.CHANGED, error_kind=None, error=None)  # nothing but questions without a link
            if whole is not None:
                one = replace(one, entries=whole.entries + one.entries, new=whole.new + one.new, kept=whole.kept + one.kept)
            if one.outcome not in GOOD:
                return one
            if one.entries - (whole.entries if whole else 0) >= most_results(address):
                halves = list(_halves(begin, end, shortest(address)))
                smaller += [(half, half_url) for half in halves if (half_url := between(source.url, *half, now))]
                if not halves:
                    self.result.notes.append(
                        f"{source.id}: {begin:%Y-%m-%d %H:%M} had more results than this search gives; some are missing"
                    )
            whole = one
        assert whole is not None
        return whole


def _halves(begin: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Yield the halves of a window, cut at whole steps; nothing where it is no longer than one."""
    if end - begin > step:
        middle = begin + max((end - begin) / 2 // step, 1) * step
        yield from ((begin, middle), (middle, end))


def _failure(answer: Answer, error: ReadError) -> dict[str, Any]:
    """What a poll says of a feed that could not be read."""
    if answer.response is None:
        return {"outcome": PollOutcome.FAILED, "error_kind": answer.error_kind, "error": answer.error}
    if answer.response.status != 200:
        return refusal(answer.response, "feed")
    return {"outcome": PollOutcome.FAILED, "error_kind": "not-a-feed", "error": str(error)}
