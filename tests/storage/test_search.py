"""Search: tone marks may be left out, and no query language of a database can be reached."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.filters import ArticleFilter
from storage.search import parse, snippet
from storage.store import Store
from tests.storage.makers import add, article, mention

TEXTS = {
    "da-nang": (
        "FPT Software mở văn phòng tại Đà Nẵng",
        "Công ty FPT.AI và vnexpress.net/kinh-doanh nói về full-stack, snake_case, Q3/2026.",
    ),
    "hue": ("Mila công bố mô hình mới ở Huế", "Viện Mila của Yoshua Bengio. Văn phòng mở ở Montréal, Québec."),
    "funix": ("FUNiX tuyển sinh", "Học trực tuyến cùng FUNiX và FPT. Đại học mở phòng học."),
    "japan": ("FPTジャパン 東京", "FPTは日本で事業を拡大した。 กำลังทำงาน हिन्दी"),
}


@pytest.fixture
def shelf(store: Store) -> dict[int, str]:
    """Articles by id."""
    return {add(store, at, title=title, text=text, summary=""): name for at, (name, (title, text)) in enumerate(TEXTS.items())}


def found(store: Store, shelf: dict[int, str], words: str, **wanted: object) -> set[str]:
    with store.reading() as reading:
        hits = list(reading.search(words, ArticleFilter(**wanted)))  # type: ignore[arg-type]
    assert len({stored.id for stored, _ in hits}) == len(hits)
    return {shelf[stored.id] for stored, _ in hits}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Đà Nẵng", "da-nang"),
        ("da nang", "da-nang"),
        ("ĐÀ NẴNG", "da-nang"),
        ("Ｄà nẵng", "da-nang"),
        ("Da\u0300 Na\u0306\u0303ng", "da-nang"),  # not composed
        ("montreal QUEBEC", "hue"),
        ("fpt", "da-nang funix"),
        ("fpt funix", "funix"),
        ("fpt AND funix", "funix"),
        ("mila OR funix", "hue funix"),
        ("mila | funix", "hue funix"),
        ("văn phòng", "da-nang hue"),
        ('"văn phòng mở"', "hue"),
        ('"mở văn phòng"', "da-nang"),
        ('"phòng văn"', ""),
        ("fpt -funix", "da-nang"),
        ('fpt -"đại học"', "da-nang"),
        ("mở -văn*", "funix"),
        ("fun*", "funix"),
        ("soft*", "da-nang"),
        ("oft*", ""),
        ("fpt.ai", "da-nang"),
        ("ai", "da-nang"),
        ("vnexpress", "da-nang"),
        ("kinh-doanh", "da-nang"),
        ("full-stack", "da-nang"),
        ("full stack", "da-nang"),
        ("stack", "da-nang"),
        ("snake_case", "da-nang"),
        ("case", "da-nang"),
        ("q3/2026", "da-nang"),
        ("FPTは日本で事業を拡大した", "japan"),
        ("東京", "japan"),
        ("กำลังทำงาน", "japan"),
        ("हिन्दी", "japan"),
        ("không có gì", ""),
        ("-fpt", ""),
        ("", ""),
        ("  ", ""),
        ("*", ""),
        ('""', ""),
        ("OR", ""),
        ("fpt OR", "da-nang funix"),
    ],
)
def test_queries(store: Store, shelf: dict[int, str], words: str, names: str) -> None:
    assert found(store, shelf, words) == set(names.split())


HOSTILE = [
    '"', '"unclosed', "'", "\\", ";--", "a' OR '1'='1", "NEAR(a b, 3)", "title:fpt", "^fpt", "fpt*bar", "**", "(", ")", "((fpt)", "{a b}:c", "NOT fpt", "AND AND",
    "fpt AND NOT", "OR OR fpt", "fpt OR -mila", "-fpt OR mila", "a:*b", "!fpt & | <->", "fpt:*", ":name", "%(x)s", "\x00", "fpt\x00mila", "\ud800", "+fpt", "a" * 5_000,
    "fpt " * 500, "-fpt " * 500 + "mila", "x OR " * 400, '"' + "a " * 600, "½ ² ª", "_", "___", "- - -", '-"', '"a"*', "🙂", "\u0301",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_queries_are_words(store: Store, shelf: dict[int, str], words: str) -> None:
    found(store, shelf, words)
    assert found(store, shelf, "funix") == {"funix"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    words=st.lists(
        st.sampled_from(["fpt", '"', "-", "*", "OR", "AND", "NOT", " ", "mo", "(", ":", "'", "\\", "|", "\x00"]) | st.text(max_size=4),
        max_size=12,
    ).map("".join)
)
def test_any_query_is_answered(store: Store, words: str) -> None:
    with store.reading() as reading:
        list(reading.search(words, ArticleFilter()))


def test_what_is_asked_first_is_best(store: Store) -> None:
    weak = add(store, 1, title="Tin công nghệ", text="Một câu về trung tâm dữ liệu. " + "Chuyện khác dài dòng. " * 50)
    strong = add(store, 2, title="Trung tâm dữ liệu", text="Trung tâm dữ liệu mới là trung tâm dữ liệu lớn.")
    with store.reading() as reading:
        assert [stored.id for stored, _ in reading.search("trung tâm dữ liệu", ArticleFilter())] == [strong, weak]
        assert [stored.id for stored, _ in reading.search("trung tâm dữ liệu", ArticleFilter(limit=1))] == [strong]


def test_a_narrow_filter_over_many_hits(store: Store) -> None:
    with store.transaction() as transaction:
        from tests.storage.makers import new

        rare = transaction.articles.add(new(0, mentions=(mention("Mila"),)))
        for number in range(1, 650):
            transaction.articles.add(new(number))
    with store.reading() as reading:
        assert [stored.id for stored, _ in reading.search("trung tâm", ArticleFilter(topic="Mila"))] == [rare]
        assert sum(1 for _ in reading.search("trung tâm", ArticleFilter())) == 650
        assert sum(1 for _ in reading.search("trung tâm", ArticleFilter(limit=3))) == 3


def test_a_huge_text_is_searchable(store: Store) -> None:
    number = add(store, 1, title="FPT", text=" ".join(f"từ{at}" for at in range(60_000)))
    with store.reading() as reading:
        assert [stored.id for stored, _ in reading.search("tu17", ArticleFilter())] == [number]


def test_snippets_stand_round_the_hit() -> None:
    words = " ".join(f"w{at}" for at in range(100)) + " Đà Nẵng " + " ".join(f"v{at}" for at in range(100))
    shown = snippet(article(text=words), "da nang")
    assert "Đà Nẵng" in shown
    assert shown.startswith("… ") and shown.endswith(" …")
    assert len(shown.split()) <= 34
    assert snippet(article(text="", summary="Chỉ có tóm tắt."), "fpt") == "Chỉ có tóm tắt."
    assert snippet(article(text="", summary=""), "fpt") == ""


def test_what_a_person_wrote_is_read() -> None:
    assert parse('FPT "Đà Nẵng" -rival fun*') == [
        [("fpt", False, False)], [("da nang", False, False)], [("rival", False, True)], [("fun", True, False)],
    ]  # fmt: skip
    assert parse("a OR b c") == [[("a", False, False), ("b", False, False)], [("c", False, False)]]
    assert parse("-a -b") == []
    assert len(parse("a " * 500)) == 32
