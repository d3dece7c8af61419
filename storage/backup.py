"""Copies of an SQLite database, and the care of any: checked, and made small again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from storage.connecting import BUSY_TIMEOUT_S, RESTORE, RESTORE_SERVER, translated
from storage.errors import StorageDamaged, StorageError

if TYPE_CHECKING:
    from storage.store import Store

_LOOSE = 0.25  # share of a file's pages that hold nothing, from which it is written anew


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database that may be in use to a file, as it stands at one moment, and check the copy.

    By SQLite's online backup in one step: a copy made in several begins anew whenever another process writes. In WAL mode neither
    waits for the other.

    Raises:
        StorageError: it cannot be read, the copy cannot be written, or the copy is not whole.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as old,
            closing(sqlite3.connect(target, timeout=BUSY_TIMEOUT_S)) as new,
        ):
            old.backup(new, pages=-1)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm beside it
        check_sqlite(target)
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        hint = "make room on the disk, or name another folder" if full else "check both files, their folders and the disk"
        raise StorageError(f"{source} cannot be copied to {target}: {error}", hint=hint) from error


def check_sqlite(path: Path, *, quick: bool = False) -> None:
    """Check that a database file is whole and one of ours.

    Args:
        quick: leave out that each index agrees with its table, which takes most of the time.

    Raises:
        StorageDamaged: it is not; says what was found first.
        sqlite3.Error: it cannot be read at all.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as connection:
        said = connection.execute("PRAGMA quick_check(1)" if quick else "PRAGMA integrity_check(1)").fetchone()[0]
        if said != "ok":
            raise StorageDamaged(f"{path}: the database is damaged: {' '.join(said.split())}", hint=RESTORE)
        if orphan := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StorageDamaged(f"{path}: a row of {orphan[0]} points to nothing in {orphan[2]}", hint=RESTORE)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise StorageDamaged(f"{path}: this is another program's database", hint="name another file")


def damage_of(store: Store) -> StorageDamaged | None:
    """What is wrong with a database, for whoever has just fallen over something in it; None where nothing is found.

    It reads the whole of it.
    """
    from storage.values import odd_value

    try:
        check(store)
        with translated(store.name):
            odd = odd_value(store)
    except StorageDamaged as error:
        return error
    except (StorageError, sqlite3.Error):
        return None
    hint = RESTORE if store.path is not None else RESTORE_SERVER
    return StorageDamaged(f"{store.name}: the database is damaged: {odd}", hint=hint) if odd else None


def server_version(store: Store) -> int:
    """Return the major version of a PostgreSQL server, such as 18."""
    with store.reading() as reading:
        return int(reading.connection.exec_driver_sql("SHOW server_version_num").scalar() or 0) // 10_000


def check(store: Store) -> str:
    """Check the database; returns a sentence on what was checked.

    Raises:
        StorageError: it is damaged, or cannot be read.
    """
    if store.path is not None:
        try:
            check_sqlite(store.path, quick=True)
        except sqlite3.Error as error:
            raise StorageDamaged(f"{store.path}: the database cannot be checked: {error}", hint=RESTORE) from error
        return "pages, rows and references are whole"
    with store.reading() as reading:
        failures = reading.connection.exec_driver_sql("SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database").scalar()
    if failures:
        raise StorageDamaged(f"{store.name}: the server counted {failures} pages with wrong checksums", hint=RESTORE_SERVER)
    return "the server knows of no damaged page"


def vacuum(store: Store) -> str:
    """Give room back that deleted rows left, and let the database learn its own statistics; returns what was done, "" for nothing much.

    An SQLite file is written anew only where a quarter of it is empty and the disk has room for a second one.

    Raises:
        StorageError: the database is busy or the disk full; nothing is lost.
    """
    with translated(store.name), store.raw() as connection:
        if store.path is None:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
            return ""
        connection.exec_driver_sql("PRAGMA optimize")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, empty, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() or 0 for name in ("page_count", "freelist_count", "page_size")
        )
        room = shutil.disk_usage(store.path.parent).free
        if empty <= _LOOSE * pages or room < 2 * pages * size:
            return ""
        connection.exec_driver_sql("VACUUM")
        return f"{empty * size / 2**20:.0f} MB given back"
