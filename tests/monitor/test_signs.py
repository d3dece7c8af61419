"""What others see of the watch: figures for Prometheus, and a dead man's switch that is called while all goes well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor import alive
from monitor.alive import AliveError
from monitor.config_upkeep import Alive
from monitor.metrics import render, serving, write
from monitor.running.child import Ended
from storage.deliveries import NewDelivery
from storage.items import Poll, PollOutcome
from storage.store import Store
from tests.end_to_end.simulation import World, write_config
from tests.monitor.postroom import Clock, block, config_of
from tests.patience import LONG_S
from tests.ports import free_port
from tests.storage.makers import NOW, add, source


@dataclass
class Switch:
    """A server that is called."""

    url: str = ""
    status: int = 200
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def switch() -> Iterator[Switch]:
    seen = Switch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.calls.append((self.path, dict(self.headers)))
            self.send_response(seen.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    seen.url = f"http://127.0.0.1:{server.server_port}/ping/abc?x=1"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def samples(text: str) -> dict[tuple[str, str], float]:
    """Figures by name and labels, as Prometheus reads them."""
    return {
        (sample.name.removeprefix("media_monitor_"), ",".join(f"{key}={value}" for key, value in sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# ------------------------------------------------------------------ figures

NASTY = 'a "quoted\\" name {x="1"} 9'


def filled(store: Store) -> None:
    add(store, 1)
    good = Poll(source_id="good", started=NOW, finished=NOW, outcome=PollOutcome.CHANGED, entries=7, new=5, kept=1)
    bad = Poll(
        source_id="bad", started=NOW, finished=NOW, outcome=PollOutcome.FAILED, status=503, error="HTTP 503", entries=0, new=0, kept=0
    )
    with store.transaction() as transaction:
        transaction.sources.ensure([source("good"), source("bad"), source("removed")])
        transaction.sources.save_polls([(transaction.sources.state(one.source_id), one, NOW) for one in (good, bad)])
        parcel = NewDelivery(series="digest:daily", period="p", delivery=NASTY, recipient="a@example.org", message_id="<1>")
        transaction.deliveries.queue([parcel], now=NOW, due=NOW)
        transaction.incidents.add(NOW - timedelta(hours=1), "crawl-died", "it was killed")


def test_figures_of_the_watch(store: Store, tmp_path: Path) -> None:
    filled(store)
    config = config_of(tmp_path, "")
    text = render(store, config, [source("good"), source("bad"), source("never")], NOW)
    found = samples(text)
    assert found["sources", "state=configured"] == 3 and found["sources", "state=read"] == 1 and found["sources", "state=failing"] == 1
    assert found["source_up", "source=good"] == 1 and found["source_up", "source=bad"] == 0
    assert found["source_error_streak", "source=bad"] == 1 and found["source_new_total", "source=good"] == 5
    assert found["source_last_ok_timestamp_seconds", "source=good"] == NOW.timestamp()
    assert ("source_last_ok_timestamp_seconds", "source=bad") not in found and ("source_up", "source=never") not in found
    assert found["stored", "kind=articles"] == 1 and found["database_bytes", ""] > 10_000
    assert found["incidents_24h", "kind=crawl-died"] == 1
    assert found["deliveries_waiting", f"delivery={NASTY}"] == 1  # no label value breaks out of its quotes
    assert "# TYPE media_monitor_source_up gauge" in text and "# TYPE media_monitor_source_new_total counter" in text


def test_a_file_of_figures_is_whole_or_the_one_before(store: Store, tmp_path: Path) -> None:
    config = config_of(tmp_path, "")
    file = tmp_path / "textfiles" / "watch.prom"
    write(file, store, config, [], NOW)
    assert samples(file.read_text())["collected_timestamp_seconds", ""] == NOW.timestamp()
    assert [path.name for path in file.parent.iterdir()] == ["watch.prom"]  # nothing that the collector would take for another file


def test_figures_by_http_on_loopback_only(store: Store, tmp_path: Path) -> None:
    filled(store)
    port = free_port()
    config = config_of(tmp_path, "")
    with serving(port, lambda: (store, config, [source("good")], NOW)):
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG_S) as response:
            assert samples(response.read().decode())["source_up", "source=good"] == 1
        with pytest.raises(OSError, match="in use"), serving(port, lambda: (store, config, [], NOW)):
            pass
    with serving(port, lambda: (store, config, [], NOW)):  # given back
        pass


# ------------------------------------------------------------------ alive


def test_the_switch_is_called_by_name_or_by_variable() -> None:
    with switch() as seen:
        alive.call(Alive(url=seen.url))
        alive.call(Alive(url_env="PING"), {"PING": f" {seen.url}\n"})
    assert [path for path, _ in seen.calls] == ["/ping/abc?x=1"] * 2
    assert seen.calls[0][1]["User-Agent"].startswith("media-monitor/")


def test_what_keeps_the_switch_from_being_called() -> None:
    with switch() as seen:
        seen.status = 404
        with pytest.raises(AliveError, match=r"^127\.0\.0\.1 answered 404$"):
            alive.call(Alive(url=seen.url))
    with pytest.raises(AliveError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        alive.call(Alive(url_env="PING"), {"PING": f"http://127.0.0.1:{free_port()}/secret-word"})
    assert "secret-word" not in str(caught.value)
    for wrong in ("", "secret word", "ftp://secret-word", "http://[secret-word"):
        with pytest.raises(AliveError, match=r"PING of \[alive\] is") as caught:
            alive.call(Alive(url_env="PING"), {"PING": wrong})
        assert "secret" not in str(caught.value)


def world_of(store: Store, folder: Path, text: str) -> World:
    return World(store=store, config=write_config(folder, text), clock=Clock(NOW), news=[])


def test_called_after_good_rounds_at_its_pace(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with switch() as seen:
        world = world_of(store, tmp_path, f'[alive]\nurl = "{seen.url}"\nevery_minutes = 60\n[metrics]\nfile = "watch.prom"\n')
        world.work().once()
        world.work().once()  # a process that has just started does not call again
        assert len(seen.calls) == 1
        world.clock.pass_(minutes=61)
        work = world.work()
        work.once()
        assert len(seen.calls) == 2
        assert samples((tmp_path / "watch.prom").read_text())["collected_timestamp_seconds", ""] == world.clock.now.timestamp()

        # A crawl that dies, and rounds in which nothing is due: no call until a crawl went well again.
        world.clock.pass_(minutes=61)
        work.crawl = lambda: Ended(died="it was killed by signal 9")
        work.once()
        world.clock.pass_(minutes=6)
        work.crawl = lambda: Ended(code=1, report={"asked": 3, "read": 0})
        work.once()
        assert len(seen.calls) == 2
        world.clock.pass_(minutes=6)
        work.crawl = world.crawl
        work.once()
        assert len(seen.calls) == 3


def test_a_process_that_has_done_nothing_yet_calls_nobody(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with switch() as seen:
        work = world_of(store, tmp_path, f'[alive]\nurl = "{seen.url}"\n').work()
        rounds = work.rounds()
        for name in ("signs", "crawl", "signs", "delivery", "signs"):
            work.guarded(name, rounds[name])
        assert not seen.calls
        for name in ("digest", "signs"):
            work.guarded(name, rounds[name])
        assert len(seen.calls) == 1


def test_a_switch_that_does_not_answer_stops_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = world_of(store, tmp_path, f'[alive]\nurl = "http://127.0.0.1:{free_port()}/"\nevery_minutes = 1\n')
    work = world.work()
    work.once()
    world.clock.pass_(minutes=10)
    work.once()
    assert work.failures == 0 and world.said.getvalue().count("127.0.0.1 cannot be reached") == 1
    with store.reading() as reading:
        assert not reading.incidents.between(None, world.clock.now + timedelta(days=1))


def test_figures_that_cannot_be_written_are_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    with switch() as seen:
        world = world_of(store, tmp_path, f'[alive]\nurl = "{seen.url}"\n[metrics]\nfile = "file/watch.prom"\n')
        world.work().once()
        assert len(seen.calls) == 1  # the watch itself is well
    with store.reading() as reading:
        (incident,) = reading.incidents.between(None, world.clock.now + timedelta(days=1))
    assert incident.kind == "metrics-failed" and "watch.prom" in incident.detail


def test_daily_in_cron_calls_and_writes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from monitor.cli import app

    monkeypatch.chdir(tmp_path)
    for name in ("MONITOR_DATABASE_URL", "MONITOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    with switch() as seen:
        text = f'[alive]\nurl = "{seen.url}"\n[metrics]\nfile = "watch.prom"\n[backup]\nfolder = "backups"\nkeep = 1\n'
        config_of(tmp_path, text + block("delivery", name="pages", kind="folder", folder="pages"))
        result: Any = CliRunner().invoke(app, ["daily", "--no-crawl", "--quiet"])
        assert result.exit_code == 0, result.output
        assert len(seen.calls) == 1
    assert (tmp_path / "watch.prom").exists() and len(list((tmp_path / "backups").iterdir())) == 1
    result = CliRunner().invoke(app, ["metrics"])
    assert result.exit_code == 0 and samples(result.output)["duty_last_timestamp_seconds", "duty=backup"] > 0
    assert json.loads(CliRunner().invoke(app, ["status", "--json"]).output)
