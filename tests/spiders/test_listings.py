"""Pages that list articles: what is found on them, whatever the site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html as lxml_html

from spiders.readers.listing import ListingBroken, read_listing
from spiders.readers.moments import read_moment, url_date
from spiders.readers.paging import next_page
from spiders.readers.sites import RULES
from tests.spiders.run_spider import NOW

STORED = Path(__file__).parents[1] / "data" / "listings"
HANOI = "Asia/Ho_Chi_Minh"
LONG = "Sáng nay thành phố khởi công trung tâm dữ liệu lớn nhất miền Trung, theo chủ đầu tư của dự án, và còn nhiều việc."


def _read(name: str, url: str, **fields: str):  # type: ignore[no-untyped-def]
    body = (STORED / f"{name}.html").read_bytes()
    return read_listing(body, url=url, encoding=None, zone=fields.pop("zone", HANOI), now=NOW, **fields)


# ------------------------------------------------------------------ stored pages, one a site


@pytest.mark.parametrize(
    ("name", "url", "number", "first", "date", "following"),
    [
        ("chungta.vn", "https://chungta.vn/cong-nghe", 7, "Phòng thí nghiệm số thứ nhất của tập đoàn mở cửa tại Cần Thơ", None, ""),
        (
            "fpt.com", "https://fpt.com/vi/tin-tuc/page/1", 7, "Phòng thí nghiệm số thứ nhất của tập đoàn mở cửa tại Cần Thơ", None,
            "https://fpt.com/vi/tin-tuc/page/2",
        ),
        (
            "mila.quebec", "https://mila.quebec/en/news", 5, "A summer school on learning theory gathers two hundred students",
            datetime(2026, 11, 19, 17, tzinfo=UTC), "https://mila.quebec/en/news?page=1",
        ),
        (
            "funix.edu.vn", "https://funix.edu.vn/chia-se-kien-thuc/page/1", 7, "Phòng thí nghiệm số thứ nhất của tập đoàn mở cửa tại Cần Thơ",
            None, "https://funix.edu.vn/chia-se-kien-thuc/page/2/",
        ),
        (
            "baodautu.vn", "https://baodautu.vn/dau-tu-d2/p1", 7, "Phòng thí nghiệm số thứ nhất của tập đoàn mở cửa tại Cần Thơ",
            datetime(2026, 11, 19, 18, 30, tzinfo=UTC), "https://baodautu.vn/dau-tu-d2/p2",
        ),
        (
            "cafef.vn", "https://cafef.vn/timelinelist/18831/1.chn", 4, "Phòng thí nghiệm số thứ nhất của tập đoàn mở cửa tại Cần Thơ",
            datetime(2026, 11, 20, 2, 30, tzinfo=UTC), "https://cafef.vn/timelinelist/18831/2.chn",
        ),
        (
            "fptsoftware.com", "https://fptsoftware.com/newsroom/news-and-press-releases/news", 5,
            "A summer school on learning theory gathers two hundred students", datetime(2026, 11, 9, 17, tzinfo=UTC), "",
        ),
    ],
)  # fmt: skip
def test_a_stored_page(name: str, url: str, number: int, first: str, date: datetime | None, following: str) -> None:
    reading = _read(name, url)
    assert (len(reading.links), reading.links[0].title, reading.links[0].published) == (number, first, date)
    assert reading.next == following
    assert reading.by == (name if name in {rule.host for rule in RULES} else "links")


def test_each_rule_has_its_stored_page() -> None:
    assert {rule.host for rule in RULES} <= {path.stem for path in STORED.glob("*.html")}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.host)
def test_without_their_rules_the_general_reading_finds_the_same(rule, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Which says that a rule out of date loses little; the date beside a headline may be another's."""
    address = {"cafef.vn": "/timelinelist/18831/1.chn", "funix.edu.vn": "/chia-se-kien-thuc/page/1", "fpt.com": "/vi/tin-tuc/page/1"}
    url = f"https://{rule.host}{address.get(rule.host, '/tin-tuc')}"
    by_rule = _read(rule.host, url)
    monkeypatch.setattr("spiders.readers.listing.rule_of", lambda host, path: None)
    general = _read(rule.host, url)
    found, wanted = {link.url for link in general.links}, {link.url for link in by_rule.links}
    assert wanted <= found
    assert found == wanted or rule.host == "funix.edu.vn"  # courses look like posts there: why it has a rule


