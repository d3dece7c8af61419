"""One-off crawls by command: an article, a list of addresses, a whole section, killed on the way and taken up again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spiders.chromium import lacking
from tests.end_to_end.section import A_LIST, Folder, build, no_news
from tests.patience import wait_until
from tests.spiders.run_spider import item, rss
from tests.spiders.site import Site
from tests.spiders.test_drawn import drawn_newsroom

ARTICLES = 60
WANTED = range(0, ARTICLES, 5)


@pytest.fixture
def site():  # type: ignore[no-untyped-def]
    with Site() as opened:
        build(opened, ARTICLES)
        yield opened


def kept(folder: Folder, site: Site) -> set[str]:
    return {str(row[0]).removeprefix(site.url("")) for row in folder.rows()["articles"]}


def test_an_article_is_kept_and_told_why_or_why_not(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    told = folder.run("crawl", site.url("/a/0.html"), site.url("/a/1.html")).stdout
    assert kept(folder, site) == {"/a/0.html"}
    yes, _, no = told.partition(site.url("/a/1.html"))
    assert "FPT" in yes.partition(site.url("/a/0.html"))[2]
    assert "mentions a topic" in no or "no alias" in no


def test_addresses_from_a_file_and_from_a_pipe_and_a_dry_run(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    (tmp_path / "list.txt").write_text(f"# mine\n{site.url('/a/5.html')}\n\n{site.url('/a/6.html')}\n", encoding="utf-8")
    dry = folder.run("crawl", "--from", "list.txt", "--dry-run")
    assert [json.loads(line)["url"] for line in dry.stdout.splitlines()] == [site.url("/a/5.html")]
    assert not (tmp_path / "monitor.db").exists()
    folder.run("crawl", "-", stdin=f"{site.url('/a/10.html')}\n")
    folder.run("crawl", "--from", "list.txt")
    assert kept(folder, site) == {"/a/5.html", "/a/10.html"}
    assert "names no address" in folder.run("crawl", "-", stdin="\n# nothing\n", code=2).stderr
    assert "absent.txt" in folder.run("crawl", "--from", "absent.txt", code=2).stderr


def test_a_limit_holds_for_a_source_that_is_named(tmp_path: Path, site: Site) -> None:
    site.pages["/rss"] = rss(*(item(site.url(f"/a/{number}.html"), f"Bài {number}") for number in range(5)))
    folder = Folder(tmp_path, site, more=f'[[source]]\nid = "feed"\nurl = "{site.url("/rss")}"\n')
    assert json.loads(folder.run("crawl", "feed", "--limit", "2", "--json").stdout)["pages"] == 2


def test_a_list_of_addresses_is_held_to_the_pages_of_a_day(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site, crawl="pages_per_host_day = 2")
    told = folder.run("crawl", *(site.url(f"/a/{number}.html") for number in range(5)), code=3).stdout
    assert len([path for path in site.paths() if path.startswith("/a/")]) == 2
    assert "as many pages as a host may be asked for in a day (pages_per_host_day); go on tomorrow" in told
    assert "left for the next crawl: 3 entries" in told


def test_a_section_within_its_depth_its_limit_and_its_site(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    first = folder.run("crawl", site.url("/"), "--depth", "1", "--json")
    assert kept(folder, site) == {f"/a/{number}.html" for number in range(0, A_LIST, 5)}
    assert json.loads(first.stdout)["pages"] == 1 + A_LIST + 1  # itself, its articles, the next list
    paths = site.paths()
    assert not [path for path in paths if path.startswith(("/login", "/t/", "/p.jpg"))]
    assert paths[0] == "/robots.txt" and len(paths) == len(set(paths))
    site.seen.clear()
    folder.run("crawl", site.url("/list/2/"), "--depth", "5", "--limit", "10")
    assert len(site.paths()) == 1 + 10
    dry = folder.run("crawl", site.url("/"), "--depth", "50", "--dry-run")
    assert len(dry.stdout.splitlines()) == len(WANTED)
    assert folder.rows()["frontier"] == []


def test_what_fails_for_now_waits_and_the_rest_is_not_asked_again(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    good = site.pages["/a/7.html"]
    site.pages["/a/7.html"] = no_news
    told = folder.run("crawl", site.url("/"), "--depth", "50", code=3).stdout
    assert "left for the next crawl: 1 entry; give the same command again" in told
    assert kept(folder, site) == {f"/a/{number}.html" for number in WANTED}
    site.seen.clear()
    site.pages["/a/7.html"] = good
    folder.run("crawl", site.url("/"), "--depth", "50")
    assert site.paths() == ["/robots.txt", "/a/7.html"]
    assert folder.rows()["frontier"] == []


def test_killed_twice_it_ends_with_the_rows_of_one_run(tmp_path: Path, site: Site, database_url: str) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    once = Folder(whole, site)
    once.run("crawl", site.url("/"), "--depth", "50")
    assert len(once.rows()["articles"]) == len(WANTED)
    asked_once = len(site.paths())
    folder = Folder(tmp_path, site, database_url)
    site.seen.clear()
    done = 0
    for number in (1, 2):  # three times, of 2,000 articles: `python -m benchmarks resume`
        site.halts_at = number * 25
        process = folder.start("crawl", site.url("/"), "--depth", "50")
        wait_until(lambda: len(site.seen) >= number * 25, unless=lambda: process.poll() is not None)  # noqa: B023 - at once
        while number == 2 and not done and len(site.seen) < 25 + asked_once:  # not before something is written down: every few seconds
            site.halts_at += 1
            time.sleep(0.5)
            done = sum(bool(row[2]) for row in folder.rows()["frontier"])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        site.halts_at = None
    done = sum(bool(row[2]) for row in folder.rows()["frontier"])
    assert done
    site.seen.clear()
    folder.run("crawl", site.url("/"), "--depth", "50")
    assert len(site.paths()) == asked_once - done, "what was done is not asked for again"
    assert folder.rows() == once.rows()


def test_a_browser_that_is_not_there_is_named_before_anything_is_asked(tmp_path: Path, site: Site) -> None:
    folder = Folder(tmp_path, site)
    order = [sys.executable, "-m", "monitor", "crawl", site.url("/"), "--browser"]
    absent = dict(folder.environment) | {"MONITOR_CHROMIUM": "/absent/chromium"}
    told = subprocess.run(order, cwd=tmp_path, env=absent, capture_output=True, text=True, check=False)
    assert told.returncode == 2 and site.paths() == []
    assert "--browser needs a browser, and there is no Chromium" in told.stderr or "playwright is not installed" in told.stderr
    assert "--browser goes with sources or addresses that you name" in folder.run("crawl", "--browser", code=2).stderr


@pytest.mark.chromium
@pytest.mark.skipif(lacking() is not None, reason=f"a browser cannot be had: {lacking()}")
def test_a_page_that_scripts_draw_is_read_once_with_a_browser(tmp_path: Path) -> None:
    with Site() as site:
        drawn_newsroom(site)
        folder = Folder(tmp_path, site)
        address = site.url("/newsroom")
        told = folder.run("crawl", address, "--browser", "--dry-run", "--limit", "1")
        (found,) = [json.loads(line)["url"] for line in told.stdout.splitlines()]
        assert found.startswith(site.url("/tin/trung-tam-du-lieu-moi-so-"))
