"""The sentences that the shapes for people share: what is said of a story and of the watch, in the digest's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.digest.record import Digest, Group, Kind, Line, Other, Section, Span, Trouble
from monitor.digest.safe import plain
from monitor.digest.words import Calendar, Words, words_of
from storage.items import Notice, Ownership

_NAMES_SHOWN = 12  # of sources that were silent or not asked; failing ones are always all named, but together from there on


@dataclass(frozen=True)
class Row:
    """One fact of the coverage box: a label and what falls under it."""

    label: str
    items: tuple[str, ...] = ()


class Facts:
    """What a digest says in words; `calendar` writes its dates."""

    def __init__(self, digest: Digest, calendar: Calendar) -> None:
        self._digest = digest
        self._calendar = calendar
        self.words: Words = words_of(digest.language)
        self.colon = self.words.say("colon")  # French sets a blank before it

    def when(self, moment: datetime) -> str:
        """Write a local moment as seen from the digest's day."""
        return self._calendar.moment(moment, self._digest.day)

    def short(self, day: date) -> str:
        """Write a day without its year."""
        return self._calendar.short(day)

    # ------------------------------------------------------------------ the frame

    def day(self) -> str:
        """The digest's day in full."""
        return self._calendar.full(self._digest.day)

    def heading(self) -> str:
        """Title, and which edition of the day it is where there are several."""
        digest = self._digest
        title = plain(digest.title).strip()
        return f"{title} · {self.words.say('edition', number=digest.edition)}" if digest.edition > 1 else title

    def sum(self) -> str:
        """How much is new and how much of the watch stands behind it: "0 new · 41 of 42 sources read"."""
        return f"{self.new()} · {self.read()}"

    def new(self) -> str:
        """How many stories are new."""
        return self.words.count("new", self._digest.count)

    def read(self) -> str:
        """How many sources were read of those that were due."""
        coverage = self._digest.coverage
        if not coverage.due:
            return self.words.say("no_sources")
        return self.words.count("read", coverage.read, due=self.words.number(coverage.due))

    def window(self) -> str:
        """From when to when, and in which time zone."""
        digest, say = self._digest, self.words.say
        since = say("window", since=self.when(digest.since)) if digest.since else say("first")
        return " · ".join((since, say("until", until=self.when(digest.until)), say("times", zone=plain(digest.timezone))))

    def empty(self) -> str:
        """What stands in place of stories: nothing new, or nothing known."""
        coverage = self._digest.coverage
        return self.words.say("no_news" if coverage.read else "unread")

    def quiet(self) -> str:
        """The watched topics without a story; "" where each has one or none has."""
        digest = self._digest
        return self.words.say("quiet", topics=self.join(digest.quiet)) if digest.quiet and digest.sections else ""

    def topic(self, topic: str) -> str:
        """A section's title."""
        return plain(topic).strip() or self.words.say("other")

    def section(self, section: Section) -> str:
        """A section's title."""
        return self.topic(section.topic) if section.kind is Kind.TOPIC else self.words.say(section.kind.value)

    def group(self, section: Section, group: Group) -> str:
        """A group's title; "" where the section's own is enough."""
        if section.kind is Kind.JOINT:
            return " + ".join(plain(topic).strip() for topic in group.topics)
        if group.unit:
            return plain(group.unit).strip()
        return self.words.say("itself", topic=self.topic(section.topic)) if len(section.groups) > 1 else ""

    def join(self, names: Iterable[str]) -> str:
        """Names in a row."""
        return self.words.say("list").join(plain(name).strip() for name in names)

    # ------------------------------------------------------------------ a story

    def meta(self, line: Line) -> list[str]:
        """Outlet, moment, language."""
        outlet = plain(line.outlet).strip() or self.words.say("unknown_outlet")
        return [outlet, self.dated(line), *([plain(line.language)] if line.language else [])]

    def dated(self, line: Line) -> str:
        """When it was published, told as a date where it is old news, or else when it was seen."""
        if line.published is None:
            return self.words.say("seen", when=self.when(line.first_seen))
        if line.old:
            return self.words.say("published", when=self._calendar.long(line.published.date()))
        return self.when(line.published)

    def badges(self, line: Line) -> list[str]:
        """What a reader must know before trusting or forwarding the line."""
        say = self.words.say
        shown = []
        if line.updated:
            shown.append(say("updated", when=self.when(line.updated)))
        if line.ownership is Ownership.RELEASE:
            shown.append(say("is_release"))
        elif line.ownership is not Ownership.EARNED:
            shown.append(say(line.ownership.value))
        if line.release_origin and line.ownership is not Ownership.RELEASE:
            shown.append(say("release", outlet=plain(line.release_origin).strip()))
        shown += [say(word) for word in ("headline_only", "passing", "baseline", "opaque") if getattr(line, word)]
        if line.copies:
            shown.append(self.words.count("copies", line.copies))
        return shown

    def why(self, line: Line) -> str:
        """Why the story is here: the words found, where, whose they are and how sure; then its other topics."""
        parts = []
        if line.why:
            say = self.words.say
            where = line.why.where if line.why.where in {"title", "summary"} else "text"
            parts.append(say("why", alias=say("quote", text=plain(line.why.alias).strip()), where=say(f"in_{where}")))
            if line.why.unit:
                parts.append(plain(line.why.unit).strip())
            parts.append(say("score", score=self.words.score(line.why.score)))
        if len(line.topics) > 1:
            parts.append(self.words.say("also_about", topics=self.join(line.topics[1:])))
        return " · ".join(parts)

    def also(self, line: Line) -> str:
        """How many other outlets carry it; "" for none."""
        return self.words.count("also", len(line.also)) if line.also else ""

    def other(self, other: Other, line: Line) -> str:
        """Another outlet's name, with its language where that differs from the main article's."""
        name = plain(other.outlet).strip() or self.words.say("unknown_outlet")
        return f"{name} ({plain(other.language)})" if other.language and other.language != line.language else name

    # ------------------------------------------------------------------ the watch

    def coverage(self) -> list[Row]:
        """The rows of the coverage box under its first line; empty where all is well."""
        coverage = self._digest.coverage
        rows = []
        if coverage.failing:
            rows.append(Row(self.words.count("failing", len(coverage.failing)), self._all_failing(coverage.failing)))
        if coverage.never:
            rows.append(Row(self.words.count("never", len(coverage.never)), self._some([plain(name) for name in coverage.never])))
        if coverage.silent:
            rows.append(Row(self.words.count("silent", len(coverage.silent)), self._some([self._silent(one) for one in coverage.silent])))
        if coverage.gaps:
            rows.append(Row(self.words.count("gaps", coverage.gaps)))
        return rows + [Row(self._notice(one)) for one in coverage.notices]

    def totals(self) -> str:
        """What the watch saw, kept and left out, and when it looked last."""
        coverage, words = self._digest.coverage, self.words
        last = words.say("last_crawl", when=self.when(coverage.last_crawl)) if coverage.last_crawl else words.say("never_crawled")
        counted = [words.count(word, getattr(coverage, word)) for word in ("entries", "kept", "suppressed")]
        return " · ".join((*counted, last))

    def _all_failing(self, failing: Sequence[Trouble]) -> tuple[str, ...]:
        """Name every source that fails: each by itself, or, where they are many, those that fail alike together."""
        if len(failing) <= _NAMES_SHOWN:
            return tuple(f"{plain(one.name).strip()}{self.colon}{self._reason(one)}" for one in failing)
        alike: dict[str, list[str]] = {}
        for one in failing:
            alike.setdefault(self._reason(one), []).append(plain(one.name).strip())
        return tuple(
            f"{reason}{self.colon}{self.words.say('list').join(dict.fromkeys(names))}"
            for reason, names in sorted(alike.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        )

    def _reason(self, one: Trouble) -> str:
        said = plain(self.words.reason(one.reason, one.detail)).strip()
        return f"{said}, {self.words.say('since', when=self.when(one.since))}" if one.since else said

    def _notice(self, one: Notice) -> str:
        return self.words.notice(one.kind, one.count, when=self.when(one.at), detail=plain(one.detail).strip())

    def _silent(self, one: Trouble) -> str:
        said = self.words.say("nothing_since", when=self.when(one.since)) if one.since else self.words.say("nothing_new")
        return f"{plain(one.name).strip()}{self.colon}{said}"

    def _some(self, items: Sequence[str]) -> tuple[str, ...]:
        if len(items) <= _NAMES_SHOWN + 1:
            return tuple(items)
        rest = self.words.say("more", n=self.words.number(len(items) - _NAMES_SHOWN))
        return (*items[:_NAMES_SHOWN], rest)


def clean_spans(spans: Iterable[Span]) -> list[Span]:
    """Return spans with plain text, the empty ones left out."""
    cleaned = (Span(text=plain(span.text), marked=span.marked) for span in spans)
    return [span for span in cleaned if span.text]
