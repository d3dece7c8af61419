"""A disk that is really full, and a database that is damaged: named, told what to do, and mended by the next run."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ROOT
from tests.end_to_end.machine import Watch, fill, looked_at, small_disk
from tests.end_to_end.warm import Warm
from tests.spiders.site import Site

PAGE = 4_096
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    forks = Warm(ROOT)
    yield forks
    forks.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


# ---------------------------------------------------------------------- a full disk


def test_a_full_disk_is_named_by_whoever_meets_it_and_all_is_read_when_there_is_room(site: Site, warm: Warm) -> None:
    with small_disk(8) as disk:
        watch = Watch(site, disk, warm=warm)
        watch.publish()
        assert watch.run("crawl").code == 0
        before = watch.stored()

        ballast = fill(disk)  # no page is left: SQLite cannot even make the file that its processes share
        watch.publish(6, words=4_000)
        for command in (["crawl"], ["digest", "-f", "text"]):
            done = watch.run(*command)
            assert done.code == 1 and f"{watch.file}: the disk is full" in done.err and "make room" in done.err, done

        os.truncate(ballast, ballast.stat().st_size - 60 * PAGE)  # enough to begin, too little for what the crawl brings
        done = watch.run("crawl")
        assert done.code == 1 and f"{watch.file}: the disk is full" in done.err and "make room" in done.err, done
        ballast.unlink()
        assert looked_at(watch.url) == []
        assert set(before) <= set(watch.stored()) < set(watch.published)
        status = watch.run("status")
        assert status.code == 1 and "a crawl failed" in status.out and "the disk is full" in status.out

        done = watch.run("crawl")
        assert done.code == 0, done
        assert sorted(watch.stored()) == sorted(watch.published), "each once"
        assert looked_at(watch.url) == [] and watch.run("status").code == 0
        assert "A crawl failed" in watch.run("digest", "-f", "text").out


def test_files_that_find_no_room_are_named_and_what_can_be_done_is(site: Site, warm: Warm, tmp_path: Path) -> None:
    with small_disk(1) as disk:
        settings = f'[metrics]\nfile = "{disk}/monitor.prom"\n[[digest]]\nname = "daily"\nfolder = "{disk}/digests"\n'
        watch = Watch(site, tmp_path, settings=settings, warm=warm)
        watch.publish()
        ballast = fill(disk)
        # The child's report goes through the folder for temporary files, which has no room either.
        done = watch.run("run", "--once", TMPDIR=str(disk))
        assert done.code == 3, done
        for file in (f"{disk}/digests", f"{disk}/monitor.prom"):
            assert any(file in line and "No space left" in line for line in done.err.splitlines()), done.err
        assert sorted(watch.stored()) == sorted(watch.published)
        assert [path for path in disk.rglob("*") if path.is_file()] == [ballast], "no halves are left"
        for _ in range(2):
            done = watch.run("site", str(disk / "site"))
            assert done.code == 1 and "No space left" in done.err and str(disk / "site") in done.err, done
        doctor = watch.run("doctor", "--offline")
        assert doctor.code == 1 and f"{disk}/digests, for digest daily, cannot be written: No space left" in doctor.out
        ballast.unlink()
        assert watch.run("site", str(disk / "site")).code == 0
        done = watch.run("run", "--once")
        assert done.code == 0 and len(list((disk / "digests").iterdir())) == 3 and (disk / "monitor.prom").exists(), done


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_is_told_and_a_full_log_stops_nothing(site: Site, warm: Warm, tmp_path: Path) -> None:
    watch = Watch(site, tmp_path, warm=warm)
    watch.publish()
    assert watch.run("crawl", "--log-json", err=FULL).code == 0
    assert sorted(watch.stored()) == sorted(watch.published)
    done = watch.run("digest", "-f", "text", out=FULL)
    assert done.code == 1 and "the output cannot be written: No space left" in done.err, done
    assert watch.run("crawl", "nobody", err=FULL).code == 2, "the code says it where words cannot"


# ---------------------------------------------------------------------- damage


@pytest.fixture(scope="module")
def old(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """A watch with some articles and a backup; more is published since."""
    with Site() as site:
        watch = Watch(site, tmp_path_factory.mktemp("damage"), warm=warm)
        watch.publish(6)
        assert watch.run("crawl").code == 0
        assert watch.run("backup", "backup.db").code == 0
        watch.publish(1)
        yield watch


def restore(watch: Watch) -> None:
    """Do what the hint says."""
    for file in watch.folder.glob("monitor.db*"):
        file.unlink()
    shutil.copy(watch.folder / "backup.db", watch.file)


def damage(file: Path, where: range) -> None:
    """Write noise over pages of a database."""
    chance = random.Random(5)
    with file.open("r+b") as stream:
        for page in where:
            stream.seek(page * PAGE)
            stream.write(chance.randbytes(PAGE))


@pytest.mark.parametrize("where", ["head", "middle"])
def test_damage_is_named_by_every_command_and_a_backup_heals_it(old: Watch, where: str) -> None:
    restore(old)
    pages = old.file.stat().st_size // PAGE
    damage(old.file, range(1) if where == "head" else range(pages // 3, 2 * pages // 3))
    noise = old.file.read_bytes()
    for command in (["crawl"], ["digest", "-f", "text"], ["status"], ["doctor", "--offline"]):
        done = old.run(*command)
        said = " ".join((done.out + done.err).split())
        assert done.code == 1 and "restore a backup" in said, done
        assert str(old.file) in said and ("is damaged" in said or "is not a database" in said), done
    assert old.file.read_bytes() == noise, "nothing was written into it, and it was not taken away"
    restore(old)
    assert old.run("crawl").code == 0
    assert sorted(old.stored()) == sorted(old.published) and looked_at(old.url) == []


@pytest.mark.parametrize(
    ("table", "change", "said", "commands"),
    [
        ("articles", "title = CAST(x'46505420ff' AS TEXT)", "in title is no text", ["export", "search FPT"]),
        ("articles", "evidence = '{\"rule\": fi'", "in evidence is no JSON", ["export"]),
        ("articles", "evidence = '[]'", "in evidence is no evidence", ["daily --no-crawl --quiet", "why URL"]),
        ("articles", "first_seen = 'hôm qua'", "in first_seen is no moment", ["search FPT", "digest -f text"]),
        ("articles", "published = 9000000000000000000", "in published is no moment", ["why URL"]),
        ("articles", "ownership = 'theirs'", "in ownership is no word of ours", ["stories"]),
        ("sources", "last_poll = 'hôm qua'", "in last_poll is no moment", ["status"]),
        ("sketches", "sketch = x'00ff'", "in sketch is no fingerprint", ["crawl"]),
    ],
)
def test_a_value_that_is_damaged_is_named_by_its_table_and_row(old: Watch, table: str, change: str, said: str, commands: list[str]) -> None:
    """SQLite sees damage in its pages, not in what stands inside of a row."""
    restore(old)
    key, one = {"sketches": ("article_id", "1"), "sources": ("id", '"first"')}.get(table, ("id", "1"))
    with closing(sqlite3.connect(old.file)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {change}")
    for command in commands:
        done = old.run(*command.replace("URL", old.published[0]).split())
        told = " ".join((done.out + done.err).split())
        assert done.code == 1 and f"{old.file}: the database is damaged: {table}, row {key} {one}: " in told, done
        assert said in told and "restore a backup" in told, done


def test_a_note_of_our_own_that_is_damaged_is_written_anew(old: Watch) -> None:
    """When something was done last is no coverage: what cannot be read counts as never done."""
    restore(old)
    old.run("daily", "--no-crawl", "--quiet")
    with closing(sqlite3.connect(old.file)) as connection, connection:
        assert connection.execute("UPDATE meta SET value = 'hôm qua'").rowcount
    done = old.run("daily", "--no-crawl", "--quiet")
    assert done.code in {0, 3} and "Traceback" not in done.err, done
    with closing(sqlite3.connect(old.file)) as connection:
        values = [one for (one,) in connection.execute("SELECT value FROM meta WHERE key LIKE 'duty:%'")]
    assert values and "hôm qua" not in values
