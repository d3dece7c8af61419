"""The hostile web as a whole: its server on loopback, its names, and the product run against it as a user would."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import tomlkit
import trustme

from tests.hostile.case import OPEN, OPEN_SIX, Case
from tests.patience import LONG_S
from tests.spiders.site import Page, Site

ROOT = Path(__file__).parents[2]
SECRET = "CANARY-7f3a-inside"  # what an address inside of the network would answer


@dataclass
class Run:
    """A command that was run, with the most memory that its whole tree of processes took."""

    code: int
    out: str
    err: str
    seconds: float
    peak_mb: float


@dataclass
class World:
    """A folder with a configuration for all cases, and what the network of the test saw."""

    folder: Path
    cases: Sequence[Case]
    environment: dict[str, str]
    open: Site
    inside: Site
    seen: list[Site] = field(default_factory=list)

    def run(self, *arguments: str, timeout: float = 2 * LONG_S, every: float = 0.1) -> Run:
        """Run a command to its end, in the network of the test; its memory is looked at every so many seconds."""
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        memory = _Memory(process.pid, every)
        memory.start()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{arguments} did not end: {process.communicate()[1][-2_000:]}") from None
        finally:
            memory.stop()
        return Run(process.returncode, out, err, time.monotonic() - began, memory.peak_mb)

    def limit(self, **crawl: float) -> None:
        """Write the configuration anew, with other keys of its [crawl]."""
        (self.folder / "monitor.toml").write_text(_configuration(self.cases, crawl), encoding="utf-8")

    def log(self) -> list[str]:
        """What was asked of the network: lines "ask NAME" and "breach ADDRESS PORT"."""
        return (self.folder / "network.log").read_text(encoding="utf-8").splitlines()


class _Memory(threading.Thread):
    """Watches a tree of processes; of what they share each bears its part (PSS)."""

    def __init__(self, pid: int, every: float) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._every = every
        self._ended = threading.Event()
        self.peak_mb = 0.0

    def run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                root = psutil.Process(self._pid)
                tree = [root, *root.children(recursive=True)]
            except psutil.Error:
                return
            total = 0
            for one in tree:
                try:
                    total += one.memory_full_info().pss
                except (psutil.Error, AttributeError):
                    continue
            self.peak_mb = max(self.peak_mb, total / 1024**2)

    def stop(self) -> None:
        self._ended.set()
        self.join()


@contextmanager
def world(cases: Sequence[Case], folder: Path, **crawl: float) -> Iterator[World]:
    """Serve the cases and write a configuration that reads them all; `crawl` are keys of its [crawl]."""
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    vouched = {case.tls or "none": case.host for case in cases}
    with ExitStack() as stack:
        site = stack.enter_context(Site())
        eight = stack.enter_context(Site())
        inside = stack.enter_context(Site())
        good = stack.enter_context(Site(context=_context(authority, vouched.get("good", "x.example"))))
        other = stack.enter_context(Site(context=_context(authority, "else.example")))
        own = stack.enter_context(Site(context=_context(stranger, *(case.host for case in cases if case.tls == "own"), "x.example")))
        places: dict[str, Site] = {"": site, "good": good, "other": other, "own": own}
        tls = {"good": "45.33.32.11", "other": "45.33.32.12", "own": "45.33.32.13"}
        names: dict[str, Any] = {"tracker.example": [OPEN], "inside.example": ["10.9.8.7"]}
        for case in cases:
            names[case.host] = [tls[case.tls]] if case.tls else list(case.dns)
            for path, page in case.served.items():
                for server in (places[case.tls], eight):
                    server.pages[_key(case, path, server is eight)] = page
        inside.pages |= {"/secret": SECRET, "/robots.txt": SECRET}
        routes = {
            f"{OPEN}|80": ("127.0.0.1", site.port),
            f"{OPEN}|443": ("127.0.0.1", site.port),
            f"{OPEN}|8080": ("127.0.0.1", eight.port),
        }
        routes |= {f"{address}|80": ("127.0.0.1", site.port) for address in tls.values()}
        routes |= {f"{address}|443": ("127.0.0.1", places[kind].port) for kind, address in tls.items()}
        six = stack.enter_context(Site("::1"))
        six.pages = site.pages
        routes[f"{OPEN_SIX}|80"] = ("::1", six.port)
        (folder / "network.log").touch()
        (folder / "monitor.toml").write_text(_configuration(cases, crawl), encoding="utf-8")
        table = {"names": names, "routes": routes, "log": str(folder / "network.log")}
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and not name.startswith(("MONITOR_", "SSL_CERT"))
        }
        environment = clean | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("network")), str(ROOT)]),
            "HOSTILE_NETWORK": json.dumps(table),
            "SSL_CERT_FILE": str(folder / "authority.pem"),
        }
        if database := os.environ.get("HOSTILE_DATABASE_URL"):  # an empty PostgreSQL, to hold it against the hostile web by hand
            environment["MONITOR_DATABASE_URL"] = database
        yield World(folder, cases, environment, site, inside, [site, eight, good, other, own, six])


def _key(case: Case, path: str, eight: bool) -> str:
    return f"//{case.host}{':8080' if eight else ''}{path}"


def _context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(made)
    return made


def _configuration(cases: Sequence[Case], crawl: Mapping[str, float]) -> str:
    """The configuration: production settings without pauses, and with times that a slow machine keeps to."""
    document: dict[str, Any] = {
        "crawl": {"timeout_seconds": 60.0, "delay_seconds": 0.0, "document_seconds": 10.0, "deadline_minutes": 10, "processes": 2} | dict(crawl),
        "packs": dict.fromkeys(("vietnam", "quebec-canada", "ai-tech", "asia", "edtech", "wires", "own", "searches"), False),
        "source": [
            {"id": case.name, "url": case.address, "kind": case.kind, "language": "vi", "timezone": "Asia/Ho_Chi_Minh"} | {"outlet": case.name} | dict(case.config)
            for case in cases
        ],
    }  # fmt: skip
    return tomlkit.dumps(document)


__all__ = ["Page", "Run", "World", "world"]
