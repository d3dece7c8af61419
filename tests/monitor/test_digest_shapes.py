"""All shapes of a digest tell the same, and each is well made; the frame speaks three languages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from monitor.digest.dates import BabelCalendar
from monitor.digest.facts import Facts
from monitor.digest.handdates import HandCalendar
from monitor.digest.layout import columns
from monitor.digest.render_atom import render_atom
from monitor.digest.render_html import render_html
from monitor.digest.render_json import render_json
from monitor.digest.render_markdown import render_markdown
from monitor.digest.render_terminal import render_terminal
from monitor.digest.render_text import render_text
from monitor.digest.words import TABLES, words_of
from monitor.shapes import SHAPES, render
from storage.items import Ownership
from tests.monitor.told import (
    ATOM,
    DAY,
    GAP,
    NOW,
    coverage,
    day_of_news,
    digest,
    entries,
    failing,
    flat,
    mention,
    silent,
    stored,
    story,
    words_in,
)


def test_the_same_ids_stand_in_all_shapes_in_the_same_order() -> None:
    made = day_of_news()
    wanted = ["s12", "s7", "s99"]
    found: dict[str, list[str]] = {
        "json": [one["id"] for section in json.loads(render_json(made))["sections"] for one in section["stories"]],
        "atom": [entry.findtext(f"{ATOM}id", "").rpartition("/")[2] for entry in entries(made)],
        "html": re.findall(r'id="(s\d+)"', render_html(made)),
        "markdown": re.findall(r"`(s\d+)`", render_markdown(made)),
        "text": re.findall(r"^  (s\d+) ·", render_text(made), re.M),
        "terminal": re.findall(r"^  (s\d+) ·", render_terminal(made, width=80, color=False), re.M),
    }
    assert found == dict.fromkeys(SHAPES, wanted)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_ends_in_one_newline_and_is_the_same_each_time(shape: str) -> None:
    shown = render(day_of_news(), shape)
    assert shown.endswith("\n") and not shown.endswith("\n\n")
    assert shown == render(day_of_news(), shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_tells_headline_outlet_address_and_others(shape: str) -> None:
    shown = render(day_of_news(), shape)
    for said in (
        "Headline number 1",
        "Outlet 1",
        "https://outlet1.example/news/1",
        "Outlet 2",
        "Outlet 3",
        "FPT Software",
        "0.93"[: 4 if shape != "json" else 3],
    ):
        assert said in shown


def test_only_the_name_is_marked() -> None:
    made = digest(story(1))
    assert re.search(r'<strong class="hit"[^>]*>FPT Software</strong> the largest', render_html(made))
    assert "**FPT Software** the largest" in render_markdown(made)
    assert "<strong>FPT Software</strong> the largest" in entries(made)[0].findtext(f"{ATOM}content", "")
    assert "\x1b[1;35mFPT Software\x1b[0m the largest" in render_terminal(made, width=80, color=True)


# ---------------------------------------------------------------------- single shapes


def test_atom_is_a_feed_with_ids_that_stay() -> None:
    feedparser = pytest.importorskip("feedparser")
    parsed = feedparser.parse(render_atom(day_of_news()).encode())
    assert not parsed.bozo and parsed.version == "atom10"
    assert parsed.feed.id == "tag:media-monitor.example,2026:daily"
    assert [entry.id for entry in parsed.entries] == [f"tag:media-monitor.example,2026:daily/{one}" for one in ("s12", "s7", "s99")]
    later = day_of_news(edition=2, language="fr", day=date(2026, 12, 1))
    assert [entry.findtext(f"{ATOM}id") for entry in entries(later)] == [entry.id for entry in parsed.entries]
    for entry in parsed.entries:
        assert entry.link.startswith("https://outlet") and entry.updated.endswith("Z") and entry.author.startswith("Outlet")
    assert parsed.entries[0].title == "Headline number 1"


def test_json_holds_every_fact() -> None:
    document = json.loads(render_json(day_of_news()))
    one = document["sections"][0]["stories"][0]
    assert (document["id"], document["day"], document["edition"]) == ("tag:media-monitor.example,2026:daily/2026-11-23/1", "2026-11-23", 1)
    assert document["since"] == "2026-11-22T07:30:00+07:00"
    assert one["why"] == {"topic": "FPT", "alias": "FPT Software", "unit": None, "score": 0.93, "where": "text"}
    assert one["also"][0] == {"outlet": "Outlet 2", "url": "https://outlet2.example/news/2", "language": "vi"}
    assert one["snippet"][1] == {"text": "FPT Software", "marked": True}
    assert document["quiet_topics"] == ["FUNiX"]


@pytest.mark.parametrize("width", [40, 57, 100])
@pytest.mark.parametrize("color", [False, True])
def test_the_terminal_is_never_wider_than_asked(width: int, color: bool) -> None:
    wide = story(5, stored(5, mention(alias="FPT", snippet="FPT 是一家越南的科技公司" * 9 + "x" * 150), title="株式会社の新しい発表" * 12))
    shown = render_terminal(digest(wide, story(12), coverage=coverage(ailing=(failing(),))), width=width, color=color)
    assert color == ("\x1b[" in shown)
    for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines():
        assert columns(line) <= width or line.strip().startswith("https://")


def test_every_colour_is_ended() -> None:
    for line in render_terminal(day_of_news(), width=50, color=True).splitlines():
        assert not line.count("\x1b[") or line.endswith("\x1b[0m") or "\x1b" not in line[line.rfind("\x1b[0m") + 4 :]


def test_columns_of_wide_and_combining_characters() -> None:
    assert [columns(text) for text in ("FPT", "Tuổi Trẻ", unicodedata.normalize("NFD", "Trẻ"), "日本", "नि")] == [3, 8, 3, 4, 2]


def test_text_shapes_start_without_the_libraries_of_the_others() -> None:
    code = (
        "import sys, monitor.digest.build, monitor.digest.render_terminal, monitor.digest.render_text; "
        "print(sorted({'jinja2', 'babel', 'css_inline', 'rich', 'lxml'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_sections_follow_each_other_without_a_story_told_twice() -> None:
    made = day_of_news()
    ids = [line.id for line in made.lines]
    assert len(ids) == len(set(ids)) == made.count
    assert all(one.topic != other.topic for one, other in pairwise(made.sections))


def test_the_window_names_its_zone_and_begin() -> None:
    assert "New since 22 Nov, 07:30 · as of 07:30 · times in Asia/Ho_Chi_Minh" in flat(render_text(day_of_news()))
    assert "First digest" in render_text(day_of_news(since=None))


def test_facts_take_either_calendar() -> None:
    made = day_of_news()
    assert Facts(made, HandCalendar("en")).window() == Facts(made, BabelCalendar("en")).window()


# ---------------------------------------------------------------------- languages


def test_every_language_has_every_word_with_the_same_fields() -> None:
    def fields(phrase: str | tuple[str, str]) -> set[str]:
        both = phrase if isinstance(phrase, str) else "".join(phrase)
        return set(re.findall(r"{(\w+)}", both)) - {"n"}

    for table in TABLES.values():
        assert set(table) == set(TABLES["en"])
        assert {key: fields(phrase) for key, phrase in table.items()} == {key: fields(phrase) for key, phrase in TABLES["en"].items()}


@pytest.mark.parametrize(
    ("language", "none", "one", "many"),
    [
        ("en", "Also in 0 outlets", "Also in 1 outlet", "Also in 1,204 outlets"),
        ("vi", "Còn đăng ở 0 báo khác", "Còn đăng ở 1 báo khác", "Còn đăng ở 1.204 báo khác"),
        ("fr", "Aussi dans 0 média", "Aussi dans 1 média", "Aussi dans 1\u202f204 médias"),
    ],
)
def test_plurals(language: str, none: str, one: str, many: str) -> None:
    words = words_of(language)
    assert [words.count("also", n) for n in (0, 1, 1204)] == [none, one, many]


@pytest.mark.parametrize(("tag", "language"), [("fr-CA", "fr"), ("vi_VN", "vi"), ("EN", "en"), ("de", "en"), ("", "en")])
def test_a_language_tag_finds_its_words(tag: str, language: str) -> None:
    assert digest(language=tag).language == language


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_dates_by_hand_are_those_of_the_library(language: str) -> None:
    hand, library = HandCalendar(language), BabelCalendar(language)
    for number in range(366):
        day = date(2028, 1, 1) + timedelta(days=number)
        assert hand.full(day) == library.full(day)
        assert hand.long(day) == library.long(day)
        for seen_from in (day, DAY, date(2028, 12, 30)):
            moment = datetime(day.year, day.month, day.day, 7, 5, tzinfo=UTC)
            assert hand.moment(moment, seen_from) == library.moment(moment, seen_from)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["Monday 23 November 2026", "3 new", "Also in 2 outlets", "in the text", "in passing", "score 0.93", "No new coverage: FUNiX"],
        ),
        ("vi", ["Thứ Hai, 23 tháng 11, 2026", "3 tin mới", "Còn đăng ở 2 báo khác", "trong bài", "Nhắc thoáng qua", "điểm 0,93"]),
        ("fr", ["lundi 23 novembre 2026", "3 nouveaux sujets", "Aussi dans 2 médias", "dans le texte", "Simples mentions", "score 0,93"]),
    ],
)
@pytest.mark.parametrize("shape", ["terminal", "text", "html", "markdown"])
def test_the_frame_speaks_three_languages_and_headlines_stay(language: str, said: list[str], shape: str) -> None:
    shown = words_in(day_of_news(language=language), shape)
    for words in [*said, "Headline number 1"]:
        assert words in shown


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_no_word_of_the_frame_is_left_unfilled(language: str) -> None:
    bad = coverage(read=1, ailing=(failing(), silent("s")), never=tuple(map(str, range(99))), gaps=(GAP,))
    full = story(
        1, stored(1, mention(unit="FPT › X"), copy_id=1, updated_at=NOW), stored(2, mention("Mila"), copy_id=1, ownership=Ownership.RELEASE)
    )
    for made in (digest(full, coverage=bad, language=language, since=None, edition=3), digest(coverage=bad, language=language)):
        for shape in ("terminal", "text", "html", "markdown", "atom"):
            assert not re.search(r"\{[a-z]+\}", words_in(made, shape))
    assert made.language == language
    assert f'<html lang="{language}">' in render_html(made)
