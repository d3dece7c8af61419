"""Look for what a source may have missed: its window rolled over between two polls, and the site's news sitemap shows more than the feed.

Bounded all round: few documents a site, few entries a span, a part of the crawl's time. What is not reached waits for the next crawl.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spiders.fetching import fetch
from spiders.intake import intake_failure
from spiders.pollers.sitemap import entries_of
from spiders.readers.archives import is_monthly, of_month, worth_reading
from spiders.readers.sitemap import LARGEST_SITEMAP, Child, Listed, SitemapReading, read_sitemap, sitemaps_of_robots
from spiders.settings import LARGEST_ROBOTS
from storage.condition import Gap, GapState
from storage.errors import ReadError
from storage.identity import outlet_host
from storage.items import Kind, Source

if TYPE_CHECKING:
    from spiders.base import MonitorSpider

MOST_DOCUMENTS = 10  # asked of one site and crawl, robots.txt among them
MOST_ENTRIES = 200  # of one span; the newest
TRIES = 3  # crawls in which a site may fail to answer
_TIME = 0.25  # of a crawl's time, at most, for all sites together
_MARGIN = timedelta(hours=1)  # feeds and sitemaps do not always date an article alike
_DEEPEST = 2  # indexes of indexes
_USUAL = ("/news-sitemap.xml", "/sitemap-news.xml", "/google-news-sitemap.xml", "/sitemap_news.xml", "/sitemap.xml")
_NEWS = re.compile(r"news|actu|noticias|tin-?moi|latest", re.I)
_NO_NEWS = re.compile(r"categor|tag|author|topic|image|video|page|static", re.I)
_NOTHING = frozenset({400, 401, 403, 404, 410, 451})  # no sitemap stands there for us; other errors may pass


@dataclass
class _Look:
    """What a site's sitemaps came to."""

    since: datetime
    listed: dict[str, Listed] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    read: bool = False  # a sitemap that is alive in the time that is asked for
    whole: bool = False  # one of them reaches back to its begin
    failed: bool = False  # something that may be there tomorrow could not be read


