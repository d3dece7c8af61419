"""What a poll makes of a source's state, and what a state says of the source's health. Pure.

Each source is judged by its own habit: a weekly is not silent after four days, and a paywalled outlet has never had texts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

from storage.condition import Ail, Ailment
from storage.identity import canonical_url
from storage.items import Poll, PollOutcome, SourceState

GOOD = frozenset({PollOutcome.CHANGED, PollOutcome.UNCHANGED})
NOT_FOUND_FOR = timedelta(days=3)  # so long an address may answer 404 before it counts as gone
_QUIET_AT_LEAST = timedelta(days=3)
_QUIET_TIMES_HABIT = 8.0
_MEAN_WEIGHT = 0.2  # how fast the running mean of new entries a day forgets: by e to the minus this a day
_LATENCY_WEIGHT = 0.2
_PAGE_WEIGHT = 1 / 6  # of one page in the share of the latest that had no text
_USUAL_WEIGHT = 1 / 150  # the same in the usual share
_PAGES_FOR_A_HABIT = 15
_SPREAD = math.sqrt(_PAGE_WEIGHT / (2 - _PAGE_WEIGHT))  # of a running mean of independent draws, beside that of one draw


def after(state: SourceState, poll: Poll, next_poll: datetime) -> SourceState:
    """Return the state of a source after a poll of it."""
    good = poll.outcome in GOOD
    # The same body once more was read as a whole, too; "not modified" was not.
    full = poll.outcome is PollOutcome.CHANGED or (good and poll.validators is not None)
    moved = poll.moved_to is not None and poll.moved_to != state.url
    bare, usual, since = _bareness(state, poll)
    return replace(
        state,
        url=poll.moved_to or (state.url if canonical_url(state.url or "") else None),
        validators=poll.validators or state.validators,
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
        shown=poll.entries if poll.outcome is PollOutcome.CHANGED else state.shown,
        latency=_mean(state.latency, poll.latency, _LATENCY_WEIGHT),
        pages=state.pages + poll.pages,
        bare=bare,
        bare_usual=usual,
        bare_since=since,
        sampled=poll.finished if poll.pages else state.sampled,
        moved=poll.finished if moved else state.moved,
        last_gap=state.last_gap if poll.shared else poll.finished,
    )


def _mean(mean: float | None, value: float | None, weight: float) -> float | None:
    if value is None or mean is None:
        return mean if value is None else value
    return mean + weight * (value - mean)


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


# ---------------------------------------------------------------------- health


def ailment(state: SourceState, now: datetime) -> Ailment | None:
    """Return what is wrong with a source, None where all is well or nothing is known yet."""
    if state.outcome is None:
        return None
    if state.outcome not in GOOD:
        word = state.error_kind or (f"http-{state.status}" if state.status and state.status >= 400 else state.outcome.value)
        since = state.failing_since
        return Ailment(
            source_id=state.source_id, kind=_kind(state, now), word=word, detail=state.error or "", since=since, began=since or now
        )
    if is_silent(state, now):
        since = state.last_new or state.newest
        began = min((state.last_new or state.first_poll or now) + quiet_for(state), now)
        return Ailment(source_id=state.source_id, kind=Ail.SILENT, word="silent", since=since, began=began)
    if state.bare_since is not None:
        return Ailment(source_id=state.source_id, kind=Ail.BARE, word="bare", since=state.bare_since, began=state.bare_since)
    return None


def _kind(state: SourceState, now: datetime) -> Ail:
    if state.outcome is PollOutcome.BLOCKED:
        return Ail.BLOCKED
    if state.outcome is PollOutcome.GONE and (state.status == 410 or now - (state.failing_since or now) >= NOT_FOUND_FOR):
        return Ail.GONE
    return Ail.FAILING


def is_silent(state: SourceState, now: datetime) -> bool:
    """Whether a source that answers has brought nothing new for far longer than is its habit."""
    if state.outcome not in GOOD or state.first_poll is None:
        return False
    quiet = now - (state.last_new or state.first_poll)
    if state.new_per_day is None or state.new_per_day <= 0:
        # Never anything new since the watch began: judge by the newest date it shows, not by its status.
        stale = state.newest is not None and now - state.newest > 10 * _QUIET_AT_LEAST
        return (stale or state.entries_total == 0) and quiet > _QUIET_AT_LEAST
    return quiet > quiet_for(state)


def quiet_for(state: SourceState) -> timedelta:
    """Return how long a source may be quiet before that is worth a word."""
    if state.new_per_day is None or state.new_per_day <= 0:
        return _QUIET_AT_LEAST
    # The running mean sinks while nothing comes; the habit is what it was when the last entry came.
    last_new = state.last_new or state.first_poll
    sunk = max((state.last_ok - last_new) / timedelta(days=1), 0.0) if state.last_ok and last_new else 0.0
    habit = state.new_per_day * math.exp(_MEAN_WEIGHT * min(sunk, 1_000))
    return max(_QUIET_AT_LEAST, timedelta(days=min(_QUIET_TIMES_HABIT / habit, 60)))


def _bareness(state: SourceState, poll: Poll) -> tuple[float | None, float | None, datetime | None]:
    """Return the share of pages without text of late, the usual share, and since when the first is far above the second."""
    if not poll.pages:
        return state.bare, state.bare_usual, state.bare_since
    share = poll.bare / poll.pages
    late = share if state.bare is None else state.bare + (1 - (1 - _PAGE_WEIGHT) ** poll.pages) * (share - state.bare)
    known = state.pages
    if known < _PAGES_FOR_A_HABIT or state.bare_usual is None:
        usual = ((state.bare_usual or 0.0) * known + poll.bare) / (known + poll.pages)
        return late, usual, None
    usual = state.bare_usual
    if _far_above(late, usual):
        return late, usual, state.bare_since or poll.finished
    # Once told, it is over when texts come again, not when one page in six does.
    if state.bare_since is not None and late > (usual + 0.5) / 2 and late > usual + 0.1:
        return late, usual, state.bare_since
    usual += (1 - (1 - _USUAL_WEIGHT) ** poll.pages) * (share - usual)
    return late, usual, None


def _far_above(late: float, usual: float) -> bool:
    """Whether the latest pages are without text so often that chance does not explain it."""
    common = min(max(usual, 0.02), 0.98)
    spread = math.sqrt(common * (1 - common)) * _SPREAD
    return late >= 0.5 and late - usual >= max(0.35, 3.5 * spread)
