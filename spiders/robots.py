"""robots.txt by RFC 9309: asked before anything else of a host; an error of the server is a no, its absence a yes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any, Self, TypeVar

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.httpobj import urlparse_cached

from spiders.fetching import bounds, kind_of, let_go
from spiders.guard import Refused
from spiders.hosts import clock_of, retry_after
from spiders.settings import LARGEST_ROBOTS

T = TypeVar("T")

LONGEST_DELAY_S = 30.0
AGENT = "media-monitor"
_THE_FILE = object()  # marks the request for robots.txt itself, through its redirects, too


class Rules:
    """What a robots.txt says to us; whatever it holds, asking it never raises.

    `delay` is the pause it asks for between two requests in seconds, at most `LONGEST_DELAY_S`, 0 where it asks for none.
    """

    def __init__(self, found: Protego) -> None:
        self._found = found
        delay = _or_none(lambda: float(found.crawl_delay(AGENT) or 0))
        self.delay = min(delay, LONGEST_DELAY_S) if delay is not None and math.isfinite(delay) and delay > 0 else 0.0

    def allows(self, url: str) -> bool:
        """Whether an address may be asked; one that cannot be held against the rules may not."""
        return _or_none(lambda: self._found.can_fetch(url, AGENT)) is True


def rules_of(body: bytes) -> Rules | None:
    """Read a robots.txt, as much of it as RFC 9309 asks for; None where it cannot be read, which is as if there were none."""
    found = _or_none(lambda: Protego.parse(body[:LARGEST_ROBOTS].decode("utf-8-sig", "replace")))
    return Rules(found) if found is not None else None


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - a hostile file ends in no rule, never in a crawl that stops
        return None


class RobotsMiddleware:
    """Asks robots.txt once a host and crawl, and keeps to it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._whose = crawler.settings.get("MONITOR_ROBOTS", "request")
        self._rules: dict[str, asyncio.Future[Rules | None]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass that robots.txt allows.

        Raises:
            Refused: it is forbidden ("robots"), or robots.txt could not be read ("robots-unreachable").
        """
        # A user's own spider cannot leave robots.txt out by itself: the configuration says so for its source, or it holds.
        said = request.meta.get("robots")
        if said is _THE_FILE or self._whose == "never" or (self._whose == "request" and said is False):
            return
        parts = urlparse_cached(request)
        site = f"{parts.scheme}://{parts.netloc}"
        rules = self._rules.get(site)
        if rules is None:
            rules = self._rules[site] = asyncio.ensure_future(self._ask(site))
        # Shielded: one source that is cut off must not take the answer from the others.
        found = await asyncio.shield(rules)
        if found is None:
            return
        slot = self._downloader.slots.get(parts.hostname or "")
        if found.delay and slot is not None:
            slot.delay = max(slot.delay, found.delay)
        if not found.allows(request.url):
            raise Refused("robots", f"robots.txt of {parts.hostname} does not allow {parts.path or '/'}")

    @property
    def _downloader(self) -> Any:
        assert self._crawler.engine is not None
        return self._crawler.engine.downloader

    async def _ask(self, site: str) -> Rules | None:
        assert self._crawler.engine is not None
        meta = bounds(self._crawler, 4 * LARGEST_ROBOTS) | {"robots": _THE_FILE}
        try:
            answer = await self._crawler.engine.download_async(Request(f"{site}/robots.txt", meta=meta, dont_filter=True))
        except Refused as refused:
            if refused.kind == "private-address":
                return None  # a redirect of robots.txt into a private network: as if there were none
            raise
        except Exception as error:
            kind, said, _ = kind_of(error)
            let_go(error)
            if kind == "redirects":
                return None
            raise Refused(kind, f"robots.txt could not be read: {said}", later=True) from error
        if answer.status >= 500 or answer.status == 429:
            said = f"robots.txt answers {answer.status}, which means: do not crawl"
            raise Refused("robots-unreachable", said, later=True, until=retry_after(answer, clock_of(self._crawler)()))
        if not 200 <= answer.status < 300:
            return None
        return rules_of(answer.body)
