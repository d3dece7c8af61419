"""One crawl over feeds whose entries lead everywhere: what becomes of each entry and its page."""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

import pytest

from storage.items import BodyFrom, Entry, Kind
from tests.patience import LONG_S
from tests.spiders.run_spider import NOW, Crawl, Order, crawl, item, page, rss, source
from tests.spiders.site import Reply, Seen, Site, redirect, reset

LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư."
DATED = '<meta property="article:published_time" content="2026-11-22T10:00:00+07:00"><meta name="author" content="An Bình">'
FRAMED = (
    "<aside class='related'><h3>Tin liên quan</h3><ul><li><a href='/x'>FUNiX tuyển sinh trong hộp liên quan</a></li></ul></aside>"
    "<div class='quangcao'>Quảng cáo FUNiX</div><footer><p>© FUNiX ở chân trang</p></footer>"
)


def _google(url: str) -> str:
    """An address as Google News wrapped it until 2024."""
    token = b"\x08\x13\x22" + bytes([len(url)]) + url.encode() + b"\xd2\x01\x00"
    return f"https://news.google.com/rss/articles/{base64.urlsafe_b64encode(token).decode().rstrip('=')}?oc=5"


class Brought(NamedTuple):
    site: Site
    other: Site
    crawl: Crawl

    def by_title(self, title: str) -> object:
        return next(arrival for arrival in self.crawl.arrivals if arrival.article.title == title)


