"""The filter over a page's bytes may say yes wrongly, never no: whatever the matcher finds in a page's text, the filter lets through."""

from __future__ import annotations

import html
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.matching import Document, Matcher, _fields
from monitor.prefilter import _BOUNDS, Prefilter, _hiding_codes
from monitor.spelling import WORDLESS, spelled, variants
from monitor.watchlist import builtin_watchlist, watchlist_from_tables
from storage.text import clean_text, fold

DATA = Path(__file__).parents[1] / "data"
MATCHER = Matcher(builtin_watchlist())
OWN = Matcher(
    watchlist_from_tables([{"name": "Hòa Phát"}, {"name": "Hoa Sen"}, {"name": "Ví Dụ"}, {"name": "3M"}, {"name": "현대차"}], builtin=False)
)
ALIASES = [name for topic in builtin_watchlist().topics for name in topic.aliases]


def decimal(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


def hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(letter):X};" for letter in text)


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


WRITTEN = {
    "plain": str,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "upper": str.upper,
    "decimal entities": decimal,
    "hexadecimal entities": hexadecimal,
    "entities without semicolons": lambda text: decimal(text).replace(";", "") if not text[-1:].isdigit() else text,
    "named entities": lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    "soft hyphens": lambda text: "\u00ad".join(text),
    "named soft hyphens": lambda text: "&shy;".join(text),
    "zero width": lambda text: "&#8203;".join(text),
    "full width": wide,
    "no-break spaces": lambda text: text.replace(" ", "&nbsp;"),
    "wrapped lines": lambda text: text.replace(" ", "\n    "),
    "drop capital": lambda text: f"<span class=cap>{text[0]}</span>{text[1:]}",
    "comments": lambda text: f"{text[0]}<!-- -->{text[1:]}",
    "markup between words": lambda text: text.replace(" ", " <b>") + "</b>",
    "escaped twice": lambda text: html.escape(decimal(text)),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_no_spelling_on_a_page_is_lost(kind: str) -> None:
    for alias in ALIASES:
        page = f"<html><body><p>Hôm nay {WRITTEN[kind](alias)} ký kết.</p></body></html>".encode()
        assert MATCHER.may_mention(page, "utf-8"), alias


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("name", ["Hòa Phát", "Hoà Phát", "Hoa Phat", "Hoa Sen", "Hoa Sén", "HÒA PHÁT", "Ví Dụ", "Vi Du", "3M", "현대차"])
def test_names_of_ones_own_with_and_without_marks(kind: str, name: str) -> None:
    page = f"<p>Cổ phiếu {WRITTEN[kind](name)} tăng.</p>".encode()
    assert OWN.may_mention(page, "utf-8")


def test_the_spellings_of_the_table() -> None:
    for line in (DATA / "spellings.jsonl").read_text(encoding="utf-8").splitlines():
        text = json.loads(line)["text"]
        assert MATCHER.may_mention(f"<p>{text}</p>".encode("utf-8", "surrogatepass"), "utf-8"), text


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "windows-1258", "shift_jis", "euc-kr", "iso-2022-jp", "gb18030", "cp500", "no-such"]
)
def test_of_other_charsets_nothing_is_denied(encoding: str) -> None:
    try:
        page = "<p>FPT</p>".encode(encoding)
    except LookupError:
        page = b"<p>FPT</p>"
    assert MATCHER.may_mention(page, encoding)
    if encoding.startswith("utf-16"):
        assert MATCHER.may_mention(page, "utf-8")  # mislabelled


def test_most_pages_are_told_apart() -> None:
    page = "<html><head><title>Giá vàng</title><script>if (a < b) { x('™') }</script></head><body><p>Long dong, fun facts &amp; institutes.</p></body></html>"
    assert not MATCHER.may_mention(page.encode(), "utf-8")
    assert not MATCHER.may_mention(b"\xef\xbb\xbf" + page.replace("Giá", "Gi&aacute; &#225;").encode(), "utf-8")


def test_every_character_that_folds_to_a_plain_letter_is_known_to_hide_one() -> None:
    for code in range(0x80, 0x110000):
        letter = chr(code)
        folded = fold(letter)
        plain = folded.isascii() and folded.isalnum() and spelled(folded, letter, any_case=True)
        if (plain or (not clean_text(f"a{letter}b").strip("ab") and letter.strip())) and not 0xD800 <= code < 0xE000:
            assert code in _hiding_codes(), hex(code)
        if not letter.isalnum() or WORDLESS.match(letter):
            assert code in _hiding_codes() or letter.encode().startswith(_BOUNDS), hex(code)  # ends a word


LETTERS = st.sampled_from(
    ["F", "P", "T", "FPT", "Mila", "M", "ila", "Long", " ", "Châu", "FUNiX", "viện", "-", "ｆ", "𝐏", "ᵀ", "\u00ad", "&shy;", "&#70;"]
)
MARKUP = st.sampled_from(
    ["<b>", "</b>", "<!-- x -->", "<p>", "&nbsp;", "&#x200b;", "&zwj;", "\u0301", "<a href='x'>", "&amp;", "&Fopf;", "<", ">", "\n"]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(LETTERS, LETTERS, MARKUP, st.text(max_size=3)), max_size=24).map("".join))
def test_what_the_matcher_finds_in_a_text_the_filter_lets_through(source: str) -> None:
    import lxml.html

    page = source.encode("utf-8", "replace")
    try:
        text = lxml.html.fromstring(f"<div>{page.decode()}</div>").text_content()
    except (ValueError, lxml.etree.LxmlError):  # controls that lxml refuses
        text = html.unescape(page.decode())
    found = MATCHER.match(Document(title="", text=clean_text(text, lines=True)))
    if found.mentions or found.suppressions:
        assert MATCHER.may_mention(page, "utf-8")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(LETTERS, MARKUP, st.text(max_size=3)), max_size=24).map("".join))
def test_a_text_that_is_not_folded_holds_no_name(text: str) -> None:
    if MATCHER._candidates(_fields(Document(title="", text=text))):
        assert MATCHER._prefilter.may_stand_in(text)


@pytest.mark.parametrize("markup", ["<b>", "</b><i class='x'>", "<!-- > -->", "<b><!----></b>", "<b\n>"])
def test_no_name_that_markup_splits_is_lost(markup: str) -> None:
    for alias in (
        "FPT",
        "Mila",
        "FUNiX",
        "Fsoft",
        "FPTSoftware",
        "FPTShop",
        "Long Châu pharmacy",
        "FPTU",
        "밀라",
        "Mila研究所",
        "FPT(HOSE)",
        "FPT의",
        "Institut Mila",
    ):
        for at in range(1, len(alias)):
            for around in ("{}", "({})", "“{}”", "của {}.", "{}\n", "一{}一", "<b>{}</b>", "{}…"):
                page = around.format(alias[:at] + markup + alias[at:]).encode()
                assert MATCHER.may_mention(page, "utf-8"), page


def test_anchors_serve_ten_thousand_names() -> None:
    names = [f"Công ty Mẫu{number}" for number in range(10_000)]
    made = Prefilter(names)
    assert made.may_mention("<p>công ty mẫu77</p>".encode(), "utf-8")
    assert not made.may_mention("<p>không có tên nào ở đây</p>".encode(), "utf-8")


def test_variants_keep_the_words_of_their_alias() -> None:
    for alias in ALIASES:
        letters = {letter for letter in fold(alias) if letter.isalnum()}
        for form in variants(alias):
            assert {letter for letter in fold(form) if letter.isalnum()} == letters
