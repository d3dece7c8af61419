"""What the digest leads with, how it is ranked and folded, its charts and their words."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from babel import Locale
from babel.numbers import format_decimal

from monitor.digest.build import build
from monitor.digest.facts import Facts
from monitor.digest.figures import Figures
from monitor.digest.fold import Piece, Shown, fold
from monitor.digest.handdates import HandCalendar
from monitor.digest.rank import weigh
from monitor.digest.record import Count, Digest, Kind, Trend
from monitor.digest.render_html import LIMIT, render_html
from monitor.digest.render_terminal import render_terminal
from monitor.digest.words import LANGUAGES, TABLES, words_of
from monitor.shapes import render
from storage.items import Ownership
from tests.monitor.told import ATOM, DAY, NOW, Page, coverage, digest, failing, first, mention, stored, story, words_in

SHAPES_FOR_PEOPLE = ("terminal", "text", "html", "markdown")


def trend(**changes: Any) -> Trend:
    days = tuple((DAY - timedelta(days=29 - at), 41 if at == 25 else at % 5) for at in range(30))
    values: dict[str, Any] = {
        "days": days,
        "topics": (Count(name="FPT", n=71), Count(name="Mila", n=20), Count(name="FUNiX", n=9)),
        "languages": (Count(name="vi", n=70), Count(name="en", n=25), Count(name="xx", n=5)),
        "outlets": ("Báo Mới Toanh", "Le Neuf"),
        "hidden": (Count(name="rival: FPT Industrial", n=11), Count(name="no context", n=2)),
    }
    return Trend(**(values | changes))


def full_day(**changes: Any) -> Digest:
    both = stored(1, mention(), mention("Mila", "Mila"))
    wide = (stored(2, mention(unit="FPT › FPT Software")), stored(3, mention(), language="vi"), stored(4, mention()))
    return digest(
        story(1, both),
        story(2, *wide),
        story(5, stored(5, mention(alias="FPT Telecom", unit="FPT › FPT Telecom"))),
        story(6, stored(6, mention(alias="FPT", field="title", start=0))),
        story(7, stored(7, mention())),
        story(8, stored(8, mention("Mila", "Mila"))),
        story(9, stored(9, mention(passing=True), title="Chứng khoán: FPT, VNM, VCB")),
        **({"trend": trend()} | changes),
    )


# ---------------------------------------------------------------------- order


def test_what_is_about_two_topics_leads_then_topics_by_unit_and_names_in_passing_last() -> None:
    made = full_day()
    assert [(section.kind, section.topic) for section in made.sections] == [
        (Kind.JOINT, ""), (Kind.TOPIC, "FPT"), (Kind.TOPIC, "Mila"), (Kind.BRIEF, ""),
    ]  # fmt: skip
    fpt = made.sections[1]
    assert {group.unit for group in fpt.groups} == {"", "FPT Software", "FPT Telecom"}
    assert fpt.groups[0].lines[0].id == "s2", "the unit of the heaviest story leads"
    assert [line.id for line in made.sections[3].lines] == ["s9"]


def test_a_topic_named_in_passing_makes_no_joint_coverage() -> None:
    made = digest(story(1, stored(1, mention(), mention("Mila", "Mila", passing=True))))
    assert [section.kind for section in made.sections] == [Kind.TOPIC]


def test_a_short_list_is_not_cut_into_units() -> None:
    made = digest(story(1, stored(1, mention(unit="FPT › FPT Software"))), story(2, stored(2, mention(unit="FPT › FPT Telecom"))))
    assert [group.unit for group in made.sections[0].groups] == [""]


def test_earned_outlets_weigh_more_than_the_houses_own_and_a_headline_more_than_a_text() -> None:
    title = mention(field="title", start=0)
    earned, owned, release = (
        weigh([stored(1, title, ownership=kind)], old=False) for kind in (Ownership.EARNED, Ownership.OWNED, Ownership.RELEASE)
    )
    assert earned > release > owned > 0
    deep = weigh([stored(1, mention(start=4_000))], old=False)
    lead = weigh([stored(1, mention(start=40))], old=False)
    assert earned > lead > deep > weigh([stored(1, mention(passing=True))], old=False)
    assert weigh([stored(1, title)], old=True) < earned
    assert weigh([stored(1, title), stored(2, title)], old=False) > earned
    assert weigh([stored(1, title), stored(2, title, outlet="OUTLET 1")], old=False) == earned, "an outlet counts once"


def test_an_outlet_of_national_reach_outweighs_one_that_nobody_knows() -> None:
    def reach(host: str) -> int:
        return {"big.example": 1, "middle.example": 2}.get(host, 0)

    known, middle, other = (
        weigh([stored(1, mention(), outlet_host=host)], old=False, reach=reach) for host in ("big.example", "middle.example", "x.example")
    )
    assert known > middle > other


# ---------------------------------------------------------------------- the first sentence


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "7 new stories in 9 articles from 9 outlets: FPT 6, Mila 2. Most carried: “Headline number 2” (3 outlets)."),
        ("vi", "7 tin mới trong 9 bài của 9 báo: FPT 6, Mila 2. Được đăng nhiều nhất: “Headline number 2” (3 báo)."),
        (
            "fr",
            "7 nouveaux sujets dans 9 articles de 9 médias\u00a0: FPT 6, Mila 2. Le plus repris\u00a0: «\u00a0Headline number 2\u00a0» (3 médias).",
        ),
    ],
)
def test_the_first_sentence_tells_plain_facts(language: str, said: str) -> None:
    made = full_day(language=language)
    assert Figures(made, Facts(made, HandCalendar(language))).lead() == said
    for shape in SHAPES_FOR_PEOPLE:
        assert " ".join(said.split()) in words_in(made, shape)
    assert json.loads(render(made, "json"))["summary"] == said


def test_one_story_in_one_outlet_is_not_called_the_most_carried() -> None:
    made = digest(story(1))
    assert Figures(made, Facts(made, HandCalendar("en"))).lead() == "1 new story in 1 article from 1 outlet: FPT 1."


# ---------------------------------------------------------------------- charts


@pytest.mark.parametrize("shape", SHAPES_FOR_PEOPLE)
def test_each_chart_is_said_in_words_too(shape: str) -> None:
    said = words_in(full_day(), shape)
    for words in (
        "The last 30 days",
        "101 articles, most on 19 Nov: 41",
        "FPT 71%, Mila 20%, FUNiX 9%",
        "Vietnamese 70%, English 25%, XX 5%",
        "Báo Mới Toanh, Le Neuf",
        "Left out as not ours: FPT Industrial 11, no context 2",
    ):
        assert words in said


def test_the_bars_stand_for_the_days() -> None:
    made = full_day()
    days, topics, _ = Figures(made, Facts(made, HandCalendar("en"))).charts()
    assert len(days.bars) == 30 and days.bars[25] == "█" and days.bars[0] == "▁" and not topics.bars
    assert days.ends == ("25 Oct", "23 Nov")
    pictures = [attributes for tag, attributes in Page(render_html(made)).tags if tag == "svg"]
    assert len(pictures) == 3
    assert all(one["role"] == "img" and one["aria-label"] for one in pictures)
    for svg in re.findall(r"<svg.*?</svg>", render_html(made), re.DOTALL):
        ElementTree.fromstring(svg)


def test_a_store_without_news_draws_nothing() -> None:
    empty = trend(days=tuple((day, 0) for day, _ in trend().days), topics=(), languages=(), outlets=(), hidden=())
    for shape in SHAPES_FOR_PEOPLE:
        assert "The last 30 days" not in words_in(digest(trend=empty), shape)
    assert "<svg" not in render_html(digest(trend=empty))


def test_many_topics_are_cut_to_the_largest_and_the_rest() -> None:
    many = tuple(Count(name=f"T{number}", n=20 - number) for number in range(12))
    made = full_day(trend=trend(topics=many))
    chart = Figures(made, Facts(made, HandCalendar("en"))).charts()[1]
    assert [share.name for share in chart.shares] == ["T0", "T1", "T2", "T3", "T4", "others"]
    assert sum(share.part for share in chart.shares) == pytest.approx(1)


# ---------------------------------------------------------------------- long days


def long_day(number: int, **changes: Any) -> Digest:
    title = "Tập đoàn FPT và Đại học Quốc gia ký kết hợp tác đào tạo nhân lực trí tuệ nhân tạo, số "
    snippet = "Theo thỏa thuận, hai bên cùng FPT Software đào tạo mười nghìn kỹ sư " * 3
    stories = [
        story(
            one,
            stored(
                one, mention(snippet=snippet), title=f"{title}{one}", url=f"https://bao.example/{'dai-hoc-' * 9}{one}.html", language="vi"
            ),
            *(stored(one * 1_000 + other, mention()) for other in range(one % 4)),
        )
        for one in range(1, number + 1)
    ]
    bad = tuple(failing(f"source-{one:03}", word=f"http-{500 + one % 3}") for one in range(120))
    return digest(*stories, **({"trend": trend(), "coverage": coverage(ailing=bad, read=1)} | changes))


def ids_in(made: Digest, shape: str) -> list[str]:
    shown = render(made, shape, width=80)
    if shape == "json":
        return [one["id"] for section in json.loads(shown)["sections"] for one in section["stories"]]
    if shape == "atom":
        return [entry.findtext(f"{ATOM}id", "").rpartition("/")[2] for entry in ElementTree.fromstring(shown).iter(f"{ATOM}entry")]
    pattern = {"html": r'id="(s\d+)"', "markdown": r"`(s\d+)`"}.get(shape, r"^  (s\d+) ·")
    return re.findall(pattern, shown, re.MULTILINE)


def test_every_shape_lists_the_same_stories() -> None:
    made = full_day()
    wanted = [line.id for line in made.lines]
    assert len(wanted) == 7
    assert {shape: ids_in(made, shape) for shape in ("html", "text", "terminal", "markdown", "json", "atom")} == dict.fromkeys(
        ("html", "text", "terminal", "markdown", "json", "atom"), wanted
    )


def test_a_day_that_is_folded_still_lists_every_story() -> None:
    made = long_day(120)
    page = render_html(made)
    assert len(page.encode()) < LIMIT
    assert sorted(ids_in(made, "html")) == sorted(line.id for line in made.lines)
    assert "are shown by their headlines only" in page and "monitor digest --day 2026-11-23" in page


@pytest.mark.parametrize(("number", "language"), [(500, "en"), (500, "vi"), (500, "fr"), (2_000, "en")])
def test_five_hundred_stories_stay_below_what_mail_programs_clip(number: int, language: str) -> None:
    made = long_day(number, language=language, link="https://press.example/{day}.html")
    page = render_html(made)
    assert len(page.encode()) < LIMIT
    shown = ids_in(made, "html")
    assert 100 < len(shown) == len(set(shown))
    left = words_of(language).count("left_only", number - len(shown))
    assert left in page
    assert "https://press.example/2026-11-23.html" in Page(page).links()
    told = [re.search(rf'<h\d id="{line.id}"', page) is not None for line in sorted(made.lines, key=lambda line: -line.weight)]
    assert all(told[:12]), "what weighs most is told in full"
    assert len(ids_in(made, "text")) == number


def test_giant_words_cannot_push_the_page_over_its_limit() -> None:
    giant = "ố" * 30_000
    made = digest(
        *(story(one, stored(one, mention(snippet=giant, alias="FPT"), title=giant, outlet=giant)) for one in range(1, 6)),
        coverage=coverage(ailing=(failing(word="odd", detail=giant),)),
    )
    assert len(render_html(made).encode()) < LIMIT


def test_folding_keeps_to_its_room_and_prefers_what_weighs_more() -> None:
    pieces = [Piece(full=1_000, brief=200, weight=one % 7) for one in range(60)]
    shown = fold(pieces, 33_000)
    used = sum({Shown.FULL: 1_000, Shown.BRIEF: 200, Shown.LEFT: 0}[one] for one in shown)
    assert 32_000 <= used <= 33_000
    full, brief = ([pieces[at].weight for at, one in enumerate(shown) if one is how] for how in (Shown.FULL, Shown.BRIEF))
    assert min(full) >= max(brief)
    assert fold(pieces, 0) == [Shown.LEFT] * 60
    assert fold(pieces, 10**6) == [Shown.FULL] * 60


# ---------------------------------------------------------------------- looks


def luminance(color: str) -> float:
    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_text_has_contrast_by_day_and_by_night() -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to the ground; the grounds are the card's and the two boxes'."""
    page = render_html(full_day(coverage=coverage(read=1)))
    light = dict(re.findall(r'class="(\w+)" style="[^"]*?(?<!-)color: (#\w{6})', page))
    assert len(light) > 12
    for name, color in light.items():
        grounds = {"amber": "#fff5dc", "fine": "#f3f6f5", "body": "#f4f1ea"}
        assert contrast(color, grounds.get(name, "#ffffff")) >= 4.5, name
    dark = re.search(
        r"@media \(prefers-color-scheme: dark\) \{(.*?) \} ?@media|@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", page, re.DOTALL
    )
    assert dark is not None
    rules = re.findall(r"([.\w, ]+?) \{ ([^}]*?)(?<!-)color: (#\w{6})", dark[0])
    assert len(rules) >= 6
    for names, before, color in rules:
        own = re.search(r"background-color: (#\w{6})", before)
        assert contrast(color, own[1] if own else "#1a1d21") >= 4.5, names