def test_a_rule_out_of_date_says_so_and_the_general_reading_serves() -> None:
    body = (STORED / "chungta.vn.html").read_bytes().replace(b"title-news", b"new-title")
    reading = read_listing(body, url="https://chungta.vn/", encoding=None, zone=HANOI, now=NOW)
    assert len(reading.links) == 7
    assert "the rule for chungta.vn (of 2026-10) finds nothing" in reading.why


# ------------------------------------------------------------------ any page

MENU = "<nav><ul>" + "".join(f"<li><a href='/muc-{n}'>Chuyên mục dài số {n} của báo</a></li>" for n in range(8)) + "</ul></nav>"
FOOT = "<footer>" + "".join(f"<a href='/dieu-khoan-su-dung-so-{n}'>Điều khoản sử dụng trang số {n}</a>" for n in range(6)) + "</footer>"


def _listing(*numbers: int, shape: str = "list", following: str = "", date: str = "") -> str:
    items = "".join(
        f"<div class='{shape}'><h3><a href='/tin/bai-viet-dai-so-{n}.html'>Bài viết dài số {n} của báo này</a></h3>{date and f'<span class=time>{date}</span>'}</div>"
        for n in numbers
    )
    return f"<html><body>{MENU}<main>{items}</main>{following and f'<a rel=next href={following}>Trang sau</a>'}{FOOT}</body></html>"


def test_menus_and_footers_are_no_lists() -> None:
    reading = read_listing(_listing(1, 2, 3).encode(), url="https://a.example/news", encoding=None, zone=HANOI, now=NOW)
    assert [link.url for link in reading.links] == [f"https://a.example/tin/bai-viet-dai-so-{n}.html" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"<html><body>{MENU}{FOOT}</body></html>", "no list of articles"),
        ("<html><body><div id='root'></div><script src='/a.js'></script></body></html>", "drawn by script"),
        ("<html><body><p>404</p></body></html>", "no list of articles"),
    ],
)
def test_a_page_without_a_list(body: str, said: str) -> None:
    with pytest.raises(ListingBroken, match=said):
        read_listing(body.encode(), url="https://a.example/", encoding=None, zone=HANOI, now=NOW)


def test_what_is_asked_for_by_a_pattern_counts_whatever_it_looks_like() -> None:
    body = "<html><body><ul><li><a href='/n/1'>Một</a></li><li><a href='/n/2'>Hai</a></li><li><a href='/x'>Ba</a></li></ul></body></html>"
    reading = read_listing(body.encode(), url="https://a.example/", encoding=None, zone=HANOI, now=NOW, only="/n/")
    assert [link.title for link in reading.links] == ["Một", "Hai"]


def _posts(*, tags: str = "", by_number: bool = False, count: int = 6) -> str:
    """Posts as WordPress writes them: each box names the post's own number, sections and tags."""
    made = []
    for n in range(count):
        address = f"/?p={100 + n}" if by_number else f"/{n}-phong-thi-nghiem-moi-o-can-tho/"
        classes = f"post-{100 + n} post type-post status-publish format-standard hentry category-tin-{n} {tags.format(n=n)}"
        made.append(
            f'<div class="{classes}"><h2 class="entry-title"><a href="{address}">Phòng thí nghiệm số {n} mở cửa ở Cần Thơ</a></h2></div>'
        )
    return "".join(made)


def _around(posts: str) -> bytes:
    """A blog round them, whose layout is called after its sidebar."""
    side = "".join(
        f'<li><h4><a href="/cu/{n}-mot-bai-cu-rat-hay-nam-ngoai/">Một bài cũ rất hay số {n} của năm ngoái</a></h4></li>' for n in range(5)
    )
    return (
        f'<html><body class="blog"><div class="content-sidebar-wrap"><div class="posts">{posts}</div>'
        f'<aside class="sidebar widget-area"><ul>{side}</ul></aside></div></body></html>'
    ).encode()


