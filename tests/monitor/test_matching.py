"""Who is meant: labelled documents, spellings, traps, frames, and any Unicode there is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.frame import RecurringLines
from monitor.matching import Document, Matcher, snippet_of
from monitor.watchlist import builtin_watchlist, watchlist_from_tables
from storage.identity import outlet_host
from storage.items import Mention
from storage.text import clean_text

DATA = Path(__file__).parents[1] / "data"
MATCHER = Matcher(builtin_watchlist())
TOPICS = ("FPT", "Mila", "FUNiX")
# Measured on tests/data/mentions.jsonl when it was last extended. Raise them when the matcher gets better; never lower them.
FLOORS = {"FPT": (1.0, 1.0), "Mila": (1.0, 0.996), "FUNiX": (1.0, 1.0)}
# The same on tests/data/mentions_blind.jsonl: documents written in five rounds, mostly headlines with little or no text, each round measured once
# before any rule was looked at. Those first looks (precision, recall of Mila): e 1/.61, f 1/.84, g .94/.76, i .92/.92, j .96/.92; they, and not what stands
# below, tell what news of tomorrow may give.
BLIND = {"FPT": (1.0, 0.98), "Mila": (1.0, 0.955), "FUNiX": (1.0, 1.0)}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def document(row: dict[str, Any], **changes: str) -> Document:
    fields = {
        "title": clean_text(row.get("title", "")), "text": clean_text(row.get("text", ""), lines=True), "url": row.get("url", ""),
        "language": row.get("lang", ""), "outlet_host": outlet_host(row.get("url", "")),
    }  # fmt: skip
    return Document(**(fields | changes))


def figures(labelled: list[dict[str, Any]], found: Callable[[dict[str, Any]], set[str]]) -> dict[str, tuple[float, float]]:
    """Precision and recall by topic."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in labelled:
        got, wanted = found(row), set(row["entities"])
        for topic in TOPICS:
            kind = ("right" if topic in wanted else "wrong") if topic in got else "missed" if topic in wanted else "left"
            counts[topic, kind] += 1
    return {
        topic: (
            counts[topic, "right"] / max(counts[topic, "right"] + counts[topic, "wrong"], 1),
            counts[topic, "right"] / max(counts[topic, "right"] + counts[topic, "missed"], 1),
        )
        for topic in TOPICS
    }


def topics_of(row: dict[str, Any]) -> set[str]:
    return {mention.topic for mention in MATCHER.match(document(row)).mentions}


def mentions(text: str, topic: str = "FPT", **fields: str) -> list[Mention]:
    found = MATCHER.match(Document(**({"title": "", "text": text} | fields)))
    return [mention for mention in found.mentions if mention.topic == topic]


# ---------------------------------------------------------------------- labelled documents


def test_our_own_labelled_documents() -> None:
    labelled = rows("mentions.jsonl")
    assert len(labelled) >= 955
    assert {row["lang"] for row in labelled} >= {"vi", "en", "fr", "ja", "ko", "de"}
    measured = figures(labelled, topics_of)
    for topic, (precision, recall) in FLOORS.items():
        assert measured[topic][0] >= precision and measured[topic][1] >= recall, (topic, measured[topic])


def test_documents_written_blind() -> None:
    measured = figures(rows("mentions_blind.jsonl"), topics_of)
    for topic, (precision, recall) in BLIND.items():
        assert measured[topic][0] >= precision and measured[topic][1] >= recall, (topic, measured[topic])


def test_without_the_language_stated() -> None:
    measured = figures(rows("mentions.jsonl"), lambda row: {one.topic for one in MATCHER.match(document(row, language="")).mentions})
    assert all(precision >= 0.98 and recall >= 0.98 for precision, recall in measured.values()), measured


