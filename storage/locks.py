"""Locks of the operating system and of PostgreSQL: they end with their process, however it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from storage.errors import StorageBusy, StorageError

_STEP_S = 0.2
# PostgreSQL's advisory locks have numbers for names.
_NUMBERS = {"crawl": 7_310_421, "run": 7_310_422, "deliver": 7_310_423}
_BUSY = {
    "crawl": ("another crawl is running", "wait for it, or give --wait MINUTES"),
    "deliver": ("another process is delivering", "wait for it: it takes along what was waiting when it began"),
    "run": ("another `monitor run` works on this database", "stop it, or leave the work to it"),
}

Held = Callable[[], bool]  # tells whether a lock is still ours


@contextmanager
def file_lock(path: Path, wait: timedelta, *, now: datetime, what: str = "crawl") -> Iterator[Held]:
    """Hold a lock on `path`; who holds it, and since when, is written into the file for others to tell.

    Yields a function that tells whether the lock still holds: a file that somebody deletes keeps nobody else out.

    Raises:
        StorageBusy: somebody else held it for all of `wait`.
        StorageError: its file cannot be made.
    """
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        hint = "let this user write beside the database, and see that the disk has room"
        raise StorageError(f"{path}: the lock cannot be taken: {error.strerror or error}", hint=hint) from error
    with file:
        deadline = time.monotonic() + wait.total_seconds()
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read(200).strip() or "an unknown process"
                said, hint = _BUSY[what]
                raise StorageBusy(f"{said} ({holder})", hint=hint)
            time.sleep(_STEP_S)
        with suppress(OSError):  # the lock holds without a name in it, on a full disk
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), f"process {os.getpid()}, since {now:%Y-%m-%d %H:%M} UTC".encode())

        def held() -> bool:
            try:
                return os.path.samestat(os.fstat(file.fileno()), path.stat())
            except OSError:
                return False

        yield held


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
def advisory_lock(engine: Engine, wait: timedelta, *, what: str = "crawl") -> Iterator[Held]:
    """Hold one of PostgreSQL's advisory locks on a connection of its own.

    Yields a function that tells whether the lock still holds: it ends with its connection, for instance when the server restarts.

    Raises:
        StorageBusy: another session held it for all of `wait`.
    """
    key = {"key": _NUMBERS[what]}
    with engine.connect() as connection:
        deadline = time.monotonic() + wait.total_seconds()
        while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar():
            if time.monotonic() >= deadline:
                said, hint = _BUSY[what]
                raise StorageBusy(f"{said} (of another session)" if what == "run" else f"{said} on this database", hint=hint)
            connection.rollback()
            time.sleep(_STEP_S)
        connection.commit()

        def held() -> bool:
            try:
                connection.execute(text("SELECT 1"))
                connection.commit()
            except SQLAlchemyError:
                return False
            return True

        try:
            yield held
        finally:
            with suppress(SQLAlchemyError):  # a connection that is gone has given its lock back
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)
                connection.commit()
