"""`monitor run`: killed at each step, two at once, signals, a configuration read anew, a crawl that has to be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import psutil
import pytest

from monitor.daily import run_daily
from monitor.log import Lines
from monitor.running.child import Crawler
from storage.filters import ArticleFilter
from storage.store import Store
from tests.end_to_end import killed
from tests.end_to_end.conftest import ROOT, Desk
from tests.end_to_end.running import running
from tests.end_to_end.simulation import World, write_config
from tests.monitor.postroom import Clock, block, mail_block, mail_server
from tests.patience import LONG_S, wait_until

EVENING = datetime.fromisoformat("2026-11-12T03:00:00+00:00")  # 22:00 in Toronto
MORNING = datetime.fromisoformat("2026-11-12T12:05:00+00:00")  # 07:05
LATER = MORNING + timedelta(minutes=20)

# ------------------------------------------------------------------ killed


def test_killed_at_each_step_nothing_is_lost_and_nothing_twice(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Walk the steps of a morning: each is the last one of a process, in a store of its own; then another process takes over."""
    steps: list[str] = []
    with mail_server() as inbox:
        while not steps or steps[-1] != "the end":
            number = len(steps) + 1
            folder = tmp_path / str(number)
            folder.mkdir()
            monkeypatch.chdir(folder)
            text = block("digest", name="daily", at="07:00", deliver=["mail"], formats=["json"]) + mail_block(
                inbox.port, ["anna@example.org"]
            )
            config = write_config(folder, text)
            with fresh(database_url, folder) as url, Store.open(url) as store:
                world = World(store=store, config=config, clock=Clock(EVENING), news=killed.NEWS)
                world.work().once()
                inbox.taken.clear()
                steps.append(die(folder, url, number))
                world.clock.now = LATER
                world.work().once()
                assert "failed" not in world.said.getvalue()
                check(store, folder, steps[-1])
            mails = inbox.ids("anna@example.org")
            assert len(set(mails)) == 1, steps[-1]
            # Killed between handing a mail over and writing that down, nobody knows: it is sent again, under the same name.
            assert len(mails) == (2 if steps[-1] == "delivered" else 1), steps[-1]
    crawl = ["stored", "half a crawl", "stored", "polled"]
    assert steps == [*crawl, "opened", "crawled", "made", "written", "claimed", "handing", "delivered", "confirmed", "the end"]


def die(folder: Path, url: str, number: int) -> str:
    """Let a process do the morning's work and kill itself at a step; returns the step's name."""
    command = [sys.executable, "-m", "tests.end_to_end.killed", str(folder), url, MORNING.isoformat(), str(number)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S)
    passed = done.stdout.split("\n")[:-1]
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return passed[-1] if done.returncode else "the end"


def check(store: Store, folder: Path, step: str) -> None:
    """Every article is stored once, every story told once, each period made once, its files written."""
    with store.reading() as reading:
        articles = list(reading.articles.find(ArticleFilter()))
        rows = reading.periods.all("daily")
        told = Counter(story for row in rows for story in reading.ledger.stories_of([row.digest_id or 0]))
        editions = [len(reading.ledger.editions("daily", day)) for day in reading.ledger.days("daily")]
        assert not reading.deliveries.waiting(), step
    wanted = {news.article.url for news in killed.NEWS if news.at <= MORNING}
    assert Counter(stored.article.url for stored in articles) == Counter(wanted), step
    assert [row.period for row in rows] == ["2026-11-11", "2026-11-12"] and editions == [1, 1], step
    assert all(row.made and row.written for row in rows), step
    assert told == Counter({stored.story_id: 1 for stored in articles}), step
    assert sorted(path.name for path in (folder / "digests").iterdir()) == ["2026-11-11.json", "2026-11-12.json"], step


