"""The whole line: crawl, store, digest; again, killed, twice at once, without a network, on PostgreSQL."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.end_to_end.conftest import Desk
from tests.patience import LONG_S, wait_until
from tests.ports import free_port


def test_a_day_from_feeds_to_files(desk: Desk) -> None:
    done = desk.run("daily", code=3)  # one outlet is dead on purpose
    files = sorted(path.suffix for path in (desk.folder / "digests").iterdir())
    assert files == [".html", ".json", ".txt"]
    digest = json.loads(next((desk.folder / "digests").glob("*.json")).read_text(encoding="utf-8"))
    text = json.dumps(digest, ensure_ascii=False)
    assert "FPT" in text and "Mila" in text and "FUNiX" in text
    # Told nowhere but among what was left out, with its rule.
    assert [line.strip() for line in done.stdout.splitlines() if "Kunis to produce" in line] == []
    assert digest["trend"]["suppressed"]["rival: Mila Kunis"] == 1
    dead = next(outlet for outlet in desk.web.outlets.values() if outlet.dead)
    assert dead.name in done.stdout
    for file in (desk.folder / "digests").iterdir():
        assert "Kunis to produce" not in file.read_text(encoding="utf-8")


def test_robots_first_and_our_name_on_every_request(desk: Desk) -> None:
    desk.run("crawl", code=3)
    first: dict[str, str] = {}
    for url, headers in desk.seen:
        first.setdefault(urlsplit(url).netloc, urlsplit(url).path)
        assert headers["User-Agent"].startswith("media-monitor/")
        assert "Referer" not in headers and "Cookie" not in headers
    assert set(first.values()) == {"/robots.txt"}


def test_second_crawl_is_conditional_stores_nothing_and_fetches_no_page(desk: Desk) -> None:
    desk.run("crawl", code=3)
    before = desk.exported()
    count = len(desk.seen)
    report = json.loads(desk.run("crawl", "--json", code=3).stdout)
    again = desk.seen[count:]
    assert report["articles"]["stored"] == report["articles"]["joined"] == 0
    assert report["unchanged"] == report["read"] > 0
    assert not [url for url, _ in again if "/news/" in url]
    feeds = {outlet.feed_url for outlet in desk.web.outlets.values() if not outlet.dead}
    assert all("If-None-Match" in headers for url, headers in again if url in feeds)
    assert desk.exported() == before


def test_told_once(desk: Desk) -> None:
    first = json.loads(desk.run("daily", "--quiet", code=3).stdout or "{}")
    assert first == {}
    told = json.loads(desk.run("digest", "--again", "--format", "json").stdout)
    assert told["sections"]
    second = json.loads(desk.run("digest", "--format", "json").stdout)
    assert not any(section["stories"] for section in second["sections"])
    whole = json.loads(desk.run("digest", "--day", "today", "--format", "json").stdout)
    ids = lambda digest: [line["id"] for section in digest["sections"] for line in section["stories"]]  # noqa: E731
    assert ids(whole) == ids(told)


def test_a_release_printed_by_many_is_one_line(desk: Desk) -> None:
    desk.run("crawl", code=3)
    stories = desk.lines("stories", "--json")
    assert any(len(story["outlets"]) >= 3 for story in stories)  # type: ignore[arg-type]
    groups: dict[object, set[object]] = {}
    for row in desk.lines("export"):
        groups.setdefault(row["story"], set()).add(row["url"])
    assert len(groups) < sum(len(urls) for urls in groups.values())


def test_killed_in_the_middle_and_run_again(desk: Desk, tmp_path: Path) -> None:
    clean = replace(desk, database=f"sqlite:///{tmp_path / 'clean.db'}")
    clean.run("crawl", code=3)
    wanted = clean.exported()
    whole = len(desk.seen)
    for share in (4, 3, 2):  # the further the crawl before it came, the fewer requests are left
        desk.seen.halts_at = len(desk.seen) + whole // (2 * share)
        process = desk.start("crawl")
        wait_until(lambda: len(desk.seen) >= (desk.seen.halts_at or 0), unless=lambda: process.poll() is not None)  # noqa: B023
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it had ended before it was killed"
        desk.seen.halts_at = None
    desk.run("crawl", code=3)
    assert desk.exported() == wanted
    urls = [row["url"] for row in desk.lines("export")]
    assert len(urls) == len(set(urls))


def test_two_crawls_at_once(desk: Desk, tmp_path: Path) -> None:
    clean = replace(desk, database=f"sqlite:///{tmp_path / 'clean.db'}")
    clean.run("crawl", code=3)
    one, other = desk.start("crawl"), desk.start("crawl", "--wait", "1")
    for process in (one, other):
        _, err = process.communicate(timeout=LONG_S)
        assert process.returncode == 3, err
    assert desk.exported() == clean.exported()


def test_a_crawl_that_may_not_wait_says_so(desk: Desk) -> None:
    from datetime import UTC, datetime

    from storage.store import Store

    with Store.open(desk.database) as store, store.crawl_lock(now=datetime.now(UTC)):
        done = desk.run("crawl", "--wait", "0", code=1)
    assert "another crawl is running" in done.stderr


def test_without_a_network_the_digest_is_made_and_says_so(desk: Desk) -> None:
    offline = replace(desk, proxy=f"http://127.0.0.1:{free_port()}")
    done = offline.run("daily", code=3)
    names = [outlet.name for outlet in desk.web.outlets.values()]
    assert all(name in done.stdout for name in names)
    assert "0 of 8" in done.stdout


def test_on_postgresql(desk: Desk, postgres_url: str, tmp_path: Path) -> None:
    desk.run("crawl", code=3)
    other = replace(desk, database=postgres_url)
    done = other.run("daily", code=3)
    assert "FPT" in done.stdout, done.stderr
    assert other.exported() == desk.exported()
    assert "postgres:" not in done.stdout + done.stderr


def test_why_tells_each_stage(desk: Desk) -> None:
    desk.run("crawl", code=3)
    rows = desk.lines("export")
    assert desk.run("why", str(rows[0]["url"])).stdout
    assert "never listed" in desk.run("why", "https://nowhere.example/news/1.html", code=10).stdout
    hidden = desk.lines("articles", "--suppressed", "--json")
    assert hidden
    assert "suppressed" in desk.run("why", str(hidden[0]["url"]), code=13).stdout


def test_one_off_addresses(desk: Desk) -> None:
    piece = next(piece for piece in desk.web.pieces if "FPT" in piece.title and not piece.gone)
    outlet = piece.outlet
    report = json.loads(desk.run("crawl", piece.url, "--json").stdout)
    assert report["articles"]["stored"] == 1
    dry = desk.run("crawl", outlet.feed_url, "--dry-run")
    assert any(json.loads(line)["mentions"] for line in dry.stdout.splitlines())
    assert {url for url, _ in desk.exported()} == {piece.url}


def test_verdicts_are_obeyed_later(desk: Desk) -> None:
    desk.run("crawl", code=3)
    story = desk.lines("stories", "--json")[0]
    desk.run("verdict", str(story["id"]), "not-us")
    left = {line["id"] for line in desk.lines("stories", "--json")}
    assert story["id"] not in left


def test_import_and_export_round_trip(desk: Desk, tmp_path: Path) -> None:
    desk.run("crawl", code=3)
    wanted = desk.exported()
    file = tmp_path / "all.jsonl"
    file.write_text(desk.run("export", "--text").stdout, encoding="utf-8")
    other = replace(desk, database=f"sqlite:///{tmp_path / 'other.db'}")
    other.run("import", str(file))
    assert {url for url, _ in other.exported()} == {url for url, _ in wanted}
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"url": "https://a.example/1", "title": "FPT Software mở văn phòng"}\nnot json\n', encoding="utf-8")
    done = other.run("import", str(bad), code=3)
    assert "line 2" in done.stderr


def test_the_demo(tmp_path: Path) -> None:
    import os
    import shlex
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "monitor", "demo", "--folder", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=LONG_S,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip().splitlines()[-1].partition(": ")[2])
    assert path.is_file() and path.suffix == ".html"
    further = next(line for line in done.stderr.splitlines() if line.startswith("Look further: ")).partition(": ")[2]
    shown = subprocess.run(shlex.split(further), capture_output=True, text=True, timeout=LONG_S, cwd=tmp_path, env=os.environ)
    assert shown.returncode == 0 and "partner network" in shown.stdout, shown.stderr  # from any folder
