"""Decide which sources are due, and when to look at one again. Pure: values in, values out.

A source is never switched off: errors move its next poll away, at most a day, and the first good answer brings it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from storage.items import Poll, PollOutcome, Source, SourceState

SOONEST = timedelta(minutes=15)
USUAL = timedelta(minutes=30)
LATEST = timedelta(hours=4)  # a healthy source, however quiet, is read six times a day
CEILING = timedelta(hours=22)  # whatever a feed asks for or however long it has failed: a daily crawl that starts early still finds it due
ENTRIES_A_POLL = 8.0  # aim: a poll finds about so many new entries, far below what one feed shows

# First back-off by kind of failure, doubled with each further failure in a row. A host that asks for patience gets more.
_FIRST_BACKOFF = {
    PollOutcome.FAILED: timedelta(minutes=15),
    PollOutcome.BLOCKED: timedelta(hours=1),
    PollOutcome.GONE: timedelta(hours=3),
}


def is_due(state: SourceState | None, now: datetime) -> bool:
    """Tell whether a source is to be polled at `now`; one never polled is due.

    A next poll that lies further away than the ceiling is a clock that was set back: due.
    """
    if state is None or state.next_poll is None:
        return True
    return state.next_poll <= now or state.next_poll > now + CEILING + timedelta(hours=1)


def due(sources: Iterable[Source], states: Mapping[str, SourceState], now: datetime) -> list[Source]:
    """Return the sources that are due, the longest overdue first, those never polled before all others."""

    def overdue(source: Source) -> float:
        state = states.get(source.id)
        return state.next_poll.timestamp() if state and state.next_poll else float("-inf")

    return sorted((source for source in sources if is_due(states.get(source.id), now)), key=overdue)


def next_poll(source: Source, state: SourceState, poll: Poll) -> datetime:
    """Return when to look at `source` again, after `poll`, with `state` as it was before that poll.

    The largest of the source's own rhythm (or the user's interval) and what feed and server ask for, at most 24 hours; errors
    back off by kind and streak. A small stable share is added so that sources polled together drift apart.
    """
    if poll.outcome in _FIRST_BACKOFF:
        wait = _FIRST_BACKOFF[poll.outcome] * (1 << min(state.error_streak, 8))
    elif not poll.shared:
        wait = SOONEST  # entries were lost between two polls
    elif source.interval is not None:
        wait = source.interval
    else:
        wait = _rhythm(state.new_per_day)
    if poll.ttl is not None and poll.shared:
        wait = max(wait, poll.ttl)
    wait = min(wait, CEILING)
    wanted = poll.finished + wait + wait * _share(source.id) / 10
    if poll.retry_after is not None:
        wanted = max(wanted, poll.retry_after)
    return min(wanted, poll.finished + CEILING)


def _rhythm(new_per_day: float | None) -> timedelta:
    if new_per_day is None:
        return USUAL
    if new_per_day <= 0:
        return LATEST
    return min(max(timedelta(days=ENTRIES_A_POLL / new_per_day), SOONEST), LATEST)


def _share(source_id: str) -> float:
    """A number from 0 to 1 that stays the same for a source, on every machine."""
    return int.from_bytes(hashlib.blake2b(source_id.encode(), digest_size=2).digest(), "big") / 65_535
