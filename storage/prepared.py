"""Statements that are compiled once and then given to the driver as text: for what is asked at every article.

SQLAlchemy spends more on binding forty parameters than the database on answering. What is given is written as its column wants it (a
moment, JSON); what comes back passes as the driver has it, so ask for columns of plain numbers, bytes and text only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql.elements import ClauseElement


class Prepared:
    """One statement with named parameters."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}  # by dialect

    def run(self, connection: Connection, given: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it once."""
        compiled = self._for(connection)
        return connection.exec_driver_sql(compiled.text, compiled.values(given))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each row; nothing where there is none."""
        if rows:
            compiled = self._for(connection)
            connection.exec_driver_sql(compiled.text, [compiled.values(row) for row in rows])

    def _for(self, connection: Connection) -> _Compiled:
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return self._compiled[dialect.name]


class _Compiled:
    """A statement in the words of one dialect."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text: str = compiled.string
        self._order = tuple(compiled.positiontup) if compiled.positional else None
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._written: dict[str, Callable[[Any], Any]] = {}
        for name, bound in compiled.binds.items():
            if processor := bound.type.dialect_impl(dialect).bind_processor(dialect):
                self._written[name] = processor

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return what is given as the driver takes it."""
        values = {**self._fixed, **given}
        for name, written in self._written.items():
            values[name] = written(values[name])
        return values if self._order is None else tuple([values[name] for name in self._order])
