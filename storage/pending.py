"""Entries whose page failed for now: they are asked again at later crawls, so a name that stands only in the text is not lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from storage import schema
from storage.identity import url_key
from storage.items import Entry, Kind, Ownership, Source

FIRST_WAIT = timedelta(hours=1)
ATTEMPTS = 5  # after 1, 3, 9, 27 hours; then the feed's words have to do

_DATES = ("published", "updated")
_SOURCE_FIELDS = (
    "id",
    "url",
    "outlet",
    "language",
    "country",
    "timezone",
    "topic",
    "robots",
    "browser",
    "pages",
    "only",
    "spider",
    "verify_tls",
    "origin",
)


class Pending:
    """The questions and commands about pages to be asked again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, source: Source, entry: Entry, reason: str, now: datetime) -> None:
        """Ask for the entry's page again later; after five attempts it is left."""
        table = schema.pending
        here = (table.c.source_id == source.id, table.c.entry_key == entry.key)
        attempts = (self._connection.execute(select(table.c.attempts).where(*here)).scalar() or 0) + 1
        self._connection.execute(delete(table).where(*here))
        if attempts >= ATTEMPTS:
            return
        self._connection.execute(
            insert(table).values(
                source_id=source.id,
                entry_key=entry.key,
                source=_source_record(source),
                entry=_entry_record(entry),
                reason=reason[:500],
                attempts=attempts,
                next_try=now + FIRST_WAIT * 3 ** (attempts - 1),
            )
        )

    def due(self, now: datetime, limit: int = 2_000) -> list[tuple[Source, Entry]]:
        """Return what is to be asked again now, the longest waiting first."""
        table = schema.pending
        rows = self._connection.execute(select(table).where(table.c.next_try <= now).order_by(table.c.next_try).limit(limit))
        return [(source_of(row.source), entry_of(row.entry)) for row in rows]

    def of_address(self, key: str) -> list[tuple[str, str, datetime]]:
        """Return (source id, reason, next try) of what waits for an address, by `identity.url_key`."""
        rows = self._connection.execute(select(schema.pending))
        return [(row.source_id, row.reason, row.next_try) for row in rows if url_key(row.entry["url"]) == key]

    def done(self, source_id: str, entry_key: str) -> None:
        """The page came: do not ask again."""
        table = schema.pending
        self._connection.execute(delete(table).where(table.c.source_id == source_id, table.c.entry_key == entry_key))


def _source_record(source: Source) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(source, name) for name in _SOURCE_FIELDS}
    return record | {
        "fields": [list(pair) for pair in source.fields],
        "kind": source.kind.value,
        "ownership": source.ownership.value,
        "groups": list(source.groups),
    }


def source_of(record: dict[str, Any]) -> Source:
    """Read a source as it is kept; raises whatever a damaged one leads to."""
    values = dict(record)
    return Source(
        kind=Kind(values.pop("kind")),
        ownership=Ownership(values.pop("ownership")),
        groups=tuple(values.pop("groups")),
        fields=tuple((name, path) for name, path in values.pop("fields", ())),
        **values,
    )


def _entry_record(entry: Entry) -> dict[str, Any]:
    record = {name: getattr(entry, name) for name in Entry.__slots__}
    record["authors"] = list(entry.authors)
    for name in _DATES:
        record[name] = record[name].isoformat() if record[name] else None
    return record


def entry_of(record: dict[str, Any]) -> Entry:
    """Read an entry as it is kept; raises whatever a damaged one leads to."""
    values = dict(record)
    values["authors"] = tuple(values["authors"])
    for name in _DATES:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return Entry(**values)