@pytest.mark.corpus
def test_the_labelled_corpus(shared: Path) -> None:
    labelled = [json.loads(line) for line in (shared / "corpus" / "mentions-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    measured = figures(labelled, topics_of)
    assert all(precision >= 0.99 and recall >= 0.99 for precision, recall in measured.values()), measured


@pytest.mark.corpus
def test_what_one_half_of_the_corpus_teaches_holds_on_the_other(shared: Path) -> None:
    from benchmarks.matching import figures as measure
    from benchmarks.matching import halves, without_support_of

    labelled = [json.loads(line) for line in (shared / "corpus" / "mentions-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    one, other = halves(labelled)
    for held, learnt, general in ((one, other, False), (other, one, False), (one, other, True), (other, one, True)):
        watchlist, dropped = without_support_of(learnt, held, general=general)
        assert dropped > 40
        everything, less = measure(held, builtin_watchlist()), measure(held, watchlist)
        for topic in TOPICS:
            assert all(abs(everything[topic][at] - less[topic][at]) <= 0.02 for at in (0, 1)), (topic, everything[topic], less[topic])


@pytest.mark.parametrize("row", [row for row in rows("mentions.jsonl") if "unit" in row], ids=lambda row: str(row["id"]))
def test_the_unit_that_is_named(row: dict[str, Any]) -> None:
    (mention,) = [one for one in MATCHER.match(document(row)).mentions if one.topic == "FPT"]
    assert mention.unit == row["unit"]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Học sinh trường FPT thắng trận mở màn.", "FPT › FPT Education › FPT Schools"),
        ("Bà con gửi con đến ngôi trường FPT lập ra ở vùng cao.", ""),
        ("Giá máy chủ trên thị trường FPT đang nhắm tới đã giảm.", ""),
        ("Tập đoàn FPT tặng sách. Trường Đại học FPT cũng góp vở.", ""),  # the whole is named first, by its full name
        ("Sinh viên Đại học FPT nhận bằng. Sau đó FPT tuyển họ.", "FPT › FPT Education › FPT University"),
        ("FPT Software và FPT Telecom cùng FPT tuyển người.", ""),
    ],
)
def test_whose_news_it_is_in_an_article(text: str, unit: str) -> None:
    (mention,) = mentions(text, title="Chuyện hôm nay", language="vi")
    assert mention.unit == unit


def test_lists_dormitories_and_sponsors_are_passing_and_nothing_else_is() -> None:
    for row in rows("mentions.jsonl"):
        passing = [one.topic for one in MATCHER.match(document(row)).mentions if one.passing]
        assert passing == row.get("passing", []), row["id"]


def test_frames_are_no_mention() -> None:
    frames = [row for row in rows("mentions.jsonl") if row["kind"] == "frame"]
    assert len(frames) >= 15
    for row in frames:
        found = MATCHER.match(document(row))
        assert not found.mentions and not found.suppressions, row["id"]
        told = MATCHER.match(document(row), frames=True).suppressions
        assert all(hit.rule == "frame" for hit in told)


def test_lines_that_recur_over_a_site_are_frame() -> None:
    text = "Giá gạo tăng nhẹ ở An Giang.\nCùng FPT Software xây đội bóng, nộp đơn hôm nay"
    assert mentions(text)
    line = "cung fpt software xay doi bong, nop don hom nay"
    assert not MATCHER.match(Document(title="", text=text), recurring=frozenset({line})).mentions


def test_recurring_lines_are_counted_by_site_and_headline() -> None:
    lines = RecurringLines(headlines=2, lines=3, sites=2)
    assert not lines.of("a", "one", ["x"]) and not lines.of("a", "one", ["x"]) and not lines.of("a", "two", ["x"])
    assert not lines.of("a", "two", ["x"])  # one of the two is this one
    assert lines.of("a", "three", ["x", "y"]) == {"x"}
    assert not lines.of("b", "three", ["x"])
    lines.of("a", "four", ["p", "q", "r"])
    assert not lines.of("a", "five", ["x"])  # forgotten
    lines.of("c", "six", ["x"])
    assert set(lines._sites) == {"a", "c"}


# ---------------------------------------------------------------------- spellings and traps


def test_every_spelling_is_found_and_cut_out() -> None:
    table = rows("spellings.jsonl")
    assert len(table) >= 90
    for row in table:
        text = clean_text(row["text"])
        for field in ("title", "text"):
            (mention,) = mentions(**{"text": "", field: text}, topic=row["topic"], language=row["lang"])
            assert mention.alias == text[mention.start : mention.end] == clean_text(row["cut"]), row


def test_no_trap_is_told() -> None:
    table = rows("spellings_traps.jsonl")
    assert len(table) >= 200
    for row in table:
        text = clean_text(row["text"])
        for field in ("title", "text"):
            assert not mentions(**{"text": "", field: text}, topic=row["topic"], language=row["lang"]), (field, row)


def test_a_rival_of_one_topic_leaves_the_other_alone() -> None:
    found = MATCHER.match(Document(title="Mila Kunis ghé FPT Software", text="Nữ diễn viên Mila Kunis thăm kỹ sư FPT Software ở Hà Nội."))
    assert [mention.topic for mention in found.mentions] == ["FPT"]
    assert {hit.topic for hit in found.suppressions} == {"Mila"}
    assert {hit.rule for hit in found.suppressions} == {"rival: Mila Kunis"}


def test_a_text_that_names_only_funix_is_funix() -> None:
    assert topics_of({"title": "FUNiX mở lớp đêm", "text": "Học viên FUNiX học trực tuyến.", "lang": "vi"}) == {"FUNiX"}


def test_the_score_is_the_sum_of_its_named_parts() -> None:
    for row in rows("mentions.jsonl"):
        for mention in MATCHER.match(document(row)).mentions:
            assert mention.parts
            assert mention.score == pytest.approx(min(max(sum(value for _, value in mention.parts), 0), 1), abs=0.01)


def test_own_sites_need_no_context() -> None:
    assert mentions("Mila is hiring.", "Mila", outlet_host="mila.quebec")
    assert not mentions("Mila is hiring.", "Mila", outlet_host="news.example")


def test_verdicts_are_obeyed() -> None:
    strong = Document(title="Tập đoàn FPT khởi công trường học", text="")
    hidden = MATCHER.match(strong, {"FPT": "not-us"})
    assert not hidden.mentions and [hit.rule for hit in hidden.suppressions] == ["verdict"]
    weak = Document(title="Mila là ai?", text="")
    assert MATCHER.match(weak, {"": "is-us"}).mentions[0].parts[-1] == ("verdict", 1.0)
    assert not MATCHER.match(weak, {"FPT": "is-us"}).mentions


def test_a_topic_of_two_lines() -> None:
    matcher = Matcher(watchlist_from_tables([{"name": "Vingroup"}]))
    found = matcher.match(Document(title="Vingroup bán cổ phần", text="VINGROUP và vingroup và Vingroup's."))
    assert [mention.topic for mention in found.mentions] == ["Vingroup"]
    assert not matcher.match(Document(title="Vingroups và SaVingroup, xem vingroup.net", text="")).mentions


@pytest.mark.parametrize(
    ("name", "title", "text", "told"),
    [
        ("Sun", "Sun opens data centre in Oregon", "The company will hire 200 engineers.", True),
        ("Sun", "Tập đoàn Sun khởi công khu nghỉ dưỡng", "", True),
        ("Sun", "Sun and rain expected on Sunday", "The sun will come out after noon.", False),
        ("Sun", "Sun Yat-sen's house restored", "", False),
        ("Sun", "Fans turn on star after Sun interview", "He told The Sun he wanted to leave.", False),
        ("VNG", "VNG báo lãi quý III", "", True),
        ("VNG", "Vereniging van Nederlandse Gemeenten (VNG) wil meer geld", "De VNG overlegt met het kabinet.", False),
        ("Apple", "Apple unveils new iPhone", "", True),
        ("Apple", "Apple pie like grandma's", "Peel six apples, then slice each apple thinly.", False),
        ("Grab", "Grab and GoTo in merger talks", "", True),
        ("Grab", "Grab a seat", "Grab your coat and go.", False),
        ("Viettel", "viettel thắng thầu", "", True),
        ("Viettel", "Xem thêm tại viettel.com.vn", "", False),
        ("McGill", "A study from McGill finds", "Researchers tracked 400 mice.", True),
        ("McGill", "Paul McGill jailed for fraud", "McGill, 54, of Belfast, pleaded guilty.", False),
        ("Vector", "A map of a vector field", "", False),
        ("Hoa Phat", "Hòa Phát xây lò cao", "", True),
    ],
)
def test_a_name_alone_is_told_unless_the_text_means_something_else(name: str, title: str, text: str, told: bool) -> None:
    found = Matcher(watchlist_from_tables([{"name": name}], builtin=False)).match(Document(title=title, text=text))
    assert bool(found.mentions) == told, found


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("FPT ministers meet", "Federal, provincial and territorial officials will talk about bail in Vietnam Hall.", False),
        ("FPT to change its rates", "The Firefighters' Pension Trust (FPT) has 40,000 members and an AI helpdesk.", False),
        ("FPT convoca atletas", "A Federação Portuguesa de Ténis (FPT) usa software novo.", False),
        ("FPT: how to read it", "FPT stands for fast protocol translation, an idea of Vietnam's engineers.", False),
        ("Federal–provincial–territorial talks", "The FPT table met software firms in Vietnam Hall.", False),
        ("Farnborough Pilot Training adds two jets", "FPT will move its software to Vietnam.", False),
        ("Fonction publique territoriale : la FPT manque d'ingénieurs informatiques", "", False),
        ("FPT has found partners", "They tell Vietnam's firm that few people train software engineers faster.", True),
        ("FPT, a fast-paced tech company of Vietnam", "Its software engineers find plenty to do.", True),
        ("FPT Finds Perfect Talent For Its Software Unit in Vietnam", "", True),
        ("FPT shares fall in Hanoi", "Former President Trump's tariffs on chips and software weigh on Vietnam.", True),
        ("FPT buys software house in Vietnam", "For people there it means more pay; firms pay tax.", True),
        ("How FPT began", "The Corporation for Financing and Promoting Technology (FPT) sold its first software in Vietnam in 1990.", True),
    ],
)
def test_an_abbreviation_that_the_text_spells_out(title: str, text: str, told: bool) -> None:
    assert bool(mentions(text, title=title)) == told


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("Robotics for all", "Cardiologist Robert Avram worked with Mila on the neural network.", True),  # Robert is not listed beside it
        ("A headline about a 24-year-old", "Now a doctoral student at Mila, she grew up on a farm.", True),
        ("Mila, 24-year-old doctoral student", "She grew up on a farm.", False),
        ("Mila wins award", "", False),
        ("Mila wins scholarship to study artificial intelligence in Toronto", "", False),
        ("Mila receives $30 million for artificial intelligence", "", True),
        ("I am Mila", "A memoir of a robot maker.", False),
        ("Start-up Mila unveils research tool", "", False),
    ],
)
def test_grammar_round_a_first_name_that_is_an_institute(title: str, text: str, told: bool) -> None:
    assert bool(mentions(text, "Mila", title=title, language="en")) == told


