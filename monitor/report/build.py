"""Count the coverage of a window: pure, no clock, no store.

An article belongs to the window by when it was first seen, as in every command with --since and --until. In the timeline it stands on
the day it was published, if that lies in the window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.digest.rank import Reach, unknown
from monitor.digest.record import Count
from monitor.digest.safe import plain, safe_url
from storage.items import Ownership, StoredArticle, Story
from storage.text import fold

OWNERSHIPS = (Ownership.EARNED, Ownership.RELEASE, Ownership.AFFILIATED, Ownership.OWNED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One article."""

    day: date  # local
    story: str  # "s12"
    headline: str
    url: str
    outlet: str
    host: str
    language: str
    ownership: Ownership
    reach: int  # tier, 0 where unknown
    topics: tuple[str, ...]
    units: tuple[str, ...]
    passing: bool  # all topics are named in passing only
    snippet: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryRow:
    """One story, as far as it was told in the window."""

    id: str
    headline: str
    url: str
    outlet: str  # of its main article
    language: str
    day: date
    topics: tuple[str, ...]
    outlets: int
    articles: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """One topic's share of what was said."""

    topic: str
    articles: int
    stories: int
    outlets: int
    earned: int  # articles
    part: float  # of the articles of all topics together, 0 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class OutletRow:
    """One outlet."""

    name: str
    host: str
    articles: int
    stories: int
    ownership: Ownership
    reach: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The coverage of a window."""

    first: date  # local days, both within the window
    last: date
    timezone: str
    made: datetime
    topics: tuple[str, ...]  # that were asked for
    articles: tuple[Row, ...]  # by day
    stories: tuple[StoryRow, ...]  # most outlets first
    outlets: tuple[OutletRow, ...]  # most articles first
    days: tuple[tuple[date, int], ...]  # every day of the window
    voices: tuple[Voice, ...]  # loudest first
    languages: tuple[Count, ...]
    ownership: tuple[Count, ...]  # articles by Ownership, in its order, those without left out
    passing: int  # articles that name the topics in passing only


def report_of(
    stories: Iterable[Story],
    *,
    topics: Sequence[str],
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    now: datetime,
    lead: Callable[[Story], StoredArticle],
    reach: Reach = unknown,
) -> Report:
    """Count `stories`.

    Args:
        stories: each once, whole; what lies outside of the window or names none of the topics is left out.
        topics: that count.
        since: begin of the window.
        until: its end, itself not in it.
        zone: of the reader.
        now: when the report is made.
        lead: picks a story's main article.
        reach: tells the tier of an outlet by its host.
    """
    wanted = set(topics)
    first, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    rows: list[Row] = []
    told: list[StoryRow] = []
    for story in stories:
        mine = [one for one in story.articles if since <= one.first_seen < until and wanted & set(one.topics)]
        if not mine:
            continue
        inside = [_row(one, story.id, wanted, since, until, zone, reach) for one in mine]
        rows += inside
        told.append(_story(Story(id=story.id, articles=tuple(mine)), inside, lead))
    days = Counter(row.day for row in rows)
    languages = Counter(row.language for row in rows)
    ownership = Counter(row.ownership for row in rows)
    return Report(
        first=first,
        last=last,
        timezone=str(zone),
        made=now.astimezone(zone),
        topics=tuple(topics),
        articles=tuple(sorted(rows, key=lambda row: (row.day, int(row.story[1:]), row.outlet, row.url))),
        stories=tuple(sorted(told, key=lambda row: (-row.outlets, -row.articles, row.day, int(row.id[1:])))),
        outlets=_outlets(rows),
        days=tuple((day, days[day]) for day in (first + timedelta(days=at) for at in range((last - first).days + 1))),
        voices=_voices(rows, topics),
        languages=tuple(Count(name=name, n=n) for name, n in sorted(languages.items(), key=lambda pair: (-pair[1], pair[0]))),
        ownership=tuple(Count(name=one.value, n=ownership[one]) for one in OWNERSHIPS if ownership[one]),
        passing=sum(row.passing for row in rows),
    )


def _row(stored: StoredArticle, story: int, wanted: set[str], since: datetime, until: datetime, zone: ZoneInfo, reach: Reach) -> Row:
    article = stored.article
    mentions = [mention for mention in stored.mentions if mention.topic in wanted]
    at = article.published if article.published and since <= article.published < until else stored.first_seen
    return Row(
        day=at.astimezone(zone).date(),
        story=f"s{story}",
        headline=plain(article.title).strip(),
        url=safe_url(article.url),
        outlet=plain(article.outlet or article.outlet_host).strip(),
        host=plain(article.outlet_host).strip(),
        language=plain(article.language).strip(),
        ownership=article.ownership,
        reach=reach(article.outlet_host),
        topics=tuple(dict.fromkeys(mention.topic for mention in mentions)),
        units=tuple(dict.fromkeys(mention.unit for mention in mentions if mention.unit)),
        passing=all(mention.passing for mention in mentions),
        snippet=plain(mentions[0].snippet).strip(),
    )


def _story(story: Story, rows: Sequence[Row], lead: Callable[[Story], StoredArticle]) -> StoryRow:
    main = lead(story)
    return StoryRow(
        id=f"s{story.id}",
        headline=plain(main.article.title).strip(),
        url=safe_url(main.article.url),
        outlet=plain(main.article.outlet or main.article.outlet_host).strip(),
        language=plain(main.article.language).strip(),
        day=min(row.day for row in rows),
        topics=tuple(dict.fromkeys(topic for row in rows for topic in row.topics)),
        outlets=len({fold(row.outlet) for row in rows}),
        articles=len(rows),
    )


def _outlets(rows: Sequence[Row]) -> tuple[OutletRow, ...]:
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(fold(row.outlet), []).append(row)
    made = (
        OutletRow(
            name=mine[0].outlet,
            host=mine[0].host,
            articles=len(mine),
            stories=len({row.story for row in mine}),
            ownership=mine[0].ownership,
            reach=max(row.reach for row in mine),
        )
        for mine in by_name.values()
    )
    return tuple(sorted(made, key=lambda one: (-one.articles, fold(one.name))))


def _voices(rows: Sequence[Row], topics: Sequence[str]) -> tuple[Voice, ...]:
    by_topic = {topic: [row for row in rows if topic in row.topics] for topic in dict.fromkeys(topics)}
    total = sum(map(len, by_topic.values()))
    made = (
        Voice(
            topic=topic,
            articles=len(mine),
            stories=len({row.story for row in mine}),
            outlets=len({fold(row.outlet) for row in mine}),
            earned=sum(row.ownership is Ownership.EARNED for row in mine),
            part=len(mine) / total if total else 0.0,
        )
        for topic, mine in by_topic.items()
    )
    return tuple(sorted(made, key=lambda one: -one.articles))
