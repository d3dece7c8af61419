"""`[keep]`, `[backup]`, `[alive]`, `[metrics]`: what is kept and how long, copies, and how others see that the watch lives."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from monitor.config_errors import Document, Keys

Days = Annotated[int, Meta(ge=0, le=36_500, description="a whole number of days from 0 (for ever) to 36500")]
_SECRET = r"(?i)[?&][^=&]*(?:token|secret|passw|signature|api[_-]?key)[^=&]*="  # noqa: S105 - a pattern


class Keep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[keep]`: after how many days what is forgotten; 0 for never."""

    text_days: Days = 365
    entry_days: Annotated[int, Meta(ge=30, le=36_500, description="a whole number of days from 30 to 36500")] = 180
    poll_days: Annotated[int, Meta(ge=7, le=36_500, description="a whole number of days from 7 to 36500")] = 90
    delivery_days: Annotated[int, Meta(ge=7, le=36_500, description="a whole number of days from 7 to 36500")] = 365


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[backup]`: copies of the database that are made by themselves."""

    folder: Annotated[str, Meta(description='the name of a folder, such as "backups"')] = ""
    every_hours: Annotated[int, Meta(ge=1, le=8_760, description="a whole number of hours from 1 to 8760")] = 24
    keep: Annotated[int, Meta(ge=1, le=1_000, description="a whole number from 1 to 1000")] = 7


class Alive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[alive]`: a dead man's switch, an address that is called as long as all goes well."""

    url: Annotated[str, Meta(description='a web address, such as "https://hc.example.org/ping/media-monitor"')] = ""
    url_env: Annotated[str, Meta(description='the name of an environment variable, such as "MONITOR_ALIVE_URL"')] = ""
    every_minutes: Annotated[int, Meta(ge=1, le=1_440, description="a whole number of minutes from 1 to 1440")] = 60


class Metrics(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[metrics]`: figures for Prometheus."""

    file: Annotated[str, Meta(description='the name of a file, such as "/var/lib/node_exporter/media-monitor.prom"')] = ""
    port: Annotated[int, Meta(ge=0, le=65_535, description="the number of a port from 1 to 65535, 0 for none")] = 0


TABLES: dict[str, type[msgspec.Struct]] = {"keep": Keep, "backup": Backup, "alive": Alive, "metrics": Metrics}


def check_upkeep(document: Document, *, backup: Backup, alive: Alive, metrics: Metrics) -> None:
    """Check what a type cannot say.

    Raises:
        ConfigError: a value that will not do; an address that holds a secret is never repeated.
    """
    for keys, value in ((("backup", "folder"), backup.folder), (("metrics", "file"), metrics.file)):
        if value and (not value.strip() or not value.isprintable()):
            raise document.wrong(keys, value, "a name without control characters")
    _check_alive(document, ("alive",), alive)


def _check_alive(document: Document, keys: Keys, one: Alive) -> None:
    if one.url and one.url_env:
        raise document.error(keys, "alive has both url and url_env", hint="keep one: url_env where the address holds a secret")
    if "@" in urlsplit(one.url).netloc or re.search(_SECRET, one.url):
        raise document.error(
            (*keys, "url"), "a password does not belong into this file", hint="give the whole address in the environment: url_env"
        )
    if one.url and not re.fullmatch(r"https?://[!#-;=?-~]+", one.url):
        raise document.wrong((*keys, "url"), one.url, 'a web address, such as "https://hc.example.org/ping/media-monitor"')
    if one.url_env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", one.url_env):
        # What was written may be the secret itself.
        raise document.error((*keys, "url_env"), "url_env is no name of an environment variable", hint='name it: "MONITOR_ALIVE_URL"')
