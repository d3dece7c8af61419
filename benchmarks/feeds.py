"""Read captured feeds beside feedparser: `CAPTURED_FEEDS=DIR:DIR python -m benchmarks feeds`, each folder a checkout of somebody's.

Made for the sample feeds in the tests of other readers (github.com/feedjira/feedjira, danmactough/node-feedparser, rbren/rss-parser,
Ranchero-Software/RSParser, arminreiter/FeedReader, nmdias/FeedKit, lemon24/reader, ...), and any other folder with files. A feed counts
if feedparser, with its own defaults, finds an entry with a title and a link in it. It is read if our reader finds as many such entries,
less one in a hundred. Whatever our reader raises beside ReadError, and less than 99 % of feeds read, ends in exit code 1.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.given import folders
from spiders.readers.feed import MOST_ENTRIES, read_feed
from storage.errors import ReadError
from storage.items import Source

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FLOOR = 0.99
_LARGEST = 16 * 1024**2  # bytes
_SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json", ".feed", ".txt", ""}


@dataclass
class Tally:
    """What a folder came to."""

    files: int = 0
    feeds: int = 0  # feedparser finds an entry with title and link
    read: int = 0  # and so do we, in as many entries
    theirs: int = 0  # entries with title and link by feedparser
    ours: int = 0
    only_ours: int = 0  # feeds of which feedparser gives no such entry, and we do
    by: Counter[str] = field(default_factory=Counter)
    raised: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Write it for a person."""
        share = f"{self.read / self.feeds:.4f}" if self.feeds else "-"
        return (
            f"{name:<34} {self.files:>6} {self.feeds:>6} {self.read:>6} {share:>7} {self.theirs:>8} {self.ours:>8} "
            f"{self.only_ours:>9} {len(self.raised):>7}"
        )


def main() -> None:
    """Read all files and print a table; ends the process with 1 where the floor is missed or something was raised."""
    places = folders("CAPTURED_FEEDS")
    print(
        f"{'folder':<34} {'files':>6} {'feeds':>6} {'read':>6} {'share':>7} {'entries':>8} {'ours':>8} {'only ours':>9} {'raised':>7}",
        flush=True,
    )
    whole = Tally()
    for folder in places:
        tally = look(folder)
        print(tally.line(folder.name[:34]), flush=True)
        for name in ("files", "feeds", "read", "theirs", "ours", "only_ours", "by", "raised", "missed"):
            setattr(whole, name, getattr(whole, name) + getattr(tally, name))
    print(whole.line("all"))
    print("read by: " + ", ".join(f"{name} {count}" for name, count in whole.by.most_common()))
    for said in whole.missed + whole.raised:
        print(said)
    if whole.raised or not whole.feeds or whole.read < FLOOR * whole.feeds:
        sys.exit(1)


def look(folder: Path) -> Tally:
    """Read each file of a folder twice."""
    tally = Tally()
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in _SUFFIXES and ".git" not in path.parts)
    for path in files:
        if not 0 < path.stat().st_size <= _LARGEST:
            continue
        body = path.read_bytes()
        tally.files += 1
        theirs = by_feedparser(body)
        try:
            reading = read_feed(body, source=Source(id="one", url=_URL), url=_URL, now=NOW)
            ours = sum(bool(entry.title and entry.url) for entry in reading.entries)
            tally.by[reading.by] += theirs > 0
            said = f"{ours} by the {reading.by} road"
        except ReadError as error:
            ours, said = 0, str(error)
        except Exception as error:
            ours, said = 0, f"{type(error).__name__}: {error}"
            tally.raised.append(f"RAISED {path}: {said}")
        tally.ours += ours
        tally.theirs += theirs
        tally.only_ours += ours > 0 and not theirs
        if theirs:
            tally.feeds += 1
            if ours >= 0.99 * min(theirs, MOST_ENTRIES):
                tally.read += 1
            else:
                tally.missed.append(f"MISSED {path}: {theirs} entries by feedparser, ours: {said}")
    return tally


_URL = "https://suite.example/news/feed.xml"


def by_feedparser(body: bytes) -> int:
    """How many entries with a title and a link feedparser finds, each page once (comments differ by a fragment)."""
    import feedparser

    try:
        parsed = feedparser.parse(body, response_headers={"content-location": _URL})
    except Exception:
        return 0
    found = [(entry.get("title", "").strip(), entry.get("link", "").strip()) for entry in parsed.entries]
    return len({link.partition("#")[0] for title, link in found if title and link.startswith(("http://", "https://"))})


if __name__ == "__main__":
    main()
