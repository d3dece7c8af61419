"""What stands in a database and cannot be what its column says, named by table and row: for whoever has just fallen over something.

SQLite looks at its pages and not at what stands inside of a row, and a server takes any JSON and any number. Nothing is looked for until
something has gone wrong: it reads the whole database.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Column, Float, Integer, LargeBinary, Table

from storage import pending, schema, schema_index
from storage.condition import GapState
from storage.connecting import BUSY_TIMEOUT_S
from storage.coverage import from_json
from storage.fingerprints import Fingerprint
from storage.identity import canonical_url
from storage.items import BodyFrom, Evidence, Kind, Ownership, PollOutcome
from storage.moments import Moment
from storage.strings import Words

if TYPE_CHECKING:
    from storage.store import Store

_EARLIEST = -62_135_596_800_000_000  # microseconds from the year 1 ...
_LATEST = 253_402_300_799_999_999  # ... and to the end of 9999
_SHOWN = 40  # characters of a value


def _parts(value: Any) -> object:
    return [(str(name), float(score)) for name, score in value]


def _texts(value: Any) -> object:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return value


def _address(value: Any) -> object:
    if not canonical_url(value):
        raise ValueError
    return value


def _evidence(value: Any) -> object:
    return Evidence(rule=value["rule"], score=float(value["score"]), parts=tuple((name, float(score)) for name, score in value["parts"]))


# What reads a value once more, and raises where it cannot.
_READ: dict[tuple[str, str], tuple[Callable[[Any], object], str]] = {
    ("articles", "authors"): (_texts, "list of names"),
    ("articles", "evidence"): (_evidence, "evidence"),
    ("articles", "ownership"): (Ownership, "word of ours"),
    ("articles", "body_from"): (BodyFrom, "word of ours"),
    ("mentions", "parts"): (_parts, "list of scores"),
    ("suppressions", "parts"): (_parts, "list of scores"),
    ("sources", "url"): (_address, "web address"),
    ("sources", "outcome"): (PollOutcome, "word of ours"),
    ("sources", "kind"): (lambda value: value == "" or Kind(value), "word of ours"),
    ("polls", "outcome"): (PollOutcome, "word of ours"),
    ("gaps", "state"): (GapState, "word of ours"),
    ("pending", "source"): (pending.source_of, "source"),
    ("pending", "entry"): (pending.entry_of, "entry"),
    ("digests", "day"): (date.fromisoformat, "day"),
    ("digests", "coverage"): (from_json, "account of a watch"),
    ("periods", "missed"): (_texts, "list of periods"),
    ("host_days", "day"): (date.fromisoformat, "day"),
    ("sketches", "sketch"): (lambda value: Fingerprint.unpack(value, datetime.now(UTC), any_version=True), "fingerprint"),
}


def odd_value(store: Store) -> str | None:
    """Say where a value stands that cannot be read, such as `articles, row id 3: "x" in published is no moment`; None where none is found.

    Raises:
        sqlite3.Error, sqlalchemy.exc.DBAPIError: the database cannot be read at all.
    """
    assert schema_index.metadata is schema.metadata  # its tables are looked through, too
    return next((said for table in schema.metadata.sorted_tables for said in _odd_in(store, table)), None)


def _odd_in(store: Store, table: Table) -> Iterator[str]:
    keys = list(table.primary_key.columns)
    columns = [column for column in table.columns if column not in keys] + keys
    for row in _rows(store, table, columns):
        values = dict(zip((column.name for column in columns), row, strict=True))
        for column in columns:
            if (wrong := _wrong(column, values[column.name])) is not None:
                where = ", ".join(f"{key.name} {_shown(values[key.name])}" for key in keys)
                yield f"{table.name}, row {where}: {_shown(values[column.name])} in {column.name} is no {wrong}"


def _rows(store: Store, table: Table, columns: Sequence[Column[Any]]) -> Iterator[Sequence[Any]]:
    """Yield a table's rows as the driver has them; SQLite's texts as bytes, since they may be none."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    query = f'SELECT {names} FROM "{table.name}"'  # noqa: S608 - names of our own schema
    if store.path is None:
        with store.raw() as connection:
            yield from connection.exec_driver_sql(query)
        return
    with closing(sqlite3.connect(f"{store.path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)) as file:
        file.text_factory = bytes
        yield from file.execute(query)


def _wrong(column: Column[Any], value: Any) -> str | None:
    """What a value should be and is not, None where all is well."""
    if value is None:
        return None if column.nullable else "value at all"
    by_type = next((found for kind, found in _TYPES.items() if isinstance(column.type, kind)), None)
    for reads, what in filter(None, (by_type, _READ.get((column.table.name, column.name)))):
        try:
            value = reads(value)
        except Exception:  # noqa: BLE001 - whatever it falls over, it cannot be read
            return what
    return None


def _moment(value: Any) -> int:
    if not isinstance(value, int) or not _EARLIEST <= value <= _LATEST:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise TypeError
    return value


def _text(value: Any) -> str:
    text = value.decode("utf-8") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        raise TypeError
    return text


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, bytes | str) else value  # a server has read it already


def _packed(value: Any) -> bytes:
    if not isinstance(value, bytes | memoryview):
        raise TypeError
    return bytes(value)


# The first that fits: each type before those that it stands on.
_TYPES: dict[type, tuple[Callable[[Any], Any], str]] = {
    Moment: (_moment, "moment"),
    JSON: (_json, "JSON"),
    LargeBinary: (_packed, "packed value"),
    Boolean: (_number, "yes or no"),
    Integer: (_number, "number"),
    Float: (_number, "number"),
    Words: (_text, "text"),
}


def _shown(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    shown = json.dumps(text, ensure_ascii=True) if isinstance(text, str) else str(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