def test_headings_go_down_by_one_step_and_each_words_language_is_told() -> None:
    page = Page(render_html(full_day()))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    headlines = [attributes for tag, attributes in page.tags if re.fullmatch(r"h[34]", tag) and attributes.get("id")]
    assert headlines and all(attributes.get("lang") == "en" for attributes in headlines)


def test_without_its_styles_the_page_still_reads_in_order() -> None:
    made = full_day()
    bare = " ".join("".join(Page(re.sub(r"<style>.*?</style>", "", render_html(made), flags=re.DOTALL)).text).split())
    places = [
        bare.index(words) for words in ("7 new stories", "Joint coverage", "FPT · 4", "Mila · 1", "Named in passing", "The last 30 days")
    ]
    assert places == sorted(places)
    assert "Coverage of the watch: 42 of 42 sources read" in bare[places[-1] :]


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_plurals_are_those_of_cldr(language: str) -> None:
    words, locale = words_of(language), Locale(language)
    for n in (0, 1, 2, 3, 5, 10, 11, 21, 100, 101, 999, 1_000, 1_204, 54_321):
        assert words.number(n) == format_decimal(n, locale=locale)
        phrase = TABLES[language]["new_stories"]
        wanted = phrase if isinstance(phrase, str) else phrase[0 if locale.plural_form(n) == "one" else 1]
        assert words.count("new_stories", n) == wanted.format(n=words.number(n))


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_bear_the_names_that_cldr_gives(language: str) -> None:
    for tag in ("vi", "en", "fr", "zh", "ja", "ko", "de", "es"):
        known = str(Locale(language).languages[tag]).lower()
        assert words_of(language).language_name(tag).lower() == known


# ---------------------------------------------------------------------- terminal


def test_headlines_are_links_where_the_terminal_can() -> None:
    made = full_day()
    shown = render_terminal(made, width=60, color=True, hyperlinks=True)
    opened = re.findall(r"\x1b]8;id=(\d+);([^\x1b]+)\x1b\\", shown)
    assert {url for _, url in opened} == {line.url for line in made.lines}
    assert shown.count("\x1b]8;;\x1b\\") == len(opened)
    text = re.sub(r"\x1b(\[[\d;]*m|]8;[^\x1b]*\x1b\\)", "", shown)
    assert "https://" not in text and max(map(len, text.splitlines())) <= 60
    assert "\x1b" not in render_terminal(made, width=60)


def test_the_ledger_of_lines_does_not_hang_on_the_order_of_stories() -> None:
    made = full_day()
    assert build([], coverage(), topics=["FPT"], name="daily", day=DAY, edition=1, now=NOW, since=None, until=NOW,
                 timezone="UTC", language="en", lead=first).tally.stories == 0  # fmt: skip
    assert made.tally.topics == (Count(name="FPT", n=6), Count(name="Mila", n=2))
