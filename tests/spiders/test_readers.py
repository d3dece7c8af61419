"""The readers: every quirk of real feeds that we know of, in feeds of our own writing."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.readers import feed, links
from spiders.readers.alternates import find_feeds
from spiders.readers.dates import read_date, stamped_date
from spiders.readers.fast import read_fast
from spiders.readers.tolerant import read_tolerant
from storage.errors import ReadError
from storage.identity import LONGEST_URL, canonical_url
from storage.items import Kind, Source

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
VIETNAM = Source(id="vn", url="https://bao.example/rss", timezone="Asia/Ho_Chi_Minh", outlet="Báo", language="vi")
ENGINE = Source(id="google", url="https://news.google.com/rss/search?q=x", kind=Kind.SEARCH)


def read(body: str | bytes, source: Source = VIETNAM, content_type: str | None = None) -> feed.Reading:
    raw = body.encode() if isinstance(body, str) else body
    return feed.read_feed(raw, source=source, url=source.url, content_type=content_type, now=NOW)


def rss(items: str, head: str = "") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>T</title><link>https://bao.example/</link>{head}{items}</channel></rss>'


def item(**parts: str) -> str:
    given_parts = {"title": "Tin", "link": "https://bao.example/tin-1.html"} | parts
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in given_parts.items()) + "</item>"


DATES = [
    ("Mon, 05 Oct 2026 11:00:00 +0700", "UTC", "2026-10-05T04:00"),
    ("Mon, 05 Oct 26 14:10:00 +0700", "UTC", "2026-10-05T07:10"),
    ("Mon, 05 Oct 2026 11:07:00 +07", "UTC", "2026-10-05T04:07"),
    ("10/2/2026 9:25:00 AM", "Asia/Ho_Chi_Minh", "2026-10-02T02:25"),
    ("11/19/2026 9:49:50 PM", "Asia/Ho_Chi_Minh", "2026-11-19T14:49"),
    ("12/1/2026 12:05:00 AM", "UTC", "2026-12-01T00:05"),
    ("Mon, 04 May 2026 12:05:08 GMT+7", "UTC", "2026-05-04T05:05"),
    ("Thứ 5, 28/05/2026 17:00:00 GMT+7", "UTC", "2026-05-28T10:00"),
    ("Thứ hai, 23/11/2026, 09:30 (GMT+7)", "UTC", "2026-11-23T02:30"),
    ("Wednesday, February 25, 2026 - 21:07", "America/Toronto", "2026-02-26T02:07"),
    ("2026-10-05T11:00:00.123-04:00", "UTC", "2026-10-05T15:00"),
    ("20261005T110000Z", "UTC", "2026-10-05T11:00"),
    ("Tue, 6 Oct 2026 08:00:00 EST", "UTC", "2026-10-06T13:00"),
    ("5 octobre 2026 à 14 h 30", "America/Toronto", "2026-10-05T18:30"),
    ("1er janvier 2026", "Europe/Paris", "2025-12-31T23:00"),
    ("ngày 5 tháng 10 năm 2026", "Asia/Ho_Chi_Minh", "2026-10-04T17:00"),
    ("05.10.2026", "Europe/Berlin", "2026-10-04T22:00"),
    ("2026年10月5日 11:00", "Asia/Tokyo", "2026-10-05T02:00"),
    ("Mon Oct  5 11:00:00 2026", "UTC", "2026-10-05T11:00"),
    ("Nov 20, 2026 at 6:05 p.m. EST", "UTC", "2026-11-20T23:05"),
    ("14:23 05/10/2026", "Asia/Ho_Chi_Minh", "2026-10-05T07:23"),
    ("25/12/2025", "UTC", "2025-12-25T00:00"),
    ("17/11/2026 8:30 tối", "Asia/Ho_Chi_Minh", "2026-11-17T13:30"),
    ("17/11/2026 12:15 SA", "Asia/Ho_Chi_Minh", "2026-11-16T17:15"),
    ("22/11/2026 3:15:00 CH", "Asia/Ho_Chi_Minh", "2026-11-22T08:15"),
    ("06/11/2026 3:15 CH", "Asia/Ho_Chi_Minh", "2026-11-06T08:15"),
    ("Tháng Mười Hai 21, 2025", "Asia/Ho_Chi_Minh", "2025-12-20T17:00"),
    ("21 Tháng 11, 2026", "Asia/Ho_Chi_Minh", "2026-11-20T17:00"),
    ("12 novembre 2026 à 9h", "Europe/Paris", "2026-11-12T08:00"),
    ("11/05/2026", "America/Chicago", "2026-11-05T06:00"),
    ("11-05-2026", "America/Chicago", "2026-05-11T05:00"),
    ("25/11/2026", "America/Chicago", "2026-11-25T06:00"),
]


@pytest.mark.parametrize(("text", "zone", "expected"), DATES)
def test_dates_as_outlets_write_them(text: str, zone: str, expected: str) -> None:
    found = read_date(text, zone)
    assert found is not None
    assert found.isoformat()[:16] == expected


@pytest.mark.parametrize("text", ["", "yesterday", "0000-00-00", "31/02/2026", "Mon, 99 Oct 2026", "1:2:3", "9" * 500])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = read_date(text, "America/Toronto")
    assert found is None or found.tzinfo is UTC


def test_house_numbers_hold_the_date_where_the_feed_gives_none() -> None:
    url = "https://tuoitre.vn/mot-tin-moi-100261123093015123.htm"
    assert stamped_date(url, "tuoitre.vn", "Asia/Ho_Chi_Minh") == datetime(2026, 11, 23, 2, 30, 15, tzinfo=UTC)
    assert stamped_date(url, "other.vn", "Asia/Ho_Chi_Minh") is None
    assert read(rss(item(link=url))).entries[0].published == datetime(2026, 11, 23, 2, 30, 15, tzinfo=UTC)


def test_a_date_in_the_future_is_clamped_and_kept_as_stated() -> None:
    (entry,) = read(rss(item(pubDate="Mon, 23 Nov 2026 23:00:00 +0700"))).entries
    assert entry.published == NOW
    assert "23:00" in entry.stated_date


def test_entries_and_addresses_are_bounded_however_they_are_read() -> None:
    many = "".join(item(title=f"Tin {number}", link=f"https://a.example/{number}") for number in range(feed.MOST_ENTRIES + 5))
    for written in (rss(many), rss(many + " & ")):  # by the fast road, and by feedparser
        reading = read(written)
        assert (len(reading.entries), reading.capped) == (feed.MOST_ENTRIES, True)
    assert feed.MOST_ENTRIES == 1_000
    long = f"https://a.example/{'x' * LONGEST_URL}"
    assert canonical_url(long) == "" and links.absolute("https://a.example/", f"/{'x' * LONGEST_URL}") == ""
    for host in ("a." * 200 + "example", "ạ." * 200 + "example"):
        assert canonical_url(f"https://{host}/1") == "" and links.absolute("https://a.example/", f"https://{host}/1") == ""
    assert [entry.url for entry in read(rss(item(link=long) + item(link="https://a.example/2"))).entries] == ["https://a.example/2"]


@pytest.mark.parametrize("part", ["title", "description", "author", "pubDate", "guid", "link"])
def test_what_a_crawl_reads_in_its_own_process_costs_it_little(part: str) -> None:
    """The fast road has no limit of time: whatever stands in half a megabyte, it takes far less than a second."""
    for piece in ("<div>", "<a ", "<!--", "&", "&#x", "&lt;div&gt;", "1 ", "\u202e", "e\u0301", "ạ.", "<table><tr><td>"):
        words = f"<![CDATA[{'https://' if part == 'link' else ''}{piece * (250_000 // len(piece))}]]>"
        began = time.process_time()
        reading = feed.read_quickly(
            rss(item(**({"link": "https://a.example/1"} | {part: words}))).encode(), source=VIETNAM, url=VIETNAM.url, now=NOW
        )
        assert time.process_time() - began < 1 and reading is not None, piece
    wide = "".join(f"<item><link>https://{'ạ.' * 600}example/{number}</link></item>" for number in range(200))
    began = time.process_time()
    assert feed.read_quickly(rss(wide).encode(), source=VIETNAM, url=VIETNAM.url, now=NOW) is not None
    assert time.process_time() - began < 1


def test_titles_in_cdata_with_entities_and_summaries_with_markup() -> None:
    body = rss(
        item(
            title="<![CDATA[Ng&ocirc;i sao &amp; FPT]]>",
            description="<![CDATA[<a href='x'><img src='y'></a></br>(Báo) - T&#243;m t&#7855;t <b>ngắn</b>.]]>",
        )
    )
    (entry,) = read(body).entries
    assert entry.title == "Ngôi sao & FPT"
    assert entry.summary == "(Báo) - Tóm tắt ngắn ."


def test_ten_items_with_one_guid_stay_ten() -> None:
    items = "".join(item(guid="same", link=f"https://bao.example/{number}", title=f"Tin {number}") for number in range(10))
    keys = [entry.key for entry in read(rss(items)).entries]
    assert len(set(keys)) == 10


def test_relative_links_bad_schemes_and_missing_links() -> None:
    items = (
        item(link="/tin-2.html") + item(link="javascript:alert(1)", guid="a") + item(link="file:///etc/passwd", guid="b") + item(link="")
    )
    reading = read(rss(items))
    assert [entry.url for entry in reading.entries] == ["https://bao.example/tin-2.html"]


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n  " + rss(item()).encode(),
        b"\xef\xbb\xbf" + rss(item()).encode(),
        rss(item()).replace("utf-8", "utf-16").encode("utf-16"),
        rss(item(title="Tin &nbsp; &eacute; & <b>x")).encode(),
        rss(item()).encode()[:-20],
        rss(item(title="a\x0bb")).encode(),
        rss(item(title="Café")).replace("utf-8", "iso-8859-1").encode("latin-1"),
    ],
    ids=["blank lines first", "byte order mark", "utf-16", "not well-formed", "cut off", "control character", "latin-1"],
)
def test_broken_and_odd_documents_are_read_all_the_same(body: bytes) -> None:
    (entry,) = read(body).entries
    assert entry.url == "https://bao.example/tin-1.html"
    assert entry.title


def test_atom_and_rss_1_and_json_feed() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>urn:1</id><title type="html">Mila &amp;amp; FPT</title>'
        '<link rel="self" href="https://a.example/self"/><link href="https://a.example/1"/><updated>2026-11-22T10:00:00Z</updated></entry></feed>'
    )
    (entry,) = read(atom).entries
    assert (entry.key, entry.url, entry.title) == ("urn:1", "https://a.example/1", "Mila & FPT")
    assert entry.published == datetime(2026, 11, 22, 10, tzinfo=UTC)
    several = atom.replace('<link href="https', '<link type="text/gemini" href="gemini://a.example/1"/><link href="https')
    assert [entry.url for entry in read(several).entries] == ["https://a.example/1"]
    rdf = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel rdf:about="x"><title>N</title></channel><item rdf:about="https://n.example/1"><title>One</title>'
        "<link>https://n.example/1</link><dc:date>2026-11-22</dc:date></item></rdf:RDF>"
    )
    (entry,) = read(rdf).entries
    assert (entry.title, entry.url) == ("One", "https://n.example/1")
    (entry,) = read(
        rdf.replace("</channel>", "").replace("</item>", "</item></channel>")
    ).entries  # items inside the channel, as in RSS 2.0
    assert (entry.title, entry.url) == ("One", "https://n.example/1")
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [{"id": 7, "url": "https://j.example/7", "title": "Seven", "content_html": "<p>Hi</p>"}],
    }
    (entry,) = read(json.dumps(document)).entries
    assert (entry.key, entry.title, entry.summary) == ("7", "Seven", "Hi")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<!doctype html><html><head><title>Just a moment...</title></head></html>", "Just a moment"),
        (b'{"error": "no"}', "no JSON Feed"),
        (b"The query was too short.", "no feed"),
        (b"<rss" + b"<" * 200, "before its first entry"),
        (b"<rss version='2.0'><channel><title>FPT</title><li", "before its first entry"),
    ],
)
def test_what_is_no_feed_is_told(body: bytes, said: str) -> None:
    with pytest.raises(ReadError, match=said):
        read(body)


def test_a_feed_that_is_closed_may_be_empty_however_badly_it_is_written() -> None:
    assert read(b"<rss version='2.0'><channel><title>A & B</title></channel></rss>").entries == ()
    assert read(b"<feed xmlns='http://www.w3.org/2005/Atom'><title>A & B</title></feed>\n<!-- made in 3 ms -->").entries == ()


def token(address: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(b"\x08\x13\x22" + bytes([len(address)]) + address + b"\xd2\x01\x00").decode().rstrip("=")


def test_google_links_are_turned_back_where_they_can_be() -> None:
    old = f"https://news.google.com/rss/articles/{token(b'https://bao.example/tin-1.html')}?oc=5"
    new = f"https://news.google.com/rss/articles/{token(b'AU_yqL' + b'x' * 60)}?oc=5"
    items = "".join(
        f"<item><title>FPT ký với Mila - Báo - Mới</title><link>{link}</link><guid isPermaLink='false'>{number}</guid>"
        f"<source url='https://bao.example'>Báo - Mới</source><description>&lt;a href='x'&gt;FPT ký với Mila&lt;/a&gt;&amp;nbsp;&amp;nbsp;&lt;font&gt;Báo - Mới&lt;/font&gt;</description></item>"
        for number, link in enumerate((old, new))
    )
    open_, opaque = read(rss(items), ENGINE).entries
    assert (open_.url, open_.opaque) == ("https://bao.example/tin-1.html", False)
    assert (opaque.url, opaque.opaque) == (new, True)
    for entry in (open_, opaque):
        assert (entry.title, entry.summary) == ("FPT ký với Mila", "")
        assert (entry.outlet, entry.outlet_url) == ("Báo - Mới", "https://bao.example")


def test_bing_links_are_turned_back() -> None:
    link = "http://www.bing.com/news/apiclick.aspx?ref=FexRss&amp;url=https%3a%2f%2fbao.example%2ftin%3fa%3d1&amp;c=1"
    body = rss(
        f'<item><title>T</title><link>{link}</link><News:Source xmlns:News="https://www.bing.com/news/search?q=x">Reuters on MSN</News:Source></item>'
    )
    (entry,) = read(body, ENGINE).entries
    assert (entry.url, entry.outlet) == ("https://bao.example/tin?a=1", "Reuters")
    assert links.unwrap("https://www.bing.com/news/apiclick.aspx?x=1") is None


def test_the_feeds_wishes_and_its_size_are_read() -> None:
    reading = feed.read_feed(
        rss("".join(item(link=f"https://bao.example/{n}") for n in range(30)), "<ttl>60</ttl>").encode(),
        source=VIETNAM, url=VIETNAM.url, now=NOW, most=20,
    )  # fmt: skip
    assert reading.ttl is not None
    assert reading.ttl.total_seconds() == 3_600
    assert (len(reading.entries), reading.capped) == (20, True)


def test_a_page_names_its_feeds() -> None:
    page = b"""<html><head><link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
    <link rel=alternate type='application/atom+xml' href='/feed.atom'><link rel="stylesheet" href="x.css"></head>"""
    assert [link.url for link in find_feeds(page, "https://a.example/b/")] == [
        "https://a.example/feed.atom",
        "https://a.example/comments/feed/",
    ]


@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: rss(item(title=text)).encode("utf-8", "replace")))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_reading_or_a_read_error(body: bytes) -> None:
    try:
        reading = read(body)
    except ReadError:
        return
    assert all(entry.url.startswith("http") for entry in reading.entries)


def test_entities_are_not_expanded() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + rss(item(title="&b;")).partition("?>")[2]
    )
    assert read_fast(bomb.encode(), 10) is None
    assert all("aaaaaaaaaaaa" not in entry.title for entry in read(bomb).entries)


@pytest.mark.corpus
def test_the_fast_road_reads_what_feedparser_reads(shared: Path) -> None:
    differing, fast = [], 0
    for path in sorted((shared / "feeds").glob("*.xml")):
        body = path.read_bytes()
        raw = read_fast(body, 1_000)
        if raw is None:
            continue
        fast += 1
        other = read_tolerant(body, None, 1_000)
        assert other is not None
        pairs = []
        for one in (raw, other):
            base = links.absolute("https://x.example/", one.home) or "https://x.example/"
            entries = feed._entries(one.entries, VIETNAM, base, NOW)
            pairs.append([(entry.key, entry.url, entry.title, entry.published, entry.summary) for entry in entries])
        if pairs[0] != pairs[1]:
            differing.append(path.name)
    assert differing == []
    assert fast >= 180
