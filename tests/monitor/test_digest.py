"""The digest: what it tells, in which order, and what it says of the watch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.digest.record import Digest, Kind
from monitor.digest.render_html import render_html
from monitor.digest.render_json import render_json
from monitor.digest.render_terminal import render_terminal
from monitor.digest.render_text import render_text
from monitor.shapes import SHAPES, render
from storage.condition import Ail
from storage.items import BodyFrom, Ownership
from tests.monitor.told import (
    GAP,
    NOW,
    coverage,
    day_of_news,
    digest,
    failing,
    flat,
    mention,
    only,
    silent,
    stored,
    story,
    words_in,
)


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


def test_stories_without_a_mention_or_a_headline_are_still_told() -> None:
    made = digest(story(1, stored(1, title="\u200b ", outlet="")))
    assert made.count == 1
    for shape in SHAPES:
        assert "(no headline)" in render(made, shape)
    assert "Other topics (1)" in render_text(made)


# ---------------------------------------------------------------------- the quiet day and the coverage line


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


def test_several_sources_of_one_outlet_that_were_not_asked_are_one_name() -> None:
    text = flat(render_text(digest(coverage=coverage(read=0, never=("Báo Tre", "Báo Tre", "Báo Nứa", "Báo Tre")))))
    assert "Sources not asked: - Báo Tre - Báo Nứa" in text


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
