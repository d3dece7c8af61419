"""Bare addresses: an article, a feed, a site that names its feeds, or nothing of use."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from spiders.zones import zone_at
from storage.items import BodyFrom, Kind, PollOutcome
from tests.spiders.run_spider import Crawl, Order, crawl, item, page, rss, source
from tests.spiders.site import Reply, Site, redirect

LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án."
HANOI = "Asia/Ho_Chi_Minh"
CHANGED, FAILED = PollOutcome.CHANGED, PollOutcome.FAILED


def _home(*feeds: str) -> str:
    links = "".join(f'<link rel="alternate" type="application/rss+xml" href="{feed}">' for feed in feeds)
    return f"<html><head><title>Báo Thử</title>{links}</head><body><p>Trang chủ của báo.</p></body></html>"


def _map(site: Site, *addresses: tuple[str, str]) -> str:
    listed = "".join(
        f"<url><loc>{site.url(path)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>" for path, day in addresses
    )  # fmt: skip
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'


def _newsroom(site: Site, below: str, page: str = "") -> str:
    links = "".join(
        f'<li><h3><a href="{below}trung-tam-du-lieu-so-{n}-khai-truong">Trung tâm dữ liệu số {n} khai trương</a></h3></li>'
        for n in range(4)
    )
    return (page or "<html><head><title>Tin</title></head><body></body></html>").replace("</body>", f"<ul>{links}</ul></body>")


class Visited(NamedTuple):
    site: Site
    crawl: Crawl


@pytest.fixture(scope="module")
def visited() -> Iterator[Visited]:
    with Site() as site:
        feed = rss(item(site.url("/tin/1"), "Tin một"), head="<language>vi-VN</language>")
        site.pages |= {
            "/article": page("FPT mở trung tâm", LONG, LONG.replace("Sáng", "Chiều")),
            "/moved": redirect("/article"),
            "/feed": feed,
            "/as-text": Reply(feed, headers={"Content-Type": "text/plain"}),
            "/atom": "<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title><entry><title>Tin hai</title><id>i</id><link href='/tin/2'/></entry></feed>",
            "/site": _home("/rss.xml", "/comments/feed"),
            "/rss.xml": rss(item(site.url("/tin/3"), "Tin ba"), item(site.url("/tin/4"), "Tin bốn")),
            "/comments/feed": rss(),
            "/stale-site": _home("/gone.xml"),
            "/half-site": _home("/gone.xml", "/half.xml"),
            "/half.xml": rss(item(site.url("/tin/10"), "Tin mười")),  # its own: all addresses are read at the same time
            "/bare-site": _home(),
            "/map.xml": _map(site, ("/tin/5", "2026-11-20"), ("/tin/6", ""), ("/tin/7", "2019-01-01")),
            "/index.xml": f"<sitemapindex><sitemap><loc>{site.url('/part.xml.gz')}</loc><lastmod>2020-01-01</lastmod></sitemap></sitemapindex>",
            "/list.txt": f"{site.url('/tin/8')}\n{site.url('/about')}\n",
            "/newsroom": _newsroom(site, "/khac/"),
            "/": _newsroom(site, "/trang/", _home("/half.xml")),
            "/500": Reply("", 500),
            "/picture": Reply(b"\x89PNG\r\n\x1a\n" + bytes(100), headers={"Content-Type": "image/png"}),
            "/empty": Reply(""),
            "/empty-feed": "<rss version='2.0'><channel></channel></rss>",
            "/robots.txt": "User-agent: *\nDisallow: /hidden\n",
            "/hidden": page("Cấm"),
        }
        site.pages |= {f"/tin/{number}": page(f"Bài {number}", LONG) for number in range(1, 11)}
        site.pages |= {f"/khac/trung-tam-du-lieu-so-{n}-khai-truong": page(f"Trung tâm {n}", LONG) for n in range(4)}
        site.pages["/part.xml.gz"] = gzip.compress(_map(site, ("/tin/9", "2020-01-01")).encode())
        site.pages["/about"] = "<html><head><title>Về chúng tôi</title></head><body><p>Ngắn.</p></body></html>"
        urls = [
            site.url(path)
            for path in site.pages
            if path not in {"/robots.txt", "/rss.xml", "/half.xml", "/comments/feed", "/part.xml.gz", "/about"}
            and not path.startswith(("/tin", "/khac"))
        ]
        urls += [site.url("/404"), "http://127.0.0.1:1/private", "http://khong-co.invalid/"]
        done = crawl(Order(urls=urls, allow=[site.netloc]))
        assert done.failure == ""
        assert set(done.polls) == set(urls)  # one poll an address: a report counts them
        yield Visited(site, done)


@pytest.mark.parametrize("path", ["/article", "/moved"])
def test_an_article(visited: Visited, path: str) -> None:
    poll = visited.crawl.polls[visited.site.url(path)]
    assert (poll.outcome, poll.entries) == (CHANGED, 1)
    (arrival,) = visited.crawl.of(visited.site.url(path))
    assert (arrival.article.url, arrival.article.title) == (visited.site.url("/article"), "FPT mở trung tâm")
    assert arrival.entry is not None and arrival.entry.url == visited.site.url(path)  # a sighting of its own
    assert arrival.article.body_from is BodyFrom.PAGE


@pytest.mark.parametrize(("path", "number"), [("/feed", 1), ("/as-text", 1), ("/atom", 2)])
def test_a_feed(visited: Visited, path: str, number: int) -> None:
    poll = visited.crawl.polls[visited.site.url(path)]
    assert (poll.outcome, poll.entries) == (CHANGED, 1)
    assert f"Bài {number}" in [arrival.article.title for arrival in visited.crawl.arrivals]


def test_a_site_that_names_its_feed(visited: Visited) -> None:
    poll = visited.crawl.polls[visited.site.url("/site")]
    assert (poll.outcome, poll.entries, poll.new, poll.kept) == (CHANGED, 2, 2, 2)
    assert visited.crawl.titles(visited.site.url("/rss.xml")) == ["Bài 3", "Bài 4"]
    assert visited.crawl.polls[visited.site.url("/half-site")].outcome is CHANGED
    # Two addresses name the other feed at once: whichever is first brings its article, the other finds it known.
    assert sum(visited.crawl.polls[visited.site.url(path)].kept for path in ("/half-site", "/")) == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/stale-site", "http-404"), ("/bare-site", "not-an-article"), ("/404", "http-404"), ("/500", "http-500"), ("/picture", "not-an-article"),
        ("/empty", "not-an-article"), ("/hidden", "robots"),
    ],
)  # fmt: skip
def test_what_is_of_no_use_says_why(visited: Visited, path: str, kind: str) -> None:
    poll = visited.crawl.polls[visited.site.url(path)]
    assert (poll.outcome, poll.error_kind) == (FAILED, kind), poll.error
    assert poll.error and visited.crawl.of(visited.site.url(path)) == []


def test_an_empty_feed_is_no_failure(visited: Visited) -> None:
    poll = visited.crawl.polls[visited.site.url("/empty-feed")]
    assert (poll.outcome, poll.entries) == (CHANGED, 0)


def test_addresses_that_lead_nowhere(visited: Visited) -> None:
    assert visited.crawl.polls["http://127.0.0.1:1/private"].error_kind == "private-address"
    assert visited.crawl.polls["http://khong-co.invalid/"].error_kind == "dns"


def test_sources_and_bare_addresses_in_one_crawl() -> None:
    with Site() as site:
        site.pages |= {"/feed": rss(item(site.url("/1"))), "/1": page("Một", LONG), "/2": page("Hai", LONG, LONG.replace("Sáng", "Chiều"))}
        done = crawl(Order(sources=[source(site.url("/feed"))], urls=[site.url("/2")], allow=[site.netloc]))
    assert {arrival.article.title for arrival in done.arrivals} == {"Một", "Hai"}
    assert {poll.outcome for poll in done.polls.values()} == {CHANGED}


@pytest.mark.parametrize(
    ("path", "entries", "led"),
    [
        ("/map.xml", 3, ["/tin/5", "/tin/6", "/tin/7"]),  # undated and old ones, too: they were asked for
        ("/index.xml", 1, ["/tin/9"]),
        ("/list.txt", 2, ["/tin/8"]),  # what is no article is left
        ("/newsroom", 4, [f"/khac/trung-tam-du-lieu-so-{n}-khai-truong" for n in range(4)]),
    ],
)
def test_a_sitemap_or_a_list_is_read_as_what_it_is(visited: Visited, path: str, entries: int, led: list[str]) -> None:
    poll = visited.crawl.polls[visited.site.url(path)]
    assert (poll.outcome, poll.entries, poll.error) == (CHANGED, entries, None)
    came = [one.article.url for one in visited.crawl.of(visited.site.url(path)) if one.article.body_from is BodyFrom.PAGE]
    assert sorted(came) == [visited.site.url(one) for one in led]


def test_a_home_page_is_read_by_its_feeds_though_it_lists_articles(visited: Visited) -> None:
    assert not visited.site.asked("/trang/trung-tam-du-lieu-so-0-khai-truong")
    assert visited.crawl.polls[visited.site.url("/")].entries == 1


def test_beyond_the_limit_the_newest_are_read() -> None:
    with Site() as site:
        site.pages["/map.xml"] = _map(site, *((f"/tin/{n}", f"2026-11-{n:02}") for n in range(1, 10)))
        site.pages |= {f"/tin/{n}": page(f"Bài {n}", LONG) for n in range(1, 10)}
        done = crawl(Order(urls=[site.url("/map.xml")], allow=[site.netloc], spider={"limit": 3}))
    assert sorted(one.article.title for one in done.arrivals) == ["Bài 7", "Bài 8", "Bài 9"]


def test_a_date_without_a_zone_is_its_outlets_where_no_source_says_so() -> None:
    """A bare address, and what a search found: their pages stand on hosts that the pack or the country knows."""
    assert zone_at("https://m.bao.example.vn/1", {"vn": HANOI}, "UTC") == HANOI
    assert zone_at("https://www.lapresse.example/1", {"lapresse.example": "America/Toronto", "example": "UTC"}, HANOI) == "America/Toronto"
    assert zone_at("https://a.example/1", {"vn": HANOI}, "Europe/Paris") == "Europe/Paris"
    dated = page("FPT mở trung tâm", LONG).replace("</h1>", "</h1><span class='date'>20/11/2026 08:30</span>")
    with Site() as site:
        site.pages |= {"/bare": dated, "/found": dated, "/own": dated}
        site.pages |= {"/search": rss(item(site.url("/found"), "Một")), "/feed": rss(item(site.url("/own"), "Hai"))}
        sources = [source(site.url("/search"), kind=Kind.SEARCH), source(site.url("/feed"), timezone="America/Toronto")]
        done = crawl(Order(urls=[site.url("/bare")], sources=sources, allow=[site.netloc], spider={"zones": {"127.0.0.1": HANOI}}))
    hours = {one.article.url.rpartition("/")[2]: one.article.published for one in done.arrivals}
    at_home = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert hours == {"bare": at_home, "found": at_home, "own": datetime(2026, 11, 20, 13, 30, tzinfo=UTC)}
