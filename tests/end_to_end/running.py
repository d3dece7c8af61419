"""A `monitor run` in a process of its own, as a user starts it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.conftest import Desk
from tests.patience import LONG_S, wait_until


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

    def wait_for(self, words: str) -> None:
        """Wait until it has said so."""
        wait_until(
            lambda: any(words in line for line in self.said),
            unless=lambda: not self._reader.is_alive(),
            said=lambda: f"{words!r} was not said:\n{''.join(self.said)}",
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONG_S)
        self._reader.join(LONG_S)
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
