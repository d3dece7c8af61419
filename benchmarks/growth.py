"""Measure what an article costs as the store grows: imports into stores of 1,000, 100,000 and 1,000,000 articles, the second grouping included.

The first ten thousand articles come by `monitor.importing` like any others; a larger store is filled from them, in every table that an
import looks into (articles, addresses, sightings, sketches, bands, terms and their counts). Left out are texts and the full-text index,
which an import only appends to. Every third article that is measured tells what one before it told, so that candidates are compared,
articles join, and groups are made a second time. Some 4 GB of disk and a quarter of an hour; `GROWTH_SIZES=1000,100000` for less.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from benchmarks.made_up import NOW, Maker
from monitor.importing import import_file
from monitor.matching import Matcher
from monitor.watchlist import builtin_watchlist
from storage.items import Article
from storage.store import Store

SIZES = tuple(int(size) for size in os.environ.get("GROWTH_SIZES", "1000,100000,1000000").split(","))
_SEED = 10_000  # articles that are imported one by one
_PROBES = 300
_ROUNDS = 10  # of filling, a transaction
_RARE = 20  # in every so many rounds of filling a rare term comes back


class Growth:
    """One store that grows.

    Args:
        folder: where its file and what is imported stand.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._maker, self._matcher = Maker(11), Matcher(builtin_watchlist())
        self._made = 0
        self._seeds: list[tuple[int, int]] = []  # first and last ids of the articles that a larger store is filled from

    def import_(self, articles: Sequence[Article]) -> float:
        """Import articles; returns the seconds of CPU that one took."""
        self._made += 1
        file = self._folder / f"part{self._made}.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            for one in articles:
                stated = one.published.isoformat() if one.published else None
                lines.write(json.dumps({"url": one.url, "title": one.title, "text": one.text, "published": stated, "lang": "en"}) + "\n")
        started = time.process_time()
        import_file(file, self._store, self._matcher, keep_unmatched=True, complain=print, clock=lambda: NOW)
        spent = (time.process_time() - started) / len(articles)
        file.unlink()
        return spent

    def grow(self, stored: int, size: int) -> int:
        """Bring the store from `stored` articles to `size`; returns how many it holds."""
        by_hand = min(size, _SEED)
        if stored < by_hand:
            days = [NOW - timedelta(minutes=40 * (_SEED - number)) for number in range(stored, by_hand)]
            before = self._highest()
            self.import_([self._maker.article(stored + number, at, sentences=18) for number, at in enumerate(days)])
            self._seeds.append((before + 1, self._highest()))
            stored = by_hand
        return self._fill((size - stored) // _SEED) if size > stored else stored

    def probes(self, start: int) -> list[Article]:
        """Make articles of today: two events, then the first of them as another outlet tells it."""
        made: list[Article] = []
        for number in range(_PROBES):
            if number % 3 == 2:
                told = made[-2]
                sentences = told.text.split(". ")
                other = self._maker.sentence()
                text = ". ".join(f"{one}. {other}" if place % 2 else one for place, one in enumerate(sentences[::2]))
                made.append(
                    replace(told, url=f"https://again{number % 50}.example/{start + number}", title=f"{told.title} {other}", text=text)
                )
            else:
                made.append(self._maker.article(start + number, NOW, sentences=18))
        return made

    def _highest(self) -> int:
        with self._store.reading() as reading:
            return int(reading.connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM articles").scalar_one())

    def _fill(self, times: int) -> int:
        """Add `times` times the seed in the database itself; returns how many articles stand there.

        Each round has the same days and texts and other numbers: its shingles are new, a rare term comes back in every twentieth
        round, a common one in all.
        """
        base, step = self._highest(), self._seeds[-1][1]
        with self._store.reading() as reading:
            done = reading.dedupe.total() // _SEED
        for first in range(0, times, _ROUNDS):
            with self._store.transaction() as transaction:
                transaction.connection.exec_driver_sql("PRAGMA cache_size = -1000000")
                for number in range(first, min(first + _ROUNDS, times)):
                    _copied(transaction.connection, "stories", {"first": 1, "last": step, "shift": base + number * step})
                    for first_id, last_id in self._seeds:
                        _round(transaction.connection, first_id, last_id, base + number * step, done + number)
        with self._store.transaction() as transaction:
            run = transaction.connection.exec_driver_sql
            run(
                "INSERT INTO term_counts SELECT term, count(*) FROM terms WHERE true GROUP BY term"
                " ON CONFLICT (term) DO UPDATE SET articles = max(articles, excluded.articles)"
            )
            # What too many articles hold is in nobody's index, and grows with the store.
            run(
                "UPDATE term_counts SET articles = CAST(articles * :by AS INTEGER) WHERE articles > 100",
                {"by": (done + times) / max(1, done)},
            )
            run("UPDATE term_counts SET articles = (SELECT count(*) FROM sketches) WHERE term = -1")
            return int(run("SELECT count(*) FROM sketches").scalar_one())


def _round(connection: Connection, first: int, last: int, shift: int, turn: int) -> None:
    given = {"shift": shift, "hash": turn * 2_654_435_761 % 2**32, "rare": turn % _RARE * 40_503 * 65_537, "first": first, "last": last}
    for table in _TABLES:
        if table != "stories":  # those of all articles come before them
            _copied(connection, table, given)


def _copied(connection: Connection, table: str, given: Mapping[str, int]) -> None:
    changed = _TABLES[table]
    columns = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
    chosen = ", ".join(changed.get(name, name) for name in columns)
    order = "ORDER BY 1" if table in {"bands", "terms"} else ""
    connection.exec_driver_sql(
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table}"
        f" WHERE {'id' if table in {'articles', 'stories'} else 'article_id'} BETWEEN :first AND :last {order}",
        dict(given),
    )


_KEY = "lower(substr(hex(randomblob(11)), 1, 22))"
_MOVED = {"article_id": "article_id + :shift"}
_TABLES = {
    "stories": {"id": "id + :shift"},
    "articles": {"id": "id + :shift", "story_id": "story_id + :shift", "copy_id": "copy_id + :shift"},
    "article_urls": {"url_key": _KEY, **_MOVED},
    "sightings": {"entry_key": _KEY, "url_key": _KEY, **_MOVED},
    "sketches": _MOVED,
    "bands": {"band": "((band + :hash) & 4294967295)", **_MOVED},
    "terms": {"term": "((term + :rare) & 4294967295)", **_MOVED},
}


def main() -> None:
    """Print what an article costs by the size of the store, and what it weighs."""
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/growth.db") as store:
        growing, stored, first = Growth(store, Path(folder)), 0, 0.0
        for size in SIZES:
            stored = growing.grow(stored, size)
            growing.import_(growing.probes(50_000_000 + size))  # warm
            spent = sorted(growing.import_(growing.probes(60_000_000 + size + turn * _PROBES)) for turn in range(3))[1]
            first = first or spent
            with store.reading() as reading:
                held = reading.dedupe.total()
            weight = f"; {store.size() / held:,.0f} bytes an article" if held < _SEED else ""
            times = spent / first
            print(
                f"{held:>9,} stored: {spent * 1000:.2f} ms of CPU an article imported and grouped, {times:.2f} times the first{weight}",
                flush=True,
            )


if __name__ == "__main__":
    main()
