"""Scrapy's HTTP handler with bounds: on the head of an answer (Twisted reads headers until the memory is full), on the whole of a fetch with
all its redirects, in turns, and with reasons.

It stands on private classes of Scrapy 2.19, which is pinned: nothing public lets a handler bound a head or choose what is verified.
"""

from __future__ import annotations

import asyncio
import copy
import weakref
from collections import defaultdict
from typing import Any

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, StopDownload
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from spiders.guard import Refused

LARGEST_HEAD = 256 * 1024  # bytes; browsers stop at this, most servers at 8 to 64 KiB
MOST_HEADERS = 1_000
MOST_HELD = 32 * 1024**2  # bytes of large bodies that arrive or wait to be read at the same time; a single one may be larger
_LARGE = 1024**2  # a body of which so much has come
FIRST_BYTE = 2 / 3  # of a fetch's time: a host that has not begun to answer by then is given up


class HeadTooLarge(Exception):
    """An answer's status line and headers do not end."""


class BoundedHandler(HTTP11DownloadHandler):
    """Downloads over HTTP/1.1 with a bounded head and one deadline for a fetch, however many redirects it takes."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory
        unverified = frozenset(one.lower() for one in crawler.settings.getlist("MONITOR_UNVERIFIED"))
        if unverified:
            self._contextFactory: Any = _Trust(self._contextFactory, unverified)
        self._arrived: dict[Request, int] = {}
        self._held = 0
        crawler.signals.connect(self._received, signals.bytes_received)
        self._timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")  # for requests of a user's own spider
        at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))

    async def download_request(self, request: Request) -> Response:
        """Download.

        Raises:
            Refused: the host's name leads into a private network; Twisted itself keeps no reason why a name was not resolved.
            TimeoutError: the fetch took too long; waiting for one's turn is no part of it.
        """
        try:
            # Where no delay is set, Scrapy 2.19 starts all that waits for a host at once: its loop counts what has begun, not what it began.
            async with self._turns[request.meta["download_slot"]]:
                response = await self._within(request)
            self._hold(response)
            return response
        except StopDownload as error:
            raise Refused("too-large", "many large answers came at the same time; it is asked again", later=True) from error
        except CannotResolveHostError as error:
            host = urlparse_cached(request).hostname or ""
            led = _led_to(host)
            if led:
                raise Refused("private-address", f"{host} leads to {led}, which stands in a private network") from error
            raise
        finally:
            self._arrived.pop(request, None)

    def _received(self, data: bytes, request: Request) -> None:
        """Break a large body off where many come at once: hundreds of hosts may send sixteen megabytes each."""
        size = self._arrived[request] = self._arrived.get(request, 0) + len(data)
        if size <= _LARGE:
            return
        others = self._held + sum(one for one in self._arrived.values() if one > _LARGE) - size
        if others and others + size > MOST_HELD:
            raise StopDownload(fail=True)

    def _hold(self, response: Response) -> None:
        """Count a large body until nobody holds it any more."""
        size = len(response.body)
        if size > _LARGE:
            self._held += size
            weakref.finalize(response, self._let_go, size)

    def _let_go(self, size: int) -> None:
        self._held -= size

    async def _within(self, request: Request) -> Response:
        meta = request.meta
        # A redirect takes this along: one list for all hops.
        spent: list[float] = meta.setdefault("seconds_spent", [0.0])
        whole = meta.setdefault("seconds_whole", meta.get("download_timeout") or self._timeout)
        left = whole - spent[0]
        if left <= 0:
            raise TimeoutError
        meta["download_timeout"] = left
        meta.pop("download_latency", None)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            # Scrapy's own timer ends the connection; ours is there for what that one does not see.
            async with asyncio.timeout(left + 1) as limit:

                def look() -> None:
                    if "download_latency" not in meta:  # set with the head of the answer
                        limit.reschedule(loop.time())

                first = loop.call_later(min(left, FIRST_BYTE * whole), look)
                try:
                    return await super().download_request(request)
                finally:
                    first.cancel()
        finally:
            spent[0] += loop.time() - began


def _led_to(host: str) -> str:
    """The private address that a name was found to lead to, "" where it was not."""
    from twisted.internet import reactor

    return str(getattr(reactor.nameResolver, "refused", {}).get(host, ""))


@implementer(IPolicyForHTTPS)
class _Trust:
    """Verifies certificates, except of the places that the configuration names.

    Args:
        verified: Scrapy's own policy.
        places: `host:port` pairs in lower case.
    """

    def __init__(self, verified: Any, places: frozenset[str]) -> None:
        self._verified = verified
        self._unverified = copy.copy(verified)
        self._unverified._verify_certificates = False
        self._places = places

    def creatorForNetloc(self, hostname: bytes | str, port: int) -> Any:  # noqa: N802 - Twisted's name
        """Return what makes the connection to a host."""
        name = hostname.decode("ascii", "replace") if isinstance(hostname, bytes) else hostname
        policy = self._unverified if f"{name.lower()}:{port}" in self._places else self._verified
        return policy.creatorForNetloc(hostname, port)


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _Protocol:  # noqa: N802 - Twisted's name
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        answer = super().request(request)
        # Scrapy exchanges the parser's class in the same way: Twisted offers no other.
        self._parser.__class__ = _Parser
        return answer


class _Parser(_LenientHTTPClientParser):
    _size = _lines = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        self._size += len(line) + 2
        self._lines += 1
        if self._lines > MOST_HEADERS:
            raise HeadTooLarge(f"the answer has more than {MOST_HEADERS} headers")
        if self._size > LARGEST_HEAD:
            raise HeadTooLarge(f"the head of the answer is larger than {LARGEST_HEAD // 1024} KiB")
        super().lineReceived(line)