@contextmanager
def fresh(database_url: str, folder: Path) -> Iterator[str]:
    """A fresh database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'monitor.db'}"
        return
    with Store.open(database_url) as store, store.transaction() as transaction:
        transaction.connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    yield database_url


# ------------------------------------------------------------------ the command


def editions(url: str) -> list[tuple[str, int]]:
    with Store.open(url) as store, store.reading() as reading:
        return [(row.day, row.edition) for day in reading.ledger.days("daily") for row in reading.ledger.editions("daily", day)]


def test_what_is_due_is_done_once_and_then_nothing(desk: Desk) -> None:
    first = desk.run("run", "--once").stderr
    assert "due sources read" in first and "new" in first and "written: digests" in first
    assert all(len(line.split("  ")[0]) == len("2026-11-12 07:00:00") for line in first.splitlines())
    assert not [line for line in desk.run("run", "--once").stderr.splitlines() if "digest " in line or "crawl " in line]
    assert len(editions(desk.database)) == 1
    files = sorted(path.suffix for path in (desk.folder / "digests").iterdir())
    assert files == [".html", ".json", ".txt"]


@pytest.mark.parametrize("hour", ["00:00", "23:59"])
def test_cron_and_run_tell_a_day_once(desk: Desk, hour: str) -> None:
    """Whichever the hour: before it `daily` makes today's digest, and `run` makes none for yesterday."""
    path = desk.folder / "monitor.toml"
    path.write_text(path.read_text(encoding="utf-8") + block("digest", name="daily", at=hour), encoding="utf-8")
    desk.run("daily", "--quiet", code=3)
    assert "daily of" not in desk.run("run", "--once").stderr
    assert len(editions(desk.database)) == 1
    again = desk.run("daily")  # a person who types it is told what came in between
    assert "0 new" in again.stdout and len(editions(desk.database)) == 2


