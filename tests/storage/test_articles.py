"""Articles and stories: stored, changed, moved, asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from storage import schema
from storage.filters import ArticleFilter
from storage.identity import title_key, url_key
from storage.items import Article, BodyFrom, Evidence, Ownership, StoredArticle
from storage.sightings import Sighting
from storage.store import Store
from tests.storage.makers import DAY, HOUR, NOW, add, article, mention, new, suppression


def get(store: Store, number: int) -> StoredArticle:
    with store.reading() as reading:
        stored = reading.articles.get(number)
    assert stored is not None
    return stored


def find(store: Store, **wanted: object) -> list[int]:
    with store.reading() as reading:
        return [stored.id for stored in reading.articles.find(ArticleFilter(**wanted))]  # type: ignore[arg-type]


def story_of(store: Store, number: int) -> int:
    return get(store, number).story_id


def test_everything_comes_back_as_it_was_stored(store: Store) -> None:
    full = Article(
        url="https://bao.example/tin?utm_source=x", title="FPT “mở” 😀", text="Dòng một\nDòng hai", summary="Tóm tắt", canonical_url="https://bao.example/tin",
        published=datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=7))), updated=NOW, authors=("An", "Bình"), outlet="Báo",
        outlet_host="bao.example", language="vi", country="VN", ownership=Ownership.RELEASE, body_from=BodyFrom.FEED, opaque=True, why_no_page="410",
    )  # fmt: skip
    mentions = (mention(unit="FPT › FPT Software", passing=True, snippet_start=3), mention("Mila", field="text", start=5, end=9))
    hidden = (suppression(),)
    evidence = Evidence(rule="copy", score=0.875, parts=(("words", 0.5), ("headline", 0.375)))
    number = add(store, article=full, mentions=mentions, suppressions=hidden, evidence=evidence, baseline=True)
    stored = get(store, number)
    assert stored.article == full
    assert stored.mentions == mentions
    assert stored.suppressions == hidden
    assert stored.evidence == evidence
    assert (stored.baseline, stored.suppressed, stored.first_seen, stored.updated_at) == (True, False, NOW, None)
    assert stored.copy_id == number
    assert stored.topics == ("FPT", "Mila")


def test_a_naive_moment_is_refused(store: Store) -> None:
    with pytest.raises((StatementError, ValueError)), store.transaction() as transaction:
        transaction.articles.add(new(first_seen=NOW.replace(tzinfo=None)))


def test_a_copy_keeps_the_number_of_the_first(store: Store) -> None:
    first = add(store, 1)
    copy = add(store, 2, copy_id=first, story_id=story_of(store, first))
    other = add(store, 3)
    assert get(store, copy).copy_id == first
    with store.reading() as reading:
        assert reading.articles.ids_of_copies(copy) == [first, copy]
        assert reading.articles.ids_of_copies(other) == [other]
        assert reading.articles.ids_of_story(story_of(store, first)) == [first, copy]


def test_found_by_address_and_by_headline(store: Store) -> None:
    one = add(store, 1)
    two = add(store, 2, title="FPT mở trung tâm thứ 1 - Báo Khác", outlet="Báo Khác")
    with store.transaction() as transaction:
        transaction.articles.add_urls(one, [url_key("https://bao.example/amp-1"), "", *new(2).url_keys])
    with store.reading() as reading:
        assert reading.articles.of_urls(["", url_key("http://www.bao.example/amp-1?utm_source=x")]) == [one]
        assert reading.articles.of_urls(new(2).url_keys) == [two]  # an address in use stays its first article's
        assert reading.articles.of_urls([*new(1).url_keys, *new(2).url_keys]) == [one, two]
        assert reading.articles.of_urls([]) == reading.articles.of_urls([""]) == []
        key = title_key("FPT mở trung tâm thứ 1")
        assert sorted(reading.articles.of_title(key, NOW - DAY, NOW + DAY)) == [one, two]
        assert reading.articles.of_title(key, NOW + HOUR, NOW + DAY) == []


def test_a_revision_keeps_the_old_words(store: Store) -> None:
    number = add(store, 1)
    changed = article(1, title="FPT đóng trung tâm", text="Chiều nay, mọi chuyện đã khác.")
    with store.transaction() as transaction:
        transaction.articles.revise(get(store, number), changed, [mention("Mila")], [suppression()], NOW + HOUR, suppressed=False)
    stored = get(store, number)
    assert stored.article == changed
    assert stored.updated_at == NOW + HOUR
    assert stored.topics == ("Mila",)
    assert stored.suppressions == (suppression(),)
    with store.reading() as reading:
        assert reading.articles.revisions(number) == [(NOW + HOUR, "FPT mở trung tâm thứ 1")]
        kept = reading.connection.execute(schema.revisions.select()).one()
        assert kept.text == article(1).text
        assert [hit.id for hit, _ in reading.search("chiều", ArticleFilter())] == [number]
        assert list(reading.search("sáng", ArticleFilter())) == []  # the old words are no longer found


def test_a_revision_without_new_words_is_none(store: Store) -> None:
    number = add(store, 1)
    with store.transaction() as transaction:
        transaction.articles.revise(get(store, number), article(1, country="US"), [mention()], [], NOW + HOUR, suppressed=True)
    stored = get(store, number)
    assert (stored.article.country, stored.updated_at, stored.suppressed) == ("US", None, True)
    with store.reading() as reading:
        assert reading.articles.revisions(number) == []


def test_the_page_in_place_of_the_feeds_words_is_no_change_by_the_outlet(store: Store) -> None:
    number = add(store, 1, text="", body_from=BodyFrom.FEED)
    with store.transaction() as transaction:
        transaction.articles.revise(get(store, number), article(1), [mention()], [], NOW + HOUR, suppressed=False, upgrade=True)
    assert get(store, number).updated_at is None
    assert get(store, number).article.body_from is BodyFrom.PAGE


def test_hits_are_replaced(store: Store) -> None:
    number = add(store, 1, mentions=(mention(), mention("Mila")))
    with store.transaction() as transaction:
        transaction.articles.set_hits(number, [], [suppression()], suppressed=True)
    assert get(store, number).mentions == ()
    assert find(store) == []
    assert find(store, suppressed=True) == [number]
    with store.transaction() as transaction:
        transaction.articles.set_hits(number, [mention("Mila")], [], suppressed=False)
    assert find(store, topic="Mila") == [number]
    assert find(store, suppressed=True) == []


def test_articles_move_between_stories(store: Store) -> None:
    one, two = add(store, 1), add(store, 2)
    with store.transaction() as transaction:
        assert transaction.articles.move([two], story_of(store, one), Evidence(rule="person"), NOW) == story_of(store, one)
    assert story_of(store, two) == story_of(store, one)
    assert get(store, two).evidence == Evidence(rule="person")
    with store.transaction() as transaction:
        apart = transaction.articles.move([one], None, Evidence(rule="person"), NOW)
    assert apart == story_of(store, one) != story_of(store, two)


def test_merging_moves_articles_and_what_was_told(store: Store) -> None:
    one, two = add(store, 1), add(store, 2)
    into, other = story_of(store, one), story_of(store, two)
    with store.transaction() as transaction:
        ledger = transaction.ledger
        ledger.open_edition("daily", "2026-11-22", now=NOW, since=None, until=NOW, stories=[other])
        ledger.open_edition("weekly", "2026-11-22", now=NOW, since=None, until=NOW, stories=[into, other])
        transaction.articles.merge(into, other)
    with store.reading() as reading:
        (story,) = reading.articles.stories(ArticleFilter())
        assert (story.id, [stored.id for stored in story.articles], story.told_on) == (into, [one, two], "2026-11-22")
        assert reading.articles.untold("daily") == []  # told as the other story
        assert [name for name, _, _ in reading.ledger.told(into)] == ["daily", "weekly"]
        assert len(reading.articles.untold("monthly")) == 1


def test_untold_is_news_alone(store: Store) -> None:
    news = add(store, 1)
    add(store, 2, baseline=True)
    add(store, 3, mentions=(), suppressions=(suppression(),), suppressed=True)
    add(store, 4, mentions=())
    older = add(store, 5, first_seen=NOW - HOUR)
    late = add(store, 6, baseline=True)
    with store.transaction() as transaction:
        transaction.articles.move([late], story_of(store, news), Evidence(rule="story"), NOW)
    with store.reading() as reading:
        untold = reading.articles.untold("daily")
    assert [story.id for story in untold] == [story_of(store, older), story_of(store, news)]
    assert [stored.id for stored in untold[1].articles] == [news, late]


@pytest.fixture
def shelf(store: Store) -> dict[str, int]:
    """Articles that differ in one thing each."""
    return {
        "plain": add(store, 1),
        "mila": add(store, 2, mentions=(mention("Mila"), mention("FPT", unit="FPT › FPT Software"))),
        "french": add(store, 3, language="fr", outlet="Le Journal", url="https://www.journal.example/a"),
        "release": add(store, 4, ownership=Ownership.RELEASE),
        "old": add(store, 5, first_seen=NOW - 2 * DAY),
        "hidden": add(store, 6, mentions=(), suppressions=(suppression("FUNiX"),), suppressed=True),
        "unmatched": add(store, 7, mentions=()),
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, "release french mila plain old"),
        ({"topic": "Mila"}, "mila"),
        ({"topic": "Mila", "unit": "FPT Software"}, ""),
        ({"unit": "FPT Software"}, "mila"),
        ({"unit": "FPT › FPT Software"}, "mila"),
        ({"unit": "FPT"}, ""),
        ({"outlet": "le journal"}, "french"),
        ({"outlet": "www.journal.example"}, "french"),
        ({"outlet": "journal"}, ""),
        ({"language": "fr"}, "french"),
        ({"ownership": "release"}, "release"),
        ({"since": NOW - HOUR}, "release french mila plain"),
        ({"until": NOW}, "old"),
        ({"since": NOW, "until": NOW + HOUR}, "release french mila plain"),
        ({"suppressed": True}, "hidden"),
        ({"suppressed": True, "topic": "FUNiX"}, "hidden"),
        ({"suppressed": True, "topic": "FPT"}, ""),
        ({"unmatched": True}, "unmatched release french mila plain old"),
        ({"limit": 2}, "release french"),
        ({"topic": "'; DROP TABLE articles; --"}, ""),
        ({"unit": "%"}, ""),
    ],
)
def test_filters(store: Store, shelf: dict[str, int], wanted: dict[str, object], names: str) -> None:
    expected = [shelf[name] for name in names.split()]
    assert find(store, **wanted) == expected
    with store.reading() as reading:
        # A search passes through the same filter.
        searched = {stored.id for stored, _ in reading.search("FPT", ArticleFilter(**wanted))}  # type: ignore[arg-type]
        stories = [story.articles[0].id for story in reading.articles.stories(ArticleFilter(**wanted)) if story.articles]  # type: ignore[arg-type]
    assert searched == set(expected) or "limit" in wanted
    assert stories == ([] if wanted.get("suppressed") else expected)


def test_export_is_in_the_order_of_storing(store: Store, shelf: dict[str, int]) -> None:
    with store.reading() as reading:
        exported = list(reading.articles.export(ArticleFilter()))
        (found,) = reading.articles.find(ArticleFilter(topic="Mila"))
    assert [stored.id for stored in exported] == sorted(number for name, number in shelf.items() if name != "hidden")
    assert all(stored.article.text for stored in exported)
    assert found.article.text == ""  # what is listed carries no text


def test_more_than_one_batch(store: Store) -> None:
    with store.transaction() as transaction:
        ids = [transaction.articles.add(new(number, first_seen=NOW + timedelta(seconds=number))) for number in range(1_101)]
    with store.reading() as reading:
        assert [stored.id for stored in reading.articles.export(ArticleFilter())] == ids
        assert [stored.id for stored in reading.articles.find(ArticleFilter())] == ids[::-1]
        assert sum(1 for _ in reading.articles.stories(ArticleFilter())) == 1_101
        assert [one.id for one in reading.articles.many([ids[7], 10**9, ids[3]])] == [ids[7], ids[3]]
        assert reading.articles.counts() == {"articles": 1_101, "stories": 1_101}


def test_the_sources_that_showed_an_article(store: Store) -> None:
    number = add(store, 1)
    for at, name in enumerate(("late", "early", "late")):
        with store.transaction() as transaction:
            seen = NOW - HOUR if name == "early" else NOW
            transaction.sightings.note([Sighting(source_id=name, entry_key=str(at), url_key="k", article_id=number, entry_hash="h")], seen)
    assert get(store, number).sources == ("early", "late")


def test_stories_that_are_empty_are_left_out(store: Store) -> None:
    one, two = add(store, 1), add(store, 2)
    empty = story_of(store, two)
    with store.transaction() as transaction:
        transaction.articles.merge(story_of(store, one), empty)
    with store.reading() as reading:
        assert [story.id for story in reading.articles.stories_by_id([empty, story_of(store, one), 10**9])] == [story_of(store, one)]


def test_a_story_that_was_left_leads_to_where_its_articles_stand(store: Store) -> None:
    first, second, third = (story_of(store, add(store, number)) for number in (1, 2, 3))
    with store.transaction() as transaction:
        transaction.articles.merge(second, third)
        transaction.articles.move(transaction.articles.ids_of_story(second), first, Evidence(rule="person"), NOW)
    with store.reading() as reading:
        assert [reading.articles.story_now(one) for one in (first, second, third, 10**9)] == [first, first, first, 10**9]
        assert reading.articles.left_stories() == {second: first, third: first}
    with store.transaction() as transaction:  # back where it was: its own name leads to it again
        transaction.articles.move([3], third, Evidence(rule="person"), NOW)
    with store.reading() as reading:
        assert reading.articles.story_now(third) == third and reading.articles.left_stories() == {second: first}


def test_hostile_words_are_words(store: Store) -> None:
    nasty = "'; DROP TABLE articles; -- \" % _ \\ {} :name ?"
    number = add(store, 1, title=nasty, text=nasty, mentions=(mention(nasty, snippet=nasty),))
    assert get(store, number).article.title == nasty
    assert find(store, topic=nasty) == [number]
    with store.transaction() as transaction:
        transaction.articles.revise(get(store, number), replace(article(1), title=nasty * 2), [], [], NOW, suppressed=False)
    assert get(store, number).article.title == nasty * 2
