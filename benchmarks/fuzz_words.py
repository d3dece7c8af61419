"""What the fuzzer mutates and puts together: documents, pages, addresses, texts that mean harm."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

_RSS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Báo</title><link>https://fuzz.example/</link><language>vi</language><ttl>60</ttl>'
    '<item><title>FPT ký hợp đồng</title><link>https://fuzz.example/1</link><guid isPermaLink="false">g1</guid><pubDate>Mon, 23 Nov 2026 05:00:00 +0700</pubDate>'
    "<description><![CDATA[<p>Một <b>đoạn</b> &amp; hai</p>]]></description><content:encoded><![CDATA[<p>Nội dung</p><script>x</script>]]></content:encoded><dc:creator>Ai</dc:creator></item>"
    '<item><title>Hai &lt;b&gt; &amp;amp; ba</title><link>/2</link><guid>https://fuzz.example/2</guid><media:description>x</media:description><source url="https://a.example/">A</source></item>'
    "</channel></rss>"
)
_ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>News</title><link href="https://fuzz.example/"/><updated>2026-11-23T00:00:00Z</updated>'
    '<entry><id>tag:fuzz.example,2026:1</id><title type="html">Mila &lt;i&gt;opens&lt;/i&gt;</title><link rel="alternate" href="https://fuzz.example/1"/><published>2026-11-23T00:00:00Z</published>'
    '<updated>2026-11-23T01:00:00+07:00</updated><author><name>A</name></author><summary>Short</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Long</p></div></content></entry></feed>'
)
_RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>R</title><link>https://fuzz.example/</link></channel>'
    '<item rdf:about="https://fuzz.example/1"><title>FUNiX</title><link>https://fuzz.example/1</link><description>d</description></item></rdf:RDF>'
)
_JSON = (
    '{"version":"https://jsonfeed.org/version/1.1","title":"J","home_page_url":"https://fuzz.example/","items":[{"id":"1","url":"https://fuzz.example/1","title":"FPT","content_html":"<p>x</p>",'
    '"date_published":"2026-11-23T00:00:00Z","authors":[{"name":"A"}]},{"id":2,"external_url":"https://a.example/"}]}'
)
_PAGE = (
    '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>FPT mở trung tâm - Báo</title><meta property="og:type" content="article"><meta property="og:title" content="FPT mở trung tâm">'
    '<link rel="canonical" href="https://fuzz.example/news/1.html"><script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"FPT mở trung tâm",'
    '"datePublished":"2026-11-23T01:00:00+07:00","author":[{"@type":"Person","name":"Ai"}],"articleBody":""}</script></head><body><nav><a href="/">Trang chủ</a></nav><article><h1>FPT mở trung tâm</h1>'
    "<time datetime=\"2026-11-23\">23/11/2026</time><p>Tập đoàn FPT vừa mở trung tâm nghiên cứu mới tại Quy Nhơn với hai nghìn kỹ sư, theo thông báo sáng nay.</p><p>Đoạn thứ hai dài hơn một chút để máy tin.</p>"
    "<table><tr><td>a</td></tr></table></article><aside class='related'>Tin liên quan</aside><footer>© 2026</footer></body></html>"
)  # fmt: skip
_PIECES = [
    b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"</link>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&amp;", b"&#0;", b"&#x110000;", b"&nosuch;", b"&#xd800;", b"<p>" * 50, b"</div>" * 20,
    b"<a href='", b"'", b'"', b">", b"<", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x80", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<?xml version='1.0' encoding='utf-16'?>", b"xmlns:x='y' ", b"<x:y z='",
    b"<script>", b"</script>", b"<style>", b"<pubDate>9999-12-31T23:59:59Z</pubDate>", b"<pubDate>0000</pubDate>", b"{", b"}", b"[", b"]", b'":', b",", b"\\u0000", b"1e999", b"<div>" * 300, b"\r\n", b" " * 300,
    b"<meta charset='utf-7'>", b"<base href='javascript:1'>", b"<html>", b"<rss>", b"<feed>", b"<entry>", "‮​é".encode(), b"<svg><![CDATA[", b"<table><td>", b"<select><option>", b"<link rel=alternate type=text/xml href=/x>",
]  # fmt: skip
_LIVE = [
    "<script>alert(1)</script>", "\x1b]0;x\x07", "\x1b[2J", "\x9b31m", "\r\nBcc: a@b.example\r\n", "=?utf-8?q?a=0d=0aBcc:_x@y.example?=", "=HYPERLINK(\"http://evil\")", "+1", "-2+3", "@SUM(1)", "\t=1", "＝1",
    "](javascript:1)", "![x](http://e/x.png)", "{{7*7}}", "{% raw %}", "\u202e", "\u200b", "\ud800", "\x00", "\u2028", "]]>", "-->", "</style>", "\"'><img src=x onerror=1>", "# h", "- l", "1. x", "```", "| a | b |\n|-|-|",
    "<http://e.example>", "javascript:alert(1)", "data:text/html,x", "&lt;script&gt;", "\\", "`", "*", "_", "~~", "\n.\n", "\x85", "\ufeff", "\U000e0041", "<!--", "http://e.example/ ", "Content-Type: text/html", "\xad", "%0d%0a", "FPT", "　",
]  # fmt: skip
_NAMES = [
    "FPT", "fpt", "F.P.T", "FPT Software", "Mila", "MILA", "mila", "Mila Kunis", "FUNiX", "Funix", "FPT Industrial", "tập đoàn", "Institut québécois", "Yoshua Bengio", "Đại học FPT", "học viện", "\n", ". ", ", ", "-", "FPT-", "’s",
    "Ｆ", "ＦＰＴ", "ﬁ", "İ", "ß", "e\u0301", "Mi\u0301la", "FPT\u200b", "日本", "của", "AI ", "nhà cái", "cá cược", "casino", " ", "  ", "\u00a0",
]  # fmt: skip
_DATES = [
    "Mon", ", ", "23", " ", "Nov", "2026", "0000", "9999", "05:00:00", "+0700", "+9999", "-00:00", "GMT", "Z", "T", "/", "-", ".", "ngày ", " tháng ", " năm ", "tháng", "年", "月", "日", "24:00", "23:59:60", "AM", "p.m.", "12h30", "0",
    "99", "32", "13", "décembre", "août", "1er", "60", "(", ")", "−", "٣", "²", "W",
]  # fmt: skip
_QUERY = [
    '"',
    "*",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "NEAR(",
    ":",
    "^",
    "-",
    "+",
    "'",
    ";",
    "--",
    "/*",
    "%",
    "_",
    "\\",
    "\x00",
    "title:",
    "FPT",
    "đ",
    "{",
    "}",
    "words MATCH",
    "!",
    "&",
    "|",
    "<->",
    "\ud800",
    " ",
    "a" * 300,
]
_URLS = [
    "http://", "https://", "HTTP://", "//", "ftp://", "javascript:", "file:///etc/passwd", "a.example", "www.", "m.", "amp.", "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "0x7f.1", "2130706433", "１２７", "xn--", "münchen.example", ":80", ":99999", ":",
    "user:pw@", "@", "/", "//", "/..", "/amp", "index.html", "?", "utm_source=x", "&", "=", "#", "#!x", "%", "%00", "%2f", "%zz", "\x00", "\n", "\t", " ", "ü", "\u202e", "\ud800", "\\", "a" * 300, ".", "..", "localhost", "。", "news.google.com/rss/articles/",
    "CBMi", "www.bing.com/news/apiclick.aspx?url=https%3a%2f%2fa.example", ";", "|", "[", "]", "co.uk", "com.vn",
]  # fmt: skip
_ROBOTS = [
    b"User-agent: *\n", b"User-agent: media-monitor\n", b"Disallow: /\n", b"Allow: /x*\n", b"Disallow: /*" + b"*a" * 40 + b"$\n", b"Crawl-delay: 31536000\n", b"Crawl-delay: -1\n", b"Crawl-delay: nan\n", b"Crawl-delay: inf\n", b"Crawl-delay: 1e309\n",
    b"Sitemap: http://127.0.0.1/\n", b"\x00", b"\xff", b"\r", b"#", b":", b" ", b"Disallow", b"\xef\xbb\xbf", b"Disallow: " + b"x" * 3_000 + b"\n", b"<html>", b"Request-rate: 1/0\n", b"Visit-time: 9999-0000\n", b"%", b"$", b"*",
]  # fmt: skip


def mutated(bodies: list[bytes], pieces: list[bytes]) -> st.SearchStrategy[bytes]:
    """A body with a few pieces cut out, put in or doubled."""

    @st.composite
    def made(draw: Any) -> bytes:
        body: bytes = draw(st.sampled_from(bodies))
        for _ in range(draw(st.integers(0, 6))):
            at = draw(st.integers(0, max(len(body), 1)))
            to = at + draw(st.integers(0, 80))
            how = draw(st.integers(0, 3))
            if how == 0:
                body = body[:at] + body[to:]
            elif how == 1:
                body = body[:at] + draw(st.sampled_from(pieces) | st.binary(max_size=12)) + body[at:]
            elif how == 2:
                body = body[:at] + body[at:to] * draw(st.integers(2, 60)) + body[to:]
            else:
                body = body[:at] + draw(st.sampled_from(pieces)) * draw(st.integers(1, 200)) + body[to:]
        return body

    return made()


def documents() -> st.SearchStrategy[bytes]:
    """Feeds, broken in places."""
    bodies = [one.encode() for one in (_RSS, _ATOM, _RDF, _JSON, _PAGE)] + [_RSS.replace("utf-8", "utf-16").encode("utf-16")] + seeds()
    return mutated(bodies, _PIECES) | st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join) | st.binary(max_size=400)


def pages() -> st.SearchStrategy[bytes]:
    """Pages, broken in places."""
    return mutated([_PAGE.encode(), _PAGE.encode("utf-16"), _RSS.encode()], _PIECES) | st.lists(st.sampled_from(_PIECES), max_size=40).map(
        lambda parts: b"<html><body><p>" + b"".join(parts)
    )


def robots() -> st.SearchStrategy[bytes]:
    """robots.txt of any kind."""
    return st.lists(st.sampled_from(_ROBOTS) | st.binary(max_size=20), max_size=30).map(b"".join)


_ODD_DIGITS = ["²", "5²", "1²3", "①", "٣", "½", "１２", "³/4", "10²%"]  # Python takes some of them for digits, and few for a number


def texts(kind: str = "") -> st.SearchStrategy[str]:
    """Texts put together from words of a kind and from anything else."""
    words = {"live": _LIVE, "names": _NAMES, "dates": _DATES, "query": _QUERY}.get(kind, _LIVE + _NAMES) + _ODD_DIGITS
    anything = st.text(max_size=8) | st.text(st.characters(), max_size=4)
    return st.lists(st.sampled_from(words) | anything, max_size=40).map("".join) | st.tuples(
        st.sampled_from(words), st.integers(1, 3_000)
    ).map(lambda pair: pair[0] * pair[1])


def urls() -> st.SearchStrategy[str]:
    """Addresses of any kind."""
    return st.lists(st.sampled_from(_URLS) | st.text(max_size=4), max_size=12).map("".join)


def digest_of(headline: str, words: str, outlet: str, url: str, now: datetime) -> Any:
    """A digest of one story with a stranger's words wherever they can stand; the words raw, as if nothing had cleaned them."""
    from monitor.digest.build import build
    from storage.condition import Ail, Ailment, Coverage
    from storage.items import Article, Mention, StoredArticle, Story

    mention = Mention(topic="FPT", alias=words[:20], field="text", start=0, end=20, snippet=words, snippet_start=0, unit=f"FPT › {outlet}")
    stored = [
        StoredArticle(
            id=number, story_id=1, copy_id=number, first_seen=now - timedelta(hours=1), mentions=(mention,),
            article=Article(url=url, title=headline, text=words, summary=words, outlet=f"{number}{outlet}", outlet_host="", language=words[:12], authors=(outlet,)),
        )
        for number in (1, 2)
    ]  # fmt: skip
    bad = Ailment(source_id=outlet or "x", kind=Ail.FAILING, word=words[:64], detail=words, since=now, began=now)
    coverage = Coverage(since=now - timedelta(days=1), until=now, due=2, read=1, ailing=(bad,), outlets={outlet or "x": outlet})
    made = build(
        (Story(id=1, articles=tuple(stored)),), coverage=coverage, topics=["FPT"], name="daily", day=now.date(), edition=1, now=now,
        since=now - timedelta(days=1), until=now, timezone="Asia/Ho_Chi_Minh", language="en", lead=lambda story: story.articles[0],
    )  # fmt: skip
    return made, stored[0]


def seeds() -> list[bytes]:
    """Files of the folder that FUZZ_SEEDS names, small ones, by name."""
    folder = os.environ.get("FUZZ_SEEDS", "")
    if not folder:
        return []
    return [path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file() and path.stat().st_size < 40_000][:400]
