"""Poll sitemaps: walk an index to what is new, hand over the addresses that nobody has seen, remember the rest of an archive."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scrapy.http import Response

from spiders.fetching import Answer, fetch
from spiders.pollers.base import Poller
from spiders.pollers.feed import FeedPoller
from spiders.readers.archives import is_monthly, of_month, worth_reading
from spiders.readers.feed import is_feed
from spiders.readers.sitemap import LARGEST_SITEMAP, Listed, SitemapReading, read_sitemap
from storage.errors import ReadError
from storage.identity import RawKey, canonical_url, entry_keys
from storage.items import Entry, Poll, PollOutcome, Source, SourceState, Validators

if TYPE_CHECKING:
    from spiders.base import MonitorSpider

AT_FIRST = timedelta(days=3)  # so far back the first poll looks; what is older stays in the archive, see `since`
_OVERLAP = timedelta(days=3)  # lists are written late, and lastmod is often a day without a time
_DEEPEST = 3  # indexes of indexes
MOST_SITEMAPS = 500  # of one source and poll
_CHUNK = 1_000  # entries compared with the store at once


@dataclass
class _Walk:
    """How far a poll has come through a source's sitemaps."""

    since: datetime | None
    fresh: list[Entry] = field(default_factory=list)
    seen: int = 0  # entries that were looked at
    newest: datetime | None = None
    news: bool = True  # nothing but news sitemaps so far
    sitemaps: int = 0
    indexed: bool = False
    failed: list[str] = field(default_factory=list)


