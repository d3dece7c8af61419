"""Sources in a configuration, and that commands change them as a person would."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import config_sources
from monitor.config import FORMATS, Packs, add_source, load_config, remove_source, starter_text
from monitor.packs import GROUPS, MORE, SEARCHES
from storage.errors import ConfigError
from storage.items import Kind, Ownership, Source
from tests.monitor.configured import FEEDS, NO_TOPICS, OWN_ONLY, Topic, load, topics

# --- sources


def test_the_groups_of_the_pack_have_a_switch_each() -> None:
    assert {*GROUPS, SEARCHES, MORE, "engines", "off"} == set(Packs.__struct_encode_fields__)
    assert {member.value for member in Ownership} == set(config_sources.OWNERSHIPS)


def test_formats_are_those_that_daily_writes() -> None:
    daily = pytest.importorskip("monitor.daily", exc_type=ImportError)
    assert set(daily.ENDINGS) == set(FORMATS)


def test_the_pack_serves_by_groups(tmp_path: Path) -> None:
    every = load(tmp_path, "").sources(NO_TOPICS)
    assert [source.id for source in every] == [feed.id for feed in FEEDS]
    fewer = load(tmp_path, "[packs]\nown = false\nvietnam = false").sources(NO_TOPICS)
    on = set(GROUPS) - {"own", "vietnam"}
    assert [source.id for source in fewer] == [feed.id for feed in FEEDS if on & set(feed.groups)]
    assert any("own" in source.groups for source in fewer)  # one that stands in another group, too
    assert load(tmp_path, OWN_ONLY).sources(NO_TOPICS) == []


def test_searches_are_made_for_each_topic_with_queries(tmp_path: Path) -> None:
    watched = topics(Topic("FPT", {"vi": '"FPT Software"', "en": '"FPT Corporation"'}), Topic("Quiet"))
    off = OWN_ONLY.replace("searches = false", "searches = true")
    found = load(tmp_path, off).sources(watched)
    assert [source.id for source in found] == ["google-fpt-vi", "bing-fpt-vi", "google-fpt-en", "bing-fpt-en"]
    assert {source.kind for source in found} == {Kind.SEARCH}
    assert load(tmp_path, OWN_ONLY).sources(watched) == []
    fewer = load(tmp_path, off + "off = ['bing-fpt-vi']").sources(watched)
    assert "bing-fpt-vi" not in [source.id for source in fewer]


def test_a_users_source_has_all_it_says(tmp_path: Path) -> None:
    text = """
        [[source]]
        url = "https://www.example.org/rss/công-nghệ.rss"
        [[source]]
        id = "mine"
        url = "http://example.org:8080/?feed=rss2&cat=ai"
        kind = "search"
        outlet = "Mine"
        language = "FR"
        country = "ca"
        timezone = "America/Montreal"
        ownership = "affiliated"
        groups = ["partners"]
        interval_minutes = 90
        robots = false
        pages = false
    """
    first, second = load(tmp_path, OWN_ONLY + text).sources(NO_TOPICS)
    assert first == Source(id="example-org-cong-nghe", url="https://www.example.org/rss/công-nghệ.rss", origin="config")
    assert second == Source(
        id="mine", url="http://example.org:8080/?feed=rss2&cat=ai", kind=Kind.SEARCH, outlet="Mine", language="fr", country="CA",
        timezone="America/Montreal", ownership=Ownership.AFFILIATED, groups=("partners",), interval=timedelta(minutes=90),
        robots=False, pages=False, origin="config",
    )  # fmt: skip


def test_made_ids_differ(tmp_path: Path) -> None:
    text = "".join(f'[[source]]\nurl = "https://example.org/{end}"\n' for end in ("news.rss", "news.xml", "feed", "rss", "?a=1"))
    ids = [source.id for source in load(tmp_path, OWN_ONLY + text).sources(NO_TOPICS)]
    assert ids == ["example-org-news", "example-org-news-2", "example-org", "example-org-2", "example-org-1"]
    assert len(config_sources.make_id("https://example.org/" + "x" * 500, ())) <= 60
    assert config_sources.make_id("https://例え.jp/", ()) != ""


def test_a_users_source_replaces_that_of_the_pack(tmp_path: Path) -> None:
    by_id, by_url = FEEDS[0], FEEDS[1]
    text = f"""
        [[source]]
        id = "{by_id.id}"
        url = "https://elsewhere.example/feed"
        [[source]]
        id = "renamed"
        url = "{by_url.url}"
    """
    found = {source.id: source for source in load(tmp_path, text).sources(NO_TOPICS)}
    assert found[by_id.id].url == "https://elsewhere.example/feed"
    assert by_url.id not in found
    assert found["renamed"].origin == "config"
    assert len(found) == len(FEEDS)


# --- changed by command

WRITTEN = """\
# my configuration
language = "vi"  # for the boss

