"""Measure copies and stories on the recorded web: serve it, crawl its seven days, compare pairs of articles with its truth.

`python -m benchmarks recorded`, also a part of `stories`. Takes ../shared/replay (build.py, replayweb.py) beside the repository, or the
folder named by MONITOR_REPLAY; without it there is nothing to measure. `monitor` runs as a user would start it, with its own configuration: the pack, the built-in topics, all settings as they are.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.given import ROOT, environment
from benchmarks.grouped import Row, across, everything, pairs

DAYS = 7
_LONGEST_S = 1_200  # that a day's crawl may take


def recorded() -> None:
    """Print pair precision and recall; says so where the recording is absent."""
    folder = Path(os.environ.get("MONITOR_REPLAY") or ROOT.parent / "shared" / "replay")
    if not (folder / "build.py").is_file():
        print(f"{folder}: no recorded web there, left out")
        return
    with tempfile.TemporaryDirectory() as work:
        truth, stored = crawled(folder, Path(work))
    report(truth, stored)


def crawled(folder: Path, work: Path) -> tuple[list[Row], list[Row]]:
    """Crawl the recording; returns its truth, and what is stored at the end, as `monitor export` tells it."""
    web, home = work / "web", work / "home"
    home.mkdir()
    subprocess.run([sys.executable, str(folder / "build.py"), str(web)], check=True, stdout=subprocess.DEVNULL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy = f"http://127.0.0.1:{port}"
    serve = [sys.executable, str(folder / "replayweb.py"), str(web), "--day", "1", "--port", str(port)]
    server = subprocess.Popen([*serve, "--ca", str(web / "ca.pem"), "--log", str(work / "access.jsonl")], stdout=subprocess.DEVNULL)
    # Asked without a proxy: what is meant is the proxy itself.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    env = environment(http_proxy=proxy, https_proxy=proxy, SSL_CERT_FILE=str(web / "ca.pem"))
    monitor = [sys.executable, "-m", "monitor"]
    try:
        _until_open(port)
        for day in range(1, DAYS + 1):
            direct.open(urllib.request.Request(f"{proxy}/-/day?{day}", method="POST"), timeout=30).close()
            done = subprocess.run([*monitor, "crawl"], cwd=home, env=env, capture_output=True, timeout=_LONGEST_S, check=False)
            if done.returncode not in {0, 3}:  # 3: some sources of the recording are dead
                raise RuntimeError(f"the crawl of day {day} ended with {done.returncode}: {done.stderr.decode()[-500:]}")
        exported = subprocess.run([*monitor, "export", "--format", "jsonl"], cwd=home, env=env, capture_output=True, check=True)
    finally:
        server.terminate()
        server.wait()
    truth = [json.loads(line) for line in (web / "truth.jsonl").read_text("utf-8").splitlines()]
    return truth, [json.loads(line) for line in exported.stdout.decode().splitlines()]


def report(truth: Sequence[Row], stored: Sequence[Row]) -> None:
    """Print pair precision and recall over articles that are stored and labelled, all pairs and those of two languages."""
    also = {row["also"].partition("?")[0]: row["url"] for row in truth if row.get("also")}
    found = {also.get(row["url"].partition("?")[0], row["url"]): row for row in stored}
    rows = [row for row in truth if row["url"] in found and row["story"]]
    for name, label, field, keep in (
        ("copies", "copy", "copies", everything),
        ("stories", "story", "story", everything),
        ("stories across languages", "story", "story", across),
    ):
        print(f"recorded web: {name:26} {pairs(rows, [found[row['url']][field] for row in rows], label, keep)}")


def _until_open(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the recorded web did not open its port within two minutes")


def main() -> None:
    """Measure it."""
    recorded()


if __name__ == "__main__":
    main()
