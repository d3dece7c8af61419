"""Cleaning and folding: the ground on which offsets stand."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.text import clean_text, fold

ANY = st.text(st.characters(codec=None) | st.sampled_from("\u0301\u200b\u00ad\ud83d\x00\r\n\u2028\u202eéeĐđ ＦＰ"), max_size=60)


@given(ANY, st.booleans(), st.integers(1, 40))
@example("e\u200b\u0301", False, 5)
@example("a\r\n \u2028\n b", True, 5)
@example("\ud83d\ude00", False, 5)
@example("a b", False, 2)
def test_cleaning_twice_is_cleaning_once(text: str, lines: bool, limit: int) -> None:
    once = clean_text(text, limit, lines=lines)
    assert clean_text(once, limit, lines=lines) == once
    assert len(once) <= limit
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")  # no lone surrogate survives
    assert "\x00" not in once
    assert once == once.strip()
    assert lines or "\n" not in once


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("  FPT \t mở\u00a0 cửa ", "FPT mở cửa"),
        ("F\u200bP\u00adT", "FPT"),
        ("Mila\u202eXinuF", "MilaXinuF"),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", "Tiếng Việt"),
        ("a\x00b\ufffe\ud800c", "abc"),
        ("dòng\r\n\r\nhai", "dòng hai"),
        ("👩\u200d💻", "👩💻"),
    ],
)
def test_cleaning(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


def test_paragraphs_stay_where_asked() -> None:
    assert clean_text("một \r\n\n  hai\x0bba  ", lines=True) == "một\nhai\nba"


def test_cleaning_is_bounded() -> None:
    assert clean_text("x" * 1_000_000, 10) == "x" * 10
    assert len(clean_text("ế " * 1_000_000)) <= 400_000


@given(st.text(st.characters(codec=None), max_size=60))
@example("İIıſẞßﬁ½℡Ω\u0345")
@example("".join(map(chr, range(128))))
@example("´`\u1fef\uff40")
def test_folding_keeps_every_offset(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    for at, character in enumerate(text):
        assert folded[at] == fold("é" + character)[1]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đường Nguyễn Huệ", "duong nguyen hue"),
        ("ＦＰＴ", "fpt"),
        ("L’été à Montréal – «Mila»", 'l\'ete a montreal - "mila"'),
        ("FPT\u00a0Software", "fpt software"),
        ("ガがだ한국", "ガがだ한국"),  # voiced signs are letters of their own
        ("ЁЖ Ω", "еж ω"),
        ("FPT IS", "fpt is"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded
