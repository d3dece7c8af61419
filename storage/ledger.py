"""What was told, and when: a story is told once by a digest of one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from storage import schema


@dataclass(frozen=True, kw_only=True, slots=True)
class DigestRow:
    """One edition of a digest, as it stands in the ledger."""

    id: int
    name: str
    day: str  # local date, ISO
    edition: int  # 1, 2, ... within the day
    created: datetime
    since: datetime | None
    until: datetime


class Ledger:
    """The questions and commands about what was told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self, name: str) -> DigestRow | None:
        """Return the latest edition of a digest."""
        table = schema.digests
        row = self._connection.execute(select(table).where(table.c.name == name).order_by(table.c.id.desc()).limit(1)).first()
        return DigestRow(**row._mapping) if row else None

    def get(self, digest_id: int) -> DigestRow | None:
        """Return one edition."""
        row = self._connection.execute(select(schema.digests).where(schema.digests.c.id == digest_id)).first()
        return DigestRow(**row._mapping) if row else None

    def editions(self, name: str, day: str) -> list[DigestRow]:
        """Return the editions of one day, first to last."""
        table = schema.digests
        rows = self._connection.execute(select(table).where(table.c.name == name, table.c.day == day).order_by(table.c.edition))
        return [DigestRow(**row._mapping) for row in rows]

    def days(self, name: str) -> list[str]:
        """Return the days that have an edition."""
        table = schema.digests
        return sorted(set(self._connection.scalars(select(table.c.day).where(table.c.name == name))))

    def told_by_day(self, name: str) -> list[tuple[str, int]]:
        """Return each day that has an edition with how many stories it told, newest first."""
        told, digests = schema.told, schema.digests
        query = select(digests.c.day, func.count(told.c.story_id)).select_from(
            digests.outerjoin(told, (told.c.digest_id == digests.c.id) & told.c.baseline.is_(False))
        )
        query = query.where(digests.c.name == name).group_by(digests.c.day).order_by(digests.c.day.desc())
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def open_edition(
        self,
        name: str,
        day: str,
        *,
        now: datetime,
        since: datetime | None,
        until: datetime,
        stories: Sequence[int],
        baseline: Sequence[int] = (),
    ) -> int:
        """Write an edition down with the stories it tells, and those that were too old to be told; returns its id.

        Raises:
            sqlalchemy.exc.IntegrityError: one of the stories was told already, or the edition was made by somebody else.
        """
        number = 1 + max((row.edition for row in self.editions(name, day)), default=0)
        values = {"name": name, "day": day, "edition": number, "created": now, "since": since, "until": until}
        key = self._connection.execute(insert(schema.digests), values).inserted_primary_key
        assert key is not None
        digest_id = int(key[0])
        rows = [
            {"name": name, "story_id": story_id, "digest_id": digest_id, "position": position, "baseline": old}
            for old, ids in ((False, stories), (True, baseline))
            for position, story_id in enumerate(ids)
        ]
        if rows:
            self._connection.execute(insert(schema.told), rows)
        return digest_id

    def stories_of(self, digest_ids: Sequence[int]) -> list[int]:
        """Return the stories that these editions told, in the order they were told."""
        table = schema.told
        rows = self._connection.execute(
            select(table.c.story_id)
            .where(table.c.digest_id.in_(digest_ids), table.c.baseline.is_(False))
            .order_by(table.c.digest_id, table.c.position)
        )
        return list(rows.scalars())

    def told(self, story_id: int) -> list[tuple[str, str, bool]]:
        """Return (digest name, day, whether it was only baseline) of the editions that hold a story."""
        told, digests = schema.told, schema.digests
        rows = self._connection.execute(
            select(told.c.name, digests.c.day, told.c.baseline)
            .join(digests, digests.c.id == told.c.digest_id)
            .where(told.c.story_id == story_id)
            .order_by(digests.c.id)
        )
        return [(row[0], row[1], row[2]) for row in rows]
