"""Commands as a user types them, each in a process of its own, without the second that an interpreter takes to load everything.

`python -m tests.end_to_end.warm` loads what commands load, then forks one process a line of JSON on its stdin, and answers with its
exit code. It has no threads, and neither database, configuration nor reactor, before it forks.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.clock import ShiftedClock
from tests.patience import LONG_S

_LOADED = (
    "monitor.cli", "monitor.crawl", "monitor.intake", "monitor.settling", "monitor.frontier", "monitor.matching", "monitor.desks", "monitor.editions",
    "monitor.shapes", "monitor.status", "monitor.export", "monitor.backup", "monitor.site.archive", "monitor.running.shell", "storage.store", "spiders.watch",
)  # fmt: skip


class Warm:
    """The process that forks."""

    def __init__(self, root: Path) -> None:
        self.clock = ShiftedClock()  # of all that it forks
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.warm"],
            cwd=root, env=os.environ | self.clock.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], out: str, err: str) -> int:
        """Run a command to its end and return its exit code; `out` and `err` are files that it writes to."""
        assert self._process.stdin and self._process.stdout
        order = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env), "out": out, "err": err}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(LONG_S)


def main() -> None:
    """Load, then fork."""
    for name in _LOADED:
        importlib.import_module(name)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _become(order)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(f"{code}\n")
        answers.flush()


def _become(order: Mapping[str, Any]) -> None:
    from monitor.cli import main as command

    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    tempfile.tempdir = None
    for number, name in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
        os.dup2(os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND), number)
    sys.argv = ["monitor", *order["arguments"]]
    command()
    sys.exit(0)


if __name__ == "__main__":
    main()
