"""A `monitor run` in a process of its own, as a user starts it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.conftest import Desk


class Running:
    """A `monitor run` that goes on; what it says is read as it comes."""

    def __init__(self, desk: Desk) -> None:
        self.process = desk.start("run")
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def wait_for(self, words: str, seconds: float = 60) -> None:
        """Wait until it has said so."""
        end = time.monotonic() + seconds
        while not any(words in line for line in self.said):
            assert time.monotonic() < end and self.process.poll() is None, f"{words!r} was not said:\n{''.join(self.said)}"
            time.sleep(0.05)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(15)
        self._reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code


@contextmanager
def running(desk: Desk) -> Iterator[Running]:
    """Start `monitor run`, and end it whatever happens."""
    one = Running(desk)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)
