"""The fuzzer's part for pages: as a browser draws them, the dates that they show, what a home page leads to, the headers of answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from benchmarks.fuzz_checks import assert_clean
from benchmarks.fuzz_lists import LISTING, NOW, ZONE, asked, is_web
from benchmarks.fuzz_lists import PIECES as LIST_PIECES
from benchmarks.fuzz_lists import listing as read_as_listing
from benchmarks.fuzz_words import mutated, texts


def drawn(text: str, url: str) -> None:
    """What scripts left of a page is an article of clean text, or a list of links, or told to be neither."""
    from spiders.articles import from_page
    from spiders.drawing import body_of
    from spiders.pages.generic import extract
    from storage.errors import ExtractError
    from storage.items import Entry, Source
    from storage.text import SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT

    url = asked(url)
    body = body_of(text)
    assert body.decode("utf-8")  # it is what its header says
    read_as_listing(body, "utf-8", url)
    try:
        found = extract(body, url=url, encoding="utf-8", language="vi", timezone=ZONE, now=NOW)
    except ExtractError as error:
        assert_clean(str(error), 1_000)
        return
    source = Source(id="fuzz", url=url, outlet="Fuzz", language="vi", timezone=ZONE, browser=True)
    article = from_page(source, Entry(source_id="fuzz", key="k", url=url), found, asked=url, url=url)
    assert_clean(article.title, TITLE_LIMIT)
    assert_clean(article.summary, SUMMARY_LIMIT)
    assert_clean(article.text, TEXT_LIMIT, lines=True)
    for word in (*article.authors, article.outlet, article.stated_date, article.language):
        assert_clean(word, 200)
    assert article.canonical_url is None or is_web(article.canonical_url)
    assert article.published is None or article.published <= NOW


def shown(body: bytes, url: str) -> None:
    """The date that a page shows is aware, no further ahead than a day, in clean words; the page stays as it is."""
    from lxml import etree, html

    from spiders.pages import frame
    from spiders.pages.dates import shown_date

    try:
        root = html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return
    frame.prune(root)
    before = etree.tostring(root)
    moment, words = shown_date(root, asked(url), ZONE, NOW)
    assert etree.tostring(root) == before
    assert_clean(words, 100)
    assert moment is None or (moment.tzinfo is not None and moment.year >= 1989 and moment <= NOW + timedelta(days=1))


def home(body: bytes, encoding: str | None, url: str) -> None:
    """A home page leads to web addresses alone, a bounded number of them; its sections stand on its own site."""
    from spiders.readers.anchors import site_of
    from spiders.readers.home import MOST_FEEDS, MOST_SECTIONS, is_newsroom, read_home

    url = asked(url)
    led = read_home(body, url=url, encoding=encoding)
    assert_clean(led.title, 200)
    assert led.language == "" or (led.language.isascii() and 2 <= len(led.language) <= 3)
    assert len(led.feeds) <= MOST_FEEDS
    assert len(led.sections) <= MOST_SECTIONS
    for feed in led.feeds:
        assert is_web(feed.url)
        assert_clean(feed.title, 200)
    for section in led.sections:
        assert is_web(section)
        assert site_of(section) == site_of(url)
        is_newsroom(section)


def headers(head: dict[str, bytes]) -> None:
    """Whatever headers say, patience lasts a day at most, freshness too, and validators are short enough to be kept."""
    from scrapy.http import Response

    from spiders.fetching import charset
    from spiders.hosts import LONGEST_PATIENCE, fresh_for, retry_after
    from spiders.pollers.base import header

    response = Response("https://fuzz.example/feed", headers=dict(head))
    until = retry_after(response, NOW)
    assert until is None or NOW < until <= NOW + LONGEST_PATIENCE
    fresh = fresh_for(response)
    assert fresh is None or timedelta(0) < fresh <= timedelta(days=1)
    for name in ("ETag", "Last-Modified"):
        value = header(response, name)
        assert value is None or (0 < len(value) <= 1_000 and not {"\r", "\n", "\x00"} & set(value))
    charset(response)


# ---------------------------------------------------------------------- what is mutated

_DRAWN = (
    '<html lang="vi"><head><title>FPT mở trung tâm</title><style>.a{}</style></head><body><div id="app"><header>Báo</header><main><article><h1>FPT mở trung tâm</h1>'
    '<div class="meta"><time>2 giờ trước</time> · <span class="date">23/11/2026, 07:05</span></div><p>Tập đoàn FPT vừa mở trung tâm nghiên cứu mới tại Quy Nhơn với hai nghìn kỹ sư.</p>'
    '<p>Đoạn thứ hai dài hơn một chút để máy tin rằng đây là một bài báo thật sự.</p></article></main><div class="card"><h3><a href="/tin/fpt-mo-trung-tam-moi-480001.html">FPT mở trung tâm mới</a></h3></div></div></body></html>'
)
_DATED = (
    "<html><body><div class='top'>Thứ hai, 23/11/2026</div><article><h1>FPT mở trung tâm nghiên cứu</h1><p class='byline'>An Bình | 20/11/2026 | 4 min</p><time datetime='2026-11-20T07:05:00+07:00'>20/11</time>"
    "<p>Cập nhật: 21/11/2026 08:00</p><span itemprop='datePublished' content='2026-11-20'></span><p>Ngày 1/1/2020 công ty ra đời.</p></article><ul><li><a href='/x'>Tin khác 19/11/2026</a></li></ul></body></html>"
)
_HOME = (
    "<!DOCTYPE html><html lang='vi-VN'><head><title>Báo Thử</title><base href='/'><link rel='alternate' type='application/rss+xml' title='Tin mới' href='/rss/tin-moi-nhat.rss'>"
    "<link rel='alternate' type='application/atom+xml' href='atom.xml'></head><body><nav><a href='/kinh-doanh'>Kinh doanh</a><a href='/newsroom/'>Press</a><a href='/rss'>RSS</a>"
    "<map><area href='/the-thao'></map><a href='https://feeds.feedburner.com/bao'>Feed</a><a href='/dang-nhap'>Đăng nhập</a></nav></body></html>"
)
_DRAWN_PIECES = [
    "<a href='/a'><a href='/b'>", "<template shadowrootmode='open'>", "</template>", "<slot>", "<my-element data-x='", "<svg><foreignObject><p>", "<math><annotation-xml encoding='text/html'>", "<noscript><p>", "</noscript>", "<plaintext>", "<xmp>",
    "<iframe srcdoc='&lt;p&gt;'>", "<article>" * 60, "<p>" * 90, "<div class='card'><h3><a href='/tin/mot-hai-ba-bon-nam-123456.html'>Một hai ba bốn năm</a></h3></div>" * 40, "\ud800", "\udfff", "\x00", "\ufffe", "\u202e", "\u2028", "&#xd800;", "&#0;",
    "<input type=password>", "Accept all cookies ", "Đăng nhập để đọc tiếp ", "<b\u0000>", "<a href='javascript:1'>", "<a href='blob:https://fuzz.example/1'>", "<a href='data:text/html,x'>", "<base href='//evil.example/'>", "<link rel=canonical href='//evil.example/1'>",
    "<meta http-equiv=refresh content='0;url=//127.0.0.1/'>", "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":", "<time datetime='9999-12-31'>", "a" * 4_000, "z" + "\u0301" * 300, "👩‍👩‍👧‍👦", "<table><tr>", "<select>", "<frameset>",
]  # fmt: skip
_DATE_PIECES = [
    b"<time datetime='", b"<time>", b"</time>", b"<h1>", b"</h1>", b"<h1>" * 40, b"<li>", b"<span class='date'>", b"<p class='byline'>", b"<p>", b"'", b">", b"23/11/2026", b"99/99/9999", b"0000-00-00", b"9999-12-31T23:59:59+14:00", b"0001-01-01", b"2026-11-24",
    b"-1", b"1795392000", b"179539200000000000000", "2 giờ trước".encode(), "999 ngày trước".encode(), "Hôm qua, 25:61".encode(), b"hier, 14 h 30", "一昨日".encode(), "٢٣/١١/٢٠٢٦".encode(), "Cập nhật ".encode(), b"Published ", "đăng ngày ".encode(),
    b"1/1/1", b"|", b"\xc2\xb7", b" ", b"1 " * 200, b"12:00 " * 60, b"\x00", b"\xff", b"<ul>" * 60, b"<a href='/2026/11/23/'>", b"datePublished", b"<meta itemprop='datePublished' content='", b"<div>" * 300, b"29/02/2025", b"31 d\xc3\xa9cembre 9999",
]  # fmt: skip
_HOME_PIECES = [
    b"<link rel='alternate' type='application/rss+xml' href='", b"<a href='", b"'", b">", b"<area href='", b"<base href='javascript:1'>", b"<base href='http://[::1'>", b"<base href='//evil.example/'>", b"http://127.0.0.1/rss", b"file:///etc/passwd", b"feed://a/rss",
    b"javascript:1", b"/rss", b"/tin-tuc", b"/feed" * 40, b"/" * 300, b"#", b"?", b"http://[::1", b"//", b"\x00", b"\xff\xfe", b"<title>", b"</title>", b"\xe2\x80\xae", b"<html lang='", b"<html lang='xxxxxxxxxxxxxxxx'>", b"<div>" * 300, b"<a href='/a/b'>" * 150,
    b"https://feedburner.com.evil.example/rss", b"http://\xc3\xbc.example/rss", b"http://fuzz.example:99999/rss", b"title='\x1b[2J'", b"<svg><title>", b"<!--", b"-->", b"<meta charset='utf-7'>",
]  # fmt: skip
_HEADER_NAMES = ("Retry-After", "Cache-Control", "Expires", "Date", "Age", "Content-Type", "ETag", "Last-Modified")
_VALUES = [
    b"120", b"-5", b"0", b"1.5", b"1e9", b"99999999999999999999", b"999999999999999", b"+60", b" 60 ", b"60, 70", b"\xd9\xa1\xd9\xa2", b"\xb2", b"inf", b"nan", b"soon", b"Mon, 23 Nov 2026 07:00:00 GMT", b"Monday, 23-Nov-26 07:00:00 GMT", b"Mon Nov 23 07:00:00 2026",
    b"Mon, 23 Nov 9999 07:00:00 GMT", b"Mon, 23 Nov 0001 07:00:00 GMT", b"Fri, 31 Dec 9999 23:59:59 -2359", b"Mon, 23 Nov 2026 25:61:61 +9999", b"Mon, 99 Foo 2026", b"max-age=", b"max-age=99999999999", b"max-age=-1", b"s-maxage=5", b"no-store", b",", b"=", b'"', b";",
    b"charset=", b"charset=utf-7", b"text/html", b"'", b"\x00", b"\r\n", b"\x7f", b"\xff" * 40, b"x" * 4_000, b"W/", b"2026-11-23T07:00:00Z",
]  # fmt: skip


def drawings() -> st.SearchStrategy[str]:
    """Pages as scripts may leave them: any tree that a document can be made of, any code unit of UTF-16."""
    pieces = st.lists(st.sampled_from(_DRAWN_PIECES) | texts("live") | st.text(st.characters(), max_size=6), max_size=25)
    at = st.integers(0, len(_DRAWN))
    inside = st.tuples(pieces.map("".join), at, st.integers(0, 120)).map(lambda put: _DRAWN[: put[1]] + put[0] + _DRAWN[put[1] + put[2] :])
    return inside | pieces.map(lambda parts: f"<html><head></head><body>{''.join(parts)}</body></html>")


def dated() -> st.SearchStrategy[bytes]:
    """Pages full of dates."""
    loose = st.lists(st.sampled_from(_DATE_PIECES) | texts("dates").map(lambda text: text.encode("utf-8", "replace")), max_size=40)
    return mutated([_DATED.encode(), _DRAWN.encode()], _DATE_PIECES) | loose.map(lambda parts: b"<body><h1>FPT</h1>" + b"".join(parts))


def homes() -> st.SearchStrategy[bytes]:
    """Home pages, broken in places."""
    loose = st.lists(st.sampled_from([*_HOME_PIECES, *LIST_PIECES]), max_size=40).map(b"".join)
    return mutated([_HOME.encode(), _HOME.encode("utf-16"), LISTING.encode()], _HOME_PIECES) | loose


def heads() -> st.SearchStrategy[Any]:
    """Headers of an answer."""
    value = st.lists(st.sampled_from(_VALUES) | st.binary(max_size=8), max_size=6).map(b"".join)
    return st.dictionaries(st.sampled_from(_HEADER_NAMES), value, max_size=len(_HEADER_NAMES))
