"""An index of words that a browser searches by itself, also from the disk: scripts that are loaded as they are needed. Pure.

By year, so that old years' files stay as they are. In each year, the words stand in files by their first two letters, with the numbers of the
articles that hold them; the articles stand in files of five hundred numbers. A page opened from the disk may load scripts, but not fetch files.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from storage import search

BLOCK = 500
_LONGEST = 40  # letters of a word


@dataclass
class Year:
    """The index of one year."""

    words: dict[str, dict[str, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )  # shard -> word -> articles
    articles: dict[int, dict[int, list[Any]]] = field(default_factory=lambda: defaultdict(dict))  # block -> article -> what is shown


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One article, as the index knows it."""

    id: int
    year: int
    words: str  # what is searched
    shown: list[Any]  # what is shown of it, and filtered by


class Index:
    """Gathers articles; then gives the scripts."""

    def __init__(self) -> None:
        self._years: dict[int, Year] = defaultdict(Year)

    def add(self, entry: Entry) -> None:
        """Add an article."""
        year = self._years[entry.year]
        for word in sorted(set(words_of(entry.words))):
            year.words[shard_of(word)][word].append(entry.id)
        year.articles[entry.id // BLOCK][entry.id] = entry.shown

    def files(self) -> Iterable[tuple[str, str]]:
        """Yield name and text of each script."""
        years = sorted(self._years, reverse=True)
        shards = {year: sorted(self._years[year].words) for year in years}
        yield "years.js", _call("years", {str(year): shards[year] for year in years})
        for year in years:
            held = self._years[year]
            for shard in shards[year]:
                yield (
                    f"{year}/w-{shard}.js",
                    _call(f"{year}/w-{shard}", {word: _steps(ids) for word, ids in sorted(held.words[shard].items())}),
                )
            for block, articles in sorted(held.articles.items()):
                yield f"{year}/a-{block}.js", _call(f"{year}/a-{block}", {str(number): shown for number, shown in sorted(articles.items())})


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, as the search folds what a reader types."""
    return [word[:_LONGEST] for word in search.words_of(text)]


def shard_of(word: str) -> str:
    """Return which file a word stands in: its first two letters, in letters and digits that any file system takes."""
    return "".join(one if one.isascii() and one.isalnum() else f"u{ord(one):x}" for one in word[:2])


def _steps(ids: list[int]) -> list[int]:
    """Write numbers as steps from one to the next: small ones take little room."""
    ordered = sorted(set(ids))
    return [number - before for before, number in zip([0, *ordered], ordered, strict=False)]


def _call(name: str, value: object) -> str:
    # "<" is written out, so that a headline can never end a script, wherever the file is put.
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f"monitorPart({json.dumps(name)},{written});\n"
