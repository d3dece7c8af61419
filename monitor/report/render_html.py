"""A report as one page, in the digest's dress: nothing loaded from elsewhere, made to be printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from monitor.digest.dates import BabelCalendar
from monitor.digest.dress import environment, media, picture_of_days, picture_of_parts, styled
from monitor.digest.safe import LANGUAGE_TAG, POLICY
from monitor.digest.words import Words, words_of

if TYPE_CHECKING:
    from monitor.report.build import Report

_STORIES, _OUTLETS, _LANGUAGES = 20, 25, 8
_DAILY = 92  # days that are drawn one by one; a longer window is drawn by weeks


def render_report(report: Report, language: str) -> str:
    """Render as HTML with words in `language` (en, vi or fr)."""
    words = words_of(language)
    calendar = BabelCalendar(words.language)
    say, number = words.say, words.number
    total = len(report.articles)
    bars, unit = _bars(report)
    peak_day, peak = max(bars, key=lambda pair: pair[1], default=(report.first, 0))
    kinds = [(_kind(one.name, words), one.n, words.percent(one.n / total)) for one in report.ownership]
    page = _template().render(
        s=styled(),
        media=media(),
        policy=POLICY,
        language=words.language,
        say=say,
        number=number,
        count=words.count,
        title=f"{say('report')}{words.say('colon')}{words.say('list').join(report.topics)}",
        topics=say("list").join(report.topics),
        period=say("period", first=calendar.long(report.first), last=calendar.long(report.last)),
        zone=say("times", zone=report.timezone),
        made=say("made_on", day=calendar.long(report.made.date())),
        lead=" · ".join(
            (words.count("articles", total), words.count("stories", len(report.stories)), words.count("outlets", len(report.outlets)))
        ),
        passing=f"{say('brief')}{say('colon')}{number(report.passing)}" if report.passing else "",
        empty=not total,
        days=picture_of_days([n for _, n in bars]) if total else None,
        days_label=say(unit),
        days_said=say("peak", day=calendar.short(peak_day), n=number(peak)),
        ends=(calendar.short(report.first), calendar.short(report.last)),
        voices=[(one, words.percent(one.part)) for one in report.voices],
        voices_picture=picture_of_parts([one.part for one in report.voices]),
        voices_said=say("list").join(f"{one.topic} {words.percent(one.part)}" for one in report.voices),
        ownership=kinds,
        ownership_picture=picture_of_parts([one.n / total for one in report.ownership]),
        ownership_said=say("list").join(f"{name} {part}" for name, _, part in kinds),
        languages=[(words.language_name(one.name), one.n, words.percent(one.n / total)) for one in report.languages[:_LANGUAGES]],
        stories=[
            {
                "row": one,
                "day": calendar.short(one.day),
                "lang": one.language if LANGUAGE_TAG.match(one.language) else "",
                "headline": one.headline or say("untitled"),
            }
            for one in report.stories[:_STORIES]
        ],
        outlets=[{"row": one, "kind": _kind(one.ownership.value, words)} for one in report.outlets[:_OUTLETS]],
        more_outlets=max(len(report.outlets) - _OUTLETS, 0),
    )
    return str(page).rstrip() + "\n"


def _kind(ownership: str, words: Words) -> str:
    return words.say({"release": "is_release"}.get(ownership, ownership))


def _bars(report: Report) -> tuple[Sequence[tuple[date, int]], str]:
    """Return the bars of the timeline and the key of their label: days, or weeks by their first day."""
    if len(report.days) <= _DAILY:
        return report.days, "per_day"
    weeks: Counter[date] = Counter()
    for day, n in report.days:
        weeks[day - timedelta(days=(day - report.first).days % 7)] += n
    return sorted(weeks.items()), "per_week"


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    return environment(Path(__file__).with_name("templates")).get_template("report.html.j2")
