"""Polling decides from plain values: rhythm, wishes of the server, back-off, recovery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor import polling
from storage.items import Entry, Poll, PollOutcome, Source, SourceState

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
    assert not polling.is_due(SourceState(source_id="a", next_poll=NOW + polling.PATIENCE), NOW), "so long a server may ask for"
    assert polling.is_due(SourceState(source_id="a", next_poll=NOW), NOW)


def test_a_busy_source_is_polled_sooner_than_a_quiet_one() -> None:
    busy, quiet = (wait(replace(FRESH, new_per_day=rate)) for rate in (2_000.0, 0.2))
    assert polling.SOONEST <= busy < timedelta(minutes=20)
    assert polling.LATEST <= quiet <= polling.LATEST * 1.1


def test_wishes_of_feed_and_server_move_the_next_poll_but_not_beyond_a_day() -> None:
    assert wait(ttl=timedelta(hours=2)) >= timedelta(hours=2)
    assert wait(ttl=timedelta(days=365)) == polling.CEILING
    assert wait(retry_after=NOW + timedelta(hours=5)) == timedelta(hours=5)
    assert wait(retry_after=NOW + timedelta(days=3)) == polling.PATIENCE


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


def entries(*days_ago: float) -> list[Entry]:
    return [Entry(source_id="a", key=str(n), url=f"https://a.example/{n}", published=NOW - timedelta(days=n)) for n in days_ago]


def test_a_document_that_shows_nothing_known_has_rolled_over() -> None:
    before = replace(FRESH, last_ok=NOW - timedelta(hours=4), entries_total=20, newest=NOW - timedelta(hours=5))
    shown = entries(0.01, 0.02, 0.03)
    assert not polling.overlaps(before, shown, [False, False, False])
    assert polling.overlaps(before, shown, [False, False, True])
    assert polling.overlaps(FRESH, shown, [False, False, False]), "at the first poll all is new"
    assert polling.overlaps(before, [], []), "an empty document tells nothing"


def test_what_is_pinned_on_top_for_weeks_hides_no_gap() -> None:
    before = replace(FRESH, last_ok=NOW - timedelta(hours=4), entries_total=20, newest=NOW - timedelta(hours=5))
    shown = entries(30, *(n / 100 for n in range(1, 10)))
    assert not polling.overlaps(before, shown, [True, *[False] * 9])
    assert polling.overlaps(before, shown, [True, *[False] * 8, True]), "a recent one is known, too"
    two_of_nine = entries(30, 31, *(n / 100 for n in range(1, 8)))
    assert polling.overlaps(before, two_of_nine, [True, True, *[False] * 7]), "more than a fifth is not pinned: the feed is slow"
    undated = [replace(shown[0], published=None), *shown[1:]]
    assert polling.overlaps(before, undated, [True, *[False] * 9]), "of what has no date nobody knows that it is old"
    one_new_undated = [*shown[:-1], replace(shown[-1], published=None)]
    assert polling.overlaps(before, one_new_undated, [True, *[False] * 9])
    late = [*shown[:-1], replace(shown[-1], published=NOW - timedelta(hours=6))]
    assert polling.overlaps(before, late, [True, *[False] * 9]), "it reaches back to what was the newest"
    assert polling.overlaps(replace(before, newest=None), shown, [True, *[False] * 9])
    assert polling.overlaps(before, shown, [True] * 10), "nothing is new"


def test_no_wish_of_a_feed_makes_its_entries_fall_out_unseen() -> None:
    fast = replace(FRESH, new_per_day=240.0)
    assert wait(fast, ttl=timedelta(hours=12), entries=20) <= timedelta(hours=1.1)
    slow = replace(FRESH, new_per_day=2.0)
    assert wait(slow, ttl=timedelta(hours=12), entries=20) >= timedelta(hours=12)
    assert wait(replace(fast, shown=20), outcome=PollOutcome.UNCHANGED, ttl=timedelta(hours=12)) <= timedelta(hours=1.1)


def test_after_a_gap_a_source_is_polled_more_often_for_a_while() -> None:
    usual = replace(FRESH, new_per_day=60.0)
    shaken = replace(usual, last_gap=NOW - timedelta(hours=6))
    assert wait(shaken) == pytest.approx(wait(usual) / 2, abs=timedelta(seconds=1))
    assert wait(replace(usual, last_gap=NOW - timedelta(days=3))) == wait(usual)
    assert wait(replace(usual, last_gap=NOW + timedelta(hours=6))) == wait(usual), "the clock was set back"


def test_hours_and_days_that_a_feed_leaves_out_are_skipped() -> None:
    hours = polling.next_poll(SOURCE, FRESH, poll(skip_hours=(6, 7, 8)))
    assert hours == NOW.replace(hour=9)
    monday = polling.next_poll(SOURCE, FRESH, poll(skip_days=(1,)))  # the 23rd is a Monday
    assert monday == NOW + timedelta(hours=18)
    assert polling.next_poll(SOURCE, FRESH, poll(skip_days=(1, 2, 3))) == NOW + polling.CEILING, "never longer than a day"


def test_errors_weigh_by_kind() -> None:
    first = {
        kind: wait(outcome=PollOutcome.FAILED, error_kind=kind) for kind in ("timeout", "http-503", "not-a-feed", "http-429", "too-large")
    }
    assert first["timeout"] == first["http-503"] < first["not-a-feed"] < first["http-429"] < first["too-large"]


def test_a_host_that_asked_for_patience_is_left_alone_with_all_its_sources() -> None:
    other = Source(id="b", url="https://a.example/other")
    far = Source(id="c", url="https://c.example/rss")
    asked = SourceState(source_id="a", error_kind="http-429", next_poll=NOW + timedelta(hours=1))
    busy = SourceState(source_id="a", error_kind="http-503", next_poll=NOW + timedelta(hours=1))
    assert polling.due([SOURCE, other, far], {"a": asked}, NOW) == [far]
    assert polling.due([SOURCE, other, far], {"a": replace(asked, error_kind="limit")}, NOW) == [far], (
        "an engine's line of text says the same"
    )
    assert polling.due([SOURCE, other, far], {"a": asked}, NOW + timedelta(hours=2)) == [other, far, SOURCE]
    assert polling.due([SOURCE, other, far], {"a": busy}, NOW) == [other, far], "503 speaks for one address"
