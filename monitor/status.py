"""How the watch is doing, at a glance, and an exit code for a monitoring system."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor import health, schedule
from monitor.digest.watch import LONG, UNREAD
from monitor.digest.watch_words import road_name
from monitor.export import iso
from storage.condition import Ail, Ailment, Coverage, SecondRoad
from storage.items import Source
from storage.periods import Incident

if TYPE_CHECKING:
    from monitor.schedule import Timetable
    from storage.reading import Reading

STALE = timedelta(hours=26)  # a daily crawl may be late by two hours before somebody should look
_GAPS_WITHIN = timedelta(days=7)
_BROKEN = {"crawl-failed": "a crawl failed", "crawl-died": "a crawl was broken off", "store-failed": "the database failed"}
_SHOWN = 12  # sources of one kind of trouble; `monitor sources list` names them all


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of the watch."""

    now: datetime
    coverage: Coverage  # of the last day
    digests: tuple[tuple[str, str | None, datetime], ...]  # name, day of the last one, when the next is due
    overdue: tuple[tuple[str, datetime], ...]  # digests that should have been made, and when
    waiting: int  # deliveries that wait, or are tried again
    gaps: int  # of the last week
    road: SecondRoad  # what searches found in the last week beside the sources
    counts: dict[str, int]  # what is stored
    broken: Incident | None = None  # what last went wrong with a crawl or the store, if no crawl ended since

    @property
    def stalled(self) -> list[str]:
        """What says that the work itself stands still, whatever its sources do."""
        coverage, now = self.coverage, self.now
        troubles = []
        if coverage.last_crawl is None:
            troubles.append("nothing has been crawled yet: monitor daily")
        elif now - coverage.last_crawl > STALE:
            hours = (now - coverage.last_crawl) / timedelta(hours=1)
            troubles.append(f"the last crawl is {hours:.0f} hours old: does the schedule run?")
        elif coverage.last_crawl - now > timedelta(hours=1):
            troubles.append("the last crawl lies in the future: is the clock right?")
        troubles += [
            f"the digest {name!r} was due {health.age(now, due)} ago and is not made: does the schedule run?" for name, due in self.overdue
        ]
        return troubles

    @property
    def troubles(self) -> list[str]:
        """What a person should look at; a source that broke lately is told by the digest alone."""
        coverage, now, troubles = self.coverage, self.now, self.stalled
        if self.broken is not None:
            troubles.append(f"{health.age(now, self.broken.at)} ago {_BROKEN[self.broken.kind]}: {self.broken.detail}")
        unread = [one for one in coverage.ailing if one.kind in UNREAD]
        if coverage.due and coverage.last_crawl and 2 * len(unread) > coverage.due:
            troubles.append("more than half of the sources fail: is the network up, is a proxy needed?")
        elif long := [one for one in coverage.ailing if one.began and now - one.began >= LONG]:
            names = ", ".join(one.source_id for one in long[:5]) + (f" and {len(long) - 5} more" if len(long) > 5 else "")
            troubles.append(f"wrong for more than two weeks: {names}: monitor sources check says why; correct or remove them")
        return troubles


def status_of(
    reading: Reading,
    sources: Sequence[Source],
    timetables: Sequence[tuple[str, Timetable]],
    now: datetime,
    *,
    noted: Sequence[Incident] = (),
) -> Status:
    """Gather the state of the watch.

    Args:
        timetables: of the digests that are wanted, by name.
        noted: what the database could not take.
    """
    watched = {source.id: source.outlet or source.id for source in sources}
    digests, overdue = [], []
    for name, timetable in timetables:
        last, made = reading.ledger.last(name), reading.periods.made(name)
        digests.append((name, last.day if last else None, schedule.next_due(timetable, made, now)))
        due = schedule.due(timetable, made, now)
        if due is not None and made and now - due.waited_since(now) > STALE:
            overdue.append((name, due.waited_since(now)))
    coverage = reading.sources.coverage(now - timedelta(days=1), now, watched)
    befell = [*reading.incidents.between(coverage.last_crawl or now - timedelta(days=1), now), *noted]
    broken = [one for one in befell if one.kind in _BROKEN and (coverage.last_crawl is None or one.at > coverage.last_crawl)]
    return Status(
        now=now,
        coverage=coverage,
        broken=max(broken, key=lambda one: one.at, default=None),
        digests=tuple(digests),
        overdue=tuple(overdue),
        waiting=len(reading.deliveries.waiting()),
        gaps=sum(n for source_id, n in reading.gaps.count(now - _GAPS_WITHIN).items() if source_id in watched),
        road=reading.roads.second(now - timedelta(days=7), now),
        counts=reading.articles.counts(),
    )


def print_status(status: Status, *, zone: ZoneInfo, as_json: bool, alive: bool = False) -> int:
    """Print the state of the watch; return 0 if all is well, 1 if something needs a person (with `alive`: if the work stands still)."""
    if as_json:
        print(json.dumps(_record(status), ensure_ascii=False, indent=2))
    else:
        for label, text in _rows(status, zone):
            _print_row(label, text)
    return 1 if (status.stalled if alive else status.troubles) else 0


