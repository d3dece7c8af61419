"""Look round at one address for what could be watched there: feeds, news sitemaps, lists of articles. Bounded; stores nothing.

address -> a feed or a sitemap itself: done
        -> a page: feeds that it names, pages about feeds | sitemaps of robots.txt | sections and their feeds | usual addresses | the page's own list
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Response

from spiders.base import MonitorSpider
from spiders.fetching import Answer, charset, fetch
from spiders.pages.language import guess
from spiders.pollers.base import challenged, header, refusal
from spiders.pollers.listing import entries_of as entries_of_listing
from spiders.pollers.sitemap import entries_of as entries_of_sitemap
from spiders.readers.archives import worth_reading
from spiders.readers.feed import is_feed, read_feed, what_it_is
from spiders.readers.home import Led, is_newsroom, read_home
from spiders.readers.listing import read_listing
from spiders.readers.sitemap import Child, SitemapReading, is_sitemap, read_sitemap, sitemaps_of_robots
from spiders.settings import LARGEST_FEED
from spiders.workers import what_failed
from storage.errors import ReadError
from storage.identity import canonical_url
from storage.items import Entry, Kind, Source

MOST_ASKED = 20  # addresses that are tried, beside the one that was named and its robots.txt
_FEEDS = 8  # of these: feeds that the page names ...
_SITEMAPS = 4
_SECTIONS = 3
_USUAL = 6
_AT_ONCE = 4
WEEK = timedelta(days=7)
_WINDOW = timedelta(days=28)  # so far back entries are counted
_USUAL_FEEDS = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/rss/home.rss")
_USUAL_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemaps/google-news.xml", "/sitemap.xml")
_NEWS = re.compile(r"news|tin-moi|latest|actualit", re.I)
_NOWHERE = Led(title="", language="", feeds=(), sections=())
_CLOSED = {401, 403, 406, 429, 503}  # a home page that turns programs away says nothing of the feed beside it


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One place to look that was found and read."""

    url: str
    kind: Kind
    title: str
    language: str  # as stated, else guessed from its headlines
    entries: tuple[Entry, ...]
    shown: int  # entries that it lists, those without a date included
    a_week: float | None  # entries; None where dates are missing
    newest: datetime | None
    news: bool = False  # SITEMAP: of the kind that holds the last days, with headlines
    comments: bool = False  # what readers write
    by: str = ""  # how it was found
    guessed: bool = False  # the language is: good to show, not to write down


@dataclass
class Findings:
    """What looking round came to."""

    offers: list[Offer] = field(default_factory=list)  # in the order in which they were found
    direct: bool = False  # the address itself is a feed or a sitemap
    moved_to: str = ""  # the address has moved for good
    error_kind: str = ""  # why the address itself could not be read
    error: str = ""
    no_list: str = ""  # why the page is no list of articles
    asked: int = 0
    passed_over: int = 0  # further addresses that were named and not tried
    broken: list[tuple[str, str]] = field(default_factory=list)  # what a page names and cannot be read: address, why


