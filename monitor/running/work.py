"""The work of `monitor run`, one round of each kind at a call; no timer, no signal: whoever calls, and when, is not its concern.

    crawl    what is due by polling
    alert    what came and cannot wait: queued with its deliveries
    digests  what is due by the ledger of periods: opened -> crawled -> made (with its deliveries, one transaction) -> written
    deliver  what waits in the outbox
    upkeep   duties

Every step is written down when it is done, so a run that dies anywhere is taken up by the next one. What fails is told, written
down as an incident, and tried again in a later round.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor import polling, schedule
from monitor.daily import write_files
from monitor.editions import edition_of, open_period
from monitor.files import FileError
from monitor.log import Journal
from monitor.running import duties
from monitor.running.child import Ended
from monitor.running.signs import Signs
from storage.errors import MediaMonitorError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.desks import Wanted
    from monitor.log import Log
    from monitor.schedule import Due
    from storage.store import Store

FRESH = timedelta(minutes=10)  # a crawl that ended so recently serves a digest, too
PAUSE = timedelta(minutes=5)  # between two crawls: what comes due meanwhile is asked together
AGAIN = timedelta(minutes=30)  # until the same failure is told again
NEEDED = frozenset({"crawl", "digest", "delivery"})  # before these were done once, a process has shown nothing
ATTEMPTS = 3  # crawls that are begun for one digest; then it is made of what is stored


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What follows from a configuration."""

    config: Config
    wanted: tuple[Wanted, ...]


