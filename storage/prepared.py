"""Statements that are compiled once and then given to the driver itself: for what is asked or written at every article.

SQLAlchemy spends more on handing over forty parameters, and on making a result of what comes back, than the database on answering.
What is given is written as its column wants it (a moment, JSON), and what a SELECT gives back is read likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, SelectBase
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import ClauseElement


class Prepared:
    """One statement with named parameters; for connections whose transaction has begun.

    All its methods raise what SQLAlchemy would (sqlalchemy.exc.DBAPIError, IntegrityError...).
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}  # by dialect

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it once and return all that it gives."""
        compiled = self._for(connection)
        with _cursor(connection, compiled) as cursor:
            cursor.execute(compiled.text, compiled.values(given))
            found = cursor.fetchall()
        return compiled.read(found)

    def change(self, connection: Connection, given: Mapping[str, Any]) -> int:
        """Run it once and return how many rows it changed."""
        compiled = self._for(connection)
        with _cursor(connection, compiled) as cursor:
            cursor.execute(compiled.text, compiled.values(given))
            return int(cursor.rowcount)

    def change_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each row; nothing where there is none."""
        if rows:
            compiled = self._for(connection)
            values = [compiled.values(row) for row in rows]
            with _cursor(connection, compiled) as cursor:
                cursor.executemany(compiled.text, values)

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
        order = tuple(compiled.positiontup) if compiled.positional else None
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._written: dict[str, Callable[[Any], Any]] = {}
        for name, bound in compiled.binds.items():
            if processor := bound.type.dialect_impl(dialect).bind_processor(dialect):
                self._written[name] = processor
        self._in_order: Callable[[Any], Any] = dict if order is None else itemgetter(*order) if len(order) > 1 else _first(order)
        columns = statement.selected_columns if isinstance(statement, SelectBase) else ()
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._read = [(place, reader) for place, reader in enumerate(readers) if reader is not None]

    def values(self, given: Mapping[str, Any]) -> Any:
        """Return what is given as the driver takes it."""
        if self._fixed or self._written:
            given = {**self._fixed, **given}
            for name, written in self._written.items():
                given[name] = written(given[name])
        return self._in_order(given)

    def read(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows with their values as their columns mean them."""
        if not self._read:
            return rows
        made = []
        for row in rows:
            values = list(row)
            for place, reader in self._read:
                values[place] = reader(values[place])
            made.append(tuple(values))
        return made


def _first(order: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    return lambda given: tuple(given[name] for name in order)


@contextmanager
def _cursor(connection: Connection, compiled: _Compiled) -> Iterator[Any]:
    """Lend a cursor of the driver; what fails is told as SQLAlchemy tells it, so that nobody has to know which way a statement went."""
    dialect: Any = connection.dialect
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        yield cursor
    except dialect.dbapi.Error as error:
        gone = dialect.is_disconnect(error, driver, cursor)
        if gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            compiled.text, None, error, dialect.dbapi.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
        ) from error
    finally:
        cursor.close()
