"""Articles over which a step of ours fell: each is told with why, and ends nothing but its own way."""

from __future__ import annotations

from spiders.workers import what_failed
from storage.backup import damage_of
from storage.store import Store


class Faults:
    """What fell in one crawl or import.

    Args:
        store: what articles are compared with; looked through at the first fault, as that may be the store's own.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.said: list[str] = []

    def add(self, where: str, error: Exception) -> str:
        """Note a fault; returns what is told of it.

        Args:
            where: address or line.

        Raises:
            StorageDamaged: a value of the store cannot be read, so it is no fault of the article.
        """
        if not self.said and (damaged := damage_of(self._store)):
            raise damaged from error
        self.said.append(f"{where}: {what_failed(error)}")
        return self.said[-1]
