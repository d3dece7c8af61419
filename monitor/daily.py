"""A day's work in one call: crawl what is due in a child process, make the digests of today, write their files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor import schedule
from monitor.editions import Desk, edition_of, next_edition, of_day
from monitor.files import FileError, write_text
from monitor.running.orphan import for_child
from monitor.shapes import render
from storage.errors import StorageBusy

if TYPE_CHECKING:
    from monitor.desks import Wanted
    from monitor.digest.record import Digest
    from monitor.log import Log
    from monitor.schedule import Due

_TOO_LONG = 124  # as `timeout` of coreutils says it
_ENDED = {0, 1, 2, 3}  # codes of a crawl that ended by itself
# What a file's ending is called in the configuration, and how it is rendered.
ENDINGS = {"html": "html", "txt": "text", "md": "markdown", "json": "json", "atom": "atom"}


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day's work came to."""

    crawled: int  # the crawl's exit code; 0 where there was none to be
    digests: tuple[Digest, ...]  # what is new since the last one, for each digest that is wanted today
    files: tuple[Path, ...]  # the whole day, one file a format
    exit_code: int  # 0; 3: partly, a source, the crawl or a file failed; 2: the crawl could not begin; 1: no file could be written


def run_daily(wanted: Sequence[Wanted], *, crawl: Sequence[str] | None, deadline_s: float, log: Log, report: TextIO | None = None) -> Day:
    """Run the crawl's command line (None: no crawl), then tell what is new.

    Args:
        deadline_s: seconds that the crawl may take.
        report: where the crawl's report goes; nowhere if None.

    The crawl is a child with a time limit of its own: whatever becomes of it, the digests are made, and say so. A digest that was
    made today already tells what came in since; one that is not wanted on this day of the week is left to its day.
    """
    dues = {one.desk.name: _due(one) for one in wanted}
    code = 0 if crawl is None else run_child(crawl, deadline_s, log=log, report=report)
    if code not in _ENDED:
        _note_death(wanted[0].desk, code)
    digests: list[Digest] = []
    files: list[Path] = []
    failed = 0
    for one in wanted:
        due = dues[one.desk.name]
        digest = _tell(one, due)
        if digest is None:
            continue
        digests.append(digest)
        try:
            files += write_files(one.desk, digest.day, Path(one.table.folder), one.table.formats)
        except FileError as error:  # a folder that cannot be written must not stop the other digests
            failed += 1
            log.say("digest", f"{error}{f' ({error.hint})' if error.hint else ''}", level="error")
            with one.desk.store.transaction() as transaction:
                transaction.incidents.add(one.desk.clock(), "digest-failed", str(error))
            continue
        if due is not None:
            with one.desk.store.transaction() as transaction:
                transaction.periods.set_written(one.desk.name, due.period.key, one.desk.clock())
    if failed and failed == len(digests):
        exit_code = 1
    elif code == 0:
        exit_code = 3 if failed else 0
    else:
        # The digest is made and says what failed: partly done, unless the crawl could not even begin.
        exit_code = 2 if code == 2 else 3
    return Day(crawled=code, digests=tuple(digests), files=tuple(files), exit_code=exit_code)


def _note_death(desk: Desk, code: int) -> None:
    """Note that the crawl did not end by itself; what it had stored stays."""
    why = "it did not end in time" if code == _TOO_LONG else f"it was killed by signal {-code}" if code < 0 else f"exit code {code}"
    desk.store.notebook.write(desk.clock(), "crawl-died", why)


def _due(wanted: Wanted) -> Due | None:
    desk = wanted.desk
    now = desk.clock()
    with desk.store.reading() as reading:
        made = reading.periods.made(desk.name)
    # Where a `monitor run` works, the digest of today is its own, at its hour; where none does, today's is made now.
    ask = schedule.due_today if _alone(desk) else schedule.due
    return ask(wanted.timetable, made, now)


def _alone(desk: Desk) -> bool:
    try:
        with desk.store.run_lock(now=desk.clock()):
            return True
    except StorageBusy:
        return False


def _tell(wanted: Wanted, due: Due | None) -> Digest | None:
    desk = wanted.desk
    if due is not None:
        edition = edition_of(desk, due)
        # Made by somebody else while we crawled: told already, so it is shown again.
        return edition.digest if edition else of_day(desk, due.period.day).digest
    today = desk.clock().astimezone(desk.zone).date()
    if not any(schedule.periods(wanted.timetable, today, today)):
        return None
    return next_edition(desk).digest


def run_child(command: Sequence[str], deadline_s: float, *, log: Log, report: TextIO | None = None) -> int:
    """Run one of our commands as a child and return its exit code.

    A child that outlives its deadline by more than a minute is killed: a crawl ends by itself at its deadline.
    """
    try:
        out = subprocess.DEVNULL if report is None else report
        return subprocess.run(command, stdout=out, timeout=deadline_s + 60, check=False, env=for_child(os.environ)).returncode  # noqa: S603 - our own command line
    except subprocess.TimeoutExpired:
        log.say("crawl", f"the crawl did not end within {deadline_s / 60:.0f} minutes and was stopped", level="error")
        return _TOO_LONG


def write_files(desk: Desk, day: date, folder: Path, formats: Sequence[str]) -> tuple[Path, ...]:
    """Write the files of a whole day, one a format, and return their paths.

    Raises:
        monitor.files.FileError: one cannot be written.
    """
    if not formats:
        return ()
    digest = of_day(desk, day).digest
    return tuple(write_digest(digest, folder, ending) for ending in formats)


def write_digest(digest: Digest, folder: Path, ending: str) -> Path:
    """Write one file of a digest, named by its day, and return its path.

    Raises:
        monitor.files.FileError: it cannot be written.
    """
    path = folder / f"{digest.day.isoformat()}.{ending}"
    write_text(path, render(digest, ENDINGS[ending]))
    return path
