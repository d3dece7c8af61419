"""A cold poll of 1,000 feeds of 30 entries, then warm ones (all 304): `monitor crawl` beside what a user would pick instead.

Whole-process CPU, medians; the feeds come from one loopback server. Pages are left out, so every contender does the same work:
fetch, parse, keep what is new. Rivals: the `reader` library, `rss2email` (r2e run --no-send), a bare feedparser loop; the first two run
where they are installed (`pip install reader rss2email sgmllib3k`). Each has to have kept all entries in the end.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Run, median, run, serving, table
from monitor.packs import GROUPS, SEARCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

FEEDS, ENTRIES, WARM = 1_000, 30, 3

READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for number in range({feeds}):
    reader.add_feed(f"{{sys.argv[2]}}/feed/{{number}}.xml", exist_ok=True)
reader.update_feeds(workers=8, scheduled=False)
assert reader.get_entry_counts().total == {feeds} * {entries}
"""

LOOP = """
import sys, json, urllib.request, urllib.error, feedparser
from pathlib import Path
state_file = Path(sys.argv[1])
state = json.loads(state_file.read_text()) if state_file.exists() else {{"tags": {{}}, "seen": []}}
seen = set(state["seen"])
for number in range({feeds}):
    url = f"{{sys.argv[2]}}/feed/{{number}}.xml"
    request = urllib.request.Request(url, headers={{"If-None-Match": state["tags"].get(url, '"none"')}})
    try:
        with urllib.request.urlopen(request) as answer:
            state["tags"][url] = answer.headers["ETag"]
            seen.update(entry.id for entry in feedparser.parse(answer.read()).entries)
    except urllib.error.HTTPError as error:
        assert error.code == 304
state["seen"] = sorted(seen)
state_file.write_text(json.dumps(state))
assert len(seen) == {feeds} * {entries}
"""


@contextmanager
def server(feeds: int, entries: int) -> Iterator[str]:
    """Run the feed server as a child; yields its address."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        with serving("benchmarks.feedserver", port_file, str(feeds), str(entries)) as address:
            yield address


def configuration(address: str) -> str:
    """A configuration with the generated feeds and nothing else; one loopback host stands for a thousand, so no delay."""
    host = address.removeprefix("http://")
    lines = [
        "[crawl]", "delay_seconds = 0.0", "requests_per_host = 16", "pages = false",
        "[network]", f'allow = ["{host}"]',
        "[packs]", *(f"{group} = false" for group in (*GROUPS, SEARCHES)),
    ]  # fmt: skip
    for number in range(FEEDS):
        lines += ["[[source]]", f'id = "feed-{number}"', f'url = "{address}/feed/{number}.xml"', 'timezone = "UTC"', 'language = "vi"']
    return "\n".join(lines) + "\n"


def contenders(folder: Path, address: str) -> dict[str, list[str] | str]:
    """The command of each contender, or why it cannot run here."""
    config = folder / "monitor.toml"
    config.write_text(configuration(address), encoding="utf-8")
    (folder / "rival_reader.py").write_text(READER.format(feeds=FEEDS, entries=ENTRIES), encoding="utf-8")
    (folder / "rival_loop.py").write_text(LOOP.format(feeds=FEEDS, entries=ENTRIES), encoding="utf-8")
    commands: dict[str, list[str] | str] = {
        "monitor crawl": [sys.executable, "-m", "monitor", "--config", str(config), "--database", str(folder / "monitor.db"), "crawl"],
        "reader": [sys.executable, str(folder / "rival_reader.py"), str(folder / "reader.db"), address],
        "feedparser loop": [sys.executable, str(folder / "rival_loop.py"), str(folder / "loop.json"), address],
        "rss2email": rss2email(folder, address),
    }
    if find_spec("reader") is None:
        commands["reader"] = "not installed here: pip install reader sgmllib3k"
    return commands


def rss2email(folder: Path, address: str) -> list[str] | str:
    """The command of rss2email with its configuration written, or why it cannot run here."""
    if find_spec("rss2email") is None:
        return "not installed here: pip install rss2email"
    lines = ["[DEFAULT]", "to = nobody@example.org", "from = nobody@example.org"]
    for number in range(FEEDS):
        lines += [f"[feed.feed{number}]", f"url = {address}/feed/{number}.xml"]
    config, data = folder / "rss2email.cfg", folder / "rss2email.json"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = "import sys; from rss2email.main import run; sys.exit(run())"
    return [sys.executable, "-c", program, "-c", str(config), "-d", str(data), "run", "--no-send"]


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name, server(FEEDS, ENTRIES) as address:
        commands = contenders(Path(name), address)
        cold = {contender: command if isinstance(command, str) else run(command) for contender, command in commands.items()}
        warm_runs: dict[str, list[Run]] = {}
        for _ in range(WARM):  # in turn, so that a machine that slows down slows all of them
            for contender, command in commands.items():
                if not isinstance(command, str):
                    warm_runs.setdefault(contender, []).append(run(command))
        with closing(sqlite3.connect(Path(name) / "monitor.db")) as connection:
            kept = connection.execute("SELECT count(*) FROM sightings").fetchone()[0]
        assert kept == FEEDS * ENTRIES, kept
    warm: dict[str, Run | str] = {contender: median(runs) for contender, runs in warm_runs.items()}
    for title, rows in (("cold", cold), ("warm, all 304", warm)):
        print(table(f"{title}: {FEEDS} feeds of {ENTRIES} entries", rows, rival="reader"))


if __name__ == "__main__":
    main()
