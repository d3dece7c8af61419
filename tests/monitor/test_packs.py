"""The source pack holds what it promises, and every row of it can be used as it stands."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from monitor.config_sources import same_address
from monitor.packs import ARCHIVE, GROUPS, MORE, SEARCHES, Outlet, archives, outlet_of, pack_sources, reach_of, searches, serving
from spiders.readers.archives import of_month
from storage.identity import canonical_url, outlet_host, url_key
from storage.items import Kind, Ownership, Source

SHARED = Path(__file__).parents[3] / "shared" / "sources.tsv"


def table(name: str) -> list[list[str]]:
    text = files("monitor.pack").joinpath(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.split("\n")[:-1]]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("sources.tsv", "id url kind outlet language country timezone ownership groups pages"),
        ("left_out.tsv", "url outlet reason note"),
        ("outlets.tsv", "host outlet language country ownership"),
        ("reach.tsv", "host reach"),
    ],
)
def test_tables_are_rectangular_and_clean(name: str, header: str) -> None:
    rows = table(name)
    assert rows[0] == header.split()
    for row in rows:
        assert len(row) == len(rows[0]), row
        assert all(cell and cell == cell.strip() for cell in row), row


def test_every_source_is_one_of_its_kind() -> None:
    assert len({source.id for source in pack_sources()}) == len(pack_sources())
    assert len({url_key(source.url) for source in pack_sources()}) == len(pack_sources())
    assert len({same_address(source.url) for source in pack_sources()}) == len(pack_sources())


@pytest.mark.parametrize("source", pack_sources(), ids=lambda source: source.id)
def test_every_source_can_be_used_as_it_stands(source: Source) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", source.id)
    assert canonical_url(source.url)
    assert source.url.isascii() and " " not in source.url
    assert source.kind in {Kind.FEED, Kind.LISTING, Kind.SITEMAP, Kind.SEARCH} and source.origin == "pack" and not source.topic
    assert source.outlet
    assert re.fullmatch(r"[a-z]{2}", source.language)
    assert re.fullmatch(r"[A-Z]{2}", source.country)
    assert ZoneInfo(source.timezone).key == source.timezone
    assert set(source.groups) & set(GROUPS) and set(source.groups) <= {*GROUPS, MORE, ARCHIVE}
    assert len(set(source.groups)) == len(source.groups)


def test_every_source_belongs_to_a_known_outlet_of_the_same_ownership() -> None:
    for source in pack_sources():
        outlet = outlet_of(outlet_host(source.url))
        assert outlet is not None, source.url
        assert outlet.ownership is source.ownership, source.id


def test_vietnamese_feeds_read_zoneless_dates_at_home() -> None:
    assert {source.timezone for source in pack_sources() if source.country == "VN"} == {"Asia/Ho_Chi_Minh"}


def test_only_who_writes_for_the_whole_world_is_read_in_utc() -> None:
    """A date without a zone is its outlet's own; of some nobody knows where they are, or they write in UTC."""
    worldly = {
        "arxiv.org",
        "news.ycombinator.com",
        "medium.com",
        "infoq.com",
        "elearningindustry.com",
        "tomshardware.com",
        "classcentral.com",
    }
    named = {outlet_host(source.url) for source in pack_sources() if source.timezone == "UTC"}
    assert {host.removeprefix("rss.").removeprefix("feed.") for host in named} <= worldly, named - worldly


def test_no_search_engine_stands_among_the_feeds() -> None:
    hosts = {outlet_host(source.url) for source in pack_sources()}
    assert not {host for host in hosts if host.endswith(("google.com", "bing.com", "gdeltproject.org"))}


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_has_sources_that_serve_and_can_be_switched_off(group: str) -> None:
    assert sum(1 for _ in serving([group])) >= 5
    without = list(serving(set(GROUPS) - {group}))
    assert all(set(source.groups) & (set(GROUPS) - {group}) for source in without)
    assert not any(set(source.groups) & set(GROUPS) == {group} for source in without)


def test_further_sections_serve_where_they_are_wished_for_and_archives_never() -> None:
    usual, every = list(serving(GROUPS)), list(serving(GROUPS, more=True))
    assert not any({MORE, ARCHIVE} & set(source.groups) for source in usual)
    assert {source.id for source in every} - {source.id for source in usual} == {one.id for one in pack_sources() if MORE in one.groups}
    assert {source.id for source in archives(GROUPS)} == {one.id for one in pack_sources()} - {one.id for one in every}
    assert not list(archives(["edtech"]))


