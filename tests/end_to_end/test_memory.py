"""No memory left: in a crawl, in what starts it, in the processes that read documents. Named, nothing stored half, mended by the next run.

The limit is the system's own (RLIMIT_AS), on commands that start as programs of their own. Where exactly one dies under it is up to its
libraries: some of them end their process at once (Rust's), so that only what is stored can be promised of every limit.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spiders.intake import MachineFailed
from spiders.workers import WorkerFailed, Workers
from storage.errors import StorageError, out_of_memory
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.machine import Watch, looked_at
from tests.patience import LONG_S
from tests.spiders.site import Site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory do not bind here")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with Site() as site:
        yield Watch(site, tmp_path)


def at_most(megabytes: int) -> Callable[[], None]:
    """Bound a command's addresses, as `ulimit -v` does."""
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))


def test_without_memory_a_command_says_so_and_with_it_the_next_one_does_the_work(watch: Watch) -> None:
    watch.publish()
    done = watch.run("crawl", before=at_most(80))
    assert done.code == 1 and "monitor: there is no memory left" in done.err and "ulimit" in done.err, done
    assert watch.stored() == []
    # `daily` gets by with it, its crawl does not: the digest is made and says so.
    done = watch.run("daily", "--quiet", before=at_most(84))
    assert done.code == 3 and "there is no memory left" in done.err, done
    (text,) = (watch.folder / "digests").glob("*.txt")
    assert "A crawl failed" in text.read_text(encoding="utf-8") and "there is no memory left" in text.read_text(encoding="utf-8")
    done = watch.run("daily", "--quiet")
    assert done.code == 0 and sorted(watch.stored()) == sorted(watch.published), done


def test_what_shows_that_memory_ran_out_and_what_does_not() -> None:
    """Libraries and Python itself do not always say so: near its limit a process fails for nothing else."""
    for error in (
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        ImportError("libx.so: failed to map segment from shared object"),
        SystemError("<function f> returned NULL without setting an exception"),
    ):
        assert out_of_memory(error), error
    for error in (ValueError("x"), SystemError("x"), OSError(errno.ENOENT, "x"), StorageError("the disk is full")):
        assert not out_of_memory(error), error
    asks = """import resource, sys
from storage.errors import StorageError, out_of_memory
taken = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmPeak:")) * 1024
for room in (8, 64):
    resource.setrlimit(resource.RLIMIT_AS, (taken + room * 2**20, -1))
    print(out_of_memory(TypeError("'frame' object is not callable")), out_of_memory(StorageError("the disk is full")))
"""
    said = subprocess.run([sys.executable, "-c", asks], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["True", "False", "False", "False"]


def test_no_traceback_is_shown_of_what_nobody_can_catch() -> None:
    runs = """import logging, sys, threading
from monitor.cli import _hush_lack_of_memory

class Ends:
    def __del__(self):
        raise error

class Broken:
    def __str__(self):
        raise MemoryError

def fails():
    raise error

_hush_lack_of_memory()
for error in (MemoryError(), ValueError("shown")):
    Ends()
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    logging.error(Broken())
    print("--", file=sys.stderr, flush=True)
"""
    said = subprocess.run([sys.executable, "-c", runs], cwd=ROOT, capture_output=True, text=True, check=True).stderr
    hushed, shown, _ = said.split("--\n")
    assert hushed == "" and shown.count("ValueError: shown") == 2, said


def test_a_command_that_failed_ends_though_a_thread_does_not() -> None:
    runs = """import sys, threading
from monitor.cli import main

threading.Thread(target=threading.Event().wait).start()
sys.argv = ["monitor", "no-such-command"]
main()
"""
    done = subprocess.run([sys.executable, "-c", runs], cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 2 and "no-such-command" in done.stderr


def test_wherever_a_crawl_dies_of_it_nothing_is_stored_half_and_the_next_one_reads_the_rest(watch: Watch) -> None:
    ends = []
    for megabytes in (118, 132, 146):
        watch.publish(4, words=2_000)
        process = watch.start("crawl", before=at_most(megabytes))
        process.communicate(timeout=LONG_S)
        ends.append(process.returncode)
        assert looked_at(watch.url) == []
        assert process.returncode != 0 or sorted(watch.stored()) == sorted(watch.published), "what is missing is not called a success"
    assert any(ends), "one limit at least was too low"
    assert watch.run("crawl").code == 0
    assert sorted(watch.stored()) == sorted(watch.published) and looked_at(watch.url) == []


def test_processes_that_cannot_read_anything_are_given_up_and_not_laid_at_the_door_of_documents() -> None:
    async def read() -> None:
        workers = Workers(1)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            assert await workers.run(len, b"x") == 1
            workers.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))  # no file more: not even a pipe to a process
            for _ in range(2):
                with pytest.raises(WorkerFailed):
                    await workers.run(len, b"x")
            with pytest.raises(MachineFailed, match="could not be started"):
                await workers.run(len, b"x")
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            assert await workers.run(len, b"x") == 1, "and all is well when there is room again"
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            workers.close()

    asyncio.run(read())
