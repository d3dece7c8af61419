"""Upkeep: what has to be done now and then, each at its own pace; when it was done last stands in the store.

A new duty is a function and a line in `DUTIES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from storage.errors import MediaMonitorError

if TYPE_CHECKING:
    from monitor.config import Config
    from storage.retention import Retention
    from storage.store import Store

KEEP_INCIDENTS = timedelta(days=90)
_DAY = timedelta(days=1)
_EARLY = timedelta(hours=1)
_SKETCHED = 3_000  # articles an hour: seconds of work


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Something to be done now and then."""

    name: str  # a stable word
    every: Callable[[Config], timedelta | None]  # None: not wanted
    do: Callable[[Store, Config, datetime], str]  # returns a sentence for the journal, "" for nothing to tell


def keep_house(
    store: Store,
    config: Config,
    clock: Callable[[], datetime],
    *,
    say: Callable[[str], None],
    fail: Callable[[str, str], None],
    resting: Callable[[str], bool] = lambda name: False,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Do the duties that are due; one that fails keeps no other from being done.

    Args:
        say: takes a sentence about what was done.
        fail: takes the name of a duty that failed, and why.
        resting: whether a duty, by name, is to be left alone for now.
        stopping: asked before each: True ends the round.
    """
    done = last_done(store)
    for duty in DUTIES:
        now = clock()
        if stopping() or resting(duty.name) or not is_due(duty.every(config), done.get(duty.name), now):
            continue
        try:
            said = duty.do(store, config, now)
            set_done(store, duty, now)
        except Exception as error:  # noqa: BLE001 - see above
            fail(duty.name, _told(error))
            continue
        if said:
            say(said)


def _told(error: Exception) -> str:
    if not isinstance(error, MediaMonitorError):
        return repr(error)
    return f"{error} ({error.hint})" if error.hint else str(error)


def is_due(every: timedelta | None, last: datetime | None, now: datetime) -> bool:
    """Tell whether something is to be done at `now`; what was done in the future (a clock set back) is.

    A little early counts, too: cron comes each day at the same minute, and what was done at its end yesterday would wait for tomorrow.
    """
    return every is not None and (last is None or now - last >= every - min(every / 12, _EARLY) or last > now)


def last_done(store: Store) -> dict[str, datetime]:
    """Return when each duty was done last."""
    with store.reading() as reading:
        found = {duty.name: reading.meta_moment(_key(duty)) for duty in DUTIES}
    return {name: moment for name, moment in found.items() if moment is not None}


def set_done(store: Store, duty: Duty, now: datetime) -> None:
    """Remember that a duty was done."""
    with store.transaction() as transaction:
        transaction.set_meta(_key(duty), now.isoformat())


def _key(duty: Duty) -> str:
    return f"duty:{duty.name}"


def _daily(config: Config) -> timedelta:
    return _DAY


def _hourly(config: Config) -> timedelta:
    return timedelta(hours=1)


def _weekly(config: Config) -> timedelta:
    return 7 * _DAY


def _forget(store: Store, config: Config, now: datetime) -> str:
    """Forget rows that serve no question any more."""
    keep = config.keep
    with store.transaction() as transaction:
        gone = transaction.incidents.forget(now - KEEP_INCIDENTS)
        gone += transaction.retention.forget_polls(now - keep.poll_days * _DAY)
        gone += transaction.retention.forget_gaps(now - keep.poll_days * _DAY)
        gone += transaction.retention.forget_deliveries(now - keep.delivery_days * _DAY)
        gone += transaction.retention.forget_pending(now)
    gone += _in_batches(store, lambda retention: retention.forget_sightings(now - keep.entry_days * _DAY))
    return f"{gone} old rows forgotten" if gone else ""


def _expire(store: Store, config: Config, now: datetime) -> str:
    """Delete texts of old articles."""
    days = config.keep.text_days
    gone = _in_batches(store, lambda retention: retention.expire_texts(now - days * _DAY)) if days else 0
    return f"the texts of {gone} articles deleted, first seen more than {days} days ago" if gone else ""


def _in_batches(store: Store, forget: Callable[[Retention], int]) -> int:
    """Call until nothing is left, each time in a short transaction of its own: a crawl that writes meanwhile waits for none of it."""
    total = 0
    while True:
        with store.transaction() as transaction:
            gone = forget(transaction.retention)
        total += gone
        if not gone:
            return total


def _sketch(store: Store, config: Config, now: datetime) -> str:
    """Sketch anew what an earlier version sketched."""
    from monitor.sketching import sketch_anew

    made = sketch_anew(store, _SKETCHED)
    return f"{made} articles sketched anew: new ones are compared with them again" if made else ""


def _check(store: Store, config: Config, now: datetime) -> str:
    """Look whether the database is whole; a fault is told in the next digest."""
    from storage.backup import check

    check(store)
    return ""


def _vacuum(store: Store, config: Config, now: datetime) -> str:
    """Give room back."""
    from storage.backup import vacuum

    return vacuum(store)


def _backup(store: Store, config: Config, now: datetime) -> str:
    """Make a copy of the database."""
    from monitor.backup import rotate

    path = rotate(store, config.database, config.base / config.backup.folder, config.backup.keep, now)
    return f"backup {path}, {path.stat().st_size / 2**20:.1f} MB"


def _backup_pace(config: Config) -> timedelta | None:
    return timedelta(hours=config.backup.every_hours) if config.backup.folder else None


# The check comes before the backup, which pushes the oldest copy out: not for a damaged one.
DUTIES: tuple[Duty, ...] = (
    Duty(name="forget", every=_daily, do=_forget),
    Duty(name="expire", every=_daily, do=_expire),
    Duty(name="sketch", every=_hourly, do=_sketch),
    Duty(name="check", every=_daily, do=_check),
    Duty(name="backup", every=_backup_pace, do=_backup),
    Duty(name="vacuum", every=_weekly, do=_vacuum),
)