def test_a_crawl_as_it_comes_asks_no_host_for_much() -> None:
    """So a round of all sources that serve by default stays short: one host is asked one request after the other."""
    asked = Counter(urlsplit(source.url).hostname for source in serving(GROUPS))
    assert max(asked.values()) <= 8, asked.most_common(3)
    assert sum(asked.values()) <= 250


REASONS = {"dead", "blocked", "guess", "index", "search", "repeat", "third-party", "template"}


def test_what_is_left_out_has_a_reason_and_does_not_serve() -> None:
    rows = table("left_out.tsv")[1:]
    serve = {url_key(source.url) for source in pack_sources()}
    assert {reason for _, _, reason, _ in rows} == REASONS
    assert len({url for url, *_ in rows}) == len(rows)
    assert not [url for url, *_ in rows if url_key(url) in serve]


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared table of sources")
def test_every_row_of_the_shared_table_serves_or_says_why_not() -> None:
    with SHARED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    # An archive by months stands in the shared table with the month in which it was looked at.
    serve = {of_month(source.url, datetime(2026, 10, 1, tzinfo=UTC), "UTC"): source for source in pack_sources()}
    left_out = {url: reason for url, _, reason, _ in table("left_out.tsv")[1:]}
    assert len(rows) == len({row["url"] for row in rows})
    missing = [row["url"] for row in rows if (row["url"] in serve) == (row["url"] in left_out)]
    assert not missing
    kinds = {"rss": Kind.FEED, "atom": Kind.FEED, "section page": Kind.LISTING, "news-sitemap": Kind.SITEMAP}
    for row in rows:
        source = serve.get(row["url"])
        # A guess by the same form as its sister sites: it is asked because it is one of the three that are watched.
        assert row["status"] not in {"dead", "blocked", "guess"} or source is None or source.id == "funix-latest", row["url"]
        if source is not None:
            assert source.kind in {kinds[row["kind"]], Kind.SEARCH}, source.id
            assert source.language == row["language"] or row["language"] == "multi", source.id
            assert source.country == row["country"], source.id
    usable = sum(row["url"] in serve for row in rows)
    assert (usable, len(rows) - usable) == (395, 90)


@pytest.mark.parametrize(("language", "least"), [("vi", 50), ("en", 50), ("fr", 15)])
def test_every_language_has_feeds(language: str, least: int) -> None:
    assert sum(source.language == language for source in pack_sources()) >= least


def test_ownership_follows_the_group() -> None:
    agencies = {"AFP", "AP", "Bloomberg", "Reuters"}
    for source in pack_sources():
        assert "wires" in source.groups or source.ownership is not Ownership.RELEASE, source.id
        assert source.ownership is Ownership.RELEASE or "wires" not in source.groups or source.outlet in agencies, source.id
        assert (source.ownership in {Ownership.OWNED, Ownership.AFFILIATED}) == ("own" in source.groups), source.id


def test_tables_are_read_once() -> None:
    assert pack_sources() is pack_sources()
    assert outlet_of("vnexpress.net") is outlet_of("vnexpress.net")


def test_outlet_hosts_are_written_as_they_are_looked_up() -> None:
    hosts = [row[0] for row in table("outlets.tsv")[1:]]
    assert len(hosts) >= 150
    assert len(set(hosts)) == len(hosts)
    for host in hosts:
        assert outlet_host(f"https://www.{host}/a") == host
        found = outlet_of(host)
        assert found is not None and found.host == host


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("vnexpress.net", "vnexpress.net"),
        ("tech.vnexpress.net", "vnexpress.net"),
        ("e.vnexpress.net", "e.vnexpress.net"),
        ("a.b.e.vnexpress.net", "e.vnexpress.net"),
        ("feeds.arstechnica.com", "arstechnica.com"),
        ("nouvelles.umontreal.ca", "umontreal.ca"),
        ("mila.umontreal.ca", "mila.umontreal.ca"),
    ],
)
def test_outlet_falls_back_to_the_nearest_parent(host: str, owner: str) -> None:
    found = outlet_of(host)
    assert found is not None and found.host == owner


@pytest.mark.parametrize(
    "host", ["", "net", "com.vn", "example.com.vn", "notvnexpress.net", "vnexpress.net.example.com", "...", "localhost"]
)
def test_unknown_hosts_have_no_outlet(host: str) -> None:
    assert outlet_of(host) is None


def test_an_outlet_bears_name_language_and_country() -> None:
    assert outlet_of("tuoitre.vn") == Outlet("tuoitre.vn", "Tuổi Trẻ", "vi", "VN", Ownership.EARNED)
    assert outlet_of("ledevoir.com") == Outlet("ledevoir.com", "Le Devoir", "fr", "CA", Ownership.EARNED)


