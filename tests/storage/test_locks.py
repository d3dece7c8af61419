"""One crawl at a time, told by the operating system or by PostgreSQL; the lock dies with its process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage import locks
from storage.errors import StorageBusy
from storage.store import Store
from tests.patience import LONG_S
from tests.storage.makers import NOW, add

NO_WAIT = timedelta(0)
HOLDER = """
import sys, time
from storage.store import Store
from tests.storage.makers import NOW

with Store.open(sys.argv[1]) as store, store.crawl_lock(now=NOW):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def holder(url: str, seconds: float = 2 * LONG_S) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER, url, str(seconds)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    try:
        with child.stdout as said:
            assert said.readline().strip() == b"held"
            yield child
    finally:
        child.kill()
        child.wait(LONG_S)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Each time that whoever wants a lock sleeps, for how long."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr(locks, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
    return slept


def test_a_second_crawl_is_refused_at_once(database_url: str, naps: list[float]) -> None:
    with Store.open(database_url) as store, holder(database_url) as child:
        with pytest.raises(StorageBusy, match="another crawl is running") as caught, store.crawl_lock(now=NOW):
            pytest.fail("two crawls at once")
        assert naps == []
        assert caught.value.hint
        if store.dialect == "sqlite":
            assert str(child.pid) in str(caught.value)
            assert "2026-11-23 06:00" in str(caught.value)
        add(store)  # a crawl holds up no writer


def test_the_lock_ends_with_its_process(database_url: str) -> None:
    with Store.open(database_url) as store:
        with holder(database_url):
            pass  # killed on the way out
        with store.crawl_lock(timedelta(seconds=LONG_S), now=NOW):
            pass


def test_waiting_for_the_lock(database_url: str, naps: list[float]) -> None:
    with Store.open(database_url) as store, holder(database_url, seconds=1), store.crawl_lock(timedelta(seconds=LONG_S), now=NOW):
        add(store)
    naps.clear()
    with Store.open(database_url) as store, holder(database_url):
        started = time.monotonic()
        with pytest.raises(StorageBusy), store.crawl_lock(timedelta(seconds=0.5), now=NOW):
            pass
        assert time.monotonic() - started >= 0.5 and 1 <= len(naps) <= 3, "half a second, and no longer"


def test_the_lock_is_given_back(store: Store) -> None:
    for _ in range(3):
        with store.crawl_lock(now=NOW):
            pass
    with pytest.raises(RuntimeError), store.crawl_lock(now=NOW):
        raise RuntimeError
    with store.crawl_lock(NO_WAIT, now=NOW):
        pass


def test_the_same_process_is_refused_too(database_url: str) -> None:
    with (
        Store.open(database_url) as first,
        Store.open(database_url) as second,
        first.crawl_lock(now=NOW),
        pytest.raises(StorageBusy),
        second.crawl_lock(now=NOW),
    ):
        pytest.fail("two crawls at once")
