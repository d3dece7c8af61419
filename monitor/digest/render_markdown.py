"""The digest as Markdown (CommonMark), for wikis, chats and issues."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.digest.dates import BabelCalendar
from monitor.digest.facts import Facts, clean_spans
from monitor.digest.record import Digest, Line, Span
from monitor.digest.safe import plain, safe_url

_SPECIAL = re.compile(r"([\\`*_\[\]<>&~|#$!^])")
# Bare addresses and names that some dialects turn into links and calls by themselves.
_AUTOLINK = re.compile(r"(?i)(:)(?=//)|(?<=www)(\.)|(@)|(?<=mailto)(:)|(?<=xmpp)(:)")
_BLOCK = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")


def render_markdown(digest: Digest) -> str:
    """Render as Markdown in which no word of an article is markup."""
    facts = Facts(digest, BabelCalendar(digest.language))
    blocks = [
        f"# {escape(facts.heading())}",
        f"**{escape(facts.day())}** — {escape(facts.sum())}",
        f"*{escape(facts.window())}*",
    ]
    if not digest.sections:
        blocks.append(escape(facts.empty()))
    for section in digest.sections:
        blocks.append(f"## {escape(facts.topic(section.topic))} ({len(section.lines)})")
        blocks += [_line(facts, line) for line in section.lines]
    if quiet := facts.quiet():
        blocks.append(f"*{escape(quiet)}*")
    blocks += ["---", _coverage(facts, trouble=digest.coverage.trouble)]
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


def _line(facts: Facts, line: Line) -> str:
    rows = [
        f"### {_link(_marked(line.headline_spans), line.url)}",
        " · ".join((*(escape(part) for part in facts.meta(line)), *(f"*{escape(badge)}*" for badge in facts.badges(line)))),
    ]
    if line.excerpt:
        rows.append(f"> {_marked(line.excerpt)}")
    if line.also:
        others = (_link(escape(facts.other(other, line)), other.url) for other in line.also)
        rows.append(f"{escape(facts.also(line))}{facts.colon}{facts.words.say('list').join(others)}")
    rows.append(" · ".join(filter(None, (f"`{line.id}`", escape(facts.why(line))))))
    return "\n\n".join(rows)


def _coverage(facts: Facts, *, trouble: bool) -> str:
    head = f"{facts.words.say('coverage')}{facts.colon}{facts.read()}"
    rows = [f"**{'⚠ ' if trouble else ''}{escape(head)}**", ""]
    for row in facts.coverage():
        rows.append(f"- {escape(row.label)}")
        rows += [f"  - {escape(item)}" for item in row.items]
    return "\n".join([*rows, *([""] if rows[-1] else []), escape(facts.totals())])


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
