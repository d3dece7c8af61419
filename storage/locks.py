"""Locks of the operating system and of PostgreSQL: they end with their process, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text

from storage.errors import StorageBusy

_STEP_S = 0.2
_CRAWL_LOCK = 7_310_421


@contextmanager
def file_lock(path: Path, wait: timedelta, *, now: datetime) -> Iterator[None]:
    """Hold a lock on `path`; who holds it, and since when, is written into the file for others to tell.

    Raises:
        StorageBusy: somebody else held it for all of `wait`.
    """
    with path.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait.total_seconds()
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read(200).strip() or "an unknown process"
                raise StorageBusy(f"another crawl is running ({holder})", hint="wait for it, or give --wait MINUTES")
            time.sleep(_STEP_S)
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M} UTC")
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def advisory_lock(engine: Engine, wait: timedelta) -> Iterator[None]:
    """Hold PostgreSQL's advisory lock for crawls on a connection of its own.

    Raises:
        StorageBusy: another session held it for all of `wait`.
    """
    with engine.connect() as connection:
        deadline = time.monotonic() + wait.total_seconds()
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _CRAWL_LOCK}).scalar():
            if time.monotonic() >= deadline:
                raise StorageBusy("another crawl is running on this database", hint="wait for it, or give --wait MINUTES")
            connection.rollback()
            time.sleep(_STEP_S)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _CRAWL_LOCK})
            connection.commit()
