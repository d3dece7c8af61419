"""Pages of our own writing, built like those of real houses: only what the article says may come out."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spiders.pages.frame import is_date
from spiders.pages.generic import LARGEST_PAGE, Extracted, extract
from storage.errors import ExtractError
from storage.text import clean_text

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
URL = "https://bao.example/cong-nghe/tin-1.html"


def read(
    page: str | bytes, *, url: str = URL, encoding: str | None = "utf-8", language: str = "", timezone: str = "Asia/Ho_Chi_Minh"
) -> Extracted:
    body = page if isinstance(page, bytes) else page.encode()
    return extract(body, url=url, encoding=encoding, language=language, timezone=timezone, now=NOW)


VIETNAMESE = """<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Doanh nghiệp mở trung tâm dữ liệu ở Đà Nẵng - Báo Ví Dụ</title>
<meta property="og:title" content="Doanh nghiệp mở trung tâm dữ liệu ở Đà Nẵng - Báo Ví Dụ"><meta property="og:type" content="article">
<meta property="og:site_name" content="Báo Ví Dụ"><meta property="og:description" content="Trung tâm rộng 5.000 m2 hoạt động từ tháng 12.">
<meta property="article:published_time" content="2026-11-17T01:39:00+07:00"><meta name="author" content="An Bình">
<link rel="canonical" href="https://bao.example/cong-nghe/tin-1.html"></head><body>
<header><nav class="main-nav"><ul><li><a href="/">Trang chủ</a></li><li><a href="/fpt">FPT trong menu</a></li></ul></nav></header>
<div class="breadcrumb"><a href="/cong-nghe">Công nghệ</a></div>
<div class="sidebar-1"><h1 class="title-detail">Doanh nghiệp mở trung tâm dữ liệu ở Đà Nẵng</h1>
<span class="date">Thứ ba, 17/11/2026, 01:39 (GMT+7)</span>
<article class="fck_detail"><div class="time">17/11/2026, 01:39 (GMT+7)</div>
<p class="description">Sáng 17/11, trung tâm dữ liệu rộng 5.000 m2 được khởi công tại khu công nghệ cao của thành phố.</p>
<p>Theo chủ đầu tư, công trình sẽ phục vụ <a href="/khach-hang">khách hàng</a> trong nước và khu vực từ tháng 12 năm sau.</p>
<div class="box-tinlienquan"><h3>Tin liên quan</h3><ul><li><a href="/a">FPT trong hộp liên quan một</a></li></ul></div>
<p><strong>Xem thêm: <a href="/x">Mila trong dòng xem thêm</a></strong></p>
<figure><img src="a.jpg"><figcaption>Phối cảnh công trình.</figcaption></figure>
<p>Đại diện thành phố nói dự án tạo thêm ba nghìn việc làm cho kỹ sư trẻ ở miền Trung.</p>
<div class="quangcao">Quảng cáo FUNiX</div><p>Quảng cáo</p>
<script>var x = "FPT trong script";</script><style>.fpt{}</style><!-- FPT trong chú thích -->
</article><p class="author_mail">An Bình</p></div>
<div class="tags"><a href="/t/fpt">FPT trong thẻ</a></div><section id="box_comment"><p>Bạn đọc: FPT trong bình luận rất dài để mà thử.</p></section>
<aside><h2>Đọc nhiều</h2><a href="/b">FPT ở cột bên</a></aside>
<footer><p>© 2026 Báo Ví Dụ. Thuộc Tập đoàn FPT ở chân trang. Địa chỉ: Hà Nội.</p></footer></body></html>"""

ENGLISH = """<html><head><title>City opens research park | The Sample</title><script type="application/ld+json">
{"@context":"https://schema.org","@graph":[{"@type":"WebSite","name":"Not this"},{"@type":["NewsArticle"],"headline":"City opens research park",
"datePublished":"2026-11-20T09:00:00-05:00","dateModified":"2026-11-20T11:30:00-05:00","author":[{"@type":"Person","name":"Ann Smith"},{"name":"Bo Lee"}],
"publisher":{"@type":"Organization","name":"The Sample"},"inLanguage":"en-CA","description":"A park for <b>science</b> opens &amp; grows."}]}</script></head>
<body><div role="navigation"><a href="/">Home</a> <a href="/mila">Mila in the menu</a></div><main>
<h1>City opens research park</h1><div class="byline">By Ann Smith</div><div class="date">Published Nov. 20, 2026 at 9:00 a.m. EST</div>
<div class="story-body__inner article-body"><p>The city opened a research park on Friday, the largest of its kind in the province.</p>
<div class="ad-slot"><p>Advertisement</p></div><p>Scientists will move in over the next two years, officials said at the opening ceremony.</p>
<aside class="related"><h3>Related</h3><p><a href="/r">Mila in the related box</a></p></aside>
<h2>Read more</h2><ul><li><a href="/1">Mila one of the other stories</a></li><li><a href="/2">Mila two of the other stories</a></li></ul>
<p>The park cost 40 million dollars and was paid for by three levels of government together.</p>
<p class="newsletter-signup">Subscribe to the FPT newsletter of the day.</p></div></main>
<div class="cookie-consent">We and our partner Mila use cookies.</div><footer>Copyright 2026 Mila Media</footer></body></html>"""

FRENCH = """<html lang="fr-CA"><head><title>Un nouveau campus à Québec</title><meta property="og:site_name" content="Le Journal d’Exemple">
<meta property="og:title" content="Un nouveau campus à Québec"></head><body><header class="masthead"><a href="/">Le Journal, partenaire de Mila</a></header>
<div id="content"><h1>Un nouveau campus à Québec</h1><p class="date-publication">Publié le 20 novembre 2026 à 14 h 30</p><p>Mis à jour le 21 nov. 2026</p>
<p>L’université ouvrira un nouveau campus au cœur de la ville, a annoncé vendredi la rectrice devant les étudiants.</p>
<p>Le bâtiment accueillera deux mille personnes dès l’automne prochain, selon les plans présentés au conseil municipal.</p>
<p>À lire aussi : <a href="/z">Mila dans un encadré</a></p>
<p>« C’est une étape importante », a déclaré le maire, qui promet aussi des logements pour les familles du quartier.</p>
<h3>À lire également</h3><ul><li><a href="/m">Mila dans la liste</a></li></ul></div><footer>Mila, mentions légales</footer></body></html>"""


def test_a_vietnamese_page() -> None:
    page = read(VIETNAMESE)
    assert page.title == "Doanh nghiệp mở trung tâm dữ liệu ở Đà Nẵng"
    assert page.text.split("\n") == [
        "Sáng 17/11, trung tâm dữ liệu rộng 5.000 m2 được khởi công tại khu công nghệ cao của thành phố.",
        "Theo chủ đầu tư, công trình sẽ phục vụ khách hàng trong nước và khu vực từ tháng 12 năm sau.",
        "Phối cảnh công trình.",
        "Đại diện thành phố nói dự án tạo thêm ba nghìn việc làm cho kỹ sư trẻ ở miền Trung.",
    ]
    assert page.published == datetime(2026, 11, 16, 18, 39, tzinfo=UTC)
    assert (page.outlet, page.language, page.authors, page.canonical) == ("Báo Ví Dụ", "vi", ("An Bình",), URL)
    assert page.summary == "Trung tâm rộng 5.000 m2 hoạt động từ tháng 12."
    assert page.is_article


def test_an_english_page() -> None:
    page = read(ENGLISH, timezone="America/Toronto")
    assert page.title == "City opens research park"
    assert page.text.split("\n")[-1].endswith("levels of government together.")
    assert "Mila" not in page.text and "FPT" not in page.text
    assert "Advertisement" not in page.text and "9:00" not in page.text
    assert page.text.count("\n") <= 3
    assert (page.published, page.updated) == (datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 16, 30, tzinfo=UTC))
    assert (page.outlet, page.language, page.authors) == ("The Sample", "en", ("Ann Smith", "Bo Lee"))
    assert page.summary == "A park for science opens & grows."


def test_a_french_page() -> None:
    page = read(FRENCH, timezone="America/Toronto")
    assert page.title == "Un nouveau campus à Québec"
    assert page.text.split("\n") == [
        "L’université ouvrira un nouveau campus au cœur de la ville, a annoncé vendredi la rectrice devant les étudiants.",
        "Le bâtiment accueillera deux mille personnes dès l’automne prochain, selon les plans présentés au conseil municipal.",
        "« C’est une étape importante », a déclaré le maire, qui promet aussi des logements pour les familles du quartier.",
    ]
    assert page.published == datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
    assert (page.outlet, page.language) == ("Le Journal d’Exemple", "fr")


DATES = [
    "17/11/2026, 01:39 (GMT+7)", "Thứ hai, 23/11/2026, 09:30 (GMT+7)", "Chủ nhật, ngày 5 tháng 10 năm 2026", "5 tháng 10, 2026 lúc 10:30 SA", "11h05 ngày 23/11/2026",
    "Cập nhật lúc 10:30, 17/11/2026", "23-11-2026 - 06:15 AM", "Published on Nov 23, 2026 at 6:05 p.m. EST", "Updated: November 23, 2026", "Mon, 05 Oct 2026",
    "Publié le 5 octobre 2026 à 14 h 30", "Mis à jour le 23 nov. 2026", "Lundi 23 novembre 2026 à 09h30", "1er janvier 2026", "2026-11-23T06:00:00Z", "09:30",
]  # fmt: skip
NO_DATES = [
    "2026", "FPT 17/11/2026", "Tỷ số: 3-2", "Ngày 17/11, FPT công bố kết quả.", "Published by Reuters 12/11/2026", "42", "Giá: 12.500 đồng", "Le 5 mai, la Mila", "Quý III",
    "Năm 2026", "12,5 %", "10 000", "", "May", "thứ 2 " * 16 + "x", "t2" * 49 + "x", "1/1/2026 " * 1_000,
]  # fmt: skip


@pytest.mark.parametrize("line", DATES)
def test_a_line_that_is_only_a_date_is_no_text(line: str) -> None:
    assert is_date(line)
    body = "".join(f"<p>Đây là câu thứ {number} của bài, đủ dài để được coi là một đoạn văn thật.</p>" for number in "abc")
    page = read(
        f"<html><body><article><h1>Tin trong ngày hôm nay</h1><span class='date'>{line}</span>{body}<div class='time'>{line}</div></article></body></html>"
    )
    assert len(page.text.split("\n")) == 3
    assert line not in page.text


@pytest.mark.parametrize("line", NO_DATES)
def test_a_line_that_says_more_than_when_stays(line: str) -> None:
    started = time.process_time()
    assert not is_date(line)
    assert time.process_time() - started < 0.2


def test_a_page_that_builds_its_text_by_script() -> None:
    words = "Viện nghiên cứu công bố một mô hình mới cho tiếng Việt. " * 20
    data = {"@type": "Article", "headline": "Mô hình mới", "articleBody": words, "datePublished": "2026-11-20"}
    page = read(
        f"<html><head><script type='application/ld+json'>{json.dumps(data)}</script></head><body><div id='root'></div><p>Đang tải nội dung trang báo, xin chờ.</p></body></html>"
    )
    assert page.text == clean_text(words)
    assert page.title == "Mô hình mới"


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[[[[",
        "null",
        '{"@graph": 7}',
        '{"@type": {"a": []}}',
        '{"@type":"NewsArticle","headline":["x"],"author":[[],null,7],"publisher":[]}',
        "[" * 100_000,
    ],
)
def test_broken_json_ld_is_nothing(broken: str) -> None:
    page = read(VIETNAMESE.replace("</head>", f'<script type="application/ld+json">{broken}</script></head>'))
    assert "khởi công" in page.text
    assert page.outlet == "Báo Ví Dụ"


def test_a_page_without_a_container() -> None:
    sentences = [f"Câu chuyện thứ {number} nói về một lớp học ở vùng cao, nơi thầy giáo dạy trẻ lập trình mỗi tối." for number in range(8)]
    rows = "".join(f"<tr><td><font>{sentence}</font></td></tr>" for sentence in sentences)
    page = read(
        f"<html><head><title>Lớp học vùng cao</title></head><body><table><tr class='menu'><td><a href='/'>Trang chủ</a></td></tr>{rows}</table></body></html>"
    )
    for sentence in sentences:
        assert sentence in page.text
    assert "Trang chủ" not in page.text
    assert "|" not in page.text
    assert not page.is_article  # nothing says that it is one
    assert page.language == "vi"


def test_what_a_post_is_about_is_no_frame() -> None:
    told = "".join(
        f"<p>Tập đoàn FPT mở phòng thí nghiệm thứ {n} ở Cần Thơ với hơn ba trăm kỹ sư trong năm nay, theo thông báo.</p>" for n in range(4)
    )
    box = f'<div class="post-7 type-post hentry category-popular tag-social tag-cookies tag-newsletter"><h2>FPT mở phòng thí nghiệm</h2>{told}</div>'
    side = '<div class="widget tag-cloud"><p>Tin khác: hãng xe điện mở thêm nhà máy ở miền Bắc trong quý tới.</p></div>'
    found = read(f"<html><body><div id='wrap'>{box}{side}</div></body></html>")
    assert found.text.count("Cần Thơ") == 4 and "nhà máy" not in found.text


def test_paragraphs_parted_by_breaks_alone() -> None:
    text = "<br><br>".join(f"Đoạn {number} của bài viết kể tiếp câu chuyện về một nhà máy ở Bình Dương." for number in range(5))
    page = read(f"<html><body><h1>Nhà máy ở Bình Dương</h1><div class='detail-content'>{text}</div><div>Menu</div></body></html>")
    assert len(page.text.split("\n")) == 5


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("<html><head><title>Just a moment...</title></head><body>Checking your browser before accessing.</body></html>", "humans"),
        ("<html><body><p>Please enable JavaScript and cookies to continue</p></body></html>", "humans"),
        ("<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1><p>nginx</p></body></html>", "no such page"),
        (
            "<html><head><title>Không tìm thấy trang - Báo</title></head><body><p>Trang bạn tìm không có ở đây, mời về trang chủ đọc tin khác.</p></body></html>",
            "no such page",
        ),
        (
            "<html><head><title>Page introuvable</title></head><body><p>Désolé, la page que vous cherchez n’existe plus sur notre site.</p></body></html>",
            "no such page",
        ),
        ("<html><body><nav><a href='/'>Home</a></nav></body></html>", "no article text"),
        ("<html></html>", "no article text"),
        ("   \n", "empty"),
        ("", "empty"),
        ("<!-- only a comment -->", "no article text|cannot be parsed"),
        ("\x00\x00\x00\x00", "no article text|cannot be parsed|empty"),
    ],
)
def test_pages_that_are_no_article(page: str, why: str) -> None:
    with pytest.raises(ExtractError, match=why):
        read(page)


def test_an_article_about_a_wall_is_an_article() -> None:
    page = read(VIETNAMESE.replace("Sáng 17/11", "Trang báo hiện chữ captcha và access denied. Sáng 17/11"))
    assert "captcha" in page.text


def test_a_page_that_is_too_large() -> None:
    with pytest.raises(ExtractError, match="larger"):
        read(b"<p>" + b"x" * LARGEST_PAGE)


PLAIN = (
    "<html><head>{meta}<title>Đường mới</title></head><body><article><h1>Đường mới</h1>"
    + "<p>Thành phố mở đường mới dài mười cây số ở phía tây.</p>" * 5
    + "</article></body></html>"
)
LATIN = (
    "<html><head>{meta}<title>L’été</title></head><body><article><h1>L’été à Montréal</h1>"
    + "<p>La ville prépare l’été avec des fêtes à côté du fleuve.</p>" * 5
    + "</article></body></html>"
)

JAPANESE = (
    '<html><head><meta charset="{charset}"><title>東京</title></head><body><article>'
    + "<p>東京の研究所は新しい計画を発表しました。</p>" * 5
    + "</article></body></html>"
)


@pytest.mark.parametrize(
    ("body", "encoding", "word"),
    [
        (PLAIN.format(meta="").encode(), None, "đường"),
        (PLAIN.format(meta="").encode(), "iso-8859-1", "đường"),  # the header lies
        (PLAIN.format(meta='<meta charset="iso-8859-1">').encode(), "utf-8", "đường"),  # the page lies
        (PLAIN.format(meta='<meta charset="windows-1258">').encode(), "windows-1252", "đường"),  # both lie
        (PLAIN.format(meta="").encode("utf-8-sig"), None, "đường"),
        (PLAIN.format(meta="").encode("utf-16"), "utf-8", "đường"),
        (LATIN.format(meta='<meta charset="windows-1252">').encode("cp1252"), None, "l’été"),
        (LATIN.format(meta="").encode("cp1252"), "windows-1252", "l’été"),
        (LATIN.format(meta="").encode("cp1252"), None, "l’été"),  # nobody says anything
        (LATIN.format(meta="").encode("cp1252"), "iso-8859-1", "l’été"),  # as browsers read that word
        (LATIN.format(meta="").encode("cp1252"), "latin-1", "l’été"),
        (LATIN.format(meta="").encode("cp1252"), "base64", "l’été"),
        (LATIN.format(meta="").replace("</head>", '<meta charset="windows-1252"></head>').encode("cp1252"), "utf-8", "l’été"),
        (LATIN.format(meta="").encode("cp1252").replace(b"</p>", b"\x81</p>"), "windows-1252", "l’été"),  # a byte that it does not have
        (PLAIN.format(meta="").encode() + b"\xff", "utf-8", "đường"),
        (JAPANESE.format(charset="shift_jis").encode("shift_jis"), None, "東京"),
        (JAPANESE.format(charset="iso-2022-jp").encode("iso-2022-jp"), None, "東京"),  # all ASCII, and no UTF-8
        (PLAIN.format(meta='<meta charset="utf-8">').encode(), None, "đường"),
        (PLAIN.format(meta='<meta charset="utf-8">').encode(), "no-such-charset", "đường"),
    ],
)
def test_charsets_and_their_lies(body: bytes, encoding: str | None, word: str) -> None:
    assert word in read(body, encoding=encoding).text.lower()


def test_a_page_of_no_sane_charset_is_read_or_refused() -> None:
    for encoding in (None, "utf-8", "utf-16", "shift_jis", "idna", "hex", "zip", "\x00", "x" * 1_000):
        try:
            read(bytes(range(256)) * 50, encoding=encoding)
        except ExtractError:
            continue


def test_a_date_in_the_future_is_clamped_and_told() -> None:
    page = read(VIETNAMESE.replace("2026-11-17T01:39:00+07:00", "2031-01-01T00:00:00Z"))
    assert page.published == NOW
    assert page.stated_date
    assert not read(VIETNAMESE).stated_date


def test_what_a_page_states_first_wins() -> None:
    page = read(VIETNAMESE.replace("2026-11-17T01:39:00+07:00", "soon"))
    assert page.published == datetime(2026, 11, 16, 18, 39, tzinfo=UTC)  # the visible date
    bare = read(
        "<html><body><article>"
        + "<p>The council met on Monday and agreed to build a bridge over the river.</p>" * 4
        + "</article></body></html>"
    )
    assert (bare.published, bare.title, bare.outlet, bare.canonical, bare.language) == (None, "", "", "", "en")
    assert read(FRENCH.replace('lang="fr-CA"', "")).language == "fr"
    assert read("<html><body><article><p>" + "12345 67890 " * 10 + "</p></article></body></html>", language="ko").language == "ko"


HOSTILE = {
    "deep": "<div>" * 20_000 + "FPT" + "</div>" * 20_000,
    "deep links": "<a href='/x'>" * 5_000 + "FPT",
    "wide": "<p>một đoạn ngắn</p>" * 30_000,
    "lists": "<ul><li>" * 3_000 + "FPT",
    "entities": "&#x110000;&#0;&#xd800;&nosuch;&lt;script&gt;" * 2_000,
    "attributes": "<p " + " ".join(f"a{number}='x'" for number in range(5_000)) + ">một đoạn văn có đủ chữ để là một bài viết ngắn</p>",
    "long class": f"<p class='{'related ' * 50_000}'>một đoạn văn có đủ chữ để là một bài viết ngắn</p>",
    "open tags": "<b><i><u><table><tr><td><p>" * 2_000 + "FPT",
    "xml": "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><html><body><p>&b;</p></body></html>",
    "nulls": "<p>F\x00P\x00T</p>" * 1_000,
    "spaces": "<p>" + " " * 500_000 + "</p>",
    "dates": "<p>" + "1/1/2026 " * 50_000 + "</p>",
    "openers": "<p>" + "tin liên quan " * 20_000 + "</p>",
    "articles": "<article>" * 2_000 + "<p>một đoạn văn có đủ chữ để là một bài viết ngắn</p>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_cost_little(name: str) -> None:
    started = time.process_time()
    try:
        page = read(f"<html><body>{HOSTILE[name]}</body></html>")
    except ExtractError as error:
        assert len(str(error)) < 500
    else:
        assert clean_text(page.text, lines=True) == page.text
    assert time.process_time() - started < 20


TAGS = st.sampled_from(
    "<p> </p> <div class='related'> <div> </div> <article> </article> <h1> </h1> <a href='x'> </a> <br> <!-- --> <script> </script> <time> <meta charset='utf-16'> "
    "<title> <nav> <aside> FPT mở cửa . &amp; &#0; <![CDATA[ ]]> < > \" ' <svg> <table> <tr> <td>".split(" ")
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TAGS | st.text(max_size=5), max_size=40).map("".join), st.sampled_from([None, "utf-8", "latin-1", "utf-16"]))
@example("", None)
def test_any_page_is_read_or_refused(page: str, encoding: str | None) -> None:
    try:
        found = read(page.encode("utf-8", "surrogatepass"), encoding=encoding)
    except ExtractError:
        return
    for text in (found.title, found.outlet, found.text, found.summary):
        text.encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "utf-16"]))
def test_any_bytes_are_read_or_refused(body: bytes, encoding: str | None) -> None:
    try:
        read(body, encoding=encoding)
    except ExtractError:
        return


def test_a_paragraph_that_opens_with_a_picture_credit_stays() -> None:
    body = (
        "© Agence. The lab sits inside Mila, founded by Professor Yoshua Bengio, and will study unsupervised learning and generative "
        "adversarial networks; both sides say that the collaboration is well established and has built trust over several years."
    )
    page = f"<html><body><article><p>{body}</p><p>© 2026 Agence. All rights reserved.</p></article></body></html>"
    found = extract(page.encode(), url="https://a.example/1", encoding=None, language="en", timezone="UTC", now=NOW)
    assert found.text == body
