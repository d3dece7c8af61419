"""Processes that read documents: small ones are not held up by large ones, and what memory one took is not the next one's loss."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from spiders.workers import WorkerFailed, Workers


def held_up(body: bytes) -> int:
    """Read a document whose first line names a file, as long as that file is not there."""
    let_go, until = Path(body.partition(b"\n")[0].decode()), time.monotonic() + 20
    while not let_go.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return len(body)


def greedy(body: bytes) -> int:
    held = [bytearray(8 * 1024**2) for _ in range(1_000)]
    return len(held) + len(body)


def a_hundred_megabytes(body: bytes) -> int:
    return len(bytearray(100 * 1024**2)) + len(body)


def test_small_documents_do_not_wait_for_large_ones(tmp_path: Path) -> None:
    let_go = tmp_path / "let-go"

    async def read() -> list[int]:
        workers = Workers(1, timeout_s=30)
        try:
            large = [asyncio.create_task(workers.run(held_up, f"{let_go}\n".encode().ljust(300 * 1024))) for _ in range(3)]
            await asyncio.sleep(0)  # they come first
            small = await asyncio.wait_for(asyncio.gather(*(workers.run(len, b"x") for _ in range(5))), 15)
            assert not any(one.done() for one in large)
            let_go.touch()
            return [*small, *await asyncio.gather(*large)]
        finally:
            workers.close()

    assert asyncio.run(read()) == [1] * 5 + [300 * 1024] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory do not bind here")
def test_a_document_that_took_all_memory_leaves_the_next_one_its_own() -> None:
    async def read() -> None:
        workers = Workers(1, memory_mb=192)
        try:
            for _ in range(3):
                with pytest.raises(WorkerFailed, match="took more than 192 MB"):
                    await workers.run(greedy, b"x")
                assert await workers.run(a_hundred_megabytes, b"") == 100 * 1024**2
        finally:
            workers.close()

    asyncio.run(read())
