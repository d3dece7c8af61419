"""Turns of sources: who failed last time comes last, who is slow gives its place away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from spiders import turns
from spiders.turns import Turns
from storage.items import Source
from tests.patience import LONG_S


def source(name: str, host: str = "") -> Source:
    return Source(id=name, url=f"http://{host or name}.example/feed")


def run(first: list[Source], then: list[Source], work: Callable[[str], Awaitable[None]], *, at_once: int = 2) -> list[str]:
    """Read some sources; returns in which order they began."""
    began: list[str] = []

    async def read(one: Source, job: Callable[[], Any]) -> None:
        began.append(one.id)
        await work(one.id)

    def jobs(sources: list[Source]) -> list[tuple[Source, Callable[[], Any]]]:
        return [(one, lambda: None) for one in sources]

    asyncio.run(Turns(jobs(first), jobs(then), at_once=at_once).run(read))
    return began


async def at_once(name: str) -> None:
    await asyncio.sleep(0)


def test_each_is_read_once_and_hosts_take_turns() -> None:
    sources = [source("a1", "a"), source("a2", "a"), source("b1", "b"), source("c1", "c")]
    assert run(sources, [], at_once, at_once=1) == ["a1", "b1", "c1", "a2"]
    assert run([], sources[:1], at_once) == ["a1"]
    assert run([], [], at_once) == []


def test_who_failed_waits_until_the_others_are_done() -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        if name == "failed":
            assert sorted(done) == ["a", "b"]
        await asyncio.sleep(0.01)
        done.append(name)

    assert run([source("a"), source("b")], [source("failed")], work)[-1] == "failed"


def test_who_failed_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "GRACE_S", 0.02)
    ready = asyncio.Event()

    async def work(name: str) -> None:
        if name == "endless":
            await asyncio.wait_for(ready.wait(), LONG_S)  # ends only once the other one has begun
        else:
            ready.set()

    assert run([source("endless")], [source("failed")], work) == ["endless", "failed"]


def test_slow_ones_hold_nobody_up_and_are_not_without_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLOW_S", 0.02)
    ready = asyncio.Event()

    async def work(name: str) -> None:
        if name == "quick":
            ready.set()
        else:
            await asyncio.wait_for(ready.wait(), LONG_S)

    run([source("slow1"), source("slow2"), source("quick")], [], work, at_once=2)
    under_way, most = 0, 0
    full = asyncio.Event()

    async def stalls(name: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == turns.MOST:
            asyncio.get_running_loop().call_later(0.2, full.set)  # long enough for one too many to begin
        await asyncio.wait_for(full.wait(), LONG_S)
        under_way -= 1

    run([source(f"slow{number}") for number in range(9)], [], stalls, at_once=1)
    assert most == turns.MOST


def test_an_exception_ends_it() -> None:
    async def work(name: str) -> None:
        raise ValueError(name)

    with pytest.raises(ExceptionGroup) as caught:
        run([source("a")], [source("b")], work)
    assert str(caught.value.exceptions[0]) == "a"
