"""The outbox and alerts in the store: queued once, claimed once, told once by each rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from storage.deliveries import DeliveryRow, NewDelivery
from storage.errors import StorageBusy, StorageError
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, add, mention

ONE = NewDelivery(series="digest:daily", period="2026-11-23/1", delivery="mail", recipient="a@example.org", message_id="<1@example.org>")
TWO = replace(ONE, recipient="b@example.org", message_id="<2@example.org>")


def queued(store: Store, *new: NewDelivery, due: Any = NOW) -> list[DeliveryRow]:
    with store.transaction() as transaction:
        transaction.deliveries.queue(new, now=NOW, due=due)
    with store.reading() as reading:
        return reading.deliveries.waiting()


def test_a_recipient_gets_a_row_once(store: Store) -> None:
    (row,) = queued(store, ONE)
    assert (row.series, row.period, row.delivery, row.recipient, row.state) == (
        "digest:daily",
        "2026-11-23/1",
        "mail",
        "a@example.org",
        "pending",
    )
    assert (row.attempts, row.doubts, row.created, row.due, row.ended) == (0, 0, NOW, NOW, None)
    again = queued(store, replace(ONE, message_id="<other@example.org>"), TWO)
    assert [(one.recipient, one.message_id) for one in again] == [
        ("a@example.org", "<1@example.org>"),
        ("b@example.org", "<2@example.org>"),
    ]
    assert len(queued(store, replace(ONE, period="2026-11-24/1"))) == 3


def test_a_row_is_claimed_once(store: Store) -> None:
    (row,) = queued(store, ONE)
    with store.transaction() as transaction:
        assert transaction.deliveries.claim(row, NOW)
        assert not transaction.deliveries.claim(row, NOW)
    with store.reading() as reading:
        (begun,) = reading.deliveries.begun()
        assert (begun.state, begun.attempts, begun.claimed) == ("claimed", 1, NOW)
        assert reading.deliveries.due(NOW) == []
        assert len(reading.deliveries.waiting()) == 1
    with store.transaction() as transaction:
        transaction.deliveries.handing(row.id)
        assert [one.state for one in transaction.deliveries.begun()] == ["handing"]
        transaction.deliveries.sent(row.id, NOW + HOUR)
    with store.reading() as reading:
        assert reading.deliveries.begun() == reading.deliveries.waiting() == []
        (done,) = reading.deliveries.latest(10)
        assert (done.state, done.ended) == ("sent", NOW + HOUR)
    with store.transaction() as transaction:
        assert not transaction.deliveries.claim(done, NOW)


def test_what_failed_waits_and_what_ended_is_left(store: Store) -> None:
    first, second = queued(store, ONE, TWO)
    with store.transaction() as transaction:
        transaction.deliveries.claim(first, NOW)
        transaction.deliveries.later(first.id, "failed", NOW + HOUR, "no connection", doubts=0)
        transaction.deliveries.end(second.id, "given-up", NOW, "550", doubts=0)
    with store.reading() as reading:
        assert reading.deliveries.due(NOW) == []
        assert [row.recipient for row in reading.deliveries.due(NOW + HOUR)] == ["a@example.org"]
        assert [row.state for row in reading.deliveries.latest(10)] == ["given-up", "failed"]
        assert reading.deliveries.latest(10, series="digest:weekly") == []
        assert len(reading.deliveries.latest(1)) == 1
    with store.transaction() as transaction:
        assert transaction.deliveries.revive(NOW + DAY) == 1
        revived = next(row for row in transaction.deliveries.waiting() if row.id == second.id)
        assert (revived.state, revived.attempts, revived.ended, revived.due) == ("failed", 0, None, NOW + DAY)


def test_not_before_it_is_due(store: Store) -> None:
    queued(store, ONE, due=NOW + HOUR)
    with store.reading() as reading:
        assert reading.deliveries.due(NOW + HOUR - timedelta(seconds=1)) == []
        assert len(reading.deliveries.due(NOW + HOUR)) == 1


def test_one_process_delivers(database_url: str) -> None:
    with Store.open(database_url) as one, Store.open(database_url) as other:
        with one.delivery_lock(now=NOW):
            with pytest.raises(StorageBusy, match="another process is delivering"), other.delivery_lock(now=NOW):
                pass
            with other.crawl_lock(now=NOW):  # is another lock
                pass
        with other.delivery_lock(now=NOW):
            pass


def test_a_story_is_told_once_by_a_rule(store: Store) -> None:
    add(store, 1)
    add(store, 2)
    with store.reading() as reading:
        (_, one), (_, two) = reading.alerts.fresh(NOW)
        assert reading.alerts.fresh(NOW + HOUR) == []
    with store.transaction() as transaction:
        alert = transaction.alerts.open("urgent", "match", [one], at=NOW, due=NOW + HOUR)
        transaction.alerts.open("other", "burst", [one], at=NOW, due=NOW, topic="FPT", count=7, usual=0.5)
    with pytest.raises(StorageError), store.transaction() as transaction:
        try:
            transaction.alerts.add(alert, "urgent", [two, one])
        except IntegrityError:
            raise StorageError("told already") from None
    with store.transaction() as transaction:
        transaction.alerts.add(alert, "urgent", [two])
    with store.reading() as reading:
        assert reading.alerts.told("urgent", [one, two]) == {one, two}
        assert reading.alerts.told("other", [one, two]) == {one}
        assert reading.alerts.stories_of(alert) == [one, two]
        found = reading.alerts.last("other", "burst", "FPT")
        assert found is not None
        assert (found.count, found.usual, found.due) == (7, 0.5, NOW)
        assert reading.alerts.last("other", "burst", "Mila") is None
        assert reading.alerts.get(alert) == reading.alerts.last("urgent", "match")


def test_a_merged_story_stays_told(store: Store) -> None:
    add(store, 1)
    add(store, 2)
    with store.transaction() as transaction:
        (_, one), (_, two) = transaction.alerts.fresh(NOW)
        transaction.alerts.open("urgent", "match", [two], at=NOW, due=NOW)
        transaction.alerts.open("both", "match", [one, two], at=NOW, due=NOW)
        transaction.articles.merge(one, two)
        assert transaction.alerts.told("urgent", [one]) == {one}
        assert transaction.alerts.told("both", [one]) == {one}


def test_a_story_begins_with_its_first_article(store: Store) -> None:
    first = add(store, 1, published=NOW - 3 * HOUR)
    add(store, 2, published=None, first_seen=NOW - HOUR)
    add(store, 3, published=NOW + DAY)  # a date in the future: when it was seen counts
    add(store, 4, mentions=(mention(passing=True),))
    add(store, 5, mentions=(mention("Mila"),))
    add(store, 6, baseline=True)
    with store.transaction() as transaction:
        kept = transaction.articles.get(first)
        assert kept is not None
        begun = transaction.alerts.begun("FPT", NOW - DAY)
        assert [moment for _, moment in begun] == [NOW - 3 * HOUR, NOW - HOUR, NOW]
        assert begun[0][0] == kept.story_id
        assert len(transaction.alerts.begun("FPT", NOW - 2 * HOUR)) == 2
        assert transaction.alerts.known_since() == NOW - HOUR
