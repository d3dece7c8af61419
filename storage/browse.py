"""Pages of what is stored, for readers who leaf through it: each page costs the same, however much is stored.

A page begins after the last article of the page before (a cursor), never at a number of rows to be skipped. Which index leads the way is
chosen here: a filter that few articles pass is looked up by itself, any other one is checked while walking from the newest article back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, literal_column, or_, select, text
from sqlalchemy import table as table_clause

from storage import schema, search
from storage.articles import Articles
from storage.filters import ArticleFilter, of_unit
from storage.items import StoredArticle, Story

MANY = 2_000  # articles that hold the words of a search: so many are put in order
SEARCH = table_clause("search")
LOOKED_UP = (
    1_500  # articles of an outlet that are looked up among the words of a search; walking finds a page's worth sooner where there are more
)
FEW = 10_000  # articles that can be looked up and sorted while a reader waits


class Cursor(NamedTuple):
    """The last article of a page."""

    at: datetime  # when it was first seen
    id: int


@dataclass(frozen=True, kw_only=True)
class StoryPage:
    """Stories by their newest article, newest first."""

    stories: tuple[Story, ...]
    after: Cursor | None  # where the next page begins; None: there is none


@dataclass(frozen=True, kw_only=True)
class ArticlePage:
    """Articles, newest first."""

    articles: tuple[StoredArticle, ...]
    after: Cursor | None


class OutletCount(NamedTuple):
    """An outlet and how much it told."""

    host: str
    name: str
    articles: int
    last: datetime  # when its newest article was first seen


@dataclass(frozen=True, kw_only=True)
class Hits:
    """A page of what a search found."""

    articles: tuple[StoredArticle, ...]  # with their texts
    more: bool  # whether there is another page
    total: int | None  # None: more than `MANY` articles hold the words, nobody counted how many of them pass the filter
    best: bool  # best first; else newest first


class _Window(NamedTuple):
    """The articles of a window of time."""

    held: int
    low: int  # the lowest of their numbers
    high: int


class Browse:
    """Questions of readers."""

    def __init__(self, connection: Connection, articles: Articles) -> None:
        self._connection = connection
        self._articles = articles

    def stories(self, wanted: ArticleFilter, after: Cursor | None = None, limit: int = 40) -> StoryPage:
        """Return a page of the stories that hold such an article; each stands at the newest of them."""
        found: dict[int, Cursor] = {}
        last, more = after, True
        while len(found) < limit and more:
            rows = self._walk(wanted, last, 3 * limit)
            more = len(rows) == 3 * limit
            known = self._shown_before(wanted, after, {row.story_id for row in rows} - found.keys()) if after else set()
            for row in rows:
                last = Cursor(row.first_seen, row.id)
                if row.story_id not in known:
                    found.setdefault(row.story_id, last)
                if len(found) == limit:
                    more = True
                    break
        return StoryPage(stories=tuple(self._articles.stories_by_id(list(found))), after=last if more else None)

    def articles(self, wanted: ArticleFilter, after: Cursor | None = None, limit: int = 40) -> ArticlePage:
        """Return a page of articles."""
        rows = self._walk(wanted, after, limit + 1)
        shown = rows[:limit]
        last = Cursor(shown[-1].first_seen, shown[-1].id) if len(rows) > limit else None
        return ArticlePage(articles=tuple(self._articles.many([row.id for row in shown], with_text=False)), after=last)

    def outlets(self, since: datetime | None, limit: int | None = None, topic: str | None = None) -> list[OutletCount]:
        """Return the outlets with articles that name a topic, seen since a moment (None: ever), most articles first."""
        table = schema.articles
        query = select(func.max(table.c.outlet_host), func.max(table.c.outlet), func.count().label("n"), func.max(table.c.first_seen))
        query = query.where(table.c.matched, table.c.outlet_host != "")
        if since is not None:
            query = query.where(table.c.first_seen >= since)
        if topic is not None:
            query = query.where(_mentions(topic, None))
        # Grouped by an expression: by the column itself SQLite would walk all of an index to save itself a sort of what is asked for.
        host = table.c.outlet_host if since is None else table.c.outlet_host.concat("")
        query = query.group_by(host).order_by(func.count().desc(), func.max(table.c.outlet_host))
        return [OutletCount(*row) for row in self._connection.execute(query.limit(limit) if limit else query)]

    def story_ids(self) -> list[int]:
        """Return all stories that hold an article that names a topic."""
        table = schema.articles
        return list(self._connection.scalars(select(table.c.story_id).where(table.c.matched).distinct().order_by(table.c.story_id)))

    def outlet_name(self, host: str) -> str | None:
        """Return what an outlet is called, by its host; None where nothing of it is stored."""
        table = schema.articles
        query = select(table.c.outlet).where(table.c.outlet_host == host).order_by(table.c.first_seen.desc()).limit(1)
        return self._connection.scalar(query)

    # ------------------------------------------------------------------ inside

    def _walk(self, wanted: ArticleFilter, after: Cursor | None, limit: int) -> Sequence[Any]:
        table = schema.articles
        query = select(table.c.id, table.c.story_id, table.c.first_seen).where(*self.conditions(wanted))
        if after is not None:
            # Two conditions that say the same twice: the first one is what an index can begin at.
            query = query.where(table.c.first_seen <= after.at, or_(table.c.first_seen < after.at, table.c.id < after.id))
        return self._connection.execute(query.order_by(table.c.first_seen.desc(), table.c.id.desc()).limit(limit)).all()

    def _shown_before(self, wanted: ArticleFilter, after: Cursor, story_ids: set[int]) -> set[int]:
        """Return the stories that stood on an earlier page, by an article that is newer than where this one begins."""
        table = schema.articles
        newer = or_(table.c.first_seen > after.at, and_(table.c.first_seen == after.at, table.c.id >= after.id))
        query = select(table.c.story_id).where(table.c.story_id.in_(story_ids), newer, *conditions(wanted))
        return set(self._connection.scalars(query.distinct()))

    def search(self, words: str, wanted: ArticleFilter, page: int = 0, limit: int = 30) -> Hits:
        """Return a page of the articles that hold the words (see `storage.search.search`) and pass a filter.

        Best first where at most `MANY` articles hold the words; where more do, their order by likeness would say little and cost much,
        and the newest come first (in the order in which they were stored).
        """
        query = search.parse(words)
        if not query:
            return Hits(articles=(), more=False, total=0, best=True)
        condition, values = search.matching(self._connection, query)
        held = search.first(self._connection, condition, values, query, MANY)
        begin = page * limit
        if held is not None:
            passing = self._passing(held, wanted)
            ids, more, total = passing[begin : begin + limit], len(passing) > begin + limit, len(passing)
        else:
            ids = self._newest(condition, values, wanted, begin, limit + 1)
            ids, more, total = ids[:limit], len(ids) > limit, None
        return Hits(articles=tuple(self._articles.many(ids)), more=more, total=total, best=held is not None)

    def _passing(self, ids: Sequence[int], wanted: ArticleFilter) -> list[int]:
        """Return which of these articles pass a filter, in their order."""
        table = schema.articles
        passing = set(self._connection.scalars(select(table.c.id).where(table.c.id.in_(ids), *conditions(wanted)))) if ids else set()
        return [one for one in ids if one in passing]

    def _newest(self, condition: str, values: dict[str, Any], wanted: ArticleFilter, offset: int, limit: int) -> list[int]:
        """Return articles that hold the words and pass the filter, in the order in which they were stored, the last first."""
        table = schema.articles
        number: ColumnElement[int] = literal_column("search.rowid" if self._connection.dialect.name == "sqlite" else "search.article_id")
        query = select(number).select_from(SEARCH).where(text(condition))
        window = self._window(wanted)
        if self._looked_up(wanted, window):
            query = query.where(number.in_(select(table.c.id).where(*conditions(wanted))))
        else:
            query = query.join(table, table.c.id == number).where(*conditions(wanted))
            if window is not None:  # the index of words is sorted by the numbers of articles
                query = query.where(number >= window.low, number <= window.high)
        return list(self._connection.scalars(query.order_by(number.desc()).offset(offset).limit(limit), values))

    def _window(self, wanted: ArticleFilter) -> _Window | None:
        """Return which articles a window of time holds; None where the filter has none. An index alone tells it."""
        if not (wanted.since or wanted.until):
            return None
        table = schema.articles
        inside = conditions(ArticleFilter(since=wanted.since, until=wanted.until, unmatched=True))
        query = select(func.count(), func.min(table.c.id), func.max(table.c.id)).where(*inside)
        count, low, high = self._connection.execute(query).one()
        return _Window(count, low or 0, high or 0)

    def _looked_up(self, wanted: ArticleFilter, window: _Window | None) -> bool:
        """Whether the articles that pass are so few that each is looked up among the words, rather than the words' articles be walked."""
        table = schema.articles
        if window is not None and window.held <= LOOKED_UP and window.high - window.low > 20 * LOOKED_UP:
            return True  # few, but scattered: old coverage that was imported late
        if not wanted.outlet:
            return False
        alone = select(table.c.id).where(*conditions(ArticleFilter(outlet=wanted.outlet, unmatched=True)))
        return not self._more_than(alone, LOOKED_UP)

    def conditions(self, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
        """Return the filter as conditions, led by a look-up of its own where few articles pass."""
        if not (wanted.topic or wanted.unit) or wanted.suppressed:
            return conditions(wanted)
        mentions = schema.mentions
        named = select(mentions.c.article_id).where(*_named(mentions, wanted.topic, wanted.unit))
        if not wanted.topic or self._more_than(named, FEW):
            return conditions(wanted)
        return [schema.articles.c.id.in_(named), *conditions(replace(wanted, topic=None, unit=None))]

    def _more_than(self, query: Select[Any], most: int) -> bool:
        return (self._connection.scalar(select(func.count()).select_from(query.limit(most + 1).subquery())) or 0) > most


def conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return a filter as conditions on an article that is at hand."""
    table = schema.articles
    found: list[ColumnElement[bool]] = []
    if wanted.suppressed:
        found.append(table.c.suppressed)
    elif not wanted.unmatched:
        found.append(table.c.matched)
    if wanted.topic or wanted.unit:
        found.append(_kept_back(wanted.topic) if wanted.suppressed else _mentions(wanted.topic, wanted.unit))
    if wanted.outlet:
        found.append(table.c.outlet_host == wanted.outlet.lower().removeprefix("www."))
    if wanted.language:
        found.append(table.c.language == wanted.language)
    if wanted.ownership:
        found.append(table.c.ownership == wanted.ownership)
    if wanted.since:
        found.append(table.c.first_seen >= wanted.since)
    if wanted.until:
        found.append(table.c.first_seen < wanted.until)
    return found


def _mentions(topic: str | None, unit: str | None) -> ColumnElement[bool]:
    mentions = schema.mentions
    return exists(select(literal(1)).where(mentions.c.article_id == schema.articles.c.id, *_named(mentions, topic, unit)))


def _named(mentions: Any, topic: str | None, unit: str | None) -> Iterable[ColumnElement[bool]]:
    if topic:
        yield mentions.c.topic == topic
    if unit:
        yield of_unit(unit)


def _kept_back(topic: str | None) -> ColumnElement[bool]:
    hits = schema.suppressions
    return exists(select(literal(1)).where(hits.c.article_id == schema.articles.c.id, hits.c.topic == topic))
