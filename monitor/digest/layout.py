"""Lay a digest out as lines of characters, for a terminal and for plain text. Standard library only: this must start at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from monitor.digest.facts import Facts, clean_spans
from monitor.digest.figures import Figures
from monitor.digest.handdates import HandCalendar
from monitor.digest.record import Digest, Kind, Line, Section, Span
from monitor.digest.safe import plain, safe_url, terminal_url

# `plain` takes controls out of all content, so these two can only be ours; they are exchanged for a style when a line is ready.
_ON, _OFF = "\x01", "\x02"


@dataclass(frozen=True)
class Style:
    """Begin of each style as an escape sequence; all empty where nothing is coloured."""

    bold: str = ""
    dim: str = ""
    accent: str = ""
    alert: str = ""
    mark: str = ""
    reset: str = ""
    hyperlinks: bool = False  # OSC 8: a headline can be opened, so its address need not be written out

    def on(self, begin: str, text: str) -> str:
        """Return `text` in a style."""
        return f"{begin}{text}{self.reset}" if begin else text


def columns(text: str) -> int:
    """Return how many columns `text` takes in a terminal."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Break `text` at blanks so that no line is wider than `width` columns; a word that is too wide is cut."""
    room = max(width - columns(indent), 10)
    lines: list[str] = []
    current, used = "", 0
    for word in text.split(" "):
        size = columns(word)
        if current and used + 1 + size > room:
            lines.append(indent + current)
            current, used = "", 0
        if size > room:
            *full, word = _cut(word, room)
            lines += [indent + piece for piece in full]
            size = columns(word)
        current, used = (f"{current} {word}", used + 1 + size) if current else (word, size)
    return [*lines, indent + current] if current else lines


def _cut(word: str, room: int) -> list[str]:
    pieces, current, used = [], "", 0
    for character in word:
        size = _columns_of(character)
        if used + size > room:
            pieces.append(current)
            current, used = "", 0
        current += character
        used += size
    return [*pieces, current]


def lay_out(digest: Digest, *, width: int, style: Style, links: bool) -> str:
    """Return the digest as text that ends in a newline.

    Args:
        digest: what to show.
        width: columns; only addresses may be longer, a cut one could not be opened.
        style: escape sequences, or none.
        links: give the addresses of the other outlets too.
    """
    return _Sheet(digest, width, style, links).text()


