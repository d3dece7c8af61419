"""End what a crawl does on Ctrl-C and SIGTERM, for all spiders of a process."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import suppress


def when_asked_to_stop(work: asyncio.Future[None]) -> None:
    """End the work on Ctrl-C and SIGTERM: what is stored stays, the rest is unread."""
    if threading.current_thread() is not threading.main_thread():
        return
    _works.add(work)
    work.add_done_callback(_works.discard)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(signum, _stop)


# A signal has one handler, and a process may run two spiders (sources and bare addresses).
_works: set[asyncio.Future[None]] = set()


def _stop() -> None:
    for work in list(_works):
        work.cancel()
