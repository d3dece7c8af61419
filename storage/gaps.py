"""Spans in which entries may have been missed: a poll that shared no entry with the one before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from storage import schema
from storage.condition import Gap, GapState
from storage.items import Poll, SourceState

LOOKED_FOR = timedelta(days=3)  # news sitemaps reach back two days


class Gaps:
    """The questions and commands about gaps."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, gaps: Iterable[Gap]) -> None:
        """Write gaps down."""
        rows = [
            {name: getattr(gap, name) for name in ("source_id", "at", "since", "until", "state", "found", "tries", "site")} for gap in gaps
        ]
        if rows:
            self._connection.execute(insert(schema.gaps), rows)

    def between(self, since: datetime | None, until: datetime, sources: Collection[str]) -> list[Gap]:
        """Return the gaps of these sources that were noticed after `since` (None: ever) and up to `until`, oldest first."""
        table = schema.gaps
        query = select(table).where(table.c.at <= until).order_by(table.c.at, table.c.id)
        if since is not None:
            query = query.where(table.c.at > since)
        return [gap for row in self._connection.execute(query) if (gap := _gap(row)).source_id in sources]

    def open(self, now: datetime) -> list[Gap]:
        """Return the gaps that are still to be looked for, oldest first."""
        table = schema.gaps
        query = select(table).where(table.c.state == GapState.OPEN.value, table.c.at > now - LOOKED_FOR).order_by(table.c.at, table.c.id)
        return [_gap(row) for row in self._connection.execute(query)]

    def count(self, since: datetime) -> dict[str, int]:
        """Return how many gaps each source had since then."""
        table = schema.gaps
        rows = self._connection.execute(select(table.c.source_id, func.count()).where(table.c.at > since).group_by(table.c.source_id))
        return {row[0]: row[1] for row in rows}

    def looked(self, gap_id: int, *, state: GapState, found: int) -> None:
        """Note that a gap was looked for, and what of it was found."""
        table = schema.gaps
        self._connection.execute(
            update(table).where(table.c.id == gap_id).values(state=state.value, found=table.c.found + found, tries=table.c.tries + 1)
        )


def _gap(row: Row[Any]) -> Gap:
    return Gap(**dict(row._mapping) | {"state": GapState(row.state)})


def gap_of(state: SourceState, poll: Poll) -> Gap | None:
    """Return the gap that a poll noticed, None for the most.

    Its begin is the newest date that was known, or when the source was last read where dates are not known or lie in a future.
    """
    if poll.shared:
        return None
    known = [moment for moment in (state.newest, state.last_ok) if moment is not None and moment <= poll.finished]
    until = poll.oldest if poll.oldest is not None and poll.oldest <= poll.finished else poll.finished
    since = min(known, default=None)
    if since is not None and since > until:
        until = poll.finished  # dates that mean nothing: an old entry on top, a clock that was set
    return Gap(source_id=state.source_id, at=poll.finished, since=since, until=until, site=poll.site)
