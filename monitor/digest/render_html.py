"""The digest as one HTML page that is also a mail: tables, styles on the elements, nothing loaded from elsewhere."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import css_inline
import jinja2

from monitor.digest.dates import BabelCalendar
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.record import Digest, Line
from monitor.digest.safe import plain, safe_url

_TAG_OF_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")


def render_html(digest: Digest) -> str:
    """Render as HTML; the part of the style sheet that depends on the reader's screen stays in the head."""
    facts = Facts(digest, BabelCalendar(digest.language))
    page = _template().render(
        language=digest.language,
        subject=plain(digest.subject),
        heading=facts.heading(),
        day=facts.day(),
        sum=facts.sum(),
        new=facts.new(),
        window=facts.window(),
        empty=facts.empty(),
        quiet=facts.quiet(),
        sections=[
            {
                "topic": facts.topic(section.topic),
                "count": facts.words.number(len(section.lines)),
                "lines": [_line(facts, one) for one in section.lines],
            }
            for section in digest.sections
        ],
        trouble=digest.coverage.trouble,
        coverage_title=facts.words.say("coverage"),
        read=facts.read(),
        rows=facts.coverage(),
        totals=facts.totals(),
        colon=facts.colon,
        comma=facts.words.say("list"),
    )
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return str(inliner.inline(page)).rstrip() + "\n"


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("digest.html.j2")


def _line(facts: Facts, line: Line) -> dict[str, Any]:
    outlet, moment, *_ = facts.meta(line)
    return {
        "id": line.id,
        "url": safe_url(line.url),
        "headline": clean_spans(line.headline_spans),
        "lang": line.language if _TAG_OF_LANGUAGE.match(line.language) else "",
        "outlet": outlet,
        "moment": moment,
        "language": plain(line.language).upper(),
        "badges": facts.badges(line),
        "excerpt": clean_spans(line.excerpt),
        "also": facts.also(line),
        "others": [{"name": facts.other(one, line), "url": safe_url(one.url)} for one in line.also],
        "why": facts.why(line),
    }
