"""What a digest says, as plain records: every shape shows these facts and adds none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from storage.condition import Ail, Notice, SecondRoad
from storage.items import Ownership


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A run of words; `marked` where it is the watched name."""

    text: str
    marked: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """Why a story is here: the words that were found, whose they are, how sure, and where they stand."""

    topic: str
    alias: str
    unit: str  # "" for the topic itself
    score: float
    where: str  # "title", "summary" or "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Other:
    """Another outlet that carries the story."""

    outlet: str
    url: str  # "" where the address is none that may be opened
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One story, told by its main article; moments are in the digest's time zone."""

    id: str  # "s12"
    guid: str  # a tag: URI, the same in every edition
    headline: str
    headline_spans: tuple[Span, ...]
    url: str
    outlet: str
    language: str
    published: datetime | None  # None where nobody knows
    first_seen: datetime
    old: bool = False  # published long before it was seen: shown with its date
    snippet: tuple[Span, ...] = ()
    why: Why | None = None
    also: tuple[Other, ...] = ()
    topics: tuple[str, ...] = ()  # the section's topic first
    about: tuple[str, ...] = ()  # those of them that are not only named in passing
    updated: datetime | None = None
    headline_only: bool = False
    passing: bool = False
    baseline: bool = False  # older than the watch
    opaque: bool = False  # the address is an aggregator's
    release_origin: str = ""  # outlet of the press release among the story's articles
    ownership: Ownership = Ownership.EARNED
    copies: int = 0  # near-verbatim copies of the main article, beside it
    articles: int = 1  # of the story
    weight: float = 0.0  # what it is ranked by, see `rank`

    @property
    def outlets(self) -> int:
        """How many outlets carry the story."""
        return 1 + len(self.also)

    @property
    def excerpt(self) -> tuple[Span, ...]:
        """The snippet, unless it would say the headline twice."""
        text = "".join(span.text for span in self.snippet).strip()
        said = text.strip(" .…")
        if not said or said in self.headline:
            return ()
        # It is cut out of a longer text: say so where it begins or ends within a sentence.
        before = (Span(text="… "),) if text[0].islower() else ()
        after = (Span(text=" …"),) if text[-1].isalnum() or text[-1] in ",;:-–" else ()
        return (*before, *self.snippet, *after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """A story that was told before, and what has changed of it since."""

    id: str  # "s12"
    guid: str  # the story's own, the same in every edition
    headline: str  # as it is now
    url: str
    outlet: str
    language: str
    at: datetime  # when the change was seen
    was: str = ""  # the headline before, where it changed
    added: str = ""  # the first new words of the text
    told_on: str | None = None  # day of the digest that told it, ISO
    topics: tuple[str, ...] = ()


class Kind(StrEnum):
    """What a section gathers."""

    JOINT = "joint"  # stories about two topics or more
    TOPIC = "topic"
    BRIEF = "brief"  # names in passing: lists of stocks, streets, sponsors


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Stories of one unit of a topic, or, in the joint section, of the same topics."""

    unit: str  # "FPT Education"; "" for the topic itself
    lines: tuple[Line, ...]
    topics: tuple[str, ...] = ()  # JOINT: those that its stories share


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The stories of one topic, of several topics together, or those that name a topic in passing."""

    groups: tuple[Group, ...]
    topic: str = ""  # TOPIC: its name, "" for none
    kind: Kind = Kind.TOPIC

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its stories in the order in which they are shown."""
        return tuple(line for group in self.groups for line in group.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many of one thing."""

    name: str
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """The digest in figures."""

    stories: int = 0
    articles: int = 0
    outlets: int = 0  # each once, however many stories it carries
    topics: tuple[Count, ...] = ()  # stories of each; one about two topics counts for both
    most: Line | None = None  # the story in most outlets; None where none is in two


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """The last weeks of the store up to a digest."""

    days: tuple[tuple[date, int], ...]  # articles with a mention, by local day, the digest's day last
    topics: tuple[Count, ...]  # articles of each over these days, most first
    languages: tuple[Count, ...]  # the same by language tag; "" where it is unknown
    outlets: tuple[str, ...] = ()  # that named a topic for the first time this week
    hidden: tuple[Count, ...] = ()  # hits of the digest's window that were not told, by rule


class Level(IntEnum):
    """How loud a warning is: what has been wrong for weeks must not read like what broke last night."""

    NEW = 0  # named in the coverage box
    LASTING = 1  # for days: named under the first lines, too
    LONG = 2  # for weeks: above the news, and in the subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What is wrong with a source."""

    source_id: str
    name: str
    kind: Ail
    reason: str  # a stable word: "dns", "http-503", "blocked", "silent"
    detail: str = ""  # a sentence, where one is known
    since: datetime | None = None
    days: int = 0  # whole days since it is worth a warning
    level: Level = Level.NEW


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """A span in which entries of a source may have been missed."""

    name: str
    since: datetime | None
    until: datetime | None
    state: str = "open"  # see storage.condition.Gap
    found: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageLine:
    """What the watch itself did: tells a quiet day from a broken pipe."""

    due: int = 0
    read: int = 0
    troubles: tuple[Trouble, ...] = ()  # the loudest first
    never: tuple[str, ...] = ()  # names of sources that were not asked once
    unread_for: timedelta | None = None  # since the last good answer of the source that was read longest ago
    entries: int = 0
    kept: int = 0
    suppressed: int = 0
    gaps: tuple[Missed, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()  # names, and the addresses they have moved to for good
    last_crawl: datetime | None = None
    notices: tuple[Notice, ...] = ()
    road: SecondRoad | None = None  # what searches found beside the sources; once a week

    def of(self, *kinds: Ail) -> tuple[Trouble, ...]:
        """Troubles of these kinds."""
        return tuple(one for one in self.troubles if one.kind in kinds)

    @property
    def trouble(self) -> bool:
        """Whether something may have been missed."""
        missing = self.read < self.due or not self.due
        return bool(self.troubles or self.never or self.gaps or self.notices or missing)


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """One telling of the news, ready to be rendered in any shape."""

    name: str
    title: str
    subject: str  # one line, for a mail
    guid: str
    day: date
    edition: int
    language: str  # of the frame: en, vi or fr
    timezone: str
    made: datetime
    since: datetime | None
    until: datetime
    sections: tuple[Section, ...]
    quiet: tuple[str, ...]  # watched topics that no story mentions
    coverage: CoverageLine
    updates: tuple[Update, ...] = ()  # of stories told before; they are not new, and not counted as such
    tally: Tally = Tally()
    trend: Trend | None = None
    link: str = ""  # where the whole digest stands on the web

    @property
    def lines(self) -> tuple[Line, ...]:
        """All stories in the order in which they are shown."""
        return tuple(line for section in self.sections for line in section.lines)

    @property
    def count(self) -> int:
        """How many stories are told."""
        return sum(len(section.lines) for section in self.sections)
