"""Searches beside the news engines: what they are asked for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from monitor.config import load_config
from monitor.searches import ENGINES, names_of, searches
from monitor.watchlist import Topic, builtin_watchlist
from storage.items import Kind


def _asked(url: str) -> str:
    query = parse_qs(urlsplit(url).query)
    return (query.get("query") or query["q"])[0]


def test_a_topics_names_say_who_is_meant() -> None:
    for topic in builtin_watchlist().topics:
        names = names_of(topic)
        assert names and all(len(name) >= 5 for name in names)
        assert "FPT" not in names and "Mila" not in names  # three letters; a given name
        assert sum(len(name) + 6 for name in names) <= 200
        assert not any(one != other and f" {one} ".lower() in f" {other} ".lower() for one in names for other in names)


def test_gdelt_is_asked_in_each_language_of_the_topic() -> None:
    topic = Topic(name="Trường Mẫu", distinctive=("Sample School", "Trường (Mẫu)"), queries={"vi": "x", "en": "x", "en-SG": "x"})
    made = {source.id: source for source in searches(topic, ENGINES)}
    assert set(made) == {"gdelt-truong-mau-vi", "gdelt-truong-mau-en", "hackernews-truong-mau", "reddit-truong-mau"}
    assert _asked(made["gdelt-truong-mau-vi"].url) == '("Trường Mẫu" OR "Sample School") sourcelang:vietnamese'
    assert _asked(made["hackernews-truong-mau"].url) == '"Trường Mẫu" OR "Sample School"'
    query = parse_qs(urlsplit(made["gdelt-truong-mau-en"].url).query)
    assert (query["maxrecords"], query["format"], query["timespan"]) == (["250"], ["json"], ["3d"])
    assert all(source.kind is Kind.SEARCH and source.topic == "Trường Mẫu" and source.groups == ("searches",) for source in made.values())


def test_one_name_needs_no_parentheses_and_no_name_no_search() -> None:
    assert _asked(searches(Topic(name="FUNiX", queries={"vi": "x"}), ["gdelt"])[0].url) == "FUNiX sourcelang:vietnamese", (
        "one word in quotation marks is refused"
    )
    assert searches(Topic(name="Sun", queries={"vi": "x"}), ENGINES) == ()


def test_the_configuration_names_the_engines(tmp_path: Path) -> None:
    def engines(text: str) -> set[str]:
        (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
        config = load_config(None, {}, tmp_path)
        return {source.id.partition("-")[0] for source in config.sources(config.watchlist()) if source.kind is Kind.SEARCH and source.topic}

    assert engines("") == {"google", "bing", "gdelt", "hackernews"}
    assert engines('[packs]\nengines = ["bing", "reddit"]') == {"bing", "reddit"}
    assert engines("[packs]\nsearches = false") == set()
