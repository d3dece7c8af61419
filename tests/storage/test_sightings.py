"""What was seen where: a known entry costs nothing more."""

from __future__ import annotations

from storage.identity import url_key
from storage.items import Entry, Kind, Ownership
from storage.pending import ATTEMPTS
from storage.sightings import Known, Sighting
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, add, new, source


def sighting(key: str, *, at: str = "bao", url: str = "", number: int | None = None, words: str = "h") -> Sighting:
    return Sighting(source_id=at, entry_key=key, url_key=url, article_id=number, entry_hash=words)


def test_an_entry_is_known_by_its_key_at_its_source(store: Store) -> None:
    number = add(store)
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("a", number=number), sighting("b", words="other")], NOW)
    with store.reading() as reading:
        known = reading.sightings.known("bao", [("b", ""), ("c", ""), ("a", "")])
        assert known == [
            Known(article_id=None, entry_hash="other", here=True, shown=True),
            None,
            Known(article_id=number, entry_hash="h", here=True, shown=True),
        ]
        assert reading.sightings.known("khac", [("a", "")]) == [None]
        assert reading.sightings.known("bao", []) == []


def test_an_entry_is_known_by_its_address_anywhere(store: Store) -> None:
    number = add(store)
    (address,) = new().url_keys
    seen = url_key("https://bao.example/only-seen")
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("x", url=seen, words="w")], NOW)
    with store.reading() as reading:
        known = reading.sightings.known("khac", [("k", address), ("l", seen), ("m", url_key("https://bao.example/new")), ("n", "")])
    assert known == [Known(article_id=number, entry_hash="", here=False), Known(article_id=None, entry_hash="w", here=False), None, None]


def test_the_key_goes_before_the_address(store: Store) -> None:
    add(store)
    (address,) = new().url_keys
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("a", url=address, words="mine")], NOW)
    with store.reading() as reading:
        assert reading.sightings.known("bao", [("a", address)]) == [Known(article_id=None, entry_hash="mine", here=True, shown=True)]


def test_seen_again_keeps_the_first_moment_and_the_article(store: Store) -> None:
    number = add(store)
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("a", url="k", number=number)], NOW)
        transaction.sightings.note([sighting("a", url="k", words="changed")], NOW + HOUR)
        transaction.sightings.seen_again("bao", ["a", "unknown"], NOW + DAY)
        transaction.sightings.seen_again("bao", [], NOW + DAY)
        transaction.sightings.note([], NOW)
    with store.reading() as reading:
        assert reading.sightings.known("bao", [("a", "")]) == [Known(article_id=number, entry_hash="changed", here=True, shown=True)]
        assert [(seen.source_id, seen.article_id, seen.first_seen) for seen in reading.sightings.of_address("k")] == [("bao", number, NOW)]


def test_one_key_twice_in_a_document_is_one_sighting(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("a", words="one"), sighting("a", words="two")], NOW)
    with store.reading() as reading:
        assert (
            reading.sightings.known("bao", [("a", ""), ("a", "")]) == [Known(article_id=None, entry_hash="two", here=True, shown=True)] * 2
        )


def test_who_saw_an_address_first(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.sightings.note([sighting("a", at="late", url="k")], NOW + HOUR)
        transaction.sightings.note([sighting("a", at="early", url="k")], NOW)
    with store.reading() as reading:
        assert [seen.source_id for seen in reading.sightings.of_address("k")] == ["early", "late"]


def test_a_large_document(store: Store) -> None:
    entries = [(f"https://bao.example/{number}", url_key(f"https://bao.example/{number}")) for number in range(5_000)]
    with store.transaction() as transaction:
        transaction.sightings.note([sighting(key, url=address) for key, address in entries[:2_500]], NOW)
    with store.reading() as reading:
        known = reading.sightings.known("bao", entries)
    assert [one is not None for one in known] == [True] * 2_500 + [False] * 2_500


def test_a_page_that_failed_is_asked_again_and_then_left(store: Store) -> None:
    feed = source(kind=Kind.SEARCH, ownership=Ownership.OWNED, groups=("a", "b"), language="vi", robots=False)
    entry = Entry(source_id="bao", key="k", url="https://bao.example/1", title="Tít", published=NOW, authors=("An",), opaque=True)
    at, asked = NOW, 0
    with store.transaction() as transaction:
        transaction.pending.add(feed, entry, "timeout", at)
    while True:
        with store.transaction() as transaction:
            assert transaction.pending.due(at) == []  # not at once
            at += 30 * DAY
            due = transaction.pending.due(at)
            if not due:
                break
            assert due == [(feed, entry)]
            asked += 1
            transaction.pending.add(feed, entry, "timeout", at)
    assert asked == ATTEMPTS - 1


def test_a_page_that_came_is_not_asked_again(store: Store) -> None:
    entry = Entry(source_id="bao", key="k", url="https://bao.example/1")
    with store.transaction() as transaction:
        transaction.pending.add(source(), entry, "x" * 10_000, NOW)
        transaction.pending.done("bao", "k")
        transaction.pending.done("bao", "unknown")
        assert transaction.pending.due(NOW + 30 * DAY) == []
