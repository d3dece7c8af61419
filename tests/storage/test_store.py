"""Opening, transactions, crashes: the store is whole or it says why."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.backup import damage_of
from storage.connecting import schema_version
from storage.errors import MediaMonitorError, StorageBusy, StorageDamaged, StorageError, UsageError
from storage.filters import ArticleFilter
from storage.search import search
from storage.store import SCHEMA_HEAD, Store
from storage.values import odd_value
from tests.storage.makers import add, mention, new, source

EVERYTHING = ArticleFilter(unmatched=True)


class Stop(Exception):
    """Ends a transaction."""


def counts(store: Store) -> dict[str, int]:
    with store.reading() as reading:
        names = ("articles", "stories", "texts", "article_urls", "mentions", "sightings", "revisions")
        return {name: reading.connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def found(store: Store, words: str) -> list[int]:
    with store.reading() as reading:
        return [stored.id for stored, _ in search(reading.connection, reading.articles, words, EVERYTHING)]


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    before = counts(store)
    with pytest.raises(Stop), store.transaction() as transaction:
        transaction.sources.ensure([source()])
        transaction.articles.add(new(1))
        transaction.articles.add(new(2))
        transaction.set_meta("key", "value")
        raise Stop
    assert counts(store) == before
    assert found(store, "FPT") == []  # the index, too
    with store.reading() as reading:
        assert reading.sources.states() == {}
        assert reading.meta("key") is None


def test_a_transaction_that_ends_stays(database_url: str) -> None:
    with Store.open(database_url) as store:
        number = add(store)
        with store.transaction() as transaction:
            transaction.set_meta("key", "value")
    with Store.open(database_url, create=False) as store, store.reading() as reading:
        kept = reading.articles.get(number)
        assert kept is not None
        assert kept.article == new().article
        assert reading.meta("key") == "value"


def test_an_address_in_use_ends_the_whole_transaction(store: Store) -> None:
    add(store, 1)
    before = counts(store)
    with pytest.raises(StorageError), store.transaction() as transaction:
        transaction.articles.add(new(2))
        with pytest.raises(IntegrityError):
            transaction.articles.add(new(3, url_keys=new(1).url_keys))
        raise StorageError("the caller gives up")
    assert counts(store) == before
    # What escapes from the block is told in our own words.
    with pytest.raises(StorageError), store.transaction() as transaction:
        transaction.articles.add(new(3, url_keys=new(1).url_keys))
    assert counts(store) == before
    assert add(store, 4)


def test_a_reading_sees_one_state(store: Store) -> None:
    add(store, 1)
    with store.reading() as reading:
        assert reading.articles.counts()["articles"] == 1
        add(store, 2)  # a writer is not kept waiting
        assert reading.articles.counts()["articles"] == 1
    with store.reading() as reading:
        assert reading.articles.counts()["articles"] == 2


def test_opening_twice_changes_nothing(database_url: str) -> None:
    with Store.open(database_url) as first, Store.open(database_url) as second:
        add(first)
        assert counts(second)["articles"] == 1
        with first.reading() as reading:
            assert schema_version(reading.connection) == SCHEMA_HEAD
        assert repr(first).startswith("Store(")


def test_a_newer_schema_is_refused(database_url: str) -> None:
    with Store.open(database_url) as store:
        add(store)
        with store.transaction() as transaction:
            transaction.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageDamaged, match=r"9999.*newer") as caught:
        Store.open(database_url)
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"This is a diary, not a database.\n" * 100, b"xy", b"SQLite format 3\x00" + b"\xff" * 5_000])
def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "diary.txt"
    file.write_bytes(content)
    with pytest.raises(StorageDamaged, match=r"diary\.txt"):
        Store.open(f"sqlite:///{file}")
    assert file.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == ["diary.txt"]


def test_the_database_of_another_program_is_refused_and_untouched(tmp_path: Path) -> None:
    file = tmp_path / "places.sqlite"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE bookmarks (id INTEGER)")
    other.commit()
    other.close()
    before = file.read_bytes()
    with pytest.raises(StorageDamaged, match="another program"):
        Store.open(str(file))
    assert file.read_bytes() == before


def test_an_empty_file_and_missing_folders_are_filled(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with Store.open(str(tmp_path / "empty.db")) as store:
        assert add(store)
    with Store.open(f"sqlite:///{tmp_path / 'a' / 'b' / 'báo chí 100%.db'}") as store:
        assert add(store)
        assert store.name.endswith("báo chí 100%.db")


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "monitor.db"
    with Store.open(str(file)) as store:
        for number in range(200):
            add(store, number)
    content = bytearray(file.read_bytes())
    content[4_096 * 2 :] = b"\xa5" * (len(content) - 4_096 * 2)
    file.write_bytes(content)
    with pytest.raises(StorageError), Store.open(str(file)) as store, store.transaction() as transaction:
        for number in range(200):
            transaction.articles.add(new(1_000 + number))


@pytest.mark.parametrize(
    "url", ["mysql://root:geheim@host/x", "oracle://a/b", "sqlite://", "sqlite:///:memory:", "postgresql://me:geheim@host:port/x"]
)
def test_what_is_no_database_of_ours_is_a_wrong_use(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Store.open(url)
    assert caught.value.hint
    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_a_folder_and_an_absent_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        Store.open(str(tmp_path))
    with pytest.raises(UsageError, match="no database"):
        Store.open(str(tmp_path / "none.db"), create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user")
def test_a_file_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "monitor.db"
    with Store.open(str(file)):
        pass
    file.chmod(0o444)
    with pytest.raises(StorageError, match="cannot be written"), Store.open(str(file)) as store:
        add(store)


@pytest.mark.parametrize("url", ["postgresql://anna:geheim@127.0.0.1:9/news", "postgres://127.0.0.1:9/news?user=anna&password=geheim"])
def test_a_password_is_never_said(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        Store.open(url)
    assert "127.0.0.1" in str(caught.value)
    assert "geheim" not in f"{caught.value} {caught.value.hint} {caught.value!r}"


def test_a_refused_password_is_never_said(postgres_url: str) -> None:
    from sqlalchemy.engine import make_url

    wrong = make_url(postgres_url).set(username="nobody-here", password="geheim").render_as_string(hide_password=False)
    try:
        with Store.open(wrong) as store:
            assert "geheim" not in f"{store.name} {store!r}"
    except StorageError as error:
        assert "geheim" not in f"{error} {error.hint}"


WRITER = """
import sys, time
from storage.store import Store
from tests.storage.makers import add, new

