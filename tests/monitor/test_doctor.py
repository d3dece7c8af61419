"""`monitor doctor`: each thing that can be wrong is found, and says what to do."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import time
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from monitor.config import load_config
from monitor.doctor import here, outside
from monitor.doctor.record import Finding
from monitor.doctor.store import database, locks, schedule
from monitor.running.duties import DUTIES, set_done
from storage.items import Poll, PollOutcome
from storage.store import Store
from tests.monitor.postroom import NO_SOURCES, block, config_of, mail_block, mail_server
from tests.ports import free_port
from tests.storage.makers import DAY, NOW, source


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MONITOR_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def states(findings: Sequence[Finding] | Iterator[Finding], about: str) -> list[str]:
    return [one.state for one in findings if one.about == about]


@contextmanager
def web(ahead_s: float, dated: bool = True) -> Iterator[str]:
    """A web server whose clock differs by so much from ours; yields its host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            if dated:
                self.send_header("Date", formatdate(time() + ahead_s, usegmt=True))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def asked(*hosts: str) -> list[Finding]:
    return list(outside.network([source(f"s{number}", url=f"http://{host}/feed") for number, host in enumerate(hosts)]))


def test_the_clock_is_compared_with_web_servers() -> None:
    with web(0) as right, web(3_600) as wrong, web(5_000) as wronger, web(0, dated=False) as silent:
        assert [one.state for one in asked(right, wrong, right.replace("127.0.0.1", "localhost"))] == [
            "ok",
            "ok",
        ]  # one that is wrong decides nothing
        found = asked(wrong, wronger, right)
        assert (
            states(found, "clock") == ["bad"]
            and re.search(r"3(600|599) s behind what 3 web servers", found[-1].said)
            and "timedatectl" in found[-1].do
        )
        assert states(asked(silent), "clock") == ["note"]
        found = asked(f"127.0.0.1:{free_port()}", right)
        assert [one.state for one in found] == ["ok", "ok"] and found[0].said.startswith("1 of 2")
    (found_,) = asked(f"127.0.0.1:{free_port()}")
    assert found_.state == "bad" and "proxy" in found_.do
    assert asked() == []


def test_a_proxy_that_nobody_answers_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(outside.proxy(), "proxy") == ["ok"]
    monkeypatch.setenv("http_proxy", f"http://me:hidden-word@127.0.0.1:{free_port()}")
    (found,) = outside.proxy()
    assert found.state == "bad" and "http_proxy" in found.do and "hidden-word" not in found.said
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:http")
    assert states(outside.proxy(), "proxy") == ["bad"]


def test_mail_servers_are_logged_in_to_and_sent_nothing(tmp_path: Path) -> None:
    with mail_server() as inbox:
        config = config_of(tmp_path, mail_block(inbox.port, ["a@example.org"]))
        (found,) = outside.mail(config, {})
        assert found.state == "ok" and f"127.0.0.1:{inbox.port} answers, without encryption" in found.said
        assert not inbox.taken
    (found,) = outside.mail(config, {})
    assert found.state == "bad" and "cannot be reached" in found.said and found.do
    with mail_server() as inbox:
        config = config_of(tmp_path, mail_block(inbox.port, ["a@example.org"], security="starttls"))
        (found,) = outside.mail(config, {})
        assert found.state == "bad" and "STARTTLS" in found.said


def test_variables_that_are_not_set(tmp_path: Path) -> None:
    text = '[alive]\nurl_env = "ALIVE"\n' + mail_block(25, ["a@example.org"], user="me", security="starttls")
    text += block("delivery", name="hook", kind="webhook", url_env="HOOK", token_env="TOKEN")
    config = config_of(tmp_path, text)
    found = list(here.variables(config, {"ALIVE": "https://hidden-word", "HOOK": " "}))
    assert [(one.said.split()[0], one.state) for one in found] == [
        ("ALIVE", "ok"), ("MONITOR_SMTP_PASSWORD", "bad"), ("HOOK", "bad"), ("TOKEN", "bad"),
    ]  # fmt: skip
    assert "hidden-word" not in str(found)


