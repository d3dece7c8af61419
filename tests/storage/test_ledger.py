"""A story is told once by a digest of one name, and the database has the last word."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from storage.errors import StorageError
from storage.store import Store
from tests.storage.makers import DAY, NOW, add


def stories(store: Store, how_many: int) -> list[int]:
    numbers = [add(store, number) for number in range(how_many)]
    with store.reading() as reading:
        return [stored.story_id for stored in reading.articles.many(numbers)]


def tell(store: Store, name: str, day: str, told: list[int], baseline: tuple[int, ...] = ()) -> int:
    with store.transaction() as transaction:
        return transaction.ledger.open_edition(name, day, now=NOW, since=NOW - DAY, until=NOW, stories=told, baseline=baseline)


def test_editions_are_numbered_within_their_day(store: Store) -> None:
    one, two, three = stories(store, 3)
    first = tell(store, "daily", "2026-11-22", [one])
    tell(store, "daily", "2026-11-23", [two])
    second = tell(store, "daily", "2026-11-22", [])
    tell(store, "weekly", "2026-11-22", [one, three])
    with store.reading() as reading:
        ledger = reading.ledger
        assert [(row.id, row.edition) for row in ledger.editions("daily", "2026-11-22")] == [(first, 1), (second, 2)]
        assert ledger.days("daily") == ["2026-11-22", "2026-11-23"]
        assert ledger.days("nothing") == []
        assert ledger.editions("daily", "2020-01-01") == []
        last = ledger.last("daily")
        assert last is not None
        assert (last.id, last.day, last.created, last.since, last.until) == (second, "2026-11-22", NOW, NOW - DAY, NOW)
        assert ledger.last("nothing") is None


def test_a_story_is_told_once(store: Store) -> None:
    one, two = stories(store, 2)
    tell(store, "daily", "2026-11-22", [one])
    with pytest.raises(StorageError), store.transaction() as transaction:
        try:
            transaction.ledger.open_edition("daily", "2026-11-23", now=NOW, since=None, until=NOW, stories=[two, one])
        except IntegrityError:
            raise StorageError("told already") from None
    with store.reading() as reading:
        assert reading.ledger.days("daily") == ["2026-11-22"]  # nothing of the second edition stayed
        assert [story.id for story in reading.articles.untold("daily")] == [two]
        assert [story.id for story in reading.articles.untold("weekly")] == [one, two]
    tell(store, "weekly", "2026-11-23", [one])  # a digest of another name has its own ledger


def test_a_story_twice_in_one_edition_is_refused(store: Store) -> None:
    (one,) = stories(store, 1)
    with pytest.raises(StorageError):
        tell(store, "daily", "2026-11-22", [one, one])
    with pytest.raises(StorageError):
        tell(store, "daily", "2026-11-22", [one], baseline=(one,))
    with pytest.raises(StorageError):
        tell(store, "daily", "2026-11-22", [10**9])  # a story that is not there


def test_what_was_told_in_its_order(store: Store) -> None:
    one, two, three, old = stories(store, 4)
    first = tell(store, "daily", "2026-11-22", [three, one], baseline=(old,))
    second = tell(store, "daily", "2026-11-23", [two])
    with store.reading() as reading:
        assert reading.ledger.stories_of([first]) == [three, one]
        assert reading.ledger.stories_of([second, first]) == [three, one, two]
        assert reading.ledger.stories_of([]) == []
        assert reading.ledger.told(one) == [("daily", "2026-11-22", False)]
        assert reading.ledger.told(old) == [("daily", "2026-11-22", True)]
        assert reading.articles.untold("daily") == []
        told_on = {story.id: story.told_on for story in reading.articles.stories_by_id([one, two, old])}
        assert told_on == {one: "2026-11-22", two: "2026-11-23", old: None}
