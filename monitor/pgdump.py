"""PostgreSQL's own programs, which copy its databases: found in the version that fits the server, run without a password in sight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError, UsageError

_LIMIT_S = 6 * 3600
_LOOK_S = 30
# Where packages put versions that are not in PATH: Debian, Red Hat, Homebrew, Postgres.app.
_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, kw_only=True)
class Program:
    """A pg_dump that is installed here."""

    path: Path
    major: int  # 16 of 16.14


def dump(name: str, url: str, server: int, target: Path) -> None:
    """Write a database to a file in pg_dump's own format, and look whether pg_restore can read it.

    Args:
        name: of the database, for messages.
        url: with its password where it has one.
        server: the server's major version, such as 18.

    Raises:
        StorageError: no pg_dump fits, or it failed.
    """
    found = installed()
    program = fitting(found, server)
    if program is None:
        raise StorageError(f"{name} cannot be copied: {_missing(found, server)}", hint=_advice(server))
    env = os.environ | connection_env(url)
    said = _run([str(program.path), "--format=custom", "--no-password", "--file", str(target)], env)
    restore = program.path.with_name("pg_restore")
    if not said and restore.exists():
        said = _run([str(restore), "--list", str(target)], env)
    if said:
        raise StorageError(f"{name} cannot be copied: {said}", hint="is the server running, and may this user read all tables?")


def installed() -> list[Program]:
    """Return every pg_dump that runs here: those in PATH first, then those in the places where packages put them."""
    folders = [*os.get_exec_path(), *sorted(str(folder) for place in _PLACES for folder in Path("/").glob(place))]
    programs: dict[Path, Program] = {}
    for folder in dict.fromkeys(folders):
        path = shutil.which("pg_dump", path=folder)
        if path is not None and Path(path) not in programs and (major := _major(path)):
            programs[Path(path)] = Program(path=Path(path), major=major)
    return list(programs.values())


def fitting(programs: list[Program], server: int) -> Program | None:
    """Return the program for a server: of its version, or the next newer one; None where all are older, which servers refuse."""
    return min((one for one in programs if one.major >= server), key=lambda one: one.major, default=None)


def trouble(server: int) -> tuple[str, str] | None:
    """Say why a server of this major version could not be copied from here, and what to do; None where it can."""
    found = installed()
    return None if fitting(found, server) else (_missing(found, server), _advice(server))


def connection_env(url: str) -> dict[str, str]:
    """Return a PostgreSQL URL as libpq's environment variables: command lines, which everybody sees, then hold no password.

    Raises:
        UsageError: the URL cannot be read.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import Conninfo
    from sqlalchemy.engine import make_url

    # Read by SQLAlchemy, as for the store, and not by libpq, whose rules for spaces and signs in URLs are stricter.
    read = make_url(re.sub(r"^postgres(?:ql)?(?:\+\w+)?:", "postgresql+psycopg:", url))
    arguments, options = read.get_dialect()().create_connect_args(read)
    try:
        parsed = Conninfo.parse(make_conninfo(*arguments, **options).encode())
    except psycopg.Error as error:
        raise UsageError("the database URL cannot be read", hint="write postgresql://user@host/name") from error
    return {option.envvar.decode(): option.val.decode() for option in parsed if option.envvar and option.val}


def _missing(found: list[Program], server: int) -> str:
    if not found:
        return "pg_dump is not installed here"
    versions = ", ".join(sorted({str(one.major) for one in found}))
    return f"the server is PostgreSQL {server}, and pg_dump here is older ({versions})"


def _advice(server: int) -> str:
    return (
        f"install PostgreSQL {server}'s client programs (such as postgresql-client-{server}, from apt.postgresql.org where your system is"
        " older) or put their folder into PATH; or run pg_dump on the server"
    )


def _major(program: str) -> int:
    """Return a program's major version, 0 where it does not run or tell."""
    try:
        done = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_LOOK_S, check=False)  # noqa: S603 - found in PATH
    except (OSError, subprocess.TimeoutExpired):
        return 0
    told = re.search(rb"\) (\d+)", done.stdout)
    return int(told.group(1)) if told and done.returncode == 0 else 0


def _run(command: list[str], env: Mapping[str, str]) -> str:
    """Run a program; returns "" or what it said when it failed."""
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False)  # noqa: S603 - our own command line
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{Path(command[0]).name}: {error}"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[0] if lines else f"{Path(command[0]).name} ended with exit code {done.returncode}"
