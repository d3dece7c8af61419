"""What rules of alerts told, and what they look at: each story is told once by a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, insert, select

from storage import schema
from storage.moments import Moment


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow:
    """One message of a rule."""

    id: int
    rule: str
    kind: str  # match or burst
    topic: str  # of a burst
    at: datetime
    due: datetime  # later than `at` where quiet hours hold it
    count: int  # of a burst: stories within the hour
    usual: float | None  # of a burst: the mean of that hour


class Alerts:
    """The questions and commands about alerts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, alert_id: int) -> AlertRow | None:
        """Return one alert."""
        row = self._connection.execute(select(schema.alerts).where(schema.alerts.c.id == alert_id)).first()
        return AlertRow(**row._mapping) if row else None

    def last(self, rule: str, kind: str, topic: str = "") -> AlertRow | None:
        """Return the latest alert of a rule, for a burst: about a topic."""
        table = schema.alerts
        query = select(table).where(table.c.rule == rule, table.c.kind == kind, table.c.topic == topic)
        row = self._connection.execute(query.order_by(table.c.id.desc()).limit(1)).first()
        return AlertRow(**row._mapping) if row else None

    def open(
        self,
        rule: str,
        kind: str,
        stories: Sequence[int],
        *,
        at: datetime,
        due: datetime,
        topic: str = "",
        count: int = 0,
        usual: float | None = None,
    ) -> int:
        """Write an alert down with the stories it tells; returns its id.

        Raises:
            sqlalchemy.exc.IntegrityError: the rule told one of them already.
        """
        values = {"rule": rule, "kind": kind, "topic": topic, "at": at, "due": due, "count": count, "usual": usual}
        key = self._connection.execute(insert(schema.alerts), values).inserted_primary_key
        assert key is not None
        self.add(int(key[0]), rule, stories)
        return int(key[0])

    def add(self, alert_id: int, rule: str, stories: Sequence[int]) -> None:
        """Let an alert that is still held tell further stories.

        Raises:
            sqlalchemy.exc.IntegrityError: the rule told one of them already.
        """
        rows = [{"rule": rule, "story_id": story_id, "alert_id": alert_id} for story_id in stories]
        if rows:
            self._connection.execute(insert(schema.alerted), rows)

    def told(self, rule: str, story_ids: Sequence[int]) -> set[int]:
        """Return which of these stories the rule told."""
        table = schema.alerted
        return set(self._connection.scalars(select(table.c.story_id).where(table.c.rule == rule, table.c.story_id.in_(story_ids))))

    def stories_of(self, alert_id: int) -> list[int]:
        """Return the stories that an alert tells, oldest first."""
        table = schema.alerted
        return list(self._connection.scalars(select(table.c.story_id).where(table.c.alert_id == alert_id).order_by(table.c.story_id)))

    def fresh(self, since: datetime) -> list[tuple[int, int]]:
        """Return (article, story) of what was first seen at or after a moment, mentions a topic and is news, oldest first."""
        table = schema.articles
        query = select(table.c.id, table.c.story_id).where(
            table.c.first_seen >= since, table.c.matched, ~table.c.baseline, ~table.c.suppressed
        )
        return [(row[0], row[1]) for row in self._connection.execute(query.order_by(table.c.first_seen, table.c.id))]

    def known_since(self) -> datetime | None:
        """Return when the oldest article was first seen: before that there is no history to compare with."""
        found: datetime | None = self._connection.execute(select(func.min(schema.articles.c.first_seen, type_=Moment()))).scalar()
        return found

    def begun(self, topic: str, since: datetime) -> list[tuple[int, datetime]]:
        """Return (story, when it began) of the stories about a topic that began at or after a moment, oldest first.

        A story begins when its first article was published, or seen where nobody knows: after a night without crawls all are seen
        at once. A name in passing does not count.
        """
        table, mentions = schema.articles, schema.mentions
        about = select(mentions.c.article_id).where(mentions.c.topic == topic, ~mentions.c.passing)
        moment = case((table.c.published < table.c.first_seen, table.c.published), else_=table.c.first_seen)
        first = func.min(moment, type_=Moment())
        query = select(table.c.story_id, first).where(table.c.matched, ~table.c.baseline, ~table.c.suppressed, table.c.id.in_(about))
        # Nothing that began in the window was seen before it.
        recent = select(table.c.story_id).where(table.c.first_seen >= since)
        query = (
            query.where(table.c.story_id.in_(recent)).group_by(table.c.story_id).having(first >= since).order_by(first, table.c.story_id)
        )
        return [(row[0], row[1]) for row in self._connection.execute(query)]
