"""INSERT ... ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy offers by dialect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table


def insert_or(connection: Connection, table: Table) -> Any:
    """Return the dialect's insert for `table`, which knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return insert_into(connection.dialect.name == "postgresql", table)


def insert_into(postgres: bool, table: Table) -> Any:
    """Return such an insert by the kind of database alone, for statements that are made once."""
    if postgres:
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
