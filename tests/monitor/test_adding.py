"""`sources add`: what an address offers, in which order, what is added; by command against a made-up site, and pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from monitor import adding
from monitor.config import load_config
from monitor.discovery import Choice, choices_of, source_of_offer, standing_of, zone_of
from monitor.matching import Matcher
from monitor.packs import pack_sources
from monitor.watchlist import Topic, Watchlist
from spiders.discovery import MOST_ASKED, Findings, Offer, a_week
from spiders.readers.home import read_home
from storage.errors import ConfigError, UsageError
from storage.items import Entry, Kind, Source
from tests.clock import MOMENT as NOW
from tests.end_to_end.section import Folder
from tests.spiders.run_spider import item, rss
from tests.spiders.site import Reply, Site

WATCHED = Watchlist(topics=(Topic(name="Lantern", distinctive=("Lantern Institute",)),))


def feed(name: str, tag: str, *, entries: int = 20, hours: float = 4) -> str:
    """A feed of made-up entries, one in `hours`; every fifth names FPT Software."""
    return rss(
        *(
            item(
                f"/a/{tag}-{n}.html",
                f"FPT Software opens office {n}, {tag}" if n % 5 == 0 else f"The weather of day {n}, {tag}",
                pubDate=format_datetime(NOW - timedelta(hours=hours * n)),
            )
            for n in range(entries)
        ),
        head="<language>en-gb</language>",
    ).replace("Báo Thử", name)


def newsroom(site: Site) -> str:
    """A page that lists press releases."""
    cards = "".join(
        f'<div class="card"><h3><a href="{site.url(f"/newsroom/the-company-opens-office-number-{n}")}">The company opens its office number {n}</a></h3>'
        f'<time datetime="{(NOW - timedelta(days=2 * n)).date()}">some day</time></div>'
        for n in range(9)
    )
    return (
        f'<html lang="en"><head><title>Newsroom</title></head><body><nav><a href="/about">About</a></nav><main>{cards}</main></body></html>'
    )


@pytest.fixture
def site() -> Iterator[Site]:
    """A newspaper: feeds in its head, on a page about feeds and in a section, a news sitemap in robots.txt."""
    with Site() as site:
        links = "".join(
            f'<link rel="alternate" type="application/rss+xml" title="{name}" href="{path}">'
            for name, path in (("Comments", "/comments/feed/"), ("All", "/feed/"))
        )
        site.pages["/"] = (
            f'<html lang="en"><head><title>The Example Post</title>{links}</head><body><a href="/rss">RSS</a><a href="/login">in</a>'
            '<nav><a href="/business/">Business</a></nav></body></html>'
        )
        site.pages["/feed/"] = feed("The Example Post", "main", entries=30)
        site.pages["/comments/feed/"] = feed("Comments on The Example Post", "comment", hours=0.2)
        site.pages["/rss"] = '<a href="/rss/all.rss">All</a><a href="/rss/sport.rss">Sport</a><a href="/rss/gone.rss">Gone</a>'
        site.pages["/rss/all.rss"] = feed("All", "main", entries=25)
        site.pages["/rss/sport.rss"] = feed("Sport", "sport", hours=9)
        site.pages["/business/"] = '<head><link rel="alternate" type="application/atom+xml" href="/business/feed/"></head>'
        site.pages["/business/feed/"] = feed("Business", "business", hours=20)
        listed = "".join(
            f"<url><loc>{site.url(f'/a/main-{n}.html')}</loc><n:news><n:publication><n:name>The Example Post</n:name></n:publication>"
            f"<n:publication_date>{(NOW - timedelta(hours=n)).isoformat()}</n:publication_date><n:title>One more headline</n:title></n:news></url>"
            for n in range(40)
        )
        names = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
        site.pages["/maps/news.xml"] = f'<?xml version="1.0"?><urlset {names}>{listed}</urlset>'
        site.pages["/robots.txt"] = f"User-agent: *\nDisallow: /private/\nSitemap: {site.url('/maps/news.xml')}\n"
        site.pages["/private/feed"] = feed("Private", "private")
        yield site


def own(folder: Path) -> list[Source]:
    """The sources that a folder's configuration names itself."""
    return [source for source in load_config(None, {}, folder).sources(WATCHED) if source.origin == "config"]


