"""The timers of `monitor run` only tick: a late round is run all the same, once, and one that hangs starves no other."""

from __future__ import annotations

import threading
import time
from collections import Counter

from monitor.running.shell import TICKS_S, _Timers
from tests.patience import LONG_S


def _until(done: threading.Event) -> bool:
    return done.wait(LONG_S)


def test_a_round_that_is_late_is_run_once() -> None:
    ran: Counter[str] = Counter()
    came, seldom = threading.Event(), threading.Event()
    timers = _Timers()
    timers.add("late", 0.2, lambda: (ran.update(["late"]), came.set())[0])
    timers.add("seldom", 3_600, seldom.set)
    time.sleep(1.3)  # as if the machine had slept; six rounds were missed, the first by more than a second
    began = time.monotonic()
    timers.start()
    try:
        assert _until(came)
        assert ran["late"] <= 2 + (time.monotonic() - began) / 0.2, "what was missed is one round; others are of now"
        assert _until(seldom), "its only tick was late, and is not dropped"
    finally:
        timers.end()


def test_rounds_that_hang_starve_no_other_and_are_not_begun_twice() -> None:
    began: Counter[str] = Counter()
    let_go, ticked = threading.Event(), threading.Event()

    def hangs(name: str) -> None:
        began[name] += 1
        let_go.wait(LONG_S)

    def ticks() -> None:
        began["ticks"] += 1
        if began["ticks"] == 4:
            ticked.set()

    timers = _Timers()
    names = sorted(TICKS_S)[1:]  # all rounds but one
    for name in names:
        timers.add(name, 0.05, lambda name=name: hangs(name))  # type: ignore[misc]
    timers.add("ticks", 0.05, ticks)
    timers.start()
    try:
        assert _until(ticked)
        assert {name: began[name] for name in names} == dict.fromkeys(names, 1)
    finally:
        let_go.set()
        timers.end()
