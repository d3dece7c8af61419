"""What a feed or a sitemap holds: bombs, entities, depth, charsets, lies about dates and identity."""

from __future__ import annotations

import json

from tests.hostile.case import Case, entry, named, one, page, rss, xml
from tests.spiders.site import Reply

_FAILED = ("unreadable", "not-a-feed")
_ANY = ("read", *_FAILED)
_BROKEN_OFF = ("too-large", "timeout")
_CROWD = (*_ANY, *_BROKEN_OFF)  # above a megabyte: many of them at once are broken off
LONG = "Một đoạn văn đủ dài về FPT Software và cảng Hải Bình, kể rõ ai ký, ký với ai, ở đâu và để làm gì trong năm tới."


def cases() -> list[Case]:
    """All of this file."""
    return [*_entities(), *_large(), *_charsets(), *_identity(), *_sitemaps()]


def _doctype(name: str, inner: str, use: str) -> Reply:
    return xml(
        f"<?xml version='1.0'?><!DOCTYPE rss {inner}><rss version='2.0'><channel><title>x</title><item><title>{named(f'sau {name}')} {use}</title><link>http://{name}.example/1</link></item></channel></rss>"
    )


def _entities() -> list[Case]:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    canary = "file:///proc/self/environ"
    inner = {
        "laughs": (f"[<!ENTITY l0 'lol'>{laughs}]", "&l9;"),
        "quadratic": (f"[<!ENTITY a '{'a' * 40_000}'>]", "&a;" * 2_000),
        "xxe-file": (f"[<!ENTITY x SYSTEM '{canary}'>]", "&x;"),
        "xxe-web": ("[<!ENTITY x SYSTEM 'http://tracker.example/x'>]", "&x;"),
        "xxe-inside": ("[<!ENTITY x SYSTEM 'http://127.0.0.1/secret'>]", "&x;"),
        "xxe-parameter": ("[<!ENTITY % p SYSTEM 'http://tracker.example/p'> %p;]", ""),
        "dtd-web": ("SYSTEM 'http://tracker.example/rss.dtd'", ""),
        "dtd-public": ("PUBLIC '-//X//Y' 'http://tracker.example/rss.dtd'", ""),
    }
    made = [
        Case(name=name, feed=_doctype(name, doctype, use), expect=_ANY, never=("PATH=", "lollol")) for name, (doctype, use) in inner.items()
    ]
    late = f"<?xml version='1.0'?>{'<!-- x -->' * 500}<!DOCTYPE rss [<!ENTITY x SYSTEM '{canary}'>]><rss version='2.0'><channel><item><title>{named('muộn')} &x;</title><link>http://xxe-late.example/1</link></item></channel></rss>"
    includes = (
        "<?xml version='1.0'?><?xml-stylesheet href='http://tracker.example/s.xsl' type='text/xsl'?><rss version='2.0' xmlns:xi='http://www.w3.org/2001/XInclude' xmlns:xlink='http://www.w3.org/1999/xlink' "
        f"xml:base='http://tracker.example/'><channel><xi:include href='{canary}' parse='text'/><image><url>http://tracker.example/i.png</url></image><item><title>{named('gộp vào')}</title>"
        "<link>http://includes.example/1</link><enclosure url='http://tracker.example/e.mp3' type='audio/mpeg'/><comments>http://tracker.example/c</comments><description>&lt;img src=&quot;http://tracker.example/p.gif&quot;&gt; chữ</description></item></channel></rss>"
    )
    made += [
        Case(name="xxe-late", feed=xml(late), expect=_ANY, never=("PATH=",)),
        Case(name="includes", feed=xml(includes), arrives=(named("gộp vào"),), never=("PATH=",)),
    ]
    return made


