"""Crawls of the past by command: every road back, cut off and taken up again, stored under its own date, and never told as news."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from monitor.trends import trend_of
from storage.filters import ArticleFilter
from storage.store import Store
from tests.clock import MOMENT as NOW
from tests.end_to_end import old_days
from tests.end_to_end.old_days import ROADS, ago, inside, names_fpt, path_of
from tests.end_to_end.section import ROOT, Folder, no_news
from tests.patience import wait_until
from tests.spiders.run_spider import item, rss
from tests.spiders.site import Reply, Seen, Site

GOOGLE = range(1, 60, 6)  # days ago; the one 31 days ago stands in the full week


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as opened:
        old_days.build(opened)
        yield opened


def expected(since: float, until: float, articles: int = 15) -> set[str]:
    """The addresses that name FPT and were published between so many days ago."""
    return {path_of(road, one) for road in ROADS for one in range(articles) if names_fpt(one) and inside(since, until, one)}


def stored(folder: Folder, site: Site) -> dict[str, bool]:
    """The addresses of what is stored, and whether each is too old to be told."""
    return {str(row[0]).removeprefix(site.url("")): bool(row[5]) for row in folder.rows()["articles"]}


def test_every_road_leads_into_the_past_and_nothing_of_it_is_told_as_news(tmp_path: Path, site: Site, database_url: str) -> None:
    folder = Folder(tmp_path, site, database_url, more=old_days.sources(site))
    day = f"{ago(20):%Y-%m-%d}"
    done = folder.run("crawl", "--since", f"{ago(80):%Y-%m-%d}", "--until", day, *ROADS)
    assert "5 of 5 sources read" in done.stdout
    found = stored(folder, site)
    assert set(found) == expected(80, 20) and all(found.values())
    asked = site.paths()
    assert not {"/map-3.xml", "/blog/feed/?paged=5", "/atom-4.xml", "/feed.json?a=1&page=4"} & set(asked)  # older than what is asked for
    assert folder.rows()["frontier"] == []
    with Store.open(database_url) as store, store.reading() as reading:
        told = trend_of(reading, day=NOW.date(), since=None, until=NOW, zone=ZoneInfo("UTC"), length=120)
        assert sum(count for _, count in told.days) == len(found)
        assert {one for one, count in told.days if count} == {
            ago(one * 10 + 1).date() for one in range(15) if names_fpt(one) and inside(80, 20, one)
        }
        rows = list(reading.articles.find(ArticleFilter(since=ago(80), until=ago(20))))
        assert len(rows) == len(found)
        assert len(list(reading.search("trung tâm", ArticleFilter()))) == len(found)
    assert "mở trung tâm" not in folder.run("digest").stdout
    report = tmp_path / "report.csv"
    folder.run("report", "--since", "120d", "-o", str(report))
    assert sum("tin/" in line for line in report.read_text(encoding="utf-8").splitlines()) == len(found)


def test_killed_and_interrupted_the_past_ends_with_the_rows_of_one_run(tmp_path: Path, site: Site, postgres_url: str) -> None:
    (tmp_path / "whole").mkdir()
    once = Folder(tmp_path / "whole", site, more=old_days.sources(site))
    order = ("crawl", "--since", f"{ago(140):%Y-%m-%d}", *ROADS)
    once.run(*order)
    assert stored(once, site).keys() == expected(140, 0)
    asked_once = len(site.seen)
    folder = Folder(tmp_path, site, postgres_url, more=old_days.sources(site))
    site.seen.clear()
    for number, how in enumerate((signal.SIGKILL, signal.SIGINT), 1):
        site.halts_at = number * 40
        process = folder.start(*order)
        wait_until(lambda: len(site.seen) >= number * 40, unless=lambda: process.poll() is not None)  # noqa: B023 - at once
        process.send_signal(how)
        process.communicate()
        site.halts_at = None
    folder.run(*order)
    assert folder.rows() == once.rows()
    assert len(site.seen) < 3 * asked_once


def test_what_is_too_much_for_one_crawl_waits_for_the_same_command(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site, more=old_days.sources(site))
    order = ("crawl", "--since", f"{ago(140):%Y-%m-%d}", "--limit", "8", "map")
    first = folder.run(*order, code=3).stdout
    assert re.search(r"left for the next crawl: \d+ entries; give the same command again", first)
    for _ in range(4):
        last = folder.run(*order, code=None)
        if last.returncode == 0:
            break
    assert last.returncode == 0 and "left for the next" not in last.stdout
    assert stored(folder, site).keys() == {one for one in expected(140, 0) if "/map-" in one}


def test_a_host_is_asked_for_no_more_than_its_pages_of_a_day(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site, more=old_days.sources(site), crawl="pages_per_host_day = 25")
    order = ("crawl", "--since", f"{ago(140):%Y-%m-%d}", "blog", "map")
    wanted = {one for one in expected(140, 0) if "/blog-" in one or "/map-" in one}
    for day in range(3):
        site.seen.clear()
        done = folder.run(*order, code=None)
        pages = [one for one in site.paths() if one.startswith("/tin/") or "paged=" in one]
        assert len(pages) <= 20, "four fifths of the host's share: the rest is for the news of the day"
        if done.returncode == 0:
            break
        assert done.returncode == 3 and len(pages) == 20
        assert "127.0.0.1: as many pages as a host may be asked for in a day (pages_per_host_day); go on tomorrow" in done.stdout
        assert re.search(r"left for the next crawl: \d+ entr", done.stdout)
        if day == 0:
            again = folder.run(*order, code=3)
            assert "go on tomorrow" in again.stdout and set(pages) == {one for one in site.paths() if one in pages}
            assert len([one for one in site.paths() if one.startswith("/tin/")]) == len([one for one in pages if one.startswith("/tin/")])
        folder.clock.pass_(days=1)
    assert day == 1 and stored(folder, site).keys() == wanted and all(old for one, old in stored(folder, site).items() if "-0" not in one)
    assert "As many pages" not in folder.run("digest").stdout, "whoever asked for the past was told; the watch has its share"


def test_a_page_that_failed_comes_later_and_is_still_no_news(tmp_path: Path, site: Site) -> None:
    late = path_of("map", 1)  # eleven days old: at an everyday crawl it would be news
    good, site.pages[late] = site.pages[late], no_news
    tables = old_days.sources(site)
    folder = Folder(tmp_path, site, more=tables[tables.index('[[source]]\nid = "map"') : tables.index('[[source]]\nid = "list"')])
    folder.run("crawl", "map")  # the watch has begun; it looks three days back
    assert stored(folder, site).keys() == {path_of("map", 0)}
    folder.run("crawl", "--since", f"{ago(40):%Y-%m-%d}", "map")
    assert late in site.paths() and late not in stored(folder, site)
    site.pages[late] = good
    moment = NOW + timedelta(hours=2)
    subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.crawled", str(tmp_path), folder.database, moment.isoformat()],
        cwd=ROOT,
        env=dict(folder.environment),
        check=True,
        capture_output=True,
    )
    assert stored(folder, site)[late]


def test_searches_are_asked_by_windows_and_those_that_know_none_are_named(tmp_path: Path) -> None:
    def words(days: float) -> str:
        return f"FPT mở trung tâm {int(days)} ngày trước"

    full = {f"https://bao.example/{number}.html": ago(33) for number in range(100)}  # one week holds more than is shown

    asked_of: list[str] = []  # hosts and what they were asked

    def engine(tell: Callable[[dict[str, list[str]]], str]) -> Callable[[Seen], Reply]:
        def answer(seen: Seen) -> Reply:
            asked_of.append(f"{seen.host}{seen.path}")
            return Reply(tell(parse_qs(urlsplit(seen.path).query)))

        return answer

    def google(query: dict[str, list[str]]) -> str:
        asked = query["q"][0]
        begin, end = (datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in re.findall(r"(?:after|before):(\S+)", asked))
        found = full | {f"https://bao.example/g{days}.html": ago(days) for days in GOOGLE}
        entries = [
            item(one, words((NOW - when).days) + one[-12:], pubDate=old_days.format_datetime(when))
            for one, when in found.items()
            if begin <= when < end
        ]
        return rss(*entries[:100])

    def gdelt(asked: dict[str, list[str]]) -> str:
        assert asked["startdatetime"] and "timespan" not in asked
        return json.dumps({"articles": [{"url": "https://bao.example/gdelt.html", "title": "FPT khởi công ở GDELT"}]})

    def algolia(asked: dict[str, list[str]]) -> str:
        begin, end = (int(one) for one in re.findall(r"\d{9,}", asked["numericFilters"][0]))
        assert asked["query"][0].startswith('"') and begin < end
        hits = [{"url": f"https://bao.example/hn{begin}.html", "title": f"FPT Software opens an office {begin}", "objectID": str(begin)}]
        return json.dumps({"hits": hits if asked["query"] == ['"FPT Software"'] else [{"title": "Ask HN: FPT?", "objectID": "1"}]})

    with Site() as proxy:
        for host, tell in {"news.google.com": google, "api.gdeltproject.org": gdelt, "hn.algolia.com": algolia}.items():
            proxy.pages |= {f"//{host}/*": engine(tell), f"//{host}/robots.txt": Reply("", 404)}
        tables = {
            "google": "http://news.google.com/rss/search?q=FPT+when:2d&hl=vi",
            "gdelt": "http://api.gdeltproject.org/api/v2/doc/doc?query=FPT&mode=artlist&format=json&maxrecords=250&timespan=3d",
            "hn": "http://hnrss.org/newest?q=%22FPT%20Software%22%20OR%20%22FPT%20Telecom%22&count=50",
            "bing": "http://www.bing.com/news/search?q=FPT&format=rss",
        }
        more = "".join(
            f'[[source]]\nid = "{name}"\nurl = "{address}"\nkind = "search"\npages = false\n' for name, address in tables.items()
        )
        more = more.replace('timespan=3d"\n', 'timespan=3d"\nfields = { items = "articles", url = "url", title = "title" }\n')
        folder = Folder(tmp_path, proxy, more=more)
        folder.proxy = f"http://{proxy.netloc}"
        done = folder.run("crawl", "--since", f"{ago(58):%Y-%m-%d}", "google", "hn", "bing")
        assert "cannot be asked for a time that is past: bing" in done.stderr
        assert "google: " in done.stdout and "had more results than this search gives; some are missing" in done.stdout  # 100 on one day
        rows = stored(folder, proxy)
        assert sum(one.endswith(".html") and "/hn" not in one for one in rows) == len(full) + len(GOOGLE)
        assert {"https://bao.example/g31.html", "https://bao.example/99.html"} <= set(rows)
        assert all(old for one, old in rows.items() if "/g1." not in one)
        spans = [one for one in asked_of if one.startswith("hn.")]
        assert len(spans) == len(set(spans)) and any("/hn" in one for one in rows)
        folder.run("crawl", "--since", f"{ago(5):%Y-%m-%d}", "gdelt")
        assert stored(folder, proxy)["https://bao.example/gdelt.html"]  # it says nothing of its age
        assert not [one for one in asked_of if "bing" in one or "hnrss" in one]
