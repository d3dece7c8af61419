"""The index of copies and stories, on both databases; a storm of copies; the labelled data beside the repository."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from benchmarks.grouped import across, b_cubed, pairs
from benchmarks.made_up import Maker, variants
from benchmarks.stories import article_of, group, store_one
from monitor.placing import enter, place
from storage.articles import NewArticle
from storage.fingerprints import fingerprint, stamp
from storage.items import Article, BodyFrom
from storage.reading import Transaction
from storage.schema_index import bands, sketches, term_counts, terms
from storage.store import Store

AT = datetime(2026, 3, 10, 6, tzinfo=UTC)
MAKER = Maker(21)
PIECE = MAKER.article(1, AT, sentences=16)


def kept(transaction: Transaction, article: Article, at: datetime = AT) -> int:
    return transaction.articles.add(NewArticle(article=article, url_keys=(), first_seen=at))


def test_what_was_added_is_found_as_a_copy(store: Store) -> None:
    made = fingerprint(PIECE, AT)
    with store.transaction() as transaction:
        number = kept(transaction, PIECE)
        transaction.dedupe.add(number, made, AT)
    with store.reading() as reading:
        (found,) = reading.dedupe.candidates(made, AT + timedelta(days=30))
        assert (found.article_id, found.copy_id, found.fingerprint, found.at) == (number, number, made, AT)
        assert reading.dedupe.candidates(made, AT + timedelta(days=40)) == []
        assert reading.dedupe.total() == 1


def test_a_story_is_found_by_terms_within_its_window(store: Store) -> None:
    made = fingerprint(PIECE, AT)
    names = " ".join(word for word in PIECE.text.split() if word[:1].isupper() and not word.endswith("."))
    retold = Article(
        url="https://b.example/1", title="Other words", text=f"{MAKER.sentence()} and {names} {MAKER.sentence()}", language="en"
    )
    with store.transaction() as transaction:
        transaction.dedupe.add(kept(transaction, PIECE), made, AT)
    with store.reading() as reading:
        asked = fingerprint(retold, AT)
        assert len(reading.dedupe.candidates(asked, AT + timedelta(days=2))) == 1
        assert reading.dedupe.candidates(asked, AT + timedelta(days=9)) == []


def test_a_headline_alone_is_found_by_its_words(store: Store) -> None:
    bare = Article(url="https://news.example/1", title=PIECE.title, body_from=BodyFrom.FEED, opaque=True, language="en")
    with store.transaction() as transaction:
        transaction.dedupe.add(kept(transaction, PIECE), fingerprint(PIECE, AT), AT)
        made, decision = place(transaction, bare, AT, familiar=frozenset())
        assert decision.evidence.rule == "title"
        enter(transaction, kept(transaction, bare), made, AT, decision)


def test_removing_leaves_nothing_behind_and_adding_twice_counts_once(store: Store) -> None:
    made = fingerprint(PIECE, AT)
    with store.transaction() as transaction:
        number = kept(transaction, PIECE)
        transaction.dedupe.add(number, made, AT)
        transaction.dedupe.add(number, made, AT)
        assert transaction.dedupe.total() == 1
        assert set(transaction.dedupe.rarity(made.terms).values()) == {1}
        transaction.flush()
        assert transaction.dedupe.counts(made.terms) == transaction.dedupe.rarity(made.terms)
        transaction.dedupe.remove(number)
        transaction.dedupe.remove(number)
        transaction.dedupe.remove(999)
        transaction.flush()
        for table in (bands, terms, sketches):
            assert transaction.connection.scalar(select(func.count()).select_from(table)) == 0
        assert transaction.connection.scalar(select(func.max(term_counts.c.articles))) == 0


def test_an_article_of_unknown_day_meets_any_day(store: Store) -> None:
    undated = Article(url="https://c.example/1", title=PIECE.title, text=PIECE.text, body_from=BodyFrom.IMPORT, language="en")
    later = AT + timedelta(days=900)
    with store.transaction() as transaction:
        transaction.dedupe.add(kept(transaction, PIECE), fingerprint(PIECE, AT), AT)
        made = fingerprint(undated, later)
        assert not made.dated
        assert len(transaction.dedupe.candidates(made, later)) == 1
        transaction.dedupe.add(kept(transaction, undated), made, later)
    with store.reading() as reading:
        again = fingerprint(PIECE, later)
        assert [one.article_id for one in reading.dedupe.candidates(again, later)] == [2]


def test_what_is_found_is_bounded_and_in_order(store: Store) -> None:
    with store.transaction() as transaction:
        for one in variants(PIECE, 120):
            transaction.dedupe.add(kept(transaction, one), fingerprint(one, AT), AT)
        found = transaction.dedupe.candidates(fingerprint(PIECE, AT), AT)
        assert found == transaction.dedupe.candidates(fingerprint(PIECE, AT), AT)
    numbers = [one.article_id for one in found]
    assert numbers == sorted(numbers)
    assert 10 <= len(numbers) <= 96


def test_a_day_is_counted_in_utc() -> None:
    assert stamp(datetime(1970, 1, 2, 0, 30, tzinfo=UTC)) == 1


def test_in_a_storm_every_variant_is_found_and_no_other_joined(tmp_path: Path) -> None:
    others = [(MAKER.article(number, AT + timedelta(minutes=number), sentences=8), False) for number in range(2, 900)]
    mixed = [*others[:300], *((one, True) for one in variants(PIECE, 200)), *others[300:]]
    with Store.open(f"sqlite:///{tmp_path / 'storm.db'}") as store, store.transaction() as transaction:
        numbers = [store_one(transaction, one, one.published or AT) for one, _ in mixed]
        stored = transaction.articles.many(numbers, with_text=False)
    groups = Counter(one.copy_id for one, (_, ours) in zip(stored, mixed, strict=True) if ours)
    (group_id, size), *_ = groups.most_common()
    assert size >= 198
    assert not [one.id for one, (_, ours) in zip(stored, mixed, strict=True) if not ours and group_id in (one.copy_id, one.story_id)]
    assert len({one.story_id for one, (_, ours) in zip(stored, mixed, strict=True) if not ours}) == len(others)


@pytest.mark.corpus
def test_the_labelled_mentions(shared: Path) -> None:
    rows = [json.loads(line) for line in (shared / "corpus" / "mentions-dev.jsonl").read_text("utf-8").splitlines()]
    found = group([article_of(row) for row in rows])
    stories, copies = [one[0] for one in found], [one[1] for one in found]
    alike = pairs(rows, copies, "dup")
    assert alike.precision >= 0.99
    assert alike.recall >= 0.95
    alike = pairs(rows, stories, "story")
    assert alike.precision >= 0.95
    assert alike.recall >= 0.70
    alike = pairs(rows, stories, "story", across)
    assert alike.precision >= 0.95
    assert alike.recall >= 0.50


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "floor"), [("mmds-dev", 0.80), ("basil", 0.93)])
def test_the_labelled_clusters(shared: Path, name: str, floor: float) -> None:
    with gzip.open(shared / "corpus" / "stories-dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["set"] == name]
    found = [one[0] for one in group([article_of(row) for row in rows])]
    assert b_cubed([row["story"] for row in rows], found)[2] >= floor
