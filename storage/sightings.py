"""Which entries were seen where. A known entry is a sighting and costs nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, literal, null, select, update

from storage import schema
from storage.prepared import Prepared
from storage.upsert import insert_into


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One entry at one source."""

    source_id: str
    entry_key: str
    url_key: str
    article_id: int | None  # None: it mentions no topic
    entry_hash: str
    no_page: str | None = None  # why its page was not read, "" where it was; None: not known, what was known stays
    at: datetime | None = None  # when it was seen; None: when it is noted


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One sighting of an address."""

    source_id: str
    article_id: int | None
    first_seen: datetime
    no_page: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is remembered of an entry by its key at a source, or by its address anywhere."""

    article_id: int | None
    entry_hash: str
    here: bool  # by key at this source; False: by address, at another source or under another key
    shown: bool = False  # by this source, whatever the key


# Made once: the questions of each poll, and SQLAlchemy finds their SQL again by the object.
_BY_KEY = select(schema.sightings.c.entry_key, schema.sightings.c.article_id, schema.sightings.c.entry_hash).where(
    schema.sightings.c.source_id == bindparam("source"), schema.sightings.c.entry_key.in_(bindparam("keys", expanding=True))
)
_BY_ADDRESS = (
    select(
        schema.sightings.c.url_key,
        func.max(schema.sightings.c.article_id),
        func.max(schema.sightings.c.entry_hash),
        func.max(case((schema.sightings.c.source_id == bindparam("source"), 1), else_=0)),
    )
    .where(schema.sightings.c.url_key.in_(bindparam("keys", expanding=True)))
    .group_by(schema.sightings.c.url_key)
    .union_all(
        select(schema.article_urls.c.url_key, schema.article_urls.c.article_id, null(), literal(0)).where(
            schema.article_urls.c.url_key.in_(bindparam("addresses", expanding=True))
        )
    )
)


@cache
def _note(postgres: bool) -> Prepared:
    statement = insert_into(postgres, schema.sightings)
    new, old = statement.excluded, schema.sightings.c
    changes = {
        "last_seen": new.last_seen,
        "entry_hash": new.entry_hash,
        "article_id": func.coalesce(new.article_id, old.article_id),
        "no_page": func.coalesce(new.no_page, old.no_page),
    }
    return Prepared(statement.on_conflict_do_update(index_elements=["source_id", "entry_key"], set_=changes))


class Sightings:
    """The questions and commands about sightings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known(self, source_id: str | None, entries: Sequence[tuple[str, str]]) -> list[Known | None]:
        """Tell for each (entry key, address key) of a source's document whether it is known, in order.

        Args:
            source_id: None where the source was never read before; its entries are then looked for by their addresses alone.
        """
        by_key: dict[str, Known] = {}
        if source_id is not None:
            for row in self._connection.execute(_BY_KEY, {"source": source_id, "keys": [key for key, _ in entries]}):
                by_key[row.entry_key] = Known(article_id=row.article_id, entry_hash=row.entry_hash, here=True, shown=True)
        missing = [address for key, address in entries if address and key not in by_key]
        by_address: dict[str, Known] = {}
        if missing:
            values = {"keys": missing, "addresses": missing, "source": source_id or ""}
            for address, article_id, entry_hash, shown in self._connection.execute(_BY_ADDRESS, values):
                if entry_hash is None or address not in by_address:  # an article of its own has the last word
                    shown = bool(shown) or (address in by_address and by_address[address].shown)
                    by_address[address] = Known(article_id=article_id, entry_hash=entry_hash or "", here=False, shown=shown)
        return [by_key.get(key) or by_address.get(address) for key, address in entries]

    def note(self, rows: Iterable[Sighting], now: datetime) -> None:
        """Note that these entries were seen now; an article once found stays found."""
        values: dict[tuple[str, str], dict[str, Any]] = {}
        for row in rows:
            key, at = (row.source_id, row.entry_key), row.at or now
            values[key] = {
                "source_id": row.source_id,
                "entry_key": row.entry_key,
                "url_key": row.url_key,
                "article_id": row.article_id,
                "entry_hash": row.entry_hash,
                "first_seen": values[key]["first_seen"] if key in values else at,
                "last_seen": at,
                "no_page": row.no_page[:300] if row.no_page is not None else None,
            }
        _note(self._connection.dialect.name == "postgresql").change_many(self._connection, list(values.values()))

    def seen_again(self, source_id: str, keys: Sequence[str], now: datetime) -> None:
        """Note that known entries of a source were seen again."""
        table = schema.sightings
        self._connection.execute(
            update(table)
            .where(table.c.source_id == source_id, table.c.entry_key.in_(bindparam("keys", expanding=True)))
            .values(last_seen=now),
            {"keys": list(keys)},
        )

    def of_address(self, url_key: str) -> list[Seen]:
        """Return all sightings of an address, the first ones first."""
        table = schema.sightings
        query = select(table.c.source_id, table.c.article_id, table.c.first_seen, table.c.no_page).where(table.c.url_key == url_key)
        return [
            Seen(source_id=row.source_id, article_id=row.article_id, first_seen=row.first_seen, no_page=row.no_page)
            for row in self._connection.execute(query.order_by(table.c.first_seen, table.c.source_id))
        ]
