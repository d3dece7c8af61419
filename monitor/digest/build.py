"""Make a digest from stories and the coverage of their window: pure, no clock, no store, no library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from monitor.digest.handdates import HandCalendar
from monitor.digest.record import CoverageLine, Digest, Line, Other, Section, Span, Trouble, Why
from monitor.digest.safe import plain, safe_url
from monitor.digest.words import Words, words_of
from storage.items import BodyFrom, Coverage, Mention, Ownership, SourceState, StoredArticle, Story
from storage.text import fold

OLD_AFTER = timedelta(hours=48)  # published so long before it was seen, a story is shown with its date
DEFAULT_NAME = "daily"
TAG = "tag:media-monitor.example,2026:"  # RFC 4151; ids must never change, so neither may this
_DETAIL_LIMIT = 200


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
    """
    words = words_of(language)
    zone = ZoneInfo(timezone)
    maker = _LineMaker(topics, name, zone, words, lead)
    by_topic: dict[str, list[Line]] = {topic: [] for topic in dict.fromkeys(topics)}
    strangers: dict[str, list[Line]] = {}
    for story in stories:
        line = maker.line(story)
        topic = line.topics[0] if line.topics else ""
        (by_topic if topic in by_topic else strangers).setdefault(topic, []).append(line)
    # Sections of unlisted topics by name, so that the order does not hang on the order of the stories; the nameless one last.
    ordered = [*by_topic.items(), *sorted(strangers.items(), key=lambda pair: (not pair[0], pair[0]))]
    sections = tuple(Section(topic=topic, lines=tuple(sorted(lines, key=_rank))) for topic, lines in ordered if lines)
    mentioned = {topic for section in sections for line in section.lines for topic in line.topics}
    told = _coverage(coverage, zone)
    title = words.say("title") if name == DEFAULT_NAME else f"{words.say('title')} · {plain(name).strip()}"
    return Digest(
        name=name,
        title=title,
        subject=_subject(title, words, day, edition, sections, told),
        guid=f"{tag_of(name)}/{day.isoformat()}/{edition}",
        day=day,
        edition=edition,
        language=words.language,
        timezone=timezone,
        made=now.astimezone(zone),
        since=since.astimezone(zone) if since else None,
        until=until.astimezone(zone),
        sections=sections,
        quiet=tuple(topic for topic in by_topic if topic not in mentioned),
        coverage=told,
    )


def tag_of(name: str) -> str:
    """Return the tag: URI of a series of digests; those of its editions and stories begin with it."""
    return f"{TAG}{quote(plain(name), safe='')}"


class _LineMaker:
    """Turns stories into lines."""

    def __init__(self, topics: Sequence[str], name: str, zone: ZoneInfo, words: Words, lead: Callable[[Story], StoredArticle]) -> None:
        self._place = {topic: at for at, topic in reversed(list(enumerate(topics)))}
        self._name = name
        self._zone = zone
        self._words = words
        self._lead = lead

    def line(self, story: Story) -> Line:
        main = self._lead(story)
        article = main.article
        topics, passing = self._topics(story)
        mention, ours = _evidence(main, story, topics[0] if topics else "")
        headline = plain(article.title).strip() or self._words.say("untitled")
        in_headline = mention is not None and ours and mention.field == "title"
        return Line(
            id=f"s{story.id}",
            guid=f"{tag_of(self._name)}/s{story.id}",
            headline=headline,
            headline_spans=_spans(headline, mention.start, mention.alias) if mention and in_headline else (Span(text=headline),),
            url=safe_url(article.url),
            outlet=_outlet(main),
            language=plain(article.language).strip(),
            published=article.published.astimezone(self._zone) if article.published else None,
            first_seen=main.first_seen.astimezone(self._zone),
            old=article.published is not None and main.first_seen - article.published > OLD_AFTER,
            snippet=_spans(mention.snippet, mention.snippet_start, mention.alias) if mention else (),
            why=_why(mention) if mention else None,
            also=_also(main, story),
            topics=topics,
            updated=main.updated_at.astimezone(self._zone) if main.updated_at else None,
            headline_only=article.body_from is BodyFrom.FEED,
            passing=passing,
            baseline=main.baseline,
            opaque=article.opaque,
            release_origin=next((_outlet(one) for one in story.articles if one.article.ownership is Ownership.RELEASE), ""),
            ownership=article.ownership,
            copies=sum(one.copy_id == main.copy_id and one.id != main.id for one in story.articles),
        )

    def _topics(self, story: Story) -> tuple[tuple[str, ...], bool]:
        """Return the story's topics, the one to stand under first, and whether all are named in passing only.

        A name in passing never leads: a story stands under the first topic that it is about, if it is about any.
        """
        about: dict[str, bool] = {}
        for stored in story.articles:
            for mention in stored.mentions:
                about[mention.topic] = about.get(mention.topic, False) or not mention.passing
        last = len(self._place)
        ordered = sorted(about, key=lambda topic: (not about[topic], self._place.get(topic, last), topic))
        first = ordered[:1]
        rest = sorted(ordered[1:], key=lambda topic: (self._place.get(topic, last), topic))
        return (*first, *rest), bool(about) and not any(about.values())