def offered(out: str) -> dict[str, dict[str, Any]]:
    """What `--json` printed, by path."""
    return {"/" + one["url"].partition("://")[2].partition("/")[2]: one for one in map(json.loads, out.splitlines())}


# ------------------------------------------------------------------ by command


def test_a_home_page_offers_its_feeds_and_sitemaps_and_the_best_is_added(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    done = folder.run("sources", "add", site.url("/"), "--json", "--label", "mine")
    found = offered(done.stdout)
    assert set(found) == {"/feed/", "/comments/feed/", "/rss/all.rss", "/rss/sport.rss", "/business/feed/", "/maps/news.xml"}
    numbers = {path: one["number"] for path, one in found.items()}
    # It shows forty entries of the last forty hours, where the feed shows six a day.
    assert numbers["/maps/news.xml"] == 1 and numbers["/feed/"] == 2 and numbers["/comments/feed/"] == 6
    assert found["/maps/news.xml"]["added"] and [one["added"] for one in found.values()].count(True) == 1
    assert found["/feed/"]["mentions"] == 6 and found["/feed/"]["language"] == "en" and found["/feed/"]["entries"] == 30
    assert 38 <= found["/feed/"]["a_week"] <= 46 and found["/feed/"]["newest"]
    assert found["/rss/all.rss"]["note"] == "shows what 1 shows" == found["/feed/"]["note"]
    assert found["/comments/feed/"]["note"] == "readers' comments"
    (added,) = own(tmp_path)
    assert (added.url, added.kind, added.groups) == (site.url("/maps/news.xml"), Kind.SITEMAP, ("mine",))
    paths = site.paths()
    assert paths[0] == "/robots.txt" and len(paths) <= MOST_ASKED + 3 and "/login" not in paths
    # Once more: the best is watched already, and all else that is new goes in.
    again = folder.run("sources", "add", site.url("/"), "--all")
    assert "gone.rss: the host answers 404" in again.stderr and "sources of this host already: " in again.stderr
    rows = [line.split("\t") for line in again.stdout.splitlines()]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 7)] and "a source already" in rows[0][-1]
    assert [one.url for one in own(tmp_path)][1:] == [site.url(path) for path in ("/rss/sport.rss", "/business/feed/")]


def test_a_newsroom_without_a_feed_is_offered_as_a_list(tmp_path: Path, site: Site) -> None:
    site.pages.clear()
    site.pages["/newsroom/"] = newsroom(site)
    site.pages["/"] = '<html><body><p>We make things.</p><a href="/newsroom/">News</a><a href="/about">About</a></body></html>'
    folder = Folder(tmp_path, site)
    found = offered(folder.run("sources", "add", site.url("/"), "--json").stdout)
    assert list(found) == ["/newsroom/"] and found["/newsroom/"]["kind"] == "listing"
    assert found["/newsroom/"]["sample"][0] == "The company opens its office number 0" and found["/newsroom/"]["entries"] == 9
    (added,) = own(tmp_path)
    assert (added.kind, added.url) == (Kind.LISTING, site.url("/newsroom/"))
    assert "The company opens" not in (tmp_path / "monitor.toml").read_text(encoding="utf-8")


