"""What a host may be asked for in a day, counted over all crawls of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from storage.reading import Transaction
from storage.store import Store

_DAY = timedelta(hours=24)
_LONGEST_HOST = 255


class HostBudget:
    """Counts the pages that hosts are asked for; says no where one had its day's share.

    Args:
        clock: the present moment; days are those of UTC.
        most: pages a host and day; None counts, and never says no.
        tells: note hosts that had their share for the next digest.
    """

    def __init__(self, store: Store, *, clock: Callable[[], datetime], most: int | None, tells: bool = True) -> None:
        self._store = store
        self._now = clock
        self._most = most
        self._tells = tells
        self._day: date | None = None
        self._asked: Counter[str] = Counter()  # of the day, what is not written yet included
        self._unwritten: Counter[tuple[date, str]] = Counter()
        self._over: set[str] = set()  # hosts that are to be told

    @property
    def waits(self) -> bool:
        """Whether there is something to write."""
        return bool(self._unwritten or self._over)

    def take(self, url: str) -> bool:
        """Whether one more page of an address's host may be asked; if so, it counts."""
        host = (urlsplit(url).hostname or "").removeprefix("www.")[:_LONGEST_HOST]
        today = self._now().date()
        if today != self._day:
            with self._store.reading() as reading:
                self._asked = Counter(reading.hosts.pages(today))
            for (day, name), count in self._unwritten.items():
                self._asked[name] += count if day == today else 0
            self._day = today
        if self._most is not None and self._asked[host] >= self._most:
            if self._tells:
                self._over.add(host)
            return False
        self._asked[host] += 1
        self._unwritten[today, host] += 1
        return True

    def write(self, transaction: Transaction) -> None:
        """Write what was asked since the last time, and which hosts had their share."""
        for day in sorted({day for day, _ in self._unwritten}):
            transaction.hosts.add_pages(day, {host: count for (of, host), count in self._unwritten.items() if of == day})
        for host in sorted(self._over):
            transaction.incidents.add_once(self._now(), "host-over-budget", host, _DAY)

    def written(self) -> None:
        """What `write` wrote stands: forget it."""
        self._unwritten.clear()
        self._over.clear()
