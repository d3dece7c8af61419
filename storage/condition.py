"""Frozen records of the watch's own condition, standard library only: what ails a source, what may have been missed, what befell the watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something about the watch itself that the reader should know."""

    kind: str  # a stable word: "late", "missed", "crawl-died", "config-refused"
    at: datetime  # when it happened; of a late digest: when it was due
    count: int = 1  # how often it happened; of a late digest: hours
    detail: str = ""


class Ail(StrEnum):
    """What may be wrong with a source."""

    FAILING = "failing"  # unreachable, error status, unreadable, empty
    BLOCKED = "blocked"  # 401, 403, robots.txt, a check for humans, a login
    GONE = "gone"  # 410, or 404 for days
    SILENT = "silent"  # answers, but with nothing new against its own habit
    BARE = "bare"  # its pages give no text any more: a redesign, or a wall


@dataclass(frozen=True, kw_only=True, slots=True)
class Ailment:
    """What is wrong with one source."""

    source_id: str
    kind: Ail
    word: str = ""  # a stable word for the reason: "dns", "http-503", "challenge", ...
    detail: str = ""  # a sentence for a person
    since: datetime | None = None  # as told: failing since, nothing new since
    began: datetime | None = None  # since when it is worth a warning; its age decides how loud that is


class GapState(StrEnum):
    """What became of a gap."""

    OPEN = "open"  # not looked for yet
    SEARCHED = "searched"  # in a sitemap of the site that reaches back over all of it
    PARTLY = "partly"  # ... over a part of it, or more was found than is taken
    LOST = "lost"  # there is none that reaches back
    ABSENT = "absent"  # there is none
    FAILED = "failed"  # it could not be read


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A feed's window rolled over between two polls: what stood between may have been missed."""

    source_id: str
    at: datetime  # when it was noticed
    since: datetime | None = None  # the newest entry known before
    until: datetime | None = None  # the oldest entry shown after
    state: GapState = GapState.OPEN
    found: int = 0  # entries found in a sitemap that were not known
    tries: int = 0
    site: str | None = None  # where the entries of that poll led, "" where to many hosts; None: not known
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A source that has moved for good; the watch follows it."""

    source_id: str
    at: datetime
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwatched:
    """An outlet of which articles came by searches alone."""

    outlet: str
    host: str
    articles: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondRoad:
    """What searches found in some days, held against what feeds, sitemaps and lists had brought: how much the first road misses."""

    since: datetime
    found: int  # articles of which a search was told
    had: int  # of these: another source had brought it by then
    later: int  # another source brought it after that
    only: tuple[Unwatched, ...] = ()  # the rest by outlet, most articles first

    @property
    def missed(self) -> int:
        """Articles that no other source has brought."""
        return self.found - self.had - self.later


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What the watch itself did in a window: the line that tells a quiet day from a broken pipe."""

    since: datetime | None
    until: datetime
    due: int = 0  # sources that are watched
    read: int = 0  # of these: read in the window, or read before it and not due again
    ailing: tuple[Ailment, ...] = ()
    never: tuple[str, ...] = ()  # ids of sources that were due, and not asked once
    unread: tuple[str, ...] = ()  # ids of all that were not read
    unread_since: datetime | None = None  # last good answer of the one among them that was read longest ago
    entries: int = 0  # entries seen for the first time
    kept: int = 0  # articles stored with a mention
    suppressed: int = 0
    gaps: tuple[Gap, ...] = ()  # polls that shared nothing with the one before
    moved: tuple[Move, ...] = ()
    last_crawl: datetime | None = None
    notices: tuple[Notice, ...] = ()
    outlets: Mapping[str, str] = field(default_factory=dict)  # source id -> outlet name, for showing
    road: SecondRoad | None = None  # once a week