@pytest.mark.parametrize(
    "posts",
    [_posts(tags="tag-social-{n} tag-cookies"), _posts(by_number=True), _posts(tags="tag-mot-{n} sticky")],
    ids=["tags", "numbers", "sticky"],
)
def test_a_blogs_own_tags_and_its_layout_are_no_frame(posts: str) -> None:
    reading = read_listing(_around(posts), url="https://bao.example/", encoding=None, zone=HANOI, now=NOW)
    assert [link.title for link in reading.links] == [f"Phòng thí nghiệm số {n} mở cửa ở Cần Thơ" for n in range(6)]
    assert "category" not in reading.shape and "tag-" not in reading.shape


def test_short_headlines_in_signs_count_as_long_ones() -> None:
    links = "".join(f'<h3><a href="/a/{n}.html">新技术实验室第{n}次在河内开放</a></h3>' for n in range(5))
    reading = read_listing(f"<body><main>{links}</main></body>".encode(), url="https://bao.example/", encoding="utf-8", zone=HANOI, now=NOW)
    assert len(reading.links) == 5


@pytest.mark.parametrize(
    ("here", "links"),
    [
        ("https://a.example/about/newsroom", "/about/newsroom/2026/{}"),  # "about" is where the newsroom stands
        ("https://a.example/News/Pages/archive.aspx", "/News/Pages/{}.aspx"),  # SharePoint: every page
        ("https://a.example/topics/ai", "/topics/ai/{}"),
    ],
)
def test_what_addresses_have_in_common_with_their_page_is_no_section(here: str, links: str) -> None:
    rows = "".join(
        f"<li><h3><a href='{links.format(f'a-long-name-of-an-article-{n}')}'>A long headline of an article {n}</a></h3></li>"
        for n in range(4)
    )
    menu = "".join(f"<a href='/about/{name}'>{name}</a><a href='/topics/{name}'>{name}</a>" for name in ("team", "history"))
    found = read_listing(f"<body>{menu}<ul>{rows}</ul></body>".encode(), url=here, encoding=None, zone="UTC", now=NOW)
    assert [one.title for one in found.links] == [f"A long headline of an article {n}" for n in range(4)]


def test_a_date_at_the_end_of_a_long_line_that_says_it_holds_one() -> None:
    where = "Posted in <i>Lawsuits and Letters</i>, <i>Media Releases</i>, <i>Homepage</i> on January {}, 2026"
    rows = "".join(
        f"<article><h3><a href='/a-long-name-{n}'>A long headline of an article {n}</a></h3><p class='posted-in'>{where.format(n)}</p></article>"
        for n in range(11, 15)
    )
    found = read_listing(rows.encode(), url="https://a.example/news", encoding=None, zone="UTC", now=NOW)
    assert [one.published for one in found.links] == [datetime(2026, 1, n, tzinfo=UTC) for n in range(11, 15)]


def test_ten_that_stand_alike_need_less_to_speak_for_each() -> None:
    def body(number: int) -> bytes:
        rows = "".join(f"<li><img src=x><a href='/2016/0422/{n}.html'>Hội chợ sách mùa xuân lần {n}</a></li>" for n in range(number))
        return f"<html><body><ul>{rows}</ul></body></html>".encode()

    found = read_listing(body(10), url="https://a.example/tin/", encoding=None, zone="UTC", now=NOW)
    assert len(found.links) == 10
    with pytest.raises(ListingBroken):
        read_listing(body(5), url="https://a.example/tin/", encoding=None, zone="UTC", now=NOW)


def test_a_newsroom_that_has_just_begun_is_a_list_and_a_lone_link_is_none() -> None:
    post = "<article><h2><a href='/2026/11/20/chung-toi-mo-cua-van-phong'>Chúng tôi mở cửa văn phòng đầu tiên</a></h2><time>20/11/2026</time></article>"
    (only,) = read_listing(post.encode(), url="https://a.example/news", encoding=None, zone="UTC", now=NOW).links
    assert only.published == datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(ListingBroken):
        read_listing(
            b"<p><a href='/gioi-cong-ty'>Chung toi la ai va lam gi</a></p>",
            url="https://a.example/news",
            encoding=None,
            zone="UTC",
            now=NOW,
        )


