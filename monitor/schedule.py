"""Decide which digests are due. Pure: a timetable, what was made already and `now` come in, a period goes out.

No timer decides: whoever wakes, however late, asks here. Of all periods that have passed only the latest can be due; those missed
before it are made up in the same digest. So a sleep, a crash, a clock that jumps or another time zone cost or double nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOOK_BACK = timedelta(days=45)  # periods missed longer ago are not counted any more; their stories are told all the same
LATE = timedelta(minutes=90)  # a crawl may wait half an hour for another one, then take its own half hour
EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """When a digest is wanted, in the reader's own time."""

    hours: tuple[time, ...]  # local, without a zone; at least one
    zone: ZoneInfo
    days: frozenset[int] = EVERY_DAY  # ISO weekdays: Monday is 1
    weekly: bool = False  # the period is then the ISO week, whichever of its days is chosen


@dataclass(frozen=True, kw_only=True, order=True)
class Period:
    """One telling that is wanted: a local day, the second hour of a day, or a week."""

    due: datetime  # UTC
    key: str  # "2026-11-12", "2026-11-12/2", "2026-W46": the same whatever happens to clock, hour or zone
    day: date  # local


@dataclass(frozen=True, kw_only=True)
class Due:
    """A digest to be made now."""

    period: Period
    missed: tuple[Period, ...] = ()  # earlier ones that were never made, oldest first: this digest stands for them, too
    first: bool = False  # nothing was ever made, so nobody waited for it before now

    def waited_since(self, now: datetime) -> datetime:
        """Return since when the reader has waited for it."""
        return now if self.first else min([self.period, *self.missed]).due


def periods(timetable: Timetable, first: date, last: date) -> Iterator[Period]:
    """Yield the periods whose local day lies between two days, both included, in the order of those days.

    A local hour that does not exist on a day comes as much later as clocks were put forward; one that exists twice counts the
    first time (PEP 495, fold=0). So each day has each of its periods exactly once.
    """
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.isoweekday() not in timetable.days:
            continue
        iso = day.isocalendar()
        name = f"{iso.year}-W{iso.week:02}" if timetable.weekly else day.isoformat()
        for number, hour in enumerate(sorted(set(timetable.hours)), start=1):
            due = datetime.combine(day, hour, timetable.zone).astimezone(UTC)
            # By number, not by hour: an hour that the user moves during the day is not another period.
            yield Period(due=due, key=name if number == 1 else f"{name}/{number}", day=day)


def due(timetable: Timetable, made: Collection[str], now: datetime) -> Due | None:
    """Return the digest that is to be made at `now`, None if there is none.

    Args:
        made: keys of the periods that were made, at least those of the last `LOOK_BACK`. Empty: this digest was never made, so
            nothing was missed, and the first one is made at once.
    """
    passed = _passed(timetable, now)
    if not passed or passed[-1].key in made or _made_ahead(timetable, made, now):
        return None
    return Due(period=passed[-1], missed=_missed(passed[:-1], made), first=not made)


def due_today(timetable: Timetable, made: Collection[str], now: datetime) -> Due | None:
    """Return the digest of today for somebody who asks once a day, at an hour of his own (cron): like `due`, but before today's
    first hour it is today's digest already, which then stands for missed ones, too.
    """
    today = now.astimezone(timetable.zone).date()
    todays = sorted(periods(timetable, today, today))
    if not todays or todays[0].due <= now:
        return due(timetable, made, now)
    if todays[0].key in made:
        return None
    return Due(period=todays[0], missed=_missed(_passed(timetable, now), made), first=not made)


def next_due(timetable: Timetable, made: Collection[str], now: datetime) -> datetime:
    """Return when the next digest is to be made: `now` if one is due, for telling people."""
    if due(timetable, made, now):
        return now
    today = now.astimezone(timetable.zone).date()
    coming = periods(timetable, today - timedelta(days=1), today + timedelta(days=15))
    return min(period.due for period in coming if period.due > now and period.key not in made)


def _passed(timetable: Timetable, now: datetime) -> list[Period]:
    today = now.astimezone(timetable.zone).date()
    return sorted(period for period in periods(timetable, today - LOOK_BACK, today) if period.due <= now)


def _made_ahead(timetable: Timetable, made: Collection[str], now: datetime) -> bool:
    """Tell whether a digest of today was made before its hour (by cron, or before a clock was set back): it stands for earlier ones, too."""
    today = now.astimezone(timetable.zone).date()
    return any(period.due > now and period.key in made for period in periods(timetable, today, today + timedelta(days=1)))


def _missed(passed: list[Period], made: Collection[str]) -> tuple[Period, ...]:
    """Return the run of unmade periods at the end of `passed`."""
    if not made:
        return ()
    missed: list[Period] = []
    for period in reversed(passed):
        if period.key in made:
            break
        missed.append(period)
    return tuple(reversed(missed))