@pytest.fixture(scope="module")
def brought() -> Iterator[Brought]:
    with Site() as site, Site("127.0.0.2") as other:
        pages = site.pages
        pages["/articles"] = rss(
            item(site.url("/whole"), "Tiêu đề trong nguồn", pubDate="Mon, 23 Nov 2026 05:00:00 GMT", description="Tóm tắt của nguồn."),
            item(site.url("/known"), "Đã biết"),
            item("/relative", "Tương đối"),
            item("", "Không có địa chỉ"),
            item("javascript:alert(1)", "Kịch bản"),
            item("mailto:toasoan@bao.example", "Thư"),
            item("ftp://bao.example/tin", "Tệp"),
            item("http://[broken/", "Gãy"),
            item(site.url("/canonical"), "Chuẩn"),
            item(site.url("/stolen"), "Chuẩn giả"),
            item(site.url("/tracked?id=1&amp;utm_source=rss"), "Theo dõi"),
            item(site.url("/moved"), "Dời"),
            item(site.url("/to-home"), "Về trang chủ"),
            item(site.url("/framed"), "Khung"),
            head=f"<link>{site.url('/')}</link>",
        )  # fmt: skip
        pages |= {
            "/whole": page("Doanh nghiệp mở trung tâm dữ liệu", LONG, "Đối tác là FPT Software, theo thông cáo.", head=DATED),
            "/known": page("Đã biết"),
            "/relative": page("Bài có địa chỉ tương đối", LONG),
            "/canonical": page("Bài có địa chỉ chuẩn", LONG, head=f"<link rel='canonical' href='{site.url('/chuan.html')}'>"),
            "/stolen": page("Bài nói nó của báo khác", LONG, head="<link rel='canonical' href='https://bao-khac.example/tin.html'>"),
            "/tracked?id=1&utm_source=rss": page("Bài có tham số", LONG),
            "/moved": redirect("/moved-here", 302),
            "/moved-here": page("Bài đã dời chỗ", LONG),
            "/to-home": redirect("/"),
            "/": page("Trang chủ", LONG),
            "/framed": page("Bài trong khung", LONG, LONG.replace("Sáng", "Chiều"), frame=FRAMED),
        }
        pages["/refused"] = rss(
            *(item(site.url(f"/{name}"), name) for name in ("404", "410", "403", "451", "500", "503", "empty-page", "no-text", "wall", "pdf", "reset")),
            item(other.url("/closed"), "robots"),
        )  # fmt: skip
        pages |= {f"/{status}": Reply("", status) for status in (404, 410, 403, 451, 500, 503)}
        pages |= {
            "/empty-page": Reply(""),
            "/no-text": "<html><body><p>Ngắn</p></body></html>",
            "/wall": "<html><head><title>Just a moment...</title></head><body>Checking your browser. Verify you are human.</body></html>",
            "/pdf": Reply(b"%PDF-1.7 " + bytes(1_000), headers={"Content-Type": "application/pdf"}),
            "/reset": Reply(raw=reset),
        }
        other.pages |= {"/robots.txt": "User-agent: *\nDisallow: /closed\n", "/closed": page("Cấm")}
        real = other.url("/news/real.html")
        pages["/search"] = rss(
            item(_google(other.url("/news/google.html")), "Tin từ Google - Báo Khác", source="Báo Khác"),
            item("https://news.google.com/rss/articles/CBMiAU_yqLNew?oc=5", "Tin không mở được - Báo Kín", source="Báo Kín"),
            item(f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&amp;aid=&amp;url={quote(real, safe='')}&amp;c=1", "Tin từ Bing"),
        )  # fmt: skip
        other.pages |= {
            "/news/google.html": page("Tin từ Google", LONG, head="<meta property='og:site_name' content='Báo Khác'>"),
            "/news/real.html": page("Tin từ Bing", LONG.replace("thành phố", "Mila")),
        }
        pages["/no-pages"] = rss(item(site.url("/never"), "Chỉ tiêu đề"))
        pages["/charset"] = rss(*(item(site.url(f"/charset-{name}"), name) for name in ("header", "meta", "utf8", "klingon")))
        french = "Une école d’été à Québec réunit des étudiants de partout, dont ceux de Mila, pour une semaine."
        head, tail = (
            "<html><head><title>L’été à Québec</title>",
            f"</head><body><article><h1>L’été à Québec</h1><p>{french}</p></article></body></html>",
        )
        pages |= {
            "/charset-header": Reply((head + tail).encode("cp1252"), headers={"Content-Type": "text/html; charset=windows-1252"}),
            "/charset-meta": Reply((head + "<meta charset='windows-1252'>" + tail).encode("cp1252"), headers={"Content-Type": "text/html"}),
            "/charset-utf8": Reply((head + tail).encode(), headers={"Content-Type": "text/html"}),
            "/charset-klingon": Reply(
                gzip.compress((head + tail).encode()), headers={"Content-Type": "text/html; charset=klingon", "Content-Encoding": "gzip"}
            ),
        }
        sources = [source(site.url(f"/{name}")) for name in ("articles", "refused", "charset")]
        sources.append(source(site.url("/no-pages"), pages=False))
        sources.append(source(site.url("/search"), kind=Kind.SEARCH, outlet="Google News", language=""))
        done = crawl(Order(sources=sources, known=[site.url("/known")], allow=[site.netloc, other.netloc]))
        assert done.failure == ""
        yield Brought(site, other, done)


def test_a_new_entrys_page_becomes_the_article(brought: Brought) -> None:
    article = brought.crawl.entry(brought.site.url("/whole")).article
    assert article.title == "Doanh nghiệp mở trung tâm dữ liệu"
    assert "FPT Software" in article.text and "FPT" not in article.title + article.summary
    assert (article.summary, article.authors, article.body_from) == ("Tóm tắt của nguồn.", ("An Bình",), BodyFrom.PAGE)
    assert article.published == datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert (article.outlet, article.language) == ("Báo Thử", "vi")


def test_a_known_entrys_page_is_not_fetched(brought: Brought) -> None:
    assert "/known" not in brought.site.paths()
    assert "Đã biết" not in brought.crawl.titles("articles")


def test_links_that_lead_nowhere_are_left_out_and_relative_ones_are_completed(brought: Brought) -> None:
    titles = brought.crawl.titles("articles")
    assert "Bài có địa chỉ tương đối" in titles
    assert not {"Không có địa chỉ", "Kịch bản", "Thư", "Tệp", "Gãy"} & set(titles)
    assert brought.crawl.polls["articles"].entries == 9


def test_a_canonical_address_of_the_same_site_is_taken_and_of_another_not(brought: Brought) -> None:
    assert brought.crawl.entry(brought.site.url("/canonical")).article.canonical_url == brought.site.url("/chuan.html")
    stolen = brought.crawl.entry(brought.site.url("/stolen")).article
    assert (stolen.canonical_url, stolen.url) == (None, brought.site.url("/stolen"))


def test_an_article_that_moved_is_shown_where_it_is(brought: Brought) -> None:
    assert brought.crawl.entry(brought.site.url("/moved")).article.url == brought.site.url("/moved-here")
    home = brought.crawl.entry(brought.site.url("/to-home")).article
    assert (home.url, home.title, home.why_no_page) == (brought.site.url("/to-home"), "Về trang chủ", "home-page")


def test_menus_boxes_and_footers_are_no_text(brought: Brought) -> None:
    article = brought.crawl.entry(brought.site.url("/framed")).article
    assert article.text.count("\n") == 1
    assert "FUNiX" not in article.text and "Trang chủ" not in article.text


@pytest.mark.parametrize(
    ("name", "why", "again"),
    [
        ("404", "404", False), ("410", "410", False), ("403", "403", False), ("451", "451", False), ("500", "500", True), ("503", "503", True),
        ("empty-page", "the page is empty", False), ("no-text", "no article text was found on the page", False), ("pdf", "the answer is application/pdf, not a page", False),
        ("wall", "a check for humans or cookies stands before the page", False), ("reset", "connection", True), ("robots", "robots", False),
    ],
)  # fmt: skip
def test_a_page_that_does_not_serve_leaves_the_headline_with_a_reason(brought: Brought, name: str, why: str, again: bool) -> None:
    (arrival,) = (one for one in brought.crawl.of("refused") if one.article.title == name)
    assert (arrival.article.body_from, arrival.article.why_no_page, arrival.retry) == (BodyFrom.FEED, why, again)


def test_aggregators_links_are_turned_back(brought: Brought) -> None:
    found = {arrival.article.title: arrival.article for arrival in brought.crawl.of("search")}
    assert found["Tin từ Google"].url == brought.other.url("/news/google.html")
    assert found["Tin từ Google"].outlet == "Báo Khác" and found["Tin từ Google"].text
    assert found["Tin từ Bing"].url == brought.other.url("/news/real.html")
    assert "Mila" in found["Tin từ Bing"].text
    closed = found["Tin không mở được"]
    assert (closed.opaque, closed.outlet, closed.why_no_page, closed.body_from) == (True, "Báo Kín", "opaque", BodyFrom.FEED)


def test_a_source_without_pages_has_none_fetched(brought: Brought) -> None:
    (arrival,) = brought.crawl.of("no-pages")
    assert (arrival.article.title, arrival.article.body_from, arrival.article.why_no_page) == ("Chỉ tiêu đề", BodyFrom.FEED, "")
    assert "/never" not in brought.site.paths()


def test_charsets_of_pages(brought: Brought) -> None:
    articles = [arrival.article for arrival in brought.crawl.of("charset")]
    assert {article.title for article in articles} == {"L’été à Québec"}
    assert len(articles) == 4 and all("L’été" in article.title and "d’été à Québec" in article.text for article in articles)


def test_no_page_is_asked_twice_and_no_referer_is_sent(brought: Brought) -> None:
    for site in (brought.site, brought.other):
        paths = [path for path in site.paths() if path != "/reset"]  # asked once more where a kept connection breaks: RFC 9110, 9.2.2
        assert len(paths) == len(set(paths))
        assert not any("referer" in seen.headers for seen in site.seen)
        assert max(site.at_once.values()) == 1


def test_two_sources_that_show_the_same_article_fetch_it_once() -> None:
    with Site() as site:
        feed = rss(item(site.url("/1"), "Một"), item(site.url("/2"), "Hai"))
        site.pages |= {"/a": feed, "/b": feed, "/1": page("Một", LONG), "/2": redirect("/deux"), "/deux": page("Deux", LONG)}
        done = crawl(Order(sources=[source(site.url("/a")), source(site.url("/b"))], allow=[site.netloc]))
        assert [site.paths().count(path) for path in ("/1", "/2", "/deux")] == [1, 1, 1]
    assert sorted(arrival.article.title for arrival in done.arrivals) == ["Deux", "Một"]


def test_a_page_that_cannot_name_anybody_is_not_extracted() -> None:
    with Site() as site:
        site.pages |= {
            "/feed": rss(item(site.url("/with"), "Có"), item(site.url("/without"), "Không"), item(site.url("/head"), "FPT ở tiêu đề")),
            "/with": page("Có trang", LONG, "Có FPT."),
            "/without": page("Không trang", LONG),
            "/head": page("Trang của bài", LONG),
        }
        done = crawl(Order(sources=[source(site.url("/feed"))], mute=[b"FPT"], allow=[site.netloc]))
    found = {arrival.entry.title: arrival.article for arrival in done.arrivals if arrival.entry}
    assert (found["Có"].body_from, found["FPT ở tiêu đề"].body_from) == (BodyFrom.PAGE, BodyFrom.PAGE)
    assert (found["Không"].body_from, found["Không"].title, found["Không"].why_no_page) == (BodyFrom.FEED, "Không", "")
    assert done.pages == 3


def test_the_newest_come_first_and_too_many_wait_for_the_next_crawl() -> None:
    with Site() as site:
        days = [f"Mon, {day:02} Nov 2026 05:00:00 GMT" for day in range(1, 6)]
        site.pages["/feed"] = rss(*(item(site.url(f"/{day}"), str(day), pubDate=date) for day, date in enumerate(days)))
        site.pages |= {f"/{day}": page(f"Trang {day}", LONG) for day in range(5)}
        done = crawl(Order(sources=[source(site.url("/feed"))], allow=[site.netloc], spider={"pages_a_source": 2}))
        assert site.paths() == ["/robots.txt", "/feed", "/4", "/3"]
    waiting = [arrival for arrival in done.arrivals if arrival.retry]
    assert {arrival.article.why_no_page for arrival in waiting} == {"later"}
    assert len(waiting) == 3 and len(done.arrivals) == 5


def test_pages_that_failed_earlier_are_asked_again_on_several_hosts_at_once() -> None:
    together = threading.Barrier(2)

    def meets(seen: Seen) -> Reply:
        together.wait(LONG_S)
        return Reply(page("Lần này được", LONG))

    with Site() as site, Site("127.0.0.2") as other:
        site.pages |= {"/feed": rss(item(site.url("/1"))), "/1": meets}
        other.pages["/2"] = meets
        feed = source(site.url("/feed"))
        urls = [site.url("/1"), other.url("/2")]
        waiting = [(feed, Entry(source_id="feed", key=url, url=url, title="Lần trước không", published=NOW)) for url in urls]
        done = crawl(Order(sources=[feed], unfinished=waiting, known=urls, allow=[site.netloc, other.netloc]))
    assert [arrival.article.title for arrival in done.arrivals] == ["Lần này được"] * 2
