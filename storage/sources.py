"""What is remembered of sources: validators, health, polls, and the coverage of a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from storage import schema
from storage.condition import Ail, Ailment, Coverage, Move
from storage.gaps import Gaps, gap_of
from storage.habits import GOOD, after, ailment
from storage.items import Kind, Poll, PollOutcome, Source, SourceState, Validators
from storage.text import clean_text, without_invisible
from storage.upsert import insert_or

_STATE_COLUMNS = [column for column in schema.sources.c if column.name not in {"outlet", "configured_url", "kind"}]
_POLL_FIELDS = (
    "source_id", "started", "finished", "status", "error_kind", "error", "entries", "new", "kept", "shared", "latency", "pages", "bare",
)  # fmt: skip
_LONGEST_ERROR = 2_000  # code points
_LONGEST_PAUSE = timedelta(days=7)  # no source pauses nearly so long, see monitor.polling


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

    def named(self, ids: Sequence[str]) -> list[Source]:
        """Return what is known of sources by id, as far as it says whose they are; an unknown one that is an address is a bare address."""
        table = schema.sources
        query = select(table.c.id, table.c.configured_url, table.c.outlet, table.c.kind).where(table.c.id.in_(ids))
        found = {
            row.id: Source(id=row.id, url=row.configured_url or "", outlet=row.outlet or "", kind=Kind(row.kind or Kind.FEED))
            for row in self._connection.execute(query)
        }
        return [found.get(one) or Source(id=one, url=one, kind=Kind.PAGE) for one in ids]

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
        polls = [(state, _storable(poll), next_poll) for state, poll, next_poll in polls]
        states = [after(state, poll, next_poll) for state, poll, next_poll in polls]
        if not states:
            return states
        self._connection.execute(insert(schema.polls), [_poll_row(poll, next_poll) for _, poll, next_poll in polls])
        Gaps(self._connection).add(gap for state, poll, _ in polls if (gap := gap_of(state, poll)) is not None)
        statement = insert_or(self._connection, schema.sources)
        rows = [_state_row(state) for state in states]
        changes = {name: statement.excluded[name] for name in rows[0] if name != "id"}
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes), rows)
        return states

    def coverage(self, since: datetime | None, until: datetime, watched: Mapping[str, str]) -> Coverage:
        """Tell what the watch did between `since` (None: ever) and `until`.

        A source counts as read if it was in the window, or if it had been read before and was not due again in it.

        Args:
            watched: the ids of the configured sources, and their names.
        """
        polls, articles = schema.polls, schema.articles
        window = [polls.c.finished <= until, *([polls.c.finished > since] if since else [])]
        good = polls.c.outcome.in_([outcome.value for outcome in GOOD])
        asked = set(self._connection.scalars(select(polls.c.source_id).where(*window).distinct()))
        read = set(self._connection.scalars(select(polls.c.source_id).where(*window, good).distinct()))
        states = {state.source_id: state for state in self.states().values() if state.source_id in watched}
        resting = self._resting(set(watched) - asked, until)
        unread = set(watched) - read - resting
        entries = self._connection.execute(select(func.coalesce(func.sum(polls.c.new), 0)).where(*window)).scalar()
        seen = [articles.c.first_seen <= until, *([articles.c.first_seen > since] if since else [])]
        kept, hidden = self._connection.execute(
            select(func.count().filter(articles.c.matched), func.count().filter(articles.c.suppressed)).where(*seen)
        ).one()
        gaps = Gaps(self._connection).between(since, until, watched)
        known = [state.last_ok for name in unread if (state := states.get(name)) is not None and state.last_ok is not None]
        moves = [
            Move(source_id=state.source_id, at=state.moved, url=state.url)
            for state in states.values()
            if state.moved is not None and state.url and state.moved <= until and (since is None or state.moved > since)
        ]
        return Coverage(
            since=since,
            until=until,
            due=len(watched),
            read=len(watched) - len(unread),
            ailing=self.ailing(states.values(), until),
            never=tuple(sorted(unread - asked)),
            unread=tuple(sorted(unread)),
            unread_since=min(known, default=None),
            entries=int(entries or 0) + sum(gap.found for gap in gaps),
            kept=kept,
            suppressed=hidden,
            gaps=tuple(gaps),
            moved=tuple(moves),
            last_crawl=self._connection.execute(select(func.max(polls.c.finished)).where(polls.c.finished <= until)).scalar(),
            outlets=dict(watched),
        )

    def ailing(self, states: Iterable[SourceState], now: datetime) -> tuple[Ailment, ...]:
        """Return what is wrong with sources; a search that never found anything is not."""
        found = [one for state in states if (one := ailment(state, now)) is not None]
        empty = select(schema.sources.c.id).where(schema.sources.c.kind == Kind.SEARCH.value, schema.sources.c.entries_total == 0)
        fruitless = set(self._connection.scalars(empty)) if any(one.kind is Ail.SILENT for one in found) else set()
        return tuple(one for one in found if one.kind is not Ail.SILENT or one.source_id not in fruitless)

    def _resting(self, sources: Iterable[str], until: datetime) -> set[str]:
        """Return those of some sources whose last poll up to `until` was good, and who were not due again by then."""
        names = sorted(sources)
        if not names:
            return set()
        polls = schema.polls
        # No pause is nearly as long as a week, and an index knows when polls ended: the months before need not be read.
        lately = (polls.c.finished <= until, polls.c.finished > until - _LONGEST_PAUSE)
        last = select(polls.c.source_id, func.max(polls.c.id).label("id")).where(*lately, polls.c.source_id.in_(names))
        latest = last.group_by(polls.c.source_id).subquery()
        query = select(polls.c.source_id).join(latest, latest.c.id == polls.c.id)
        query = query.where(polls.c.outcome.in_([outcome.value for outcome in GOOD]), polls.c.next_poll > until)
        return set(self._connection.scalars(query))


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


def _storable(poll: Poll) -> Poll:
    """The poll with what a host said of itself as any database takes it: one host's odd byte must not cost everybody's crawl."""
    validators = poll.validators
    if validators is not None:
        etag, modified = (
            value if value is not None and value.isprintable() else None for value in (validators.etag, validators.last_modified)
        )
        validators = replace(validators, etag=etag, last_modified=modified)
    return replace(
        poll,
        validators=validators,
        error=clean_text(poll.error, _LONGEST_ERROR) if poll.error else poll.error,
        moved_to=without_invisible(poll.moved_to) if poll.moved_to else poll.moved_to,
        shape=clean_text(poll.shape, _LONGEST_ERROR) if poll.shape else poll.shape,
    )


def _poll_row(poll: Poll, next_poll: datetime) -> dict[str, Any]:
    return {name: getattr(poll, name) for name in _POLL_FIELDS} | {"outcome": poll.outcome.value, "next_poll": next_poll}
