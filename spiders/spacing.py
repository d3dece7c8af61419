"""Hosts that ask for a pause between two requests, whoever makes them: kept across sources, crawls and processes of one user.

Scrapy's slots know one process. The moment of the latest turn stands in a small file of the user's own in the folder for temporary
files; a turn is taken under a lock, so that two processes never take the same. Where the file cannot be written, the slots have to do.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.httpobj import urlparse_cached

LONGEST_S = 600.0  # a turn that lies further ahead was written by a clock that went wrong


class SpacingMiddleware:
    """Has a request wait for its turn where its host stands in MONITOR_SPACING (host -> seconds between two requests)."""

    def __init__(self, pauses: Mapping[str, float]) -> None:
        self._pauses = pauses

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawl."""
        return cls(crawler.settings.getdict("MONITOR_SPACING"))

    async def process_request(self, request: Request) -> None:
        """Wait until it is this request's turn."""
        host = urlparse_cached(request).hostname or ""
        pause = float(self._pauses.get(host, 0.0))
        if pause > 0:
            await asyncio.sleep(turn(file_of(host), pause, time.time()))


def file_of(host: str) -> Path:
    """Return the file in which the latest turn of a host stands."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"media-monitor-{user}-{host}.turn"


def turn(file: Path, pause: float, now: float) -> float:
    """Take the next turn; returns how many seconds it is away.

    Args:
        pause: seconds between two turns.
        now: seconds since 1970.
    """
    # No link of somebody else's is followed: the folder for temporary files belongs to all.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(file, flags, 0o600), "r+b") as stream:
            _lock(stream.fileno())  # for the moment that the next lines take; it ends with the file
            latest = _seconds(stream.read(32))
            ours = max(now, latest + pause) if latest - now <= LONGEST_S else now
            stream.seek(0)
            stream.write(f"{ours:.3f}".encode().ljust(32))
            return ours - now
    except OSError:
        return 0.0


def _seconds(held: bytes) -> float:
    try:
        return max(float(held or 0), 0.0)
    except ValueError:
        return 0.0


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
