"""Scrapy's HTTP handler with a bound on the head of an answer (Twisted reads headers until the memory is full), in turns, and with reasons."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Request, Response
from scrapy.resolver import dnscache
from scrapy.utils.httpobj import urlparse_cached

from spiders.guard import Refused, is_private

LARGEST_HEAD = 256 * 1024  # bytes; browsers stop at this, most servers at 8 to 64 KiB


class HeadTooLarge(Exception):
    """An answer's status line and headers do not end."""


class BoundedHandler(HTTP11DownloadHandler):
    """Downloads over HTTP/1.1 with a bounded head."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Factory
        at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))

    async def download_request(self, request: Request) -> Response:
        """Download.

        Raises:
            Refused: the host's name leads into a private network; Twisted itself keeps no reason why a name was not resolved.
        """
        try:
            # Where no delay is set, Scrapy 2.19 starts all that waits for a host at once: its loop counts what has begun, not what it began.
            async with self._turns[request.meta["download_slot"]]:
                return await super().download_request(request)
        except CannotResolveHostError as error:
            host = urlparse_cached(request).hostname or ""
            led = dnscache.get(host)  # filled before spiders.guard.GuardedResolver looks at what was found
            if isinstance(led, str) and is_private(led):
                raise Refused("private-address", f"{host} leads to {led}, which stands in a private network") from error
            raise


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
    _size = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        self._size += len(line) + 2
        if self._size > LARGEST_HEAD:
            raise HeadTooLarge(f"the head of the answer is larger than {LARGEST_HEAD // 1024} KiB")
        super().lineReceived(line)
