"""The shell round the work: one process a store, timers that only tick, signals, and a configuration that can be read anew.

APScheduler starts the rounds of `Work`; each round asks the store what is due. So it does not matter when a timer fires, only that
it does: a clock that jumps wakes all of them, since a timer set by the old time might sleep for hours.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from monitor import schedule
from monitor.config import FILE, load_config
from monitor.desks import wanted
from monitor.log import Journal, JsonLines, Log
from monitor.running.child import Crawler, Ended
from monitor.running.orphan import for_child
from monitor.running.work import Setup, Work
from storage.errors import ConfigError, MediaMonitorError, StorageBusy, StorageError
from storage.locks import Held

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.store import Store

TICKS_S = {"crawl": 60, "alert": 60, "digest": 15, "delivery": 30, "upkeep": 600, "signs": 60}
CRAWL_WAIT = 30  # minutes that a crawl waits for another one
_BEAT_S = 0.5  # how soon a signal is noticed
_TURN_S = 5.0  # between two looks whether the work is ours
_JUMP = timedelta(seconds=60)  # a clock that differs so much from the machine's running time was set, or the machine slept
_GRACE_S = 8.0  # for what is under way when we are told to stop


class Shell:
    """`monitor run` on one store.

    Args:
        path: the configuration file as the user named it, None for `monitor.toml` where there is one.
        database: wins over the configuration's.
        log_json: write JSON lines instead of lines for a person.
    """

    def __init__(
        self,
        store: Store,
        path: Path | None,
        database: str | None,
        *,
        clock: Callable[[], datetime],
        out: TextIO,
        folder: Path,
        log_json: bool = False,
    ) -> None:
        self._store = store
        self._path = path
        self._database = database
        self._clock = clock
        self._snapshot = folder / FILE
        self._config = self._load()
        zone = ZoneInfo(self._config.timezone)
        self._journal: Log = JsonLines(out, clock) if log_json else Journal(out, clock, zone)
        self._journal.hide(self._config.secrets(os.environ))
        self._asked: set[str] = set()  # by signals; a handler must do no more than this
        self._busy: set[str] = set()  # rounds under way
        self.failures = 0

    def run(self, *, once: bool) -> None:
        """Work until told to stop; with `once`, do what is due and return.

        While another process works on the store, wait for it, and take over when it ends.
        """
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        told = ""
        with self._listening():
            while "stop" not in self._asked:
                try:
                    with self._store.run_lock(now=self._clock()) as held:
                        told = ""
                        self._store.notebook.prepare()
                        self._serve(held, once=once)
                        if once:
                            return
                except StorageError as error:
                    if str(error) != told:
                        told = str(error)
                        waiting = "it does what is due" if once else "waiting for it to end"
                        self._journal.say("run", f"{told}: {waiting}" if isinstance(error, StorageBusy) else told)
                    if once:
                        self.failures += not isinstance(error, StorageBusy)
                        return
                    self._sleep(_TURN_S)
        self._journal.say("run", "ended")

    # ------------------------------------------------------------------ while the work is ours

    def _serve(self, held: Held, *, once: bool) -> None:
        stop = threading.Event()
        crawler = Crawler(stop)
        work = Work(
            setup=self._setup(self._config),
            store=self._store,
            clock=self._clock,
            crawl=lambda: self._crawl(crawler, work.setup.config),
            journal=self._journal,
            stop=stop,
        )
        self._journal.say("run", f"working on {self._store.name}: {self._told(work.setup)}")
        began = time.monotonic(), self._clock()  # before the timers: they go by this hour
        end = self._start_once(work) if once else self._start(work)
        try:
            with self._metrics(work):
                self._watch(work, held, end, began)
        finally:
            stop.set()
            self._finish(end)
            self.failures += work.failures

    @contextmanager
    def _metrics(self, work: Work) -> Iterator[None]:
        """Show figures by HTTP while the block runs, where that is wanted and can be."""
        from monitor.metrics import serving

        port = self._config.metrics.port
        with ExitStack() as stack:
            try:
                stack.enter_context(
                    serving(port, lambda: (self._store, work.setup.config, work.setup.wanted[0].desk.sources, self._clock()))
                )
            except OSError as error:
                work.fail("metrics", f"port {port} of 127.0.0.1 cannot be used: {error.strerror or error}")
            yield

    def _start(self, work: Work) -> _Timers:
        timers = _Timers()
        for name, round_ in work.rounds().items():
            timers.add(name, TICKS_S[name], partial(self._round, work, name, round_))
        timers.start()
        return timers

    def _start_once(self, work: Work) -> _Timers:
        """Do every round once, in a thread, so that signals are noticed meanwhile."""
        timers = _Timers()

        def all_rounds() -> None:
            try:
                self._busy.add("once")
                work.once()
            finally:
                self._asked.add("stop")
                self._busy.discard("once")

        threading.Thread(target=all_rounds, daemon=True).start()
        return timers

    def _round(self, work: Work, name: str, round_: Callable[[], None]) -> None:
        self._busy.add(name)
        try:
            work.guarded(name, round_)
        finally:
            self._busy.discard(name)

    def _watch(self, work: Work, held: Held, timers: _Timers, began: tuple[float, datetime]) -> None:
        """Wait for signals, for jumps of the clock since the timers began, and for the loss of our turn."""
        running, wall = began
        looked = running
        while "stop" not in self._asked:
            time.sleep(_BEAT_S)
            if "reload" in self._asked:
                self._asked.discard("reload")
                self._reload(work)
            now, here = time.monotonic(), self._clock()
            jump = (here - wall) - timedelta(seconds=now - running)
            running, wall = now, here
            if abs(jump) > _JUMP:
                way = "on" if jump > timedelta(0) else "back"
                self._journal.say("run", f"the clock went {way} by {_length(abs(jump))}: looking at what is due")
                work.note(f"clock-{way}", _length(abs(jump)))
                timers.wake()
            if now - looked > _TURN_S:
                looked = now
                if not held():
                    self._journal.say("run", "the lock on the store is gone; asking for it again")
                    return

    def _finish(self, timers: _Timers) -> None:
        """End the timers, and wait for what is under way; what does not end is left: every step can be cut off."""
        timers.end()
        end = time.monotonic() + _GRACE_S
        while self._busy and time.monotonic() < end:
            time.sleep(0.05)
        if self._busy and "stop" in self._asked:
            self._journal.say("run", f"ended without waiting for: {', '.join(sorted(self._busy))}")
            sys.stdout.flush()
            # The interpreter would wait for the threads. Nothing is lost: what they do survives being killed at any step.
            os._exit(0)

    # ------------------------------------------------------------------ configuration

    def _load(self) -> Config:
        """Read the configuration, and keep a copy of the file: children obey the one in force, not one that is being edited.

        Raises:
            ConfigError: it is wrong.
        """
        config = load_config(self._path, os.environ, Path.cwd())
        if self._database:
            config = config.with_database(self._database)
        text = config.path.read_bytes() if config.path else b""
        config.sources(config.watchlist())
        self._snapshot.write_bytes(text)
        return config

    def _setup(self, config: Config) -> Setup:
        return Setup(config=config, wanted=wanted(config, self._store, self._clock))

    def _reload(self, work: Work) -> None:
        before = self._snapshot.read_bytes()
        try:
            config = self._load()
            if config.database != self._config.database:
                raise ConfigError("the database cannot be changed while running", hint="restart monitor run")
            work.reload(self._setup(config))
        except MediaMonitorError as error:
            self._snapshot.write_bytes(before)
            work.fail("config", str(error), incident="config-refused", said="refused, the one from before holds on")
            return
        self._config = config
        self._journal.hide(config.secrets(os.environ))
        self._journal.say("config", f"read anew: {self._told(work.setup)}")

    def _told(self, setup: Setup) -> str:
        now = self._clock()
        parts = []
        with self._store.reading() as reading:
            for one in setup.wanted:
                due = schedule.next_due(one.timetable, reading.periods.made(one.desk.name), now)
                said = "now" if due <= now else f"{due.astimezone(one.desk.zone):%a %d %b %H:%M}"
                parts.append(f"{one.desk.name} next {said} ({one.table.timezone})")
        return f"{len(setup.wanted[0].desk.sources)} sources; {'; '.join(parts)}"

    # ------------------------------------------------------------------ children and signals

    def _crawl(self, crawler: Crawler, config: Config) -> Ended:
        minutes = config.crawl.deadline_minutes
        command = [sys.executable, "-m", "monitor", "--config", str(self._snapshot)]
        command += ["crawl", "--due", "--json", "--wait", str(CRAWL_WAIT), "--deadline", str(minutes)]
        # The database travels in the environment: its URL may hold a password, and command lines are seen by everybody.
        env = for_child(os.environ | {"MONITOR_DATABASE_URL": config.database})
        return crawler.run(command, deadline_s=60.0 * (minutes + CRAWL_WAIT + 1), memory_mb=config.run.memory_mb, env=env)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Note signals while the block runs."""
        wanted_signals = {"SIGTERM": "stop", "SIGINT": "stop", "SIGHUP": "reload"}
        before: dict[int, Any] = {}
        for name, meaning in wanted_signals.items():
            if number := getattr(signal, name, None):
                before[number] = signal.signal(number, lambda *_, meaning=meaning: self._asked.add(meaning))
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and "stop" not in self._asked:
            time.sleep(_BEAT_S)


class _Timers:
    """APScheduler, which only ticks: late rounds are run, several missed ones once, and never two of a kind together."""

    def __init__(self) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler: Any = BackgroundScheduler(timezone=UTC, job_defaults=defaults)

    def add(self, name: str, seconds: float, round_: Callable[[], None]) -> None:
        """Tick at once, then every so many seconds."""
        self._scheduler.add_job(round_, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def wake(self) -> None:
        """Let everything tick now."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC))

    def end(self) -> None:
        """Tick no more; does not wait for what was started."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def run_shell(
    store: Store, path: Path | None, database: str | None, *, clock: Callable[[], datetime], out: TextIO, once: bool, log_json: bool = False
) -> int:
    """Run until told to stop; returns the exit code: 0, or 3 if something failed in a run with `once`.

    Raises:
        ConfigError: the configuration is wrong at the start.
    """
    with tempfile.TemporaryDirectory(prefix="media-monitor-") as folder:
        shell = Shell(store, path, database, clock=clock, out=out, folder=Path(folder), log_json=log_json)
        shell.run(once=once)
    return 3 if once and shell.failures else 0


def _length(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