def test_a_picture_and_a_headline_with_one_address_are_one_link() -> None:
    items = "".join(
        f"<li><a href='/2026/11/{n}/mot-cau-chuyen-dai-{n}'><img alt='x'></a><a href='/2026/11/{n}/mot-cau-chuyen-dai-{n}'>Một câu chuyện dài {n}</a>"
        f"<a href='/2026/11/{n}/mot-cau-chuyen-dai-{n}#c'>3 bình luận</a><time datetime='2026-11-{n}T08:00'>hôm kia</time></li>"
        for n in (20, 21, 22)
    )
    reading = read_listing(f"<ul>{items}</ul>".encode(), url="https://a.example/", encoding=None, zone=HANOI, now=NOW)
    assert [link.title for link in reading.links] == [f"Một câu chuyện dài {n}" for n in (20, 21, 22)]
    assert reading.links[0].published == datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 giờ trước", "2026-11-23T04:00"), ("15 phút trước", "2026-11-23T05:45"), ("3 ngày trước", "2026-11-19T17:00"),
        ("Hôm qua, 14:30", "2026-11-22T07:30"), ("hôm nay 08h15", "2026-11-23T01:15"), ("vừa xong", "2026-11-23T06:00"), ("cách đây khoảng 2 giờ", "2026-11-23T04:00"),
        ("an hour ago", "2026-11-23T05:00"), ("5 mins ago", "2026-11-23T05:55"), ("Yesterday", "2026-11-21T17:00"),
        ("il y a 2 heures", "2026-11-23T04:00"), ("hier à 14 h 30", "2026-11-22T07:30"), ("il y a une heure", "2026-11-23T05:00"),
        ("5分前", "2026-11-23T05:55"), ("昨日 14:30", "2026-11-22T07:30"), ("3시간 전", "2026-11-23T03:00"), ("2小时前", "2026-11-23T04:00"),
        ("Thứ 2, 23/11/2026 10:00", "2026-11-23T03:00"), ("2 tháng trước", None), ("một tuần trước", None), ("không rõ", None),
    ],
)  # fmt: skip
def test_dates_that_count_back(text: str, expected: str | None) -> None:
    found = read_moment(text, HANOI, NOW)
    assert (found.isoformat()[:16] if found else None) == expected


def test_days_in_addresses() -> None:
    assert url_date("https://a.example/2026/11/23/tin", HANOI) == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert url_date("https://a.example/tin/20261123.htm") == datetime(2026, 11, 23, tzinfo=UTC)
    assert url_date("https://a.example/2026/1123/106.html") == datetime(2026, 11, 23, tzinfo=UTC)
    for address in ("/2026/11/tin", "/2026/13/40/tin", "/2026/1340/1.html", "/2026/112345/1.html", "/20261123456", "/tin-20261123"):
        assert url_date(f"https://a.example{address}") is None


@pytest.mark.parametrize(
    ("url", "links", "expected"),
    [
        ("/news", "<a href='/news?page=2'>2</a><a href='/news?page=3'>3</a>", "/news?page=2"),
        ("/news?page=2", "<a href='/news?page=1'>2</a><a href='/news?page=2'>3</a>", "/news?page=3"),
        ("/news", "<a href='/x'>2</a>", ""),
        ("/news", "<a href='#'>Next</a>", ""),
        ("/news", "<a href='https://b.example/2'>Next</a>", ""),
        ("/news", "<a aria-label='Trang sau' href='/news/trang-2'>x</a>", "/news/trang-2"),
        ("/news/page/9/", "", "/news/page/10/"),
        ("/news", "<a href='/news/older'>Next entries »</a>", "/news/older"),
        ("/blog/", "<a href='/blog/?PAGEN_1=2'>2</a><a href='/blog/?PAGEN_1=3'>3</a>", "/blog/?PAGEN_1=2"),
        (
            "/e?a=1&start=20",
            "<a href='/e?a=1&start=10'>2</a><a href='?a=1&amp;start=40'>5</a><a href='?a=1&amp;start=30'>4</a>",
            "/e?a=1&start=30",
        ),
        ("/e?year=2025", "<a href='/e?year=2026'>2026</a><a href='/x?start=10'>2</a>", ""),
        ("/notizie", "<a href='/notizie/2'><span>Pagina successiva »</span></a>", "/notizie/2"),
    ],
)
def test_the_next_page(url: str, links: str, expected: str) -> None:
    root = lxml_html.document_fromstring(f"<body>{links}<p>x</p></body>")
    assert next_page(root, f"https://a.example{url}") == (f"https://a.example{expected}" if expected else "")
