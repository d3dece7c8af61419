"""The database's URL: checked, made absolute, and never shown with its password."""

from __future__ import annotations

import re
from pathlib import Path

from monitor.config_errors import Document, Keys, shown

VARIABLE = "MONITOR_DATABASE_URL"


def check_database(url: str, cwd: Path, document: Document, keys: Keys) -> str:
    """Check a database URL, or the name of an SQLite file, and return it with the SQLite file made absolute.

    A URL of PostgreSQL is never repeated as it is: it may hold a password.

    Args:
        document: where it was found; a file may not hold a password.
        keys: the way to it in the file.

    Raises:
        ConfigError: it is neither.
    """
    right = "write sqlite:///monitor.db or postgresql://user@host/name"
    scheme, mark, rest = url.strip().partition("://")
    if not mark:
        if not scheme or "\0" in scheme:
            raise document.error(keys, "the database is blank", hint=right)
        return f"sqlite:///{cwd / scheme}"
    family = scheme.partition("+")[0]
    if family not in {"sqlite", "postgresql", "postgres"}:
        raise document.error(keys, f"databases of kind {shown(scheme)} are not supported", hint=right)
    if family == "sqlite":
        if not rest.startswith("/") or rest in {"/", "/:memory:"} or "\0" in rest:
            raise document.error(keys, f"{shown(url)} names no file", hint="write sqlite:///monitor.db, with three slashes")
        return f"sqlite:///{cwd / rest[1:]}"
    if document.text and redacted(url) != url:
        raise document.error(
            keys,
            f"the database's password does not belong into this file: {redacted(url)}",
            hint=f"give the whole URL in the environment instead: {VARIABLE}",
        )
    return url.strip()


def redacted(url: str) -> str:
    """Return a database URL without its password."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.partition("+")[0] == "sqlite":
        return url
    user, at, host = rest.rpartition("@")
    if at and ":" in user:
        rest = f"{user.partition(':')[0]}:***@{host}"
    return scheme + mark + re.sub(r"(?i)([?&][^=&]*(?:pass|secret|token)[^=&]*=)[^&]*", r"\1***", rest)