def test_what_stands_beside_a_name_outweighs_what_the_text_is_about() -> None:
    about = "It uses artificial intelligence and was made by researchers in Montreal."
    assert mentions(about, "Mila", title="Mila names new scientific director")
    for title in (
        "The chatbot Mila answers patients",
        "Mila, the AI assistant, answers patients",
        "Mila's mother was proud",
        "Mila, Emma and Noah",
    ):
        assert not mentions(about, "Mila", title=title), title


def test_overlapping_names_the_most_specific_wins() -> None:
    (mention,) = mentions("Công ty FPT Telecom nâng cấp mạng.", language="vi")
    assert (mention.alias, mention.unit) == ("FPT Telecom", "FPT › FPT Telecom")


# ---------------------------------------------------------------------- any text

PIECES = st.sampled_from(
    "FPT Mila FUNiX fpt Fpt MILA Kunis Industrial Software Long Châu Tập đoàn tap doan viện Institut - – ' ’ @ . / www. https:// .com "
    "\u0301 \u0323 \u200b \u00ad \u2028 ミラ 研究所 밀라 연구소 ＦＰＴ 𝐅𝐏𝐓 İ ı ß ﬁ Ǆ \U0001f600 \x00 : | © Quảng cáo 15, ans".split(" ")
)
TEXTS = st.one_of(
    st.text(max_size=400),
    st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=60).map(" ".join),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(PIECES, max_size=40).map("\n".join),
)


