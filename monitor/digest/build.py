"""Make a digest from stories and the coverage of their window: pure, no clock, no store, no library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.digest.handdates import HandCalendar
from monitor.digest.lines import LineMaker, tag_of
from monitor.digest.rank import Reach, unknown
from monitor.digest.record import Count, CoverageLine, Digest, Group, Kind, Level, Line, Section, Tally, Trend
from monitor.digest.safe import plain, safe_url
from monitor.digest.updates import updates_of
from monitor.digest.watch import UNREAD, coverage_line
from monitor.digest.words import Words, words_of
from storage.condition import Coverage
from storage.items import StoredArticle, Story
from storage.text import fold

if TYPE_CHECKING:
    from storage.ledger import Retold

DEFAULT_NAME = "daily"
_GROUPED_FROM = 4  # stories of a topic that are shown under its units

__all__ = ["DEFAULT_NAME", "build", "tag_of", "unit_of"]


def build(
    stories: Iterable[Story],
    coverage: Coverage,
    *,
    topics: Sequence[str],
    name: str,
    day: date,
    edition: int,
    now: datetime,
    since: datetime | None,
    until: datetime,
    timezone: str,
    language: str,
    lead: Callable[[Story], StoredArticle],
    changed: Sequence[tuple[Retold, Story]] = (),
    reach: Reach = unknown,
    trend: Trend | None = None,
    link: str = "",
) -> Digest:
    """Make the digest of `stories`.

    Args:
        stories: to be told, in any order.
        coverage: what the watch did between `since` and `until`.
        topics: shown in this order; topics of stories that are not among them come after.
        name: of the series of digests ("daily").
        day: the digest's day in the reader's zone.
        edition: which telling of that day it is, from 1.
        now: when it is made.
        since: begin of the window, None for the very first.
        until: end of the window.
        timezone: IANA name of the reader's zone.
        language: of the frame; English where we have no words for it.
        lead: picks a story's main article.
        changed: what has changed of stories that were told before.
        reach: tells the tier of an outlet by its host.
        trend: the weeks before, None where nobody asks.
        link: address on the web of the whole digest, "{day}" standing for its day; "" for none.
    """
    words = words_of(language)
    zone = ZoneInfo(timezone)
    maker = LineMaker(topics, name, zone, words, lead, reach)
    watched = tuple(dict.fromkeys(topics))
    held = list(stories)
    lines = sorted(map(maker.line, held), key=_rank)
    sections = arrange(lines, watched)
    mentioned = {topic for line in lines for topic in line.topics}
    told = coverage_line(coverage, zone)
    updates = updates_of(changed, name=name, zone=zone, lead=lead)
    tally = _tally(held, lines, watched)
    title = words.say("title") if name == DEFAULT_NAME else f"{words.say('title')} · {plain(name).strip()}"
    return Digest(
        name=name,
        title=title,
        subject=_subject(title, words, day, edition, tally, told, len(updates)),
        guid=f"{tag_of(name)}/{day.isoformat()}/{edition}",
        day=day,
        edition=edition,
        language=words.language,
        timezone=timezone,
        made=now.astimezone(zone),
        since=since.astimezone(zone) if since else None,
        until=until.astimezone(zone),
        sections=sections,
        quiet=tuple(topic for topic in watched if topic not in mentioned),
        coverage=told,
        updates=updates,
        tally=tally,
        trend=trend,
        link=safe_url(link.replace("{day}", day.isoformat())),
    )


def arrange(lines: Sequence[Line], watched: Sequence[str]) -> tuple[Section, ...]:
    """Put ranked lines into sections: several topics together, each topic by its units, and names in passing last."""
    joint: dict[tuple[str, ...], list[Line]] = {}
    by_topic: dict[str, list[Line]] = {topic: [] for topic in watched}
    strangers: dict[str, list[Line]] = {}
    brief: list[Line] = []
    for line in lines:
        topic = line.topics[0] if line.topics else ""
        if line.passing:
            brief.append(line)
        elif len(line.about) > 1:
            joint.setdefault(line.about, []).append(line)
        else:
            (by_topic if topic in by_topic else strangers).setdefault(topic, []).append(line)
    sections = []
    if joint:
        groups = (Group(unit="", topics=topics, lines=tuple(group)) for topics, group in joint.items())
        sections.append(Section(kind=Kind.JOINT, groups=tuple(sorted(groups, key=lambda group: -len(group.topics)))))
    # Sections of unlisted topics by name, so that the order does not hang on the order of the stories; the nameless one last.
    ordered = [*by_topic.items(), *sorted(strangers.items(), key=lambda pair: (not pair[0], pair[0]))]
    sections += [Section(topic=topic, groups=_by_unit(topic, group)) for topic, group in ordered if group]
    if brief:
        sections.append(Section(kind=Kind.BRIEF, groups=(Group(unit="", lines=tuple(brief)),)))
    return tuple(sections)


def _by_unit(topic: str, lines: Sequence[Line]) -> tuple[Group, ...]:
    """Group ranked lines by the topic's units of the first level, the unit of the heaviest story first; a short list stays whole."""
    units: dict[str, list[Line]] = {}
    for line in lines:
        units.setdefault(unit_of(topic, line), []).append(line)
    if len(units) < 2 or len(lines) < _GROUPED_FROM:
        return (Group(unit="", lines=tuple(lines)),)
    return tuple(Group(unit=unit, lines=tuple(group)) for unit, group in units.items())


