"""`[web]`: where the reading room listens, and who may come in."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

import msgspec
from msgspec import Meta

from monitor.config_errors import Document
from storage.errors import UsageError

TOKEN_VARIABLE = "MONITOR_WEB_TOKEN"  # noqa: S105 - a name
_SHORTEST = 16


class Web(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[web]`: the reading room."""

    host: Annotated[str, Meta(min_length=1, description='an address of this machine, such as "127.0.0.1"')] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="a whole number from 0 to 65535")] = 8400
    behind: Annotated[str, Meta(description='the public address of your reverse proxy, such as "https://news.example.org"')] = ""


def check_web(document: Document, web: Web) -> None:
    """Check what a type cannot say.

    Raises:
        ConfigError: the public address is none.
    """
    if web.behind and not is_origin(web.behind):
        raise document.wrong(("web", "behind"), web.behind, 'a web address without a path, such as "https://news.example.org"')


def is_origin(text: str) -> bool:
    """Whether this is a scheme and a host, perhaps a port, and nothing else."""
    return bool(re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", text)) and not text.endswith(":")


def is_address(text: str) -> bool:
    """Whether this is a web address without a query."""
    return bool(re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~%/-]*)?", text))


def is_loopback(host: str) -> bool:
    """Whether only this machine itself can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_access(host: str, behind: str, token: str) -> None:
    """Refuse to show the room to a network without a lock on its door.

    Raises:
        UsageError: others could come in; says what to set.
    """
    if token and len(token) < _SHORTEST:
        raise UsageError(
            f"{TOKEN_VARIABLE} is shorter than {_SHORTEST} characters",
            hint='make one: python3 -c "import secrets; print(secrets.token_urlsafe())"',
        )
    if behind and not is_origin(behind):
        raise UsageError(f"--behind: {behind!r} is no web address without a path", hint="write it as https://news.example.org")
    if not (is_loopback(host) or token or behind):
        raise UsageError(
            f"{host} can be reached by others, and nothing would keep them out",
            hint=f"set a secret in {TOKEN_VARIABLE}, or, where a reverse proxy asks who they are, name its address by --behind",
        )
