"""Statements that are compiled once and then given to the driver as text: for what is asked at every article.

SQLAlchemy spends more on binding forty parameters than the database on answering. What is given and what comes back pass as the driver
has them, so columns of plain numbers, bytes and text only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.elements import ClauseElement


class Prepared:
    """One statement with named parameters."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, tuple[str, ...] | None, dict[str, Any]]] = {}  # by dialect

    def run(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it once."""
        text, order, fixed = self._for(connection)
        values = {**fixed, **given}
        return connection.exec_driver_sql(text, tuple(values[name] for name in order) if order is not None else values)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each row; nothing where there is none."""
        if not rows:
            return
        text, order, fixed = self._for(connection)
        if order is None:
            connection.exec_driver_sql(text, [{**fixed, **row} for row in rows])
        else:
            connection.exec_driver_sql(text, [tuple(row[name] for name in order) for row in rows])

    def _for(self, connection: Connection) -> tuple[str, tuple[str, ...] | None, dict[str, Any]]:
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)
            order = tuple(compiled.positiontup) if compiled.positional else None
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            self._compiled[dialect.name] = compiled.string, order, fixed
        return self._compiled[dialect.name]
