"""What a parser finds in a feed before it is cleaned: one shape for the fast road, feedparser and JSON Feed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RawEntry:
    """One item as written: strings with markup, dates unread."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    published: str = ""
    updated: str = ""
    authors: list[str] = field(default_factory=list)
    source: str = ""  # <source>, News:Source: the outlet that an aggregator names
    source_url: str = ""
    base: str = ""


@dataclass(slots=True)
class RawFeed:
    """A document as written."""

    kind: str  # "rss", "atom", "json"
    title: str = ""
    language: str = ""
    home: str = ""
    ttl: str = ""  # minutes
    period: str = ""  # sy:updatePeriod
    frequency: str = ""  # sy:updateFrequency
    skip_hours: list[str] = field(default_factory=list)  # of RSS, in GMT
    skip_days: list[str] = field(default_factory=list)
    entries: list[RawEntry] = field(default_factory=list)
