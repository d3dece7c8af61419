"""Make the next digest, or show one again: the shell round the pure `digest.build`.

    store (untold stories, coverage since the last edition) -> build -> ledger (claimed in the same transaction) -> Digest

An edition is one telling. A story belongs to one edition for good (the ledger's unique constraint has the last word), so making
a digest twice a day tells the second time what came in between, and a day shown again is all of its editions together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.delivery.outbox import Target, queue
from monitor.packs import reach_of
from monitor.schedule import LATE, Due
from monitor.stories import lead
from storage.condition import Coverage, Notice
from storage.coverage import together
from storage.errors import UsageError
from storage.items import Source, Story

if TYPE_CHECKING:
    from monitor.digest.record import Digest
    from storage.ledger import DigestRow, Retold
    from storage.periods import Incident, PeriodRow
    from storage.reading import Reading, Transaction
    from storage.store import Store

WEEK = timedelta(days=7)
_CLOCK_SET = timedelta(minutes=2)  # so far in the future an edition cannot be by the small steps of a clock that is kept right


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every digest is made from, beside the moment."""

    store: Store
    sources: Sequence[Source]
    topics: Sequence[str]  # shown, in this order
    only: bool  # True: stories of other topics are left out
    zone: ZoneInfo
    language: str
    clock: Callable[[], datetime]
    name: str = "daily"
    baseline: timedelta = timedelta(hours=48)
    targets: tuple[Target, ...] = ()  # who gets each edition
    empty: bool = True  # whether they get one that tells nothing, too
    link: str = ""  # where whole digests stand on the web, "{day}" for the day


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A digest with what the command line wants to know of it."""

    digest: Digest
    stories: int
    updates: int = 0  # stories told before that have changed
    last_told: str | None = None  # day of the edition before, ISO

    @property
    def empty(self) -> bool:
        """Whether it tells nothing."""
        return self.stories + self.updates == 0


def next_edition(desk: Desk) -> Edition:
    """Make the next digest and remember what it told, in one transaction: a crash tells nothing off."""
    now = desk.clock()
    with _absorbing(desk.store) as transaction:
        edition, digest_id = _tell(desk, transaction, now.astimezone(desk.zone).date(), now, ())
        # Made by hand or by cron as often as somebody likes: the first of a day is wanted in any case, a later one only with news.
        if not edition.empty or (desk.empty and edition.digest.edition == 1):
            _queue(desk, transaction, edition.digest, digest_id, now)
    return edition


def edition_of(desk: Desk, due: Due) -> Edition | None:
    """Make the digest of a due period and note it in the ledger of periods, in one transaction; None if somebody else made it."""
    now = desk.clock()
    with _absorbing(desk.store) as transaction:
        row = transaction.periods.get(desk.name, due.period.key) or open_period(transaction, desk.name, due, now)
        if row.made is not None:
            return None
        edition, digest_id = _tell(desk, transaction, due.period.day, now, _late([replace(row, made=now)]))
        if not edition.empty or desk.empty:
            _queue(desk, transaction, edition.digest, digest_id, now)
        transaction.periods.set_made(desk.name, due.period.key, now, digest_id)
    return edition


@contextmanager
def _absorbing(store: Store) -> Iterator[Transaction]:
    """A transaction that first takes in what the store could not take before; the notes go when it has ended well."""
    noted = store.notebook.read()
    with store.transaction() as transaction:
        for one in noted:
            transaction.incidents.add(one.at, one.kind, one.detail)
        yield transaction
    if noted:
        store.notebook.clear()


def open_period(transaction: Transaction, name: str, due: Due, now: datetime) -> PeriodRow:
    """Begin a period, or begin it again, in the ledger."""
    missed = [period.key for period in due.missed]
    return transaction.periods.open(name, due.period.key, due=due.period.due, missed=missed, since=due.waited_since(now), now=now)


def _tell(desk: Desk, transaction: Transaction, day: date, now: datetime, notices: tuple[Notice, ...]) -> tuple[Edition, int]:
    """Open the next edition of a day; returns it with its id in the ledger."""
    last = transaction.ledger.last(desk.name)
    _note_clock(transaction, last, now)
    fresh, old = _news(desk, transaction, first=last is None, now=now)
    changed = _changed(desk, transaction)
    since = transaction.ledger.since(desk.name, now)
    coverage = _coverage(desk, transaction, since, now, notices, after=last, weekly=_begins_week(last, day))
    number = 1 + len(transaction.ledger.editions(desk.name, day.isoformat()))
    digest = _build(desk, fresh, coverage, transaction, changed=changed, day=day, edition=number, since=since, until=now)
    digest_id = transaction.ledger.open_edition(
        desk.name,
        day.isoformat(),
        now=now,
        since=since,
        until=now,
        stories=[story.id for story in fresh],
        baseline=[story.id for story in old],
        retold=[one for one, _ in changed],
        coverage=coverage,
    )
    edition = Edition(digest=digest, stories=len(fresh), updates=len(digest.updates), last_told=last.day if last else None)
    return edition, digest_id


def _note_clock(transaction: Transaction, last: DigestRow | None, now: datetime) -> None:
    """Note that the clock was set back, where the last edition lies in the future and nobody has noted it."""
    if last is None or last.until - now < _CLOCK_SET:
        return
    if not any(one.kind == "clock-back" for one in transaction.incidents.numbered(last.incident_id, None)):
        transaction.incidents.add(now, "clock-back", f"{(last.until - now) / timedelta(hours=1):.1f} h")


def _queue(desk: Desk, transaction: Transaction, digest: Digest, digest_id: int, now: datetime) -> None:
    """Write down who is to get the edition, in the transaction that makes it: a crash cannot part them."""
    period = f"{digest.day.isoformat()}/{digest.edition}"
    queue(transaction, desk.targets, series=series_of(desk.name), period=period, now=now, digest_id=digest_id)


def series_of(name: str) -> str:
    """Return how the outbox calls the editions of a digest."""
    return f"digest:{name}"


def preview_edition(desk: Desk) -> Edition:
    """Show what the next digest would tell, without telling it."""
    now = desk.clock()
    with desk.store.reading() as reading:
        last = reading.ledger.last(desk.name)
        fresh, _ = _news(desk, reading, first=last is None, now=now)
        changed = _changed(desk, reading)
        since = reading.ledger.since(desk.name, now)
        day = now.astimezone(desk.zone).date()
        coverage = _coverage(desk, reading, since, now, after=last, weekly=_begins_week(last, day))
        digest = _build(desk, fresh, coverage, reading, changed=changed, day=day, edition=1, since=since, until=now)
    return Edition(digest=digest, stories=len(fresh), updates=len(digest.updates), last_told=last.day if last else None)


def of_day(desk: Desk, day: date) -> Edition:
    """Show a day again: all editions of that day as one digest.

    Raises:
        UsageError: no digest was made on that day.
    """
    with desk.store.reading() as reading:
        editions = reading.ledger.editions(desk.name, day.isoformat())
        if not editions:
            days = reading.ledger.days(desk.name)
            hint = f"the last was made on {max(days)}" if days else "none has been made yet: monitor digest"
            raise UsageError(f"no digest was made on {day.isoformat()}", hint=hint)
        return _again(desk, reading, editions)


def by_id(desk: Desk, digest_id: int) -> Edition:
    """Show one edition as it was told, whatever topics the digest has by now.

    Raises:
        UsageError: there is no such edition.
    """
    with desk.store.reading() as reading:
        row = reading.ledger.get(digest_id)
        if row is None:
            raise UsageError(f"there is no edition {digest_id}")
        return _again(replace(desk, only=False), reading, [row])


def _again(desk: Desk, reading: Reading, rows: Sequence[DigestRow]) -> Edition:
    """Show editions of one day again, as one digest; what they said of the watch, they say again."""
    ids = [row.id for row in rows]
    stories = _only(desk, reading.articles.stories_by_id(reading.ledger.stories_of(ids)))
    changed = _stories_of(desk, reading, reading.ledger.retold(ids))
    since, until = rows[0].since, rows[-1].until
    said = [row.coverage for row in rows if row.coverage is not None]
    # Editions of older versions did not write down what they said.
    coverage = together(said) if len(said) == len(rows) else _coverage(desk, reading, since, until, _late(reading.periods.of_editions(ids)))
    day = date.fromisoformat(rows[-1].day)
    digest = _build(desk, stories, coverage, reading, changed=changed, day=day, edition=rows[-1].edition, since=since, until=until)
    return Edition(digest=digest, stories=len(stories), updates=len(digest.updates), last_told=rows[-1].day)


def of_stories(desk: Desk, story_ids: Sequence[int], since: datetime, until: datetime) -> Edition:
    """Show these stories as one digest, told or not, in the state of the watch between two moments."""
    with desk.store.reading() as reading:
        stories = reading.articles.stories_by_id(story_ids)
        coverage = _coverage(desk, reading, since, until)
        digest = _build(desk, stories, coverage, reading, day=until.astimezone(desk.zone).date(), edition=1, since=since, until=until)
    return Edition(digest=digest, stories=len(stories))


def again(desk: Desk) -> Edition:
    """Show the last edition again.

    Raises:
        UsageError: none has been made yet.
    """
    with desk.store.reading() as reading:
        last = reading.ledger.last(desk.name)
        if last is None:
            raise UsageError("no digest has been made yet", hint="monitor digest")
        return _again(desk, reading, [last])


def of_window(desk: Desk, since: datetime | None, until: datetime) -> Edition:
    """Show the stories first seen in a window, told or not, old coverage included."""
    from storage.filters import ArticleFilter

    with desk.store.reading() as reading:
        stories = _only(desk, list(reading.articles.stories(ArticleFilter(since=since, until=until))))
        coverage = _coverage(desk, reading, since, until, weekly=since is not None and until - since >= WEEK)
        day = (until - timedelta(microseconds=1)).astimezone(desk.zone).date()
        digest = _build(desk, stories, coverage, reading, day=day, edition=1, since=since, until=until)
    return Edition(digest=digest, stories=len(stories))


def _news(desk: Desk, reading: Reading, *, first: bool, now: datetime) -> tuple[list[Story], list[Story]]:
    """Return the untold stories: those to tell, and (at the very first digest) those too old to be called news."""
    untold = _only(desk, reading.articles.untold(desk.name))
    if not first:
        return untold, []
    horizon = now - desk.baseline
    fresh = [story for story in untold if max(stored.article.published or stored.first_seen for stored in story.articles) >= horizon]
    told = {story.id for story in fresh}
    return fresh, [story for story in untold if story.id not in told]


def _only(desk: Desk, stories: Sequence[Story]) -> list[Story]:
    if not desk.only:
        return list(stories)
    wanted = set(desk.topics)
    return [story for story in stories if any(wanted & set(stored.topics) for stored in story.articles)]


def _changed(desk: Desk, reading: Reading) -> list[tuple[Retold, Story]]:
    """Return what has changed of stories that were told, with the stories."""
    return _stories_of(desk, reading, reading.ledger.changed(desk.name))


def _stories_of(desk: Desk, reading: Reading, changes: Sequence[Retold]) -> list[tuple[Retold, Story]]:
    stories = {story.id: story for story in _only(desk, reading.articles.stories_by_id([one.story_id for one in changes]))}
    return [(one, stories[one.story_id]) for one in changes if one.story_id in stories]


def _coverage(
    desk: Desk,
    reading: Reading,
    since: datetime | None,
    until: datetime,
    late: tuple[Notice, ...] = (),
    *,
    after: DigestRow | None = None,
    weekly: bool = False,
) -> Coverage:
    """Return what the watch did in a window.

    Args:
        after: the edition before; what befell the watch is told from the next incident on.
        weekly: with what searches found beside the sources.
    """
    coverage = reading.sources.coverage(since, until, {source.id: source.outlet or source.id for source in desk.sources})
    if after is not None and after.incident_id is not None:
        found = reading.incidents.numbered(after.incident_id, None)
    else:
        found = reading.incidents.between(since, until)
    road = reading.roads.second(until - WEEK, until, desk.topics if desk.only else None) if weekly else None
    return replace(coverage, notices=(*late, *_incidents(found)), road=road)


def _begins_week(last: DigestRow | None, day: date) -> bool:
    """Whether the edition of a day is the first of its week; the very first of all has no week behind it."""
    return last is not None and date.fromisoformat(last.day).isocalendar()[:2] < day.isocalendar()[:2]


def _late(rows: Sequence[PeriodRow]) -> tuple[Notice, ...]:
    """Say of made periods which came late, and for how many missed ones they stand."""
    notices = []
    for row in rows:
        waited = (row.made or row.opened) - row.since
        if waited > LATE:
            notices.append(Notice(kind="late", at=row.since, count=round(waited / timedelta(hours=1))))
        if row.missed:
            notices.append(Notice(kind="missed", at=row.since, count=len(row.missed)))
    return tuple(notices)


def _incidents(found: Sequence[Incident]) -> list[Notice]:
    """Return what befell the watch, the same things counted together, in the order of their first."""
    counts = Counter((one.kind, one.detail) for one in found)
    first = {(one.kind, one.detail): one.at for one in reversed(found)}
    return [Notice(kind=kind, at=first[kind, detail], count=count, detail=detail) for (kind, detail), count in counts.items()]


def _build(
    desk: Desk,
    stories: Sequence[Story],
    coverage: Coverage,
    reading: Reading,
    *,
    day: date,
    edition: int,
    since: datetime | None,
    until: datetime,
    changed: Sequence[tuple[Retold, Story]] = (),
) -> Digest:
    from monitor.digest.build import build
    from monitor.trends import trend_of

    return build(
        stories,
        coverage,
        topics=desk.topics,
        name=desk.name,
        day=day,
        edition=edition,
        now=until,
        since=since,
        until=until,
        timezone=str(desk.zone),
        language=desk.language,
        lead=lead,
        changed=changed,
        reach=reach_of,
        trend=trend_of(reading, day=day, since=since, until=until, zone=desk.zone, topics=desk.topics if desk.only else None),
        link=desk.link,
    )
