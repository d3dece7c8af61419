"""How long tests wait: for what happens, not for so long as a machine takes for it when nothing else runs there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG_S = 300.0  # only ends what would hang for ever: whoever waits so long waits for what never comes


def wait_until(there: Callable[[], object], *, unless: Callable[[], object] = lambda: False, said: Callable[[], object] = str) -> None:
    """Wait until something is there.

    Args:
        unless: what ends the waiting, as it will not come any more.
        said: is told where it did not come.
    """
    until = time.monotonic() + LONG_S
    while True:
        over = unless()
        if there():
            return
        assert not over and time.monotonic() < until, f"it did not come: {said()}"
        time.sleep(0.01)


def in_time(attempt: Callable[[float], T], whole: Callable[[T], bool], *seconds: float) -> T:
    """Do what has a limit of time: with more of it where the machine was too slow for what is to be done within it, a fault fails with any."""
    for one in seconds[:-1]:
        if whole(found := attempt(one)):
            return found
    return attempt(seconds[-1])
