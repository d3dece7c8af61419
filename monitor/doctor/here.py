"""What can be seen on this machine without a network: folders, room, programs, variables."""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config_delivery import AppriseDelivery, AtomDelivery, EmailDelivery, FolderDelivery, WebhookDelivery
from monitor.doctor.record import Finding, bad, note, ok

if TYPE_CHECKING:
    from monitor.config import Config

_MB = 2**20
_TIGHT, _LOW = 200 * _MB, 1024 * _MB
_FEW_FILES = 1_000


def configuration(config: Config, sources: int) -> Iterator[Finding]:
    """What is in force."""
    where = str(config.path) if config.path else "no file, all defaults"
    names = ", ".join(digest.name for digest in config.digests)
    yield ok("configuration", f"{where}: {sources} sources; digests: {names}; {len(config.deliveries)} deliveries")
    if not sources:
        yield bad("sources", "no source is switched on", "switch packs on in [packs], or add one: monitor sources add URL")
    if not config.crawl.contact:
        yield note(
            "configuration", "sites that are read are not told whom to write to", "set contact in [crawl] to an e-mail or web address"
        )


def variables(config: Config, env: Mapping[str, str]) -> Iterator[Finding]:
    """Names of environment variables that the configuration gives, and whether they are set."""
    wanted = {config.alive.url_env: "[alive]"} if config.alive.url_env else {}
    for one in config.deliveries:
        if isinstance(one, EmailDelivery) and one.user:
            wanted[one.password_env] = f"delivery {one.name}"
        if isinstance(one, AppriseDelivery | WebhookDelivery) and one.url_env:
            wanted[one.url_env] = f"delivery {one.name}"
        if isinstance(one, WebhookDelivery) and one.token_env:
            wanted[one.token_env] = f"delivery {one.name}"
    for name, whose in wanted.items():
        if env.get(name, "").strip():
            yield ok("secrets", f"{name} is set, for {whose}")
        else:
            yield bad(
                "secrets", f"{name} is not set, and {whose} needs it", f"set {name} in the environment of the monitor, not in the file"
            )


def folders(config: Config) -> Iterator[Finding]:
    """Every folder that something is written into, and the room there."""
    devices: dict[int, Path] = {}
    for path, what in _written(config):
        found = _existing(path)
        if why := _unwritable(found):
            do = "make room" if why == os.strerror(errno.ENOSPC) else f"let this user write there: {_mending(found)}"
            yield bad("folders", f"{path}, for {what}, cannot be written: {why}", do)
        else:
            yield ok("folders", f"{path}, for {what}, can be written")
        devices.setdefault(found.stat().st_dev, found)
    database = config.database_file
    size = database.stat().st_size if database is not None and database.exists() else 0
    for path in devices.values():
        yield _room(path, size)


def _written(config: Config) -> Iterator[tuple[Path, str]]:
    if config.database_file is not None:
        yield config.database_file.parent, "the database"
    for digest in config.digests:
        yield config.base / digest.folder, f"digest {digest.name}"
    for one in config.deliveries:
        if isinstance(one, FolderDelivery):
            yield config.base / one.folder, f"delivery {one.name}"
        if isinstance(one, AtomDelivery):
            yield (config.base / one.file).parent, f"delivery {one.name}"
    if config.backup.folder:
        yield config.base / config.backup.folder, "backups"
    if config.metrics.file:
        yield (config.base / config.metrics.file).parent, "[metrics]"
    yield Path(tempfile.gettempdir()), "temporary files"


def _existing(path: Path) -> Path:
    """The folder itself, or the one in which it would be made."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path


def _unwritable(folder: Path) -> str:
    """Say why no file can be made in a folder; "" where one can. Tried, not asked: a full or read-only disk shows only so."""
    if not folder.is_dir():
        return "it is a file"
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"x" * 4_096)
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _mending(folder: Path) -> str:
    return f"chown -R USER {folder}; with systemd, name it in ReadWritePaths; in a container, mount it"


def _room(path: Path, database: int) -> Finding:
    """Judge the room on a disk; a backup and a database that is written anew need as much again."""
    free = shutil.disk_usage(path).free
    said = f"{free / _MB:,.0f} MB free at {path}"
    if hasattr(os, "statvfs") and (system := os.statvfs(path)).f_files and system.f_favail < _FEW_FILES:
        return bad("disk", f"only {system.f_favail} more files fit at {path}", "delete files nobody needs")
    if free < _TIGHT:
        return bad("disk", said, "make room: below 200 MB a crawl may not be stored")
    if free < max(_LOW, 2 * database):
        return note("disk", said, "make room: a backup and giving room back need as much again as the database")
    return ok("disk", said)


def programs(config: Config) -> Iterator[Finding]:
    """Programs and packages that some commands need."""
    from spiders.chromium import chromium, lacking

    if command := chromium():
        yield ok("programs", f"{Path(command).name} prints `monitor report -o FILE.pdf`")
    else:
        yield note(
            "programs",
            "there is no Chromium: `monitor report` writes no PDF; all else works",
            "for PDF install one (Debian: apt install chromium)",
        )
    if drawn := [table.id for table in config.source if table.browser]:
        if missing := lacking():
            yield bad("programs", f"{missing[0]}, and {', '.join(drawn)} (browser = true) cannot be read without", missing[1])
        else:
            yield ok("programs", f"a browser draws the pages of {', '.join(drawn)}")
    if any(isinstance(one, AppriseDelivery) for one in config.deliveries):
        if importlib.util.find_spec("apprise"):
            yield ok("programs", "Apprise is installed")
        else:
            yield bad("programs", "Apprise is not installed, and a delivery needs it", 'pip install "media-monitor[apprise]"')
