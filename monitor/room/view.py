"""From what is stored to what a page shows: plain values for templates, in the reader's language and time zone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitor.digest.dates import BabelCalendar
from monitor.digest.dress import picture_of_days, picture_of_parts
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Chart, Figures
from monitor.digest.lines import LineMaker, outlet_name, spans_of
from monitor.digest.rank import Reach
from monitor.digest.record import CoverageLine, Digest, Kind, Line, Span, Trend
from monitor.digest.safe import LANGUAGE_TAG, plain, safe_url
from monitor.room.phrases import Phrases
from monitor.stories import lead
from storage.items import BodyFrom, Mention, Ownership, StoredArticle, Story, Suppression
from storage.text import fold

_OTHERS = 12  # further outlets that are named in a list; the story's own page names all


class Room:
    """Makes the views of one reader's language and zone.

    Args:
        topics: in the order of the watchlist.
        zone: of the reader.
        language: of the room's own words.
        reach: tells the tier of an outlet by its host.
    """

    def __init__(self, topics: Sequence[str], zone: ZoneInfo, language: str, reach: Reach) -> None:
        self.phrases = Phrases(language)
        self.words = self.phrases.frame
        self.language = self.words.language
        self.zone = zone
        self.topics = tuple(topics)
        self.calendar = BabelCalendar(self.language)
        self._lines = LineMaker(topics, "daily", zone, self.words, lead, reach)

    def facts(self, day: date) -> Facts:
        """Return what says facts of single stories as seen from a day."""
        return Facts(self._blank(day), self.calendar)

    def local(self, moment: datetime | None) -> str:
        """Write a moment with day and time; a dash where there is none."""
        if moment is None:
            return "–"
        there = moment.astimezone(self.zone)
        return f"{self.calendar.short(there.date())} {there.year}, {there:%H:%M}"

    # ------------------------------------------------------------------ stories

    def line(self, story: Story, facts: Facts) -> dict[str, Any]:
        """Return a story as it stands in a list."""
        return self._line(self._lines.line(story), facts, story)

    def record(self, story: Story) -> Line:
        """Return a story's line as a digest has it, for feeds."""
        return self._lines.line(story)

    def listed(self, stories: Sequence[Story]) -> list[dict[str, Any]]:
        """Return stories by the local day on which their newest article was seen, in the order in which they come."""
        days: list[dict[str, Any]] = []
        for story in stories:
            day = max(stored.first_seen for stored in story.articles).astimezone(self.zone).date()
            if not days or days[-1]["day"] != day:
                days.append({"day": day, "title": self.calendar.full(day), "lines": []})
            days[-1]["lines"].append(self.line(story, self.facts(day)))
        return days

    def _line(self, line: Line, facts: Facts, story: Story) -> dict[str, Any]:
        main = lead(story)
        outlet, moment, *_ = facts.meta(line)
        more = len(line.also) - _OTHERS
        hosts = {fold(outlet_name(one)): one.article.outlet_host for one in story.articles}
        return {
            "id": line.id,
            "number": story.id,
            "url": safe_url(line.url),
            "headline": clean_spans(line.headline_spans),
            "text": plain(line.headline),
            "lang": tag(line.language),
            "outlet": outlet,
            "host": main.article.outlet_host,
            "moment": moment,
            "iso": (line.published or line.first_seen).isoformat(timespec="minutes"),
            "language": plain(line.language).upper(),
            "badges": facts.badges(line),
            "excerpt": clean_spans(line.excerpt),
            "also": facts.also(line),
            "others": [
                {"name": facts.other(one, line), "host": hosts.get(fold(one.outlet), ""), "url": safe_url(one.url)}
                for one in line.also[:_OTHERS]
            ],
            "more": f" {self.words.say('more_outlets', n=self.words.number(more))}" if more > 0 else "",
            "why": facts.why(line),
            "topics": [one for one in line.topics if one],
            "articles": line.articles,
            "count": self.words.count("articles", line.articles),
            "passing": line.passing,
        }

    def story(self, story: Story, today: date) -> dict[str, Any]:
        """Return a story whole: its line, and its articles in the order in which they were published."""
        facts = self.facts(today)
        shown = self.line(story, facts)
        outlets = list(dict.fromkeys(outlet_name(one) for one in story.articles))
        ordered = sorted(story.articles, key=lambda one: (one.article.published or one.first_seen, one.id))
        told = date.fromisoformat(story.told_on) if story.told_on else None
        return shown | {
            "figures": " · ".join(
                (self.words.count("articles", len(story.articles)), self.words.count("outlets", len(outlets)))
                + ((", ".join(self._languages(story)),) if self._languages(story) else ())
            ),
            "told": self.phrases.say("told_on", day=self.calendar.long(told)) if told else self.phrases.say("not_told"),
            "told_day": story.told_on or "",
            "timeline": [self.article(one, facts) for one in ordered],
            "alone": len({one.copy_id for one in story.articles}) == 1 and len(story.articles) == 1,
        }

    def article(self, stored: StoredArticle, facts: Facts) -> dict[str, Any]:
        """Return one article as it stands in a timeline."""
        article, say = stored.article, self.phrases.say
        mention = min(stored.mentions, key=lambda one: (one.passing, -one.score), default=None)
        badges = []
        if article.ownership is not Ownership.EARNED:
            badges.append(self.ownership(article.ownership.value))
        if article.body_from is BodyFrom.FEED:
            badges.append(self.words.say("headline_only"))
        if article.opaque:
            badges.append(self.words.say("opaque"))
        if stored.copy_id != stored.id:
            badges.append(say("copy_of", id=f"a{stored.copy_id}"))
        if stored.updated_at:
            badges.append(self.words.say("updated", when=facts.when(stored.updated_at.astimezone(self.zone))))
        at = (article.published or stored.first_seen).astimezone(self.zone)
        when = facts.when(at)
        rule = f"{self.phrases.rule(stored.evidence.rule)} ({self.words.score(stored.evidence.score)})"
        return {
            "id": f"a{stored.id}",
            "number": stored.id,
            "story": stored.story_id,
            "headline": plain(article.title).strip() or self.words.say("untitled"),
            "url": safe_url(article.url),
            "lang": tag(article.language),
            "language": plain(article.language).upper(),
            "outlet": outlet_name(stored) or self.words.say("unknown_outlet"),
            "host": article.outlet_host,
            "moment": when if article.published else self.words.say("seen", when=when),
            "iso": at.isoformat(timespec="minutes"),
            "badges": badges,
            "excerpt": clean_spans(_excerpt(mention))
            if mention and plain(mention.snippet).strip(" .…") not in plain(article.title)
            else [],
            "because": say("here_because", rule=rule),
            "seen_at": say("seen_at", sources=", ".join(map(plain, stored.sources))) if stored.sources else "",
            "topics": list(stored.topics),
            "suppressed": [self._hidden(hit) for hit in stored.suppressions] if stored.suppressed else [],
        }

    def _hidden(self, hit: Suppression) -> dict[str, Any]:
        return {
            "topic": plain(hit.topic),
            "rule": self.phrases.say("why_out", rule=self.words.rule(hit.rule)),
            "excerpt": clean_spans(spans_of(hit.snippet, -1, hit.alias)),
        }

    def ownership(self, kind: str) -> str:
        """Say whose words an outlet prints."""
        return self.words.say({"release": "is_release"}.get(kind, kind))

    def _languages(self, story: Story) -> list[str]:
        return list(dict.fromkeys(self.words.language_name(one.article.language) for one in story.articles if one.article.language))

    # ------------------------------------------------------------------ a digest

    def digest(self, digest: Digest, stories: dict[int, Story]) -> dict[str, Any]:
        """Return a digest as a page; `stories` are those of its lines, by number."""
        facts = Facts(digest, self.calendar)
        figures = Figures(digest, facts)
        sections = []
        for section in digest.sections:
            groups = [
                {
                    "title": facts.group(section, group),
                    "lines": [self._line(line, facts, stories[int(line.id[1:])]) for line in group.lines],
                }
                for group in section.groups
            ]
            sections.append(
                {
                    "title": facts.section(section),
                    "topic": section.topic if section.kind is Kind.TOPIC else "",
                    "count": self.words.number(len(section.lines)),
                    "brief": section.kind is Kind.BRIEF,
                    "groups": groups,
                }
            )
        return {
            "heading": facts.heading(),
            "day": facts.day(),
            "iso": digest.day.isoformat(),
            "lead": figures.lead(),
            "empty": facts.empty(),
            "window": facts.window(),
            "read": facts.watch.read(),
            "new": facts.new(),
            "trouble": digest.coverage.trouble,
            "sections": sections,
            "quiet": facts.quiet(),
            "charts_title": figures.title(),
            "charts": [drawn(chart) for chart in figures.charts()],
            "outlets": figures.outlets(),
            "alarms": facts.watch.alarms(),
            "warnings": facts.watch.warnings(),
            "updates": [
                {
                    "headline": plain(one.headline),
                    "url": safe_url(one.url),
                    "meta": " · ".join(facts.update(one)),
                    "changes": facts.changes(one),
                }
                for one in digest.updates
            ],
            "rows": facts.watch.rows(),
            "totals": facts.watch.totals(),
            "hidden": figures.hidden(),
            "road": facts.watch.road(),
        }

    def trend(self, trend: Trend, day: date) -> dict[str, Any]:
        """Return charts over some weeks, each with its figures."""
        blank = replace(self._blank(day), trend=trend)
        figures = Figures(blank, Facts(blank, self.calendar))
        days = [{"day": self.calendar.short(one), "iso": one.isoformat(), "n": n} for one, n in trend.days]
        return {
            "title": figures.title(),
            "charts": [drawn(chart) for chart in figures.charts()],
            "days": days,
            "outlets": figures.outlets(),
        }

    def _blank(self, day: date) -> Digest:
        at = datetime.combine(day, datetime.min.time(), self.zone)
        return Digest(
            name="", title="", subject="", guid="", day=day, edition=1, language=self.language, timezone=str(self.zone),
            made=at, since=None, until=at, sections=(), quiet=(), coverage=CoverageLine(),
        )  # fmt: skip


