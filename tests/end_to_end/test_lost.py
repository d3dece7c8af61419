"""What a watch stands on goes away in the middle of a crawl: the network, the name server, the database's server."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.store import Store
from tests.end_to_end.conftest import ROOT
from tests.end_to_end.machine import Watch, looked_at
from tests.end_to_end.warm import Warm
from tests.patience import wait_until
from tests.ports import free_port
from tests.postgres import come_up, server_in
from tests.spiders.site import Page, Reply, Seen, Site, redirect, reset

OPEN = "45.33.32.10"  # a public address; the network of the test leads it to the server


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    forks = Warm(ROOT)
    yield forks
    forks.close()


def failing(watch: Watch) -> dict[str, str]:
    """Sources that could not be read, by what is said of each, as `status` has it."""
    return {one["source"]: one["reason"] for one in json.loads(watch.run("status", "--json").out)["ailing"]}


def test_a_network_that_goes_away_is_told_per_source_and_what_was_missed_is_read_when_it_is_back(warm: Warm, tmp_path: Path) -> None:
    port = free_port()
    with Site(port=port) as site:
        watch = Watch(site, tmp_path, outlets=("first", "second", "third"), warm=warm)
        watch.publish()
        pages = dict(site.pages)

        def lost(seen: Seen) -> Reply:
            site.vanish()
            return Reply(raw=reset)

        site.pages["/second.xml"] = lost  # its connection is reset, and whoever comes later is refused
        done = watch.run("crawl")
    assert done.code == 3, done
    said = [line for line in done.out.splitlines() if line.startswith("not read: ")]
    assert [line.split(": ")[1] for line in said] == ["second", "third"] and all("connection" in line for line in said), done.out
    assert [url for url in watch.published if "/first/" in url] == sorted(watch.stored()) and looked_at(watch.url) == []
    assert failing(watch) == {"second": "connection", "third": "connection"}
    with Site(port=port) as site:
        site.pages |= pages
        assert watch.run("crawl").code == 0
    assert sorted(watch.stored()) == sorted(watch.published) and looked_at(watch.url) == [] and failing(watch) == {}


def test_pages_that_the_network_kept_back_are_read_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    with Site(port=port) as site:
        watch = Watch(site, tmp_path, outlets=("first",), pages=True)
        watch.publish(3)
        pages = dict(site.pages)

        def lost(seen: Seen) -> Reply:
            site.vanish()
            return Reply(raw=reset)

        site.pages["/first/tin-1.html"] = lost  # of three: the first asked has come, the others have not
        assert watch.run("crawl").code == 0, "the source was read"
    with Site(port=port) as site:
        site.pages |= pages
        assert watch.run("crawl").code == 0
    assert sorted(watch.stored()) == sorted(watch.published), "by the feed's own words until their pages come"


def test_a_name_server_that_goes_away_is_told_per_source(tmp_path: Path) -> None:
    """In the middle of a crawl: who is known by then is read to the end, and whoever leads to a name that is not has failed."""
    network, down = ROOT / "tests" / "hostile" / "network", tmp_path / "down"
    (tmp_path / "network.log").touch()
    with Site() as site:
        watch = Watch(site, tmp_path, outlets=("first", "second", "third"), names=True, pages=True)
        watch.publish()
        names = {f"{name}.example": [OPEN] for name in ("first", "second", "third", "moved", "away")}
        table = {
            "names": names,
            "routes": {f"{OPEN}|80": ("127.0.0.1", site.port)},
            "log": str(tmp_path / "network.log"),
            "down": str(down),
        }
        environment = {"PYTHONPATH": os.pathsep.join((str(network), str(ROOT))), "HOSTILE_NETWORK": json.dumps(table)}
        feed = str(site.pages["/second.xml"])
        # Another host has the page of one article, which the first outlet names.
        away = watch.published[0].replace("first.example", "away.example")
        site.pages["/first.xml"] = str(site.pages["/first.xml"]).replace(watch.published[0], away)
        site.pages["/moved.xml"] = feed

        def goes(seen: Seen) -> Reply:
            wait_until(lambda: site.asked("/first.xml") and site.asked("/third.xml"))
            down.touch()
            return redirect("http://moved.example/moved.xml")

        def first(seen: Seen) -> Reply:
            wait_until(down.exists)  # its articles come afterwards
            return Reply(str(listed))

        listed, site.pages["/first.xml"], site.pages["/second.xml"] = site.pages["/first.xml"], first, goes
        done = watch.run("crawl", **environment)
        assert done.code == 3, done
        (said,) = [line for line in done.out.splitlines() if line.startswith("not read: ")]
        assert said.startswith("not read: second: ") and "name cannot be resolved" in said, done.out
        assert failing(watch) == {"second": "dns"}
        of_others = [url for url in watch.published if "/second/" not in url and url != watch.published[0]]
        assert sorted(watch.stored()) == sorted([*of_others, away]) and looked_at(watch.url) == []
        exported = [json.loads(line) for line in watch.run("export").out.splitlines()]
        assert {one["url"]: one["body_from"] for one in exported} == dict.fromkeys(of_others, "page") | {away: "feed"}

        down.unlink()
        site.pages |= {"/first.xml": listed, "/second.xml": redirect("http://moved.example/moved.xml")}
        assert watch.run("crawl", **environment).code == 0
        assert sorted(watch.stored()) == sorted([*watch.published[1:], away]) and looked_at(watch.url) == [] and failing(watch) == {}


def test_a_database_server_that_dies_in_a_crawl_is_told_and_all_is_read_when_it_is_back(warm: Warm, tmp_path: Path) -> None:
    with Site() as site, tempfile.TemporaryDirectory(prefix="monitor-dies-", ignore_cleanup_errors=True) as data:
        server = server_in(data)
        try:
            watch = Watch(site, tmp_path, database=server.get_uri(), warm=warm)
            watch.publish()
            assert watch.run("crawl").code == 0
            watch.publish()
            feed: Page = site.pages["/second.xml"]

            def dies(seen: Seen) -> Reply:
                os.kill(server.get_pid(), signal.SIGQUIT)  # "immediate shutdown": its sessions are cut off, nothing is written out
                os.waitpid(-1, os.WNOHANG)
                return Reply(feed)  # type: ignore[arg-type]

            site.pages["/second.xml"] = dies
            notes = {"TMPDIR": str(tmp_path)}
            done = watch.run("crawl", **notes)
            assert done.code == 1 and "the database cannot be reached" in done.err and "is the server running" in done.err, done
            for command in (["digest", "-f", "text"], ["status"]):
                done = watch.run(*command, **notes)
                assert done.code == 1 and "the database cannot be reached" in done.err, done
            site.pages["/second.xml"] = feed
            come_up(server)
            assert looked_at(watch.url) == []
            assert "the database cannot be reached" in watch.run("status", **notes).out, "told by whoever asks, until a crawl ends well"
            assert watch.run("crawl", **notes).code == 0
            assert sorted(watch.stored()) == sorted(watch.published) and looked_at(watch.url) == []
            assert "the database cannot be reached" in watch.run("digest", "-f", "text", **notes).out
        finally:
            server.cleanup()


def test_where_a_source_has_moved_to_may_be_garbled_in_the_store(warm: Warm, tmp_path: Path, database_url: str) -> None:
    with Site() as site:
        watch = Watch(site, tmp_path, outlets=("first", "second"), warm=warm, database=database_url)
        watch.publish()
        assert watch.run("crawl").code == 0
        with Store.open(database_url) as store, store.transaction() as transaction:
            transaction.connection.execute(text("UPDATE sources SET url = '\u0007x' WHERE id = 'second'"))
        watch.publish()
        done = watch.run("crawl")
        assert done.code == 0 and sorted(watch.stored()) == sorted(watch.published), done
        (said,) = [line for line in done.out.splitlines() if "the address to which it has moved" in line]
        assert said.startswith("second: ") and "x'" in said and site.url("/second.xml") in said and "restores a backup" in said
        done = watch.run("crawl")
        assert done.code == 0 and "has moved" not in done.out, "it is forgotten"
