"""What people decided: remembered, and obeyed by every later run."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from storage import schema
from storage.items import MUTED
from storage.upsert import insert_or


class Mute(NamedTuple):
    """An outlet that is not to be heard on a topic."""

    topic: str
    host: str
    at: datetime


class Saying(NamedTuple):
    """One decision of a person, as it was written down."""

    at: datetime
    kind: str  # "not-us", "is-us", "same-story" or "not-same"
    topic: str  # "" for all
    article_id: int
    other_id: int | None


class Verdicts:
    """The questions and commands about people's decisions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._muted: dict[str, list[str]] | None = None  # host -> topics; few, and asked of each article
        self._any: bool | None = None  # whether anything was ever decided: in most stores nothing was

    def add(self, kind: str, article_id: int, now: datetime, *, topic: str = "", other_id: int | None = None) -> None:
        """Remember a decision: "not-us" or "is-us" (for `topic`, "" for all), "same-story" or "not-same" (as `other_id`)."""
        self._any = True
        self._connection.execute(insert(schema.verdicts).values(at=now, kind=kind, topic=topic, article_id=article_id, other_id=other_id))

    def of_story(self, story_id: int) -> dict[str, str]:
        """Return topic -> "not-us" or "is-us" where it was decided for all of a story, article for article (copies count as one)."""
        if not self._said_anything():
            return {}
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
        """Return topic -> "not-us" or "is-us" as decided for this article's copies; the latest word counts.

        A topic for which its outlet is muted is "muted", unless somebody said "is-us" of this very article.
        """
        table, articles = schema.verdicts, schema.articles
        copy = select(articles.c.copy_id).where(articles.c.id == article_id).scalar_subquery()
        rows = self._connection.execute(
            select(table.c.topic, table.c.kind)
            .join(articles, articles.c.id == table.c.article_id)
            .where(articles.c.copy_id == copy, table.c.kind.in_(["not-us", "is-us"]))
            .order_by(table.c.at, table.c.id)
        )
        said = {row.topic: row.kind for row in rows}
        host = self._connection.scalar(select(articles.c.outlet_host).where(articles.c.id == article_id))
        return said | self.muted(host or "", said)

    def _said_anything(self) -> bool:
        if self._any is None:
            self._any = self._connection.scalar(select(schema.verdicts.c.id).limit(1)) is not None
        return self._any

    def latest(self, limit: int) -> list[Saying]:
        """Return what was decided last, newest first."""
        table = schema.verdicts
        columns = (table.c.at, table.c.kind, table.c.topic, table.c.article_id, table.c.other_id)
        return [Saying(*row) for row in self._connection.execute(select(*columns).order_by(table.c.id.desc()).limit(limit))]

    # ------------------------------------------------------------------ muted outlets

    def mute(self, topic: str, host: str, now: datetime) -> bool:
        """Remember that an outlet is not to be heard on a topic; returns whether that is new."""
        self._muted = None
        statement = insert_or(self._connection, schema.mutes).values(topic=topic, outlet_host=host, at=now)
        return self._connection.execute(statement.on_conflict_do_nothing()).rowcount == 1

    def unmute(self, topic: str, host: str) -> bool:
        """Forget it; returns whether there was something to forget."""
        self._muted = None
        table = schema.mutes
        return self._connection.execute(delete(table).where(table.c.topic == topic, table.c.outlet_host == host)).rowcount == 1

    def mutes(self) -> list[Mute]:
        """Return all muted outlets, by topic and host."""
        table = schema.mutes
        rows = self._connection.execute(select(table.c.topic, table.c.outlet_host, table.c.at).order_by(table.c.topic, table.c.outlet_host))
        return [Mute(*row) for row in rows]

    def muted(self, host: str, said: dict[str, str] | None = None) -> dict[str, str]:
        """Return topic -> "muted" for an outlet; a topic of which `said` has "is-us" is left out."""
        if not host:
            return {}
        if self._muted is None:
            self._muted = {}
            for mute in self.mutes():
                self._muted.setdefault(mute.host, []).append(mute.topic)
        said = said or {}
        return {topic: "muted" for topic in self._muted.get(host, ()) if (said.get(topic) or said.get("")) != "is-us"}

    def told_by(self, host: str, topic: str) -> list[int]:
        """Return the articles of an outlet that mention a topic."""
        articles, mentions = schema.articles, schema.mentions
        query = select(articles.c.id).join(mentions, mentions.c.article_id == articles.c.id)
        query = query.where(articles.c.outlet_host == host, mentions.c.topic == topic).distinct().order_by(articles.c.id)
        return list(self._connection.scalars(query))

    def silenced(self, host: str, topic: str) -> list[int]:
        """Return the articles of an outlet whose hits on a topic are kept back because it is muted."""
        articles, hits = schema.articles, schema.suppressions
        query = select(articles.c.id).join(hits, hits.c.article_id == articles.c.id)
        query = query.where(articles.c.outlet_host == host, hits.c.topic == topic, hits.c.rule == MUTED).distinct().order_by(articles.c.id)
        return list(self._connection.scalars(query))

    def hosts_of(self, outlet: str) -> list[str]:
        """Return the hosts of an outlet by its name (capitals do not matter) or by one of them."""
        table, name = schema.articles, outlet.strip()
        host = name.lower().removeprefix("www.")
        by_host = self._connection.scalar(select(table.c.outlet_host).where(table.c.outlet_host == host).limit(1))
        if by_host:
            return [by_host]
        query = select(table.c.outlet_host).where((table.c.outlet == name) | (func.lower(table.c.outlet) == name.lower()))
        return [one for one in self._connection.scalars(query.distinct().order_by(table.c.outlet_host)) if one]

    def kept_apart(self, article_id: int) -> set[int]:
        """Return the articles that a person said are other news than this one."""
        table = schema.verdicts
        rows = self._connection.execute(
            select(table.c.article_id, table.c.other_id).where(
                table.c.kind == "not-same", (table.c.article_id == article_id) | (table.c.other_id == article_id)
            )
        )
        return {one for row in rows for one in row if one is not None and one != article_id}

    def apart_among(self, article_ids: Collection[int]) -> set[tuple[int, int]]:
        """Return the pairs among these articles that a person said are other news than each other; each pair's lower id first."""
        table, asked = schema.verdicts, set(article_ids)
        rows = self._connection.execute(select(table.c.article_id, table.c.other_id).where(table.c.kind == "not-same"))
        return {(min(one, other), max(one, other)) for one, other in rows if one in asked and other in asked}