def drawn(chart: Chart) -> dict[str, Any]:
    """Return a chart with its picture, its words and its figures."""
    shown: dict[str, Any] = {"label": chart.label, "said": chart.said, "ends": chart.ends}
    if chart.days:
        return shown | {"bars": picture_of_days([n for _, n in chart.days])}
    shares = [{"name": one.name, "n": one.n, "said": one.said} for one in chart.shares]
    return shown | {"parts": picture_of_parts([one.part for one in chart.shares]), "shares": shares}


def tag(language: str) -> str:
    """Return a language as the value of a lang attribute, "" where it is none."""
    return language if LANGUAGE_TAG.match(language) else ""


def marked(text: str, terms: Iterable[str]) -> list[Span]:
    """Cut a text into runs, those words marked that begin with one of the folded terms of a search."""
    looked = tuple({term for phrase in terms for term in phrase.split()})
    runs: list[Span] = []
    for number, word in enumerate(plain(text).split(" ")):
        hit = bool(looked) and fold(word).lstrip("\"'([«“…-").startswith(looked)
        between = " " if number else ""
        if runs and runs[-1].marked and not hit:
            runs.append(Span(text=between + word))
        elif runs and runs[-1].marked is hit:
            runs[-1] = Span(text=runs[-1].text + between + word, marked=hit)
        else:
            if between and runs:
                runs[-1] = Span(text=runs[-1].text + between)
            runs.append(Span(text=word, marked=hit))
    return runs


def _excerpt(mention: Mention) -> tuple[Span, ...]:
    return spans_of(mention.snippet, mention.snippet_start, mention.alias)
