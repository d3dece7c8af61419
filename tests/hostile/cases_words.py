"""What titles and pages say: markup, escapes, formulas, headers, templates, walls, spam; and the honest outlets among them."""

from __future__ import annotations

import gzip

from tests.hostile.case import Case, entry, named, one, page, rss, xml
from tests.hostile.cases_documents import LONG
from tests.spiders.site import Reply, drips, redirect

HONEST = 12  # outlets
ITEMS = 3  # of each

# What a title may hold, in CDATA; with how it then stands in the store.
_TITLES = {
    "script": ("<script>alert(1)</script> chèn mã", "chèn mã"),
    "handler": ('"><img src=x onerror=alert(1)> ảnh', "ảnh"),
    "style": ("</style><svg/onload=alert(1)> hình", "hình"),
    "escaped": ("&lt;script&gt;alert(1)&lt;/script&gt; hai lớp", "hai lớp"),
    "ansi": ("\u009b31m đỏ \u009b0m", "đỏ"),
    "bidi": ("\u202egnp.exe\u202c đảo", "đảo"),
    "isolates": ("\u2066\u2067\u2068 tách \u2069", "tách"),
    "zero-width": ("chữ\u200b\u200c\u200d\ufeff ẩn", "ẩn"),
    "tag-letters": ("\U000e0041\U000e0042 thẻ", "thẻ"),
    "lines": ("một\r\ndòng\u2028hai\u2029ba\x85bốn", "một dòng"),
    "header": ("\r\nBcc: victim@example.org\r\n\r\nthân", "Bcc: victim@example.org thân"),
    "encoded-word": ("=?utf-8?q?a=0d=0aBcc:_victim=40example.org?=", "=?utf-8?q?"),
    "markdown": ("](javascript:alert(1)) **đậm** `mã` ![x](http://tracker.example/x.png)", "đậm"),
    "blocks": ("\n# đầu\n- mục\n```\n| a | b |", "đầu"),
    "template": ("{{ 7*7 }} {% raw %} ${7*7} <%= 7 %> #{7}", "{{ 7*7 }}"),
    "percent": ("%s %n %(x)s {0} {name} \\u0041 \\x41", "%s %n"),
    "sql": ("'); DROP TABLE articles;-- \" OR 1=1", "DROP TABLE"),
    "fts": ("title:x AND NEAR( \" * ^", "NEAR"),
    "path": ("../../../../etc/passwd\\..\\x", "etc/passwd"),
    "labels": ('"} 1\nup{job="x"} 0', "job"),
    "json": ('"}],"x":[{"\\', "x"),
    "xml": ("]]]]><![CDATA[><x/>", ">"),
    "atom": ("<feed/> &amp;amp;lt; &#x3c;b&#x3e;", "&"),
    "emoji": ("👩‍👩‍👧‍👦🇻🇳 gia đình", "gia đình"),
    "combining": ("z" + "\u0301" * 500 + " chồng", "chồng"),
    "wide": ("﷽" * 100 + " rộng", "rộng"),
}  # fmt: skip
_FORMULAS = ('=HYPERLINK("http://tracker.example","x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1+1)", "＝1+1", "\t=1+1")
_SPAM = (
    "Nhà cái FPT uy tín số 1, đăng ký nhận ngay khuyến mãi 100%. FPT casino trực tuyến, tài xỉu, nổ hũ, đá gà, cá cược bóng đá, soi kèo, xổ số lô đề FPT. "
    "Link vào FPT mới nhất không bị chặn, nạp rút nhanh FPT, tỷ lệ kèo nhà cái FPT hôm nay."
)


def cases() -> list[Case]:
    """All of this file."""
    return [*_titles(), *_pages(), *_spam(), *honest()]


def honest() -> list[Case]:
    """Outlets that do no harm; what they bring has to arrive whatever stands beside them."""
    made = []
    for number in range(HONEST):
        name = f"honest-{number}"
        titles = [f"FPT Software ký hợp đồng thứ {number * ITEMS + at} với cảng biển" for at in range(ITEMS)]
        pages = {
            f"/{at}": page(
                title, f"{title}, theo thông báo của hãng {name} sáng nay.", f"{LONG} Hợp đồng số {number}-{at} kéo dài {at + 2} năm."
            )
            for at, title in enumerate(titles)
        }
        made.append(
            Case(name=name, feed=rss(*(entry(name, at, title) for at, title in enumerate(titles))), pages=pages, arrives=tuple(titles))
        )
    return made  # fmt: skip


def _titles() -> list[Case]:
    made = [
        Case(
            name=f"says-{name}",
            feed=rss(entry(f"says-{name}", 1, named(title), cdata="]]>" not in title))
            if name != "xml"
            else xml(rss(entry("says-xml", 1, named(title), cdata=True))),
            arrives=(stored,),
        )
        for name, (title, stored) in _TITLES.items()
    ]
    made += [
        Case(
            name=f"formula-{n}", feed=rss(f"<item><title><![CDATA[{formula} FPT Software công thức {n}]]></title><link>http://formula-{n}.example/1</link><author><![CDATA[{formula}]]></author></item>"),
            arrives=(f"công thức {n}",), config={"outlet": f"{formula.strip()} báo"},
        )
        for n, formula in enumerate(_FORMULAS)
    ]  # fmt: skip
    made.append(
        Case(
            name="says-escapes", feed='{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","url":"http://says-escapes.example/1","title":"\\u001b]0;owned\\u0007\\u001b[2J FPT Software thoát\\u0000",'
            '"content_text":"\\u001b]8;;http://tracker.example\\u0007FPT Software\\u001b]8;;\\u0007 và \\u009b0m nhiều chữ khác nữa"}]}', arrives=(named("thoát"),),
        )
    )  # fmt: skip
    return made


def _pages() -> list[Case]:
    def paged(name: str, served: Reply | str | bytes, *, never: tuple[str, ...] = (), title: str = "") -> Case:
        return Case(name=f"page-{name}", feed=one(f"page-{name}", f"trang {name}"), pages={"/1": served}, arrives=(title or named(f"trang {name}"),), never=never)  # fmt: skip

    title = "<title>FPT Software trang</title>"
    wall = "Chúng tôi dùng cookie để cải thiện trải nghiệm; bấm đồng ý để tiếp tục đọc. We use cookies. Accept all."
    return [
        paged("deep", "<div>" * 60_000 + f"<p>{LONG}</p>"),
        paged("large", "<html><body>" + f"<p>{LONG}</p>" * 60_000),
        paged("larger", b"<p>FPT" + b" " * 9_000_000),
        paged("bomb", Reply(gzip.compress(b"<p>FPT " * 6_000_000), headers={"Content-Encoding": "gzip"})),
        paged("drips", Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"<p>", 0.05))),
        paged("endless", Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"<p>FPT" * 100_000, 0))),
        paged("entities", "<!DOCTYPE html [<!ENTITY x SYSTEM 'file:///proc/self/environ'>]><article><p>&x;" + LONG * 3, never=("PATH=",)),
        paged("open-tags", "<article>" + "<b><i><u><table><tr><td><p>chữ" * 30_000),
        paged("attributes", f"<article {' '.join(f'a{n}=b' for n in range(100_000))}><p>{LONG}"),
        paged("classes", f"<p class='{'related ' * 300_000}'>{LONG}</p>"),
        paged("json-ld", "<script type='application/ld+json'>" + '{"@graph":[' * 50_000 + f"</script><p>{LONG}"),
        paged("links", "<body>" + "<a href='/x'>FPT Software liên kết</a>" * 80_000),
        paged("spaces", "<p>" + " " * 5_000_000 + "FPT"),
        paged("utf-16", page(named("trang utf-16"), LONG).replace("utf-8", "utf-16").encode("utf-16")),
        paged("nul", page(named("trang nul"), LONG).encode().replace(b"FPT", b"FPT\x00\x01\x1b[2J"), title="Software trang nul"),
        paged("login", f"<html><head>{title}</head><body><form action='/login'><input name='p' type='password'></form><p>Đăng nhập để đọc tiếp. Sign in to continue.</p></body></html>", never=("Đăng nhập để đọc tiếp",)),
        paged("cookies", f"<html><head>{title}</head><body><div id='cookie-consent'><p>{wall}</p></div></body></html>", never=("Chúng tôi dùng cookie",)),
        paged("human", f"<html><head>{title}</head><body><p>Please enable JavaScript and cookies. Verify you are human: captcha.</p></body></html>", never=("captcha",)),
        paged("soft-404", f"<html><head><title>404 Not found</title></head><body><p>{'Trang không tồn tại. ' * 5}</p></body></html>", never=("Trang không tồn tại",)),
        paged("home", redirect("/")),
        paged("login-elsewhere", redirect("http://friend.example/login")),
        paged("picture", Reply(b"\x89PNG\r\n\x1a\n" + b"FPT" * 10_000, headers={"Content-Type": "image/png"})),
        paged("pdf", Reply(b"%PDF-1.7 FPT" * 10_000, headers={"Content-Type": "application/pdf"})),
    ]  # fmt: skip


def _spam() -> list[Case]:
    stuffed = "FPT " * 1_000
    return [
        Case(
            name="spam-betting", feed=rss(entry("spam-betting", 1, "Nhà cái FPT: link vào casino FPT mới nhất 2026")), pages={"/1": page("Nhà cái FPT: link vào casino FPT mới nhất 2026", *[_SPAM] * 6)},
            hidden=("Nhà cái FPT: link vào casino FPT mới nhất 2026",),
        ),
        Case(
            name="spam-stuffed", feed=rss(entry("spam-stuffed", 1, "FPT FPT FPT giá rẻ FPT")), pages={"/1": page("FPT FPT FPT giá rẻ FPT", stuffed, stuffed)},
            hidden=("FPT FPT FPT giá rẻ FPT",),
        ),
        Case(
            name="spam-told", feed=rss(entry("spam-told", 1, named("giúp công an phá đường dây cá cược"))),
            pages={"/1": page(named("giúp công an phá đường dây cá cược"), "Công an thành phố vừa triệt phá một đường dây cá cược bóng đá qua mạng; FPT Software đã phối hợp truy vết dữ liệu.", LONG)},
            arrives=(named("giúp công an phá đường dây cá cược"),),
        ),
    ]  # fmt: skip
