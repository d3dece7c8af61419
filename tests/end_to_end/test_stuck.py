"""A crawl that moves no more is ended in words, one that waits or is stopped is not; through the command, with a crawl that really is stuck.

What makes it so is put into its process by Python itself (sitecustomize); what watches it knows nothing of that.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.machine import Watch, looked_at
from tests.end_to_end.test_memory import at_most
from tests.spiders.site import Site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is watched here, as limits of memory do not bind")

PATIENCE_S = 5.0
# Of what the loop does, the first source's turn is where it stops moving.
BEGIN = f"""
import os
from pathlib import Path
if len(os.sys.orig_argv) > 3 and "crawl" in os.sys.orig_argv:
    import monitor.running.stuck as stuck
    stuck._PATIENCE_S, stuck._LAST_S, stuck.BEAT_S = {PATIENCE_S}, 3.0, 0.2
    from spiders.turns import Turns
    run = Turns.run
    async def stops(self, *arguments):
        Path("stops").touch()
        stop()
        return await run(self, *arguments)
    Turns.run = stops
"""
LOOPS = """
def stop():
    while True:
        pass
"""
WAITS = """
import time
def stop():
    time.sleep(3)
"""
# All memory is taken, by the same steps as in a process that runs out of it; then an exception comes through a `finally` far down in its
# function: for that CPython (until 3.13) needs a number that it cannot make, which is an exception, which comes through that `finally`.
SPINS = """
import mmap
large, small, last, one = [None] * 500, [None] * 3_000_000, [None] * 300, 1
def eat():
    k = 0
    for size in (1 << 26, 1 << 23, 1 << 20, 1 << 17, 1 << 14, 1 << 12):
        while k < 499:
            try:
                large[k] = mmap.mmap(-1, size)
            except (OSError, MemoryError):
                break
            k += 1
    for size in (1 << 16, 1 << 14, 1 << 12, 1 << 10):
        while k < 499:
            try:
                large[k] = bytearray(size)
            except MemoryError:
                break
            k += 1
    k = 0
    thousand = 1000
    try:
        while True:
            small[k] = thousand + k
            k += 1
    except MemoryError:
        pass
def fill():
    k = 0
    while k < 250:
        last[k] = one + 1000
        k += 1
exec("def stop():\\n x = 0\\n" + " x = x + 1\\n" * 200 + " try:\\n  eat()\\n  fill()\\n finally:\\n  pass\\n")
"""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with Site() as site:
        yield Watch(site, tmp_path)


def with_fault(watch: Watch, fault: str) -> dict[str, str]:
    """An environment in which crawls stop moving at their first step."""
    folder = watch.folder / "fault"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"import shifted_clock\n{fault}{BEGIN}", encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join((str(folder), watch.clock.environment["PYTHONPATH"]))}


def test_a_crawl_that_spins_for_want_of_memory_says_so_and_the_next_one_does_the_work(watch: Watch) -> None:
    watch.publish()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = watch.run("crawl", before=at_most(600), **with_fault(watch, SPINS))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent > PATIENCE_S or sys.version_info >= (3, 14), "it did spin"
    assert done.code == 1 and "monitor: there is no memory left" in done.err and "ulimit" in done.err, done
    assert watch.stored() == [] and looked_at(watch.url) == []
    done = watch.run("daily", "--quiet")
    assert done.code == 0 and sorted(watch.stored()) == sorted(watch.published), done
    (text,) = (watch.folder / "digests").glob("*.txt")
    assert "A crawl failed" in text.read_text(encoding="utf-8"), "the digest tells what the command told"


def test_a_crawl_that_is_stuck_for_any_other_reason_is_killed_and_the_day_goes_on(watch: Watch) -> None:
    watch.publish()
    stuck = with_fault(watch, LOOPS)
    done = watch.run("crawl", "--log-json", **stuck)
    assert done.code == -signal.SIGKILL
    (line,) = [line for line in map(json.loads, done.err.splitlines()) if line["event"] == "failed"]
    assert line["level"] == "error" and line["message"].startswith("the crawl was stuck") and line["time"].endswith("Z")
    done = watch.run("daily", "--quiet", **stuck)
    assert done.code == 3 and "monitor: the crawl was stuck" in done.err and "  -> give the command again" in done.err, done
    done = watch.run("crawl", "--wait", "0")
    assert done.code == 0 and sorted(watch.stored()) == sorted(watch.published) and looked_at(watch.url) == [], done


def test_a_crawl_that_waits_or_is_stopped_is_not_stuck(watch: Watch) -> None:
    watch.publish()
    waits = with_fault(watch, WAITS.replace("3", str(PATIENCE_S + 2)))
    process = watch.start("crawl", **waits)
    until = time.monotonic() + 60
    while not (watch.folder / "stops").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(PATIENCE_S + 3)
    os.kill(process.pid, signal.SIGCONT)
    said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert sorted(watch.stored()) == sorted(watch.published)