def test_daily_before_the_hour(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = World(store=store, config=write_config(tmp_path, ""), clock=Clock(EVENING), news=killed.NEWS)
    world.work().once()
    wanted = world.work().setup.wanted
    world.clock.now = MORNING - timedelta(hours=1)
    with store.run_lock(now=EVENING):  # a `monitor run` works: today's digest is its own
        assert [digest.count for digest in run_daily(wanted, crawl=None, deadline_s=1, log=Lines(StringIO())).digests] == [0]
    assert made(store) == {"2026-11-11"}
    run_daily(wanted, crawl=None, deadline_s=1, log=Lines(StringIO()))  # none does: this is today's digest
    assert made(store) == {"2026-11-11", "2026-11-12"}
    world.clock.now = MORNING
    world.work().once()
    assert len(list((tmp_path / "digests").iterdir())) == 6
    with store.reading() as reading:
        assert [len(reading.ledger.editions("daily", day)) for day in ("2026-11-11", "2026-11-12")] == [1, 2]


def test_daily_shows_what_another_process_made_while_it_crawled(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = World(store=store, config=write_config(tmp_path, ""), clock=Clock(MORNING), news=killed.NEWS)

    def meanwhile(command: object, deadline_s: float, **options: object) -> int:
        world.work().once()
        return 0

    monkeypatch.setattr("monitor.daily.run_child", meanwhile)
    (digest,) = run_daily(world.work().setup.wanted, crawl=["crawl"], deadline_s=1, log=Lines(StringIO())).digests
    assert digest.count > 0 and digest.edition == 1
    with store.reading() as reading:
        assert len(reading.ledger.editions("daily", "2026-11-12")) == 1


def test_signals_stop_it_and_change_its_configuration(desk: Desk) -> None:
    file = desk.folder / "monitor.toml"
    good = file.read_text(encoding="utf-8")
    with running(desk) as run:
        run.wait_for("written: digests")
        assert not [one for one in psutil.Process(run.process.pid).net_connections() if one.status == "LISTEN"], "no port is opened unasked"
        file.write_text(f'language = "fr"\n{good}', encoding="utf-8")
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("read anew")
        file.write_text(f"langauge = 1\n{good}", encoding="utf-8")
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("the one from before holds on")
        assert any("line 1: unknown key langauge" in line for line in run.said)
        assert run.end() == 0
    assert run.said[-1].endswith("ended\n")
    file.write_text(good, encoding="utf-8")
    assert "A changed configuration was refused" in " ".join(desk.run("digest", "-f", "text").stdout.split())


def test_a_wrong_configuration_at_the_start_is_refused(desk: Desk) -> None:
    (desk.folder / "monitor.toml").write_text("[digest]\nat = 'seven'\n", encoding="utf-8")
    assert "digest.at" in desk.run("run", code=2).stderr


def test_it_ends_though_a_crawl_is_under_way(desk: Desk) -> None:
    import socket
    from dataclasses import replace

    file = desk.folder / "monitor.toml"
    patient = file.read_text(encoding="utf-8").replace("[crawl]\n", "[crawl]\ntimeout_seconds = 600.0\n")  # it would not end by itself
    file.write_text(patient, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        deaf = replace(desk, proxy=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with running(deaf) as run:
            run.wait_for("working on")
            wait_until(lambda: psutil.Process(run.process.pid).children(recursive=True))
            with silent.accept()[0]:  # the crawl is asking
                children = psutil.Process(run.process.pid).children(recursive=True)
                ours = [psutil.Process(run.process.pid), *children]
                assert len(ours) > 1 and not [place for one in ours for place in one.net_connections("inet") if place.status == "LISTEN"]
                assert run.end() == 0
            wait_until(lambda: not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE])
    assert editions(desk.database) == []  # the digest is left to the next one
    assert "daily of" in desk.run("run", "--once").stderr


def test_the_end_of_a_run_fits_into_the_ten_seconds_that_docker_leaves_it() -> None:
    from monitor.running import child, shell

    assert shell._BEAT_S + shell._GRACE_S < 10
    assert child._LOOK_S + 2 * child._PATIENCE_S < shell._GRACE_S, "a crawl that has to be killed is waited for"


def test_of_two_one_works_and_the_other_takes_over(desk: Desk, database_url: str) -> None:
    from dataclasses import replace

    ours = replace(desk, database=database_url)
    with running(ours) as first:
        first.wait_for("written: digests")
        with running(ours) as second:
            second.wait_for("another `monitor run` works on this database")
            assert not any("working on" in line for line in second.said)
            first.end(signal.SIGKILL)
            second.wait_for("working on")
            assert second.end() == 0
    assert len(editions(database_url)) == 1


def test_a_store_that_fails_ends_no_run_and_is_waited_for(desk: Desk) -> None:
    """No crash loop: whoever starts it anew at each end would find the same."""
    in_the_way = desk.folder / "monitor.db.run.lock"
    in_the_way.mkdir()
    with running(desk) as run:
        run.wait_for("the lock cannot be taken")
        assert run.process.poll() is None and not any("working on" in line for line in run.said)
        in_the_way.rmdir()
        run.wait_for("working on")
        assert run.end() == 0
    assert sum("the lock cannot be taken" in line for line in run.said) == 1


# ------------------------------------------------------------------ children and clocks


def run_child(code: str, stop: threading.Event | None = None, **limits: float) -> object:
    values = {"deadline_s": LONG_S, "memory_mb": 2_000} | limits
    return Crawler(stop or threading.Event()).run([sys.executable, "-c", code], **values)  # type: ignore[arg-type]


def test_a_crawl_that_passes_its_limits_is_ended_and_says_why() -> None:
    assert "did not end within" in run_child("import time; time.sleep(1_200)", deadline_s=1.0).died  # type: ignore[attr-defined]
    greedy = "x = bytearray(400_000_000); import time; time.sleep(1_200)"
    assert "more than 200 MB" in run_child(greedy, memory_mb=200).died  # type: ignore[attr-defined]
    assert "signal 9" in run_child("import os; os.kill(os.getpid(), 9)").died  # type: ignore[attr-defined]
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1_200)"
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    before = set(psutil.Process().children())
    assert run_child(stubborn, stop).stopped  # type: ignore[attr-defined]
    assert set(psutil.Process().children()) <= before, "it is gone"


def test_a_crawl_tells_its_report_and_its_last_words() -> None:
    ended = run_child("import sys; print('{\"asked\": 3}'); print('monitor: so\\n  -> do this', file=sys.stderr); sys.exit(3)")
    assert (ended.code, ended.report, ended.said, ended.died) == (3, {"asked": 3}, "so", "")  # type: ignore[attr-defined]
    assert run_child("print('no json')").report == {}  # type: ignore[attr-defined]


def test_a_dead_crawl_is_told_in_the_digest_that_is_made_all_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.editions import again
    from monitor.running.child import Ended
    from monitor.shapes import render

    monkeypatch.chdir(tmp_path)
    world = World(store=store, config=write_config(tmp_path, ""), clock=Clock(EVENING), news=killed.NEWS)
    world.crawl = lambda: Ended(died="it took more than 2048 MB of memory")  # type: ignore[method-assign]
    work = world.work()
    work.once()
    assert work.failures == 1
    told = " ".join(render(again(work.setup.wanted[0].desk).digest, "text").split())
    assert "A crawl was broken off (22:00): it took more than 2048 MB of memory." in told


def test_a_folder_that_cannot_be_written_stops_no_other_digest(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    text = block("digest", name="first", at="07:00", folder="taken") + block("digest", name="second", at="07:00", folder="free")
    world = World(store=store, config=write_config(tmp_path, text), clock=Clock(EVENING), news=killed.NEWS)
    work = world.work()
    for _ in range(3):
        work.once()
        world.clock.pass_(seconds=15)
    assert len(list((tmp_path / "free").iterdir())) == 3
    assert world.said.getvalue().count("cannot be written") == 1, "the same failure is not told every few seconds"
    with store.reading() as reading:
        assert [one.kind for one in reading.incidents.between(None, MORNING)] == ["digest-failed"]
    (tmp_path / "taken").unlink()
    work.once()
    assert len(list((tmp_path / "taken").iterdir())) == 3


def test_a_crawl_that_kills_everything_is_left_out_at_last(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.end_to_end.simulation import Crash

    monkeypatch.chdir(tmp_path)
    world = World(store=store, config=write_config(tmp_path, ""), clock=Clock(EVENING), news=killed.NEWS)

    def deadly() -> object:
        raise Crash

    world.crawl = deadly  # type: ignore[method-assign, assignment]
    attempts = 0
    while not made(store):
        attempts += 1
        assert attempts < 10
        for round_ in (work := world.work()).digests, work.deliver:
            try:
                round_()
            except Crash:
                break
        world.clock.pass_(minutes=1)
    assert attempts == 4  # three crawls were begun for it


def made(store: Store) -> set[str]:
    with store.reading() as reading:
        return reading.periods.made("daily")


def test_a_clock_that_is_set_wakes_the_timers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    from monitor.running import shell as module
    from monitor.running.child import Ended

    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, "")
    clock = Clock(MORNING)
    out = StringIO()
    begun = time.monotonic()
    shift = timedelta(0)
    monkeypatch.setattr(module, "TICKS_S", {"crawl": 3600, "alert": 3600, "digest": 3600, "delivery": 3600, "upkeep": 3600, "signs": 3600})
    monkeypatch.setattr(module.Shell, "_crawl", lambda *_: Ended(code=0, report={"asked": 1, "read": 1}))

    def now() -> datetime:
        return clock.now + shift + timedelta(seconds=time.monotonic() - begun)

    def when_it_was_said(words: str, then: Callable[[], None]) -> threading.Thread:
        def watch() -> None:
            try:
                wait_until(lambda: words in out.getvalue())
            finally:
                then()

        thread = threading.Thread(target=watch)
        thread.start()
        return thread

    def sleep_a_day() -> None:
        nonlocal shift
        shift = timedelta(days=1)

    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        shell = module.Shell(store, None, f"sqlite:///{tmp_path / 'monitor.db'}", clock=now, out=out, folder=tmp_path / "..")
        threads = [
            when_it_was_said("daily of 2026-11-12", sleep_a_day),
            when_it_was_said("daily of 2026-11-13", lambda: os.kill(os.getpid(), signal.SIGTERM)),
        ]
        shell.run(once=False)
        for thread in threads:
            thread.join()
    said = out.getvalue()
    assert "the clock went on by 24.0 h" in said and "daily of 2026-11-13" in said and said.endswith("ended\n")
