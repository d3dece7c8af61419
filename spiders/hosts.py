"""What a crawl learns of a host while it goes: one that is down is not asked a hundred times, one that asks for patience gets it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached

from spiders.fetching import kind_of
from spiders.guard import Refused
from spiders.readers.engines import LIMIT, notice_of

FAILURES = 2  # connections in a row that failed; then the host counts as down for this crawl
LONGEST_PATIENCE = timedelta(hours=24)
_CONNECTION = {"dns", "timeout", "tls", "connection", "proxy"}


class HostMiddleware:
    """Refuses requests to hosts that are down or asked for patience during this crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._failures: Counter[str] = Counter()
        self._last: dict[str, tuple[str, str]] = {}
        self._patience: dict[str, Refused] = {}

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
            wish = self._patience[host]
            raise Refused(wish.kind, str(wish), later=True, until=wish.until)
        if self._failures[host] >= FAILURES:
            kind, said = self._last[host]
            raise Refused(kind, said, later=True)

    def process_response(self, request: Request, response: Response) -> Response:
        """A host that answers is up; 429, or an engine's line of text that says the same, speaks for the whole host."""
        host = _host(request)
        self._failures.pop(host, None)
        notice = notice_of(request.url, response.body)
        if response.status == 429:
            said = notice.said if notice else f"{host} answered 429 (too many requests)"
            self._patience[host] = Refused("http-429", said, until=retry_after(response, clock_of(self._crawler)()))
        elif notice is not None and notice.kind == LIMIT:
            self._patience[host] = Refused(LIMIT, notice.said)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count connections that failed."""
        kind, said, _ = kind_of(exception)
        if kind in _CONNECTION and not isinstance(exception, Refused):
            host = _host(request)
            self._failures[host] += 1
            self._last[host] = (kind, said)


def retry_after(response: Response, now: datetime) -> datetime | None:
    """Return until when an answer asks for patience, at most a day ahead: Retry-After in seconds or as a date of any HTTP form.

    Where a refusal has none, the end of the quota: RateLimit-Reset or X-RateLimit-Reset (Reddit), in seconds or as seconds since 1970.
    """
    value = _header(response, "Retry-After")
    if not value and response.status in {429, 503}:
        value = _header(response, "RateLimit-Reset") or _header(response, "X-RateLimit-Reset")
        if re.fullmatch(r"\d{9,11}(?:\.\d+)?", value):
            value = str(max(float(value) - now.timestamp(), 0.0))
    if re.fullmatch(r"\d+(?:\.\d+)?", value):
        wait = timedelta(seconds=min(float(value[:12]), 10**8))
    else:
        moment = _http_date(value)
        if moment is None:
            return None
        wait = moment - now
    return now + min(wait, LONGEST_PATIENCE) if wait > timedelta(0) else None


def clock_of(crawler: Crawler) -> Callable[[], datetime]:
    """Return the clock of the spider that crawls."""
    clock: Callable[[], datetime] = getattr(crawler.spider, "now", None) or _utc_now  # a user's own spider has none
    return clock


def _utc_now() -> datetime:
    return datetime.now(UTC)


def fresh_for(response: Response) -> timedelta | None:
    """Return how long an answer says it stays fresh, at most a day: Cache-Control, else Expires; None where it says nothing."""
    directives = dict(_directives(_header(response, "Cache-Control")))
    if "no-cache" in directives or "no-store" in directives:
        return None
    age = directives.get("max-age", "")
    if age.isdecimal():
        since = _header(response, "Age")
        seconds = min(int(age[:9]), 86_400) - (int(since[:9]) if since.isdecimal() else 0)
    else:
        expires, date = _http_date(_header(response, "Expires")), _http_date(_header(response, "Date"))
        if expires is None or date is None:
            return None
        seconds = min(int((expires - date).total_seconds()), 86_400)
    return timedelta(seconds=seconds) if seconds > 0 else None


def _directives(value: str) -> Iterator[tuple[str, str]]:
    for part in value.lower().split(","):
        name, _, argument = part.strip().partition("=")
        yield name, argument.strip('"')


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1").strip()


def _http_date(value: str) -> datetime | None:
    """Read a date of HTTP in any of its three forms (RFC 9110, 5.6.7)."""
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
