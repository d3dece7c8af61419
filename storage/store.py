"""Open the store, read from it, change it in short transactions; the questions stand in the rooms by noun.

with Store.open("sqlite:///monitor.db") as store:
    with store.transaction() as t:      # SQLite: BEGIN IMMEDIATE; PostgreSQL: one writer of articles at a time
        t.articles.add(...)
    with store.reading() as r:          # one snapshot
        r.sources.states()
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from storage import schema
from storage.alerts import Alerts
from storage.articles import ArticleFilter, Articles
from storage.deliveries import Deliveries
from storage.errors import StorageDamaged, StorageError, StorageLocked, UsageError
from storage.gaps import Gaps
from storage.items import StoredArticle
from storage.ledger import Ledger
from storage.locks import Held, advisory_lock, file_lock
from storage.pending import Pending
from storage.periods import Incidents, Periods
from storage.sightings import Sightings
from storage.sources import Sources
from storage.verdicts import Verdicts

if TYPE_CHECKING:
    from storage.browse import Browse
    from storage.dedupe import Dedupe
    from storage.frontier import Frontier
    from storage.notebook import Notebook
    from storage.retention import Retention
    from storage.trends import Trends

SCHEMA_HEAD = "0010"
BUSY_TIMEOUT_S = 60.0


class Reading:
    """One connection with the nouns as attributes; what is asked within it sees one state of the store."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def sources(self) -> Sources:
        """What is remembered of sources and their polls."""
        return Sources(self.connection)

    @cached_property
    def gaps(self) -> Gaps:
        """Spans in which entries may have been missed."""
        return Gaps(self.connection)

    @cached_property
    def sightings(self) -> Sightings:
        """Which entries were seen where."""
        return Sightings(self.connection)

    @cached_property
    def pending(self) -> Pending:
        """Entries whose page is to be asked again."""
        return Pending(self.connection)

    @cached_property
    def articles(self) -> Articles:
        """Articles, their mentions, their stories."""
        return Articles(self.connection)

    @cached_property
    def ledger(self) -> Ledger:
        """What was told, and when."""
        return Ledger(self.connection)

    @cached_property
    def periods(self) -> Periods:
        """Which tellings were due, and how far they came."""
        return Periods(self.connection)

    @cached_property
    def incidents(self) -> Incidents:
        """What befell the watch itself."""
        return Incidents(self.connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Who is to get what, and how far that came."""
        return Deliveries(self.connection)

    @cached_property
    def alerts(self) -> Alerts:
        """What could not wait."""
        return Alerts(self.connection)

    @cached_property
    def frontier(self) -> Frontier:
        """How far walks have come."""
        from storage.frontier import Frontier  # here: walks alone ask for it

        return Frontier(self.connection)

    @cached_property
    def trends(self) -> Trends:
        """Figures over weeks."""
        from storage.trends import Trends  # here: most commands show no chart

        return Trends(self.connection)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What people decided."""
        return Verdicts(self.connection)

    def meta(self, key: str) -> str | None:
        """Return what was remembered under a key."""
        return self.connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()

    def metas(self, prefix: str) -> dict[str, str]:
        """Return what was remembered under all keys with a beginning."""
        rows = self.connection.execute(
            select(schema.meta.c.key, schema.meta.c.value).where(schema.meta.c.key.startswith(prefix, autoescape=True))
        )
        return {row.key: row.value for row in rows}

    @cached_property
    def dedupe(self) -> Dedupe:
        """Which articles may be copies, or tell the same story."""
        from storage.dedupe import Dedupe  # here: most commands only read, and it is a tenth of their start

        return Dedupe(self.connection)

    @cached_property
    def browse(self) -> Browse:
        """Pages of what is stored."""
        from storage.browse import Browse  # here: readers of pages alone ask for it

        return Browse(self.connection, self.articles)

    def search(self, words: str, wanted: ArticleFilter) -> Iterator[tuple[StoredArticle, str]]:
        """Yield articles that hold the words, best first, with a snippet; see storage.search."""
        from storage.search import search

        return search(self.connection, self.articles, words, wanted)


class Transaction(Reading):
    """A reading that may also change what it reads; it ends whole or not at all."""

    @cached_property
    def retention(self) -> Retention:
        """What is forgotten after a time."""
        from storage.retention import Retention  # here: upkeep alone asks for it

        return Retention(self.connection)

    def set_meta(self, key: str, value: str | None) -> None:
        """Remember a value under a key, None forgets it."""
        self.connection.execute(delete(schema.meta).where(schema.meta.c.key == key))
        if value is not None:
            self.connection.execute(insert(schema.meta), {"key": key, "value": value})


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
        parsed = _parse(url)
        path = _file_of(parsed)
        if path is not None:
            if path.is_dir():
                raise UsageError(f"{path} is a folder, not a database", hint="name a file in it, such as monitor.db")
            if not path.exists() and not create:
                raise UsageError(f"there is no database {path} yet", hint="`monitor daily` (or `monitor crawl`) makes it")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"{path.parent}: the folder cannot be made: {error.strerror}", hint="check its permissions") from error
            _refuse_foreign(path)
        store = cls(_engine(parsed), path)
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
        if self._path:
            return str(self._path)
        url = self._engine.url
        hidden = {name: "***" for name in url.query if "pass" in name.lower()}  # ?password=..., which hide_password does not know
        return url.update_query_dict(hidden).render_as_string(hide_password=True)

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
        with translated(self.name), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7310420)")
            try:
                yield Transaction(connection)
                connection.commit()
            except BaseException:
                with suppress(DBAPIError):
                    connection.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read from one state of the store, without keeping writers waiting."""
        with translated(self.name), self._engine.connect() as connection:
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


def schema_version(connection: Connection) -> str | None:
    """Return the schema's version as the database states it, None for an empty database."""
    from sqlalchemy import Column, MetaData, String, Table

    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    table = Table("alembic_version", MetaData(), Column("version_num", String))
    found: str | None = connection.execute(select(table.c.version_num)).scalar()
    return found


