"""Decide which sources are due, and when to look at one again. Pure: values in, values out.

A source is never switched off: errors move its next poll away, at most a day, and the first good answer brings it back.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from storage.items import Entry, Poll, PollOutcome, Source, SourceState

SOONEST = timedelta(minutes=15)
USUAL = timedelta(minutes=30)
LATEST = timedelta(hours=4)  # a healthy source, however quiet, is read six times a day
CEILING = timedelta(hours=22)  # whatever a feed asks for or however long it has failed: a daily crawl that starts early still finds it due
PATIENCE = timedelta(hours=24)  # at most so long a server's Retry-After is obeyed
ENTRIES_A_POLL = 8.0  # aim: a poll finds about so many new entries, far below what one feed shows
LONGEST_SITE = 300  # characters
AFTER_A_GAP = timedelta(days=2)  # so long a source is polled twice as often after its window rolled over

# First back-off by kind of failure, doubled with each further failure in a row. What passes by itself is looked at soon, what a
# person has to mend later, and a host that asks for patience gets it.
_FIRST_BACKOFF = {
    PollOutcome.FAILED: timedelta(minutes=15),
    PollOutcome.BLOCKED: timedelta(hours=1),
    PollOutcome.GONE: timedelta(hours=3),
}
_BY_KIND = {
    "http-429": timedelta(hours=1),
    "limit": timedelta(hours=1),
    "bad-query": timedelta(hours=1),
    "http-410": timedelta(hours=6),
    "robots": timedelta(hours=6),
    "tls": timedelta(hours=1),
    "not-a-feed": timedelta(minutes=30),
    "empty": timedelta(minutes=30),
    "too-large": timedelta(hours=3),
    "bad-address": timedelta(hours=6),
}


def is_due(state: SourceState | None, now: datetime) -> bool:
    """Tell whether a source is to be polled at `now`; one never polled is due.

    A next poll that lies further away than any can is a clock that was set back: due.
    """
    if state is None or state.next_poll is None:
        return True
    return state.next_poll <= now or state.next_poll > now + PATIENCE + timedelta(hours=1)


def due(sources: Iterable[Source], states: Mapping[str, SourceState], now: datetime) -> list[Source]:
    """Return the sources that are due, the longest overdue first, those never polled before all others.

    A host that answered 429 (too many requests) is left alone with all its sources until the time that it named.
    """

    def overdue(source: Source) -> float:
        state = states.get(source.id)
        return state.next_poll.timestamp() if state and state.next_poll else float("-inf")

    known = list(sources)
    patient = {_host(source) for source in known if _asks_for_patience(states.get(source.id), now)}
    return sorted((source for source in known if is_due(states.get(source.id), now) and _host(source) not in patient), key=overdue)


def _asks_for_patience(state: SourceState | None, now: datetime) -> bool:
    return state is not None and state.error_kind in {"http-429", "limit"} and not is_due(state, now)


def _host(source: Source) -> str:
    return urlsplit(source.url).netloc.lower()


def next_poll(source: Source, state: SourceState, poll: Poll) -> datetime:
    """Return when to look at `source` again, after `poll`, with `state` as it was before that poll.

    The largest of the source's own rhythm (or the user's interval) and what feed and server ask for, but soon enough that its
    window does not roll over meanwhile, and at most a day; errors back off by kind and streak. A small stable share is added so
    that sources polled together drift apart.
    """
    if poll.outcome in _FIRST_BACKOFF:
        first = _BY_KIND.get(poll.error_kind or "", _FIRST_BACKOFF[poll.outcome])
        wait = first * (1 << min(state.error_streak, 8))
    elif not poll.shared:
        wait = SOONEST  # entries were lost between two polls
    else:
        wait = source.interval if source.interval is not None else _rhythm(state, poll.finished)
        if poll.ttl is not None:
            wait = max(wait, min(poll.ttl, max(_reach(state, poll), wait)))
    wait = min(wait, CEILING)
    wanted = poll.finished + wait + wait * _share(source.id) / 10
    if poll.shared and poll.outcome not in _FIRST_BACKOFF:
        wanted = _outside(wanted, poll)
    wanted = min(wanted, poll.finished + CEILING)
    if poll.retry_after is not None:
        wanted = max(wanted, min(poll.retry_after, poll.finished + PATIENCE))
    return wanted


def overlaps(state: SourceState, entries: Sequence[Entry], shown: Sequence[bool]) -> bool:
    """Tell whether a document overlaps with what the source showed before; if not, entries between the two were never seen.

    Entries that stand at the top for weeks do not count: a few known ones, all older than what was the newest and than all new ones.

    Args:
        state: of the source before this poll.
        entries: all that it shows now.
        shown: for each, whether the source showed it before.
    """
    if state.last_ok is None or not state.entries_total or not entries:
        return True
    known = [entry.published for entry, before in zip(entries, shown, strict=True) if before]
    new = [entry.published for entry, before in zip(entries, shown, strict=True) if not before]
    if not known:
        return False
    dated = [moment for moment in known if moment is not None]
    fresh = [moment for moment in new if moment is not None]
    pinned = len(dated) == len(known) and len(known) <= len(entries) // 5 and len(fresh) == len(new) and len(new) > 0
    return not (pinned and state.newest is not None and max(dated) < state.newest < min(fresh))


def _rhythm(state: SourceState, now: datetime) -> timedelta:
    if state.new_per_day is None:
        return USUAL
    wait = timedelta(days=ENTRIES_A_POLL / state.new_per_day) if state.new_per_day > ENTRIES_A_POLL / 365 else LATEST
    if state.last_gap is not None and timedelta(0) <= now - state.last_gap < AFTER_A_GAP:
        wait /= 2
    return min(max(wait, SOONEST), LATEST)


def _reach(state: SourceState, poll: Poll) -> timedelta:
    """Half of the time that the feed's window spans at the source's usual rate: no wish may make entries fall out of it unseen."""
    entries = poll.entries or state.shown
    if not state.new_per_day or not entries:
        return CEILING
    return min(timedelta(days=min(entries / state.new_per_day / 2, 1)), CEILING)


def _outside(wanted: datetime, poll: Poll) -> datetime:
    """Move a moment out of the hours (UTC) and days in which the feed asks not to be read."""
    for _ in range(48):
        if wanted.isoweekday() in poll.skip_days or wanted.hour in poll.skip_hours:
            wanted = (wanted + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return wanted


def _share(source_id: str) -> float:
    """A number from 0 to 1 that stays the same for a source, on every machine."""
    return int.from_bytes(hashlib.blake2b(source_id.encode(), digest_size=2).digest(), "big") / 65_535


def site_of(entries: Sequence[Entry]) -> str:
    """Return where most entries lead ("https://example.org"), "" where they lead to many hosts."""
    origins = Counter(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        for entry in entries
        if not entry.opaque and (parts := urlsplit(entry.url)).netloc
    )
    origin, times = next(iter(origins.most_common(1)), ("", 0))
    return origin if 2 * times > len(entries) and len(origin) <= LONGEST_SITE else ""