def unit_of(topic: str, line: Line) -> str:
    """Return the unit of the first level below a topic: "FPT Education" of "FPT › FPT Education › FPT University"; "" for none."""
    names = [name for name in (line.why.unit.split(" › ") if line.why else ()) if name and name != topic]
    return names[0] if names else ""


def _rank(line: Line) -> tuple[bool, float, int, float, int]:
    """Sort key: those in passing last; then by weight, more outlets first, then the newest."""
    newest = (line.published or line.first_seen).timestamp()
    return line.passing, -line.weight, -line.outlets, -newest, int(line.id[1:])


def _tally(stories: Sequence[Story], lines: Sequence[Line], watched: Sequence[str]) -> Tally:
    counts = Counter(topic for line in lines for topic in line.topics)
    order = (*watched, *sorted(set(counts) - set(watched)))
    outlets = {fold(stored.article.outlet or stored.article.outlet_host) for story in stories for stored in story.articles}
    most = max(lines, key=lambda line: line.outlets, default=None)  # the first of equals: they are ranked
    return Tally(
        stories=len(lines),
        articles=sum(line.articles for line in lines),
        outlets=len(outlets),
        topics=tuple(Count(name=topic, n=counts[topic]) for topic in order if counts[topic]),
        most=most if most is not None and most.outlets > 1 else None,
    )


def _subject(title: str, words: Words, day: date, edition: int, tally: Tally, coverage: CoverageLine, updates: int) -> str:
    """Say the day, how much is new of what, and, on a quiet day or where sources are missing, how many were read."""
    said = words.count("new", tally.stories)
    if tally.topics:
        shown = (f"{plain(one.name).strip()} {words.number(one.n)}" for one in tally.topics)
        said += f" ({words.say('list').join(shown)})"
    if updates:
        said += f", {words.count('updated_stories', updates)}"
    if not coverage.due:
        said += f", {words.say('no_sources')}"
    elif not tally.stories or coverage.read < coverage.due:
        said += f", {words.count('read', coverage.read, due=words.number(coverage.due))}"
    if long := [one.days for one in coverage.of(*UNREAD) if one.level is Level.LONG]:
        said += f", {words.count('long_unread', len(long), age=words.count('days', max(long)))}"
    number = f" ({words.say('edition', number=edition)})" if edition > 1 else ""
    return plain(f"{title}, {HandCalendar(words.language).long(day)}{number}{words.say('colon')}{said}")
