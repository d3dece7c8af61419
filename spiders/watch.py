"""The spiders that read sources: one for a whole crawl, which knows all kinds, and one a kind for `scrapy crawl KIND -a url=...`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from spiders.base import MonitorSpider, flag
from spiders.gaps import GapSeeker
from spiders.pollers.base import Poller
from spiders.pollers.feed import FeedPoller
from spiders.pollers.listing import ListingPoller
from spiders.pollers.own import OwnPoller
from spiders.pollers.sitemap import SitemapPoller
from spiders.readers.dates import read_date
from spiders.readers.mapped import FIELDS
from storage.errors import UsageError
from storage.items import Kind, Poll, Source


class SourceSpider(MonitorSpider):
    """Reads sources of all kinds over one engine, so that a host is asked in turn whichever source leads to it.

    Args:
        sources: what to read.
        url: one address instead, read as this spider's kind; `outlet`, `language`, `timezone`, `only`, `robots` and `browser` say more of it.
        name_feeds: see FeedPoller.
        sitemaps: news sitemaps that are known, by host; see GapSeeker.
        since: also what is older than the last poll, back to this moment (None: only what is new); a text is read as a date.
    """

    kind: ClassVar[Kind] = Kind.FEED

    def __init__(
        self,
        *,
        sources: Sequence[Source] = (),
        url: str | None = None,
        name_feeds: bool = False,
        sitemaps: Mapping[str, Sequence[str]] | None = None,
        since: datetime | str | None = None,
        **kwargs: Any,
    ) -> None:
        about: dict[str, Any] = {name: kwargs.pop(name) for name in ("outlet", "language", "timezone", "only") if name in kwargs}
        about["robots"] = flag(kwargs.pop("robots", True))
        about["browser"] = flag(kwargs.pop("browser", False))
        about["fields"] = tuple(_fields(kwargs.pop("fields", "")).items())
        # Without a name of its own `scrapy list` leaves this class out.
        super().__init__(name=getattr(type(self), "name", None) or "sources", **kwargs)
        self.sources = list(sources)
        if not (url or self.sources) and "name" in vars(type(self)) and type(self).__module__ == __name__:
            raise UsageError(f"which {self.kind.value}? give its address: scrapy crawl {self.name} -a url=https://example.org/...")
        if url:
            self.sources.append(Source(id=url, url=url, kind=self.kind, origin="once", **about))
        self._seeker = GapSeeker(self, sitemaps)
        past = _moment(since)
        feeds = FeedPoller(self, name_feeds=name_feeds)
        self.pollers: dict[Kind, Poller] = {
            Kind.FEED: feeds,
            Kind.SEARCH: feeds,
            Kind.JSON: feeds,
            Kind.SITEMAP: SitemapPoller(self, since=past),
            Kind.LISTING: ListingPoller(self, since=past),
            Kind.SPIDER: OwnPoller(self),
        }

    async def work(self) -> None:
        """Read all sources, ask again the pages that failed at earlier crawls, then look for what sources may have missed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.ask_again())
            group.create_task(self.in_turns([(source, partial(self.poll, source)) for source in self.sources]))
        await self._seeker.seek(self.sources)

    async def poll(self, source: Source) -> None:
        """Read one source to its end and say what became of it."""
        self.intake.polled(await self.read(source))

    async def read(self, source: Source) -> Poll:
        """Read one source and hand over what it brings.

        Raises:
            IntakeFailed: nothing else; whatever the source does is told in the poll.
        """
        return await self.pollers[source.kind].read(source)


class FeedSpider(SourceSpider):
    """Reads a feed: `scrapy crawl feed -a url=https://example.org/feed.xml`."""

    name = "feed"


class SitemapSpider(SourceSpider):
    """Reads a sitemap, an index of sitemaps, or the sitemaps that a robots.txt names: `scrapy crawl sitemap -a url=...`."""

    name = "sitemap"
    kind = Kind.SITEMAP


class ListingSpider(SourceSpider):
    """Reads a page that lists articles: `scrapy crawl listing -a url=https://example.org/newsroom`."""

    name = "listing"
    kind = Kind.LISTING


class JsonSpider(SourceSpider):
    """Reads an interface: `scrapy crawl json -a url=... -a fields='{"items": "data", "url": "link", "title": "headline"}'`."""

    name = "json"
    kind = Kind.JSON


def _fields(given: str | Mapping[str, str]) -> Mapping[str, str]:
    if not given or isinstance(given, Mapping):
        return given or {}
    try:
        fields = json.loads(given)
    except ValueError as error:
        raise UsageError(f"fields is no JSON: {error}") from None
    if not isinstance(fields, dict) or not set(fields) <= set(FIELDS) or not fields.get("url"):
        raise UsageError(f"fields = {given!r} has to be an object with url, and no keys but {', '.join(FIELDS)}")
    return fields


def _moment(given: datetime | str | None) -> datetime | None:
    if not isinstance(given, str):
        return given
    found = read_date(given)
    if found is None:
        raise UsageError(f"since = {given!r} is no date", hint="write it as 2026-01-31")
    return found
