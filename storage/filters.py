"""Which articles are meant: a filter, and its words in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from storage import schema


@dataclass(frozen=True, kw_only=True)
class ArticleFilter:
    """Which articles (or stories with such an article) are meant; None or "" does not filter."""

    topic: str | None = None
    unit: str | None = None
    outlet: str | None = None  # name or host
    language: str | None = None
    ownership: str | None = None
    since: datetime | None = None  # by first_seen
    until: datetime | None = None
    suppressed: bool = False  # True: those whose hits were not told
    unmatched: bool = False  # True: also articles that mention no topic (kept by `import --keep-unmatched`)
    limit: int | None = None


def narrow(query: Select[Any], wanted: ArticleFilter) -> Select[Any]:
    """Leave in a query over articles those that are meant."""
    table, mentions = schema.articles, schema.mentions
    if wanted.suppressed:
        query = query.where(table.c.suppressed)
    elif wanted.unmatched and not wanted.topic:
        query = query.where(~table.c.suppressed)
    else:
        query = query.where(table.c.matched)
    if wanted.topic or wanted.unit:
        hits = schema.suppressions if wanted.suppressed and not wanted.unit else mentions
        among = select(hits.c.article_id)
        if wanted.topic:
            among = among.where(hits.c.topic == wanted.topic)
        if wanted.unit:
            among = among.where(of_unit(wanted.unit))
        query = query.where(table.c.id.in_(among))
    if wanted.outlet:
        name = wanted.outlet.lower()
        query = query.where(
            (func.lower(table.c.outlet) == name) | (table.c.outlet_host == name.removeprefix("www.")) | (table.c.outlet == wanted.outlet)
        )
    for column, value in ((table.c.language, wanted.language), (table.c.ownership, wanted.ownership)):
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(table.c.first_seen >= wanted.since)
    if wanted.until:
        query = query.where(table.c.first_seen < wanted.until)
    return query


def of_unit(unit: str) -> ColumnElement[bool]:
    """Say of a mention that it names a unit, or a part of it: "FPT Education" is in "FPT › FPT Education › FPT University"."""
    column, last = schema.mentions.c.unit, "› " + unit.rpartition("› ")[2]
    return column.endswith(last, autoescape=True) | column.contains(f"{last} ›", autoescape=True) | (column == unit)
