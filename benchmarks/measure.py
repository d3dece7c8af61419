"""Measure whole child processes by the operating system's own accounting."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.given import ROOT, environment


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished child process (its own children included)."""

    cpu_s: float  # user + system
    wall_s: float
    peak_mb: float  # the largest single process


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> Run:
    """Run a command to its end and account for it; its output goes to /dev/null unless it fails.

    Args:
        env: the environment; that of `given.environment()` if None.

    Raises:
        RuntimeError: it ended with an exit code other than 0; holds the end of its stderr.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(env or environment()), cwd=cwd)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:].decode(errors='replace')}")
    return Run(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=time.monotonic() - started,
        peak_mb=usage.ru_maxrss / 1024,
    )


def median(runs: Sequence[Run]) -> Run:
    """The run with the median CPU time."""
    ordered = sorted(runs, key=lambda one: one.cpu_s)
    return ordered[len(ordered) // 2]


def table(title: str, rows: Mapping[str, Run | str], *, rival: str) -> str:
    """Write one row a contender: CPU, wall, peak memory and the ratio of its CPU to the rival's, or to the first that ran where it did not.

    Args:
        rows: what each contender came to, or why it could not run.
    """
    ran = {name: result for name, result in rows.items() if isinstance(result, Run)}
    base = rival if rival in ran else next(iter(ran))
    lines = [f"{title}; ratio to {base}", f"{'':34}{'cpu s':>8}{'wall s':>8}{'peak MB':>9}{'cpu ratio':>11}"]
    for name, result in rows.items():
        if isinstance(result, str):
            lines.append(f"{name:34}{result}")
        else:
            lines.append(f"{name:34}{result.cpu_s:8.2f}{result.wall_s:8.2f}{result.peak_mb:9.0f}{result.cpu_s / ran[base].cpu_s:11.2f}")
    return "\n".join(lines)


@contextmanager
def serving(module: str, port_file: Path, *arguments: str) -> Iterator[str]:
    """Run one of our modules as a server, in a child, until the block ends; yields its address.

    Args:
        port_file: where the child writes its port once it listens; its first argument.

    Raises:
        RuntimeError: it ended before it listened.
    """
    process = subprocess.Popen([sys.executable, "-m", module, str(port_file), *arguments], cwd=ROOT)
    try:
        while not port_file.exists() or not port_file.read_text():
            if process.poll() is not None:
                raise RuntimeError(f"{module} ended with {process.returncode} before it listened")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()
