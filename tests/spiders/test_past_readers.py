"""The ways into the past, pure: the page before this one, windows of a search, and which engines know them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from spiders.past import _halves
from spiders.readers.archives import worth_reading
from spiders.readers.engines import most_results
from spiders.readers.past import between, hacker_news, has_windows, next_archive, shortest, windows
from spiders.readers.sitemap import Child

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FEED = "https://bao.example/feed.xml"


def rss(head: str) -> bytes:
    return f'<rss version="2.0"><channel>{head}<item><title>x</title></item></channel></rss>'.encode()


@pytest.mark.parametrize(
    ("body", "url", "following"),
    [
        (rss('<atom:link rel="next" href="/feed.xml?page=2"/>'), FEED, "https://bao.example/feed.xml?page=2"),
        (rss("<a:link href='/feed-2.xml?a=1&amp;b=2' rel='prev-archive'/>"), FEED, "https://bao.example/feed-2.xml?a=1&b=2"),
        (rss('<link rel="next" href="/n"/><link rel="prev-archive" href="/p"/>'), FEED, "https://bao.example/p"),
        (rss('<link rel="next" href="https://elsewhere.example/n"/>'), FEED, ""),
        (rss('<link rel="self" href="/s"/>'), FEED, ""),
        (rss("<generator>https://wordpress.org/?v=6.5</generator>"), "https://bao.example/feed/", "https://bao.example/feed/?paged=2"),
        (rss("<generator>WordPress 4</generator>"), "https://bao.example/?feed=rss2&paged=9", "https://bao.example/?feed=rss2&paged=10"),
        (rss(""), "https://bao.example/muc/feed", "https://bao.example/muc/feed?paged=2"),
        (rss("<generator>Hugo</generator>"), FEED, ""),
        (
            json.dumps({"version": "1", "next_url": "/f.json?a=1&p=2"}).replace("&", "\\u0026").encode(),
            FEED,
            "https://bao.example/f.json?a=1&p=2",
        ),
        (b'{"next_url": 7}', FEED, ""),
        (b'{"next_url": "javascript:alert(1)"}', FEED, ""),
        (b"{", "https://bao.example/feed", ""),
        (json.dumps({"items": [{"content_html": "<link rel='next' href='/trap'>"}]}).encode(), FEED, ""),
    ],
)
def test_the_page_before_this_one(body: bytes, url: str, following: str) -> None:
    assert next_archive(body, url) == following


def test_windows_are_cut_alike_by_each_run_and_leave_nothing_out() -> None:
    since, until = datetime(2026, 11, 1, 15, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)
    cut = list(windows(since, until))
    assert cut[0][1] == until and cut[-1][0] == datetime(2026, 11, 1, tzinfo=UTC)
    assert all(later[0] == earlier[1] for later, earlier in pairwise(cut))
    assert [one[0] for one in cut[1:]] == [one[0] for one in list(windows(since, until - timedelta(days=2)))[1:]]


def test_an_engine_is_asked_for_a_window_in_its_own_words() -> None:
    since, until = NOW - timedelta(days=14), NOW - timedelta(days=7)
    google = between("https://news.google.com/rss/search?q=%22FPT+Software%22+when:2d&hl=vi&gl=VN", since, until, NOW)
    assert google == "https://news.google.com/rss/search?q=%22FPT+Software%22+after%3A2026-11-09+before%3A2026-11-16&hl=vi&gl=VN"
    gdelt = "https://api.gdeltproject.org/api/v2/doc/doc?query=x&maxrecords=250&timespan=3d"
    asked = between(gdelt, since, until, NOW)
    assert asked is not None and asked.endswith("maxrecords=250&startdatetime=20261109060000&enddatetime=20261116060000")
    assert between(gdelt, NOW - timedelta(days=89), until, NOW) is None
    (algolia,) = hacker_news("https://hnrss.org/newest?q=%22FPT%20Software%22&count=50")
    asked = between(algolia, since, until, NOW)
    assert asked is not None and "numericFilters=created_at_i%3E%3D1794204000%2Ccreated_at_i%3C1794808800" in asked
    assert between("https://www.bing.com/news/search?q=FPT&format=rss", since, until, NOW) is None
    assert (most_results(gdelt), most_results(algolia), most_results(gdelt.replace("250", "40"))) == (250, 100, 40)
    assert (shortest(gdelt), shortest(google or "")) == (timedelta(hours=1), timedelta(days=1))


def test_a_full_window_is_halved_down_to_what_its_search_can_be_asked_for() -> None:
    def cut(begin: datetime, end: datetime, step: timedelta) -> list[tuple[datetime, datetime]]:
        halves = list(_halves(begin, end, step))
        return [one for half in halves for one in cut(*half, step)] if halves else [(begin, end)]

    week = NOW - timedelta(days=7), NOW
    days, hours = cut(*week, timedelta(days=1)), cut(*week, timedelta(hours=1))
    assert (len(days), len(hours)) == (7, 7 * 24)
    for parts in (days, hours):
        assert (parts[0][0], parts[-1][1]) == week and all(later[0] == earlier[1] for earlier, later in pairwise(parts))


def test_which_searches_reach_back() -> None:
    assert has_windows("https://news.google.com/rss/search?q=x")
    assert not has_windows("https://www.bing.com/news/search?q=x") and not has_windows("https://hnrss.org/newest?q=x")
    two = hacker_news("https://hnrss.org/newest?q=%22FPT%20Software%22%20OR%20%22FPT%20Telecom%22&count=50")
    assert [one.partition("query=")[2].partition("&")[0] for one in two] == ["%22FPT%20Software%22", "%22FPT%20Telecom%22"]
    assert all(has_windows(one) for one in two) and hacker_news("https://www.reddit.com/search.rss?q=x") == []


def test_sitemaps_beyond_the_end_are_not_read() -> None:
    names = ["news-2026-11.xml", "news-2026-10.xml", "news-2026-09.xml", "news-2026-08.xml", "all.xml"]
    children = [Child(url=f"https://bao.example/{name}", updated=None) for name in names]
    since, until = datetime(2026, 9, 5, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)
    kept = [child.url.rpartition("/")[2] for child in worth_reading(children, since, until)]
    assert kept == ["news-2026-10.xml", "news-2026-09.xml", "all.xml"]
