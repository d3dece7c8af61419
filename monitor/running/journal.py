"""What `monitor run` tells while it works: one line an event, with the reader's local time, on stderr."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TextIO

from monitor.digest.safe import plain


class Journal:
    """Writes events, from several threads.

    Args:
        zone: of the times that are written; changed when the configuration is.
    """

    def __init__(self, out: TextIO, clock: Callable[[], datetime], zone: tzinfo) -> None:
        self._out = out
        self._clock = clock
        self._turn = threading.Lock()
        self.zone = zone

    def say(self, event: str, text: str) -> None:
        """Write one event; what came from outside cannot break the line or drive the terminal."""
        moment = self._clock().astimezone(self.zone)
        with self._turn:
            self._out.write(f"{moment:%Y-%m-%d %H:%M:%S}  {event:<10}{' '.join(plain(text).split())}\n")
            self._out.flush()
