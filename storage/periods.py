"""The ledger of due periods, step by step: opened, crawled, made, written. And incidents: what befell the watch itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from storage import schema
from storage.upsert import insert_or


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodRow:
    """One period of one digest, as it stands in the ledger."""

    name: str
    period: str
    due: datetime
    missed: tuple[str, ...]  # earlier periods that it stands for
    since: datetime  # when the earliest of them was due
    opened: datetime
    attempts: int  # how often it was begun; more than once where a run died
    crawled: datetime | None
    made: datetime | None
    digest_id: int | None
    written: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """Something that befell the watch itself."""

    at: datetime
    kind: str  # a stable word: "crawl-died", "config-refused"
    detail: str


class Periods:
    """The questions and commands about due periods."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def made(self, name: str, limit: int = 400) -> set[str]:
        """Return the periods of a digest that were made: the latest `limit`."""
        table = schema.periods
        rows = self._connection.scalars(
            select(table.c.period).where(table.c.name == name, table.c.made.is_not(None)).order_by(table.c.made.desc()).limit(limit)
        )
        return set(rows)

    def get(self, name: str, period: str) -> PeriodRow | None:
        """Return one period, None if it was never begun."""
        table = schema.periods
        row = self._connection.execute(select(table).where(table.c.name == name, table.c.period == period)).first()
        return _read(row._mapping) if row else None

    def open(self, name: str, period: str, *, due: datetime, missed: Sequence[str], since: datetime, now: datetime) -> PeriodRow:
        """Begin a period, or begin it again: counts the attempt."""
        table = schema.periods
        values = {"due": due, "missed": list(missed), "since": since}
        first = {"name": name, "period": period, "opened": now, "attempts": 1, **values}
        statement = insert_or(self._connection, table).values(**first)
        again = {"attempts": table.c.attempts + 1, **values}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["name", "period"], set_=again))
        row = self.get(name, period)
        assert row is not None
        return row

    def set_crawled(self, name: str, period: str, now: datetime) -> None:
        """Note that the sources were asked for this period."""
        self._set(name, period, crawled=now)

    def set_made(self, name: str, period: str, now: datetime, digest_id: int) -> None:
        """Note the edition that tells this period; in the transaction that opens the edition."""
        self._set(name, period, made=now, digest_id=digest_id)

    def set_written(self, name: str, period: str, now: datetime) -> None:
        """Note that its files are written."""
        self._set(name, period, written=now)

    def unwritten(self) -> list[PeriodRow]:
        """Return the periods that were made and whose files are not known to be written, oldest first."""
        table = schema.periods
        rows = self._connection.execute(select(table).where(table.c.made.is_not(None), table.c.written.is_(None)).order_by(table.c.made))
        return [_read(row._mapping) for row in rows]

    def of_editions(self, digest_ids: Sequence[int]) -> list[PeriodRow]:
        """Return the periods that these editions tell."""
        table = schema.periods
        rows = self._connection.execute(select(table).where(table.c.digest_id.in_(digest_ids)).order_by(table.c.due))
        return [_read(row._mapping) for row in rows]

    def all(self, name: str) -> list[PeriodRow]:
        """Return the whole ledger of a digest, in the order of its periods."""
        table = schema.periods
        rows = self._connection.execute(select(table).where(table.c.name == name).order_by(table.c.due, table.c.period))
        return [_read(row._mapping) for row in rows]

    def _set(self, name: str, period: str, **values: object) -> None:
        table = schema.periods
        self._connection.execute(update(table).where(table.c.name == name, table.c.period == period).values(**values))


class Incidents:
    """What befell the watch itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, at: datetime, kind: str, detail: str) -> None:
        """Write one down."""
        self._connection.execute(insert(schema.incidents), {"at": at, "kind": kind, "detail": detail})

    def add_once(self, at: datetime, kind: str, detail: str, within: timedelta) -> None:
        """Write one down unless the same thing was written down `within` so long before: what lasts is told once a day, not at each crawl."""
        table = schema.incidents
        same = select(table.c.id).where(table.c.kind == kind, table.c.detail == detail, table.c.at > at - within).limit(1)
        if self._connection.execute(same).first() is None:
            self.add(at, kind, detail)

    def between(self, since: datetime | None, until: datetime) -> list[Incident]:
        """Return what happened after `since` (None: ever) and up to `until`, oldest first."""
        table = schema.incidents
        query = select(table.c.at, table.c.kind, table.c.detail).where(table.c.at <= until).order_by(table.c.id)
        if since is not None:
            query = query.where(table.c.at > since)
        return [Incident(**row._mapping) for row in self._connection.execute(query)]

    def numbered(self, after: int | None, upto: int | None) -> list[Incident]:
        """Return those with a number above `after` (None: all) and up to `upto` (None: the last), oldest first.

        By number, because moments come twice where a clock is set back, and an edition tells each incident once.
        """
        table = schema.incidents
        query = select(table.c.at, table.c.kind, table.c.detail).order_by(table.c.id)
        if after is not None:
            query = query.where(table.c.id > after)
        if upto is not None:
            query = query.where(table.c.id <= upto)
        return [Incident(**row._mapping) for row in self._connection.execute(query)]

    def forget(self, before: datetime) -> int:
        """Delete what is older; returns how many."""
        table = schema.incidents
        return self._connection.execute(delete(table).where(table.c.at < before)).rowcount


def _read(values: object) -> PeriodRow:
    fields = dict(values)  # type: ignore[call-overload]
    return PeriodRow(**(fields | {"missed": tuple(fields["missed"])}))
