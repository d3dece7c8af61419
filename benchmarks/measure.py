"""Measure whole child processes by the operating system's own accounting."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished child process (its own children included)."""

    cpu_s: float  # user + system
    wall_s: float
    peak_mb: float  # the largest single process
    exit_code: int


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> Run:
    """Run a command to its end and account for it; its output goes to /dev/null unless it fails.

    Raises:
        RuntimeError: it ended with an exit code other than 0 or 3; holds the end of its stderr.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(env) if env else None, cwd=cwd)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:].decode(errors='replace')}")
    return Run(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
        exit_code=process.returncode,
    )


def median(runs: Sequence[Run]) -> Run:
    """The run with the median CPU time."""
    ordered = sorted(runs, key=lambda one: one.cpu_s)
    return ordered[len(ordered) // 2]


def table(rows: Sequence[tuple[str, Run | str]], *, base: Run) -> str:
    """Write one row a contender: CPU, wall, peak memory and the ratio of its CPU to `base`."""
    lines = [f"{'':34}{'cpu s':>8}{'wall s':>8}{'peak MB':>9}{'cpu ratio':>11}"]
    for name, result in rows:
        if isinstance(result, str):
            lines.append(f"{name:34}{result}")
        else:
            lines.append(f"{name:34}{result.cpu_s:8.2f}{result.wall_s:8.2f}{result.peak_mb:9.0f}{result.cpu_s / base.cpu_s:11.2f}")
    return "\n".join(lines)


def spread(values: Sequence[float]) -> str:
    """Write minimum, median and maximum of some figures."""
    return f"{min(values):.3f} / {statistics.median(values):.3f} / {max(values):.3f}"


@contextmanager
def serving(command: Sequence[str], port_file: Path, *, cwd: Path | None = None) -> Iterator[str]:
    """Run a server as a child until the block ends; yields its address.

    Args:
        port_file: where the child writes its port once it listens.
    """
    process = subprocess.Popen(command, cwd=cwd)
    try:
        while not port_file.exists() or not port_file.read_text():
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()
