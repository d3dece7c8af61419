"""The roads that a person orders: section crawls, crawls of the past, `sources add`. Traps lead on without end, and into the network."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.hostile import scan
from tests.hostile.case import Case, entry, named, page, rss, xml
from tests.hostile.cases_documents import LONG
from tests.hostile.cases_lists import articles, listing
from tests.hostile.world import SECRET, World, world
from tests.patience import in_time
from tests.spiders.site import Reply, Seen, drips, redirect

NOW = datetime.now(UTC)
LIMIT = 25
_INSIDE = ("http://127.0.0.1/secret", "http://[::1]/secret", "http://inside.example/secret", "http://2130706433/x", "file:///etc/passwd", "javascript:alert(1)")  # fmt: skip
_LINKS_INSIDE = "".join(f"<a href='{link}'>x</a>" for link in _INSIDE)


def _number(seen: Seen) -> int:
    return int("".join(one for one in seen.path if one.isdigit())[:12] or 0)


def _calendar(seen: Seen) -> Reply:
    number = _number(seen)
    if seen.path == "/robots.txt":
        return Reply("", 404)
    links = "".join(f"<a href='/lich/{(number * 7 + step) % 10**9}'>tháng {step}</a>" for step in range(1, 8))
    return Reply(page(f"Lịch số {number}", LONG, frame=f"{links}<a rel='next' href='/lich/{number + 1}'>Trang sau</a>"))


def _grows(seen: Seen) -> Reply:
    return Reply(
        f"<html><body><a href='a/'>x</a><a href='{seen.path.rstrip('/')}/b/?s={_number(seen) + 1}'>y</a><a href='?p={_number(seen) + 1}'>z</a></body></html>"
    )


def _archive(host: str) -> Any:
    """A paged feed that always has an older page, none of them a day older than the one before."""

    def answer(seen: Seen) -> Reply:
        number = _number(seen)
        date = (NOW - timedelta(days=3, minutes=number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        items = "".join(entry(host, f"tin-{number}-{at}", f"Một tin nào đó {number} {at}", pubDate=date) for at in range(2))
        more = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='http://{host}.example/feed?paged={number + 1}'/>"
        return Reply("", 404) if seen.path == "/robots.txt" else xml(rss(items, head=more))

    return answer


def _pages_of(host: str) -> Any:
    def answer(seen: Seen) -> Reply:
        number = _number(seen)
        titles = [f"Một tin nào đó dài vừa đủ {number} {at}" for at in range(3)]
        body = listing(host, titles, more=f"<a rel='next' href='/feed?page={number + 1}'>Trang sau</a>").replace(
            "48000", f"{480_000 + number}"
        )
        return Reply("", 404) if seen.path == "/robots.txt" else Reply(body)

    return answer


def _past_feed(host: str, link: str) -> str:
    date = (NOW - timedelta(days=3)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    more = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{link}'/>"
    return rss(entry(host, 1, named(f"của quá khứ {host}"), pubDate=date), head=more)


def _children(count: int) -> str:
    listed = "".join(
        f"<sitemap><loc>http://past-index.example/sitemap-{2000 + n % 27}-{1 + n % 12:02}-{n}.xml</loc></sitemap>" for n in range(count)
    )
    return f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{listed}</sitemapindex>"


def _honest() -> list[str]:
    return [named(f"đi theo đường riêng bài {n}") for n in range(1, 4)]


_OPEN_ROBOTS = (
    "User-agent: *\nDisallow:\n"
    + "".join(f"Sitemap: http://maze.example/{n}.xml\n" for n in range(2_000))
    + "Sitemap: http://127.0.0.1/secret\n"
)
CASES = [
    # --- section crawls
    Case(name="calendar", pages={"/*": _calendar}),
    Case(name="grows", pages={"/*": _grows}),
    Case(name="away", pages={"/": f"<html><head><base href='http://127.0.0.1/'></head><body>{_LINKS_INSIDE}<a href='/to-inside'>x</a><a href='http://tracker.example/'>y</a></body></html>", "/to-inside": redirect("http://127.0.0.1/secret")}),
    Case(name="bombs", pages={"/": "".join(f"<a href='/{n}'>x</a>" for n in ("bomb", "drips", "deep", "big")), "/bomb": Reply(gzip.compress(b"<p>FPT" * 6_000_000), headers={"Content-Encoding": "gzip"}), "/drips": Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"<", 0.05)), "/deep": "<div>" * 200_000 + "FPT", "/big": Reply("", headers={"Content-Length": "99999999999"})}),
    Case(name="anchors", pages={"/": "".join(f"<a href='/x?{n}'>x</a>" for n in range(100_000))}),
    Case(name="plain", pages={"/": listing("plain", _honest()), **articles(_honest())}),
    # --- the past
    Case(name="past-endless", pages={"/*": _archive("past-endless")}),
    Case(name="past-list", kind="listing", pages={"/*": _pages_of("past-list")}),
    Case(name="past-round", feed=_past_feed("past-round", "/feed")),
    Case(name="past-inside", feed=_past_feed("past-inside", "http://127.0.0.1/secret")),
    Case(name="past-away", feed=_past_feed("past-away", "http://inside.example/secret")),
    Case(name="past-index", kind="sitemap", feed=xml(_children(30_000))),
    Case(name="past-honest", feed=_past_feed("past-honest", "/older"), pages={"/older": rss(entry("past-honest", 2, named("của quá khứ xa hơn"), pubDate=(NOW - timedelta(days=9)).strftime("%a, %d %b %Y %H:%M:%S +0000")))}),
    # --- looking round
    Case(name="maze", pages={"/robots.txt": _OPEN_ROBOTS, "/": "<html><head>" + "".join(f"<link rel='alternate' type='application/rss+xml' title='=1+1\x1b[2J {n}' href='/{n}.rss'>" for n in range(3_000)) + "".join(f"<link rel='alternate' type='application/rss+xml' href='{link}'>" for link in _INSIDE) + "</head></html>", "/0.rss": rss(entry("maze", 1, "\u202e<script>alert(1)</script> FPT Software"))}),
    Case(name="round", pages={"/*": _calendar}),
    Case(name="sleeps", pages={"/": Reply(raw=drips(b"HTTP/1.1 200 OK\r\n\r\n", b"<", 0.05))}),
]  # fmt: skip


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(CASES, tmp_path_factory.mktemp("roads"), timeout_seconds=10.0, document_seconds=10.0) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_inside_was_touched(roads: World) -> Iterator[None]:
    yield
    assert not [line for line in roads.log() if line.startswith("breach")]
    assert roads.inside.seen == []
    assert "ask tracker.example" not in roads.log()


def _asked(roads: World) -> Counter[str]:
    return Counter(one.host.partition(".")[0] for one in roads.open.seen)


def _titles(roads: World) -> set[str]:
    exported = roads.run("export", "--text").out
    assert SECRET not in exported
    return {json.loads(line)["title"] for line in exported.splitlines()}


def test_a_section_crawl_has_an_end_wherever_it_is_led(roads: World) -> None:
    names = ("calendar", "grows", "away", "bombs", "anchors", "plain")
    before = _asked(roads)
    run = roads.run("crawl", *(f"http://{name}.example/" for name in names), "--depth", "30", "--limit", str(LIMIT), "--json")
    asked = _asked(roads) - before
    assert run.code in {0, 3}, run.err
    assert not json.loads(run.out)["cut_short"]
    for name in names:
        assert asked[name] <= LIMIT + 3, f"{name}: {asked[name]}"  # robots.txt beside it, and redirects
    assert asked["calendar"] >= LIMIT, "the trap was walked into, and left"
    assert set(_honest()) <= _titles(roads)
    assert run.peak_mb < 500
    assert not scan.scan_lines(run.err)


def test_a_crawl_of_the_past_has_an_end_wherever_it_is_led(roads: World) -> None:
    names = [case.name for case in CASES if case.name.startswith("past-")]
    finite = {"past-honest", "past-round"}
    run = in_time(
        lambda minutes: roads.run("crawl", *names, "--since", "2020-01-01", "--limit", str(LIMIT), "--deadline", str(minutes), "--json"),
        lambda run: run.code != 1 and finite.isdisjoint(json.loads(run.out)["unread"]),
        *(0.2, 2.0),
    )
    report = json.loads(run.out)
    assert run.code in {0, 3}, run.err
    assert finite.isdisjoint(report["unread"]), "who has no end holds up nobody"
    assert {
        named("của quá khứ past-honest"),
        named("của quá khứ xa hơn"),
        named("của quá khứ past-inside"),
        named("của quá khứ past-away"),
    } <= _titles(roads)
    assert run.peak_mb < 500


@pytest.mark.parametrize(("name", "code"), [("maze", 0), ("round", 2), ("sleeps", 2)])
def test_looking_round_is_bounded_and_its_words_are_plain(roads: World, name: str, code: int) -> None:
    before = _asked(roads)
    run = roads.run("sources", "add", f"http://{name}.example/", "--dry-run")
    assert run.code == code, run.out + run.err
    assert (_asked(roads) - before)[name] <= 22
    assert not scan.scan_lines(run.out + run.err)
    assert "Traceback" not in run.err