def _large() -> list[Case]:
    good = entry("x", 1, "x")
    attributes = " ".join(f"a{n}='1'" for n in range(60_000))
    spaces = " ".join(f"xmlns:n{n}='u{n}'" for n in range(20_000))
    many = "<i><link>http://a.example/</link></i>"
    return [
        Case(name="deep", feed=xml("<rss version='2.0'><channel>" + "<a>" * 100_000 + "FPT"), expect=_ANY),
        Case(name="deep-summary", feed=rss(entry("deep-summary", 1, named("sâu"), description="&lt;div&gt;" * 40_000)), arrives=(named("sâu"),)),
        Case(name="items", feed=xml(f"<rss version='2.0'><channel>{'<item><link>http://a.example/1</link></item>' * 300_000}</channel></rss>"), expect=_CROWD),
        Case(name="tags", feed=xml(f"<rss version='2.0'><channel>{many * 200_000}</channel></rss>"), expect=_CROWD),
        Case(name="attributes", feed=xml(f"<rss version='2.0'><channel {attributes}>{good}</channel>"), expect=_ANY),
        Case(name="namespaces", feed=xml(f"<rss version='2.0' {spaces}><channel>{good}<x>"), expect=_ANY),
        Case(name="attribute", feed=xml(f"<rss version='2.0'><channel x='{'y' * 12_000_000}'>{good}</channel></rss>"), expect=_CROWD),
        Case(name="title", feed=rss(f"<item><title>{named('dài')} {'rất ' * 500_000}</title><link>http://title.example/1</link></item>"), expect=_CROWD),
        Case(name="categories", feed=rss(f"<item><title>{named('nhãn')}</title><link>http://categories.example/1</link>{'<category>a</category>' * 50_000}</item> & "), expect=_CROWD),
        Case(name="open-tags", feed=xml("<rss version='2.0'><channel><item><description>" + "<b><i>" * 60_000), expect=_ANY),
        Case(name="cdata-open", feed=xml("<rss version='2.0'><channel><item><title><![CDATA[" + "]]" * 400_000), expect=_ANY),
        Case(name="ampersands", feed=xml("<rss version='2.0'><channel><item><title>" + "&" * 2_000_000), expect=_CROWD),
        Case(name="brackets", feed=xml("<rss" + "<" * 2_000_000), expect=(*_FAILED, *_BROKEN_OFF)),
        Case(name="json-deep", feed='{"version":"https://jsonfeed.org/version/1","items":' + "[" * 200_000, expect=_FAILED),
        Case(name="json-numbers", feed='{"version":"https://jsonfeed.org/version/1","items":[{"id":' + "9" * 100_000 + "}]}", expect=_ANY),
        Case(name="json-types", feed=json.dumps({"version": "https://jsonfeed.org/version/1", "items": [None, 1, [], {"id": {}, "url": [], "title": 5, "authors": "x", "date_published": {}}]})),
        Case(name="links", feed=rss(*(f"<item><title>{named(f'liên kết {n}')}</title><link>http://links.example/{'/..' * 20_000}{n}</link></item>" for n in range(10))), expect=_ANY),
        Case(name="dates", feed=rss(*(f"<item><title>tin {n}</title><link>http://dates.example/{n}</link><pubDate>{'1 ' * 5_000}</pubDate></item>" for n in range(50)))),
    ]  # fmt: skip


def _charsets() -> list[Case]:
    def coded(name: str, body: bytes, header: str = "text/xml", **fields: object) -> Case:
        return Case(name=name, feed=xml(body, header), **fields)  # type: ignore[arg-type]

    text = one("x", "chữ")
    return [
        coded("nul", text.replace("chữ", "ch\x00ữ").encode(), expect=_ANY),
        coded("utf-16", text.replace("UTF-8", "utf-16").replace("x.example", "utf-16.example").encode("utf-16"), arrives=(named("chữ"),)),
        coded("utf-7", text.encode(), "text/xml; charset=utf-7", expect=_ANY),
        coded("idna", text.encode(), "text/xml; charset=idna", expect=_ANY),
        coded("base64", text.encode(), "text/xml; charset=base64", expect=_ANY),
        coded("mixed", text.encode() + text.encode("cp1252", "replace") + text.encode("utf-16"), expect=_ANY),
        coded("not-utf-8", text.encode().replace("chữ".encode(), b"\xff\xfe\xc3\x28"), expect=_ANY),
        coded("binary", b"\x7fELF" + bytes(range(256)) * 2_000, expect=_FAILED),
        coded("mark-only", b"\xef\xbb\xbf", expect=_FAILED),
        Case(name="surrogates", feed='{"version":"https://jsonfeed.org/version/1","items":[{"id":"\\ud800","url":"http://surrogates.example/\\ud800\\u202e1","title":"FPT Software thay \\ud800thế","content_text":"\\udfff"}]}', arrives=(named("thay thế"),)),
        Case(name="no-characters", feed=xml("<rss version='2.0'><channel><item><title>FPT Software &#2000000;&#xd800;&#0; số</title><link>http://no-characters.example/1</link></item></channel></rss>"), expect=_ANY),
        Case(name="hidden-name", feed=one("hidden-name", "x").replace("FPT Software x", "F\u200bP\u00adT Soft\u2060ware ẩn"), arrives=(named("ẩn"),)),
        Case(name="decomposed", feed=one("decomposed", "e\u0301te\u0301"), arrives=(named("été"),)),
    ]  # fmt: skip


