"""When a page was published, on pages of our own writing: the order of what says so, and what must not be taken for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from spiders.articles import from_entry, from_page
from spiders.pages.generic import Extracted, extract
from storage.items import Article, Entry, Kind, Source

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HANOI = "Asia/Ho_Chi_Minh"
URL = "https://bao.example/tin/mo-cau.html"
TEXT = "".join(
    f"<p>Đoạn thứ {number} kể rằng cây cầu mới qua sông đã được khánh thành trước sự chứng kiến của đông đảo người dân hai bờ.</p>"
    for number in range(4)
)


def extracted(body: str, *, head: str = "", url: str = URL, zone: str = HANOI, title: str = "Khánh thành cây cầu mới") -> Extracted:
    page = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    return extract(page.encode(), url=url, encoding="utf-8", language="vi", timezone=zone, now=NOW)


def dated(beside: str, *, zone: str = HANOI, url: str = URL, head: str = "", before: str = "", after: str = "") -> str | None:
    body = f"{before}<main><div class='detail'><h1>Khánh thành cây cầu mới</h1>{beside}<div class='detail-content'>{TEXT}</div></div></main>{after}"
    found = extracted(body, head=head, zone=zone, url=url).published
    return found.isoformat().removesuffix(":00+00:00") if found else None


LD = '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2026-11-17T08:30:00+07:00"}</script>'
META = '<meta property="article:published_time" content="2026-11-18T08:30:00+07:00">'
VISIBLE = "<span class='date'>20/11/2026 08:30</span>"
IN_ADDRESS = "https://bao.example/2026/11/19/mo-cau.html"


@pytest.mark.parametrize(
    ("head", "url", "beside", "expected"),
    [
        (META + LD, IN_ADDRESS, VISIBLE, "2026-11-17T01:30"),
        (META, IN_ADDRESS, VISIBLE, "2026-11-18T01:30"),
        ("", IN_ADDRESS, VISIBLE, "2026-11-18T17:00"),  # midnight at the outlet
        ("", "https://bao.example/2026/11/20/mo-cau.html", VISIBLE, "2026-11-20T01:30"),  # the same day: what is visible has the hour
        ("", URL, VISIBLE, "2026-11-20T01:30"),
        ("", "https://tuoitre.vn/mo-cau-100261119083000123.htm", VISIBLE, "2026-11-19T01:30"),
        ("", URL, "", None),
        (META.replace("2026-11-18T08:30:00+07:00", "sáng nay"), URL, VISIBLE, "2026-11-20T01:30"),
    ],
)
def test_the_surest_source_of_a_date_wins(head: str, url: str, beside: str, expected: str | None) -> None:
    assert dated(beside, head=head, url=url) == expected


@pytest.mark.parametrize(
    ("beside", "zone", "expected"),
    [
        ("<div>Thứ sáu, ngày 20 tháng 11 năm 2026, 14:05</div>", HANOI, "2026-11-20T07:05"),
        ("<div class='meta'>Đăng ngày 20/11/2026 14:05 (GMT+7)</div>", "UTC", "2026-11-20T07:05"),
        ("<p class='time'>Hôm qua, 14:30</p>", HANOI, "2026-11-22T07:30"),
        ("<span class='time'>3 giờ trước</span>", HANOI, "2026-11-23T03:00"),
        ("<p><span>An Bình</span> <span>20-11-2026 14:05</span></p>", HANOI, "2026-11-20T07:05"),
        ("<p>Publié le 20 novembre 2026 à 14 h 30</p>", "America/Toronto", "2026-11-20T19:30"),
        ("<p>Mis à jour le 22 novembre 2026 à 9 h</p><p>Publié le 1er novembre 2026 à 8 h 05</p>", "America/Toronto", "2026-11-01T13:05"),
        ("<p>Mis à jour le 20 novembre 2026 à 14 h 30</p>", "America/Toronto", "2026-11-20T19:30"),
        ("<div class='date'>il y a 2 jours</div>", "America/Toronto", "2026-11-21T05:00"),
        ("<div class='date'>hier, 21 h 10</div>", "America/Toronto", "2026-11-23T02:10"),
        ("<p>Published on Nov 20, 2026 at 6:05 p.m. EST</p>", "UTC", "2026-11-20T23:05"),
        ("<p>Posted by Ann Smith on 20 November 2026</p>", "America/Toronto", "2026-11-20T05:00"),
        ("<a href='/tin/mo-cau.html'><time datetime='2026-11-20T14:05:00'>20 Nov</time></a>", HANOI, "2026-11-20T07:05"),
        ("<time>20 Nov 2026</time>", HANOI, "2026-11-19T17:00"),
        ("<abbr class='published' title='x'>November 20, 2026</abbr>", HANOI, "2026-11-19T17:00"),
        ("<p>Nov 20, 2026 | 4 min read</p>", HANOI, "2026-11-19T17:00"),
        ("<div class='meta'><span>Thứ Sáu, 20/11/2026 | 08:30 GMT+7</span></div>", "UTC", "2026-11-20T01:30"),
        ("<div>14:05 | 20/11/2026 | 12 bình luận</div>", HANOI, "2026-11-20T07:05"),
        ("<span class='detail-time'>20/11/2026 3:15:00 CH</span>", HANOI, "2026-11-20T08:15"),
        ("<span>cách đây 3 giờ</span>", HANOI, "2026-11-23T03:00"),
        ("<span class='ago'>2 days ago</span>", "America/New_York", "2026-11-21T05:00"),
        ("<span class='when'>Hier à 21 h 15</span>", "Europe/Paris", "2026-11-22T20:15"),
        ("<span class='posted-on'>20 Tháng Mười Một, 2026</span>", HANOI, "2026-11-19T17:00"),
        ("<p class='meta'>Par Jeanne Exemple, le mardi 17 novembre 2026 à 07:12</p>", "Europe/Paris", "2026-11-17T06:12"),
        ("<p>Mis en ligne le 29 octobre 2026</p>", "Europe/Paris", "2026-10-28T23:00"),
        ("<p class='meta'>Mis à jour le 22/11/2026 à 08:00, publié le 21/11/2026 à 19:30</p>", "Europe/Paris", "2026-11-21T18:30"),
        ("<div>Published 7:00 AM EST, Mon November 16, 2026 | Updated 9:10 AM EST, Tue November 17, 2026</div>", HANOI, "2026-11-16T12:00"),
        ("<div><time>20 November 2026</time><time class='updated'>21 November 2026</time></div>", "UTC", "2026-11-20T00:00"),
        ("<span>1 minute ago</span> <time datetime='2026-11-18T12:00:00Z'>18 Nov</time>", "UTC", "2026-11-18T12:00"),
        ("<div class='cat'><a href='/cn'>Công nghệ</a> 14/11/2026 10:00</div>", HANOI, "2026-11-14T03:00"),
        ("<span class='date'>11/05/2026</span>", "America/New_York", "2026-11-05T05:00"),
        ("<span class='date'>05/11/2026</span>", "Europe/London", "2026-11-05T00:00"),
    ],
)
def test_dates_as_readers_see_them(beside: str, zone: str, expected: str) -> None:
    assert dated(beside, zone=zone) == expected


TRAPS = {
    "related articles beside the text": "<ul class='more'><li><a href='/a'>Bài khác về cây cầu cũ ở huyện bên</a> <span class='date'>01/02/2020</span></li></ul>",
    "related articles in a box": "<div class='tin-lien-quan'><span class='date'>01/02/2020</span></div>",
    "a card in a list without a class": "<div><a href='/b'>Một bài khác kể chuyện xưa của dòng sông <time datetime='2020-02-01'>01/02/2020</time></a></div>",
    "comments": "<div id='comments'><p>Bạn đọc: hay quá <time datetime='2026-11-22T10:00:00+07:00'>22/11/2026</time></p></div>",
    "the copyright": "<footer><p>© 2009-2026 Báo Ví Dụ. Giấy phép số 12/GP cấp ngày 01/02/2020</p></footer>",
    "a copyright without its element": "<div>Bản quyền thuộc Báo Ví Dụ. Giấy phép số 12/GP-TTĐT cấp ngày 01/02/2020</div>",
    "an old event": "<p>Ngày 30/4/1995, chiếc cầu phao đầu tiên ở khúc sông này đã bị cuốn trôi trong một trận lũ lớn chưa từng có, theo báo chí hồi đó.</p>",
    "an old event in English": "<p>On 12 March 2011 the river rose by four metres and took the old bridge away, and the town has waited for another ever since.</p>",
    "an old event in ISO": "<p>Theo nhật ký trạm thủy văn, lúc 2011-03-12 14:00 nước sông lên cao nhất trong vòng năm mươi năm và cuốn theo cây cầu cũ.</p>",
    "a coming event": "<p class='date'>05/12/2027</p>",
    "when a picture was taken": "<figure><img src='/a.jpg'><figcaption>Ảnh chụp ngày 20/10/2026 ở đầu cầu</figcaption></figure>",
    "a sentence that begins like a byline": "<p>Par ailleurs, le 12 mars 2011 la rivière est montée.</p>",
    "a picture's address": "<figure><img src='/anh/2019/05/06/cau.jpg'></figure>",
    "a script": '<script>var built = \'2020-02-01T10:00:00\'; var data = {"date": "2020-02-01"};</script>',
}


@pytest.mark.parametrize("name", TRAPS)
def test_other_dates_on_a_page_are_not_its_own(name: str) -> None:
    assert dated("", after=TRAPS[name]) is None
    assert dated(VISIBLE, after=TRAPS[name]) == "2026-11-20T01:30"
    body = f"<article><h1>Khánh thành cây cầu mới</h1>{TEXT}{TRAPS[name]}</article>"
    assert extracted(body).published is None


def test_todays_date_in_the_head_of_a_page_is_not_the_articles() -> None:
    today = "<header><a href='/'>Báo Ví Dụ</a> <span class='date'>Thứ hai, 23/11/2026</span></header>"
    assert dated("", before=today) is None
    assert dated(VISIBLE, before=today) == "2026-11-20T01:30"
    assert dated("", before=today, after="<p>Đăng lúc 08:30 ngày 20/11/2026</p>") == "2026-11-20T01:30"


def test_a_date_above_the_headline_or_at_the_end_is_the_articles_if_it_is_its_own() -> None:
    above = (
        f"<main><div><p class='date'>20/11/2026</p><h1>Khánh thành cây cầu mới</h1></div><div class='detail-content'>{TEXT}</div></main>"
    )
    assert extracted(above).published == datetime(2026, 11, 19, 17, tzinfo=UTC)
    assert dated("", after="<div class='foot'>Xuất bản: 20/11/2026 08:30</div>") == "2026-11-20T01:30"


def test_a_headline_with_a_date_dates_nothing() -> None:
    assert (
        extracted(f"<article><h1>Nhìn lại trận lũ ngày 12/03/2011</h1>{TEXT}</article>", title="Nhìn lại trận lũ ngày 12/03/2011").published
        is None
    )


@pytest.mark.parametrize("head", ["", "<meta property='article:published_time' content='2031-01-01T00:00:00Z'>"])
def test_a_stated_future_is_clamped_and_kept_as_written_and_one_that_is_only_shown_is_none(head: str) -> None:
    page = extracted(f"<article><h1>Khánh thành</h1><p class='date'>01/01/2031</p>{TEXT}</article>", head=head)
    if head:
        assert (page.published, page.stated_date) == (NOW, "2031-01-01T00:00:00Z")
    else:
        assert (page.published, page.stated_date) == (None, "")


def article(entry_date: str | None, head: str = "", beside: str = "", kind: Kind = Kind.FEED, stated: str = "") -> Article:
    moment = datetime.fromisoformat(entry_date) if entry_date else None
    source = Source(id="one", url="https://bao.example/feed", kind=kind, timezone=HANOI)
    entry = Entry(source_id="one", key="k", url=URL, title="Khánh thành", published=moment, stated_date=stated)
    page = extracted(f"<main><h1>Khánh thành</h1>{beside}<div class='detail-content'>{TEXT}</div></main>", head=head)
    return from_page(source, entry, page, asked=URL, url=URL)


@pytest.mark.parametrize(
    ("entry", "head", "beside", "kind", "expected"),
    [
        ("2026-11-17T03:00+00:00", LD, "", Kind.FEED, "2026-11-17T03:00"),  # the feed's own, and the page's differs by an hour or two
        ("2026-11-19T03:00+00:00", LD, "", Kind.FEED, "2026-11-17T01:30"),  # the feed dates an update
        ("2026-11-16T17:00+00:00", LD, "", Kind.FEED, "2026-11-17T01:30"),  # the feed knows the day alone
        ("2026-11-17T07:00+00:00", LD, "", Kind.SEARCH, "2026-11-17T01:30"),  # a search says what it saw
        ("2026-11-18T07:00+00:00", "", VISIBLE, Kind.SEARCH, "2026-11-18T07:00"),  # ... which is more than a guess
        (None, "", VISIBLE, Kind.FEED, "2026-11-20T01:30"),
        (None, "", "", Kind.FEED, None),
    ],
)
def test_the_feed_and_the_page(entry: str | None, head: str, beside: str, kind: Kind, expected: str | None) -> None:
    found = article(entry, head, beside, kind).published
    assert (found.isoformat().removesuffix(":00+00:00") if found else None) == expected


def test_what_could_not_be_taken_as_it_is_stays_as_written() -> None:
    assert article("2026-11-23T06:00+00:00", stated="23/11/2026 23:00").stated_date == "23/11/2026 23:00"
    assert article(None, stated="sáng mai").stated_date == "sáng mai"
    assert article(None, beside=VISIBLE, stated="sáng mai").stated_date == ""
    entry = Entry(source_id="one", key="k", url=URL, title="Khánh thành", stated_date="2031")
    assert from_entry(Source(id="one", url="https://bao.example/feed"), entry, "").stated_date == "2031"


@pytest.mark.parametrize(
    ("feed", "summary"),
    [
        ("https://bao.example/feed", "lời của feed"),
        ("https://feeds.bao.example/x", "lời của feed"),
        ("https://khac.example/feed", "lời của trang"),
    ],
)
def test_a_feed_does_not_speak_for_the_page_of_another_site(feed: str, summary: str) -> None:
    source = Source(id="one", url=feed)
    entry = Entry(source_id="one", key="k", url=URL, title="Tít bịa", summary="lời của feed")
    page = extracted(TEXT, head="<meta name='description' content='lời của trang'>")
    found = from_page(source, entry, page, asked=URL, url=URL)
    assert (found.title, found.summary) == ("Khánh thành cây cầu mới", summary)