@settings(max_examples=400, deadline=None)
@given(title=TEXTS, text=TEXTS, language=st.sampled_from(["", "vi", "fr", "xx"]), clean=st.booleans())
def test_any_text_gives_offsets_that_cut_the_alias(title: str, text: str, language: str, clean: bool) -> None:
    if clean:
        title, text = clean_text(title), clean_text(text, lines=True)
    found = MATCHER.match(Document(title=title, text=text, language=language), frames=True)
    fields = {"title": title, "text": text}
    for hit in (*found.mentions, *found.suppressions):
        assert fields[hit.field][hit.start : hit.end] == hit.alias != ""
        assert len(hit.snippet.split()) <= 40
        assert 0 <= hit.score <= 1
    for mention in found.mentions:
        cut = mention.snippet[mention.snippet_start : mention.snippet_start + len(mention.alias)]
        assert cut == mention.alias.replace("\n", " ")


@settings(max_examples=200, deadline=None)
@given(before=st.text(max_size=300), alias=st.sampled_from(["FPT", "Tập đoàn FPT", "ミラ研究所"]), after=st.text(max_size=300))
def test_snippets_hold_the_hit_and_at_most_forty_words(before: str, alias: str, after: str) -> None:
    snippet, start = snippet_of(before + alias + after, len(before), len(before) + len(alias))
    assert snippet[start : start + len(alias)] == alias
    assert len(snippet.split()) <= 40 and "\n" not in snippet.replace(alias, "")


@pytest.mark.parametrize(
    "piece", ["a", "-", "FPT.", "a.FPT", "a.", "a-", "@", "FPT", "FPT ", "fpt.", "Mila\n", "ミラ", "\u0301", ": ", "www.", "FPT/"]
)
@pytest.mark.timeout(60)
def test_long_monotonous_texts_end(piece: str) -> None:
    text = piece * (120_000 // len(piece))
    MATCHER.match(Document(title="FPT", text=text))
    MATCHER.may_mention(text.encode(), "utf-8")
