"""The sentences that the shapes for people share: what is said of a story and of the watch, in the digest's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from monitor.digest.record import Digest, Group, Kind, Line, Other, Section, Span, Update
from monitor.digest.safe import plain
from monitor.digest.watch_words import Watch
from monitor.digest.words import Calendar, Words, words_of
from storage.items import Ownership


class Facts:
    """What a digest says in words; `calendar` writes its dates. `watch` says what the watch did."""

    def __init__(self, digest: Digest, calendar: Calendar) -> None:
        self._digest = digest
        self._calendar = calendar
        self.words: Words = words_of(digest.language)
        self.colon = self.words.say("colon")  # French sets a blank before it
        self.watch = Watch(digest.coverage, self.words, self.when)

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
        return " · ".join(filter(None, (self.new(), self.updated(), self.watch.read())))

    def updated(self) -> str:
        """How many told stories have changed; "" for none."""
        updates = self._digest.updates
        return self.words.count("updated_stories", len(updates)) if updates else ""

    def new(self) -> str:
        """How many stories are new."""
        return self.words.count("new", self._digest.count)

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

    def update(self, one: Update) -> list[str]:
        """Which story an update is of, where and when it was seen, and when the story was told."""
        outlet = plain(one.outlet).strip() or self.words.say("unknown_outlet")
        told = [self.words.say("told_on", when=self.short(date.fromisoformat(one.told_on)))] if one.told_on else []
        return [self.words.say("update_of", id=one.id), outlet, self.words.say("updated", when=self.when(one.at)), *told]

    def changes(self, one: Update) -> list[str]:
        """What is new of it: the headline before, and words that were not there."""
        say = self.words.say
        was = [f"{say('headline_before')}{self.colon}{say('quote', text=plain(one.was).strip())}"] if one.was else []
        added = [f"{say('added')}{self.colon}{say('quote', text=plain(one.added).strip())}"] if one.added else []
        return [*was, *added]

    def also(self, line: Line) -> str:
        """How many other outlets carry it; "" for none."""
        return self.words.count("also", len(line.also)) if line.also else ""

    def other(self, other: Other, line: Line) -> str:
        """Another outlet's name, with its language where that differs from the main article's."""
        name = plain(other.outlet).strip() or self.words.say("unknown_outlet")
        return f"{name} ({plain(other.language)})" if other.language and other.language != line.language else name


def clean_spans(spans: Iterable[Span]) -> list[Span]:
    """Return spans with plain text, the empty ones left out."""
    cleaned = (Span(text=plain(span.text), marked=span.marked) for span in spans)
    return [span for span in cleaned if span.text]