class DiscoverySpider(MonitorSpider):
    """Looks round at one address.

    Args:
        url: the address.
        zone: IANA name, for dates without a zone.
        findings: filled.
        browser: let a browser draw the page first.
    """

    name = "discovery"

    def __init__(self, *, url: str, zone: str, findings: Findings, browser: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._page = Source(id="offer", url=url, browser=browser)
        self.url = url
        self.zone = zone
        self.found = findings
        self._tried: set[str] = set()
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def work(self) -> None:
        """Look round."""
        self._progress(0, MOST_ASKED, self.url)
        answer = await self.ask(self._page, self.url, most=LARGEST_FEED)
        response = answer.response
        self._tried.add(_key(self.url))
        if response is None or response.status != 200:
            self._unread(answer)
            if answer.status not in _CLOSED:
                return
            led = _NOWHERE
        else:
            self.found.moved_to = answer.moved_to or ""
            self._tried.add(_key(response.url))
            try:
                offer = await self._document(answer.moved_to or self.url, response, "the address itself")
            except ReadError as error:
                self.found.error_kind, self.found.error = "unreadable", str(error)
                return
            if offer is not None:
                self.found.offers.append(offer)
                self.found.direct = True
                return
            led = await self._led(response)
        await self._look_round(response if answer.status == 200 else None, led)

    def _unread(self, answer: Answer) -> None:
        if answer.response is None:
            self.found.error_kind, self.found.error = answer.error_kind or "failed", answer.error or "it could not be read"
        else:
            said = refusal(answer.response, "page")
            self.found.error_kind, self.found.error = said["error_kind"], said["error"].removesuffix(": there is no page any more")

    async def _led(self, response: Response) -> Led:
        """Where a page leads to; nowhere, where it cannot be read."""
        try:
            return await self.workers.run(read_home, response.body, url=response.url, encoding=charset(response))
        except ReadError as error:
            self.found.broken.append((response.url, str(error)))
            return _NOWHERE

    async def _look_round(self, response: Response | None, led: Led) -> None:
        here = response.url if response is not None else self.url
        await self._try([one.url for one in led.feeds], _FEEDS, "named by the page", index=True)
        await self._sitemaps(here)
        sections = [link for link in led.sections if _key(link) not in self._tried][:_SECTIONS]
        pages = [page for page in await asyncio.gather(*(self._fetched(link, quiet=True) for link in sections)) if page is not None]
        for link, page in pages:
            further = await self._led(page)
            # What a section's head names; its links are those of every page.
            await self._try([one.url for one in further.feeds if one.type], 2, f"named by {urlsplit(link).path}")
        if not any(one.kind is Kind.FEED and one.entries and not one.comments for one in self.found.offers):
            await self._try([urljoin(here, path) for path in _USUAL_FEEDS], _USUAL, "a usual address", quiet=True)
        if response is not None:
            await self._list(self.url, response, "the page itself", led)
        for link, page in pages:
            if is_newsroom(link):
                await self._list(link, page, "linked from the page", replace(led, title=""))

    async def _sitemaps(self, here: str) -> None:
        """Try the sitemaps that robots.txt names, those of news first; the usual addresses where it names none."""
        robots = await fetch(self.crawler, urljoin(here, "/robots.txt"), most=LARGEST_FEED, robots=False)
        named: list[str] = []
        if robots.response is not None and robots.status == 200:
            named = sitemaps_of_robots(robots.response.body[:500_000].decode("utf-8", "replace"), here)
        ordered = sorted(named, key=lambda url: _NEWS.search(urlsplit(url).path) is None)
        if ordered:
            await self._try(ordered, _SITEMAPS, "named by robots.txt")
        if not any(one.news for one in self.found.offers):
            usual = _USUAL_SITEMAPS[:-1] if ordered else _USUAL_SITEMAPS
            await self._try([urljoin(here, path) for path in usual], len(usual), "a usual address", quiet=True)

    async def _try(self, urls: Iterable[str], most: int, by: str, *, index: bool = False, quiet: bool = False) -> None:
        """Ask for some addresses and keep what can be watched.

        Args:
            index: a page among them may be one about feeds: what it names is tried, too.
            quiet: addresses that nobody named; what is not there is no news.
        """
        fresh = list({_key(url): url for url in reversed(list(urls)) if _key(url) not in self._tried}.values())[::-1]
        if not quiet:
            self.found.passed_over += max(len(fresh) - most, 0)
        answers = await asyncio.gather(*(self._fetched(url, quiet=quiet) for url in fresh[:most]))
        for asked in answers:
            if asked is None:
                continue
            url, response = asked
            try:
                offer = await self._document(url, response, by)
            except ReadError as error:
                if not quiet:
                    self.found.broken.append((url, str(error)))
                continue
            if offer is not None:
                self.found.offers.append(offer)
            elif index:
                led = await self._led(response)
                await self._try([one.url for one in led.feeds], _FEEDS, f"named by {urlsplit(url).path}")
            elif not quiet:
                self.found.broken.append((url, what_it_is(response.body, "feed")))

    async def _fetched(self, url: str, *, quiet: bool = False) -> tuple[str, Response] | None:
        """Ask for one address, unless it was asked or enough were."""
        if _key(url) in self._tried or self.found.asked >= MOST_ASKED:
            return None
        self._tried.add(_key(url))
        self.found.asked += 1
        async with self._gate:
            answer = await fetch(self.crawler, url, most=LARGEST_FEED)
        self._progress(self.found.asked, MOST_ASKED, urlsplit(url).path)
        response = answer.response
        if response is None or response.status != 200:
            if not quiet:
                self.found.broken.append((url, answer.error or f"the host answers {answer.status}"))
            return None
        # Many addresses, one document: it is offered once.
        if _key(response.url) in self._tried and _key(response.url) != _key(url):
            return None
        self._tried.add(_key(response.url))
        return answer.moved_to or url, response

    # ------------------------------------------------------------------ what a document offers

    async def _document(self, url: str, response: Response, by: str) -> Offer | None:
        """Read a feed or a sitemap; None where it is neither.

        Raises:
            ReadError: it is broken; says why.
        """
        body = response.body
        if is_feed(body):
            return await self._feed(url, response, by)
        if is_sitemap(body, response.url):
            return await self._sitemap(url, response, by)
        return None

    async def _feed(self, url: str, response: Response, by: str) -> Offer:
        source = Source(id="offer", url=url, timezone=self.zone)
        reading = await self.workers.run(
            read_feed, response.body, source=source, url=response.url, content_type=header(response, "Content-Type"), now=self.now()
        )
        told = f"{url} {reading.title}".lower()
        comments = "comment" in told or "bình luận" in told or "commentaire" in told
        return self._offer(url, Kind.FEED, reading.title, reading.language, reading.entries, len(reading.entries), by, comments=comments)

    async def _sitemap(self, url: str, response: Response, by: str) -> Offer | None:
        source = Source(id="offer", url=url, kind=Kind.SITEMAP, timezone=self.zone)
        since = self.now() - WEEK
        readings = [await self._sitemap_reading(response, since)]
        # Of an index two of its newest parts show what it holds; those of news first.
        children = sorted(worth_reading(readings[0].children, since), key=_is_no_news)[:2]
        for child in children:
            if (asked := await self._fetched(child.url)) is not None:
                with suppress(ReadError):
                    readings.append(await self._sitemap_reading(asked[1], since))
        listed = [one for reading in readings for one in reading.listed]
        total = sum(reading.total for reading in readings)
        if not total:
            return None
        dated = [one for one in listed if one.moment is not None]
        entries = entries_of_sitemap(source, dated or listed[:200])
        news = any(reading.kind == "news" for reading in readings)
        title = next((one.outlet for one in entries if one.outlet), "")
        language = next((one.language for one in entries if one.language), "")
        return self._offer(url, Kind.SITEMAP, title, language, entries, total, by, news=news, window=WEEK)

    async def _sitemap_reading(self, response: Response, since: datetime) -> SitemapReading:
        return await self.workers.run(read_sitemap, response.body, url=response.url, zone=self.zone, now=self.now(), since=since)

    async def _list(self, url: str, response: Response, by: str, led: Led) -> None:
        """Offer a page as a list of articles, where it is one."""
        source = Source(id="offer", url=url, kind=Kind.LISTING, timezone=self.zone)
        try:
            reading = await self.workers.run(
                read_listing, response.body, url=response.url, encoding=charset(response), zone=self.zone, now=self.now()
            )
        except ReadError as error:
            if challenged(response):
                self.found.error_kind, self.found.error = "challenge", "a check for humans stands before the page"
            if url == self.url:
                self.found.no_list = str(error)
            return
        except Exception as error:  # noqa: BLE001 - what a hostile page does ends with the page
            self.found.broken.append((url, what_failed(error)))
            return
        entries = entries_of_listing(source, reading.links)
        self.found.offers.append(self._offer(url, Kind.LISTING, led.title, led.language, entries, len(entries), by))

    def _offer(
        self, url: str, kind: Kind, title: str, language: str, entries: Sequence[Entry], shown: int, by: str, *,
        news: bool = False, comments: bool = False, window: timedelta = _WINDOW,
    ) -> Offer:  # fmt: skip
        dates = [moment for entry in entries if (moment := entry.published or entry.updated) is not None]
        # A list of which only some bear dates tells no pace.
        known = 2 * len(dates) >= len(entries)
        stated = language.split("-")[0].lower()
        return Offer(
            url=url,
            kind=kind,
            title=title,
            language=stated or guess(" ".join(entry.title for entry in entries[:60])),
            guessed=not stated,
            entries=tuple(entries),
            shown=shown,
            a_week=a_week(dates, self.now(), window) if known else None,
            newest=max(dates, default=None),
            news=news,
            comments=comments,
            by=by,
        )


def a_week(dates: Sequence[datetime], now: datetime, window: timedelta = _WINDOW) -> float | None:
    """Return how many entries come in a week, by their dates; None where there are none.

    Args:
        window: so far back entries count. A feed that does not reach so far is counted over the time that it shows.
    """
    if not dates:
        return None
    within = [date for date in dates if now - date <= window]
    shown = now - min(dates)
    if shown > window:
        shown = window
    # One entry of this minute is not ten thousand a week.
    return len(within) * (WEEK / max(shown, timedelta(hours=6)))


def _is_no_news(child: Child) -> bool:
    return _NEWS.search(urlsplit(child.url).path) is None


def _key(url: str) -> str:
    """What spellings of one address have in common."""
    return (canonical_url(url) or url).partition("://")[2]