class GapSeeker:
    """Looks for the entries of gaps at the end of a crawl.

    Args:
        sitemaps: news sitemaps that are known, by host without "www."; asked before what robots.txt names and what is usual.
    """

    def __init__(self, spider: MonitorSpider, sitemaps: Mapping[str, Sequence[str]] | None = None) -> None:
        self._spider = spider
        self._sitemaps = sitemaps or {}

    async def seek(self, sources: Sequence[Source]) -> None:
        """Look for the open gaps of these sources, each site once.

        Raises:
            IntakeFailed: what was found could not be kept.
        """
        ours = {source.id: source for source in sources if source.kind is not Kind.SEARCH and not source.topic}
        sites: dict[str, list[tuple[Source, Gap]]] = defaultdict(list)
        for gap in self._spider.intake.gaps(self._spider.now()):
            source = ours.get(gap.source_id)
            site = gap.site if gap.site is not None or source is None else _origin(source.url)
            if source is not None and site:
                sites[site].append((source, gap))
        if not sites:
            return
        seconds = self._spider.deadline_s * _TIME if self._spider.deadline_s is not None else None
        try:
            async with asyncio.timeout(seconds) as limit:
                await self._spider.side_by_side([partial(self._site, site, missed) for site, missed in sites.items()])
        except TimeoutError:
            if not limit.expired():
                raise

    async def _site(self, site: str, missed: Sequence[tuple[Source, Gap]]) -> int:
        """Look for the gaps of the sources of one site; returns how many articles were kept."""
        look = _Look(since=min(_span(gap)[0] for _, gap in missed))
        try:
            await self._read(site, missed[0][0], look)
        except Exception as error:
            if intake_failure(error):
                raise
            look.failed = True  # what a hostile document does ends with its site
        kept = 0
        for source, gap in missed:
            begin, end = _span(gap)
            inside = [one for one in look.listed.values() if one.moment is not None and begin <= one.moment <= end]
            if source.only:
                inside = [one for one in inside if re.search(source.only, one.url)]
            inside.sort(key=lambda one: one.moment or begin, reverse=True)
            as_listed = replace(source, kind=Kind.SITEMAP)  # a page that turns out to be no article is left
            # Keys of their own: under the feed's, a sitemap's other words for a known entry would be news.
            entries = [replace(entry, key=f"sitemap {entry.key}"[:255]) for entry in entries_of(source, inside[:MOST_ENTRIES])]
            fresh = self._spider.intake.sift(as_listed, entries)
            kept += await self._spider.take_entries(as_listed, fresh)
            state = _state(look, gap, found=len(fresh), cut=len(inside) > MOST_ENTRIES)
            self._spider.intake.looked(gap, state=state, found=len(fresh))
        return kept

    async def _read(self, site: str, source: Source, look: _Look) -> None:
        """Read a site's sitemaps, the likely ones first, until one of them reaches back far enough."""
        waiting = deque((url, 0) for url in await self._likely(site, source, look))
        while waiting and not look.whole and len(look.asked) < MOST_DOCUMENTS:
            url, depth = waiting.popleft()
            if url in look.asked:
                continue
            look.asked.add(url)
            answer = await fetch(self._spider.crawler, url, most=LARGEST_SITEMAP, robots=source.robots)
            if answer.response is None or answer.status != 200:
                look.failed |= answer.later if answer.status is None else answer.status not in _NOTHING
                continue
            try:
                reading = await self._spider.workers.run(
                    read_sitemap,
                    answer.response.body,
                    url=answer.response.url,
                    zone=source.timezone,
                    now=self._spider.now(),
                    since=look.since,
                )
            except ReadError:
                continue  # a page that answers every address
            _note(look, reading)
            if depth < _DEEPEST:
                children = _likely_first(worth_reading(reading.children, look.since))
                waiting.extendleft((child.url, depth + 1) for child in reversed(children))

    async def _likely(self, site: str, source: Source, look: _Look) -> list[str]:
        """The addresses of a site at which a news sitemap may stand, the likely ones first."""
        now = self._spider.now()
        known = [of_month(url, now, source.timezone) if is_monthly(url) else url for url in self._sitemaps.get(outlet_host(site), ())]
        robots = f"{site}/robots.txt"
        look.asked.add(robots)
        # RFC 9309: /robots.txt itself is always allowed.
        answer = await fetch(self._spider.crawler, robots, most=4 * LARGEST_ROBOTS, robots=False)
        named: list[str] = []
        if answer.response is not None and answer.status == 200:
            named = sitemaps_of_robots(answer.response.body.decode("utf-8-sig", "replace"), answer.response.url)
        elif answer.response is None or answer.response.status >= 500:
            look.failed = True
        named = [child.url for child in _likely_first(worth_reading([Child(url) for url in named], look.since))]
        news = [url for url in named if _NEWS.search(urlsplit(url).path)]
        usual = [] if known or news else [site + path for path in _USUAL]
        return list(dict.fromkeys((*known, *news, *(usual[:-1] if named else usual), *named)))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""


def _span(gap: Gap) -> tuple[datetime, datetime]:
    """From when to when is looked, with a margin."""
    until = gap.until or gap.at
    since = gap.since or until - timedelta(days=2)
    return since - _MARGIN, until + _MARGIN


def _likely_first(children: Sequence[Child]) -> list[Child]:
    """News sitemaps first, those of tags and the like last, otherwise in the order given."""

    def place(child: Child) -> int:
        path = urlsplit(child.url).path
        return 0 if _NEWS.search(path) else 2 if _NO_NEWS.search(path) else 1

    return sorted(children, key=place)


def _note(look: _Look, reading: SitemapReading) -> None:
    """Take what a sitemap lists, and whether it reaches back; a list of pages that never change says nothing of the news."""
    if reading.kind not in {"news", "list"} or reading.newest is None or reading.newest < look.since:
        return
    look.read = True
    look.whole |= reading.oldest is not None and reading.oldest <= look.since + _MARGIN
    for one in reading.listed:
        look.listed.setdefault(one.url, one)


def _state(look: _Look, gap: Gap, *, found: int, cut: bool) -> GapState:
    """Say what became of a gap."""
    if look.whole and not cut:
        return GapState.SEARCHED
    if look.failed and not look.read:
        return GapState.FAILED if gap.tries + 1 >= TRIES else GapState.OPEN
    if not look.read:
        return GapState.ABSENT
    return GapState.PARTLY if found or gap.found or look.whole else GapState.LOST
