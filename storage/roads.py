"""Searches as a second road: of what they found, how much had feeds, sitemaps and lists brought already?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, exists, func, select

from storage import schema
from storage.condition import SecondRoad, Unwatched
from storage.items import Kind

FIRST = (Kind.FEED, Kind.SITEMAP, Kind.LISTING, Kind.JSON, Kind.SPIDER)
TOGETHER = timedelta(minutes=30)  # sources of one crawl are asked in any order: what came within it counts as no later
_BEFORE = timedelta(days=7)  # so long before a search found it an article may have come


class Roads:
    """Questions about the roads by which articles came."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def second(self, since: datetime, until: datetime, topics: Sequence[str] | None = None) -> SecondRoad:
        """Hold what searches found first in a window against the first road.

        Only articles with a mention that are told count; what is older than the watch, or was fetched from the past, does not.

        Args:
            topics: only articles that mention one of them; None for any.
        """
        articles, sightings, sources = schema.articles, schema.sightings, schema.sources
        by_search = func.min(case((sources.c.kind == Kind.SEARCH.value, sightings.c.first_seen)))
        by_first = func.min(case((sources.c.kind.in_([kind.value for kind in FIRST]), sightings.c.first_seen)))
        query = (
            select(articles.c.outlet, articles.c.outlet_host, by_search.label("found"), by_first.label("first"))
            .join_from(articles, sightings, sightings.c.article_id == articles.c.id)
            .join(sources, sources.c.id == sightings.c.source_id)
            .where(
                articles.c.first_seen >= since - _BEFORE,
                articles.c.first_seen <= until,
                articles.c.matched,
                articles.c.suppressed.is_(False),
                articles.c.baseline.is_(False),
                sightings.c.first_seen <= until,
            )
            .group_by(articles.c.id, articles.c.outlet, articles.c.outlet_host)
            .having(by_search >= since)
        )
        if topics is not None:
            mentions = schema.mentions
            query = query.where(exists().where(mentions.c.article_id == articles.c.id, mentions.c.topic.in_(topics)))
        found = had = later = 0
        only: Counter[tuple[str, str]] = Counter()
        for row in self._connection.execute(query):
            found += 1
            if row.first is None:
                only[row.outlet, row.outlet_host] += 1
            elif row.first <= row.found + TOGETHER:
                had += 1
            else:
                later += 1
        ordered = sorted(only.items(), key=lambda pair: (-pair[1], pair[0]))
        return SecondRoad(
            since=since, found=found, had=had, later=later,
            only=tuple(Unwatched(outlet=outlet, host=host, articles=n) for (outlet, host), n in ordered),
        )  # fmt: skip
