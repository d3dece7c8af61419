"""The digest: what it tells, in which order, and that no shape lets a stranger's words do anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from monitor.digest.build import build
from monitor.digest.dates import BabelCalendar
from monitor.digest.facts import Facts
from monitor.digest.handdates import HandCalendar
from monitor.digest.layout import columns
from monitor.digest.record import Digest, Kind, Line
from monitor.digest.render_atom import render_atom
from monitor.digest.render_html import render_html
from monitor.digest.render_json import render_json
from monitor.digest.render_markdown import render_markdown
from monitor.digest.render_terminal import render_terminal
from monitor.digest.render_text import render_text
from monitor.digest.safe import plain, safe_url
from monitor.digest.words import TABLES, words_of
from monitor.shapes import SHAPES, render
from storage.condition import Ail, Ailment, Coverage, Gap
from storage.items import Article, BodyFrom, Mention, Ownership, StoredArticle, Story

DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 07:30 in Hanoi
SINCE = NOW - timedelta(days=1)
ATOM = "{http://www.w3.org/2005/Atom}"


def mention(topic: str = "FPT", alias: str = "FPT Software", **changes: Any) -> Mention:
    snippet = changes.pop("snippet", f"The deal makes {alias} the largest supplier of the port.")
    at = max(snippet.find(alias), 0)
    values: dict[str, Any] = {"field": "text", "start": at, "end": at + len(alias), "snippet": snippet, "snippet_start": at, "score": 0.93}
    return Mention(topic=topic, alias=alias, **(values | changes))


def stored(number: int, *mentions: Mention, seen: datetime = NOW - timedelta(hours=2), **changes: Any) -> StoredArticle:
    outer = {key: changes.pop(key) for key in ("copy_id", "story_id", "updated_at", "baseline") if key in changes}
    values: dict[str, Any] = {
        "url": f"https://outlet{number}.example/news/{number}",
        "title": f"Headline number {number}",
        "outlet": f"Outlet {number}",
        "language": "en",
        "published": seen - timedelta(minutes=30),
    }
    article = Article(**(values | changes))
    rest: dict[str, Any] = {"story_id": number, "copy_id": number} | outer
    return StoredArticle(id=number, article=article, first_seen=seen, mentions=mentions, **rest)


def story(number: int, *articles: StoredArticle) -> Story:
    return Story(id=number, articles=articles or (stored(number, mention()),))


def first(one: Story) -> StoredArticle:
    return one.articles[0]


def coverage(**changes: Any) -> Coverage:
    values: dict[str, Any] = {
        "since": SINCE, "until": NOW, "due": 42, "read": 42, "entries": 1204, "kept": 7, "suppressed": 2,
        "last_crawl": NOW - timedelta(minutes=5),
        "outlets": {"bao": "Báo Ví Dụ", "tin": "Tin Sáng", "le": "Le Quotidien"},
    }  # fmt: skip
    return Coverage(**(values | changes))


def failing(source_id: str = "bao", **changes: Any) -> Ailment:
    since = NOW - timedelta(days=2)
    values: dict[str, Any] = {"kind": Ail.FAILING, "word": "http-503", "since": since, "began": since}
    return Ailment(source_id=source_id, **(values | changes))


def silent(source_id: str, since: datetime | None = None) -> Ailment:
    return Ailment(source_id=source_id, kind=Ail.SILENT, word="silent", since=since, began=NOW)


GAP = Gap(source_id="tin", at=NOW, since=NOW - timedelta(hours=5), until=NOW - timedelta(hours=3))


def digest(*stories: Story, **changes: Any) -> Digest:
    values: dict[str, Any] = {
        "coverage": coverage(), "topics": ["FPT", "Mila", "FUNiX"], "name": "daily", "day": DAY, "edition": 1, "now": NOW,
        "since": SINCE, "until": NOW, "timezone": "Asia/Ho_Chi_Minh", "language": "en", "lead": first,
    }  # fmt: skip
    return build(stories, **(values | changes))


def only(made: Digest) -> Line:
    (line,) = made.lines
    return line


# ---------------------------------------------------------------------- build


def test_topics_stand_in_the_given_order_and_unknown_ones_last() -> None:
    made = digest(
        story(1, stored(1, mention("Zeta"))),
        story(2, stored(2, mention("Alpha"))),
        story(3, stored(3, mention("Mila", "Mila"))),
        story(4, stored(4, mention("FPT"))),
    )
    assert [section.topic for section in made.sections] == ["FPT", "Mila", "Alpha", "Zeta"]
    assert made.quiet == ("FUNiX",)


def test_a_story_of_two_topics_stands_once_and_names_the_other() -> None:
    made = digest(story(1, stored(1, mention("Mila", "Mila"), mention("FPT"))))
    line = only(made)
    assert made.sections[0].kind is Kind.JOINT and made.sections[0].groups[0].topics == ("FPT", "Mila")
    assert line.topics == ("FPT", "Mila")
    assert line.why is not None and line.why.topic == "FPT"
    assert "also about Mila" in render_text(made)


def test_topics_are_gathered_from_every_article_of_the_story() -> None:
    line = only(digest(story(1, stored(1, mention("Mila", "Mila")), stored(2, mention("FPT")))))
    assert line.topics == ("FPT", "Mila")
    assert line.why is not None and line.why.alias == "FPT Software"


def test_a_name_in_passing_never_leads() -> None:
    made = digest(story(1, stored(1, mention("FPT", passing=True), mention("Mila", "Mila"))))
    assert made.sections[0].topic == "Mila"
    assert not only(made).passing


def test_more_outlets_come_first_then_the_newest_and_passing_ones_last() -> None:
    older, newer = NOW - timedelta(hours=9), NOW - timedelta(hours=1)
    passing = story(4, *(stored(number, mention(passing=True)) for number in (40, 41, 42, 43)))
    made = digest(
        passing,
        story(1, stored(1, mention(), seen=older)),
        story(2, stored(2, mention(), seen=newer)),
        story(3, stored(30, mention(), seen=older), stored(31, mention())),
    )
    assert [line.id for line in made.lines] == ["s3", "s2", "s1", "s4"]
    assert made.lines[-1].passing


def test_the_order_of_the_stories_handed_in_does_not_matter() -> None:
    stories = [story(number, stored(number, mention(topic))) for number, topic in enumerate(["Q", "FPT", "P", "Mila", "FPT"], 1)]
    assert digest(*stories) == digest(*reversed(stories))


def test_other_outlets_are_named_once_each() -> None:
    articles = [
        stored(1, mention(), outlet="Tuổi Trẻ"),
        stored(2, mention(), outlet="TUỔI TRẺ"),
        stored(3, mention(), outlet="Le Monde", language="fr"),
        stored(4, mention(), outlet="Le Monde"),
        stored(5, mention(), outlet="", outlet_host="host.example", url="javascript:alert(1)"),
    ]
    line = only(digest(story(1, *articles)))
    assert [(other.outlet, other.language) for other in line.also] == [("Le Monde", "fr"), ("host.example", "en")]
    assert line.also[1].url == ""
    assert line.outlets == 3


def test_the_callers_lead_is_the_main_article() -> None:
    one = story(1, stored(1, mention()), stored(2, mention()))
    line = only(digest(one, lead=lambda told: told.articles[1]))
    assert line.outlet == "Outlet 2"
    assert [other.outlet for other in line.also] == ["Outlet 1"]


def test_copies_and_the_press_release_behind_are_told() -> None:
    made = digest(
        story(
            1,
            stored(1, mention()),
            stored(2, mention(), copy_id=1),
            stored(3, mention(), copy_id=1, ownership=Ownership.RELEASE, outlet="Wire"),
        )
    )
    line = only(made)
    assert (line.copies, line.release_origin) == (2, "Wire")
    assert "press release: Wire" in render_text(made)
    assert "2 near-verbatim copies" in render_text(made)


def test_the_snippet_marks_the_alias_where_it_stands() -> None:
    said = "FPT says that FPT grows."
    line = only(digest(story(1, stored(1, mention(alias="FPT", snippet=said, snippet_start=14)))))
    assert [(span.text, span.marked) for span in line.snippet] == [("FPT says that ", False), ("FPT", True), (" grows.", False)]


@pytest.mark.parametrize("start", [-5, 3, 9_999])
def test_a_wrong_offset_marks_the_alias_or_nothing(start: int) -> None:
    line = only(digest(story(1, stored(1, mention(alias="FPT", snippet="Then FPT grew.", snippet_start=start)))))
    assert "".join(span.text for span in line.snippet) == "Then FPT grew."
    assert [span.text for span in line.snippet if span.marked] == ["FPT"]
    line = only(digest(story(1, stored(1, mention(alias="Mila", snippet="Then FPT grew.", snippet_start=start)))))
    assert [span.marked for span in line.snippet] == [False]


def test_a_hit_in_the_headline_is_marked_there_and_not_said_twice() -> None:
    title = "Port signs with FPT Software"
    made = digest(story(1, stored(1, mention(field="title", start=16, end=28, snippet=title), title=title)))
    line = only(made)
    assert [span.text for span in line.headline_spans if span.marked] == ["FPT Software"]
    assert line.excerpt == ()
    assert render_text(made).count(title) == 1
    assert "in the headline" in render_text(made)


def test_old_news_is_shown_with_its_date() -> None:
    seen = NOW - timedelta(hours=1)
    old = digest(story(1, stored(1, mention(), seen=seen, published=datetime(2024, 3, 1, 9, tzinfo=UTC))))
    new = digest(story(1, stored(1, mention(), seen=seen, published=seen - timedelta(hours=48))))
    assert only(old).old and not only(new).old
    assert "published 1 March 2024" in render_text(old)
    assert "published 1 March 2024" in render_html(old)


def test_an_unknown_date_is_not_invented() -> None:
    made = digest(story(1, stored(1, mention(), published=None)))
    assert only(made).published is None
    assert "seen 05:30" in render_text(made)
    assert json.loads(render_json(made))["sections"][0]["stories"][0]["published"] is None


def test_times_are_local() -> None:
    made = digest(story(1, stored(1, mention(), published=datetime(2026, 11, 22, 22, 5, tzinfo=UTC))))
    assert "Outlet 1 · 05:05 · en" in render_text(made)
    assert "Outlet 1</span> · 05:05" in render_html(made)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"body_from": BodyFrom.FEED}, "headline only"),
        ({"opaque": True}, "link through an aggregator"),
        ({"baseline": True}, "from before the watch"),
        ({"updated_at": NOW - timedelta(minutes=10)}, "updated 07:20"),
        ({"ownership": Ownership.RELEASE}, "press release"),
        ({"ownership": Ownership.OWNED}, "own outlet"),
        ({"ownership": Ownership.AFFILIATED}, "affiliated outlet"),
    ],
)
@pytest.mark.parametrize("shape", ["terminal", "text", "html", "markdown", "atom"])
def test_what_a_reader_must_know_of_an_article_is_said(changes: dict[str, Any], said: str, shape: str) -> None:
    assert said in flat(render(digest(story(1, stored(1, mention(), **changes))), shape, width=200))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_stories_without_a_mention_or_a_headline_are_still_told() -> None:
    made = digest(story(1, stored(1, title="\u200b ", outlet="")))
    assert made.count == 1
    for shape in SHAPES:
        assert "(no headline)" in render(made, shape)
    assert "Other topics (1)" in render_text(made)


# ---------------------------------------------------------------------- all shapes


def day_of_news(**changes: Any) -> Digest:
    return digest(
        story(12, stored(1, mention()), stored(2, mention(), language="vi"), stored(3, mention())),
        story(7, stored(4, mention("Mila", "Mila", unit="Mila › Chair"))),
        story(99, stored(5, mention(passing=True))),
        **changes,
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


# ---------------------------------------------------------------------- the quiet day and the coverage line


def words_in(made: Digest, shape: str) -> str:
    """What a reader sees, without markup, on one line."""
    shown = render(made, shape, width=100)
    if shape == "html":
        shown = "".join(Page(shown).text)
    if shape == "markdown":
        shown = re.sub(r"\\([^\w\s])", r"\1", shown)
    return flat(shown)


@pytest.mark.parametrize("shape", ["terminal", "text", "html", "markdown", "atom"])
def test_a_quiet_day_says_so_and_names_the_source_that_failed(shape: str) -> None:
    said = words_in(digest(coverage=coverage(read=41, ailing=(failing(),))), shape)
    assert "0 new" in said
    assert "41 of 42 sources read" in said
    assert "Báo Ví Dụ: HTTP 503, since 21 Nov, 07:30" in said


def test_a_quiet_day_as_json() -> None:
    document = json.loads(render_json(digest(coverage=coverage(read=41, ailing=(failing(detail="Service unavailable"),)))))
    assert document["schema_version"] == 1
    assert document["count"] == 0 and document["sections"] == []
    told = document["coverage"]
    assert (told["due"], told["read"], told["trouble"]) == (42, 41, True)
    (bad,) = told["failing"]
    assert bad == {
        "source": "bao", "name": "Báo Ví Dụ", "reason": "http-503", "detail": "Service unavailable", "since": "2026-11-21T07:30:00+07:00",
        "kind": "failing", "days": 2, "level": "new",
    }  # fmt: skip


def test_a_quiet_day_without_trouble_is_calm() -> None:
    made = digest()
    assert not made.coverage.trouble
    assert 'class="fine"' in render_html(made) and 'class="amber"' not in render_html(made)
    assert "No new coverage." in render_text(made)
    assert "\x1b[33m" not in render_terminal(made, width=80, color=True)


def test_nothing_read_is_not_called_quiet() -> None:
    made = digest(coverage=coverage(read=0, never=("bao", "tin"), last_crawl=None))
    text = flat(render_text(made))
    assert "No source was read" in text and "No new coverage." not in text
    assert "never crawled" in text
    assert "No source was read" in render_html(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"read": 41},
        {"ailing": (failing(),)},
        {"ailing": (silent("tin"),)},
        {"never": ("le",)},
        {"gaps": (GAP,)},
        {"due": 0, "read": 0},
    ],
)
def test_every_trouble_turns_the_box_amber(changes: dict[str, Any]) -> None:
    made = day_of_news(coverage=coverage(**changes))
    assert made.coverage.trouble
    assert 'class="amber"' in render_html(made)


def test_the_coverage_box_names_all_that_is_wrong() -> None:
    bad = coverage(
        read=38,
        ailing=(
            failing(),
            failing("tin", kind=Ail.BLOCKED, word="http-403"),
            failing("le", word="dns"),
            silent("still", datetime(2026, 10, 3, 4, tzinfo=UTC)),
        ),
        never=("new",),
        gaps=(GAP, GAP),
    )
    text = flat(render_text(digest(coverage=bad)))
    assert "Failing sources: - Báo Ví Dụ: HTTP 503" in text
    assert "Le Quotidien: name not found" in text
    assert "Source that refuses us: - Tin Sáng: HTTP 403" in text
    assert "still: nothing new since 3 Oct, 11:00" in text
    assert "Source not asked: - new" in text
    assert "2 polls shared nothing" in text and "- Tin Sáng: 02:30 to 04:30" in text
    assert "1,204 entries seen · 7 articles kept · 2 suppressed · last crawl 07:25" in text


def test_a_failure_of_no_known_kind_is_told_in_its_own_words() -> None:
    text = flat(render_text(digest(coverage=coverage(ailing=(failing(word="odd-thing", detail="The server sang\x1b[31m a song"),)))))
    assert "Báo Ví Dụ: The server sang[31m a song" in text
    text = flat(render_text(digest(coverage=coverage(ailing=(failing(word="odd-thing"),)))))
    assert "Báo Ví Dụ: odd thing" in text


def test_all_failing_sources_are_named_but_a_long_list_of_others_is_cut() -> None:
    bad = coverage(ailing=tuple(failing(f"f{number}") for number in range(60)), never=tuple(f"n{number:02}" for number in range(60)))
    text = render_text(digest(coverage=bad))
    assert "HTTP 503, since 21 Nov, 07:30: f0, f1, f10" in flat(text)
    assert all(re.search(rf"\bf{number}\b", text) for number in range(60))
    assert "- n11\n    - and 48 more" in text and "- n12" not in text
    assert len(json.loads(render_json(digest(coverage=bad)))["coverage"]["never"]) == 60


@pytest.mark.parametrize(
    ("made", "subject"),
    [
        (lambda: digest(), "Media digest, 23 November 2026: 0 new, 42 of 42 sources read"),
        (lambda: digest(coverage=coverage(read=41)), "Media digest, 23 November 2026: 0 new, 41 of 42 sources read"),
        (day_of_news, "Media digest, 23 November 2026: 3 new (FPT 2, Mila 1)"),
        (lambda: day_of_news(edition=2), "Media digest, 23 November 2026 (edition 2): 3 new (FPT 2, Mila 1)"),
        (lambda: day_of_news(name="we\r\nek"), "Media digest · we ek, 23 November 2026: 3 new (FPT 2, Mila 1)"),
        (lambda: digest(language="vi"), "Điểm tin báo chí, 23 tháng 11, 2026: 0 tin mới, đã đọc 42/42 nguồn"),
        (lambda: day_of_news(language="fr"), "Revue de presse, 23 novembre 2026 : 3 nouveaux sujets (FPT 2, Mila 1)"),
        (lambda: digest(coverage=coverage(due=0, read=0)), "Media digest, 23 November 2026: 0 new, no sources to read"),
    ],
)
def test_the_subject_tells_the_day(made: Callable[[], Digest], subject: str) -> None:
    assert made().subject == subject


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


# ---------------------------------------------------------------------- strangers' words

HOSTILE = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">"\'{{ 7*7 }}{% raw %}]](javascript:alert(3)) **b** `c` <http://evil.example> '
    "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\x08\u202egnp.exe\u2066\ud800\ufffe\ufdd0\u2028\r\n# Not a heading\n- not a list & ![i](http://evil.example/x.png) ]]> -->"
)
BAD_URLS = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " \x01javascript:alert(1)", "data:text/html,<script>", "vbscript:x",
    "file:///etc/passwd", "//evil.example/x", "/local", "http://", "https://[bad", "http://[::1][::1]", "http://a.example:x/", "", "mailto:a@b.example", "\u200bjavascript:alert(1)",
]  # fmt: skip


def hostile(url: str = 'https://evil.example/a"><script>alert(4)</script>?x=(1)&y=<b>\x1b[0m `|\\') -> Digest:
    at = HOSTILE.find("onerror")
    said = mention(HOSTILE, "onerror", snippet=HOSTILE, snippet_start=at, unit=HOSTILE)
    articles = [
        stored(number, said, title=HOSTILE, url=url, outlet=f"{number} {HOSTILE}", language=f'en"><b>{HOSTILE}', copy_id=1, ownership=kind)
        for number, kind in enumerate((Ownership.EARNED, Ownership.EARNED, Ownership.RELEASE), 1)
    ]
    bad = failing(HOSTILE, word=HOSTILE, detail=HOSTILE)
    return digest(
        story(1, *articles), coverage=coverage(ailing=(bad,), never=(HOSTILE,), read=41, outlets={HOSTILE: HOSTILE}), name=HOSTILE
    )


class Page(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def links(self) -> list[str]:
        return [attributes.get("href") or "" for tag, attributes in self.tags if tag == "a"]


def assert_no_controls(text: str) -> None:
    bad = {character for character in text if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn"}}
    assert not bad


@pytest.mark.parametrize("shape", SHAPES)
def test_hostile_characters_reach_no_shape(shape: str) -> None:
    shown = render(hostile(), shape)
    shown.encode("utf-8")
    assert_no_controls(shown)


def test_hostile_words_cannot_break_a_coloured_terminal() -> None:
    shown = render_terminal(hostile(), width=60, color=True)
    assert_no_controls(re.sub(r"\x1b\[(0|1|2|36|33|1;35)m", "", shown))


def test_hostile_words_make_no_line_of_their_own() -> None:
    lines = render_terminal(hostile(), width=100_000).splitlines()
    assert plain(HOSTILE).strip() in lines
    assert not [line for line in lines if line.lstrip().startswith(("# Not", "- not a list"))]


ALLOWED_TAGS = set("html head meta title style body div table tbody tr td h1 h2 h3 p a span strong ul li br svg path".split())


def test_hostile_words_are_text_in_html() -> None:
    page = Page(render_html(hostile()))
    assert {tag for tag, _ in page.tags} <= ALLOWED_TAGS
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name in {"src", "srcset", "action"}]
    assert page.links() and all(link.startswith("https://evil.example/a%22%3E%3Cscript%3E") for link in page.links())
    assert "<script>alert(1)</script>" in "".join(page.text)
    assert "{{ 7*7 }}" in "".join(page.text)
    assert not any("lang" in attributes and '"' in str(attributes["lang"]) for _, attributes in page.tags)


def test_html_loads_nothing_and_keeps_its_dark_side() -> None:
    page = render_html(day_of_news())
    assert not re.search(r"<(script|img|link|iframe|form)|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert page.startswith("<!DOCTYPE html>")
    page = render_html(day_of_news(coverage=coverage(ailing=(failing(),))))
    styled = [attributes for tag, attributes in Page(page).tags if tag in {"h1", "h2", "h3", "h4", "a", "p", "ul", "td"}]
    assert styled and all(attributes.get("style") for attributes in styled if attributes.keys() - {"align"})
    assert "built-in" not in page


@pytest.mark.parametrize("url", BAD_URLS)
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_url(url) == ""
    made = hostile(url)
    assert Page(render_html(made)).links() == []
    assert not [link.get("href") for link in ElementTree.fromstring(render_atom(made)).iter(f"{ATOM}link")]
    assert "<a " not in "".join(entry.findtext(f"{ATOM}content", "") for entry in entries(made))
    assert markdown_links(render_markdown(made)) == []
    assert json.loads(render_json(made))["sections"][0]["stories"][0]["url"] is None


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=ü%20(1)'#f", "http://a.example", "https://a.example/đường-dẫn"])
def test_a_web_address_stays_as_it_is(url: str) -> None:
    assert safe_url(url) == url
    assert safe_url(f" {url}\n") == url
    assert Page(render_html(digest(story(1, stored(1, mention(), url=url))))).links() == [url]


def markdown_tokens(text: str) -> list[Any]:
    markdown_it = pytest.importorskip("markdown_it")
    tokens = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough").parse(text)
    return [one for token in tokens for one in (token, *(token.children or ()))]


def markdown_links(text: str) -> list[str]:
    return [token.attrs["href"] for token in markdown_tokens(text) if token.type == "link_open"]


def test_hostile_words_are_text_in_markdown() -> None:
    shown = render_markdown(hostile())
    tokens = markdown_tokens(shown)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "image", "fence", "code_block", "table_open", "s_open", "ordered_list_open"}
    assert {token.content for token in tokens if token.type == "code_inline"} == {"s1"}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h3"]
    links = markdown_links(shown)
    assert len(links) == 3 and all(link.startswith("https://evil.example/a%22%3E%3Cscript%3E") for link in links)
    texts = "".join(token.content for token in tokens if token.type in {"text", "text_special"})
    assert "<script>alert(1)</script>" in texts and "**b** `c`" in texts


@pytest.mark.parametrize(
    "start", ["- a", "+ a", "1. a", "2) a", "# a", "> a", "=== a", "--- a", "    code", "```a", "~~~ a", "| a | b |", "<div>", "* a"]
)
def test_a_snippet_begins_no_block_in_markdown(start: str) -> None:
    tokens = markdown_tokens(render_markdown(digest(story(1, stored(1, mention(alias="FPT", snippet=f"{start} and FPT"), title=start)))))
    kinds = [token.type for token in tokens]
    assert kinds.count("bullet_list_open") == 0 and kinds.count("ordered_list_open") == 0
    assert not {"html_block", "fence", "code_block", "html_inline"} & set(kinds)
    assert kinds.count("heading_open") == 3 and kinds.count("blockquote_open") == 1 and kinds.count("hr") == 1


def entries(made: Digest) -> list[ElementTree.Element]:
    return ElementTree.fromstring(render_atom(made)).findall(f"{ATOM}entry")


def test_hostile_words_are_text_in_atom() -> None:
    root = ElementTree.fromstring(render_atom(hostile()))
    assert {element.tag.removeprefix(ATOM) for element in root.iter()} <= set(
        "feed id title subtitle updated author name entry published link category content".split()
    )
    content = Page(root.findtext(f"{ATOM}entry/{ATOM}content", ""))
    assert {tag for tag, _ in content.tags} <= {"p", "strong", "a", "small"}
    assert re.fullmatch(r"tag:[\w.-]+,\d{4}:[\w.~%-]+", root.findtext(f"{ATOM}id", ""))


def test_hostile_words_are_strings_in_json() -> None:
    shown = render_json(hostile())
    assert "</script" not in shown
    assert json.loads(shown)["sections"][0]["stories"][0]["headline"].startswith("<script>alert(1)</script>")


def test_plain_keeps_words_of_all_scripts() -> None:
    said = "Đặng Thị Hoàng – « FPT » 日本語 العربية नमस्ते 👍🏽 ﬁ ½"
    assert plain(said) == said
    assert plain(" a\u200b\u00ad\tb\u2029 c\n") == " a b c "


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