def _identity() -> list[Case]:
    dates = [
        "0000-00-00T00:00:00Z",
        "Mon, 01 Jan 0000 00:00:00 GMT",
        "9999-12-31T23:59:59Z",
        "Fri, 31 Dec 9999 23:59:59 +2359",
        "-1",
        "32/13/2026",
        "٢٠٢٦-٠١-٠١",
        "2026-11-23T25:61:61Z",
        "now",
        "1e9999",
    ]
    body = page(named("một bài nghìn địa chỉ"), LONG, LONG.replace("cảng", "bến"))
    thousand = {f"/{n}?s={n}": body for n in range(60)}
    return [
        Case(
            name="wrong-dates", feed=rss(*(f"<item><title>{named(f'ngày lạ {n}')}</title><link>http://wrong-dates.example/{n}</link><pubDate>{date}</pubDate></item>" for n, date in enumerate(dates))),
            arrives=tuple(named(f"ngày lạ {n}") for n in range(len(dates))),
        ),
        Case(
            name="one-guid", feed=rss(*(f"<item><guid isPermaLink='false'>1</guid><title>{named(f'chung khoá {n}')}</title><link>http://one-guid.example/{n}</link></item>" for n in range(10))),
            arrives=tuple(named(f"chung khoá {n}") for n in range(10)),
        ),
        # The address, the guid and the canonical address of an honest outlet's article, with other words.
        Case(name="steals-link", feed=rss("<item><title>FPT Software bị bịa tít</title><description>lời bịa của kẻ khác</description><link>http://honest-3.example/1</link></item>"), never=("bị bịa tít", "lời bịa của kẻ khác")),
        Case(name="steals-guid", feed=rss("<item><guid>http://honest-1.example/1</guid><title>FPT Software bị đánh cắp</title><link>http://steals-guid.example/1</link></item>"), arrives=("FPT Software bị đánh cắp",)),
        Case(
            name="steals-canonical", feed=one("steals-canonical", "giả làm báo khác"), arrives=(named("giả làm báo khác"),),
            pages={"/1": page(named("giả làm báo khác"), LONG, head="<link rel='canonical' href='http://honest-2.example/1'><meta property='og:url' content='http://honest-2.example/1'>")},
        ),
        Case(
            name="thousand", feed=rss(*(f"<item><guid isPermaLink='false'>{n}</guid><title>{named('một bài nghìn địa chỉ')}</title><link>http://thousand.example/{n}?s={n}</link></item>" for n in range(60))),
            pages=thousand, arrives=(named("một bài nghìn địa chỉ"),),
        ),
        Case(name="trap", feed=one("trap", "lịch"), pages={"/1": page(named("lịch"), LONG, frame="".join(f"<a href='/calendar/{y}/{m}'>{m}</a>" for y in range(1, 3_000) for m in (1, 2)))}, arrives=(named("lịch"),)),
    ]  # fmt: skip


def _sitemaps() -> list[Case]:
    space = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"

    def sitemap(name: str, body: str | bytes, expect: tuple[str, ...] = (*_ANY, "not-a-sitemap")) -> Case:
        return Case(name=name, kind="sitemap", feed=xml(body), expect=expect, never=("PATH=",))

    urls = "".join(f"<url><loc>http://map-many.example/{n}</loc></url>" for n in range(150_000))
    index = "".join(f"<sitemap><loc>http://map-index.example/feed?{n}</loc></sitemap>" for n in range(60))
    return [
        sitemap("map-laughs", "<!DOCTYPE urlset [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>" + f"<urlset {space}><url><loc>http://map-laughs.example/&b;</loc></url></urlset>"),
        sitemap("map-xxe", f"<!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///proc/self/environ'>]><urlset {space}><url><loc>http://map-xxe.example/&x;</loc></url></urlset>"),
        sitemap("map-many", f"<urlset {space}>{urls}</urlset>", expect=_CROWD),
        sitemap("map-inside", f"<urlset {space}><url><loc>http://127.0.0.1/secret</loc><lastmod>9999-99-99</lastmod></url><url><loc>file:///etc/passwd</loc></url><url><loc>http://[::1]/x</loc></url></urlset>"),
        sitemap("map-index", f"<sitemapindex {space}>{index}</sitemapindex>"),
        sitemap("map-index-inside", f"<sitemapindex {space}><sitemap><loc>http://127.0.0.1/secret</loc></sitemap><sitemap><loc>file:///etc/passwd</loc></sitemap></sitemapindex>", expect=(*_ANY, "not-a-sitemap", "sitemap-part", "private-address", "bad-address")),
        sitemap("map-deep", "<urlset>" + "<url>" * 200_000),
        sitemap("map-html", "<!DOCTYPE html><html><body>không phải</body></html>", expect=("not-a-sitemap", "not-a-feed", "unreadable")),
    ]  # fmt: skip