def _rank(line: Line) -> tuple[bool, int, float, int]:
    """Sort key of a section: those in passing last; then more outlets first, then the newest."""
    newest = (line.published or line.first_seen).timestamp()
    return line.passing, -line.outlets, -newest, int(line.id[1:])


def _evidence(main: StoredArticle, story: Story, topic: str) -> tuple[Mention | None, bool]:
    """Return the best mention of `topic`, and whether it stands in the main article itself, which is looked at first."""
    for stored in (main, *(one for one in story.articles if one.id != main.id)):
        found = [mention for mention in stored.mentions if mention.topic == topic]
        if found:
            return min(found, key=lambda mention: (mention.passing, -mention.score)), stored is main
    return None, False


def _spans(text: str, start: int, alias: str) -> tuple[Span, ...]:
    """Cut `text` round the alias; whole and unmarked where the alias is not in it."""
    if not alias:
        return (Span(text=plain(text).strip()),) if text.strip() else ()
    if start < 0 or text[start : start + len(alias)] != alias:
        start = fold(text).find(fold(alias))
    end = start + len(alias)
    if start < 0:
        cut = [Span(text=plain(text).strip())]
    else:
        cut = [
            Span(text=plain(text[:start]).lstrip()),
            Span(text=plain(text[start:end]), marked=True),
            Span(text=plain(text[end:]).rstrip()),
        ]
    return tuple(span for span in cut if span.text)


def _why(mention: Mention) -> Why:
    unit = plain(mention.unit).strip()
    return Why(topic=mention.topic, alias=plain(mention.alias).strip(), unit=unit, score=mention.score, where=mention.field)


def _outlet(stored: StoredArticle) -> str:
    return plain(stored.article.outlet).strip() or plain(stored.article.outlet_host).strip()


def _also(main: StoredArticle, story: Story) -> tuple[Other, ...]:
    """Return the other outlets, each once, in the order in which they were seen."""
    seen = {fold(_outlet(main))}
    others = []
    for stored in story.articles:
        outlet = _outlet(stored)
        if stored.id == main.id or fold(outlet) in seen:
            continue
        seen.add(fold(outlet))
        others.append(Other(outlet=outlet, url=safe_url(stored.article.url), language=plain(stored.article.language).strip()))
    return tuple(others)


def _coverage(coverage: Coverage, zone: ZoneInfo) -> CoverageLine:
    def name(source_id: str) -> str:
        return plain(coverage.outlets.get(source_id) or source_id).strip()

    def failing(state: SourceState) -> Trouble:
        outcome = state.outcome.value if state.outcome else "failed"
        reason = state.error_kind or (f"http-{state.status}" if state.status and state.status >= 400 else outcome)
        since = state.failing_since.astimezone(zone) if state.failing_since else None
        detail = plain(state.error or "").strip()[:_DETAIL_LIMIT]
        return Trouble(source_id=state.source_id, name=name(state.source_id), reason=plain(reason), detail=detail, since=since)

    def silent(state: SourceState) -> Trouble:
        last = state.last_new or state.newest
        since = last.astimezone(zone) if last else None
        return Trouble(source_id=state.source_id, name=name(state.source_id), reason="silent", since=since)

    return CoverageLine(
        due=coverage.due,
        read=coverage.read,
        failing=tuple(sorted(map(failing, coverage.failing), key=lambda one: fold(one.name))),
        silent=tuple(sorted(map(silent, coverage.silent), key=lambda one: fold(one.name))),
        never=tuple(name(source_id) for source_id in coverage.never),
        entries=coverage.entries,
        kept=coverage.kept,
        suppressed=coverage.suppressed,
        gaps=coverage.gaps,
        last_crawl=coverage.last_crawl.astimezone(zone) if coverage.last_crawl else None,
        notices=tuple(
            replace(one, at=one.at.astimezone(zone), detail=plain(one.detail).strip()[:_DETAIL_LIMIT]) for one in coverage.notices
        ),
    )


def _subject(title: str, words: Words, day: date, edition: int, sections: Sequence[Section], coverage: CoverageLine) -> str:
    """Say the day, how much is new of what, and, on a quiet day or where sources are missing, how many were read."""
    count = sum(len(section.lines) for section in sections)
    said = words.count("new", count)
    if sections:
        shown = (f"{plain(section.topic).strip() or words.say('other')} {len(section.lines)}" for section in sections)
        said += f" ({words.say('list').join(shown)})"
    if not coverage.due:
        said += f", {words.say('no_sources')}"
    elif not sections or coverage.read < coverage.due:
        said += f", {words.count('read', coverage.read, due=words.number(coverage.due))}"
    number = f" ({words.say('edition', number=edition)})" if edition > 1 else ""
    return plain(f"{title}, {HandCalendar(words.language).long(day)}{number}{words.say('colon')}{said}")
