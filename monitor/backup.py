"""`monitor backup`: a copy of the database that is whole or not there, made while everything goes on."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.files import FileError
from monitor.pgdump import dump
from storage.backup import copy_sqlite, server_version
from storage.errors import UsageError

if TYPE_CHECKING:
    from storage.store import Store

_NAME = re.compile(r"monitor-\d{8}T\d{6}Z\.(?:db|dump)")


def backup(store: Store, url: str, target: Path, *, force: bool = False) -> int:
    """Copy the database to a file and return its size in bytes.

    SQLite: by its online backup, checked before it takes its name. PostgreSQL: by pg_dump, in its own format, for pg_restore. The file
    is readable for its owner alone: it holds who is told what.

    Args:
        url: of the store's database, with its password where it has one.
        force: replace a file that is there.

    Raises:
        UsageError: the file is there, or is the database itself.
        FileError: its folder cannot be written.
        StorageError: the copy cannot be made, or is not whole.
    """
    if store.path is not None and _same(target, store.path):
        raise UsageError(f"{target} is the database itself", hint="name another file")
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint=f"name a file in it: {target / 'monitor-backup.db'}")
    if target.exists() and not force:
        raise UsageError(f"{target} is there already", hint="name another file, or replace it with --force")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise _unwritable(target, error) from error
    temporary = Path(name)
    try:
        if store.path is not None:
            copy_sqlite(store.path, temporary)
        else:
            dump(store.name, url, server_version(store), temporary)
        size = temporary.stat().st_size
        _put(temporary, target, force=force)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return size


def rotate(store: Store, url: str, folder: Path, keep: int, now: datetime) -> Path:
    """Make a backup named by its moment in a folder, and delete the oldest of ours beyond `keep`; returns the new one.

    Raises:
        as `backup`; nothing is deleted then.
    """
    target = folder / f"monitor-{now:%Y%m%dT%H%M%SZ}.{'db' if store.path else 'dump'}"
    backup(store, url, target, force=True)
    ours = sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), key=lambda path: path.name)
    for old in ours[: max(len(ours) - keep, 0)]:
        if old != target:
            with suppress(OSError):
                old.unlink()
    return target


def _put(temporary: Path, target: Path, *, force: bool) -> None:
    """Give a whole file its name, durably."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    if force:
        temporary.replace(target)
    else:
        try:
            target.hardlink_to(temporary)  # fails where somebody was faster, which a rename would overwrite
        except FileExistsError:
            raise UsageError(f"{target} is there already", hint="name another file, or replace it with --force") from None
        except OSError:  # a file system without hard links
            temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems know no such thing
            os.fsync(folder)
    finally:
        os.close(folder)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _unwritable(target: Path, error: OSError) -> FileError:
    return FileError(f"{target}: cannot be written: {error.strerror or error}", hint="check the folder, its permissions and the disk")
