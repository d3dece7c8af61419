"""Change a configuration file as a person would: one table or one word, every comment where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT
from tomlkit.toml_document import TOMLDocument

from monitor.config import read_file, read_text
from monitor.config_errors import Document
from monitor.config_sources import make_id, same_address
from monitor.files import write_text
from storage.errors import ConfigError
from storage.items import Kind, Ownership, Source


def with_source(path: Path, source: Source) -> str:
    """Add a `[[source]]`; see `monitor.config.add_source`."""
    made = not path.exists()

    def change(document: TOMLDocument) -> str:
        values = _values(source)
        found = document.get("source")
        if found is not None and not isinstance(found, AoT):
            inline = tomlkit.inline_table()
            inline.update(values)
            found.append(inline)
        else:
            table = tomlkit.table()
            table.update(values)
            if found is None:
                tables = tomlkit.aot()
                tables.append(table)
                if document.as_string().strip():
                    document.add(tomlkit.nl())
                document.append("source", tables)
            else:
                found.append(table)
        off = (document.get("packs") or {}).get("off")
        if off is not None and source.id in off:
            off.remove(source.id)
        return f"added {source.id} ({source.url}) to {path}" + (", a new file" if made else "")

    return _edit(path, change)


def without_source(path: Path, source: Source) -> str:
    """Remove a `[[source]]`, or switch one of the pack off; see `monitor.config.remove_source`."""

    def drop(document: TOMLDocument) -> str:
        tables: Any = document.get("source") or []
        for number, table in enumerate(tables):
            if table.get("id") == source.id or ("id" not in table and same_address(str(table.get("url"))) == same_address(source.url)):
                del tables[number]
                if not tables:
                    document.remove("source")
                return f"removed {source.id} from {path}; what it found stays stored"
        raise ConfigError(f"{path} has no source {source.id!r}", hint="`monitor config` shows which file is read")

    def switch_off(document: TOMLDocument) -> str:
        if "packs" not in document:
            if document.as_string().strip():
                document.add(tomlkit.nl())
            document.append("packs", tomlkit.table())
        packs: Any = document["packs"]
        if "off" not in packs:
            packs["off"] = tomlkit.array()
        if source.id in packs["off"]:
            return f"{source.id} was switched off in {path} already"
        packs["off"].append(source.id)
        return f"switched {source.id} off in {path} (packs.off); what it found stays stored"

    return _edit(path, switch_off if source.origin == "pack" else drop)


def _edit(path: Path, change: Callable[[TOMLDocument], str]) -> str:
    """Read, change and write the file; what is written has been read again, so a wrong file is never made."""
    text = read_file(path, str(path)) if path.exists() else ""
    read_text(Document(str(path), text))
    document = tomlkit.parse(text)
    sentence = change(document)
    changed = document.as_string()
    read_text(Document(str(path), changed))
    if changed != text:
        # A link stays a link: the file that it points to is replaced.
        write_text(path.resolve() if path.is_symlink() else path, changed)
    return sentence


def _values(source: Source) -> dict[str, Any]:
    """The keys of a table for this source; those at their defaults are left out."""
    values: dict[str, Any] = {"id": source.id or make_id(source.url, ()), "url": source.url}
    if source.kind is not Kind.FEED:
        values["kind"] = source.kind.value
    for name in ("outlet", "language", "country"):
        if getattr(source, name):
            values[name] = getattr(source, name)
    if source.timezone not in {"", "UTC"}:
        values["timezone"] = source.timezone
    if source.ownership is not Ownership.EARNED:
        values["ownership"] = source.ownership.value
    if source.groups:
        values["groups"] = list(source.groups)
    if source.interval is not None:
        values["interval_minutes"] = max(round(source.interval.total_seconds() / 60), 1)
    for name in ("robots", "pages"):
        if not getattr(source, name):
            values[name] = False
    return values
