"""The whole line as a user runs it: commands as child processes, the demo's made-up web on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from monitor.demo.run import _configuration
from monitor.demo.web import DemoWeb, serve
from tests.clock import ShiftedClock
from tests.patience import LONG_S

ROOT = Path(__file__).parents[2]


class Asked(list[tuple[str, dict[str, str]]]):
    """Requests as they come; from so many on nobody is answered, until `halts_at` is None again."""

    halts_at: int | None = None

    def append(self, one: tuple[str, dict[str, str]], /) -> None:
        super().append(one)
        while self.halts_at is not None and len(self) >= self.halts_at:
            time.sleep(0.01)


@dataclass
class Desk:
    """A folder with a configuration, a proxy that answers for the made-up web, the requests it saw, and the clock of its commands."""

    folder: Path
    web: DemoWeb
    proxy: str
    database: str
    seen: Asked = field(default_factory=Asked)
    clock: ShiftedClock = field(default_factory=ShiftedClock)

    @property
    def environment(self) -> dict[str, str]:
        """What a child process is given."""
        clean = {
            name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("MONITOR_")
        }
        proxy = {"http_proxy": self.proxy, "https_proxy": self.proxy}
        return clean | proxy | self.clock.environment | {"MONITOR_DATABASE_URL": self.database}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int | None = 0, timeout: float = LONG_S) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `code` is what it has to exit with (None: whatever)."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout)
        assert code is None or process.returncode == code, f"{arguments} ended with {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def lines(self, *arguments: str) -> list[dict[str, object]]:
        """Run a command that prints JSON lines."""
        return [json.loads(line) for line in self.run(*arguments).stdout.splitlines()]

    def exported(self) -> set[tuple[str, str]]:
        """What is stored, without numbers and moments: address and topics."""
        return {(str(row["url"]), ",".join(sorted(row["topics"]))) for row in self.lines("export")}  # type: ignore[arg-type, call-overload]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk on SQLite."""
    clock = ShiftedClock()
    web = DemoWeb(clock())
    (tmp_path / "monitor.toml").write_text(_configuration(web.sources()), encoding="utf-8")
    seen = Asked()
    with serve(web, seen) as proxy:
        yield Desk(folder=tmp_path, web=web, proxy=proxy, database=f"sqlite:///{tmp_path / 'monitor.db'}", seen=seen, clock=clock)
