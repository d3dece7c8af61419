"""States of sources, polls, and the coverage that tells a quiet day from a broken pipe."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage import schema
from storage.condition import Ail
from storage.habits import after, is_silent
from storage.items import Poll, PollOutcome, SourceState, Validators
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, add, source, suppression


def poll(name: str = "bao", outcome: PollOutcome = PollOutcome.CHANGED, at: datetime = NOW, **fields: Any) -> Poll:
    values: dict[str, Any] = {"started": at - timedelta(seconds=2), "status": 200}
    return Poll(source_id=name, outcome=outcome, finished=at, **(values | fields))


def save(store: Store, *polls: Poll) -> list[SourceState]:
    with store.transaction() as transaction:
        before = transaction.sources.states()
        return transaction.sources.save_polls(
            [(before.get(one.source_id, SourceState(source_id=one.source_id)), one, one.finished + HOUR) for one in polls]
        )


def state(store: Store, name: str = "bao") -> SourceState:
    with store.reading() as reading:
        return reading.sources.state(name)


def test_what_a_host_says_of_itself_is_storable_whatever_it_is(store: Store) -> None:
    odd = Validators(etag='"a\x00b"', last_modified="\ud800", body_hash="abc")
    (saved,) = save(store, poll(validators=odd, shape="4 div\x00/a", moved_to="https://bao.example/\x00x"))
    assert saved.validators == Validators(body_hash="abc")
    assert (saved.shape, saved.url) == ("4 div/a", "https://bao.example/x")
    (failed,) = save(store, poll(outcome=PollOutcome.FAILED, error_kind="tls", error="a\x00b \udfff\x1b[2J" + "x" * 5_000))
    assert (failed.error or "").startswith("ab [2Jx") and len(failed.error or "") == 2_000
    assert state(store) == failed


def test_a_source_never_polled_has_the_defaults(store: Store) -> None:
    assert state(store) == SourceState(source_id="bao")
    with store.transaction() as transaction:
        transaction.sources.ensure([])
        transaction.sources.ensure([source(), source("khac")])
    assert state(store) == SourceState(source_id="bao")
    with store.reading() as reading:
        assert set(reading.sources.states()) == {"bao", "khac"}


def test_a_poll_is_saved_with_the_state_that_follows(store: Store) -> None:
    validators = Validators(etag='W/"1"', last_modified="Mon, 23 Nov 2026 06:00:00 GMT", body_hash="abc")
    newest = NOW - HOUR
    (after_first,) = save(store, poll(validators=validators, entries=20, new=20, moved_to="https://bao.example/new", newest=newest))
    assert state(store) == after_first
    assert (after_first.validators, after_first.url, after_first.newest) == (validators, "https://bao.example/new", newest)
    assert (after_first.first_poll, after_first.last_ok, after_first.last_full, after_first.last_new) == (NOW,) * 4
    assert (after_first.polls, after_first.entries_total, after_first.new_total, after_first.new_per_day) == (1, 20, 20, None)
    assert after_first.next_poll == NOW + HOUR
    (unchanged,) = save(store, poll(outcome=PollOutcome.UNCHANGED, at=NOW + DAY, status=304))
    assert state(store) == unchanged
    assert (unchanged.validators, unchanged.last_full, unchanged.last_ok) == (validators, NOW, NOW + DAY)
    assert unchanged.new_per_day == 0.0
    with store.reading() as reading:
        assert len(reading.connection.execute(schema.polls.select()).all()) == 2


def test_failures_are_counted_until_it_answers(store: Store) -> None:
    save(store, poll())
    for hours in (1, 2, 3):
        save(store, poll(outcome=PollOutcome.FAILED, at=NOW + hours * HOUR, status=None, error_kind="dns", error="no such host"))
    failing = state(store)
    assert (failing.error_streak, failing.failing_since, failing.error_kind, failing.error) == (3, NOW + HOUR, "dns", "no such host")
    assert failing.last_ok == NOW
    save(store, poll(outcome=PollOutcome.UNCHANGED, at=NOW + 4 * HOUR))
    well = state(store)
    assert (well.error_streak, well.failing_since, well.error_kind, well.error) == (0, None, None, None)


def test_many_polls_at_once(store: Store) -> None:
    states = save(store, *(poll(f"s{number}", new=number) for number in range(50)))
    with store.reading() as reading:
        assert reading.sources.states() == {one.source_id: one for one in states}
    assert save(store) == []


def test_a_changed_address_forgets_what_the_old_one_answered(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.sources.ensure([source()])
    save(store, poll(validators=Validators(etag="e"), moved_to="https://bao.example/moved", entries=5))
    with store.transaction() as transaction:
        transaction.sources.ensure([source(outlet="Tên Mới")])
    assert state(store).validators.etag == "e"  # a new name changes nothing
    with store.transaction() as transaction:
        transaction.sources.ensure([source(url="https://bao.example/other")])
    changed = state(store)
    assert (changed.url, changed.validators, changed.next_poll) == (None, Validators(), None)
    assert changed.entries_total == 5


def test_the_habit_of_a_source() -> None:
    one = after(SourceState(source_id="s"), poll(new=500), NOW)
    assert one.new_per_day is None  # a whole feed is new at first
    two = after(one, poll(at=NOW + DAY, new=10), NOW)
    assert two.new_per_day == pytest.approx(10)
    three = after(two, poll(at=NOW + 2 * DAY, new=20), NOW)
    assert three.new_per_day == pytest.approx(11.81, abs=0.01)
    failed = after(three, poll(at=NOW + 3 * DAY, outcome=PollOutcome.FAILED), NOW)
    assert failed.new_per_day == three.new_per_day
    burst = after(three, poll(at=NOW + 2 * DAY, new=1), NOW)  # twice in one moment divides by nothing
    assert burst.new_per_day is not None


def test_old_polls_are_forgotten(store: Store) -> None:
    save(store, poll(at=NOW - 100 * DAY), poll("khac", at=NOW - 80 * DAY))
    with store.transaction() as transaction:
        assert transaction.retention.forget_polls(NOW - 90 * DAY) == 1
        assert [row.source_id for row in transaction.connection.execute(schema.polls.select())] == ["khac"]
    assert state(store).polls == 1  # its state stays


def test_coverage_of_a_window(store: Store) -> None:
    save(
        store,
        poll("good", new=3, entries=20, shared=True, at=NOW - HOUR),
        poll("gap", new=7, entries=7, shared=False, at=NOW - 2 * HOUR),
        poll("bad", PollOutcome.FAILED, at=NOW - HOUR, error_kind="timeout", new=0),
        poll("blocked", PollOutcome.BLOCKED, at=NOW - HOUR, status=403),
        poll("gone", PollOutcome.GONE, at=NOW - HOUR, status=410),
        poll("yesterday", new=100, at=NOW - 30 * HOUR),
        poll("removed", new=1, at=NOW - HOUR),
    )
    add(store, 1, first_seen=NOW - HOUR)
    add(store, 2, first_seen=NOW - HOUR, mentions=(), suppressions=(suppression(),), suppressed=True)
    add(store, 3, first_seen=NOW - HOUR, mentions=())
    add(store, 4, first_seen=NOW - 2 * DAY)
    due = {name: name.title() for name in ("good", "gap", "bad", "blocked", "gone", "yesterday", "new")}
    with store.reading() as reading:
        coverage = reading.sources.coverage(NOW - DAY, NOW, due)
        ever = reading.sources.coverage(None, NOW, due)
        before = reading.sources.coverage(None, NOW - 10 * DAY, due)
    assert (coverage.due, coverage.read, coverage.unread) == (7, 2, ("bad", "blocked", "gone", "new", "yesterday"))
    assert {one.source_id for one in coverage.ailing} == {"bad", "blocked", "gone"}
    assert coverage.never == ("new", "yesterday")
    assert coverage.entries == 11
    assert [gap.source_id for gap in coverage.gaps] == ["gap"]
    assert (coverage.kept, coverage.suppressed) == (1, 1)
    assert coverage.last_crawl == NOW - HOUR
    assert coverage.outlets == due
    assert (ever.read, ever.never, ever.kept) == (3, ("new",), 2)
    assert (before.read, before.last_crawl, before.entries) == (0, None, 0)


def test_coverage_of_an_empty_store(store: Store) -> None:
    with store.reading() as reading:
        coverage = reading.sources.coverage(NOW - DAY, NOW, {"bao": "Báo"})
        nothing = reading.sources.coverage(None, NOW, {})
    assert (coverage.due, coverage.read, coverage.never, coverage.last_crawl) == (1, 0, ("bao",), None)
    assert (nothing.due, nothing.never, nothing.ailing) == (0, (), ())


def test_a_silent_source_is_told_by_its_own_habit(store: Store) -> None:
    busy = SourceState(
        source_id="busy",
        outcome=PollOutcome.UNCHANGED,
        first_poll=NOW - 30 * DAY,
        last_ok=NOW,
        last_new=NOW - 4 * DAY,
        new_per_day=40.0,
        entries_total=50,
    )
    assert is_silent(busy, NOW)
    assert not is_silent(replace(busy, last_new=NOW - 2 * DAY), NOW)  # a long week-end
    assert not is_silent(replace(busy, new_per_day=0.2), NOW)  # a weekly
    assert is_silent(replace(busy, new_per_day=0.2, last_new=NOW - 41 * DAY, first_poll=NOW - 90 * DAY), NOW)
    assert not is_silent(replace(busy, outcome=PollOutcome.FAILED), NOW)  # that is failing, not silent
    assert not is_silent(replace(busy, first_poll=None), NOW)
    dead = replace(busy, new_per_day=0.0, last_new=None, newest=NOW - 400 * DAY)
    assert is_silent(dead, NOW)
    assert not is_silent(replace(dead, newest=None), NOW)
    assert not is_silent(replace(dead, first_poll=NOW - DAY), NOW)
    save(store, poll("busy", new=40, at=NOW - 6 * DAY), poll("calm", at=NOW - 6 * DAY))
    save(store, poll("busy", new=40, at=NOW - 5 * DAY), poll("calm", new=1, at=NOW - HOUR))
    save(store, poll("busy", PollOutcome.UNCHANGED, at=NOW - HOUR))
    with store.reading() as reading:
        coverage = reading.sources.coverage(NOW - DAY, NOW, {"busy": "B", "calm": "C"})
    assert [(one.source_id, one.kind) for one in coverage.ailing] == [("busy", Ail.SILENT)]
    assert coverage.read == 2


@pytest.mark.parametrize("step", [timedelta(minutes=30), DAY, 4 * DAY])
def test_a_silent_source_stays_silent(step: timedelta) -> None:
    now = SourceState(source_id="s")
    for day in range(60):
        now = after(now, poll(at=NOW + day * DAY, new=5), NOW)
    at, told = now.last_poll or NOW, []
    while at < NOW + 120 * DAY:
        at += step
        now = after(now, poll(outcome=PollOutcome.UNCHANGED, at=at), NOW)
        told.append(is_silent(now, at))
    first = told.index(True)
    assert all(told[first:])
    assert first * step <= 6 * DAY
    assert now.new_per_day is not None and now.new_per_day < 0.01  # while its rhythm of polls has calmed down
