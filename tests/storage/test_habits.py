"""What polls make of a source's state, and what a state says of its health: each by its own habit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.condition import Ail, GapState
from storage.gaps import gap_of
from storage.habits import after, ailment
from storage.items import Poll, PollOutcome, SourceState
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, source

WELL = SourceState(source_id="bao", outcome=PollOutcome.CHANGED, first_poll=NOW - 30 * DAY, last_ok=NOW, last_new=NOW, new_per_day=9.0)


def poll(outcome: PollOutcome = PollOutcome.CHANGED, **fields: Any) -> Poll:
    return Poll(**({"source_id": "bao", "started": NOW, "finished": NOW, "outcome": outcome} | fields))


def pages(state: SourceState, counts: list[tuple[int, int]]) -> SourceState:
    for day, (read, bare) in enumerate(counts):
        state = after(state, poll(finished=NOW + day * DAY, pages=read, bare=bare, new=read), NOW)
    return state


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"outcome": PollOutcome.FAILED, "error_kind": "dns"}, Ail.FAILING),
        ({"outcome": PollOutcome.BLOCKED, "status": 403}, Ail.BLOCKED),
        ({"outcome": PollOutcome.GONE, "status": 410, "failing_since": NOW}, Ail.GONE),
        ({"outcome": PollOutcome.GONE, "status": 404, "failing_since": NOW - DAY}, Ail.FAILING),
        ({"outcome": PollOutcome.GONE, "status": 404, "failing_since": NOW - 4 * DAY}, Ail.GONE),
        ({"last_new": NOW - 9 * DAY, "new_per_day": 5.0}, Ail.SILENT),
        ({"bare_since": NOW - DAY}, Ail.BARE),
        ({}, None),
    ],
)
def test_what_is_wrong_with_a_source(changes: dict[str, Any], kind: Ail | None) -> None:
    found = ailment(replace(WELL, **changes), NOW)
    assert (found.kind if found else None) == kind


def test_a_silence_counts_from_where_it_left_the_habit() -> None:
    found = ailment(replace(WELL, last_new=NOW - 9 * DAY), NOW)
    assert found is not None and (found.since, found.began) == (NOW - 9 * DAY, NOW - 6 * DAY)


def test_a_redesign_is_noticed_within_a_few_pages_and_stays_told_until_texts_come_again() -> None:
    usual = pages(WELL, [(4, 0)] * 10)
    assert usual.bare_usual == 0.0
    broken = pages(usual, [(1, 1)] * 5)
    assert broken.bare_since is not None
    long = pages(broken, [(2, 2)] * 100)
    assert long.bare_since == broken.bare_since, "what has lasted for months is no habit"
    assert pages(long, [(2, 2)] * 3 + [(6, 0)] * 2).bare_since is None


def test_an_outlet_that_never_gave_texts_is_not_called_broken() -> None:
    state = WELL
    for _ in range(60):
        state = pages(state, [(3, 3)])
        assert state.bare_since is None
    # One that gives them half of the time has bad luck now and then.
    mixed = pages(WELL, [(2, 1)] * 20)
    assert pages(mixed, [(4, 4)]).bare_since is None


def test_an_unlucky_page_now_and_then_is_no_redesign() -> None:
    import random

    chance = random.Random(7)
    state, alarms = WELL, 0
    for _ in range(2_000):
        state = pages(state, [(1, int(chance.random() < 0.1))])
        alarms += state.bare_since is not None
    assert alarms == 0


def test_a_move_and_a_gap_leave_their_moments() -> None:
    moved = after(WELL, poll(moved_to="https://bao.example/new"), NOW)
    assert (moved.url, moved.moved) == ("https://bao.example/new", NOW)
    again = after(moved, poll(finished=NOW + HOUR, moved_to="https://bao.example/new"), NOW)
    assert again.moved == NOW
    assert after(WELL, poll(shared=False), NOW).last_gap == NOW
    assert after(WELL, poll(latency=2.0), NOW).latency == 2.0


def test_the_span_of_a_gap() -> None:
    state = replace(WELL, newest=NOW - 5 * HOUR, last_ok=NOW - 4 * HOUR)
    gap = gap_of(state, poll(shared=False, oldest=NOW - 2 * HOUR))
    assert gap is not None and (gap.since, gap.until, gap.state) == (NOW - 5 * HOUR, NOW - 2 * HOUR, "open")
    odd = gap_of(replace(state, newest=NOW + DAY), poll(shared=False, oldest=NOW - 9 * DAY))
    assert odd is not None and (odd.since, odd.until) == (NOW - 4 * HOUR, NOW)
    assert gap_of(state, poll()) is None


def test_gaps_are_kept_and_looked_for_once(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.sources.ensure([source()])
        transaction.sources.save_polls([(WELL, poll(shared=False, entries=5, new=5, oldest=NOW - HOUR), NOW + HOUR)])
        (gap,) = transaction.gaps.open(NOW)
        transaction.gaps.looked(gap.id, state=GapState.SEARCHED, found=3)
        assert transaction.gaps.open(NOW) == []
        (told,) = transaction.sources.coverage(NOW - DAY, NOW, {"bao": "Báo"}).gaps
        assert (told.state, told.found, told.tries) == ("searched", 3, 1)
        assert transaction.gaps.count(NOW - DAY) == {"bao": 1}


def test_a_source_that_was_not_due_in_a_window_counts_as_read(store: Store) -> None:
    """The evening's digest an hour after another one: nothing was to be asked, so nothing is missing."""
    names = {"rested": "Rested", "overdue": "Overdue", "failed": "Failed", "new": "New"}
    with store.transaction() as transaction:
        before = NOW - 2 * HOUR
        for name, outcome, due in (
            ("rested", PollOutcome.UNCHANGED, NOW + HOUR),
            ("overdue", PollOutcome.CHANGED, NOW - HOUR),
            ("failed", PollOutcome.FAILED, NOW + HOUR),
        ):
            one = Poll(source_id=name, started=before, finished=before, outcome=outcome)
            transaction.sources.save_polls([(SourceState(source_id=name), one, due)])
        coverage = transaction.sources.coverage(NOW - HOUR, NOW, names)
        later = transaction.sources.coverage(NOW, NOW + 2 * HOUR, names)
    assert (coverage.due, coverage.read, coverage.unread) == (4, 1, ("failed", "new", "overdue"))
    assert coverage.unread_since == before
    assert later.read == 0, "by then it was due, and nobody asked"


def test_a_search_that_never_found_anything_is_not_silent(store: Store) -> None:
    from storage.items import Kind

    long_ago = NOW - 9 * DAY
    with store.transaction() as transaction:
        transaction.sources.ensure([source("feed"), source("search", kind=Kind.SEARCH)])
        for name in ("feed", "search"):
            state = SourceState(source_id=name, first_poll=long_ago, last_ok=long_ago)
            transaction.sources.save_polls([(state, Poll(source_id=name, started=NOW, finished=NOW, outcome=PollOutcome.CHANGED), NOW)])
        found = transaction.sources.coverage(None, NOW, {"feed": "F", "search": "S"}).ailing
    assert [one.source_id for one in found] == ["feed"]
