"""The port through which a walk remembers how far it came; `monitor.frontier` fills it with the store, a dry run with memory.

Scrapy's JOBDIR does not serve here: it belongs to its scheduler, which our spiders do not use, and it writes what waits when the crawl
is closed, so what a kill cuts off is lost. Here a page is done when all that it brought is stored, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from storage.items import Step


class Frontier(Protocol):
    """What a walk may ask and tell. All calls are short, synchronous and made from the crawl's event loop."""

    def open(self, walk: str, starts: Sequence[Step]) -> list[tuple[Step, bool]]:
        """Begin a walk at `starts`, or take it up again; returns its steps with whether they are done."""
        ...

    def visited(self, walk: str, key: str, found: Sequence[Step]) -> None:
        """A step is done and what it brought is handed over; `found` are the further steps that it leads to, which are new."""
        ...

    def close(self, walk: str) -> None:
        """All steps are done: the next walk of this name begins anew."""
        ...


class MemoryFrontier:
    """Remembers nothing beyond this crawl."""

    def open(self, walk: str, starts: Sequence[Step]) -> list[tuple[Step, bool]]:
        """Every walk begins anew."""
        return [(step, False) for step in starts]

    def visited(self, walk: str, key: str, found: Sequence[Step]) -> None:
        """Nothing is kept."""

    def close(self, walk: str) -> None:
        """Nothing was kept."""