class SitemapPoller(Poller):
    """Polls sitemaps and their indexes, news sitemaps, and the sitemaps that a robots.txt names.

    Only what is new is asked for: addresses listed as younger than the last good poll (with a margin), and of those without a date
    the ones not seen before. At the first poll an address without a date is remembered, not read: nothing tells it from ten years ago.

    Args:
        since: read everything back to this moment instead, dated or not.
        until: with it: no sitemap whose name speaks of a later time.
    """

    NOUN = "sitemap"
    LARGEST = LARGEST_SITEMAP

    def __init__(self, spider: MonitorSpider, *, since: datetime | None = None, until: datetime | None = None) -> None:
        super().__init__(spider)
        self.since, self.until = since, until
        self._feeds = FeedPoller(spider)

    def address(self, source: Source, now: datetime) -> str:
        """An address with places for a year and a month is asked for this month."""
        return of_month(source.url, now, source.timezone) if is_monthly(source.url) else source.url

    async def fetch(self, source: Source, url: str, *, headers: dict[str, str] | None = None) -> Answer:
        """As all polls; where this month has no file yet, the last one's."""
        answer = await super().fetch(source, url, headers=headers)
        if answer.status == 404 and is_monthly(source.url):
            return await super().fetch(source, of_month(source.url, self.spider.now(), source.timezone, back=1))
        return answer

    async def taken(self, source: Source, state: SourceState, response: Response, poll: Poll) -> Poll:
        """Walk a sitemap and what it lists."""
        if is_feed(response.body):  # the protocol takes a feed for a sitemap, too
            return await self._feeds.taken(source, state, response, poll)
        walk = _Walk(since=self.horizon(state, poll.started))
        await self._walk(source, state, response, poll.started, walk)
        kept = await self.spider.take_entries(source, walk.fresh)
        poll = replace(
            poll,
            outcome=PollOutcome.CHANGED,
            entries=walk.seen,
            new=len(walk.fresh),
            kept=kept,
            # Only a news sitemap shows a window that may roll on unseen; all others list what they have.
            shared=not (walk.news and state.last_ok is not None and state.entries_total > 0 and 0 < walk.seen == len(walk.fresh)),
            newest=walk.newest,
            # An index says nothing of changes inside what it lists, and an archive read once has to be read as a whole next time.
            validators=Validators() if walk.indexed or is_monthly(source.url) else poll.validators,
        )
        if not walk.failed:
            return poll
        said = f"{len(walk.failed)} of {walk.sitemaps + len(walk.failed)} sitemaps could not be read: {walk.failed[0]}"
        return replace(poll, outcome=PollOutcome.FAILED, error_kind="sitemap-part", error=said, validators=None)

    def horizon(self, state: SourceState, now: datetime) -> datetime | None:
        """What says that it is older is not looked at."""
        if self.since is not None:
            return self.since
        return now - AT_FIRST if state.last_ok is None else state.last_ok - _OVERLAP

    async def _walk(self, source: Source, state: SourceState, response: Response, now: datetime, walk: _Walk) -> None:
        asked = {response.url}
        waiting: deque[tuple[str, int]] = deque()

        async def look(body: bytes, url: str, depth: int) -> None:
            reading = await self.spider.workers.run(
                read_sitemap, body, url=url, zone=source.timezone, now=now, since=walk.since, only=source.only
            )
            walk.sitemaps += 1
            if reading.children and depth < _DEEPEST:
                walk.indexed = True
                for child in worth_reading(reading.children, walk.since, self.until):
                    if child.url not in asked and len(asked) < MOST_SITEMAPS:
                        asked.add(child.url)
                        waiting.append((child.url, depth + 1))
            self._take(source, state, reading, walk)

        await look(response.body, response.url, 0)
        for url in self._other_months(source, response.url, now, walk.since):
            asked.add(url)
            waiting.append((url, 1))
        while waiting:
            url, depth = waiting.popleft()
            answer = await fetch(self.spider.crawler, url, most=self.LARGEST, robots=source.robots)
            if answer.status in {404, 410}:
                continue  # listed, and gone: nothing to read there
            if answer.response is None or answer.status != 200:
                walk.failed.append(f"{url}: {answer.error or f'the host answers {answer.status}'}")
                continue
            try:
                await look(answer.response.body, url, depth)
            except ReadError as error:
                walk.failed.append(f"{url}: {error}")

    def _other_months(self, source: Source, asked: str, now: datetime, since: datetime | None) -> Iterator[str]:
        """The months before this one that reach into what is looked at."""
        if not is_monthly(source.url) or since is None:
            return
        zone = ZoneInfo(source.timezone)
        first, here = since.astimezone(zone), now.astimezone(zone)
        months = 12 * (here.year - first.year) + here.month - first.month
        last = self.until.astimezone(zone) if self.until is not None else here
        for back in range(max(1, 12 * (here.year - last.year) + here.month - last.month), min(months, MOST_SITEMAPS) + 1):
            if (url := of_month(source.url, now, source.timezone, back=back)) != asked:
                yield url

    def _take(self, source: Source, state: SourceState, reading: SitemapReading, walk: _Walk) -> None:
        """Compare what a sitemap lists with the store, some at a time."""
        if reading.total:
            walk.news = walk.news and reading.kind == "news"
            walk.newest = max(filter(None, (walk.newest, reading.newest)), default=None)
        first = state.last_ok is None and self.since is None
        for start in range(0, len(reading.listed), _CHUNK):
            listed = reading.listed[start : start + _CHUNK]
            walk.seen += len(listed)
            undated = [one for one in listed if one.moment is None] if first else []
            if undated:
                self.spider.intake.remember(source, entries_of(source, undated))
                listed = tuple(one for one in listed if one.moment is not None)
            walk.fresh += self.spider.intake.sift(source, entries_of(source, listed))


def entries_of(source: Source, listed: Sequence[Listed]) -> list[Entry]:
    """Make entries of what a sitemap lists, each address once."""
    unique = {canonical_url(one.url) or one.url: one for one in reversed(listed)}
    keys = entry_keys([RawKey(guid="", url=one.url, title=one.title) for one in unique.values()])
    return [
        Entry(
            source_id=source.id,
            key=key[:255],
            url=one.url,
            title=one.title,
            published=one.published,
            updated=one.updated,
            stated_date=one.stated,
            language=one.language,
            outlet=one.outlet,
        )
        for one, key in zip(unique.values(), keys, strict=True)
    ]