def _parse(url: str) -> URL:
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError("the database URL cannot be read", hint="write sqlite:///monitor.db or postgresql://user@host/name") from error
    family = parsed.drivername.partition("+")[0]
    if family in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if family != "sqlite":
        raise UsageError(
            f"databases of kind {family!r} are not supported", hint="write sqlite:///monitor.db or postgresql://user@host/name"
        )
    return parsed


def _file_of(url: URL) -> Path | None:
    if not url.drivername.startswith("sqlite"):
        return None
    if not url.database or url.database == ":memory:":
        raise UsageError("the database has to be a file", hint="write sqlite:///monitor.db")
    return Path(url.database)


def _refuse_foreign(path: Path) -> None:
    """Leave another program's database untouched: ours has Alembic's table, or none yet."""
    if not path.exists() or not path.stat().st_size:
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error:
        return  # what stands in the way is told when the database is opened
    try:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return
    finally:
        connection.close()
    if tables and "alembic_version" not in tables:
        raise StorageDamaged(f"{path}: this is another program's database", hint="name another file")


def _engine(url: URL) -> Engine:
    try:
        if url.drivername.startswith("sqlite"):
            # timeout: how long SQLite itself waits for a lock; isolation_level None: transactions begin when we say so.
            engine = create_engine(url, connect_args={"timeout": _patience(url), "isolation_level": None, "check_same_thread": False})
            event.listen(engine, "connect", _prepare_sqlite)
        else:
            engine = create_engine(
                url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "options": "-c lock_timeout=60s -c timezone=UTC"}
            )
    except (NoSuchModuleError, ImportError) as error:
        raise StorageError(f"the driver for {url.drivername} is not installed: {error}", hint="install media-monitor anew") from error
    return engine


def _patience(url: URL) -> float:
    """Seconds that a connection waits for a locked file: `?timeout=` of its URL, as everywhere with SQLAlchemy, or a minute."""
    try:
        return max(float(str(url.query["timeout"])), 0.0)
    except KeyError:
        return BUSY_TIMEOUT_S
    except ValueError:
        raise UsageError("timeout in the database URL is no number of seconds", hint="write sqlite:///monitor.db?timeout=60") from None


def _prepare_sqlite(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-16000")  # 16 MB: the indexes of a month's articles
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn the driver's errors into ours, with a message for a person."""
    try:
        yield
    except DBAPIError as error:
        raise _in_words(error, name) from error
    except BrokenPipeError:
        raise  # the reader of our output has gone: no matter of the store
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise StorageError(f"{name}: {error.strerror or error}", hint="check the disk and the permissions") from error


def _in_words(error: DBAPIError, name: str) -> StorageError:
    cause = error.orig
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        primary = code & 0xFF
        if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return StorageLocked(f"{name}: another program holds the database", hint="wait until it is done, or stop it")
        if primary == sqlite3.SQLITE_NOTADB:
            return StorageDamaged(f"{name}: this file is not a database", hint="name another file, or move it away")
        if primary == sqlite3.SQLITE_CORRUPT:
            return StorageDamaged(f"{name}: the database is damaged", hint="restore a backup, or move it away and crawl anew")
        if primary == sqlite3.SQLITE_FULL:
            return StorageError(f"{name}: the disk is full", hint="make room; nothing that was stored is lost")
        if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
            who = os.environ.get("USER") or "this user"
            return StorageError(
                f"{name}: the database cannot be written ({said})", hint=f"check that {who} may write the file and its folder"
            )
    state = getattr(cause, "sqlstate", None)
    if state in {"55P03", "57014"}:
        return StorageLocked(f"{name}: another program holds the database", hint="wait until it is done, or stop it")
    if isinstance(error, OperationalError) and state is None and code is None:
        return StorageError(
            f"{name}: the database cannot be reached: {said}", hint="is the server running, are host, name and password right?"
        )
    return StorageError(f"{name}: {said}")
