"""Change a configuration file as a person would: one table or one word, every comment where it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from monitor.config import read_file, read_text
from monitor.config_errors import Document
from monitor.config_sources import make_id, same_address
from monitor.config_tables import Packs
from monitor.files import write_text
from storage.errors import ConfigError
from storage.items import Kind, Ownership, Source


def with_source(path: Path, source: Source) -> str:
    """Add a `[[source]]`; see `monitor.config.add_source`."""
    made = not path.exists()
    with_sources(path, [(source, {})])
    return f"added {source.id} ({source.url}) to {path}" + (", a new file" if made else "")


def with_sources(path: Path, sources: Sequence[tuple[Source, Mapping[str, str]]]) -> None:
    """Add tables for sources in one change of the file, each with what else an OPML file said of it.

    Raises:
        ConfigError: the file is wrong already, or has such a source.
        monitor.files.FileError: it cannot be written.
    """
    ids = {source.id for source, _ in sources}

    def change(text: str) -> str:
        document = tomlkit.parse(text)
        off = (document.get("packs") or {}).get("off")
        if off is not None and ids.intersection(off):
            for id_ in ids.intersection(off):
                off.remove(id_)
            text = document.as_string()
        tables = [_values(source) | ({"opml": dict(rest)} if rest else {}) for source, rest in sources]
        found: Any = document.get("source")
        if found is not None and not isinstance(found, AoT):
            for values in tables:
                inline = tomlkit.inline_table()
                inline.update(values)
                found.append(inline)
            return document.as_string()
        # Tables at the end of the file are always the file's: nothing that is there moves.
        end = "\r\n" if "\r\n" in text else "\n"
        written = "".join(tomlkit.dumps({"source": [_flat(values)]}) + "\n" for values in tables).rstrip("\n") + "\n"
        written = written.replace("\n", end)
        return f"{text.rstrip()}{end}{end}{written}" if text.strip() else written

    _edit(path, change)


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Keep a table within a table on one line."""
    if "opml" in values:
        inline = tomlkit.inline_table()
        inline.update(values["opml"])
        values = values | {"opml": inline}
    return values


def without_source(path: Path, source: Source) -> str:
    """Remove a `[[source]]`, or switch one of the pack off; see `monitor.config.remove_source`."""

    said = ""

    def drop(text: str) -> str:
        nonlocal said
        document = tomlkit.parse(text)
        tables: Any = document.get("source") or []
        for number, table in enumerate(tables):
            if table.get("id") == source.id or ("id" not in table and same_address(str(table.get("url"))) == same_address(source.url)):
                del tables[number]
                if not tables:
                    document.remove("source")
                said = f"removed {source.id} from {path}; what it found stays stored{_returning(source)}"
                return document.as_string()
        raise ConfigError(f"{path} has no source {source.id!r}", hint="`monitor config` shows which file is read")

    def switch_off(text: str) -> str:
        nonlocal said
        document = tomlkit.parse(text)
        if "packs" not in document:
            if text.strip():
                document.add(tomlkit.nl())
            document.append("packs", tomlkit.table())
        packs: Any = document["packs"]
        if "off" not in packs:
            packs["off"] = tomlkit.array()
        if source.id in packs["off"]:
            said = f"{source.id} was switched off in {path} already"
            return text
        packs["off"].append(source.id)
        said = f"switched {source.id} off in {path} (packs.off); what it found stays stored"
        return document.as_string()

    _edit(path, switch_off if source.origin == "pack" else drop)
    return said


def switched_on(path: Path, source: Source, packs: Packs) -> bool:
    """Take a source of the pack out of `packs.off`; returns whether it serves by that, or its group is off, too."""
    from monitor.packs import serving

    def change(text: str) -> str:
        document = tomlkit.parse(text)
        off: Any = (document.get("packs") or {}).get("off")
        if off is not None and source.id in off:
            off.remove(source.id)
        return document.as_string()

    if source.id not in {one.id for one in serving(packs.groups, more=packs.more)}:
        return False
    _edit(path, change)
    return True


def _returning(source: Source) -> str:
    """Say which source of the pack serves again, now that the user's no longer replaces it."""
    from monitor.packs import GROUPS, serving

    for one in serving(GROUPS):
        if one.id == source.id or same_address(one.url) == same_address(source.url):
            return f". The built-in {one.id} serves again; `monitor sources remove {one.id}` switches it off"
    return ""


def _edit(path: Path, change: Callable[[str], str]) -> None:
    """Read, change and write the file; what is to be written is checked first, so a wrong file is never made."""
    text = read_file(path, str(path)) if path.exists() else ""
    read_text(Document(str(path), text))
    changed = change(text)
    read_text(Document(str(path), changed))
    if changed != text:
        # A link stays a link: the file that it points to is replaced.
        write_text(path.resolve() if path.is_symlink() else path, changed)


def _values(source: Source) -> dict[str, Any]:
    """The keys of a table for this source; those at their defaults are left out."""
    values: dict[str, Any] = {"id": source.id or make_id(source.url, ()), "url": source.url}
    if source.kind is not Kind.FEED:
        values["kind"] = source.kind.value
    for name in ("outlet", "language", "country", "only", "spider"):
        if getattr(source, name):
            values[name] = getattr(source, name)
    if source.timezone not in {"", "UTC"}:
        values["timezone"] = source.timezone
    if source.ownership is not Ownership.EARNED:
        values["ownership"] = source.ownership.value
    if source.fields:
        values["fields"] = {name: path for name, path in source.fields if path}
    if source.groups:
        values["groups"] = list(source.groups)
    if source.interval is not None:
        values["interval_minutes"] = max(round(source.interval.total_seconds() / 60), 1)
    for name in ("robots", "pages", "verify_tls"):
        if not getattr(source, name):
            values[name] = False
    if source.browser:
        values["browser"] = True
    return values
