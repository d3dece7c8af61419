"""Lists of sources in and out of the configuration file, as OPML: the shell round `opml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.adding import with_outlet
from monitor.config import FILE
from monitor.config_sources import KINDS, OWNERSHIPS, check_id, check_zone, make_id, same_address
from monitor.opml import Outlined, Unusable, read_opml, write_opml
from storage.errors import UsageError
from storage.items import Kind, Source

if TYPE_CHECKING:
    from monitor.config import Config


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of the entries of an OPML file; each is counted once."""

    added: tuple[Source, ...] = ()
    known: tuple[tuple[str, str], ...] = ()  # (address, id of the source that is there already)
    repeated: int = 0  # entries of a feed that stands in the file more than once: its labels are put together
    unusable: tuple[Unusable, ...] = ()


def import_opml(
    config: Config, data: bytes, *, name: str, known: Sequence[Source], labels: Sequence[str] = (), dry: bool = False
) -> Imported:
    """Add the feeds of an OPML file to the configuration file, in one change of it.

    Args:
        known: the sources in force; a feed that is one of them is told and left as it is.
        labels: added to those of the file.
        dry: change nothing.

    Raises:
        UsageError: the file is no OPML.
        ConfigError: the configuration is wrong already.
        monitor.files.FileError: it cannot be written.
    """
    from monitor.config_edit import with_sources

    found, unusable = read_opml(data, name=name)
    there = {same_address(source.url): source.id for source in known}
    taken = _taken(known)
    fresh: dict[str, Outlined] = {}
    again: list[tuple[str, str]] = []
    repeated = 0
    for one in found:
        address = same_address(one.source.url)
        if address in fresh:
            first = fresh[address]
            repeated += 1
            groups = tuple(dict.fromkeys((*first.source.groups, *one.source.groups)))
            fresh[address] = replace(first, source=replace(first.source, groups=groups), rest={**one.rest, **first.rest})
        elif address in there:
            again.append((one.source.url, there[address]))
        else:
            try:
                fresh[address] = _checked(one)
            except UsageError as error:
                unusable.append(Unusable(line=one.line, name=one.source.outlet or one.source.url, why=str(error)))
    added = []
    for one in fresh.values():
        source = one.source if one.source.id else with_outlet(one.source)
        id_ = source.id if source.id and taken.get(source.id, same_address(source.url)) == same_address(source.url) else ""
        id_ = id_ or make_id(source.url, taken)
        taken[id_] = same_address(source.url)
        groups = tuple(dict.fromkeys((*source.groups, *labels)))
        added.append((replace(source, id=id_, groups=groups), one.rest))
    if added and not dry:
        with_sources(config.path or Path(FILE), added)
    return Imported(added=tuple(source for source, _ in added), known=tuple(again), repeated=repeated, unusable=tuple(unusable))


def export_opml(config: Config, sources: Iterable[Source]) -> bytes:
    """Write sources as OPML, those of the configuration with all that an earlier OPML file said of them."""
    rest = {table.id: table.opml for table in config.source}
    outlined = [Outlined(source=source, rest=rest.get(source.id, {}) if source.origin == "config" else {}) for source in sources]
    return write_opml(outlined, title="Sources of the media monitor")


def _taken(known: Sequence[Source]) -> dict[str, str]:
    """Ids that serve already, with their addresses; those of the pack that are switched off, too: one's own would replace them."""
    from monitor.packs import pack_sources

    return {source.id: same_address(source.url) for source in (*pack_sources(), *known)}


def _checked(one: Outlined) -> Outlined:
    """Return the entry, if the configuration would take it.

    Raises:
        UsageError: a word of it would be refused.
    """
    source = one.source
    if source.id:
        check_id(source.id)
    if source.kind.value not in KINDS or source.ownership.value not in OWNERSHIPS:
        raise UsageError(f"its kind is {source.kind.value!r}, which is not read as a source")
    if source.kind is Kind.SPIDER:
        raise UsageError("it is a spider, which is code: copy its file and its [[source]]")
    if source.fields or source.kind is Kind.JSON:
        _check_fields(dict(source.fields), source.kind)
    if source.country and not (len(source.country) == 2 and source.country.isascii() and source.country.isalpha()):
        raise UsageError(f"its country is {source.country!r}, not two letters")
    if source.interval is not None and not 60 <= source.interval.total_seconds() <= 86_400:
        raise UsageError("its interval is not between a minute and a day")
    check_zone(source.timezone)
    return one


def _check_fields(fields: Mapping[str, str], kind: Kind) -> None:
    from spiders.readers.mapped import FIELDS

    if kind not in {Kind.JSON, Kind.SEARCH}:
        raise UsageError(f"it has fields, which go with json, and is of kind {kind.value}")
    if not fields.get("url") or not set(fields) <= set(FIELDS):
        raise UsageError(f"its fields need a url, and may name {', '.join(FIELDS)} alone")
