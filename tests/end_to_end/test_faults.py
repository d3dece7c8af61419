"""Faults, one by one: each shows in the next digest, and none stops the others. Real crawls of a real server, a clock set by hand."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from monitor.digest.record import Digest
from monitor.editions import Desk, again, next_edition
from monitor.shapes import SHAPES, render
from storage.store import Store
from tests.end_to_end import killed
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.simulation import NO_PACKS, World, _words, write_config
from tests.monitor.postroom import Clock
from tests.patience import LONG_S
from tests.spiders.run_spider import item, page, rss
from tests.spiders.site import Page, Reply, Site

BEGIN = datetime(2026, 11, 10, 6, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = ("healthy", "dead", "errorpage", "emptied", "frozen", "redesigned", "challenged", "removed", "rolled", "moved")
TEXT = "Sáng nay FPT, công ty công nghệ ở Hà Nội, cho biết sẽ mở thêm một trung tâm nghiên cứu ở miền Trung trong năm tới."


def shown(name: str, day: int) -> range:
    """What a feed shows on a day: some new entries each day; of one there has to be a habit first."""
    return range(6 * day, 6 * day + 18) if name == "redesigned" else range(2 * day, 2 * day + 6)


def flat(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------------- sources


@dataclass
class Town:
    """A server with one feed a fault; news come every day, and from the third day on each feed but one has its fault."""

    site: Site
    folder: Path
    database: str
    clock: Clock = field(default_factory=lambda: Clock(BEGIN))

    def publish(self, name: str, numbers: range, *, text: str = TEXT) -> str:
        """Put pages up, and return a feed that lists them."""
        items = []
        for number in numbers:
            path = f"/{name}/tin-{number}.html"
            seed = 1_000 * NAMES.index(name) + number
            title = f"FPT {' '.join(_words(seed, 6))}"  # no two stories alike
            words = f"{TEXT} {' '.join(_words(seed + 50_000, 60))}."
            body = page(title, words) if text else f"<html><head><title>{title}</title></head><body><div id=app></div>FPT</body></html>"
            self.site.pages[path] = body
            items.append(item(self.site.url(path), title))
        return rss(*items)

    def show(self, day: int) -> None:
        """Put up what the feeds show on a day."""
        for name in NAMES:
            self.site.pages[f"/{name}.xml"] = self.publish(name, shown(name, day))

    def break_(self, day: int) -> None:
        """Let each feed but one have its fault."""
        self.show(day)
        before = self.publish("frozen", shown("frozen", 2))
        faults: dict[str, Page] = {
            "dead": Reply("down", 500),
            "errorpage": "<!DOCTYPE html><html><head><title>Lỗi</title></head><body><h1>500</h1></body></html>",
            "emptied": rss(),
            "frozen": before,
            "redesigned": self.publish("redesigned", shown("redesigned", day), text=""),
            "challenged": Reply("<html><title>Just a moment...</title></html>", 503),
            "removed": Reply("", 410),
            "rolled": self.publish("rolled", range(1_000 * day, 1_000 * day + 6)),
            "moved": Reply("", 301, {"Location": self.site.url("/new-home.xml")}),
        }
        self.site.pages |= {f"/{name}.xml": fault for name, fault in faults.items()}
        self.site.pages["/new-home.xml"] = self.publish("moved", shown("moved", day))

    def crawl(self) -> int:
        """Crawl in a process of its own; returns its exit code."""
        command = [sys.executable, "-m", "tests.end_to_end.crawled", str(self.folder), self.database, self.clock.now.isoformat()]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S)
        assert done.returncode in {0, 3}, done.stderr
        return done.returncode

    def desk(self, store: Store) -> Desk:
        sources = [one for one in self.config_sources() if one.id in NAMES]
        return Desk(
            store=store, sources=sources, topics=["FPT"], only=False, zone=ZoneInfo("UTC"), language="en", clock=self.clock,
        )  # fmt: skip

    def config_sources(self) -> list[object]:
        from monitor.config import load_config

        config = load_config(self.folder / "monitor.toml", {}, self.folder)
        return list(config.sources(config.watchlist()))


@dataclass(frozen=True)
class Week:
    well: Digest  # before the faults
    ill: Digest  # the day they came
    later: Digest  # five days after


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("faults")
    with Site() as site:
        sources = "".join(f'[[source]]\nid = "{name}"\nurl = "{site.url(f"/{name}.xml")}"\noutlet = "{name.title()}"\n' for name in NAMES)
        text = f'[network]\nallow = ["{site.netloc}"]\n[crawl]\ndelay_seconds = 0\nprocesses = 1\n{NO_PACKS}{sources}'
        (folder / "monitor.toml").write_text(text, encoding="utf-8")
        town = Town(site, folder, f"sqlite:///{folder / 'monitor.db'}")
        with Store.open(town.database) as store:
            desk = town.desk(store)
            digests = []
            for day in range(8):
                if day < 2:
                    town.show(day)
                else:
                    town.break_(day)
                if day in {0, 1, 2, 7}:
                    town.crawl()
                if day in {1, 2, 7}:
                    digests.append(next_edition(desk).digest)
                town.clock.now += DAY
        yield Week(*digests)


def test_before_the_faults_all_is_well(week: Week) -> None:
    assert not week.well.coverage.trouble and week.well.count > 0
    assert "10 of 10 sources read" in render(week.well, "text")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dead", "Dead: HTTP 500, since 06:00"),
        ("errorpage", "Errorpage: not a feed, since 06:00"),
        ("emptied", "Emptied: the feed is empty, since 06:00"),
        ("challenged", "Challenged: a check for humans, since 06:00"),
        ("removed", "Removed: HTTP 410, since 06:00"),
        ("rolled", "Rolled: "),
        ("moved", "Moved: http://"),
    ],
)
def test_a_fault_shows_in_the_next_digest(week: Week, name: str, said: str) -> None:
    for shape in SHAPES:
        shown = flat(render(week.ill, shape, width=300))
        assert (said in shown) or shape in {"json", "html", "markdown"}, shape
        assert name.title() in shown, shape
    assert said in flat(render(week.ill, "text"))


def test_no_fault_stops_the_others(week: Week) -> None:
    assert any(line.outlet == "Healthy" for line in week.ill.lines)
    assert any(line.outlet == "Moved" for line in week.ill.lines), "what moved is followed"
    assert "5 of 10 sources read" in render(week.ill, "text")
    assert any(line.outlet == "Healthy" for line in week.later.lines)


def test_a_redesign_is_noticed_by_the_headlines_that_come_alone(week: Week) -> None:
    shown = flat(render(week.ill, "text")) + flat(render(week.later, "text"))
    assert "Redesigned: no text found" in shown


def test_a_frozen_feed_falls_silent_by_its_own_habit(week: Week) -> None:
    assert "Frozen: nothing new since 12 Nov" in flat(render(week.later, "text"))


def test_a_window_that_rolled_over_is_told_with_its_span(week: Week) -> None:
    assert "One poll shared nothing with the one before" in flat(render(week.ill, "text"))


def test_what_lasts_stands_under_the_first_lines(week: Week) -> None:
    head = flat(render(week.later, "text").partition("FPT (")[0])
    assert "sources have not been read for days" in head and "Dead (5 days)" in head
    assert "not been read for days" not in render(week.ill, "text")


# ---------------------------------------------------------------------- the store


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        store.notebook.prepare()
        yield World(store=store, config=write_config(tmp_path, ""), clock=Clock(killed.BEGIN), news=killed.NEWS)


def told(world: World) -> str:
    """The next digest as text."""
    return flat(render(next_edition(world.work().setup.wanted[0].desk).digest, "text"))


def test_a_full_disk_is_told_when_there_is_room_again(world: World) -> None:
    world.work().once()
    pages = 0

    def cap(connection: sqlite3.Connection, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    with closing(sqlite3.connect(world.store.path or "")) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    event.listen(world.store._engine, "connect", cap)
    world.store.close()
    world.clock.pass_(hours=30)
    work = world.work()
    work.once()
    assert work.failures and "the disk is full" in world.said.getvalue()
    event.remove(world.store._engine, "connect", cap)
    world.store.close()
    del work  # the process that saw it has died, too
    # Its digest may still have fitted into the file's free pages; else the next one tells it.
    said = flat(render(again(world.work().setup.wanted[0].desk).digest, "text")) + told(world)
    assert "A crawl failed (13 Nov, 04:00): " in said and said.count("the disk is full") == 1
    assert world.store.notebook.read() == []
    world.clock.pass_(hours=1)
    assert "the disk is full" not in told(world)
    world.clock.pass_(hours=24)
    world.work().once()
    assert "1 of 1 sources read" in flat(render(again(world.work().setup.wanted[0].desk).digest, "text")), "all goes on"


def test_a_database_that_is_locked_for_longer_than_we_wait_is_told_later(world: World, tmp_path: Path) -> None:
    world.work().once()
    impatient = f"sqlite:///{tmp_path / 'monitor.db'}?timeout=0.2"
    with Store.open(impatient) as store:
        world.store = store
        with closing(sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            world.clock.pass_(hours=30)
            work = world.work()
            work.once()
            assert work.failures
            other.execute("ROLLBACK")
        assert "another program holds the database" in told(world)


def test_the_clock_set_back_is_told_by_whoever_makes_the_next_digest(world: World) -> None:
    world.work().once()
    world.clock.pass_(hours=-3)
    assert "The clock was set back by 3.0 h" in told(world)
    world.clock.pass_(hours=1)
    assert "set back" not in told(world)


def _bound_by_rights() -> None:
    """Give up, before a command begins, root's right to write wherever it likes (CAP_DAC_OVERRIDE)."""
    import ctypes

    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Type a command as a user without special rights."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        cwd=folder, env=clean | {"PYTHONPATH": str(ROOT)} | environment, capture_output=True, text=True, timeout=LONG_S,
        preexec_fn=_bound_by_rights if os.geteuid() == 0 else None,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a configuration whose only source nobody answers for."""
    (tmp_path / "monitor.toml").write_text(NO_PACKS + '[[source]]\nid = "a"\nurl = "http://127.0.0.1:9/rss"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux" and os.geteuid() == 0, reason="rights do not bind this user")
def test_a_folder_that_cannot_be_written_is_told_at_once_and_in_the_next_digest(place: Path) -> None:
    first = run(place, "daily", "--no-crawl", "--quiet", TMPDIR=str(place))
    assert first.returncode == 0, first.stderr
    tmp = place / "tmp"
    tmp.mkdir()
    for path in place.glob("monitor.db*"):
        path.chmod(0o444)
    place.chmod(0o555)
    try:
        refused = run(place, "daily", "--no-crawl", "--quiet", TMPDIR=str(tmp))
    finally:
        place.chmod(0o755)
        for path in place.glob("monitor.db*"):
            path.chmod(0o644)
    assert refused.returncode == 1 and "cannot be written" in refused.stderr and "Traceback" not in refused.stderr
    after = run(place, "digest", "-f", "text", TMPDIR=str(tmp))
    assert after.returncode == 0 and "cannot be written" in flat(after.stdout), after.stdout + after.stderr


def test_digests_that_cannot_be_written_stop_no_others(place: Path) -> None:
    (place / "taken").write_text("a file where a folder should be")
    tables = '[[digest]]\nname = "first"\nfolder = "taken"\n[[digest]]\nname = "second"\nfolder = "free"\n'
    path = place / "monitor.toml"
    path.write_text(path.read_text(encoding="utf-8") + tables, encoding="utf-8")
    done = run(place, "daily", "--no-crawl", "--quiet")
    assert done.returncode == 3 and "taken" in done.stderr
    assert len(list((place / "free").iterdir())) == 3
    (text,) = (place / "free").glob("*.txt")
    assert "A digest could not be made or written" in flat(text.read_text(encoding="utf-8"))
