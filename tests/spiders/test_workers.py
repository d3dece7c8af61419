"""Processes that read documents: small ones are not held up by large ones, and what memory one took is not the next one's loss."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from spiders.workers import WorkerFailed, Workers


def slow(body: bytes) -> float:
    time.sleep(1.5)
    return float(len(body))


def greedy(body: bytes) -> int:
    held = [bytearray(8 * 1024**2) for _ in range(1_000)]
    return len(held) + len(body)


def a_hundred_megabytes(body: bytes) -> int:
    return len(bytearray(100 * 1024**2)) + len(body)


def test_small_documents_do_not_wait_for_large_ones() -> None:
    async def read() -> list[str]:
        workers, done = Workers(1), []
        await workers.run(len, b"x")  # the processes are there

        async def one(name: str, body: bytes) -> None:
            await workers.run(slow if name == "large" else len, body)
            done.append(name)

        try:
            large = [asyncio.create_task(one("large", bytes(300 * 1024))) for _ in range(3)]
            await asyncio.sleep(0.1)
            await asyncio.gather(*(one("small", b"x") for _ in range(5)), *large)
        finally:
            workers.close()
        return done

    assert asyncio.run(read()) == ["small"] * 5 + ["large"] * 3


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
