"""What is remembered of sources: validators, health, polls, and the coverage of a window."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from storage import schema
from storage.items import Coverage, Poll, PollOutcome, Source, SourceState, Validators
from storage.upsert import insert_or

GOOD = frozenset({PollOutcome.CHANGED, PollOutcome.UNCHANGED})
_QUIET_AT_LEAST = timedelta(days=3)
_QUIET_TIMES_HABIT = 8.0
_MEAN_WEIGHT = 0.2  # how fast the running mean of new entries a day forgets: by e to the minus this a day

_STATE_COLUMNS = [column for column in schema.sources.c if column.name not in {"outlet", "configured_url", "kind"}]


class Sources:
    """The questions and commands about sources."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, sources: Iterable[Source]) -> None:
        """Note which sources there are, so that their states have a row and removed ones keep their name."""
        rows = [{"id": one.id, "outlet": one.outlet, "configured_url": one.url, "kind": one.kind.value} for one in sources]
        if not rows:
            return
        known = {row.id: tuple(row) for row in self._connection.execute(select(*(schema.sources.c[name] for name in rows[0])))}
        changed = [row for row in rows if known.get(row["id"]) != tuple(row.values())]
        if changed:
            statement = insert_or(self._connection, schema.sources)
            new = statement.excluded
            self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["id"], set_={"outlet": new.outlet, "configured_url": new.configured_url, "kind": new.kind}
                ),
                changed,
            )
        # A source whose configured address changed forgets where the old one had moved to and what it answered.
        moved = [{"b_id": row["id"]} for row in changed if row["id"] in known and known[row["id"]][2] != row["configured_url"]]
        if moved:
            forget = update(schema.sources).where(schema.sources.c.id == bindparam("b_id"))
            self._connection.execute(forget.values(url=None, etag=None, last_modified=None, body_hash=None, next_poll=None), moved)

    def states(self) -> dict[str, SourceState]:
        """Return the state of every source that was ever known, by id."""
        return {row.id: _state(row) for row in self._connection.execute(select(*_STATE_COLUMNS))}

    def new_since(self, since: datetime) -> dict[str, int]:
        """Return how many unknown entries each source brought after a moment, by id; sources without any are left out."""
        table = schema.polls
        query = (
            select(table.c.source_id, func.sum(table.c.new)).where(table.c.finished > since, table.c.new > 0).group_by(table.c.source_id)
        )
        return {source_id: int(count) for source_id, count in self._connection.execute(query)}

    def state(self, source_id: str) -> SourceState:
        """Return the state of one source; the defaults where it was never polled."""
        row = self._connection.execute(select(*_STATE_COLUMNS).where(schema.sources.c.id == source_id)).first()
        return _state(row) if row else SourceState(source_id=source_id)

    def save_polls(self, polls: Sequence[tuple[SourceState, Poll, datetime]]) -> list[SourceState]:
        """Append polls to the history and write the states that follow from them; returns those.

        Args:
            polls: for each the state before it, the poll, and when the next is due.
        """
        states = [after(state, poll, next_poll) for state, poll, next_poll in polls]
        if not states:
            return states
        self._connection.execute(insert(schema.polls), [_poll_row(poll) for _, poll, _ in polls])
        statement = insert_or(self._connection, schema.sources)
        rows = [_state_row(state) for state in states]
        changes = {name: statement.excluded[name] for name in rows[0] if name != "id"}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes), rows)
        return states

    def coverage(self, since: datetime | None, until: datetime, due: Mapping[str, str]) -> Coverage:
        """Tell what the watch did between `since` (None: ever) and `until`; `due` maps the ids of the configured sources to names."""
        polls, articles = schema.polls, schema.articles
        window = [polls.c.finished <= until, *([polls.c.finished > since] if since else [])]
        good = polls.c.outcome.in_([outcome.value for outcome in GOOD])
        read = set(self._connection.scalars(select(polls.c.source_id).where(*window, good).distinct()))
        asked = set(self._connection.scalars(select(polls.c.source_id).where(*window).distinct()))
        totals = self._connection.execute(
            select(func.coalesce(func.sum(polls.c.new), 0), func.count().filter(polls.c.shared.is_(False))).where(*window)
        ).one()
        seen = [articles.c.first_seen <= until, *([articles.c.first_seen > since] if since else [])]
        kept, hidden = self._connection.execute(
            select(func.count().filter(articles.c.matched), func.count().filter(articles.c.suppressed)).where(*seen)
        ).one()
        states = [state for state in self.states().values() if state.source_id in due]
        crawled = self._connection.execute(select(func.max(polls.c.finished)).where(polls.c.finished <= until)).scalar()
        return Coverage(
            since=since,
            until=until,
            due=len(due),
            read=len(read & set(due)),
            failing=tuple(state for state in states if state.outcome is not None and state.outcome not in GOOD),
            silent=tuple(state for state in states if is_silent(state, until)),
            never=tuple(sorted(set(due) - asked)),
            entries=int(totals[0]),
            kept=kept,
            suppressed=hidden,
            gaps=int(totals[1]),
            last_crawl=crawled,
            outlets=dict(due),
        )


