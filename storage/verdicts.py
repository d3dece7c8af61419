"""What people decided: remembered, and obeyed by every later run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage import schema


class Verdicts:
    """The questions and commands about people's decisions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, kind: str, article_id: int, now: datetime, *, topic: str = "", other_id: int | None = None) -> None:
        """Remember a decision: "not-us" or "is-us" (for `topic`, "" for all), "same-story" or "not-same" (as `other_id`)."""
        self._connection.execute(insert(schema.verdicts).values(at=now, kind=kind, topic=topic, article_id=article_id, other_id=other_id))

    def of_story(self, story_id: int) -> dict[str, str]:
        """Return topic -> "not-us" or "is-us" where it was decided for all of a story, article for article (copies count as one)."""
        table, articles = schema.verdicts, schema.articles
        groups = set(self._connection.scalars(select(articles.c.copy_id).where(articles.c.story_id == story_id)))
        rows = self._connection.execute(
            select(articles.c.copy_id, table.c.topic, table.c.kind)
            .join(articles, articles.c.id == table.c.article_id)
            .where(articles.c.copy_id.in_(groups), table.c.kind.in_(["not-us", "is-us"]))
            .order_by(table.c.at, table.c.id)
        )
        said: dict[str, dict[int, str]] = {}
        for row in rows:
            said.setdefault(row.topic, {})[row.copy_id] = row.kind
        return {topic: kinds.popitem()[1] for topic, kinds in said.items() if set(kinds) == groups and len(set(kinds.values())) == 1}

    def of_article(self, article_id: int) -> dict[str, str]:
        """Return topic -> "not-us" or "is-us" as decided for this article's copies; the latest word counts."""
        table, articles = schema.verdicts, schema.articles
        copy = select(articles.c.copy_id).where(articles.c.id == article_id).scalar_subquery()
        rows = self._connection.execute(
            select(table.c.topic, table.c.kind)
            .join(articles, articles.c.id == table.c.article_id)
            .where(articles.c.copy_id == copy, table.c.kind.in_(["not-us", "is-us"]))
            .order_by(table.c.at, table.c.id)
        )
        return {row.topic: row.kind for row in rows}

    def kept_apart(self, article_id: int) -> set[int]:
        """Return the articles that a person said are other news than this one."""
        table = schema.verdicts
        rows = self._connection.execute(
            select(table.c.article_id, table.c.other_id).where(
                table.c.kind == "not-same", (table.c.article_id == article_id) | (table.c.other_id == article_id)
            )
        )
        return {one for row in rows for one in row if one is not None and one != article_id}
