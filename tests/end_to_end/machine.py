"""A watch on a machine that has faults of its own: a folder, a server on loopback with a few outlets, and commands as a user types them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from tests.clock import ShiftedClock
from tests.end_to_end.simulation import NO_PACKS, _words
from tests.end_to_end.warm import Warm
from tests.patience import LONG_S
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Site

# What must never be found, whenever the process died.
HALVES = {
    "articles without a text": "SELECT count(*) FROM articles a LEFT JOIN texts t ON t.article_id = a.id WHERE t.article_id IS NULL",
    "articles without an address": "SELECT count(*) FROM articles a LEFT JOIN article_urls u ON u.article_id = a.id WHERE u.article_id IS NULL",
    "matched articles without a mention": "SELECT count(*) FROM articles a LEFT JOIN mentions m ON m.article_id = a.id WHERE a.matched AND m.article_id IS NULL",
    "articles without a story": "SELECT count(*) FROM articles a LEFT JOIN stories s ON s.id = a.story_id WHERE s.id IS NULL",
    "articles stored twice": "SELECT count(*) FROM (SELECT url FROM articles GROUP BY url HAVING count(*) > 1) x",
    "stories told twice": "SELECT count(*) FROM (SELECT name, story_id FROM told GROUP BY name, story_id HAVING count(*) > 1) x",
    "tellings without a digest": "SELECT count(*) FROM told t LEFT JOIN digests d ON d.id = t.digest_id WHERE d.id IS NULL",
}
TEXT = "Sáng nay FPT, công ty công nghệ ở Hà Nội, cho biết sẽ mở thêm một trung tâm nghiên cứu ở miền Trung trong năm tới."


@dataclass(frozen=True)
class Done:
    """A command that came to its end."""

    code: int
    out: str
    err: str


@dataclass
class Watch:
    """Some outlets, each with a feed at /NAME.xml, and whoever watches them.

    Args:
        folder: holds the configuration, the database (SQLite) and what is written.
        database: a URL; monitor.db in the folder if "".
    """

    site: Site
    folder: Path
    outlets: tuple[str, ...] = ("first", "second", "third")
    database: str = ""
    settings: str = ""  # further tables of the configuration
    pages: bool = False  # fetch pages, too: that starts the processes that read them
    names: bool = False  # each outlet has a host of its own, NAME.example, in the network of a test (tests/hostile/network)
    warm: Warm | None = None  # what forks commands; each starts as a program of its own without
    published: list[str] = field(default_factory=list)  # addresses, oldest first
    clock: ShiftedClock = field(default_factory=ShiftedClock)  # of its commands
    _feeds: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.warm is not None:
            self.clock = self.warm.clock
        tables = "".join(
            f'[[source]]\nid = "{name}"\nurl = "{self.address(name, f"/{name}.xml")}"\noutlet = "{name.title()}"\n' for name in self.outlets
        )
        head = f'[network]\nallow = ["{self.site.netloc}"]\n[crawl]\ndelay_seconds = 0\nprocesses = 1\npages = {str(self.pages).lower()}\n'
        (self.folder / "monitor.toml").write_text(f"{head}{NO_PACKS}{self.settings}{tables}", encoding="utf-8")

    def address(self, name: str, path: str) -> str:
        """The address of an outlet's path."""
        return f"http://{name}.example{path}" if self.names else self.site.url(path)

    @property
    def url(self) -> str:
        """The database's address."""
        return self.database or f"sqlite:///{self.file}"

    def stored(self) -> list[str]:
        """Addresses of what is stored, as often as it is."""
        engine = sqlalchemy.create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.connect() as connection:
                return [row[0] for row in connection.execute(text("SELECT url FROM articles"))]
        finally:
            engine.dispose()

    @property
    def file(self) -> Path:
        """The database of a watch on SQLite."""
        return self.folder / "monitor.db"

    def publish(self, count: int = 2, *, words: int = 60) -> list[str]:
        """Put up some articles of each outlet, so many words long, and return their addresses."""
        fresh = []
        for name in self.outlets:
            items = self._feeds.setdefault(name, [])
            for _ in range(count):
                number = len(self.published)
                path = f"/{name}/tin-{number}.html"
                title = f"FPT {' '.join(_words(number, 6))}"  # no two stories alike
                body = f"{TEXT} {' '.join(_words(number + 50_000, words))}."
                self.site.pages[path] = page(title, body)
                items.insert(0, item(self.address(name, path), title, description=body))
                self.published.append(self.address(name, path))
                fresh.append(self.published[-1])
            self.site.pages[f"/{name}.xml"] = rss(*items)
        return fresh

    def run(
        self,
        *arguments: str,
        before: Callable[[], None] | None = None,
        out: Path | None = None,
        err: Path | None = None,
        **environment: str,
    ) -> Done:
        """Run a command to its end. No command may ever answer with a traceback.

        Args:
            before: called in its process first, where it starts as a program of its own.
            out: where its stdout goes, if not to us, where it is forked; `err` its stderr.
        """
        if self.warm is not None:
            with tempfile.NamedTemporaryFile() as one, tempfile.NamedTemporaryFile() as two:
                code = self.warm.run(
                    arguments, cwd=self.folder, env=self.environment(environment), out=str(out or one.name), err=str(err or two.name)
                )
                done = Done(code, one.read().decode("utf-8", "replace"), two.read().decode("utf-8", "replace"))
        else:
            process = self.start(*arguments, before=before, **environment)
            try:
                said = process.communicate(timeout=LONG_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise AssertionError(f"{arguments} did not end: {process.communicate()}") from None
            done = Done(process.returncode, *said)
        assert "Traceback" not in done.out + done.err, f"{arguments} ended with {done.code}\n{done.out}\n{done.err}"
        return done

    def start(self, *arguments: str, before: Callable[[], None] | None = None, **environment: str) -> subprocess.Popen[str]:
        """Start a command; `before` is called in its process first."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments],
            cwd=self.folder, env=self.environment(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
        )  # fmt: skip

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """What a command is given."""
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith("MONITOR_") and not name.lower().endswith("_proxy")
        }
        return clean | self.clock.environment | ({"MONITOR_DATABASE_URL": self.database} if self.database else {}) | dict(more)


def looked_at(url: str) -> list[str]:
    """What is wrong with a database, whatever befell its writer: damage, or something stored half."""
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    faults = []
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                whole = connection.execute(text("PRAGMA integrity_check")).scalar()
                faults += [f"integrity_check: {whole}"] if whole != "ok" else []
                faults += [f"foreign key: {tuple(row)}" for row in connection.execute(text("PRAGMA foreign_key_check"))]
            faults += [f"{count} {what}" for what, query in HALVES.items() if (count := connection.execute(text(query)).scalar())]
    finally:
        engine.dispose()
    return faults


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A real file system of that size, mounted for as long as the block lasts; the test is skipped where we may not."""
    with tempfile.TemporaryDirectory(prefix="monitor-disk-") as name:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", name], capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Fill a disk up to its last page but for so many bytes; returns the file that does it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))
    os.truncate(ballast, max(ballast.stat().st_size - leave, 0))
    return ballast
