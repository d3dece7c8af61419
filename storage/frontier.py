"""How far walks through sites have come: what was found, and what of it was visited. Survives any end of a crawl."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from storage import schema
from storage.items import Step

FORGOTTEN = timedelta(days=90)  # a walk that nobody took up again for so long


class Frontier:
    """The questions and commands about walks; a walk is known by a name of at most 32 characters."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def steps(self, walk: str) -> list[tuple[Step, bool]]:
        """Return all steps of a walk with whether they are done, those found first before the others."""
        table = schema.frontier
        rows = self._connection.execute(select(table).where(table.c.walk == walk).order_by(table.c.depth, table.c.position))
        return [(Step(key=row.key, url=row.url, depth=row.depth), row.done) for row in rows]

    def add(self, walk: str, steps: Iterable[Step], now: datetime) -> None:
        """Add steps that are to be done; those that are there stay as they are."""
        table = schema.frontier
        unique = {step.key: step for step in steps}
        if not unique:
            return
        there = set(
            self._connection.scalars(
                select(table.c.key).where(table.c.walk == walk, table.c.key.in_(bindparam("keys", expanding=True))), {"keys": list(unique)}
            )
        )
        last = self._connection.scalar(select(func.max(table.c.position)).where(table.c.walk == walk)) or 0
        rows = [
            {"walk": walk, "key": step.key, "position": number, "url": step.url, "depth": step.depth, "done": False, "at": now}
            for number, step in enumerate((step for key, step in unique.items() if key not in there), last + 1)
        ]
        if rows:
            self._connection.execute(insert(table), rows)

    def done(self, walk: str, keys: Iterable[str]) -> None:
        """Note that steps are done."""
        table = schema.frontier
        rows = [{"one": key} for key in keys]
        if rows:
            self._connection.execute(update(table).where(table.c.walk == walk, table.c.key == bindparam("one")).values(done=True), rows)

    def forget(self, walk: str, now: datetime) -> None:
        """Forget a walk, and those that nobody took up again."""
        table = schema.frontier
        self._connection.execute(delete(table).where((table.c.walk == walk) | (table.c.at < now - FORGOTTEN)))