def test_a_feed_or_a_sitemap_itself_is_simply_added(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    site.pages["/old"] = Reply(status=301, headers={"Location": "/feed/"})
    done = folder.run("sources", "add", site.url("/old"), "--outlet", "Post", "--id", "post")
    assert "has moved to" in done.stderr and "read: 30 entries" in done.stderr and done.stdout == ""
    site.pages[f"/maps/{NOW:%Y-%m}.xml"] = site.pages["/maps/news.xml"]
    folder.run("sources", "add", site.url("/maps/{yyyy}-{mm}.xml"), "--timezone", "UTC")
    assert [(one.id, one.outlet, one.kind, one.url) for one in own(tmp_path)] == [
        ("post", "Post", Kind.FEED, site.url("/feed/")),
        ("127-0-0-1-maps-yyyy-mm", "", Kind.SITEMAP, site.url("/maps/{yyyy}-{mm}.xml")),
    ]
    assert set(site.paths()) == {"/robots.txt", "/old", "/feed/", f"/maps/{NOW:%Y-%m}.xml"}


def test_what_cannot_be_watched_is_said_and_not_added(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    before = (tmp_path / "monitor.toml").read_bytes()
    assert "does not allow /private/feed" in folder.run("sources", "add", site.url("/private/feed"), code=2).stderr
    site.pages.clear()
    site.pages["/"] = "<html><body>Nothing here.</body></html>"
    nothing = folder.run("sources", "add", site.url("/"), code=2).stderr
    assert "names no feed and no sitemap of news" in nothing and "--no-check" in nothing
    assert (tmp_path / "monitor.toml").read_bytes() == before


def test_a_refusing_home_page_does_not_hide_the_feed_beside_it_and_a_dry_run_changes_nothing(tmp_path: Path, site: Site) -> None:
    site.pages["/"] = Reply("go away", 403)
    folder = Folder(tmp_path, site)
    before = (tmp_path / "monitor.toml").read_bytes()
    found = offered(folder.run("sources", "add", site.url("/"), "--json", "--dry-run").stdout)
    assert {"/feed/", "/maps/news.xml"} <= set(found) and not any(one["added"] for one in found.values())
    assert (tmp_path / "monitor.toml").read_bytes() == before


# ------------------------------------------------------------------ pure


def entries(tag: str, count: int, *, hours: float = 24, first: int = 0, title: str = "A headline about nothing") -> tuple[Entry, ...]:
    return tuple(
        Entry(
            source_id="x", key=f"{tag}{n}", url=f"https://news.example/{tag}/{n}", title=title, published=NOW - timedelta(hours=hours * n)
        )
        for n in range(first, first + count)
    )


def offer(tag: str, kind: Kind = Kind.FEED, count: int = 10, **values: Any) -> Offer:
    shown = values.pop("entries", entries(tag, count))
    dates = [one.published for one in shown if one.published]
    given: dict[str, Any] = {
        "url": f"https://news.example/{tag}", "kind": kind, "title": tag, "language": "en", "entries": shown, "shown": len(shown),
        "a_week": a_week(dates, NOW), "newest": max(dates, default=None),
    }  # fmt: skip
    return Offer(**(given | values))


def made(*offers: Offer) -> list[Choice]:
    return choices_of(offers, lambda url: None, Matcher(WATCHED), NOW)


def test_the_pace_is_counted_over_what_is_shown() -> None:
    def at(*days: float) -> list[datetime]:
        return [NOW - timedelta(days=day) for day in days]

    assert a_week([], NOW) is None
    assert a_week(at(0, 1, 2, 3, 3.5), NOW) == pytest.approx(10)
    assert a_week(at(1, 10, 20, 90, 400), NOW) == pytest.approx(3 / 4)
    assert a_week(at(100), NOW) == 0
    assert a_week(at(0), NOW) == pytest.approx(28)  # one of this minute counts as one in six hours


def test_the_best_comes_first() -> None:
    found = made(
        offer("comments", count=30, comments=True),
        offer("section", entries=entries("s", 10, hours=100)),
        offer("main", entries=entries("m", 30, hours=4)),
        offer("list", Kind.LISTING),
        offer("map", Kind.SITEMAP, entries=entries("m", 40, hours=3.5, first=31), news=True),
        offer("dead", entries=entries("d", 9, first=100)),
        offer("empty", entries=()),
    )
    assert [one.offer.title for one in found] == ["main", "section", "map", "list", "comments", "dead", "empty"]
    assert [one.number for one in found if one.good] == [1, 2, 3, 4]
    assert [one.note for one in found][-2:] == ["nothing new for long", "empty"]
    assert made(offer("a"), offer("b", entries=entries("a", 10)))[1].twin == 1


def test_mentions_are_counted_and_break_ties() -> None:
    shown = entries("x", 6, title="The Lantern Institute opens a school")
    first, second = made(offer("a"), offer("b", entries=shown))
    assert (first.offer.title, first.mentions, second.mentions) == ("b", 6, 0)
    untitled = offer("map", Kind.SITEMAP, entries=tuple(replace(one, title="") for one in entries("y", 3)))
    assert made(untitled)[0].mentions is None


def test_what_is_chosen() -> None:
    choices = made(offer("main", entries=entries("m", 20, hours=3)), offer("other"), offer("dead", entries=entries("d", 5, first=90)))

    def picked(choices: list[Choice], *numbers: int, everything: bool = False) -> list[int]:
        return [one.number for one in adding.chosen(choices, everything=everything, numbers=numbers)]

    with pytest.raises(UsageError, match="no such number"):
        picked(choices, 2, 99)
    assert picked(choices) == [1] and picked(choices, everything=True) == [1, 2] and picked(choices, 3, 1, 3) == [3, 1]
    config = load_config(None, {}, Path("/nowhere"))
    known = Source(id="there", url=choices[0].offer.url)
    watched = [replace(choices[0], standing=standing_of(known.url, config, [known])), *choices[1:]]
    with pytest.raises(UsageError, match="is a source already: there"):
        picked(watched)
    with pytest.raises(UsageError, match="is a source already: there"):
        picked(watched, 1)
    assert picked(watched, everything=True) == [2] and picked(watched, 2) == [2]
    with pytest.raises(UsageError, match="nothing of it is alive"):
        picked(choices[2:])
    assert adding.numbers_of("1, 3 4") == [1, 3, 4]
    for wrong in ("", "one", "1-3", "-2"):
        with pytest.raises(UsageError, match="no list of numbers"):
            adding.numbers_of(wrong)


def test_a_source_of_the_pack_is_named_and_switched_on_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    served = next(one for one in pack_sources() if one.groups == ("vietnam",))
    grouped = next(one for one in pack_sources() if one.groups == ("edtech",))
    more = next(one for one in pack_sources() if "more" in one.groups and "archive" not in one.groups)

    def added(wanted: Source) -> list[str]:
        config = load_config(None, {}, tmp_path)
        return adding.add_unread(config, wanted, known=config.sources(WATCHED))

    def wanted(source: Source) -> Source:
        return Source(id="", url=source.url.replace("https://", "http://"), timezone="", origin="config")

    with pytest.raises(UsageError, match=re.escape(f"is a source already: {served.id}")):
        added(wanted(served))
    (tmp_path / "monitor.toml").write_text(f'[packs]\nedtech = false\noff = ["{served.id}"]\n', encoding="utf-8")
    config = load_config(None, {}, tmp_path)
    said = [standing_of(one.url, config, config.sources(WATCHED)) for one in (served, grouped, more)]
    assert [(one.source.id, one.off) for one in said if one] == [
        (served.id, "packs.off names it"),
        (grouped.id, "[packs] edtech is off"),
        (more.id, "it serves with `more = true` in [packs]"),
    ]
    assert "it is on again" in added(wanted(served))[0] and own(tmp_path) == []
    assert served.id in {one.id for one in load_config(None, {}, tmp_path).sources(WATCHED)}
    told, written = added(wanted(grouped))
    assert told == f"{grouped.id} is in the pack, and off there ([packs] edtech is off): it serves by itself now"
    assert written.startswith(f"added {grouped.id} ({grouped.url})")
    (alone,) = own(tmp_path)
    assert (alone.id, alone.outlet, alone.language, alone.kind) == (grouped.id, grouped.outlet, grouped.language, grouped.kind)


def test_adding_unread_fills_in_what_the_pack_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(None, {}, tmp_path)
    given = Source(id="", url=adding.address_of(" vnexpress.net/rss/a-section-of-ours.rss "), timezone="", origin="config")
    assert adding.add_unread(config, given, known=[])[0].endswith("to monitor.toml, a new file")
    (found,) = own(tmp_path)
    assert (found.outlet, found.language, found.country, found.timezone) == ("VnExpress", "vi", "VN", "Asia/Ho_Chi_Minh")
    with pytest.raises(UsageError, match="a source is called 'vnexpress-net-a-section-of-ours' already"):
        adding.add_unread(config, replace(given, id=found.id, url="https://other.example/feed"), known=[found])
    assert zone_of("https://somewhere.example/", "") == "UTC" and zone_of("https://nowhere.vn/", "") == "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize("url", ["ftp://example.org/feed", "", "https://me:hunter2@example.org/feed", "https://", "two words"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        adding.address_of(url)
    assert "hunter2" not in str(caught.value)


def test_an_engines_feed_becomes_a_search() -> None:
    wanted = Source(id="", url="https://x.example/", origin="config")
    found = source_of_offer(wanted, offer("x", url="https://news.google.com/rss/search?q=lantern"))
    assert (found.kind, found.language) == (Kind.SEARCH, "en")
    assert source_of_offer(wanted, offer("x")).kind is Kind.FEED


def test_nothing_to_watch_says_why() -> None:
    with pytest.raises(UsageError, match="drawn by script"):
        adding.refuse_nothing("https://x.example/", Findings(no_list="it seems to be drawn by script"))
    with pytest.raises(UsageError, match="could not be read: no answer in time"):
        adding.refuse_nothing("https://x.example/", Findings(error_kind="timeout", error="no answer in time"))


def test_a_source_that_needs_a_browser_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.crawl import check_browser
    from spiders import chromium

    plain, drawn = Source(id="plain", url="https://a.example/"), Source(id="drawn", url="https://b.example/", browser=True)
    monkeypatch.setattr(chromium.importlib.util, "find_spec", lambda name: None)
    check_browser([plain])
    with pytest.raises(UsageError, match="the source drawn has browser = true, and the package playwright is not installed") as caught:
        check_browser([plain, drawn])
    assert caught.value.hint == 'pip install "media-monitor[browser]"' and caught.value.exit_code == 2
    monkeypatch.setattr(chromium.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv("MONITOR_CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="there is no Chromium") as caught:
        check_browser([drawn])
    assert "MONITOR_CHROMIUM" in str(caught.value.hint)


def test_browser_stands_in_the_file_and_not_for_spiders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = Source(id="drawn", url="https://b.example/news", kind=Kind.LISTING, browser=True, timezone="", origin="config")
    adding.add_unread(load_config(None, {}, tmp_path), given, known=[])
    assert own(tmp_path)[0].browser and "browser = true" in (tmp_path / "monitor.toml").read_text(encoding="utf-8")
    table = '[[source]]\nurl = "https://b.example/"\nkind = "spider"\nspider = "mine.py:Mine"\nbrowser = true\n'
    (tmp_path / "monitor.toml").write_text(table, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 5: browser of .* is not for spiders of your own"):
        load_config(None, {}, tmp_path)


def test_where_a_page_leads() -> None:
    body = """<html lang="fr-CA"><head><title>Le Lac</title><base href="https://lac.example/fr/">
      <link rel="alternate" type="application/rss+xml" href="tout.xml"><link rel="alternate" hreflang="en" href="/en/"></head><body>
      <a href="/rss/sport.rss">Sport</a><a href="/rss/tin-moi-nhat.rss">x</a><a href="https://elsewhere.example/feed">y</a><a href="/feedback/">z</a>
      <a href="/economie">E</a><a href="/salle-de-presse">P</a><a href="/connexion/login">L</a><a href="/2026/11/23/un-long-article-de-ce-jour">A</a>
      <a href="/a-propos">?</a><a href="mailto:x@lac.example">@</a></body></html>"""
    led = read_home(body.encode(), url="https://lac.example/")
    assert [one.url.removeprefix("https://lac.example") for one in led.feeds] == ["/tout.xml", "/rss/tin-moi-nhat.rss", "/rss/sport.rss"]
    assert [one.removeprefix("https://lac.example") for one in led.sections] == ["/salle-de-presse", "/economie"]
    assert (led.title, led.language) == ("Le Lac", "fr")
    assert read_home(b"", url="https://lac.example/").sections == () and read_home(b"\x00<", url="x").feeds == ()
