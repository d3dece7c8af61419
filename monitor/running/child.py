"""One crawl as a child process: watched, with limits of time and memory, really ended when it passes them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

_LOOK_S = 0.5
_WEIGH_S = 2.0  # between two looks at the memory
_PATIENCE_S = 3.0  # between asking a child to end and ending it


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a child ended."""

    code: int | None = None  # its exit code, where it ended by itself
    died: str = ""  # why it did not: "killed by signal 9", "took more than 2048 MB of memory", ...
    stopped: bool = False  # because we were told to stop
    report: Mapping[str, Any] = field(default_factory=dict)  # what it printed as JSON
    said: str = ""  # the last line of its stderr


class Crawler:
    """Runs `monitor crawl` and watches it.

    Args:
        stop: set when all work has to end; a child that runs then is ended within seconds.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def run(self, command: Sequence[str], *, deadline_s: float, memory_mb: int, env: Mapping[str, str] | None = None) -> Ended:
        """Run a command to its end, or until it passes a limit.

        Args:
            command: its stdout is one JSON object.
            deadline_s: seconds it may take.
            memory_mb: resident memory of the child and all its children together, in MiB.
        """
        with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
            try:
                # A session of its own: a signal to its group reaches its workers, and Ctrl-C on our terminal only us.
                process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=env, start_new_session=True)  # noqa: S603 - our own command line
            except OSError as error:
                return Ended(died=f"it could not be started: {error.strerror or error}")
            why, stopped = self._watch(process, deadline_s, memory_mb)
            said = _last_line(err)
            if stopped:
                return Ended(stopped=True, said=said)
            if why or process.returncode < 0:
                return Ended(died=why or f"it was killed by signal {-process.returncode}", said=said)
            return Ended(code=process.returncode, report=_report(out), said=said)

    def _watch(self, process: subprocess.Popen[bytes], deadline_s: float, memory_mb: int) -> tuple[str, bool]:
        """Wait for the child; returns why it was ended by us, and whether that was because of `stop`."""
        end = time.monotonic() + deadline_s
        weighed = time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK_S)
                return "", False
            now = time.monotonic()
            why = ""
            if now >= end:
                why = f"it did not end within {deadline_s / 60:.0f} minutes"
            elif now - weighed >= _WEIGH_S:
                weighed = now
                if _resident_mb(process.pid) > memory_mb:
                    why = f"it took more than {memory_mb} MB of memory"
            if why or self._stop.is_set():
                _end(process)
                return why, not why


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a child and its workers to end, then end them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    # Workers may outlive the one that answered the first signal.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its descendants in MiB; shared pages count for each of them."""
    import psutil

    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total / 2**20


def _last_line(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 4_096))
    lines = file.read().decode("utf-8", errors="replace").strip().splitlines()
    told = [line for line in lines if line.startswith("monitor: ")]  # our own sentence, rather than its hint
    return (told or lines or [""])[-1].removeprefix("monitor: ").strip()


def _report(file: IO[bytes]) -> Mapping[str, Any]:
    file.seek(0)
    try:
        found = json.loads(file.read())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
