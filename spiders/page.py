"""Crawl bare addresses once: each may be an article, a feed, a sitemap, a page that lists articles, or a site that names its feeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from spiders.articles import bare_source, from_page
from spiders.base import HOST_BUDGET, flag
from spiders.fetching import Answer
from spiders.intake import intake_failure
from spiders.pollers.sitemap import SitemapPoller
from spiders.readers.alternates import find_feeds
from spiders.readers.feed import is_feed, read_feed
from spiders.readers.sitemap import is_sitemap
from spiders.settings import LARGEST_FEED
from spiders.watch import SourceSpider
from spiders.workers import WorkerFailed, what_failed
from storage.errors import ExtractError, ReadError
from storage.habits import GOOD
from storage.identity import url_key
from storage.items import Arrival, Entry, Kind, Poll, PollOutcome, Source, SourceState

MOST_FEEDS = 3  # of a site that names many
_EVER = datetime(1990, 1, 1, tzinfo=UTC)  # a bare sitemap is read as a whole


class PageSpider(SourceSpider):
    """Crawls addresses that no configuration names.

    Args:
        urls: the addresses.
        url: one address, for `scrapy crawl page -a url=...`.
        limit: pages of one list, feed or sitemap at most; the newest are read, the others left.
        browser: a browser draws the pages first.
    """

    name = "page"

    def __init__(
        self, *, urls: Sequence[str] = (), url: str | None = None, limit: int | str = 1_000, browser: bool | str = False, **kwargs: Any
    ) -> None:
        self.limit = int(limit)
        self._drawn = flag(browser)
        super().__init__(**(kwargs | {"pages_a_source": self.limit}))
        self.urls = [*urls, *([url] if url else [])]
        self.tells_pages = len(self.urls) == 1
        self.pollers[Kind.SITEMAP] = SitemapPoller(self, since=_EVER)

    async def work(self) -> None:
        """Crawl each address."""
        sources = [bare_source(address, self.zones, browser=self._drawn) for address in self.urls]
        await self.in_turns([(source, partial(self.visit, source)) for source in sources])

    async def visit(self, source: Source) -> None:
        """Crawl one address and say what became of it, as a poll."""
        self.intake.polled(await self.visited(source))

    async def visited(self, source: Source) -> Poll:
        """Crawl one address.

        Raises:
            IntakeFailed: nothing else; whatever the address does is told in the poll.
        """
        started = self.now()
        poll = Poll(source_id=source.id, started=started, finished=started, outcome=PollOutcome.FAILED, url=source.url)
        if not self.intake.may_ask(source.url):
            self.over_budget(source.url)
            self.result.put_off += 1
            return replace(poll, error_kind=HOST_BUDGET, error="its host was asked for as many pages as a day may have")
        answer = await self.ask(source, source.url, most=LARGEST_FEED)
        poll = replace(poll, status=answer.status)
        try:
            poll = await self._read_any(source, answer, poll)
        except Exception as error:
            if intake_failure(error):
                raise
            poll = replace(poll, error_kind="unreadable", error=what_failed(error))
        return replace(poll, finished=self.now())

    async def _read_any(self, source: Source, answer: Answer, poll: Poll) -> Poll:
        response = answer.response
        if response is None:
            return replace(poll, error_kind=answer.error_kind, error=answer.error)
        if response.status != 200:
            return replace(poll, error_kind=f"http-{response.status}", error=f"the host answers {response.status}")
        if is_feed(response.body):
            return await self._feed(source, answer, poll)
        if is_sitemap(response.body, response.url):
            return await self._taken(replace(source, kind=Kind.SITEMAP), answer, poll)
        return await self._page(source, answer, poll)

    async def _taken(self, source: Source, answer: Answer, poll: Poll) -> Poll:
        """Read a document that is there already as the kind of source that it is."""
        assert answer.response is not None
        poller = self.pollers[source.kind]
        try:
            return await poller.taken(source, SourceState(source_id=source.id), answer.response, poll)
        except ReadError as error:
            return replace(poll, **poller.unreadable(answer, error))

    async def take_entries(self, source: Source, entries: Sequence[Entry]) -> int:
        """As for all spiders; what is beyond the limit is left, not put off: nobody watches a bare address."""
        if source.kind in {Kind.SITEMAP, Kind.LISTING} and len(entries) > self.limit:
            self.result.left += len(entries) - self.limit
            entries = sorted(
                entries, key=lambda entry: moment.timestamp() if (moment := entry.published or entry.updated) else 0.0, reverse=True
            )[: self.limit]
        return await super().take_entries(source, entries)

    async def _feed(self, source: Source, answer: Answer, poll: Poll) -> Poll:
        response = answer.response
        assert response is not None
        feed = replace(source, kind=Kind.FEED)
        try:
            reading = await self.workers.run(read_feed, response.body, source=feed, url=response.url, now=poll.started)
        except ReadError as error:
            return replace(poll, error_kind="unreadable" if isinstance(error, WorkerFailed) else "not-a-feed", error=str(error))
        feed = replace(feed, outlet=reading.title[:200], language=reading.language.split("-")[0])
        fresh = self.intake.sift(feed, reading.entries)
        kept = await self.take_entries(feed, fresh)
        return replace(poll, outcome=PollOutcome.CHANGED, entries=len(reading.entries), new=len(fresh), kept=kept, newest=reading.newest)

    async def _page(self, source: Source, answer: Answer, poll: Poll) -> Poll:
        response = answer.response
        assert response is not None
        entry = Entry(source_id=source.id, key=url_key(source.url), url=source.url)
        try:
            found = await self.extracted(source, answer)
        except ExtractError as error:
            found, said = None, str(error)
        if found is not None and found.is_article:
            self.result.pages += 1
            outcomes = await self.intake.take(
                [Arrival(source=source, entry=entry, article=from_page(source, entry, found, asked=source.url, url=response.url))]
            )
            kept = sum(outcome.value in {"stored", "joined"} for outcome in outcomes)
            return replace(poll, outcome=PollOutcome.CHANGED, entries=1, new=1, kept=kept, newest=found.published)
        feeds = find_feeds(response.body, response.url)[:MOST_FEEDS]
        # The feeds that a section names are mostly the whole site's: what the section itself lists goes first.
        if not feeds or urlsplit(response.url).path.strip("/"):
            listed = await self._taken(replace(source, kind=Kind.LISTING), answer, poll)
            if listed.outcome is PollOutcome.CHANGED:
                return listed
        if not feeds:
            why = said if found is None else "the page is no article, lists none and names no feed"
            return replace(poll, error_kind="not-an-article", error=why)
        # One address is one poll, however many feeds it names.
        polls = [
            await self.read(Source(id=named.url, url=named.url, timezone=source.timezone, browser=source.browser, origin="once"))
            for named in feeds
        ]
        good = [one for one in polls if one.outcome in GOOD]
        if not good:
            return replace(poll, error_kind=polls[0].error_kind, error=f"the site names a feed, {polls[0].url}, but {polls[0].error}")
        return replace(
            poll,
            outcome=PollOutcome.CHANGED,
            entries=sum(one.entries for one in good),
            new=sum(one.new for one in good),
            kept=sum(one.kept for one in good),
            newest=max(filter(None, (one.newest for one in good)), default=None),
        )
