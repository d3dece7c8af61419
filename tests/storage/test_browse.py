"""Pages of what is stored: whichever index leads, the same articles come, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage import browse
from storage.browse import Cursor
from storage.filters import ArticleFilter
from storage.store import Store
from tests.storage.makers import DAY, NOW, add, mention, suppression

FILTERS = [
    ArticleFilter(),
    ArticleFilter(topic="FPT"),
    ArticleFilter(topic="Mila"),
    ArticleFilter(topic="FPT", unit="FPT Education"),
    ArticleFilter(unit="FPT University"),
    ArticleFilter(outlet="nua.example"),
    ArticleFilter(outlet="nua.example", topic="Mila"),
    ArticleFilter(language="fr"),
    ArticleFilter(ownership="owned"),
    ArticleFilter(since=NOW - 5 * DAY, until=NOW - 2 * DAY),
    ArticleFilter(since=NOW - 5 * DAY, outlet="nua.example"),
    ArticleFilter(topic="Nobody"),
]


def filled(store: Store) -> None:
    for number in range(1, 25):
        topic = "Mila" if number % 4 == 0 else "FPT"
        unit = "FPT › FPT Education › FPT University" if number % 6 == 1 else ""
        hidden = number % 8 == 5
        add(
            store, number, url=f"https://{'nua' if number % 3 == 0 else 'bao'}.example/tin-{number}.html", outlet="Nửa" if number % 3 == 0 else "Báo",
            first_seen=NOW - timedelta(hours=7 * (number * 11 % 25)),  # not in the order in which they are stored: old coverage comes late
            language="fr" if number % 5 == 0 else "vi", mentions=() if hidden else (mention(topic, unit=unit),), suppressed=hidden,
            suppressions=(suppression(topic),) if hidden else (),
        )  # fmt: skip


@pytest.fixture(params=["looked up", "walked"])
def leading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which index leads: by the filter, or by time and words."""
    few = 1_000 if request.param == "looked up" else 0
    for name in ("FEW", "LOOKED_UP", "MANY"):
        monkeypatch.setattr(browse, name, few)
    return str(request.param)


def test_pages_of_stories_and_articles_hold_what_the_filter_finds(store: Store, leading: str) -> None:
    filled(store)
    with store.reading() as reading:
        for wanted in FILTERS:
            expected = [stored.id for stored in reading.articles.find(wanted)]
            found, after, pages = [], None, 0
            while pages < 20:
                page = reading.browse.articles(wanted, after, 3)
                found += [stored.id for stored in page.articles]
                after, pages = page.after, pages + 1
                if after is None:
                    break
            assert found == expected, wanted
            stories, after = [], None
            for _ in range(20):
                shown = reading.browse.stories(wanted, after, 3)
                stories += [story.id for story in shown.stories]
                after = shown.after
                if after is None:
                    break
            assert stories == [reading.articles.get(one).story_id for one in expected], wanted  # type: ignore[union-attr]


def test_a_search_finds_the_same_whichever_index_leads(store: Store, leading: str) -> None:
    filled(store)
    with store.reading() as reading:
        for words in ("trung tam", "fpt -mila", "trung*", '"trung tam"', "khong co"):
            for wanted in FILTERS:
                expected = {stored.id for stored, _ in reading.search(words, wanted)}
                found, at = [], 0
                while True:
                    hits = reading.browse.search(words, wanted, at, 4)
                    found += [stored.id for stored in hits.articles]
                    at += 1
                    if not hits.more:
                        break
                assert len(found) == len(set(found)) and set(found) == expected, (words, wanted)
                assert hits.best is (leading == "looked up" or (words == "khong co")) and hits.total in {None, len(expected)}


def test_a_story_stands_once_at_its_newest_article(store: Store) -> None:
    first = add(store, 1, first_seen=NOW - 3 * DAY)
    with store.reading() as reading:
        story = reading.articles.get(first).story_id  # type: ignore[union-attr]
    add(store, 2, first_seen=NOW - 2 * DAY)
    add(store, 3, first_seen=NOW - DAY, story_id=story)
    with store.reading() as reading:
        one = reading.browse.stories(ArticleFilter(), None, 1)
        assert [found.id for found in one.stories] == [story] and one.after == Cursor(NOW - DAY, 3)
        rest = reading.browse.stories(ArticleFilter(), one.after, 5)
        assert [len(found.articles) for found in rest.stories] == [1] and rest.after is None


def test_what_was_left_out_has_pages_of_its_own(store: Store) -> None:
    filled(store)
    with store.reading() as reading:
        hidden = ArticleFilter(suppressed=True)
        assert [one.id for one in reading.browse.articles(hidden).articles] == [one.id for one in reading.articles.find(hidden)]
        for topic in ("FPT", "Mila"):
            of_topic = reading.browse.articles(replace(hidden, topic=topic)).articles
            assert {one.id for one in of_topic} == {one.id for one in reading.articles.find(replace(hidden, topic=topic))}


def test_outlets_are_counted(store: Store) -> None:
    filled(store)
    with store.reading() as reading:
        counted = {one.host: one.articles for one in reading.browse.outlets(None)}
        assert counted == {one.host: one.articles for one in reading.browse.outlets(NOW - 30 * DAY)}
        assert (
            sum(counted.values()) == len(list(reading.articles.find(ArticleFilter()))) and counted["bao.example"] > counted["nua.example"]
        )
        assert reading.browse.outlet_name("nua.example") == "Nửa" and reading.browse.outlet_name("none.example") is None
