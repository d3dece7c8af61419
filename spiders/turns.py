"""In which order the sources of a crawl are read, and how many at once, so that a slow or failing one holds up no other."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from storage.items import Source

SLOW_S = 1.0  # a source that is read for longer gives its place to another, and is read on beside
MOST = 3  # times as many as the places, with those that are read on
GRACE_S = 30.0  # so long those that failed last time wait for the last of the others

Job = tuple[Source, Callable[[], Any]]


class Turns:
    """Runs the jobs of sources, each once.

    Args:
        first: those that nothing is known against. Their hosts take turns.
        then: those that failed last time. They begin when all others are done, or GRACE_S after the last of those began: what makes a
            source fail (time-outs, documents that are too much for their reader) takes more from its neighbours than what it brings.
        at_once: places.
    """

    def __init__(self, first: Sequence[Job], then: Sequence[Job], *, at_once: int) -> None:
        self._first, self._then = deque(_interleaved(first)), deque(_interleaved(then))
        self._at_once = at_once
        self._open = len(first)  # of the first, not done
        self._alone = asyncio.Event()  # nothing holds the others back any more
        self._under_way = 0

    async def run(self, read: Callable[[Source, Callable[[], Any]], Awaitable[None]]) -> None:
        """Read them all; the first exception ends it."""
        if not self._first:
            self._alone.set()
        async with asyncio.TaskGroup() as group:

            async def place() -> None:
                """One place: takes turn after turn, until one is so slow that another place is made beside it."""
                while (turn := await self._next()) is not None:
                    given = False

                    def give() -> None:
                        nonlocal given
                        if self._under_way < MOST * self._at_once and (self._first or self._then):
                            given = True
                            group.create_task(place())

                    timer = asyncio.get_running_loop().call_later(SLOW_S, give)
                    self._under_way += 1
                    try:
                        await read(*turn[0])
                    finally:
                        timer.cancel()
                        self._under_way -= 1
                    if turn[1]:
                        self._done()
                    if given:
                        return

            for _ in range(min(self._at_once, len(self._first) + len(self._then))):
                group.create_task(place())

    async def _next(self) -> tuple[Job, bool] | None:
        """The next turn and whether it is one of the first; None where all are taken."""
        if self._first:
            job = self._first.popleft()
            if not self._first:
                asyncio.get_running_loop().call_later(GRACE_S, self._alone.set)
            return job, True
        if self._then:
            await self._alone.wait()
        return (self._then.popleft(), False) if self._then else None

    def _done(self) -> None:
        self._open -= 1
        if not self._open:
            self._alone.set()


def _interleaved(jobs: Sequence[Job]) -> Iterator[Job]:
    hosts: dict[str, deque[Job]] = defaultdict(deque)
    for job in jobs:
        hosts[urlsplit(job[0].url).netloc].append(job)
    while hosts:
        for host in list(hosts):
            yield hosts[host].popleft()
            if not hosts[host]:
                del hosts[host]
