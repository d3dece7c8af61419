"""A crawl that moves no more is ended: by a small process beside it, as the crawl itself may be unable to do anything at all.

Near one exact limit of its memory CPython spins for ever: it has an exception to handle and cannot make the number that it needs for
that. It holds its own lock while it does, looks at no signal, and no thread of it gets a turn. What it does take is processor time, and
only that is counted here: not the time of day. So a crawl that waits (for a server, for a database that is locked) or that is stopped or
suspended is never taken for one that is stuck, however long that takes.

Where memory is limited, the crawl leaves a little of it unused. That is what it is given when it is stuck, and its exception comes out
as any other. If that is no help, it is killed.

This file is a program, too, which knows the standard library alone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

BEAT_S = 15.0  # between two signs of life
_PATIENCE_S = 600.0  # of processor time without one: no honest step takes a twentieth of that
_LAST_S = 30.0  # ... for its last words, once it was given what had been kept
_LOOK_S = 5.0
_KEPT = 8 * 1024**2  # bytes of addresses that are kept for last words
_SAID = "the crawl was stuck: it took minutes of the processor's time without a step, and was ended; what it had stored stays"
_HINT = "give the command again; where memory is limited, allow more (ulimit -v, MemoryMax)"


@contextmanager
def watched(*, as_json: bool = False) -> Iterator[Callable[[], None]]:
    """Watch this process for as long as the block lasts; yields what has to be called now and then, as a sign that it moves.

    Args:
        as_json: what is told on stderr is for programs.
    """
    if sys.platform != "linux":  # elsewhere limits of memory do not bind
        yield lambda: None
        return
    kept = _keep()
    command = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(_PATIENCE_S), str(_LAST_S), kept, "json" if as_json else ""]
    try:
        # A group of its own: Ctrl-C is for the crawl. It ends with the pipe, so with the crawl, however that ends.
        watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, process_group=0, cwd="/")  # noqa: S603 - our own file
    except OSError:
        yield lambda: None
        return
    pipe = watcher.stdin
    assert pipe is not None
    os.set_blocking(pipe.fileno(), False)

    def beat() -> None:
        with suppress(OSError):  # it is gone, or has not read the last ones yet
            os.write(pipe.fileno(), b".")

    try:
        yield beat
    finally:
        with suppress(OSError):
            pipe.close()
        with suppress(subprocess.TimeoutExpired):
            watcher.wait(1.0)
        if kept:
            _give(os.getpid(), int(kept))


def _keep() -> str:
    """Lower our limit of addresses by a little, where there is one; returns what it was, as text."""
    import resource

    most, hard = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or most <= 4 * _KEPT:
        return ""
    resource.setrlimit(resource.RLIMIT_AS, (most - _KEPT, hard))
    return str(most)


def _main(pid: int, patience: float, last: float, kept: str, as_json: bool) -> None:
    """Watch a process, our parent, until it has ended or is stuck."""
    since = _spent(pid)
    while os.getppid() == pid:
        if select.select([0], [], [], min(_LOOK_S, patience))[0]:
            if not os.read(0, 4_096):
                return
            since = _spent(pid)
        elif _spent(pid) - since >= patience:
            if kept and _give(pid, int(kept)):
                since, patience, kept = _spent(pid), last, ""
                continue
            os.write(2, _told(as_json).encode())
            os.kill(pid, signal.SIGKILL)
            return


def _told(as_json: bool) -> str:
    """What is said of it, as a command says what went wrong (see `monitor.log`)."""
    if not as_json:
        return f"monitor: {_SAID}\n  -> {_HINT}\n"
    time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    return json.dumps({"time": time, "level": "error", "event": "failed", "message": _SAID, "hint": _HINT}) + "\n"


def _spent(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together, without its children's."""
    with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - as little as can be is imported here
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _give(pid: int, most: int) -> bool:
    """Give a process what it had kept."""
    import resource

    with suppress(OSError, ValueError):
        resource.prlimit(pid, resource.RLIMIT_AS, (most, resource.prlimit(pid, resource.RLIMIT_AS)[1]))
        return True
    return False


if __name__ == "__main__":
    with suppress(OSError):  # it has ended between two looks
        _main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], bool(sys.argv[5]))