def _rows(status: Status, zone: ZoneInfo) -> list[tuple[str, str]]:
    coverage, now = status.coverage, status.now

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    troubles = status.troubles
    rows = [("LOOK AT THIS", trouble) for trouble in troubles] or [("all is well", "nothing needs a person")]
    kinds = {kind: sum(one.kind is kind for one in coverage.ailing) for kind in Ail}
    ill = [f"{n} {health.WORDS[kind]}" for kind, n in kinds.items() if n]
    rows.append(("sources", ", ".join((f"{coverage.read} of {coverage.due} read in the last 24 h", *ill))))
    if coverage.unread_since:
        rows.append(("", f"longest unread: {health.age(now, coverage.unread_since)}"))
    rows.append(
        ("last crawl", f"{local(coverage.last_crawl)}, {health.age(now, coverage.last_crawl)} ago" if coverage.last_crawl else "never")
    )
    for name, day, due in status.digests:
        coming = "now" if due <= now else local(due)
        rows.append(("digest", f"{name}: last {day or 'none yet'}, next due {coming}"))
    if status.waiting:
        rows.append(("deliveries", f"{status.waiting} waiting: monitor deliver --list"))
    rows.append(("in 24 h", f"{coverage.entries:,} entries, {coverage.kept:,} articles kept, {coverage.suppressed:,} suppressed"))
    if status.gaps:
        rows.append(("gaps", f"{status.gaps} in 7 days: polls that shared nothing with the one before"))
    rows += [("searches", said) for said in _road(status.road)]
    rows.append(("stored", f"{status.counts['articles']:,} articles in {status.counts['stories']:,} stories"))
    for kind in Ail:
        found = sorted((one for one in coverage.ailing if one.kind is kind), key=lambda one: (one.began or now, one.source_id))
        rows += [(health.WORDS[kind], f"{one.source_id}: {health.sentence(one, now)}") for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            rows.append(("", f"and {len(found) - _SHOWN} more: monitor status --json"))
    return rows


def _road(road: SecondRoad) -> list[str]:
    """How much of what searches found in a week the sources had, and what to do about the rest."""
    if not road.found:
        return []
    found = "1 article" if road.found == 1 else f"{road.found:,} articles"
    said = [f"{found} found in 7 days, {road.had:,} of them ({100 * road.had / road.found:.0f} %) the sources had already"]
    if road.later:
        said[0] += f", {road.later:,} later"
    if road.only:
        named = ", ".join(f"{road_name(one)} {one.articles}" for one in road.only[:_SHOWN])
        rest = f" and {len(road.only) - _SHOWN} more" if len(road.only) > _SHOWN else ""
        said.append(f"by searches alone: {named}{rest}: monitor sources add HOST looks for what to watch there")
    return said


def _print_row(label: str, text: str) -> None:
    line = f"{label:<16}{' '.join(text.split())}"
    if not sys.stdout.isatty():
        print(line.rstrip())
        return
    from monitor.cli.terminal import terminal_of
    from monitor.digest.layout import wrap

    width = terminal_of(sys.stdout).width
    first, *rest = wrap(line, width) if len(line) <= width else [f"{label:<16}", *wrap(text, width, " " * 16)]
    if rest and not first.strip(" ").removeprefix(label):
        first, rest = f"{label:<16}{rest[0].lstrip()}", rest[1:]
    print("\n".join((first.rstrip(), *rest)))


def _record(status: Status) -> dict[str, Any]:
    coverage = status.coverage
    last = status.digests[0][1] if status.digests else None
    return {
        "well": not status.troubles,
        "troubles": status.troubles,
        "sources": {"configured": coverage.due, "read": coverage.read, "unread_since": iso(coverage.unread_since)}
        | {kind.value if kind is not Ail.BARE else "headlines_only": sum(one.kind is kind for one in coverage.ailing) for kind in Ail},
        "ailing": [_ailing(one) for one in coverage.ailing],
        "last_crawl": iso(coverage.last_crawl),
        "last_digest": last,
        "digests": [
            {"name": name, "last": day, "next_due": iso(due), "overdue": name in dict(status.overdue)} for name, day, due in status.digests
        ],
        "deliveries_waiting": status.waiting,
        "gaps_7d": status.gaps,
        "entries_24h": coverage.entries,
        "kept_24h": coverage.kept,
        "suppressed_24h": coverage.suppressed,
        "searches_7d": {
            "found": status.road.found,
            "had": status.road.had,
            "later": status.road.later,
            "only_by_search": [{"outlet": one.outlet, "host": one.host or None, "articles": one.articles} for one in status.road.only],
        },
        "stored": status.counts,
    }


def _ailing(one: Ailment) -> dict[str, Any]:
    return {
        "source": one.source_id,
        "health": health.WORDS[one.kind],
        "since": iso(one.since),
        "reason": one.word,
        "detail": one.detail or None,
    }
