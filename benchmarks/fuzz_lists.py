"""The fuzzer's part for what lists articles and sources: sitemaps, pages of links, JSON by a mapping, OPML, links that lead on."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from benchmarks.fuzz_checks import assert_clean
from benchmarks.fuzz_words import mutated, texts

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ZONE = "Asia/Ho_Chi_Minh"
_URL = "https://fuzz.example/list"


def sitemap(body: bytes, url: str) -> None:
    """A sitemap is a reading of web addresses with clean words, or a ReadError."""
    from spiders.readers.archives import is_monthly, of_month, period_of, worth_reading
    from spiders.readers.sitemap import MOST_ADDRESSES, read_sitemap
    from storage.errors import ReadError
    from storage.text import TITLE_LIMIT

    url = asked(url)
    for since in (None, NOW - timedelta(days=2)):
        try:
            reading = read_sitemap(body, url=url, zone=ZONE, now=NOW, since=since)
        except ReadError as error:
            assert_clean(str(error), 1_000)
            return
        assert len(reading.listed) <= MOST_ADDRESSES
        assert len(reading.children) <= MOST_ADDRESSES
        for one in reading.listed:
            assert is_web(one.url)
            assert one.published is None or one.published <= NOW
            assert one.updated is None or one.updated <= NOW
            assert_clean(one.title, TITLE_LIMIT)
            for word in (one.stated, one.language, one.outlet):
                assert_clean(word, 200)
        for child in reading.children:
            assert is_web(child.url)
            period_of(child.url)
            if is_monthly(child.url):
                of_month(child.url, NOW, ZONE, back=3)
        worth_reading(reading.children, since)


def listing(body: bytes, encoding: str | None, url: str) -> None:
    """A page of links is a list of web addresses with clean headlines, or a ReadError; its next page stays on the site."""
    from spiders.readers.listing import MOST_LINKS, read_listing
    from storage.errors import ReadError
    from storage.identity import outlet_host
    from storage.text import TITLE_LIMIT

    url = asked(url)
    try:
        reading = read_listing(body, url=url, encoding=encoding, zone=ZONE, now=NOW)
    except ReadError as error:
        assert_clean(str(error), 1_000)
        return
    assert len(reading.links) <= MOST_LINKS
    for link in reading.links:
        assert is_web(link.url)
        assert link.published is None or link.published <= NOW
        assert_clean(link.title, TITLE_LIMIT)
        assert_clean(link.stated, 200)
    assert_clean(reading.why, 1_000)
    assert len(reading.shape) <= 500
    reading.shape.encode()
    assert not reading.next or outlet_host(reading.next) == outlet_host(url)


def mapped(body: bytes, fields: dict[str, str]) -> None:
    """JSON read by any mapping is a reading of clean entries or a ReadError."""
    from spiders.readers.feed import read_feed
    from storage.errors import ReadError
    from storage.items import Kind, Source
    from storage.text import SUMMARY_LIMIT, TITLE_LIMIT

    source = Source(id="fuzz", url=_URL, kind=Kind.JSON, language="vi", timezone=ZONE, fields=tuple(sorted(fields.items())))
    try:
        reading = read_feed(body, source=source, url=_URL, content_type="application/json", now=NOW)
    except ReadError as error:
        assert_clean(str(error), 1_000)
        return
    for entry in reading.entries:
        assert is_web(entry.url)
        assert entry.published is None or entry.published <= NOW
        assert_clean(entry.title, TITLE_LIMIT)
        assert_clean(entry.summary, SUMMARY_LIMIT)
        for word in (*entry.authors, entry.outlet, entry.stated_date, entry.key):
            assert_clean(word, 255)


def opml(data: bytes) -> None:
    """An OPML file is a list of sources that may be asked, or a UsageError; what is written of it is read again as the same."""
    from monitor.opml import MOST, read_opml, write_opml
    from storage.errors import UsageError

    try:
        found, unusable = read_opml(data, name="list.opml")
    except UsageError as error:
        assert_clean(str(error), 1_000)
        return
    assert len(found) <= MOST
    for bad in unusable:
        assert_clean(bad.name, 200)
        assert_clean(bad.why, 2_000)
    for one in found:
        assert is_web(one.source.url)
        assert_clean(one.source.outlet, 300)
        for label in one.source.groups:
            assert_clean(label, 200)
    again, refused = read_opml(write_opml(found, title="all"), name="again.opml")
    assert not refused
    assert sorted(one.source.url for one in again) == sorted(one.source.url for one in found)


def links(body: bytes, url: str) -> None:
    """Links that lead on stay on their site."""
    from spiders.readers.anchors import MOST_LINKS, read_anchors, site_of
    from spiders.readers.engines import most_results, notice_of
    from spiders.readers.past import between, has_windows, next_archive

    url = asked(url)
    found = read_anchors(body, url=url)
    assert len(found) <= MOST_LINKS
    for one in found:
        assert is_web(one)
        assert site_of(one) == site_of(url)
    before = next_archive(body, url)
    assert not before or urlsplit(before).hostname == urlsplit(url).hostname
    has_windows(url)
    between(url, NOW - timedelta(days=9), NOW, NOW)
    assert 1 <= most_results(url) <= 250
    for engine in ("https://api.gdeltproject.org/", url):
        if notice := notice_of(engine, body):
            assert_clean(notice.said, 320)


def asked(url: str) -> str:
    """An address as it can have been asked for: a link that was followed."""
    from spiders.readers.links import absolute

    return absolute(_URL, url) or _URL


def is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


# ---------------------------------------------------------------------- what is mutated

_SITEMAP = (
    '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
    "<url><loc>https://fuzz.example/tin/fpt-mo-trung-tam-1234567.html</loc><lastmod>2026-11-23T05:00:00+07:00</lastmod><news:news><news:publication><news:name>Báo</news:name>"
    "<news:language>vi</news:language></news:publication><news:publication_date>2026-11-23</news:publication_date><news:title>FPT mở trung tâm &amp; hơn</news:title></news:news></url>"
    "<url><loc>/hai?a=1&amp;b=2</loc><lastmod>2020-02-30</lastmod></url></urlset>"
)
_INDEX = (
    '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://fuzz.example/sitemap-2026-11.xml</loc><lastmod>2026-11-23</lastmod></sitemap>'
    "<sitemap><loc>https://fuzz.example/sitemap-2026-10.xml.gz</loc></sitemap></sitemapindex>"
)
_LINES = "https://fuzz.example/a\nhttps://fuzz.example/b\nhttps://fuzz.example/c\n"
_ROBOTS = "User-agent: *\nDisallow:\nSitemap: https://fuzz.example/sitemap.xml\nSITEMAP:/b.xml\n"
_CARD = (
    '<div class="item-news thumb-{n}"><h3 class="title-news"><a href="/kinh-doanh/fpt-mo-trung-tam-nghien-cuu-so-{n}-48000{n}.html" title="FPT">FPT mở trung tâm nghiên cứu số {n}</a></h3>'
    '<span class="time">{n}/11/2026 07:0{n}</span><p class="description">Tóm tắt</p><img src="/a.jpg"></div>'
)
LISTING = (
    "<!DOCTYPE html><html><head><meta charset='utf-8'><title>Kinh doanh</title></head><body><nav><a href='/'>Trang chủ</a></nav><main>"
    + "".join(_CARD.format(n=number) for number in range(1, 8))
    + '</main><div class="pagination"><a href="/list?page=2">2</a><a rel="next" href="/list?page=2">Trang sau</a></div></body></html>'
)
_ANSWER = (
    '{"status":"ok","data":[{"articles":[{"link":"https://fuzz.example/1","title":{"rendered":"FPT &amp; b"},"date":1795392000,"changed":"2026-11-23T01:00:00Z","tags":["a",1],'
    '"text":"<p>x</p>","by":{"name":"Ai"},"id":7},{"link":"/2","title":"Hai","date":1795392000000,"id":null}]}],"next":null}'
)
_OPML = (
    '<?xml version="1.0" encoding="UTF-8"?><opml version="2.0" xmlns:mm="urn:media-monitor:opml"><head><title>t</title></head><body><outline text="Báo"><outline text="Việt">'
    '<outline type="rss" text="Báo A" title="A" xmlUrl="https://fuzz.example/rss" htmlUrl="https://fuzz.example/" language="vi-VN" category="/a,/b" x="1"/></outline></outline>'
    '<outline text="S" type="link" url="https://fuzz.example/sitemap.xml" mm:kind="sitemap" mm:id="s" mm:interval="30" mm:labels="[&quot;a&quot;]" mm:only="^x" mm:country="VN"/>'
    '<outline XMLURL="feed://fuzz.example/b" text=""/></body></opml>'
)
PIECES = [
    b"<loc>", b"</loc>", b"<url>", b"</url>", b"<sitemap>", b"<urlset>", b"<news:news>", b"<news:title>", b"</news:title>", b"<lastmod>", b"9999-12-31T23:59:59Z", b"0000-00-00", b"0001-01-01T00:00:00+14:00", b"http://", b"//", b"javascript:1",
    b"file:///etc/passwd", b"http://[::1", b"http://127.0.0.1/", b"<a href='", b"<a href='/bai-viet-rat-dai-ve-fpt-12345.html'>", b"</a>", b"<h3>", b"<time datetime='", b"<li class='", b"<nav>", b"rel='next' ", b"<base href='http://evil.example/'>",
    b"<outline ", b"</outline>", b"<outline text='a'>" * 60, b"xmlUrl='", b"mm:interval='99999999999999999999'", b"mm:interval='-1'", b"mm:kind='spider'", b"mm:labels='[1]'", b"text='\xe2\x80\xae'", b"{", b"}", b"[" * 200, b"]", b'"', b":", b",",
    b"null", b"1e999", b"-1", b"NaN", b"Infinity", b"1795392000000000000000000", b"\\ud800", b"\\u0000", b"true", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1f\x8b\x08\x00", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&#0;", b"&#xd800;", b"&x;",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<div>" * 300, b"</div>" * 20, b"<p>" * 50, b" " * 400, b"a" * 5_000, b"\r\n", "\u202e\u200be\u0301".encode(), b"?page=", b"/page/99999", b"&page=1", b"<?xml version='1.0' encoding='utf-16'?>", b"<x:y z='",
    b"</body>", b"</html>", b"2 gi\xe1\xbb\x9d tr\xc6\xb0\xe1\xbb\x9bc", b"99999999 days ago", b"<svg>", b"<template>", b"<select>", b"<table>", b"feed=", b"<link rel='next' href='//evil.example/'>", b"<generator>wordpress", b"\"next_url\": \"//e\"",
]  # fmt: skip
_PATHS = ["", "data", "data.0", "data.0.articles", "link", "title", "title.rendered", "date", "changed", "tags", "tags.99", "text", "by", "by.name", "id", "https://fuzz.example/{id}", "{link}", "{", ".", "..", "0", "٣", "²", "items"]  # fmt: skip
LISTING_URLS = st.sampled_from(
    [
        _URL,
        "https://vnexpress.net/kinh-doanh",
        "https://fuzz.example/list?page=2",
        "https://fuzz.example/page/99999",
        "https://fuzz.example/tin-tuc/p9.chn",
    ]
)


def sitemaps() -> st.SearchStrategy[bytes]:
    """Sitemaps of each kind, broken in places, some packed, some of those broken once more."""
    plain = mutated(
        [_SITEMAP.encode(), _INDEX.encode(), _LINES.encode(), _ROBOTS.encode(), _SITEMAP.replace("UTF-8", "utf-16").encode("utf-16")],
        PIECES,
    )
    packed = plain.map(lambda body: gzip.compress(body, 1))
    return plain | _soup() | packed | mutated([gzip.compress(_SITEMAP.encode(), mtime=0)], PIECES)


def listings() -> st.SearchStrategy[bytes]:
    """Pages of links, broken in places."""
    return mutated([LISTING.encode(), LISTING.encode("utf-16")], PIECES) | _soup().map(lambda body: b"<html><body>" + body)


def answers() -> st.SearchStrategy[bytes]:
    """JSON of interfaces: broken, and well-formed of any shape."""
    leaves: Any = (
        st.none() | st.booleans() | st.integers() | st.floats() | texts() | st.sampled_from(["https://fuzz.example/1", "2026-11-23"])
    )
    keys = st.sampled_from([path for path in _PATHS if path.isalpha()]) | st.text(max_size=3)
    grown = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12)
    return mutated([_ANSWER.encode()], PIECES) | grown.map(_dumped)


def mappings() -> st.SearchStrategy[dict[str, str]]:
    """Mappings as a configuration may give them."""
    from spiders.readers.mapped import FIELDS

    usual = st.just(
        {
            "items": "data.0.articles",
            "url": "link",
            "title": "title",
            "date": "date",
            "updated": "changed",
            "text": "text",
            "author": "by",
            "id": "id",
        }
    )
    return usual | st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(_PATHS) | st.text(max_size=6), max_size=10)


def outlines() -> st.SearchStrategy[bytes]:
    """OPML, broken in places."""
    return mutated([_OPML.encode(), _OPML.replace("UTF-8", "utf-16").encode("utf-16")], PIECES)


def _soup() -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=40).map(b"".join)


def _dumped(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()
