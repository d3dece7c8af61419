"""A crawl whose parent was killed (kill -9) ends by itself, and the next one need not wait for its deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.patience import LONG_S, wait_until
from tests.spiders.site import Reply, Site, drips

PARENT = """
import os, subprocess, sys
from monitor.running.orphan import for_child
subprocess.Popen([sys.executable, "-m", "monitor", "crawl"], env=for_child(os.environ), start_new_session=True, stderr=subprocess.DEVNULL)
print("started", flush=True)
import time; time.sleep(1_200)
"""


@pytest.fixture
def slow():  # type: ignore[no-untyped-def]
    """A site whose robots.txt answers, and whose feed takes its time."""
    with Site() as site:
        site.pages["/feed.xml"] = Reply(raw=drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>", b" ", 1.0))
        yield site


def test_a_crawl_ends_when_its_parent_is_killed(slow: Site, tmp_path: Path) -> None:
    host = slow.url("").removeprefix("http://").rstrip("/")
    (tmp_path / "monitor.toml").write_text(
        f"[packs]\nvietnam = false\nquebec-canada = false\nai-tech = false\nasia = false\nedtech = false\nwires = false\nown = false\nsearches = false\n"
        f"[crawl]\ntimeout_seconds = 600\n"  # the crawl would not end by itself
        f'[network]\nallow = ["{host}"]\n[[source]]\nid = "slow"\nurl = "{slow.url("/feed.xml")}"\n',
        encoding="utf-8",
    )
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("MONITOR_")}
    env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), env.get("PYTHONPATH", "")])
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "started\n"
    (child,) = psutil.Process(parent.pid).children()
    wait_until(lambda: slow.asked("/feed.xml"), unless=lambda: not child.is_running(), said=lambda: "the crawl did not come to its feed")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, said=lambda: "it goes on without its parent")
    # The lock is free: a second crawl that does not wait gets to work.
    slow.pages["/feed.xml"] = b"<rss version='2.0'><channel><title>x</title></channel></rss>"
    again = subprocess.run(
        [sys.executable, "-m", "monitor", "crawl", "--wait", "0"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    assert "another crawl" not in again.stderr
