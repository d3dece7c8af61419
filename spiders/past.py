"""Crawl the past of sources: sitemaps and lists back to a day, feeds page by page, searches window by window; can be taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from spiders.fetching import fetch
from spiders.frontier import Frontier, MemoryFrontier
from spiders.intake import intake_failure
from spiders.pollers.base import refusal
from spiders.readers.feed import read_feed
from spiders.readers.past import between, most_results, next_archive, windows
from spiders.settings import LARGEST_FEED
from spiders.watch import SourceSpider
from spiders.workers import what_failed
from storage.errors import ReadError
from storage.identity import url_key
from storage.items import Entry, Kind, Poll, PollOutcome, Source, Step

MOST_PAGES = 1_000  # of one feed
_GOOD = {PollOutcome.CHANGED, PollOutcome.UNCHANGED}


class PastSpider(SourceSpider):
    """Reads what sources showed between two moments.

    Args:
        since: no further back.
        until: nothing later.
        limit: pages of articles a source and crawl; the newest first, the others wait for the next crawl.
        frontier: remembers which pages of a feed and which windows of a search are done.
    """

    def __init__(self, *, since: datetime, until: datetime, limit: int, frontier: Frontier | None = None, **kwargs: Any) -> None:
        super().__init__(since=since, **(kwargs | {"pages_a_source": limit}))
        self.since, self.until, self.limit = since, until, limit
        self.frontier = frontier or MemoryFrontier()

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
        return await super().read(source)

    async def take_entries(self, source: Source, entries: Sequence[Entry]) -> int:
        """As for all spiders, but only of the time that is asked for, and what is too much for one crawl is left to the next."""
        inside = [entry for entry in entries if self._inside(entry)]
        dated = sorted(inside, key=lambda entry: entry.published or entry.updated or self.since, reverse=True)
        self.result.left += max(len(dated) - self.limit, 0)
        return await super().take_entries(source, dated[: self.limit])

    def _inside(self, entry: Entry) -> bool:
        moment = entry.published or entry.updated
        return moment is None or self.since <= moment < self.until or (entry.published is None and moment >= self.until)

    def _walk(self, source: Source) -> str:
        told = f"past {source.id} {source.url} {self.since.isoformat()} {self.until.date().isoformat()}"
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()

    async def _feed(self, source: Source) -> Poll:
        """Follow a feed to the page that is older than what is asked for."""
        name, started = self._walk(source), self.now()
        steps = self.frontier.open(name, [Step(key=url_key(source.url)[:32], url=source.url)])
        asked = {step.key for step, _ in steps}
        waiting = [step for step, done in steps if not done]
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.CHANGED, url=source.url)
        shown: set[str] = set()
        while waiting and len(asked) <= MOST_PAGES:
            step = waiting.pop(0)
            try:
                answer = await fetch(self.crawler, step.url, most=LARGEST_FEED, robots=source.robots)
                response = answer.response
                if response is None or response.status != 200:
                    if step.depth and answer.status in {400, 404, 410}:
                        self.frontier.visited(name, step.key, [])  # past the last page
                        break
                    said = {"error_kind": answer.error_kind, "error": answer.error} if response is None else refusal(response, "feed")
                    return replace(poll, **({"outcome": PollOutcome.FAILED} | said), finished=self.now())
                given = {"source": source, "url": response.url, "content_type": None, "now": started}
                reading = await self.workers.run(read_feed, response.body, **given)
            except ReadError as error:
                if step.depth:
                    break  # a page of the site instead of a page of the feed
                return replace(poll, outcome=PollOutcome.FAILED, error_kind="not-a-feed", error=str(error), finished=self.now())
            except Exception as error:
                if intake_failure(error):
                    raise
                return replace(poll, outcome=PollOutcome.FAILED, error_kind="unreadable", error=what_failed(error), finished=self.now())
            entries = [entry for entry in reading.entries if entry.url not in shown]
            fresh = self.intake.sift(source, [entry for entry in entries if self._inside(entry)])
            kept = await self.take_entries(source, fresh)
            poll = replace(poll, entries=poll.entries + len(entries), new=poll.new + len(fresh), kept=poll.kept + kept)
            dates = [entry.published for entry in entries if entry.published]
            further = next_archive(response.body, response.url) if entries and not (dates and max(dates) < self.since) else ""
            shown |= {entry.url for entry in entries}
            found = [Step(key=key, url=further, depth=step.depth + 1)] if (key := url_key(further)[:32]) and key not in asked else []
            asked |= {one.key for one in found}
            self.frontier.visited(name, step.key, found)
            waiting += found
        self.frontier.close(name)
        return replace(poll, finished=self.now())

    async def _search(self, source: Source) -> Poll:
        """Ask a search for one window after the other, smaller ones where it has more than it shows."""
        name, started = self._walk(source), self.now()
        ours = [(span, url) for span in windows(self.since, self.until) if (url := between(source.url, *span, started))]
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.CHANGED, url=source.url)
        if not ours:
            said = "this search cannot be asked for that time"
            return replace(poll, outcome=PollOutcome.FAILED, error_kind="no-windows", error=said)
        steps = self.frontier.open(name, [Step(key=url_key(url)[:32], url=url) for _, url in ours])
        done = {step.key for step, is_done in steps if is_done}
        failed: Poll | None = None
        for span, url in ours:
            if url_key(url)[:32] in done:
                continue
            smaller = [(span, url)]
            while smaller:
                (begin, end), address = smaller.pop()
                one = await self.pollers[source.kind].read(replace(source, url=address))
                if one.outcome not in _GOOD:
                    failed = one
                    break
                poll = replace(poll, entries=poll.entries + one.entries, new=poll.new + one.new, kept=poll.kept + one.kept)
                if one.entries >= most_results(address) and end - begin > timedelta(days=1):
                    middle = begin + max((end - begin) / 2 // timedelta(days=1), 1) * timedelta(days=1)
                    halves = ((begin, middle), (middle, end))
                    smaller += [(half, half_url) for half in halves if (half_url := between(source.url, *half, started))]
            if failed is not None:
                break  # a search that refuses once is left alone; the windows that are done stay done
            self.frontier.visited(name, url_key(url)[:32], [])
        if failed is not None:
            return replace(failed, source_id=source.id, entries=poll.entries, new=poll.new, kept=poll.kept)
        self.frontier.close(name)
        return replace(poll, finished=self.now())