def is_silent(state: SourceState, now: datetime) -> bool:
    """Whether a source that answers has brought nothing new for far longer than is its habit."""
    if state.outcome not in GOOD or state.first_poll is None:
        return False
    quiet = now - (state.last_new or state.first_poll)
    if state.new_per_day is None or state.new_per_day <= 0:
        # Never anything new since the watch began: judge by the newest date it shows, not by its status.
        return state.newest is not None and now - state.newest > 10 * _QUIET_AT_LEAST and quiet > _QUIET_AT_LEAST
    # The running mean sinks while nothing comes; the habit is what it was when the last entry came.
    sunk = max(((state.last_ok or now) - (state.last_new or state.first_poll)) / timedelta(days=1), 0.0)
    habit = state.new_per_day * math.exp(_MEAN_WEIGHT * min(sunk, 1_000))
    return quiet > max(_QUIET_AT_LEAST, timedelta(days=min(_QUIET_TIMES_HABIT / habit, 60)))


def after(state: SourceState, poll: Poll, next_poll: datetime) -> SourceState:
    """Return the state of a source after a poll of it."""
    good = poll.outcome in GOOD
    # The same body once more was read as a whole, too; "not modified" was not.
    full = poll.outcome is PollOutcome.CHANGED or (good and poll.validators is not None)
    validators = poll.validators or state.validators
    return SourceState(
        source_id=state.source_id,
        url=poll.moved_to or state.url,
        validators=validators,
        first_poll=state.first_poll or (poll.finished if good else None),
        last_poll=poll.finished,
        last_ok=poll.finished if good else state.last_ok,
        last_full=poll.finished if full else state.last_full,
        last_new=poll.finished if poll.new else state.last_new,
        next_poll=next_poll,
        outcome=poll.outcome,
        status=poll.status,
        error_kind=None if good else poll.error_kind,
        error=None if good else poll.error,
        failing_since=None if good else (state.failing_since or poll.finished),
        error_streak=0 if good else state.error_streak + 1,
        polls=state.polls + 1,
        entries_total=state.entries_total + poll.entries,
        new_total=state.new_total + poll.new,
        new_per_day=_habit(state, poll) if good else state.new_per_day,
        newest=max(filter(None, (poll.newest, state.newest)), default=None),
        shape=poll.shape if good and poll.shape else state.shape,
    )


def _habit(state: SourceState, poll: Poll) -> float | None:
    """The running mean of new entries a day; the first poll finds a whole feed new and says nothing of its habit."""
    if state.first_poll is None or state.last_ok is None:
        return None
    days = max((poll.finished - state.last_ok) / timedelta(days=1), 1 / 288)
    rate = poll.new / days
    if state.new_per_day is None:
        return rate
    weight = -math.expm1(-_MEAN_WEIGHT * days)  # by time, so that polling often or seldom makes no difference
    return state.new_per_day + weight * (rate - state.new_per_day)


def _state(row: Row[Any]) -> SourceState:
    values = dict(row._mapping)
    source_id = values.pop("id")
    validators = Validators(etag=values.pop("etag"), last_modified=values.pop("last_modified"), body_hash=values.pop("body_hash"))
    outcome = values.pop("outcome")
    return SourceState(source_id=source_id, validators=validators, outcome=PollOutcome(outcome) if outcome else None, **values)


def _state_row(state: SourceState) -> dict[str, Any]:
    row: dict[str, Any] = {"id": state.source_id}
    row |= {"etag": state.validators.etag, "last_modified": state.validators.last_modified, "body_hash": state.validators.body_hash}
    row["outcome"] = state.outcome.value if state.outcome else None
    for column in _STATE_COLUMNS:
        if column.name not in row:
            row[column.name] = getattr(state, column.name)
    return row


def _poll_row(poll: Poll) -> dict[str, Any]:
    names = ("source_id", "started", "finished", "status", "error_kind", "error", "entries", "new", "kept", "shared")
    return {name: getattr(poll, name) for name in names} | {"outcome": poll.outcome.value}
