"""How many pages each host was asked for on a day: a site that leads on without end gets no more than its share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, delete, select

from storage import schema
from storage.upsert import insert_or

_KEPT = timedelta(days=7)


class Hosts:
    """The questions and commands about hosts; days are those of UTC."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pages(self, day: date) -> dict[str, int]:
        """Return how many pages each host was asked for on a day."""
        table = schema.host_days
        rows = self._connection.execute(select(table.c.host, table.c.pages).where(table.c.day == day.isoformat()))
        return {row.host: row.pages for row in rows}

    def add_pages(self, day: date, counts: Mapping[str, int]) -> None:
        """Add pages that hosts were asked for on a day, and forget the days of a week ago."""
        table = schema.host_days
        if not counts:
            return
        statement = insert_or(self._connection, table)
        more = statement.on_conflict_do_update(index_elements=["host", "day"], set_={"pages": table.c.pages + statement.excluded.pages})
        self._connection.execute(more, [{"host": host, "day": day.isoformat(), "pages": count} for host, count in counts.items()])
        self._connection.execute(delete(table).where(table.c.day < (day - _KEPT).isoformat()))