class _Sheet:
    def __init__(self, digest: Digest, width: int, style: Style, links: bool) -> None:
        self._digest = digest
        self._facts = Facts(digest, HandCalendar(digest.language))
        self._figures = Figures(digest, self._facts)
        self._width = width
        self._style = style
        self._links = links
        self._out: list[str] = []

    def text(self) -> str:
        facts, style = self._facts, self._style
        self._put(f"{facts.heading()} · {facts.day()}", style.bold)
        for alarm in facts.watch.alarms():
            self._put(f"!! {alarm}", style.alert, hanging="   ")
        self._put(facts.sum(), style.alert if self._digest.coverage.trouble else "")
        self._put(facts.window(), style.dim)
        for warning in facts.watch.warnings():
            self._put(f"! {warning}", style.alert, hanging="  ")
        if lead := self._figures.lead():
            self._gap()
            self._put(lead)
        if not self._digest.sections:
            self._gap()
            self._put(facts.empty())
        for section in self._digest.sections:
            self._section(section)
        self._updates()
        if quiet := facts.quiet():
            self._gap()
            self._put(quiet, style.dim)
        self._trend()
        self._coverage()
        return "\n".join(self._out) + "\n"

    def _section(self, section: Section) -> None:
        facts, style = self._facts, self._style
        self._gap()
        self._put(f"{facts.section(section)} ({facts.words.number(len(section.lines))})", style.accent)
        self._rule()
        between = False
        for group in section.groups:
            title = facts.group(section, group)
            if title:
                if between:
                    self._gap()
                self._put(f"— {title}", style.accent)
                between = False
            for line in group.lines:
                if between and section.kind is not Kind.BRIEF:
                    self._gap()
                between = True
                if section.kind is Kind.BRIEF:
                    self._brief(line)
                else:
                    self._line(line)

    def _updates(self) -> None:
        facts, style, updates = self._facts, self._style, self._digest.updates
        if not updates:
            return
        self._gap()
        self._put(f"{facts.words.say('updates')} ({facts.words.number(len(updates))})", style.accent)
        self._rule()
        for number, one in enumerate(updates):
            if number:
                self._gap()
            self._put(plain(one.headline).strip(), style.bold, hanging="  ", url=one.url)
            self._put(" · ".join(facts.update(one)), style.dim, "  ")
            for change in facts.changes(one):
                self._put(change, "", "  ")
            self._address(one.url, "  ")

    def _trend(self) -> None:
        figures, facts, style = self._figures, self._facts, self._style
        charts = figures.charts()
        if not charts:
            return
        self._gap()
        self._put(figures.title(), style.accent)
        self._rule()
        for chart in charts:
            if chart.days:
                self._put(f"{chart.label}{facts.colon}{chart.said}", "", "  ", hanging="  ")
                self._put(f"{chart.ends[0]} {chart.bars} {chart.ends[1]}", style.dim, "    ")
            else:
                self._put(f"{chart.label}{facts.colon}{chart.said}", "", "  ", hanging="  ")
        if outlets := figures.outlets():
            self._put(f"{facts.words.say('new_outlets')}{facts.colon}{outlets}", "", "  ", hanging="  ")

    def _line(self, line: Line) -> None:
        facts, style = self._facts, self._style
        self._put(_marked(line.headline_spans), style.bold, hanging="  ", url=line.url)
        self._put(" · ".join((*facts.meta(line), *facts.badges(line))), style.dim, "  ")
        if line.excerpt:
            self._put(_marked(line.excerpt), "", "  ")
        why = facts.why(line)
        self._put(f"{line.id} · {why}" if why else line.id, style.dim, "  ")
        if line.also:
            names = [facts.other(other, line) for other in line.also]
            if self._links:
                self._put(f"{facts.also(line)}{facts.colon}".rstrip(), "", "  ")
                for name, other in zip(names, line.also, strict=True):
                    self._put(f"- {name}", "", "    ")
                    self._address(other.url, "      ")
            else:
                self._put(f"{facts.also(line)}{facts.colon}{facts.words.say('list').join(names)}", "", "  ")
        self._address(line.url, "  ")

    def _brief(self, line: Line) -> None:
        outlet = self._facts.meta(line)[0]
        self._put(f"{line.id} · {plain(line.headline).strip()} · {outlet}", "", "  ", hanging="  ", url=line.url)
        self._address(line.url, "    ")

    def _coverage(self) -> None:
        facts, style = self._facts, self._style
        trouble = self._digest.coverage.trouble
        self._gap()
        self._rule()
        self._put(f"{facts.words.say('coverage')}{facts.colon}{facts.watch.read()}", style.alert if trouble else style.bold)
        for row in facts.watch.rows():
            self._put(f"{row.label}{facts.colon}".rstrip() if row.items else row.label, style.alert, "  ")
            for item in row.items:
                self._put(f"- {item}", "", "    ")
        self._put(facts.watch.totals(), style.dim, "  ")
        if hidden := self._figures.hidden():
            self._put(hidden, style.dim, "  ")
        if road := facts.watch.road():
            self._put(road, style.dim, "  ")

    def _put(self, text: str, begin: str = "", indent: str = "", hanging: str = "", url: str = "") -> None:
        style = self._style
        url = terminal_url(url) if style.hyperlinks else ""
        for number, line in enumerate(wrap(text, self._width - len(hanging), indent)):
            shown = line.replace(_ON, style.mark).replace(_OFF, style.reset + begin if style.reset else "")
            shown = style.on(begin, (hanging if number else "") + shown)
            # One link a line, all with one id, so that a terminal underlines a broken headline as a whole.
            self._out.append(f"\x1b]8;id={len(self._out) - number};{url}\x1b\\{shown}\x1b]8;;\x1b\\" if url else shown)

    def _address(self, url: str, indent: str) -> None:
        if not self._style.hyperlinks and (url := safe_url(url)):
            self._out.append(indent + self._style.on(self._style.accent, url))

    def _rule(self) -> None:
        self._out.append(self._style.on(self._style.dim, "─" * self._width))

    def _gap(self) -> None:
        self._out.append("")


def _marked(spans: tuple[Span, ...]) -> str:
    return "".join(f"{_ON}{span.text}{_OFF}" if span.marked else span.text for span in clean_spans(spans))
