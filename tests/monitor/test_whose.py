"""Whose words and whose name stand at an article, and who may make it older. On both engines where it is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.outlets import with_outlet
from monitor.whose import Voice, strangers, voice_of
from spiders.articles import from_entry, from_page
from spiders.pages.generic import Extracted
from storage.filters import ArticleFilter
from storage.items import Arrival, BodyFrom, Entry, Kind, Ownership, Source, StoredArticle
from storage.store import Store
from tests.monitor.desk import NOW, TAIL, intake_of

URL = "https://honest.example/tin-1.html"
EVIL = Source(id="evil", url="https://evil.example/rss", outlet="Evil", origin="config")
HONEST = Source(id="honest", url="https://rss.honest.example/rss", outlet="Honest", origin="config")
SEARCH = Source(id="search", url="https://search.example/rss", outlet="Search", kind=Kind.SEARCH, origin="config")
TITLE = "FPT Software ký hợp đồng năm năm với cảng Hải Bình"


def entry(source: Source, title: str = "FPT phá sản", *, days: float | None = None, url: str = URL) -> Entry:
    moment = NOW - timedelta(days=days) if days is not None else None
    return Entry(
        source_id=source.id, key=title, url=url, title=title, outlet="Honest", outlet_url="https://honest.example", published=moment
    )


def page(text: str = TAIL, *, days: float | None = None, sure: bool = True) -> Extracted:
    return Extracted(
        title=TITLE, text=text, summary="", canonical="", published=NOW - timedelta(days=days) if days is not None else None, updated=None,
        authors=(), outlet="Honest", language="vi", is_article=True, sure_date=sure,
    )  # fmt: skip


def test_a_site_outranks_strangers_and_the_first_stranger_the_second() -> None:
    assert voice_of(HONEST, URL, [EVIL]) is Voice.OWN and voice_of(HONEST, URL, [SEARCH]) is Voice.OWN
    assert voice_of(HONEST, URL, [HONEST, EVIL]) is Voice.SAME and voice_of(EVIL, URL, [EVIL, SEARCH]) is Voice.SAME
    for source, told_by in ((EVIL, [HONEST]), (EVIL, [SEARCH]), (SEARCH, [EVIL]), (SEARCH, [EVIL, HONEST])):
        assert voice_of(source, URL, told_by) is Voice.NONE, (source.id, told_by)
    assert strangers([EVIL], URL) and not strangers([EVIL, SEARCH], URL) and not strangers([HONEST], URL) and not strangers([], URL)


def test_an_outlet_whose_feed_stands_on_another_host_is_known_by_its_name() -> None:
    feed = Source(id="vn", url="https://feeds.example/vn", outlet="VnExpress", origin="config")
    address = "https://vnexpress.net/tin-1.html"
    assert voice_of(feed, address, [EVIL]) is Voice.OWN
    article = with_outlet(from_entry(feed, entry(feed, url=address), "403"), feed)
    assert (article.outlet, article.outlet_host) == ("VnExpress", "vnexpress.net")


def test_a_strangers_words_bear_no_name_host_or_ownership_of_the_site_that_they_are_about() -> None:
    for source in (EVIL, Source(id="once", url="https://evil.example/rss", kind=Kind.FEED, origin="once")):
        article = with_outlet(from_entry(source, entry(source), "403"), source, frozenset({"honest.example"}))
        assert article.outlet in {"Evil", "evil.example"} and article.outlet_host == "evil.example", article
        assert article.ownership is Ownership.EARNED
    engine = Source(id="google", url="https://news.google.com/rss/search?q=FPT", outlet="Google News", origin="config")
    assert with_outlet(from_entry(engine, entry(engine), "403"), engine).outlet == "Honest", "a search, whatever it is called"


def test_a_page_that_was_read_bears_the_name_of_its_own_outlet_where_that_is_known() -> None:
    for url, outlet in (("https://vnexpress.net/tin-1.html", "VnExpress"), (URL, "Evil")):
        article = from_page(EVIL, entry(EVIL, url=url), page(), asked=url, url=url)
        assert with_outlet(article, EVIL).outlet == outlet


@pytest.mark.parametrize(
    ("source", "said", "shown", "sure", "expected"),
    [
        (EVIL, 3650, 0.5, False, 0.5),  # nobody makes another site's article older than it shows itself
        (EVIL, 3650, 0.5, True, 0.5),
        (EVIL, 0.1, 3650, True, 3650),
        (EVIL, 0.1, 0.4, False, 0.1),
        (EVIL, 2, None, False, 2),
        (HONEST, 3650, 0.5, False, 3650),
        (HONEST, 0.1, 0.4, True, 0.1),
        (SEARCH, 3650, 0.5, False, 3650),
    ],
)
def test_whose_date_counts(source: Source, said: float, shown: float | None, sure: bool, expected: float) -> None:
    found = page(days=shown, sure=sure)
    assert from_page(source, entry(source, days=said), found, asked=URL, url=URL).published == NOW - timedelta(days=expected)


def stored(store: Store) -> StoredArticle:
    with store.reading() as reading:
        (article,) = reading.articles.find(ArticleFilter())
    return article


def test_the_page_that_comes_later_takes_the_place_of_a_strangers_words_its_date_and_its_silence(store: Store) -> None:
    told = entry(EVIL, days=3650)
    intake = intake_of(store)
    intake.take([Arrival(source=EVIL, entry=told, article=from_entry(EVIL, told, "503"), retry=True)])
    with store.transaction() as transaction:
        transaction.sources.ensure([EVIL, HONEST])
    assert (before := stored(store)).baseline and before.article.outlet == "Evil" and before.article.body_from is BodyFrom.FEED
    found = page(TITLE + TAIL, days=0.125)
    intake_of(store, now=NOW + timedelta(hours=1)).take(
        [Arrival(source=EVIL, entry=told, article=from_page(EVIL, told, found, asked=URL, url=URL))]
    )
    after = stored(store)
    assert not after.baseline and after.article.title == TITLE and after.article.outlet_host == "honest.example"
    assert after.article.published == NOW - timedelta(hours=3)


def test_a_page_without_a_headline_is_not_given_a_strangers(store: Store) -> None:
    bare = replace(page("Dòng đầu của bài.\nDòng sau."), title="")
    assert from_page(EVIL, entry(EVIL), bare, asked=URL, url=URL).title == "Dòng đầu của bài."
    assert from_page(HONEST, entry(HONEST, "Tít của chính báo"), bare, asked=URL, url=URL).title == "Tít của chính báo"
    assert from_page(SEARCH, entry(SEARCH, "Tít mà máy tìm"), bare, asked=URL, url=URL).title == "Tít mà máy tìm"


def test_nobody_borrows_the_name_of_an_outlet_that_is_known() -> None:
    for outlet, told in (("VnExpress", "honest.example"), ("VNEXPRESS", "honest.example"), ("Báo Nhà", "Báo Nhà"), ("", "honest.example")):
        found = replace(page(), outlet=outlet)
        article = from_page(SEARCH, replace(entry(SEARCH), outlet=""), found, asked=URL, url=URL)
        expected = told if outlet else "Search"
        assert with_outlet(article, SEARCH).outlet == expected, outlet
    there = "https://e.vnexpress.net/tin"
    article = from_page(SEARCH, entry(SEARCH, url=there), page(), asked=there, url=there)
    assert with_outlet(article, SEARCH).outlet.startswith("VnExpress")