def test_folders_and_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    config = config_of(
        tmp_path, '[backup]\nfolder = "file/backups"\n' + block("delivery", name="pages", kind="folder", folder="not/yet/there")
    )
    found = {one.said.split(", for ")[1].split(",")[0].split(" can")[0]: one for one in here.folders(config) if one.about == "folders"}
    assert found["backups"].state == "bad" and "is a file" in found["backups"].said
    assert found["delivery pages"].state == "ok" and not (tmp_path / "not").exists()
    assert not list(tmp_path.glob(".doctor-*"))
    for free, state in ((10 * 2**30, "ok"), (500 * 2**20, "note"), (50 * 2**20, "bad")):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: type("Usage", (), {"free": free}))
        assert set(states(here.folders(config), "disk")) == {state}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir(mode=0o500)
    config = config_of(tmp_path, block("delivery", name="pages", kind="folder", folder="archive"))
    assert "bad" in states(here.folders(config), "folders")


def test_who_works_on_the_database(store: Store) -> None:

    assert [one.said for one in locks(store, NOW)] == ["nobody works on the database now"]
    with store.run_lock(now=NOW), store.crawl_lock(now=NOW):
        said = " ".join(one.said for one in locks(store, NOW))
    assert "monitor run` works" in said and "another crawl is running" in said


def test_a_schedule_that_sleeps(store: Store, tmp_path: Path) -> None:

    config = config_of(tmp_path, '[backup]\nfolder = "backups"\n')
    assert states(database(store), "database") == ["ok"]
    assert [one.state for one in schedule(store, config, NOW)] == ["note"]
    poll = Poll(source_id="a", started=NOW, finished=NOW, outcome=PollOutcome.CHANGED, entries=1, new=1, kept=0)
    with store.transaction() as transaction:
        transaction.sources.ensure([source("a")])
        transaction.sources.save_polls([(transaction.sources.state("a"), poll, NOW)])
    for duty in DUTIES:
        set_done(store, duty, NOW - DAY)
    assert [one.state for one in schedule(store, config, NOW + timedelta(hours=1))] == ["ok"]
    found = list(schedule(store, config, NOW + 4 * DAY))
    assert found[0].state == "bad" and "96 h" in found[0].said.replace("4 days", "96 h") and "monitor daily" in found[0].do
    assert [one.said.split()[0] for one in found[1:]] == [duty.name for duty in DUTIES if duty.name != "vacuum"]


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["doctor", "--json", *arguments])
    return result.exit_code, json.loads(result.output)


def test_the_command(tmp_path: Path) -> None:
    text = NO_SOURCES + block("source", id="dead", url=f"http://127.0.0.1:{free_port()}/feed")
    text += '[network]\nallow = ["127.0.0.1:9"]\n[crawl]\ncontact = "me@example.org"\n'
    (tmp_path / "monitor.toml").write_text(text)
    code, found = run("--offline")
    assert (code, found["well"]) == (0, True) and not [one for one in found["findings"] if one["state"] == "bad"]
    code, found = run()
    assert code == 1 and [one["about"] for one in found["findings"] if one["state"] == "bad"] == ["network"]
    assert all(one["do"] for one in found["findings"] if one["state"] != "ok")

    Store.open(str(tmp_path / "monitor.db")).close()
    shown = CliRunner().invoke(app, ["doctor", "--offline"])
    assert shown.exit_code == 0 and "ok    database" in shown.output and "rows and references are whole" in shown.output
    with sqlite3.connect(tmp_path / "monitor.db") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO texts (article_id, summary, text) VALUES (999, '', '')")
    connection.close()
    code, found = run("--offline")
    (damaged,) = [one for one in found["findings"] if one["state"] == "bad"]
    assert code == 1 and damaged["about"] == "database" and "restore a backup" in damaged["do"]
    (tmp_path / "monitor.db").write_bytes(b"not a database" * 100)
    code, found = run("--offline")
    assert code == 1 and "database" in [one["about"] for one in found["findings"] if one["state"] == "bad"]

    (tmp_path / "monitor.toml").write_text("[crawll]\n")
    code, found = run()
    assert code == 2 and [one["about"] for one in found["findings"]] == ["configuration"] and "line 1" in found["findings"][0]["said"]


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text(NO_SOURCES)
    before = sorted(tmp_path.iterdir())
    CliRunner().invoke(app, ["doctor", "--offline"])
    assert sorted(tmp_path.iterdir()) == before
    assert load_config(None, {}, tmp_path).database_file == tmp_path / "monitor.db"
