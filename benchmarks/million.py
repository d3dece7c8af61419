"""A store of many made-up articles, filled through its own tables in one pass: what benchmarks of reading look into.

Three years of news: stories in one to six articles, outlets and words by Zipf's law (a few in nearly every text, most of them rare),
all but the last day's told by a digest a day. The same number of articles makes the same store.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from storage import schema
from storage.store import Store

DAYS = 1_000
OUTLETS = 2_000
SOURCES = 120
TOPICS = ("FPT", "Mila", "FUNiX")
VOCABULARY = 60_000
TEXT_WORDS = 110
_PART = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SYLLABLES = "cong nghe thong tin hoc vien dai so du lieu phat trien ngan hang kinh te mo ra tai nam hop tac dau tu".split()


def word(number: int) -> str:
    """The word of this rank: the lower, the more common."""
    base = len(_SYLLABLES)
    parts = []
    while True:
        parts.append(_SYLLABLES[number % base])
        number //= base
        if not number:
            return "".join(parts)
        number -= 1


class Million:
    """Rows of all tables, part by part.

    Args:
        articles: how many.
        now: when the last of them was seen.
    """

    def __init__(self, articles: int, now: datetime) -> None:
        self.articles = articles
        self._now = (now - _EPOCH) // timedelta(microseconds=1)
        self._random = random.Random(8)
        self._words = [word(number) for number in range(VOCABULARY)]
        self._of_words = list(itertools.accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self._of_outlets = list(itertools.accumulate(1 / (rank + 5) for rank in range(OUTLETS)))
        self._step = DAYS * 86_400_000_000 // articles
        self._day = 86_400_000_000
        self._left, self._story = 0, 0

    def seen(self, number: int) -> int:
        """When an article was first seen, in microseconds."""
        return self._now - (self.articles - number) * self._step

    def parts(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Yield table -> rows, in the order in which they may be written."""
        yield {"sources": self._sources(), "digests": self._digests(), "polls": self._polls()}
        for start in range(1, self.articles + 1, _PART):
            yield self._part(range(start, min(start + _PART, self.articles + 1)))

    def _sources(self) -> list[tuple[Any, ...]]:
        return [
            (f"source-{one}", f"Outlet {one}", f"https://outlet{one}.example/feed", "feed", "unchanged", self._now)
            for one in range(SOURCES)
        ]

    def _digests(self) -> list[tuple[Any, ...]]:
        made = []
        for number in range(1, DAYS):
            at = self._now - (DAYS - number) * self._day
            day = (_EPOCH + timedelta(microseconds=at)).date().isoformat()
            made.append((number, "daily", day, 1, at, at - self._day if number > 1 else None, at))
        return made

    def _polls(self) -> list[tuple[Any, ...]]:
        hours = range(90 * 24)
        return [
            (hour * SOURCES + one + 1, f"source-{one}", at, at, "unchanged", 30, 0, 0, True)
            for hour in hours
            for at in (self._now - (len(hours) - hour) * 3_600_000_000,)
            for one in range(SOURCES)
        ]

    def _part(self, numbers: Iterable[int]) -> dict[str, list[tuple[Any, ...]]]:
        rows: dict[str, list[tuple[Any, ...]]] = {
            name: [] for name in ("stories", "articles", "texts", "search", "article_urls", "mentions", "suppressions", "sightings", "told")
        }
        for number in numbers:
            self._add(number, rows)
        return rows

    def _add(self, number: int, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        chance, seen = self._random, self.seen(number)
        edition = DAYS - (self._now - seen) // self._day
        if not self._left:
            self._story += 1
            self._left = chance.choice((1, 1, 1, 1, 2, 2, 3, 6))
            rows["stories"].append((self._story, seen))
            if edition < DAYS:
                rows["told"].append(("daily", self._story, edition, number, False))
        self._left -= 1
        outlet = chance.choices(range(OUTLETS), cum_weights=self._of_outlets)[0]
        host, topic = f"outlet{outlet}.example", chance.choices(TOPICS, (60, 25, 15))[0]
        words = chance.choices(self._words, cum_weights=self._of_words, k=TEXT_WORDS + 10)
        title, body = f"{topic} {' '.join(words[:10])}", f"{' '.join(words[10:60])} {topic} {' '.join(words[60:])}"
        hidden = number % 25 == 0
        language = chance.choices(("vi", "en", "fr"), (70, 20, 10))[0]
        ownership = chance.choices(("earned", "release", "owned"), (85, 10, 5))[0]
        rows["articles"].append((
            number, self._story, number, f"https://{host}/news/{number}", title, title.lower(), seen - 600_000_000, "[]", f"Outlet {outlet}", host,
            language, "VN", ownership, "page", False, "", seen, False, hidden, not hidden, '{"rule": "first", "score": 1.0, "parts": []}',
        ))  # fmt: skip
        rows["texts"].append((number, "", body))
        rows["search"].append((number, title.lower(), body.lower()))
        rows["article_urls"].append((f"{number:032x}", number))
        rows["sightings"].append((f"source-{outlet % SOURCES}", f"{number}", f"{number:032x}", number, "0" * 32, seen, seen, ""))
        snippet = f"{' '.join(words[50:60])} {topic} {' '.join(words[60:70])}"
        start = snippet.index(topic)
        if hidden:
            rows["suppressions"].append((number, 0, topic, topic, "text", 0, len(topic), snippet, 0.2, "[]", "no context"))
            return
        unit = "FPT › FPT Software" if topic == "FPT" and chance.random() < 0.2 else ""
        rows["mentions"].append(
            (number, 0, topic, unit, topic, "text", 300, 300 + len(topic), snippet, start, 0.9, "[]", chance.random() < 0.1)
        )
        if chance.random() < 0.03 and topic != "Mila":
            rows["mentions"].append((number, 1, "Mila", "", "Mila", "text", 9, 13, "Mila", 0, 0.8, "[]", False))


COLUMNS = {
    "sources": "id outlet configured_url kind outcome last_poll",
    "digests": "id name day edition created since until",
    "polls": "id source_id started finished outcome entries new kept shared",
    "stories": "id created",
    "articles": "id story_id copy_id url title title_key published authors outlet outlet_host language country ownership body_from opaque "
    "why_no_page first_seen baseline suppressed matched evidence",
    "texts": "article_id summary text",
    "search": "",
    "article_urls": "url_key article_id",
    "mentions": "article_id position topic unit alias field start stop snippet snippet_start score parts passing",
    "suppressions": "article_id position topic alias field start stop snippet score parts rule",
    "sightings": "source_id entry_key url_key article_id entry_hash first_seen last_seen no_page",
    "told": "name story_id digest_id position baseline",
}


def fill(store: Store, articles: int, now: datetime) -> None:
    """Fill an empty store; it is fit for reading, not for a crawl: nothing is known of its articles' likeness."""
    with store.raw() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
            connection.exec_driver_sql("PRAGMA cache_size=-400000")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for part in Million(articles, now).parts():
            if sqlite:
                connection.exec_driver_sql("BEGIN")
            for name, rows in part.items():
                if rows:
                    (_insert if sqlite else _copy)(connection, name, rows)
            if sqlite:
                connection.exec_driver_sql("COMMIT")
        if sqlite:
            connection.exec_driver_sql("INSERT INTO search (search) VALUES ('optimize')")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        else:
            connection.exec_driver_sql("ANALYZE")  # PostgreSQL does so by itself after a while; SQLite never does


def _insert(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = COLUMNS[name].split() or ["rowid", "title", "body"]
    marks = ", ".join("?" * len(columns))
    written = ", ".join(f'"{column}"' if column in schema.metadata.tables.get(name, schema.meta).c else column for column in columns)
    connection.exec_driver_sql(f"INSERT INTO {name} ({written}) VALUES ({marks})", list(rows))  # type: ignore[arg-type]


def _copy(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    target, columns = name, [f'"{column}"' for column in COLUMNS[name].split()]
    if not columns:
        connection.execute(text("CREATE TEMP TABLE IF NOT EXISTS words_of (id BIGINT, title TEXT, body TEXT)"))
        target, columns = "words_of", ["id", "title", "body"]
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    if target == "words_of":
        connection.execute(
            text(
                "INSERT INTO search (article_id, words) SELECT id, setweight(to_tsvector('simple', title), 'A') "
                "|| setweight(to_tsvector('simple', body), 'C') FROM words_of"
            )
        )
        connection.execute(text("TRUNCATE words_of"))
