"""The digest as one HTML page that is also a mail: tables, styles on the elements, nothing loaded from elsewhere, below 100 KB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from monitor.digest.dates import BabelCalendar
from monitor.digest.dress import environment, media, picture_of_days, picture_of_parts, styled
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Chart, Figures
from monitor.digest.fold import Piece, Shown, fold
from monitor.digest.record import Digest, Kind, Line, Update
from monitor.digest.safe import LANGUAGE_TAG, POLICY, plain, safe_url
from monitor.digest.watch_words import Row

LIMIT = 100_000  # bytes; Gmail clips a mail at 102 KB
_OTHERS_SHOWN = 20  # further outlets of one story; the plain text names all
_ROW_ITEMS = 60  # sources in one row of the coverage box
_ITEM_CHARACTERS = 2_000
_UPDATES_SHOWN = 20
_TEXT_CHARACTERS = 600  # of a headline, a name, a link's text: a real one is far shorter


@dataclass
class _Story:
    """A line with its forms; one that cannot be needed is not made."""

    line: Line
    level: int  # of its headline
    brief: Markup
    full: Markup | None = None

    def as_shown(self, how: Shown) -> Markup:
        """Return the form that is asked for; nothing for a story that is left out."""
        return {Shown.FULL: self.full or self.brief, Shown.BRIEF: self.brief}.get(how, Markup())

    def piece(self) -> Piece:
        """Weigh it."""
        brief = len(self.brief.encode())
        return Piece(len(self.full.encode()) if self.full is not None else brief if self.line.passing else LIMIT, brief, self.line.weight)


def render_html(digest: Digest) -> str:
    """Render as HTML of at most `LIMIT` bytes; a day that is longer is folded, and says where the whole of it is."""
    page = _Page(digest)
    bare = page.render(room=None)
    room = LIMIT - len(bare.encode())
    return page.render(room=room)


class _Page:
    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._facts = Facts(digest, BabelCalendar(digest.language))
        self._figures = Figures(digest, self._facts)
        self._macros: Any = _template().make_module({"colon": self._facts.colon, "comma": self._facts.words.say("list"), **self._frame()})
        self._top = next((line.id for section in digest.sections for line in section.lines if section.kind is not Kind.BRIEF), "")
        self._stories = {one.line.id: one for one in self._made()}

    def render(self, room: int | None) -> str:
        """Render the page with as many stories as fit into `room` bytes; None leaves all out, to weigh the rest of the page."""
        pieces = [one.piece() for one in self._stories.values()]
        how = dict(zip(self._stories, fold(pieces, room) if room is not None else [Shown.LEFT] * len(pieces), strict=True))
        words = self._facts.words
        brief = sum(one is Shown.BRIEF and not self._stories[number].line.passing for number, one in how.items())
        left = sum(one is Shown.LEFT for one in how.values())
        page = self._macros.page(
            sections=list(self._sections(how)),
            # While the rest is weighed, both sentences stand there with the largest figures they can have.
            short=words.count("short_only", brief if room is not None else len(pieces)) if brief or room is None else "",
            left=words.count("left_only", left) if left or room is None else "",
            full_digest=words.say("full_digest"),
            link=safe_url(self._digest.link),
            command=f"monitor digest --day {self._digest.day.isoformat()}",
        )
        return re.sub(r"\n{2,}", "\n", str(page)).strip() + "\n"

    def _frame(self) -> dict[str, Any]:
        digest, facts, figures = self._digest, self._facts, self._figures
        return {
            "s": styled(),
            "media": media(),
            "policy": POLICY,
            "language": digest.language,
            "subject": _short(plain(digest.subject), _TEXT_CHARACTERS),
            "heading": _short(facts.heading(), _TEXT_CHARACTERS),
            "day": facts.day(),
            "lead": figures.lead(),
            "new": facts.new(),
            "window": facts.window(),
            "empty": facts.empty(),
            "updated": facts.updated(),
            "updates": [self._update(one) for one in digest.updates[:_UPDATES_SHOWN]],
            "updates_title": facts.words.say("updates"),
            "updates_count": facts.words.number(len(digest.updates)),
            "quiet": _short(facts.quiet(), _ITEM_CHARACTERS),
            "alarms": [_short(one, _ITEM_CHARACTERS) for one in facts.watch.alarms()],
            "warnings": [_short(one, _ITEM_CHARACTERS) for one in facts.watch.warnings()],
            "trouble": digest.coverage.trouble,
            "coverage_title": facts.words.say("coverage"),
            "read": facts.watch.read(),
            "rows": [_cut(row, facts) for row in facts.watch.rows()],
            "totals": facts.watch.totals(),
            "hidden": figures.hidden(),
            "road": _short(facts.watch.road(), _ITEM_CHARACTERS),
            "charts": [_drawn(chart) for chart in figures.charts()],
            "charts_title": figures.title(),
            "outlets": figures.outlets(),
            "outlets_title": facts.words.say("new_outlets"),
        }

    def _made(self) -> list[_Story]:
        """Return the stories in order, those that weigh most in full: as many as could fit onto a page of nothing else."""
        stories, shown = [], {}
        for section in self._digest.sections:
            for group in section.groups:
                level = 4 if self._facts.group(section, group) else 3
                for line in group.lines:
                    shown[line.id] = self._line(line)
                    stories.append(_Story(line, level, self._macros.brief(shown[line.id])))
        room = LIMIT
        for story in sorted(stories, key=lambda one: -one.line.weight):
            if room > 0 and not story.line.passing:
                story.full = self._macros.full(shown[story.line.id], story.level, story.line.id == self._top)
                room -= len(story.full)
        return stories

    def _sections(self, how: dict[str, Shown]) -> Iterator[dict[str, Any]]:
        for section in self._digest.sections:
            groups = []
            for group in section.groups:
                # In order of weight within the group, but whole stories before bare headlines.
                lines = sorted(group.lines, key=lambda line: how[line.id] is not Shown.FULL)
                body = Markup().join(self._stories[line.id].as_shown(how[line.id]) for line in lines)
                groups.append({"title": _short(self._facts.group(section, group), _TEXT_CHARACTERS), "body": body})
            yield {
                "title": _short(self._facts.section(section), _TEXT_CHARACTERS),
                "count": self._facts.words.number(len(section.lines)),
                "groups": groups,
            }

    def _update(self, one: Update) -> dict[str, Any]:
        return {
            "url": safe_url(one.url),
            "text": _short(plain(one.headline), _TEXT_CHARACTERS),
            "lang": one.language if LANGUAGE_TAG.match(one.language) else "",
            "meta": _short(" · ".join(self._facts.update(one)), _TEXT_CHARACTERS),
            "changes": [_short(change, _TEXT_CHARACTERS) for change in self._facts.changes(one)],
        }

    def _line(self, line: Line) -> dict[str, Any]:
        facts = self._facts
        outlet, moment, *_ = facts.meta(line)
        more = len(line.also) - _OTHERS_SHOWN
        return {
            "id": line.id,
            "url": safe_url(line.url),
            "headline": clean_spans(line.headline_spans),
            "text": plain(line.headline),
            "lang": line.language if LANGUAGE_TAG.match(line.language) else "",
            "outlet": outlet,
            "moment": moment,
            "language": plain(line.language).upper(),
            "badges": facts.badges(line),
            "excerpt": clean_spans(line.excerpt),
            "also": facts.also(line),
            "others": [{"name": facts.other(one, line), "url": safe_url(one.url)} for one in line.also[:_OTHERS_SHOWN]],
            "more": f" {facts.words.say('more_outlets', n=facts.words.number(more))}" if more > 0 else "",
            "why": facts.why(line),
        }


def _cut(row: Row, facts: Facts) -> Row:
    """Keep a row of the coverage box from filling the page."""
    items = [_short(item, _ITEM_CHARACTERS) for item in row.items[:_ROW_ITEMS]]
    if rest := len(row.items) - len(items):
        items.append(facts.words.say("more", n=facts.words.number(rest)))
    return Row(_short(row.label, _ITEM_CHARACTERS), tuple(items))


def _short(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _drawn(chart: Chart) -> dict[str, Any]:
    shown: dict[str, Any] = {"label": chart.label, "said": chart.said, "ends": chart.ends}
    if chart.days:
        return shown | picture_of_days([n for _, n in chart.days])
    return shown | {"parts": picture_of_parts([share.part for share in chart.shares])}


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    return environment(Path(__file__).with_name("templates")).get_template("digest.html.j2")
