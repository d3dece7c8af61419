"""What was told, and when: a story is told once by a digest of one name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from storage import schema
from storage.condition import Coverage
from storage.coverage import from_json, to_json


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
    coverage: Coverage | None = None  # what it said of the watch; None: written by an older version
    incident_id: int | None = None  # the last incident before it
    revision_id: int | None = None  # the last revision of an article before it


@dataclass(frozen=True, kw_only=True, slots=True)
class Retold:
    """A story that was told before, and one of whose articles has changed since."""

    story_id: int
    article_id: int
    first_id: int  # the first revision since it was told, and the last
    revision_id: int
    at: datetime  # when the last change was seen
    title_before: str
    text_before: str  # "" where it was not known
    title: str
    text: str


class Ledger:
    """The questions and commands about what was told."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self, name: str) -> DigestRow | None:
        """Return the latest edition of a digest."""
        table = schema.digests
        row = self._connection.execute(select(table).where(table.c.name == name).order_by(table.c.id.desc()).limit(1)).first()
        return _row(row) if row else None

    def since(self, name: str, now: datetime) -> datetime | None:
        """Return when the window of the next edition begins: where the last one ended, None for the first.

        Editions of a future, made before a clock was set back, do not count: their windows would never be left.
        """
        table = schema.digests
        found = select(func.max(table.c.until)).where(table.c.name == name, table.c.until <= now)
        moment: datetime | None = self._connection.scalar(found)
        return moment

    def get(self, digest_id: int) -> DigestRow | None:
        """Return one edition."""
        row = self._connection.execute(select(schema.digests).where(schema.digests.c.id == digest_id)).first()
        return _row(row) if row else None

    def editions(self, name: str, day: str) -> list[DigestRow]:
        """Return the editions of one day, first to last."""
        table = schema.digests
        rows = self._connection.execute(select(table).where(table.c.name == name, table.c.day == day).order_by(table.c.edition))
        return [_row(row) for row in rows]

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
        retold: Sequence[Retold] = (),
        coverage: Coverage | None = None,
    ) -> int:
        """Write an edition down with the stories it tells, and those that were too old to be told; returns its id.

        Args:
            retold: changes that it tells of stories that were told before.
            coverage: what it says of the watch.

        Raises:
            sqlalchemy.exc.IntegrityError: one of the stories was told already, or the edition was made by somebody else.
        """
        number = 1 + max((row.edition for row in self.editions(name, day)), default=0)
        values: dict[str, Any] = {"name": name, "day": day, "edition": number, "created": now, "since": since, "until": until}
        values |= {
            "coverage": to_json(coverage) if coverage else None,
            "incident_id": self._connection.scalar(select(func.coalesce(func.max(schema.incidents.c.id), 0))),
            "revision_id": self._connection.scalar(select(func.coalesce(func.max(schema.revisions.c.id), 0))),
        }
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
        if retold:
            changes = [
                {"name": name, "revision_id": one.revision_id, "digest_id": digest_id, "story_id": one.story_id, "first_id": one.first_id}
                for one in retold
            ]
            self._connection.execute(insert(schema.retold), changes)
        return digest_id

    def changed(self, name: str) -> list[Retold]:
        """Return what has changed, since the last edition of digest `name`, of stories that it told: by article, oldest first.

        Only what a reader would call an update, see `Articles.revise`. Several changes of one article are one.
        """
        last = self.last(name)
        if last is None or last.revision_id is None:  # the latter: an edition of an older version
            return []
        articles, told, revisions = schema.articles, schema.told, schema.revisions
        query = (
            select(*_CHANGE, articles.c.revised)
            .join(articles, articles.c.id == revisions.c.article_id)
            .join(told, told.c.story_id == articles.c.story_id)
            .where(revisions.c.id > last.revision_id, told.c.name == name, ~told.c.baseline)
            .where(articles.c.matched, ~articles.c.suppressed, ~articles.c.baseline)
        )
        by_article: dict[int, list[Any]] = {}
        for row in self._connection.execute(query.order_by(revisions.c.id)):
            by_article.setdefault(row.article_id, []).append(row)
        # A revision without its moment on the article is the page itself in place of a feed's words: no change of the outlet's.
        real = [rows for rows in by_article.values() if any(row.at == row.revised for row in rows)]
        return [self._retold(rows[-1].story_id, rows[0].id, rows[-1].id) for rows in real]

    def retold(self, digest_ids: Sequence[int]) -> list[Retold]:
        """Return the changes that these editions told, in the order they were made."""
        table = schema.retold
        query = select(table.c.story_id, table.c.first_id, table.c.revision_id).where(table.c.digest_id.in_(digest_ids))
        return [self._retold(*row) for row in self._connection.execute(query.order_by(table.c.revision_id))]

    def _retold(self, story_id: int, first_id: int, revision_id: int) -> Retold:
        """Read what stood before the first and after the last of an article's revisions."""
        table, articles, texts = schema.revisions, schema.articles, schema.texts
        rows = self._connection.execute(select(table).where(table.c.id.in_([first_id, revision_id])).order_by(table.c.id)).all()
        before, last = rows[0], rows[-1]
        later = select(table.c.title, table.c.text).where(table.c.article_id == before.article_id, table.c.id > revision_id)
        present = select(articles.c.title, func.coalesce(texts.c.text, "").label("text")).where(articles.c.id == before.article_id)
        present = present.join(texts, texts.c.article_id == articles.c.id, isouter=True)
        after = self._connection.execute(later.order_by(table.c.id).limit(1)).first() or self._connection.execute(present).one()
        return Retold(
            story_id=story_id,
            article_id=before.article_id,
            first_id=first_id,
            revision_id=revision_id,
            at=last.at,
            title_before=before.title,
            text_before=before.text,
            title=after.title,
            text=after.text,
        )

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


_CHANGE = (
    schema.articles.c.story_id, schema.revisions.c.article_id, schema.revisions.c.id, schema.revisions.c.at,
)  # fmt: skip


def _row(row: Row[Any]) -> DigestRow:
    values = dict(row._mapping)
    written = values.pop("coverage")
    return DigestRow(**values, coverage=from_json(written) if written else None)
