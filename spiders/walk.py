"""Walk a site once: from some addresses along its own links, articles kept on the way, so far and no further; can be taken up again."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Response

from spiders.articles import bare_source, from_entry, from_page
from spiders.base import LATER_STATUS, MonitorSpider, flag
from spiders.fetching import Answer, charset
from spiders.frontier import Frontier, MemoryFrontier
from spiders.intake import IntakeFailed, intake_failure
from spiders.pages.charset import charset_of
from spiders.readers.anchors import read_anchors, site_of
from spiders.settings import LARGEST_PAGE
from spiders.workers import what_failed
from storage.errors import ExtractError
from storage.identity import url_key
from storage.items import Arrival, Entry, Outcome, Poll, PollOutcome, Source, Step

_AT_ONCE = 8  # pages of a site under way: while one is waited for, others are extracted; the host is asked in turn all the same
_QUERIES = 200  # addresses with the same path; calendars and filters have any number


@dataclass
class _Walk:
    """How far a walk has come."""

    name: str
    source: Source
    waiting: deque[Step]
    known: set[str]
    pages: int = 0  # visited, those of earlier crawls included
    new: int = 0  # visited now
    good: int = 0  # of these: answered with a page
    kept: int = 0
    under_way: int = 0
    left: int = 0  # failed for now: they wait for the next crawl
    error: tuple[str | None, str | None] = (None, None)
    paths: dict[str, int] = field(default_factory=dict)


class SiteSpider(MonitorSpider):
    """Walks the sites of some addresses, each along its own links.

    Args:
        urls: where to begin.
        url: one address, for `scrapy crawl site -a url=... -a depth=2`.
        depth: how many links away from there a page may be.
        limit: pages of one walk at most, those of earlier crawls of the same walk included.
        browser: a browser draws the pages first.
        frontier: remembers how far each came.
    """

    name = "site"

    def __init__(
        self,
        *,
        urls: Sequence[str] = (),
        url: str | None = None,
        depth: int | str = 1,
        limit: int | str = 1_000,
        browser: bool | str = False,
        frontier: Frontier | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.urls = [*urls, *([url] if url else [])]
        self.depth = int(depth)
        self.limit = int(limit)
        self._drawn = flag(browser)
        self.frontier = frontier or MemoryFrontier()

    async def work(self) -> None:
        """Walk from each address."""
        sources = [bare_source(address, self.zones, browser=self._drawn) for address in self.urls]
        await self.in_turns([(source, partial(self.walk, source)) for source in sources])

    async def walk(self, source: Source) -> None:
        """Walk from one address to the end, and say as a poll what became of it."""
        started = self.now()
        start = Step(key=url_key(source.url)[:32], url=source.url)
        name = hashlib.blake2b(f"{start.key} {self.depth} {self.limit}".encode(), digest_size=16).hexdigest()
        steps = self.frontier.open(name, [start])
        walk = _Walk(
            name=name,
            source=source,
            waiting=deque(step for step, done in steps if not done),
            known={step.key for step, _ in steps},
            pages=sum(done for _, done in steps),
        )
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._worker(walk))
        if not walk.left:
            self.frontier.close(name)
        self.result.put_off += walk.left
        good = walk.good or walk.pages > walk.new  # what was visited at an earlier crawl was good enough to go on
        self.intake.polled(
            Poll(
                source_id=source.id,
                started=started,
                finished=self.now(),
                outcome=PollOutcome.CHANGED if good else PollOutcome.FAILED,
                error_kind=None if good else walk.error[0],
                error=None if good else walk.error[1],
                url=source.url,
                entries=walk.new,
                new=walk.new,
                kept=walk.kept,
            )
        )

    async def _worker(self, walk: _Walk) -> None:
        while True:
            if walk.waiting and walk.pages + walk.under_way < self.limit:
                step = walk.waiting.popleft()
                walk.under_way += 1
                try:
                    await self._visit(walk, step)
                finally:
                    walk.under_way -= 1
            elif walk.under_way:
                await asyncio.sleep(0.005)  # what is under way may lead on
            else:
                return

    async def _visit(self, walk: _Walk, step: Step) -> None:
        if not self.intake.may_ask(step.url):
            walk.left += 1  # another day's
            self.over_budget(step.url)
            walk.error = ("host-budget", "its host was asked for as many pages as a day may have (pages_per_host_day)")
            return
        answer = await self.ask(walk.source, step.url, most=LARGEST_PAGE)
        if answer.response is None:
            walk.error = (answer.error_kind, answer.error)
        if answer.later or answer.status in LATER_STATUS:
            walk.left += 1  # it stays to be done
            walk.error = (answer.error_kind or f"http-{answer.status}", answer.error or f"the host answers {answer.status}")
            return
        links: list[str] = []
        try:
            links = await self._looked_at(walk, step, answer)
        except IntakeFailed:
            raise
        except Exception as error:
            if intake_failure(error):
                raise
            walk.error = ("unreadable", what_failed(error))
        walk.pages += 1
        walk.new += 1
        walk.good += answer.status == 200
        found = self._further(walk, step, links)
        self.frontier.visited(walk.name, step.key, found)
        walk.waiting.extend(found)
        self._progress(walk.pages, min(len(walk.known), self.limit), urlsplit(step.url).path)

    async def _looked_at(self, walk: _Walk, step: Step, answer: Answer) -> list[str]:
        """Hand the page over if it is an article; returns its links."""
        response = answer.response
        if response is None:
            return []
        if response.status != 200:
            walk.error = (f"http-{response.status}", f"the host answers {response.status}")
            return []
        if site_of(response.url) != site_of(step.url):
            return []
        self.result.pages += 1
        encoding = charset(response)
        links: list[str] = []
        if step.depth < self.depth:
            links = await self.workers.run(read_anchors, response.body, url=response.url, encoding=charset_of(response.body, encoding))
        outcomes = await self.intake.take([await self._arrival_of(walk.source, step, answer, response)])
        walk.kept += sum(outcome in {Outcome.STORED, Outcome.JOINED} for outcome in outcomes)
        return links

    async def _arrival_of(self, source: Source, step: Step, answer: Answer, response: Response) -> Arrival:
        entry = Entry(source_id=source.id, key=step.key, url=step.url)
        if not self.intake.may_mention(response.body, charset_of(response.body, charset(response))):
            return Arrival(source=source, entry=entry, article=from_entry(source, entry, ""))
        try:
            found = await self.extracted(source, answer)
        except ExtractError as error:
            return Arrival(source=source, entry=entry, article=from_entry(source, entry, str(error)))
        if not found.is_article:
            return Arrival(source=source, entry=entry, article=from_entry(source, entry, "not-an-article"))
        article = from_page(source, entry, found, asked=step.url, url=response.url)
        return Arrival(source=source, entry=entry, article=article)

    def _further(self, walk: _Walk, step: Step, links: Sequence[str]) -> list[Step]:
        """The steps that a page leads to, beside those that are known."""
        found = []
        for link in links:
            key = url_key(link)[:32]
            path = urlsplit(link).path
            if not key or key in walk.known or walk.paths.get(path, 0) >= _QUERIES:
                continue
            walk.paths[path] = walk.paths.get(path, 0) + 1
            walk.known.add(key)
            found.append(Step(key=key, url=link, depth=step.depth + 1))
        return found
