"""The outbox: who is to get what, and how far that came.

    pending -> claimed -> handing -> sent
                 |           |-> failed (surely not delivered: again at `due`, or given up)
                 |           '-> unsure (nobody knows: again at `due`, or left to a person)
                 '-> failed

A row is written in the transaction that makes the edition or alert, so a crash can part neither from the other (the pattern
"transactional outbox"). It is claimed before anything is sent and marked `handing` immediately before the first byte that could
deliver; so a row found in `claimed` after a crash was surely not delivered, and only one found in `handing` is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage import schema
from storage.upsert import insert_or

OPEN = ("pending", "failed", "unsure")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDelivery:
    """One recipient of one message, to be queued."""

    series: str  # digest:NAME or alert:RULE
    period: str  # the same for all recipients of one message
    delivery: str
    recipient: str
    message_id: str
    digest_id: int | None = None
    alert_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """One row of the outbox."""

    id: int
    series: str
    period: str
    digest_id: int | None
    alert_id: int | None
    delivery: str
    recipient: str
    message_id: str
    state: str  # pending, claimed, handing, sent, failed, unsure, given-up, dropped
    attempts: int
    doubts: int  # attempts whose outcome nobody knows
    created: datetime
    due: datetime
    claimed: datetime | None
    ended: datetime | None  # sent, given up, dropped, or left to a person
    error: str


class Deliveries:
    """The questions and commands about deliveries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queue(self, new: Iterable[NewDelivery], *, now: datetime, due: datetime) -> None:
        """Write down who is to get a message; one that is written down already stays as it is."""
        names = NewDelivery.__slots__
        rows = [{name: getattr(one, name) for name in names} | {"state": "pending", "created": now, "due": due} for one in new]
        if rows:
            self._connection.execute(insert_or(self._connection, schema.deliveries).on_conflict_do_nothing(), rows)

    def due(self, now: datetime) -> list[DeliveryRow]:
        """Return what is to be tried at `now`, in the order it was queued."""
        table = schema.deliveries
        query = select(table).where(table.c.state.in_(OPEN), table.c.ended.is_(None), table.c.due <= now).order_by(table.c.id)
        return [DeliveryRow(**row._mapping) for row in self._connection.execute(query)]

    def waiting(self) -> list[DeliveryRow]:
        """Return all that has not ended, in the order it was queued."""
        table = schema.deliveries
        return [
            DeliveryRow(**row._mapping)
            for row in self._connection.execute(select(table).where(table.c.ended.is_(None)).order_by(table.c.id))
        ]

    def begun(self) -> list[DeliveryRow]:
        """Return what was claimed and neither confirmed nor refused: an attempt is under way, or died."""
        table = schema.deliveries
        query = select(table).where(table.c.state.in_(("claimed", "handing"))).order_by(table.c.id)
        return [DeliveryRow(**row._mapping) for row in self._connection.execute(query)]

    def latest(self, limit: int, *, series: str | None = None) -> list[DeliveryRow]:
        """Return the deliveries queued last, newest first."""
        table = schema.deliveries
        query = select(table).order_by(table.c.id.desc()).limit(limit)
        if series is not None:
            query = query.where(table.c.series == series)
        return [DeliveryRow(**row._mapping) for row in self._connection.execute(query)]

    def claim(self, row: DeliveryRow, now: datetime) -> bool:
        """Take a delivery for an attempt; False where it is not open any more."""
        table = schema.deliveries
        taken = update(table).where(table.c.id == row.id, table.c.state.in_(OPEN), table.c.ended.is_(None))
        return self._connection.execute(taken.values(state="claimed", claimed=now, attempts=table.c.attempts + 1)).rowcount == 1

    def handing(self, delivery_id: int) -> None:
        """Note that from here on nobody but the receiver knows whether it was delivered."""
        self._set(delivery_id, state="handing")

    def sent(self, delivery_id: int, now: datetime) -> None:
        """Confirm a delivery."""
        self._set(delivery_id, state="sent", ended=now, error="")

    def later(self, delivery_id: int, state: str, due: datetime, error: str, *, doubts: int) -> None:
        """Note that an attempt failed (`failed`) or that its outcome is unknown (`unsure`), and when to try again."""
        self._set(delivery_id, state=state, due=due, error=error, doubts=doubts)

    def end(self, delivery_id: int, state: str, now: datetime, error: str, *, doubts: int) -> None:
        """Note that there will be no further attempt: `given-up`, `unsure` or `dropped`."""
        self._set(delivery_id, state=state, ended=now, error=error, doubts=doubts)

    def revive(self, now: datetime) -> int:
        """Open again what was given up or left in doubt; returns how many."""
        table = schema.deliveries
        ended = update(table).where(table.c.state.in_(("given-up", "unsure")), table.c.ended.is_not(None))
        return self._connection.execute(ended.values(state="failed", ended=None, due=now, attempts=0, doubts=0, created=now)).rowcount

    def _set(self, delivery_id: int, **values: object) -> None:
        table = schema.deliveries
        self._connection.execute(update(table).where(table.c.id == delivery_id).values(**values))
