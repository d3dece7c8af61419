"""Open the store, read from it, change it in short transactions; the questions stand in the rooms by noun.

with Store.open("sqlite:///monitor.db") as store:
    with store.transaction() as t:      # SQLite: BEGIN IMMEDIATE; PostgreSQL: one writer of articles at a time
        t.articles.add(...)
    with store.reading() as r:          # one snapshot
        r.sources.states()
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from storage.connecting import engine_of, file_of, name_of, parse_url, refuse_foreign, schema_version, translated
from storage.errors import StorageDamaged, StorageError, UsageError
from storage.locks import Held, advisory_lock, file_lock
from storage.reading import Reading, Transaction

if TYPE_CHECKING:
    from storage.notebook import Notebook

SCHEMA_HEAD = "0013"


class Store:
    """The store of one database."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine = engine
        self._path = path  # of an SQLite file

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Store:
        """Open a database by URL (`sqlite:///file.db`, `postgresql://...`) or SQLite file name, and bring its schema up to date.

        Args:
            create: make an SQLite file that is not there; otherwise its absence is an error.

        Raises:
            UsageError: no such kind of database, or there is none yet.
            StorageDamaged: not a database of ours, or one of a newer version.
            StorageError: it cannot be opened.
        """
        parsed = parse_url(url)
        path = file_of(parsed)
        if path is not None:
            if path.is_dir():
                raise UsageError(f"{path} is a folder, not a database", hint="name a file in it, such as monitor.db")
            if not path.exists() and not create:
                raise UsageError(f"there is no database {path} yet", hint="`monitor daily` (or `monitor crawl`) makes it")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"{path.parent}: the folder cannot be made: {error.strerror}", hint="check its permissions") from error
            refuse_foreign(path)
        store = cls(engine_of(parsed), path)
        try:
            with translated(store.name):
                store._check_schema()
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.name!r})"

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @property
    def name(self) -> str:
        """The database's name for people: file or URL without its password."""
        return name_of(self._engine.url)

    @cached_property
    def notebook(self) -> Notebook:
        """Where stands what the database could not take."""
        from storage.notebook import Notebook

        return Notebook(self.name, self._path)

    @property
    def path(self) -> Path | None:
        """The SQLite file, None for another kind of database."""
        return self._path

    def size(self) -> int:
        """Return how many bytes the database takes on its disk."""
        if self._path is None:
            with self.reading() as reading:
                return int(reading.connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0)
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change the store: all of it at the end of the block, or nothing where an exception leaves it.

        Writers take turns: SQLite by BEGIN IMMEDIATE, PostgreSQL by a lock that lasts as long as the transaction, so that what is
        looked for and what is written see the same store.

        Raises:
            StorageBusy: others held the database for longer than a minute.
            StorageError: disk full, read-only, damaged...
        """
        with translated(self.name, self._odd), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7310420)")
            try:
                transaction = Transaction(connection)
                yield transaction
                transaction.flush()
                connection.commit()
            except BaseException:
                with suppress(DBAPIError):
                    connection.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read from one state of the store, without keeping writers waiting."""
        with translated(self.name, self._odd), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            try:
                yield Reading(connection)
            finally:
                with suppress(DBAPIError):
                    connection.rollback()

    @contextmanager
    def raw(self) -> Iterator[Connection]:
        """Lend a connection outside any transaction, for what SQL allows only there."""
        with self._engine.connect() as connection:
            if self.dialect == "postgresql":
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @contextmanager
    def crawl_lock(self, wait: timedelta = timedelta(0), *, now: datetime) -> Iterator[None]:
        """Hold the right to crawl into this store; it ends with the process, however that ends.

        Raises:
            StorageBusy: another crawl held it for all of `wait`.
        """
        if self._path is not None:
            with file_lock(self._path.with_name(self._path.name + ".lock"), wait, now=now):
                yield
        else:
            with advisory_lock(self._engine, wait):
                yield

    @contextmanager
    def delivery_lock(self, wait: timedelta = timedelta(0), *, now: datetime) -> Iterator[Held]:
        """Hold the right to deliver what waits in this store; it ends with the process, however that ends.

        Who holds it knows that every attempt which is still under way in the store belongs to a process that died. Yields a function
        that tells whether it still holds.

        Raises:
            StorageBusy: another process held it for all of `wait`.
        """
        if self._path is not None:
            with file_lock(self._path.with_name(self._path.name + ".deliver.lock"), wait, now=now, what="deliver") as held:
                yield held
        else:
            with advisory_lock(self._engine, wait, what="deliver") as held:
                yield held

    @contextmanager
    def run_lock(self, *, now: datetime) -> Iterator[Held]:
        """Hold the right to be the one `monitor run` of this store; it ends with the process, however that ends.

        Yields a function that tells whether it still holds.

        Raises:
            StorageBusy: another one holds it.
        """
        wait = timedelta(0)
        if self._path is not None:
            with file_lock(self._path.with_name(self._path.name + ".run.lock"), wait, now=now, what="run") as held:
                yield held
        else:
            with translated(self.name), advisory_lock(self._engine, wait, what="run") as held:
                yield held

    def _odd(self) -> str | None:
        from storage.values import odd_value  # hardly ever needed

        try:
            return odd_value(self)
        except (sqlite3.Error, DBAPIError):
            return None

    def _check_schema(self) -> None:
        with self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN")
            version = schema_version(connection)
            connection.rollback()
        if version == SCHEMA_HEAD:
            return
        from storage.migrations.upgrade import known, upgrade

        if version is not None and version not in known():
            raise StorageDamaged(
                f"{self.name}: its schema ({version}) is newer than this program's ({SCHEMA_HEAD})",
                hint="update media-monitor, or name another database",
            )
        with self.transaction() as transaction:
            # Another process may have done it while we waited for our turn.
            if schema_version(transaction.connection) != SCHEMA_HEAD:
                upgrade(transaction.connection)
