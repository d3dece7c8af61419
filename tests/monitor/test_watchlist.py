"""Topics as data: sensible defaults, errors that say what to write, built-in ones that can be extended."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.matching import Document, Matcher
from monitor.watchlist import builtin_watchlist, watchlist_from_tables
from storage.errors import ConfigError, UsageError


def topics(title: str, *tables: dict[str, Any], builtin: bool = False, text: str = "", language: str = "") -> list[str]:
    matcher = Matcher(watchlist_from_tables(tables, builtin=builtin))
    return [mention.topic for mention in matcher.match(Document(title=title, text=text, language=language)).mentions]


def test_the_built_in_topics_and_their_family_tree() -> None:
    watchlist = builtin_watchlist()
    assert watchlist.names == ("FPT", "Mila", "FUNiX")
    paths = {unit.path for unit in watchlist.topic("fpt").units}
    assert {
        "FPT Software", "FPT IS", "FPT Telecom", "FPT Retail", "FPT Retail › FPT Shop", "FPT Retail › Long Châu", "FPT Smart Cloud", "FPT AI",
        "FPT Semiconductor", "FPT Education", "FPT Education › FPT University", "FPT Online", "FPT Telecom › FPT Play", "FPT Securities",
    } <= paths  # fmt: skip
    for topic in watchlist.topics:
        assert topic.owned_domains and topic.queries


def test_two_lines_are_a_topic() -> None:
    assert topics("Vingroup rót vốn", {"name": "Vingroup"}) == ["Vingroup"]
    assert topics("vingroup rót vốn", {"name": "Vingroup"}) == ["Vingroup"]
    assert topics("Hoà Phát xuất thép", {"name": "Hòa Phát"}) == ["Hòa Phát"]
    assert topics("HOA PHAT xuat thep", {"name": "Hòa Phát"}) == ["Hòa Phát"]
    assert topics("Hòa Phát xuất thép", {"name": "Hoa Phat"}) == ["Hoa Phat"]


def test_a_short_name_keeps_its_capitals() -> None:
    assert topics("VNG lãi lớn", {"name": "VNG"}) == ["VNG"]
    assert topics("gõ vng vào ô", {"name": "VNG"}) == []
    assert topics("gõ vng vào ô", {"name": "VNG", "capitals": False}) == ["VNG"]


def test_context_makes_a_name_of_one_word_ask_for_evidence() -> None:
    table = {
        "name": "Sun",
        "context": ["Hạ Long", "resort"],
        "rivals": [{"name": "a newspaper", "phrases": ["The Sun"], "cues": ["tabloid"]}],
    }
    assert topics("Sun rises", table) == []
    assert topics("Sun mở resort ở Hạ Long", table) == ["Sun"]
    assert topics("The Sun, a tabloid, reports", table) == []


def test_a_table_about_a_built_in_topic_adds_to_it() -> None:
    more = {"name": "fpt", "aliases": ["Nhà Máy Cam"], "units": ["Cam Retail"], "owned_domains": ["cam.example"], "prior": 0.1}
    watchlist = watchlist_from_tables([more])
    topic = watchlist.topic("FPT")
    assert topic.name == "FPT" and topic.prior == 0.1
    assert topic.queries == builtin_watchlist().topic("FPT").queries
    assert topics("Nhà Máy Cam tuyển người", more, builtin=True) == ["FPT"]
    assert topics("Tập đoàn FPT tuyển người", more, builtin=True) == ["FPT"]


def test_priors_and_passing_of_the_built_in_topics_stay_unless_stated() -> None:
    topic = watchlist_from_tables([{"name": "Mila", "context": ["Verdun"]}]).topic("Mila")
    assert topic.prior == builtin_watchlist().topic("Mila").prior
    assert "Verdun" in topic.context and topic.passing_near == builtin_watchlist().topic("Mila").passing_near


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({}, "name is missing"),
        ({"name": "x"}, "name is missing or too short"),
        ({"name": "Vingroup", "aliasses": ["V"]}, "aliasses"),
        ({"name": "Vingroup", "aliases": "Vin"}, "aliases"),
        ({"name": "Vingroup", "aliases": ["-"]}, "too short"),
        ({"name": "Vingroup", "prior": 2}, "prior"),
        ({"name": "Vingroup", "prior": True}, "prior"),
        ({"name": "Vingroup", "capitals": "yes"}, "capitals"),
        ({"name": "Vingroup", "queries": ["a"]}, "queries"),
        ({"name": "Vingroup", "rivals": [{"cues": ["a"]}]}, "rival"),
        ({"name": "Vingroup", "rivals": [{"name": "a", "person": "yes"}]}, "person"),
        ({"name": "Vingroup", "units": [{"aliases": ["a"]}]}, "unit"),
        ({"name": "Vingroup", "units": [{"name": "VinFast", "aliases": ["!"]}]}, "too short"),
        ({"name": "Vingroup", "passing": "no"}, "passing"),
        ({"name": "Vingroup", "passing": {"nearby": ["a"]}}, "nearby"),
        ({"name": "Vingroup", "home_languages": {"vi": "much"}}, "home_languages"),
        ({"name": "Vingroup", "home_outlets": ["vn"]}, "home_outlets"),
    ],
)
def test_errors_name_the_file_the_topic_and_the_key(table: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as raised:
        watchlist_from_tables([{"name": "Good"}, table], where="my.toml")
    assert "my.toml" in str(raised.value) and "number 2" in str(raised.value) and named in str(raised.value)
    assert raised.value.hint


def test_nothing_watched_is_an_error() -> None:
    with pytest.raises(ConfigError, match="nothing is watched"):
        watchlist_from_tables([], builtin=False)


def test_topics_by_name() -> None:
    watchlist = builtin_watchlist()
    assert watchlist.named("funix") == "FUNiX"
    with pytest.raises(UsageError) as raised:
        watchlist.named("Milla")
    assert "Mila" in (raised.value.hint or "")
