"""What a digest says, as plain records: every shape shows these facts and adds none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from storage.items import Notice, Ownership


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
    updated: datetime | None = None
    headline_only: bool = False
    passing: bool = False
    baseline: bool = False  # older than the watch
    opaque: bool = False  # the address is an aggregator's
    release_origin: str = ""  # outlet of the press release among the story's articles
    ownership: Ownership = Ownership.EARNED
    copies: int = 0  # near-verbatim copies of the main article, beside it

    @property
    def outlets(self) -> int:
        """How many outlets carry the story."""
        return 1 + len(self.also)

    @property
    def excerpt(self) -> tuple[Span, ...]:
        """The snippet, unless it would say the headline twice."""
        said = "".join(span.text for span in self.snippet).strip(" .…")
        return () if not said or said in self.headline else self.snippet


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The stories of one topic."""

    topic: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A source that fails, or answers with nothing new."""

    source_id: str
    name: str
    reason: str  # a stable word: "dns", "http-503", "blocked", "silent"
    detail: str = ""  # a sentence, where one is known
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CoverageLine:
    """What the watch itself did: tells a quiet day from a broken pipe."""

    due: int = 0
    read: int = 0
    failing: tuple[Trouble, ...] = ()
    silent: tuple[Trouble, ...] = ()
    never: tuple[str, ...] = ()  # names of sources that were not asked once
    entries: int = 0
    kept: int = 0
    suppressed: int = 0
    gaps: int = 0
    last_crawl: datetime | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def trouble(self) -> bool:
        """Whether something may have been missed."""
        missing = self.read < self.due or not self.due
        return bool(self.failing or self.silent or self.never or self.gaps or self.notices or missing)


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

    @property
    def lines(self) -> tuple[Line, ...]:
        """All stories in the order in which they are shown."""
        return tuple(line for section in self.sections for line in section.lines)

    @property
    def count(self) -> int:
        """How many stories are told."""
        return sum(len(section.lines) for section in self.sections)
