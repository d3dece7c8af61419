"""`monitor backup`: a copy of the database that is whole or not there, made while everything goes on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.files import FileError
from storage.backup import copy_sqlite
from storage.errors import StorageError, UsageError

if TYPE_CHECKING:
    from storage.store import Store

_NAME = re.compile(r"monitor-\d{8}T\d{6}Z\.(?:db|dump)")
_LIMIT_S = 6 * 3600


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
            _dump(store.name, url, temporary)
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


def _dump(name: str, url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise StorageError(
            f"{name}: pg_dump is not installed here",
            hint="install PostgreSQL's client programs (apt install postgresql-client), or run pg_dump on the server",
        )
    env = os.environ | connection_env(url)
    said = _run([program, "--format=custom", "--no-password", "--file", str(target)], env)
    restore = shutil.which("pg_restore", path=str(Path(program).parent)) or shutil.which("pg_restore")
    if not said and restore:
        said = _run([restore, "--list", str(target)], env)
    if said:
        hint = "install client programs of the server's version or newer" if "version" in said else "is the server running?"
        raise StorageError(f"{name} cannot be copied: {said}", hint=hint)


def connection_env(url: str) -> dict[str, str]:
    """Return a PostgreSQL URL as libpq's environment variables: command lines, which everybody sees, then hold no password.

    Raises:
        UsageError: the URL cannot be read.
    """
    import psycopg
    from psycopg.pq import Conninfo
    from sqlalchemy.engine import make_url

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        options = Conninfo.parse(plain.encode())
    except psycopg.Error as error:
        raise UsageError("the database URL cannot be read", hint="write postgresql://user@host/name") from error
    return {option.envvar.decode(): option.val.decode() for option in options if option.envvar and option.val}


def _run(command: list[str], env: dict[str, str]) -> str:
    """Run a program; returns "" or what it said when it failed."""
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False)  # noqa: S603 - our own command line
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(command[0]).name}: {error}"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"{Path(command[0]).name} ended with exit code {done.returncode}"


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _unwritable(target: Path, error: OSError) -> FileError:
    return FileError(f"{target}: cannot be written: {error.strerror or error}", hint="check the folder, its permissions and the disk")
