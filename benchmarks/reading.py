"""Reading from a store of a million articles: the digest, a search page, a story page, each beside the same question in plain SQL.

`python -m benchmarks reading`: a fresh SQLite file is filled first (some minutes, 3 GB) and deleted at the end. `READING_DATABASE=URL` names an empty
PostgreSQL database instead, or one that an earlier run filled; `READING_ARTICLES=100000` fills with fewer. The digest is the whole command, start of the
program included; pages are asked for over HTTP, from `monitor web` on loopback, one after the other. Plain SQL is what a person would write by hand for the
same rows, run by the bare driver on a warm cache: it makes no page, no snippet and no chart. On a machine that does other work meanwhile, wall time says
more of that work than of ours: CPU time and the load stand below. The exit code is 1 where a target is missed.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from benchmarks.given import environment
from benchmarks.measure import median, run
from benchmarks.million import TOPICS, fill, word
from storage.store import Store

ARTICLES = int(os.environ.get("READING_ARTICLES", "1000000"))
PAGES = 300
TARGETS = {"digest": 2.0, "search page": 0.2, "story page": 0.05}

DIGEST_SQL = """
SELECT a.id, a.story_id, a.title, a.url, a.outlet, a.language, a.published, a.first_seen, m.topic, m.unit, m.snippet
FROM stories s JOIN articles a ON a.story_id = s.id JOIN mentions m ON m.article_id = a.id
WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.name = 'daily' AND t.story_id = s.id) AND a.matched ORDER BY a.first_seen
"""
TREND_SQL = "SELECT language, first_seen / 86400000000, count(*) FROM articles WHERE matched AND first_seen >= {since} GROUP BY 1, 2"
STORY_SQL = """
SELECT a.id, a.title, a.url, a.outlet, a.language, a.published, a.first_seen, a.copy_id, m.topic, m.snippet
FROM articles a LEFT JOIN mentions m ON m.article_id = a.id WHERE a.story_id = {story} ORDER BY a.first_seen
"""
SEARCH_SQL = {
    "sqlite": "SELECT a.id, a.title, a.url, a.outlet, t.text FROM search JOIN articles a ON a.id = search.rowid JOIN texts t ON t.article_id = a.id "
    "WHERE search MATCH '{words}' AND a.matched {more} ORDER BY search.rowid DESC LIMIT 30",
    "postgresql": "SELECT a.id, a.title, a.url, a.outlet, t.text FROM search s JOIN articles a ON a.id = s.article_id JOIN texts t ON t.article_id = a.id "
    "WHERE s.words @@ plainto_tsquery('simple', '{words}') AND a.matched {more} ORDER BY s.article_id DESC LIMIT 30",
}


def questions(now: datetime) -> list[dict[str, str]]:
    """What readers look for: common, middling and rare words, one or two, with and without filters."""
    chance = random.Random(5)
    asked = []
    for _ in range(PAGES):
        words = [word(int(chance.paretovariate(0.35)) % 60_000) for _ in range(chance.choice((1, 1, 2)))]
        if chance.random() < 0.2:
            words[0] = chance.choice(TOPICS).lower()
        filters: dict[str, str] = {}
        kind = chance.random()
        if kind < 0.15:
            filters["topic"] = chance.choice(TOPICS)
        elif kind < 0.3:
            filters["outlet"] = f"outlet{int(chance.paretovariate(0.6)) % 2_000}.example"
        elif kind < 0.4:
            filters["lang"] = chance.choice(("vi", "en", "fr"))
        elif kind < 0.5:
            begin = now - timedelta(days=chance.randrange(30, 900))
            filters |= {"since": f"{begin:%Y-%m-%d}", "until": f"{begin + timedelta(days=chance.choice((7, 30, 90))):%Y-%m-%d}"}
        asked.append({"q": " ".join(words), **filters})
    return asked


def conditions(asked: dict[str, str]) -> str:
    """The same filters as SQL."""
    more = []
    if "topic" in asked:
        more.append(f"EXISTS (SELECT 1 FROM mentions m WHERE m.article_id = a.id AND m.topic = '{asked['topic']}')")
    if "outlet" in asked:
        more.append(f"a.outlet_host = '{asked['outlet']}'")
    if "lang" in asked:
        more.append(f"a.language = '{asked['lang']}'")
    if "since" in asked:
        begin, end = (int(datetime.fromisoformat(asked[name]).replace(tzinfo=UTC).timestamp() * 1e6) for name in ("since", "until"))
        more.append(f"a.first_seen >= {begin} AND a.first_seen < {end + 86_400_000_000}")
    return "".join(f" AND {one}" for one in more)


class Room:
    """`monitor web` over a database, as a child process."""

    def __init__(self, database: str, folder: Path) -> None:
        command = [sys.executable, "-m", "monitor", "--database", database, "web", "--port", "0"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(), cwd=folder)
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        found = re.search(r":(\d+)/", said)
        if not found:
            raise RuntimeError(said + self._process.stderr.read())
        self._port = int(found[1])

    def ask(self, path: str) -> float:
        """Return how long a page took, in seconds."""
        begin = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return time.perf_counter() - begin

    def cpu(self) -> float:
        """Return how much CPU time the server has used, in seconds."""
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def plain(database: str) -> Iterator[Callable[[str], Sequence[Any]]]:
    """Lend the bare driver."""
    if "://" in database and not database.startswith("sqlite"):
        import psycopg

        with psycopg.connect(database, autocommit=True) as connection:
            yield lambda statement: connection.execute(statement).fetchall()  # type: ignore[arg-type]
        return
    file = sqlite3.connect(database.removeprefix("sqlite:///"))
    file.execute("PRAGMA cache_size=-16000")
    try:
        yield lambda statement: file.execute(statement).fetchall()
    finally:
        file.close()


def timed(ask: Callable[[], object]) -> float:
    """Return how long a call takes, in seconds."""
    begin = time.perf_counter()
    ask()
    return time.perf_counter() - begin


def at95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


def measure(database: str, articles: int, now: datetime, folder: Path) -> bool:
    """Print a row for each kind of page; returns whether all stay below their targets."""
    engine = "postgresql" if database.startswith("postgres") else "sqlite"
    rows: list[tuple[str, float, float, float]] = []
    with plain(database) as sql:
        since = int((now - timedelta(days=30)).timestamp() * 1e6)
        command = [sys.executable, "-m", "monitor", "--database", database, "digest", "--preview", "--format", "html"]
        digests = [run(command, cwd=str(folder)) for _ in range(4)]
        digest = median(digests)
        by_hand = min(timed(lambda: (sql(DIGEST_SQL), sql(TREND_SQL.format(since=since)))) for _ in range(3))
        walls = [one.wall_s for one in digests]
        rows.append(("digest", statistics.median(walls), max(walls), by_hand))
        asked = questions(now)
        stories = [random.Random(one).randrange(1, max(articles // 3, 2)) for one in range(PAGES)]
        stories = [one for one in stories if sql(f"SELECT 1 FROM articles WHERE story_id = {one} AND matched LIMIT 1")]
        room = Room(database, folder)
        try:
            for path in ("/", "/topics", "/search?q=fpt", "/story/s1"):
                room.ask(path)
            used = [room.cpu()]
            searched = [room.ask("/search?" + urlencode(one)) for one in asked]
            used.append(room.cpu())
            told = [room.ask(f"/story/s{one}") for one in stories]
            used.append(room.cpu())
            lists = {
                path: min(room.ask(path) for _ in range(3))
                for path in ("/", "/topic/FPT", "/outlet/outlet3.example", "/outlets", "/trends", "/suppressed", "/days")
            }
        finally:
            room.close()
        one_search = SEARCH_SQL[engine]
        found = [timed(lambda one=one: sql(one_search.format(words=one["q"], more=conditions(one)))) for one in asked]  # type: ignore[misc]
        rows.append(("search page", statistics.median(searched), at95(searched), at95(found)))
        rows.append(
            (
                "story page",
                statistics.median(told),
                at95(told),
                at95([timed(lambda one=one: sql(STORY_SQL.format(story=one))) for one in stories]),
            )
        )  # type: ignore[misc]
    print(
        f"{articles:,} articles on {engine}; seconds, of {PAGES} searches and {len(stories)} stories; the slowest of {len(walls)} digests as p95; ratio of p95"
    )
    print(f"{'':14}{'median':>9}{'p95':>9}{'target':>9}{'plain SQL':>11}{'ratio':>8}")
    fine = True
    for name, middle, high, hand in rows:
        fine &= high < TARGETS[name]
        print(
            f"{name:14}{middle:9.3f}{high:9.3f}{TARGETS[name]:9.3f}{hand:11.4f}{high / hand:8.1f}{'' if high < TARGETS[name] else '  MISSED'}"
        )
    each = [(used[1] - used[0]) / len(asked), (used[2] - used[1]) / max(len(stories), 1)]
    print(f"CPU: digest {digest.cpu_s:.2f} s ({digest.peak_mb:.0f} MB), a search page {each[0]:.4f}, a story page {each[1]:.4f} (mean)")
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("other pages: " + ", ".join(f"{path} {seconds:.3f}" for path, seconds in lists.items()))
    return fine


def main() -> None:
    """Fill a store, measure, and take it away."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="monitor-million-") as name:
        database = os.environ.get("READING_DATABASE") or str(Path(name) / "million.db")
        with Store.open(database) as store:
            with store.reading() as reading:
                empty = not reading.articles.after(0, 1)
            if empty:
                begin = time.monotonic()
                fill(store, ARTICLES, now)
                print(f"filled in {time.monotonic() - begin:.0f} s", flush=True)
        if not measure(database, ARTICLES, now, Path(name)):
            raise SystemExit("a target is missed")


if __name__ == "__main__":
    main()
