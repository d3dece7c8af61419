"""The digest as Markdown (CommonMark), for wikis, chats and issues."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.digest.dates import BabelCalendar
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Figures
from monitor.digest.record import Digest, Kind, Line, Span, Update
from monitor.digest.safe import plain, safe_url

_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|#$!^])")
# Bare addresses and names that some dialects turn into links and calls by themselves.
_AUTOLINK = re.compile(r"(?i)(:)(?=//)|(?<=www)(\.)|(@)|(?<=mailto)(:)|(?<=xmpp)(:)")
_BLOCK = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")


def render_markdown(digest: Digest) -> str:
    """Render as Markdown in which no word of an article is markup."""
    facts = Facts(digest, BabelCalendar(digest.language))
    figures = Figures(digest, facts)
    blocks = [
        f"# {escape(facts.heading())}",
        *(f"**⚠ {escape(alarm)}**" for alarm in facts.watch.alarms()),
        f"**{escape(facts.day())}** — {escape(facts.sum())}",
        f"*{escape(facts.window())}*",
        *(f"⚠ {escape(warning)}" for warning in facts.watch.warnings()),
    ]
    blocks.append(escape(figures.lead() or facts.empty()))
    for section in digest.sections:
        blocks.append(f"## {escape(facts.section(section))} ({len(section.lines)})")
        for group in section.groups:
            title = facts.group(section, group)
            if title:
                blocks.append(f"### {escape(title)}")
            if section.kind is Kind.BRIEF:
                blocks.append("\n".join(_brief(facts, line) for line in group.lines))
            else:
                blocks += [_line(facts, line, 4 if title else 3) for line in group.lines]
    if digest.updates:
        blocks.append(f"## {escape(facts.words.say('updates'))} ({len(digest.updates)})")
        blocks += [_update(facts, one) for one in digest.updates]
    if quiet := facts.quiet():
        blocks.append(f"*{escape(quiet)}*")
    blocks += _trend(facts, figures)
    blocks += ["---", _coverage(facts, figures, trouble=digest.coverage.trouble)]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Return `text` on one line, to be shown as it is: no markup, no HTML, no link that makes itself."""
    text = _SPECIAL.sub(r"\\\1", plain(text))
    text = _AUTOLINK.sub(lambda found: "\\" + found[0], text)
    block = _BLOCK.match(text)
    if block:
        at = block.end() if block[2].isdigit() else block.start(2)
        text = f"{text[:at]}\\{text[at:]}"
    return text.strip()


def _brief(facts: Facts, line: Line) -> str:
    return f"- {_link(escape(line.headline), line.url)} · {escape(facts.meta(line)[0])} · `{line.id}`"


def _update(facts: Facts, one: Update) -> str:
    rows = [f"### {_link(escape(one.headline), one.url)}", " · ".join(escape(part) for part in facts.update(one))]
    return "\n\n".join((*rows, *(escape(change) for change in facts.changes(one))))


def _trend(facts: Facts, figures: Figures) -> list[str]:
    charts = figures.charts()
    if not charts:
        return []
    rows = [f"- {escape(chart.label)}{facts.colon}{f'{chart.bars} ' if chart.days else ''}{escape(chart.said)}" for chart in charts]
    if outlets := figures.outlets():
        rows.append(f"- {escape(facts.words.say('new_outlets'))}{facts.colon}{escape(outlets)}")
    return [f"## {escape(figures.title())}", "\n".join(rows)]


def _line(facts: Facts, line: Line, level: int) -> str:
    rows = [
        f"{'#' * level} {_link(_marked(line.headline_spans), line.url)}",
        " · ".join((*(escape(part) for part in facts.meta(line)), *(f"*{escape(badge)}*" for badge in facts.badges(line)))),
    ]
    if line.excerpt:
        rows.append(f"> {_marked(line.excerpt)}")
    if line.also:
        others = (_link(escape(facts.other(other, line)), other.url) for other in line.also)
        rows.append(f"{escape(facts.also(line))}{facts.colon}{facts.words.say('list').join(others)}")
    rows.append(" · ".join(filter(None, (f"`{line.id}`", escape(facts.why(line))))))
    return "\n\n".join(rows)


def _coverage(facts: Facts, figures: Figures, *, trouble: bool) -> str:
    head = f"{facts.words.say('coverage')}{facts.colon}{facts.watch.read()}"
    rows = [f"**{'⚠ ' if trouble else ''}{escape(head)}**", ""]
    for row in facts.watch.rows():
        rows.append(f"- {escape(row.label)}")
        rows += [f"  - {escape(item)}" for item in row.items]
    rows += [*([""] if rows[-1] else []), escape(facts.watch.totals())]
    if hidden := figures.hidden():
        rows += ["", escape(hidden)]
    if road := facts.watch.road():
        rows += ["", escape(road)]
    return "\n".join(rows)


def _marked(spans: Iterable[Span]) -> str:
    """Bold the marked runs; blanks and the escaping of a line's begin stay outside of the stars."""
    cleaned = clean_spans(spans)
    runs = []
    for number, span in enumerate(cleaned):
        # Only the very first run can begin a line; the others are guarded against being stripped.
        shown = escape(span.text) if number == 0 else escape(f"x{span.text}")[1:]
        before = " " if span.text[:1] == " " and number else ""
        after = " " if span.text[-1:] == " " and number < len(cleaned) - 1 else ""
        shown = shown.strip()
        runs.append(f"{before}{f'**{shown}**' if span.marked and shown else shown}{after}" if shown else " ")
    return "".join(runs)


def _link(text: str, url: str) -> str:
    url = safe_url(url)
    return f"[{text}](<{url}>)" if url else text