@pytest.mark.parametrize("host", ["fpt.com", "fpt.com.vn", "fptsoftware.com", "fpt.edu.vn", "chungta.vn", "funix.edu.vn", "mila.quebec"])
def test_the_watched_organisations_own_their_sites(host: str) -> None:
    found = outlet_of(host)
    assert found is not None and found.ownership is Ownership.OWNED


@pytest.mark.parametrize("host", ["prnewswire.com", "businesswire.com", "globenewswire.com", "newswire.ca", "einpresswire.com"])
def test_wires_carry_releases(host: str) -> None:
    found = outlet_of(host)
    assert found is not None and found.ownership is Ownership.RELEASE


QUERIES = {"vi": '"FPT Software" OR "Tập đoàn FPT"', "en": '"FPT Software" & co=1 #x', "fr": '"FPT" Montréal', "ja": "FPTジャパン"}


def test_searches_ask_both_engines_in_every_language() -> None:
    made = searches("FPT", QUERIES)
    assert [source.id for source in made] == [f"{engine}-fpt-{language}" for language in QUERIES for engine in ("google", "bing")]
    for source in made:
        assert source.kind is Kind.SEARCH
        assert source.topic == "FPT"
        assert source.groups == (SEARCHES,)
        assert source.outlet == ("Google News" if source.id.startswith("google") else "Bing News")
        assert source.language == source.id.rpartition("-")[2]


def test_search_addresses_parse_and_hold_the_query_whole() -> None:
    for source in searches("FPT", QUERIES):
        assert source.url.isascii() and canonical_url(source.url)
        parts = urlsplit(source.url)
        asked = parse_qs(parts.query, strict_parsing=True)
        query = QUERIES[source.language]
        assert not parts.fragment
        if parts.hostname == "news.google.com":
            assert parts.path == "/rss/search"
            assert asked["q"] == [f"{query} when:3d"]
            assert asked["ceid"][0].split(":")[0] == asked["gl"][0] == source.country
        else:
            assert (parts.hostname, parts.path) == ("www.bing.com", "/news/search")
            assert asked["q"] == [query]
            assert asked["format"] == ["rss"]
            assert asked["mkt"] == [f"{source.language}-{source.country}"]


def editions(queries: dict[str, str]) -> dict[str, str]:
    return {source.id: source.url.partition("&")[2] for source in searches("Tập đoàn X", queries)}


def test_editions_of_vietnam_quebec_and_canada() -> None:
    assert editions({"fr": "a", "en": "b"}) == {
        "google-tap-doan-x-fr": "hl=fr-CA&gl=CA&ceid=CA:fr",
        "bing-tap-doan-x-fr": "format=rss&setlang=fr&cc=CA&mkt=fr-CA",
        "google-tap-doan-x-en": "hl=en-CA&gl=CA&ceid=CA:en",
        "bing-tap-doan-x-en": "format=rss&setlang=en&cc=CA&mkt=en-CA",
    }
    assert editions({"vi": "a", "en": "b", "fr": " "}) == {
        "google-tap-doan-x-vi": "hl=vi&gl=VN&ceid=VN:vi",
        "bing-tap-doan-x-vi": "format=rss&setlang=vi&cc=VN&mkt=vi-VN",
        "google-tap-doan-x-en": "hl=en-US&gl=US&ceid=US:en",
        "bing-tap-doan-x-en": "format=rss&setlang=en&cc=US&mkt=en-US",
    }


def test_a_key_may_name_its_country() -> None:
    made = editions({"en-SG": "a", "de_AT": "b"})
    assert made["google-tap-doan-x-en-sg"] == "hl=en-SG&gl=SG&ceid=SG:en"
    assert made["google-tap-doan-x-de-at"] == "hl=de&gl=AT&ceid=AT:de"
    assert {source.language for source in searches("x", {"en-SG": "a"})} == {"en"}


def test_a_language_nobody_listed_is_asked_without_a_market() -> None:
    made = editions({"eo": "a"})
    assert made == {"google-tap-doan-x-eo": "hl=eo&gl=US&ceid=US:eo", "bing-tap-doan-x-eo": "format=rss&setlang=eo"}


def test_blank_queries_make_no_search() -> None:
    assert searches("FPT", {"vi": "", "en": " \n "}) == ()


def test_reach_is_told_of_known_outlets_and_of_what_lies_below_their_hosts() -> None:
    rows = table("reach.tsv")[1:]
    assert len({host for host, _ in rows}) == len(rows)
    assert all(tier in {"1", "2"} and outlet_of(host) for host, tier in rows)
    assert [reach_of(host) for host in ("vnexpress.net", "e.vnexpress.net", "video.vnexpress.net", "nobody.example", "")] == [1, 2, 1, 0, 0]