[[source]]
# the best of all
id = "first"
url = "https://one.example/feed"

[packs]  # less is more
asia = false
off = [
    "vnexpress-latest",  # too much
]

[[source]]
url = "https://two.example/feed"
"""


def test_a_source_is_added_as_a_person_would(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    new = Source(id="third", url="https://three.example/feed", outlet='Ba "3"', language="vi", ownership=Ownership.OWNED, origin="config")
    assert add_source(path, new) == f"added third (https://three.example/feed) to {path}"
    assert path.read_text(encoding="utf-8").startswith(WRITTEN)
    assert new in load_config(None, {}, tmp_path).sources(NO_TOPICS)
    assert [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS) if source.origin == "config"] == [
        "first", "two-example", "third",
    ]  # fmt: skip
    remove_source(path, new)
    left = path.read_text(encoding="utf-8")
    assert sorted(filter(None, left.splitlines())) == sorted(filter(None, WRITTEN.splitlines()))
    assert tomllib.loads(left) == tomllib.loads(WRITTEN)


def test_a_source_starts_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "monitor.toml"
    new = Source(id="a", url="https://a.example/feed", robots=False, interval=timedelta(hours=2), timezone="Asia/Tokyo", origin="config")
    assert add_source(path, new).endswith("a new file")
    assert load_config(path, {}, tmp_path).sources(NO_TOPICS)[-1] == new
    assert list(path.parent.iterdir()) == [path]  # no half-written neighbour
    path.write_text(starter_text(), encoding="utf-8")
    add_source(path, new)
    assert path.read_text(encoding="utf-8").startswith(starter_text().rstrip())
    assert load_config(path, {}, tmp_path).sources(NO_TOPICS)[-1] == new


def test_a_source_joins_an_inline_list(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text('source = [{ url = "https://one.example/feed" }]\n')
    add_source(path, Source(id="two", url="https://two.example/feed"))
    assert [table.id for table in load_config(path, {}, tmp_path).source] == ["one-example", "two"]


def test_sources_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    two = next(source for source in load_config(None, {}, tmp_path).sources(NO_TOPICS) if source.id == "two-example")
    assert remove_source(path, two) == f"removed two-example from {path}; what it found stays stored"
    assert "two.example" not in path.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="has no source 'two-example'"):
        remove_source(path, two)
    pack = FEEDS[5]
    assert "packs.off" in remove_source(path, pack)
    text = path.read_text(encoding="utf-8")
    assert "# too much" in text
    assert "# the best of all" in text
    assert tomllib.loads(text)["packs"]["off"] == ["vnexpress-latest", pack.id]
    assert "already" in remove_source(path, pack)
    assert pack.id not in [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS)]
    # Adding it by name switches it on again.
    add_source(path, Source(id=pack.id, url="https://new.example/feed"))
    assert pack.id in [source.id for source in load_config(None, {}, tmp_path).sources(NO_TOPICS)]


def test_removing_what_replaced_the_packs_says_so(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    mine = Source(id="mine", url=FEEDS[0].url, origin="config")
    add_source(path, mine)
    assert f"The built-in {FEEDS[0].id} serves again" in remove_source(path, mine)
    assert load_config(None, {}, tmp_path).sources(NO_TOPICS)[0] == FEEDS[0]


def test_switching_off_starts_a_file(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    remove_source(path, FEEDS[0])
    assert load_config(None, {}, tmp_path).packs.off == (FEEDS[0].id,)
    path.write_text("[packs]\nasia = false\n\n[crawl]\npages = false\n")
    remove_source(path, FEEDS[0])
    config = load_config(None, {}, tmp_path)
    assert (config.packs.off, config.packs.asia, config.crawl.pages) == ((FEEDS[0].id,), False, False)


def test_a_wrong_file_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text("langage = 'vi'\n")
    with pytest.raises(ConfigError, match="did you mean language"):
        add_source(path, Source(id="a", url="https://a.example/feed"))
    path.write_text(WRITTEN, encoding="utf-8")
    with pytest.raises(ConfigError, match="as that of number 1 is already"):
        add_source(path, Source(id="first", url="https://other.example/feed"))
    assert path.read_text(encoding="utf-8") == WRITTEN


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "monitor.toml"
    real.write_bytes(b"# mine\r\nlanguage = 'vi'\r\n")
    link.symlink_to(real)
    add_source(link, Source(id="a", url="https://a.example/feed"))
    assert link.is_symlink()
    assert b"# mine\r\nlanguage = 'vi'\r\n" in real.read_bytes()