@dataclass
class Work:
    """The work on one store.

    Args:
        crawl: crawls what is due, in a child process, and tells how that ended.
        stop: set when everything has to end: nothing new is begun.
        step: called after each step: `opened`, `crawled`, `made`, `written`, and those of delivery. For tests that kill the process.
    """

    setup: Setup
    store: Store
    clock: Callable[[], datetime]
    crawl: Callable[[], Ended]
    journal: Log
    stop: threading.Event
    step: Callable[[str], None] = lambda _: None
    failures: int = 0  # rounds and deliveries that failed
    _crawling: threading.Lock = field(default_factory=threading.Lock)
    _crawled: datetime | None = None  # when the last crawl ended
    _untold: list[tuple[datetime, str, str]] = field(default_factory=list)  # incidents that the store could not take yet
    _failed: dict[tuple[str, str], datetime] = field(default_factory=dict)  # what failed, and when that was told
    _resting: dict[str, datetime] = field(default_factory=dict)  # duties that failed
    _unwell: set[str] = field(default_factory=set)  # kinds of work whose last round failed
    _ended: set[str] = field(default_factory=set)  # kinds of work that had a round since the process began
    _signs: Signs | None = None

    def crawl_due(self) -> None:
        """Ask the sources that are due, unless a crawl has just ended or is running."""
        if not self._crawling.acquire(blocking=False):
            return
        try:
            now = self.clock()
            if self._crawled is None or not timedelta(0) <= now - self._crawled < PAUSE:
                self._crawl()
        finally:
            self._crawling.release()

    def alerts(self) -> None:
        """Queue what cannot wait for a digest."""
        if not self.setup.config.alert:
            return
        from monitor.alerts import evaluate

        for finding in evaluate(self.store, self.setup.config, self.clock):
            self.journal.say("alert", f"{finding.rule}: {len(finding.stories) or finding.count} stories")

    def digests(self) -> None:
        """Make the digests that are due."""
        due = [(wanted, found) for wanted in self.setup.wanted if (found := self._due(wanted))]
        if due:
            self._gather(due)
        for wanted, _ in due:
            # Asked again: while the sources were read, the next period may have come, or another process have made this one.
            found = self._due(wanted)
            if found:
                self.guarded("digest", partial(self._make, wanted, found))  # one that cannot be made must not stop the others
        self._write()

    def deliver(self) -> None:
        """Send what waits in the outbox."""
        from monitor.delivery.service import deliver_due

        report = deliver_due(self.store, self.setup.config, self.clock, step=self.step, stopping=self.stop.is_set, wait=timedelta(0))
        if report.sent:
            self.journal.say("delivery", f"{report.sent} sent", sent=report.sent)
        if not report.busy:
            # What is given up or in doubt is written down by the delivery itself.
            self.failures += len(report.lines)
            self._unwell |= {"delivery"} if report.lines else set()
            for line in report.lines:
                self.journal.say("delivery", line, level="warning")

    def upkeep(self) -> None:
        """Do the duties that are due; one that failed rests for an hour."""

        def fail(name: str, why: str) -> None:
            self._resting[name] = self.clock() + timedelta(hours=1)
            self.fail("upkeep", f"{name}: {why}")

        duties.keep_house(
            self.store,
            self.setup.config,
            self.clock,
            say=lambda said: self.journal.say("upkeep", said),
            fail=fail,
            resting=lambda name: (now := self.clock()) < self._resting.get(name, now),
            stopping=self.stop.is_set,
        )
        if all(moment <= self.clock() for moment in self._resting.values()):
            self._unwell.discard("upkeep")

    def signs(self) -> None:
        """Show others that the watch lives: after all went well, and otherwise that it does not."""

        def fail(kind: str, why: str) -> None:
            self.fail(kind, why, told=kind != "alive")  # who waits for the call is told by its not coming

        self._signs = self._signs or Signs(self.store, self.clock, fail)
        desk = self.setup.wanted[0].desk
        well = self._ended >= NEEDED and not self._unwell - {"metrics", "alive"}
        self._signs.give(self.setup.config, desk.sources, well=well)

    def once(self) -> None:
        """Do all that is due now, one thing after the other."""
        for name, round_ in self.rounds().items():
            self.guarded(name, round_)

    def rounds(self) -> dict[str, Callable[[], None]]:
        """Return the kinds of work by name, in the order in which they follow each other."""
        return {
            "crawl": self.crawl_due,
            "alert": self.alerts,
            "digest": self.digests,
            "delivery": self.deliver,
            "upkeep": self.upkeep,
            "signs": self.signs,
        }

    def guarded(self, name: str, round_: Callable[[], None]) -> None:
        """Do one round; whatever goes wrong is told and ends with it."""
        if self.stop.is_set():
            return
        failures = self.failures
        try:
            round_()
        except MediaMonitorError as error:
            self.fail(name, str(error))
        except Exception as error:  # noqa: BLE001 - a fault in one kind of work must not end the others
            self.fail(name, f"{type(error).__name__}: {error}")
        self._ended.add(name)
        if self.failures == failures and name not in {"crawl", "upkeep"}:  # those two clear themselves: a round may have nothing to do
            self._unwell.discard(name)
        self._tell_incidents()

    def fail(self, kind: str, detail: str, *, incident: str | None = None, said: str = "failed", told: bool = True) -> None:
        """Tell that something failed: in the journal now, in the next digest (if `told`); the same again only after a while."""
        self.failures += told
        self._unwell.add(kind)
        now = self.clock()
        before = self._failed.get((kind, detail))
        if before is not None and timedelta(0) <= now - before < AGAIN:
            return
        self._failed = {key: moment for key, moment in self._failed.items() if abs(now - moment) < AGAIN} | {(kind, detail): now}
        self.journal.say(kind, f"{said}: {detail}", level="error")
        if told:
            self._untold.append((now, incident or f"{kind}-failed", detail))
        self._tell_incidents()

    def note(self, kind: str, detail: str) -> None:
        """Write down what befell the watch and is no failure, for the next digest."""
        self._untold.append((self.clock(), kind, detail))
        self._tell_incidents()

    def reload(self, setup: Setup) -> None:
        """Work by another configuration from the next round on."""
        self.setup = setup
        if isinstance(self.journal, Journal):
            self.journal.zone = ZoneInfo(setup.config.timezone)

    # ------------------------------------------------------------------ crawls

    def _crawl(self) -> None:
        """Crawl what is due, and tell how it went. The caller holds the lock."""
        sources = self.setup.wanted[0].desk.sources
        with self.store.reading() as reading:
            count = len(polling.due(sources, reading.sources.states(), self.clock()))
        if not count:
            return
        ended = self.crawl()
        if ended.stopped:
            self.journal.say("crawl", "ended before its time; what it stored stays")
            return
        self._crawled = self.clock()
        if ended.died:
            self.fail("crawl", ended.died, incident="crawl-died", said="broken off")
        elif not ended.report:
            self.fail("crawl", ended.said or f"ended with exit code {ended.code}")
        else:
            self.journal.say("crawl", summary(ended), **ended.report)
            if ended.report.get("read"):
                self._unwell.discard("crawl")
            elif ended.report.get("asked"):
                self._unwell.add("crawl")
            if failed := ended.report.get("failed"):
                self.fail("crawl", str(failed))

    def _gather(self, due: list[tuple[Wanted, Due]]) -> None:
        """Read the sources before digests are made of them, unless that was done a moment ago."""
        now = self.clock()
        with self.store.transaction() as transaction:
            rows = [open_period(transaction, wanted.desk.name, found, now) for wanted, found in due]
        self.step("opened")
        unread = [row for row in rows if row.crawled is None or not timedelta(0) <= now - row.crawled < FRESH]
        if not unread or all(row.attempts > ATTEMPTS for row in unread):
            return
        with self._crawling:
            fresh = self._crawled is not None and timedelta(0) <= self.clock() - self._crawled < FRESH
            if not fresh:
                self.guarded("crawl", self._crawl)  # whatever becomes of it, the digest is made
        if self.stop.is_set():
            return
        with self.store.transaction() as transaction:
            for row in rows:
                transaction.periods.set_crawled(row.name, row.period, self.clock())
        self.step("crawled")

    # ------------------------------------------------------------------ digests

    def _due(self, wanted: Wanted) -> Due | None:
        with self.store.reading() as reading:
            made = reading.periods.made(wanted.desk.name)
        return schedule.due(wanted.timetable, made, self.clock())

    def _make(self, wanted: Wanted, due: Due) -> None:
        edition = edition_of(wanted.desk, due)
        if edition is None:
            return
        self.step("made")
        now = self.clock()
        since = due.waited_since(now)
        late = f", due {since.astimezone(wanted.desk.zone):%d %b %H:%M}" if now - since > schedule.LATE else ""
        said = f"{wanted.desk.name} of {due.period.day}: {edition.stories} new{late}"
        self.journal.say("digest", said, digest=wanted.desk.name, day=str(due.period.day), stories=edition.stories)

    def _write(self) -> None:
        """Write the files of digests that were made."""
        by_name = {wanted.desk.name: wanted for wanted in self.setup.wanted}
        with self.store.reading() as reading:
            rows = reading.periods.unwritten()
            editions = {edition.id: edition for row in rows if (edition := reading.ledger.get(row.digest_id or 0))}
        for row in rows:
            wanted = by_name.get(row.name)
            edition = editions.get(row.digest_id or 0)
            if wanted is not None and edition is not None:
                try:
                    files = write_files(wanted.desk, date.fromisoformat(edition.day), Path(wanted.table.folder), wanted.table.formats)
                except FileError as error:
                    self.fail("digest", str(error))  # tried again at the next look
                    continue
                if files:
                    self.journal.say("digest", f"written: {', '.join(map(str, files))}", files=[str(path) for path in files])
            with self.store.transaction() as transaction:
                transaction.periods.set_written(row.name, row.period, self.clock())
            self.step("written")

    def _tell_incidents(self) -> None:
        """Write incidents down as soon as the store takes them."""
        if not self._untold:
            return
        try:
            with self.store.transaction() as transaction:
                for moment, kind, detail in self._untold:
                    transaction.incidents.add(moment, kind, detail)
        except MediaMonitorError:
            # Noted elsewhere, so that it is told even if this process ends before the store can be written again.
            self._untold = [one for one in self._untold if not self.store.notebook.write(*one)]
        else:
            self._untold.clear()


def summary(ended: Ended) -> str:
    """Say in one line what a crawl came to."""
    report = ended.report
    articles = report.get("articles", {})
    stored, joined = articles.get("stored", 0), articles.get("joined", 0)
    told = f"{report.get('read', 0)} of {report.get('asked', 0)} due sources read, {report.get('new', 0)} new entries"
    found = f", {stored} new stories, {joined} joined known ones" if stored or joined else ""
    cut = ", stopped at its time limit" if report.get("cut_short") else ""
    return f"{told}{found}{cut}, {report.get('seconds', 0):.0f} s"
