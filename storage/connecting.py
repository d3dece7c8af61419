"""From a database URL to an engine, and from the driver's errors to ours."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from storage.errors import StorageDamaged, StorageError, StorageLocked, UsageError

BUSY_TIMEOUT_S = 60.0
_ROOM = 2**16  # bytes, of the file that processes share
# What a person does about a file that is damaged; the old -wal would be written over the backup.
RESTORE = "restore a backup: stop all that uses the database, move it and its -wal and -shm away, copy the backup to its place; without one, crawl anew"
RESTORE_SERVER = "restore a backup: pg_restore --clean --if-exists --dbname NAME FILE"


def schema_version(connection: Connection) -> str | None:
    """Return the schema's version as the database states it, None for an empty database."""
    from sqlalchemy import Column, MetaData, String, Table

    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    table = Table("alembic_version", MetaData(), Column("version_num", String))
    found: str | None = connection.execute(select(table.c.version_num)).scalar()
    return found


def parse_url(url: str) -> URL:
    """Read a database URL, or the name of an SQLite file.

    Raises:
        UsageError: it is none, or of a kind that is not supported.
    """
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError("the database URL cannot be read", hint="write sqlite:///monitor.db or postgresql://user@host/name") from error
    family = parsed.drivername.partition("+")[0]
    if family in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if family != "sqlite":
        raise UsageError(
            f"databases of kind {family!r} are not supported", hint="write sqlite:///monitor.db or postgresql://user@host/name"
        )
    return parsed


def file_of(url: URL) -> Path | None:
    """Return the SQLite file that a URL names, None for a server."""
    if not url.drivername.startswith("sqlite"):
        return None
    if not url.database or url.database == ":memory:":
        raise UsageError("the database has to be a file", hint="write sqlite:///monitor.db")
    return Path(url.database)


def name_of(url: URL) -> str:
    """Return a database's name for people: its file, or its URL without a password."""
    if (path := file_of(url)) is not None:
        return str(path)
    hidden = {name: "***" for name in url.query if "pass" in name.lower()}  # ?password=..., which hide_password does not know
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def refuse_foreign(path: Path) -> None:
    """Leave another program's database untouched: ours has Alembic's table, or none yet."""
    if not path.exists() or not path.stat().st_size:
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error:
        return  # what stands in the way is told when the database is opened
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.Error, UnicodeDecodeError):
        return
    finally:
        connection.close()
    if tables and "alembic_version" not in tables:
        raise StorageDamaged(f"{path}: this is another program's database", hint="name another file")


def engine_of(url: URL) -> Engine:
    """Make the engine of a URL; it does not connect yet."""
    try:
        if url.drivername.startswith("sqlite"):
            # timeout: how long SQLite itself waits for a lock; isolation_level None: transactions begin when we say so.
            engine = create_engine(url, connect_args={"timeout": _patience(url), "isolation_level": None, "check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
        else:
            engine = create_engine(
                url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "options": "-c lock_timeout=60s -c timezone=UTC"}
            )
    except (NoSuchModuleError, ImportError) as error:
        raise StorageError(f"the driver for {url.drivername} is not installed: {error}", hint="install media-monitor anew") from error
    return engine


def _patience(url: URL) -> float:
    """Seconds that a connection waits for a locked file: `?timeout=` of its URL, as everywhere with SQLAlchemy, or a minute."""
    try:
        return max(float(str(url.query["timeout"])), 0.0)
    except KeyError:
        return BUSY_TIMEOUT_S
    except ValueError:
        raise UsageError("timeout in the database URL is no number of seconds", hint="write sqlite:///monitor.db?timeout=60") from None


def _prepare_sqlite(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")  # 16 MB: the indexes of a month's articles
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


@contextmanager
def translated(name: str, odd: Callable[[], str | None] = lambda: None) -> Iterator[None]:
    """Turn the driver's errors into ours, with a message for a person.

    Args:
        odd: says which value of the database cannot be read, if any; asked where one could not be.
    """
    try:
        yield
    except DBAPIError as error:
        if str(error.orig).startswith("Could not decode") and (found := odd()):
            raise StorageDamaged(f"{name}: the database is damaged: {found}", hint=RESTORE) from error
        raise _in_words(error, name) from error
    except (UnicodeDecodeError, json.JSONDecodeError, struct.error) as error:
        # A value, or SQLite's own words about one, that nobody wrote so: it does not look at what stands inside of a row.
        said = odd() or f"a value in it cannot be read ({error})"
        raise StorageDamaged(f"{name}: the database is damaged: {said}", hint=RESTORE) from error
    except BrokenPipeError:
        raise  # the reader of our output has gone: no matter of the store
    except OSError as error:
        if error.filename is None:
            raise  # of no file: stdout, a socket
        raise StorageError(f"{name}: {error.strerror or error}", hint="check the disk and the permissions") from error


def _in_words(error: DBAPIError, name: str) -> StorageError:
    cause = error.orig
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return StorageLocked(f"{name}: another program holds the database", hint="wait until it is done, or stop it")
        if primary == sqlite3.SQLITE_NOTADB:
            return StorageDamaged(f"{name}: this file is not a database", hint=f"name another file; if it was one: {RESTORE}")
        if primary == sqlite3.SQLITE_CORRUPT:
            return StorageDamaged(f"{name}: the database is damaged", hint=RESTORE)
        if primary == sqlite3.SQLITE_FULL or (primary == sqlite3.SQLITE_IOERR and _is_full(name)):
            return StorageError(f"{name}: the disk is full", hint="make room; nothing that was stored is lost")
        if primary == sqlite3.SQLITE_IOERR:
            return StorageError(f"{name}: the disk cannot be read or written ({said})", hint="look at the disk: dmesg, smartctl")
        if primary == sqlite3.SQLITE_NOMEM:
            return StorageError(f"{name}: there is no memory left", hint="stop something, or allow more; nothing that was stored is lost")
        if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
            who = os.environ.get("USER") or "this user"
            return StorageError(
                f"{name}: the database cannot be written ({said})", hint=f"check that {who} may write the file and its folder"
            )
    if isinstance(cause, sqlite3.Error) and said.startswith("Could not decode"):
        # Its second half is the value itself, which may be long and is no text.
        return StorageDamaged(f"{name}: the database is damaged: {said.partition(' with text')[0]}", hint=RESTORE)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _of_postgres(state, name, said)
    if isinstance(error, OperationalError) and code is None:
        return _unreachable(name, said)
    return StorageError(f"{name}: {said}")


def _is_full(file: str) -> bool:
    """Whether the disk of a file has no room: SQLite calls it an error of the disk where the file that processes share has none."""
    try:
        return shutil.disk_usage(Path(file).absolute().parent).free < _ROOM
    except OSError:
        return False


def _of_postgres(state: str, name: str, said: str) -> StorageError:
    """Say what a state of PostgreSQL means (its manual, appendix A)."""
    if state in {"55P03", "57014"}:
        return StorageLocked(f"{name}: another program holds the database", hint="wait until it is done, or stop it")
    if state in {"XX001", "XX002"}:
        return StorageDamaged(f"{name}: the database is damaged: {said}", hint=RESTORE_SERVER)
    if state == "53100":
        return StorageError(f"{name}: the disk of the server is full", hint="make room there; nothing that was stored is lost")
    if state.startswith(("08", "57P")):  # shut down, crashed, starting up
        return _unreachable(name, said)
    return StorageError(f"{name}: {said}")


def _unreachable(name: str, said: str) -> StorageError:
    return StorageError(f"{name}: the database cannot be reached: {said}", hint="is the server running, are host, name and password right?")