with Store.open(sys.argv[1]) as store:
    add(store, 1)
    with store.transaction() as transaction:
        for number in range(2, 200):
            transaction.articles.add(new(number))
        print("half way", flush=True)
        time.sleep(600)
"""


def test_a_writer_that_is_killed_leaves_a_whole_store(database_url: str) -> None:
    with Store.open(database_url):
        pass
    child = subprocess.Popen([sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    with child.stdout as said:
        assert said.readline().strip() == b"half way"
        child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        child.wait()
    with Store.open(database_url) as store:
        assert counts(store)["articles"] == counts(store)["stories"] == counts(store)["mentions"] == 1
        assert len(found(store, "FPT")) == 1
        add(store, 2)  # no lock is left behind: whoever waits for one gives up after a minute
        assert len(found(store, "thứ 2")) == 1
        if store.dialect == "sqlite":
            with store.reading() as reading:
                assert reading.connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_sqlite_writes_through_and_takes_the_write_lock_before_it_reads(tmp_path: Path) -> None:
    with Store.open(str(tmp_path / "monitor.db")) as store:
        with store.reading() as reading:
            pragmas = {
                name: reading.connection.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
            assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2: FULL
        with store.transaction() as transaction:
            transaction.sources.states()  # a mere question, and nobody else may write any more
            with (
                closing(sqlite3.connect(tmp_path / "monitor.db", timeout=0)) as other,
                pytest.raises(sqlite3.OperationalError, match="locked"),
            ):
                other.execute("BEGIN IMMEDIATE")


def test_a_writer_that_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.connecting.BUSY_TIMEOUT_S", 0.1)
    with Store.open(str(tmp_path / "monitor.db")) as store, store.transaction() as transaction:
        transaction.articles.add(new(1))
        with Store.open(str(tmp_path / "monitor.db")) as other, pytest.raises(StorageBusy, match="holds the database"):
            add(other, 2)


def test_two_writers_take_turns(database_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with Store.open(database_url) as store:
        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(lambda number: add(store, number), range(24)))
        assert len(set(ids)) == 24
        assert counts(store)["article_urls"] == 24


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("evidence = '[]'", "in evidence is no evidence"),
        ("published = 9000000000000000000", "in published is no moment"),
        ("authors = '[5]'", "in authors is no list of names"),
        ("body_from = 'air'", '"air" in body_from is no word of ours'),
    ],
)
def test_a_value_that_nobody_wrote_is_found_whatever_the_engine(store: Store, change: str, said: str) -> None:
    add(store, 1)
    assert odd_value(store) is None and damage_of(store) is None
    with store.transaction() as transaction:
        transaction.connection.execute(text(f"UPDATE articles SET {change}"))
    found = damage_of(store)
    assert found is not None and "articles, row id 1: " in str(found) and said in str(found) and "restore" in (found.hint or "")


def test_an_address_that_is_none_is_found_too(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.sources.ensure([source("bao")])
        transaction.connection.execute(text("UPDATE sources SET url = 'x'"))
    assert odd_value(store) == 'sources, row id "bao": "x" in url is no web address'


def test_every_error_is_for_a_person(store: Store) -> None:
    with pytest.raises(MediaMonitorError), store.transaction() as transaction:
        transaction.connection.execute(text("SELECT * FROM no_such_table"))
    with pytest.raises(MediaMonitorError), store.transaction() as transaction:
        transaction.articles.add(new(1, mentions=(mention(), mention()), story_id=999))
