"""Polling decides from plain values: rhythm, wishes of the server, back-off, recovery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor import polling
from storage.items import Poll, PollOutcome, Source, SourceState

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
SOURCE = Source(id="a", url="https://a.example/rss")
FRESH = SourceState(source_id="a")


def poll(outcome: PollOutcome = PollOutcome.CHANGED, **changes: object) -> Poll:
    return replace(Poll(source_id="a", started=NOW, finished=NOW, outcome=outcome), **changes)  # type: ignore[arg-type]


def wait(state: SourceState = FRESH, source: Source = SOURCE, **changes: object) -> timedelta:
    return polling.next_poll(source, state, poll(**changes)) - NOW  # type: ignore[arg-type]


def test_a_source_never_polled_is_due_and_comes_first() -> None:
    other = Source(id="b", url="https://b.example/rss")
    later = Source(id="c", url="https://c.example/rss")
    states = {
        "b": SourceState(source_id="b", next_poll=NOW - timedelta(hours=1)),
        "c": SourceState(source_id="c", next_poll=NOW + timedelta(minutes=1)),
    }
    assert [source.id for source in polling.due([later, other, SOURCE], states, NOW)] == ["a", "b"]


def test_a_clock_set_back_does_not_silence_a_source() -> None:
    assert polling.is_due(SourceState(source_id="a", next_poll=NOW + timedelta(days=40)), NOW)
    assert not polling.is_due(SourceState(source_id="a", next_poll=NOW + timedelta(hours=23)), NOW)


def test_a_busy_source_is_polled_sooner_than_a_quiet_one() -> None:
    busy, quiet = (wait(replace(FRESH, new_per_day=rate)) for rate in (2_000.0, 0.2))
    assert polling.SOONEST <= busy < timedelta(minutes=20)
    assert polling.LATEST <= quiet <= polling.LATEST * 1.1


def test_wishes_of_feed_and_server_move_the_next_poll_but_not_beyond_a_day() -> None:
    assert wait(ttl=timedelta(hours=2)) >= timedelta(hours=2)
    assert wait(ttl=timedelta(days=365)) == polling.CEILING
    assert wait(retry_after=NOW + timedelta(hours=5)) == timedelta(hours=5)
    assert wait(retry_after=NOW + timedelta(days=3)) == polling.CEILING


def test_the_users_interval_is_kept() -> None:
    assert timedelta(minutes=10) <= wait(source=replace(SOURCE, interval=timedelta(minutes=10))) <= timedelta(minutes=11)


@pytest.mark.parametrize("outcome", [PollOutcome.FAILED, PollOutcome.BLOCKED, PollOutcome.GONE])
def test_errors_back_off_to_a_day_and_one_good_answer_brings_it_back(outcome: PollOutcome) -> None:
    waits = [wait(replace(FRESH, error_streak=streak), outcome=outcome) for streak in range(40)]
    assert waits == sorted(waits)
    assert waits[0] < timedelta(hours=4)
    assert waits[-1] == polling.CEILING
    assert wait(replace(FRESH, error_streak=39), outcome=PollOutcome.CHANGED) <= timedelta(minutes=33)


def test_a_rolled_over_window_is_polled_sooner_even_where_the_feed_asks_for_patience() -> None:
    assert wait(replace(FRESH, new_per_day=0.0), shared=False, ttl=timedelta(hours=6)) <= timedelta(minutes=17)
