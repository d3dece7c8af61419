"""`monitor sources check` and `sources list` as a person types them: what each source shows now, what is wrong, what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.patience import LONG_S
from tests.spiders.site import Reply, Site

GROUPS = ("vietnam", "quebec-canada", "ai-tech", "asia", "edtech", "wires", "own", "searches")


def item(number: int, title: str, dated: bool) -> str:
    date = f"<pubDate>{format_datetime(datetime(2026, 11, 20, number, tzinfo=UTC))}</pubDate>" if dated else ""
    return f"<item><title>{title}</title><link>https://o.example/{number}</link>{date}</item>"


def feed(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>".encode()


@pytest.fixture
def site():  # type: ignore[no-untyped-def]
    with Site() as opened:
        opened.pages |= {
            "/good": feed(item(1, "FPT xây cầu mới", True), item(2, "Rain in May", True), item(3, "Tập đoàn FPT mở trường", False)),
            "/undated": feed(item(1, "Rain", False)),
            "/moved": Reply(status=301, headers={"Location": "/good"}),
            "/page": b"<html><body><p>no feed here</p></body></html>",
            "/limited": Reply(status=429, headers={"Retry-After": "60"}),
        }
        yield opened


class Desk:
    def __init__(self, folder: Path, site: Site) -> None:
        host = site.url("").removeprefix("http://").rstrip("/")
        sources = "".join(
            f'[[source]]\nid = "{name}"\nurl = "{site.url("/" + name)}"\nlanguage = "vi"\n'
            for name in ("good", "undated", "moved", "page", "absent", "limited")
        )
        packs = "".join(f"{name} = false\n" for name in GROUPS)
        (folder / "monitor.toml").write_text(f'[packs]\n{packs}[network]\nallow = ["{host}"]\n{sources}', encoding="utf-8")
        self._folder = folder
        self._env = {
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("MONITOR_")
        } | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}

    def run(self, *arguments: str, code: int) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *arguments], cwd=self._folder, env=self._env, capture_output=True, text=True, timeout=LONG_S, check=False
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout


def test_each_source_is_tried_and_said_what_to_do(tmp_path: Path, site: Site) -> None:
    desk = Desk(tmp_path, site)
    # One request at a time to a host that says 429 comes last: the ones before it are read.
    rows = {
        row["id"]: row
        for row in map(
            json.loads, desk.run("sources", "check", "--json", "good", "undated", "moved", "page", "absent", code=3).splitlines()
        )
    }
    good = rows["good"]
    assert (good["entries"], good["dated"], good["mentions"], good["advice"]) == (3, 2, 2, None)
    assert good["newest"].startswith("2026-11-20T02:00")
    assert "no entry has a date" in rows["undated"]["advice"] and rows["undated"]["mentions"] == 0
    assert rows["moved"]["moved_to"] == site.url("/good") and "put " + site.url("/good") in rows["moved"]["advice"]
    assert rows["page"]["error_kind"] == "not-a-feed" and "monitor sources add 127.0.0.1" in rows["page"]["advice"]
    assert rows["absent"]["status"] == 404 and "look for the new one" in rows["absent"]["advice"]
    assert not (tmp_path / "monitor.db").exists()
    plain = desk.run("sources", "check", "good", code=0)
    assert "3 entries, 2 dated, 2 name a topic" in plain
    assert "asked too often" in desk.run("sources", "check", "limited", code=1)


def test_the_list_tells_the_health_of_each(tmp_path: Path, site: Site) -> None:
    desk = Desk(tmp_path, site)
    assert {row["health"] for row in map(json.loads, desk.run("sources", "list", "--json", code=0).splitlines())} == {"not yet"}
    desk.run("crawl", "--no-pages", "good", "absent", code=3)
    rows = {row["id"]: row for row in map(json.loads, desk.run("sources", "list", "--json", code=0).splitlines())}
    assert (rows["good"]["health"], rows["good"]["why"]) == ("well", None)
    assert rows["absent"]["health"] in {"failing", "gone"} and "404" in rows["absent"]["why"]
    listed = {line.split("\t")[0]: line for line in desk.run("sources", "list", code=0).splitlines()}
    assert "well, new " in listed["good"] and "404" in listed["absent"]
