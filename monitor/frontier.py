"""Walks that survive their end: steps are written in the transaction that writes what they brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from monitor.intake import StoreIntake
from storage.items import Step
from storage.reading import Transaction
from storage.store import Store


class StoreFrontier:
    """Keeps walks in the store.

    Args:
        intake: of the same crawl; its transactions take the steps along.
        restart: forget how far a walk came before.
    """

    def __init__(self, store: Store, intake: StoreIntake, *, clock: Callable[[], datetime], restart: bool = False) -> None:
        self._store = store
        self._intake = intake
        self._now = clock
        self._restart = restart

    def open(self, walk: str, starts: Sequence[Step]) -> list[tuple[Step, bool]]:
        """See `spiders.frontier.Frontier`."""
        with self._store.transaction() as transaction:
            if self._restart:
                transaction.frontier.forget(walk, self._now())
            transaction.frontier.add(walk, starts, self._now())
            return transaction.frontier.steps(walk)

    def visited(self, walk: str, key: str, found: Sequence[Step]) -> None:
        """See `spiders.frontier.Frontier`."""
        now = self._now()

        def change(transaction: Transaction) -> None:
            transaction.frontier.add(walk, found, now)
            transaction.frontier.done(walk, [key])

        self._intake.ride(change)

    def close(self, walk: str) -> None:
        """See `spiders.frontier.Frontier`."""
        now = self._now()
        self._intake.ride(lambda transaction: transaction.frontier.forget(walk, now))
