"""`monitor run` with 1,000 sources that come due evenly over an hour: its share of a core, and its memory.

CPU: a real `monitor run` on a loopback server, for one cycle of five minutes (the pause between two crawls): one crawl of the
sources that came due, all of them unchanged, and all ticks in between. Twelve such cycles are an hour, so the share is that of an
hour in which nothing is new; the start of the process is counted in. `IDLE_MINUTES=15` measures three cycles.

Memory: 24 simulated hours of the same rounds in one process with a fake clock (5,760 looks for due digests, 1,440 for due sources,
...), with news, four digests a day, files, an archive and figures for Prometheus. Crawls are child processes, here as in life.
`IDLE_HOURS=48` simulates more of them.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.given import ROOT, environment
from benchmarks.measure import run as run_once
from benchmarks.polls import FEEDS, configuration, server
from monitor.running.child import Ended
from monitor.running.shell import TICKS_S
from monitor.running.work import PAUSE

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.store import Store
    from tests.end_to_end.simulation import World

BEGIN = datetime(2026, 11, 12, tzinfo=UTC)
MINUTES = float(os.environ.get("IDLE_MINUTES", "5"))
METRICS = '[metrics]\nfile = "watch.prom"\n'  # of each source, written each minute
HOURS = int(os.environ.get("IDLE_HOURS", "24"))


def main() -> None:
    """Print both measurements."""
    processor()
    memory()


def processor() -> None:
    """Run the real command for a cycle and account for it and its children."""
    if timedelta(minutes=MINUTES) < PAUSE:
        sys.exit("IDLE_MINUTES: less than the pause between two crawls says nothing of an hour")
    with tempfile.TemporaryDirectory() as name, server(FEEDS, 30) as address:
        folder = Path(name)
        (folder / "monitor.toml").write_text(configuration(address) + METRICS, encoding="utf-8")
        monitor = [sys.executable, "-m", "monitor"]
        run_once([*monitor, "crawl"], cwd=name)
        run_once([*monitor, "daily", "--no-crawl", "--quiet"], cwd=name)
        spread(folder / "monitor.db")
        started = time.monotonic()
        with (folder / "said").open("w") as said:
            process = subprocess.Popen([*monitor, "run"], cwd=name, env=environment(), stdout=subprocess.DEVNULL, stderr=said)
            resident = watch(process.pid, 60 * MINUTES)
            process.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall, cpu = time.monotonic() - started, usage.ru_utime + usage.ru_stime
        lines = (folder / "said").read_text(encoding="utf-8").splitlines()
        crawls = [line for line in lines if "  crawl " in line]
        print(f"{FEEDS} sources due over an hour, {wall:.0f} s measured, {len(crawls)} crawl(s):")
        print("\n".join(crawls))
        print(f"cpu {cpu:.2f} s = {100 * cpu / wall:.2f} % of a core; exit code {process.returncode}")
        print(
            f"memory of the process itself: {resident[0]:.0f} MB at the start, {resident[-1]:.0f} MB at the end; at most {usage.ru_maxrss / 1024:.0f} MB, its children's included"
        )
        if process.returncode or not crawls:
            sys.exit("the run failed, or was too short for a crawl: no figure for an hour comes of it")


def spread(database: Path) -> None:
    """Let the sources come due evenly over an hour that began one cycle ago."""
    first = datetime.now(UTC) - PAUSE
    with sqlite3.connect(database) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM sources ORDER BY id")]
        moments = [int((first.timestamp() + 3_600 * number / len(ids)) * 1_000_000) for number in range(len(ids))]
        connection.executemany("UPDATE sources SET next_poll = ? WHERE id = ?", zip(moments, ids, strict=True))
    connection.close()


def watch(pid: int, seconds: float) -> list[float]:
    """Wait, and look at the resident memory of a process, in MiB, now and then."""
    seen = []
    end = time.monotonic() + seconds
    time.sleep(10)
    while time.monotonic() < end:
        seen.append(psutil.Process(pid).memory_info().rss / 2**20)
        time.sleep(min(10.0, max(0.0, end - time.monotonic())))
    return seen


def memory() -> None:
    """Do the rounds of 24 hours with a fake clock, and look at the memory every four hours."""
    from storage.store import Store
    from tests.end_to_end.simulation import write_config
    from tests.monitor.postroom import block

    with tempfile.TemporaryDirectory() as name, chdir(name):
        text = block("digest", name="daily", at=["01:00", "07:00", "13:00", "19:00"], deliver=["pages"])
        text += block("delivery", name="pages", kind="folder", folder="archive")
        config = write_config(Path(name), text + METRICS)
        with Store.open(f"sqlite:///{name}/monitor.db") as store:
            world = world_of(store, config)
            crawls = 0

            def crawl() -> Ended:
                nonlocal crawls
                crawls += 1
                child = subprocess.run([sys.executable, "-m", "benchmarks.idle", name, world.clock.now.isoformat()], cwd=ROOT, check=True)
                return Ended(code=child.returncode, report={"asked": 1, "read": 1})

            world.crawl = crawl  # type: ignore[method-assign]
            work = world.work()
            rounds = work.rounds()
            done = 0
            seen: list[str] = []
            for second in range(0, HOURS * 3_600 + 1, min(TICKS_S.values())):
                world.clock.now = BEGIN + timedelta(seconds=second)
                for kind, every in TICKS_S.items():
                    if second % every == 0:
                        work.guarded(kind, rounds[kind])
                        done += 1
                if second % (4 * 3_600) == 0:
                    seen.append(f"{second // 3_600:>2} h {psutil.Process().memory_info().rss / 2**20:.1f} MB")
            with store.reading() as reading:
                stored = reading.articles.counts()["articles"]
    print(f"\n{HOURS} simulated hours, {done} rounds, {stored} articles, {crawls} crawls, {work.failures} failures")
    print("resident memory: " + ", ".join(seen))


def world_of(store: Store, config: Config) -> World:
    """The simulated world, the same in each process."""
    from tests.end_to_end.simulation import World, some_news
    from tests.monitor.postroom import Clock

    news = some_news(BEGIN - timedelta(days=1), BEGIN + timedelta(hours=HOURS + 4), every=timedelta(minutes=10))
    return World(store=store, config=config, clock=Clock(BEGIN), news=news)


def crawl_once(folder: Path, moment: datetime) -> None:
    """Be the crawl's child process."""
    from monitor.config import load_config
    from storage.store import Store

    with Store.open(f"sqlite:///{folder}/monitor.db") as store:
        world = world_of(store, load_config(folder / "monitor.toml", {}, folder))
        world.clock.now = moment
        world.crawl()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        crawl_once(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
    else:
        main()
