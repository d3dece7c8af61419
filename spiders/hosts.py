"""What a crawl learns of a host while it goes: one that is down is not asked a hundred times, one that asks for patience gets it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached

from spiders.fetching import kind_of
from spiders.guard import Refused

FAILURES = 2  # connections in a row that failed; then the host counts as down for this crawl
LONGEST_PATIENCE = timedelta(hours=24)
_CONNECTION = {"dns", "timeout", "tls", "connection", "proxy"}


class HostMiddleware:
    """Refuses requests to hosts that are down or asked for patience during this crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._failures: Counter[str] = Counter()
        self._last: dict[str, tuple[str, str]] = {}
        self._patience: dict[str, datetime | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let a request pass to a host that works.

        Raises:
            Refused: the host is down, or asked for patience.
        """
        host = _host(request)
        if host in self._patience:
            raise Refused("http-429", f"{host} answered 429 (too many requests)", later=True, until=self._patience[host])
        if self._failures[host] >= FAILURES:
            kind, said = self._last[host]
            raise Refused(kind, said, later=True)

    def process_response(self, request: Request, response: Response) -> Response:
        """A host that answers is up; 429 speaks for the whole host."""
        host = _host(request)
        self._failures.pop(host, None)
        if response.status == 429:
            self._patience[host] = retry_after(response, clock_of(self._crawler)())
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count connections that failed."""
        kind, said, _ = kind_of(exception)
        if kind in _CONNECTION and not isinstance(exception, Refused):
            host = _host(request)
            self._failures[host] += 1
            self._last[host] = (kind, said)


def retry_after(response: Response, now: datetime) -> datetime | None:
    """Return until when an answer asks for patience: Retry-After in seconds or as a date, at most a day ahead."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if not value:
        return None
    try:
        if value.isdigit():
            wanted = now + timedelta(seconds=min(int(value[:9]), 10**8))
        else:
            parsed = parsedate_to_datetime(value)
            wanted = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(wanted, now + LONGEST_PATIENCE) if wanted > now else None


def clock_of(crawler: Crawler) -> Callable[[], datetime]:
    """Return the clock of the spider that crawls."""
    spider: Any = crawler.spider
    clock: Callable[[], datetime] = spider.now
    return clock


def max_age(response: Response) -> timedelta | None:
    """Return how long an answer says it stays fresh (Cache-Control max-age), at most a day."""
    for part in (response.headers.get("Cache-Control") or b"").decode("latin-1").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.strip('"').isdigit():
            seconds = min(int(value.strip('"')[:9]), 86_400)
            return timedelta(seconds=seconds) if seconds else None
    return None


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
