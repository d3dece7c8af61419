"""Figures over weeks for charts: how many articles a day, of which topics and languages, which outlets are new, what was hidden."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, exists, func, select, type_coerce

from storage import schema
from storage.moments import micros_of


class Cell(NamedTuple):
    """How many articles were published within one step of time, in one language."""

    step: int  # steps since the begin of the window
    language: str
    articles: int


class Trends:
    """Questions about many articles at once; `topics` None means any."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cells(self, since: datetime, until: datetime, step: timedelta, topics: Sequence[str] | None = None) -> list[Cell]:
        """Return articles with a mention by step of time and language; one without a date, or with one to come, counts when seen."""
        table = schema.articles
        begin, length = micros_of(since), step // timedelta(microseconds=1)
        at = ((type_coerce(_dated(until), BigInteger) - begin) // length).label("step")
        query = select(at, table.c.language, func.count()).where(*_seen(since, until), *_of(topics))
        return [Cell(*row) for row in self._connection.execute(query.group_by(at, table.c.language).order_by(at, table.c.language))]

    def topics(self, since: datetime, until: datetime, topics: Sequence[str] | None = None) -> list[tuple[str, int]]:
        """Return how many articles mention each topic, most first."""
        articles, mentions = schema.articles, schema.mentions
        query = select(mentions.c.topic, func.count(articles.c.id.distinct()).label("n"))
        query = query.join(articles, articles.c.id == mentions.c.article_id).where(*_seen(since, until))
        if topics is not None:
            query = query.where(mentions.c.topic.in_(topics))
        query = query.group_by(mentions.c.topic).order_by(func.count(articles.c.id.distinct()).desc(), mentions.c.topic)
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def new_outlets(self, since: datetime, until: datetime, topics: Sequence[str] | None = None) -> list[str]:
        """Return the outlets whose first article with a mention was seen in the window, most articles first.

        Empty where the store itself does not reach back further: all would be new.
        """
        table = schema.articles
        begun = self._connection.scalar(select(func.min(table.c.first_seen)).where(table.c.matched))
        if begun is None or begun >= since:
            return []
        before = schema.articles.alias("before")
        known = exists().where(
            before.c.outlet_host == table.c.outlet_host,
            before.c.first_seen < since,
            before.c.matched,
            before.c.suppressed.is_(False),
        )
        query = select(func.max(table.c.outlet)).where(
            table.c.matched,
            table.c.suppressed.is_(False),
            table.c.first_seen >= since,
            table.c.first_seen <= until,
            table.c.outlet_host != "",
            *_of(topics),
        )
        query = query.group_by(table.c.outlet_host).having(~known).order_by(func.count().desc(), func.max(table.c.outlet))
        return list(dict.fromkeys(name for name in self._connection.scalars(query) if name))

    def hidden(self, since: datetime | None, until: datetime) -> list[tuple[str, int]]:
        """Return how many articles seen in the window were not told, by the rule that decided, most first."""
        articles, hits = schema.articles, schema.suppressions
        query = select(hits.c.rule, func.count(articles.c.id.distinct()).label("n"))
        query = query.join(articles, articles.c.id == hits.c.article_id).where(articles.c.suppressed, articles.c.first_seen <= until)
        if since is not None:
            query = query.where(articles.c.first_seen > since)
        query = query.group_by(hits.c.rule).order_by(func.count(articles.c.id.distinct()).desc(), hits.c.rule)
        return [(row[0], row[1]) for row in self._connection.execute(query)]


def _dated(until: datetime) -> ColumnElement[Any]:
    table = schema.articles
    return case((and_(table.c.published.is_not(None), table.c.published <= until), table.c.published), else_=table.c.first_seen)


def _seen(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """Seen in the window, and published in it, too: an old page found today is no news of today."""
    table = schema.articles
    return [
        table.c.matched,
        table.c.suppressed.is_(False),
        table.c.first_seen >= since,
        table.c.first_seen <= until,
        _dated(until) >= since,
    ]


def _of(topics: Sequence[str] | None) -> list[ColumnElement[bool]]:
    if topics is None:
        return []
    mentions = schema.mentions
    return [exists().where(mentions.c.article_id == schema.articles.c.id, mentions.c.topic.in_(topics))]
