"""Worker processes for hostile input: one document a task, each with a limit of time and memory, really killed when it passes them.

Readers and pages are pure, so whether they run here or in the crawl's own process is the caller's choice alone. The pool is started
by the first task: a crawl in which nothing changed starts no process.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from spiders.intake import MachineFailed
from storage.errors import ExtractError, ReadError
from storage.text import clean_text

T = TypeVar("T")

TIMEOUT_S = 10.0
MEMORY_MB = 192  # of data; the largest honest documents (16 MiB of feed, 8 MiB of page) take 90
_RESERVED_MB = 768  # of addresses beside: libraries, stacks, what malloc sets aside and does not use
_LARGE = 512 * 1024  # bytes of a document; of such ones only half of the processes read at once, for their memory
_QUICK = 256 * 1024  # bytes up to which a document may have the one process that larger ones never get: what takes long is larger
_NICE = 5  # the crawl's own process, which everybody waits for, comes before its workers
_PATIENCE_S = 60.0  # for processes to start on a loaded machine, beside the turns of what waits before a document
_BREAKS = 3
_MEMORY_GONE = 77  # exit code
_TASKS_A_WORKER = 2_000  # then it is replaced, so that a leak in a parser stays small


class WorkerFailed(ReadError, ExtractError):
    """A document was too much for a worker: it took too long, too much memory, or killed the process."""


class Workers:
    """A pool of killable processes; `await run(function, ...)` from the crawl's event loop.

    Args:
        processes: how many documents of any size are read at once; None: as many as there are cores, at most four. One process more is
            there for small ones, so that what takes seconds does not hold them up.
        timeout_s: seconds a document may take.
        memory_mb: MB of memory a document may take.
    """

    def __init__(self, processes: int | None = None, *, timeout_s: float = TIMEOUT_S, memory_mb: int = MEMORY_MB) -> None:
        self._processes = processes or max(1, min(4, (os.cpu_count() or 2)))
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._pool: Any = None
        self._breaks = 0  # pools in a row that broke before they read anything
        # More tasks than this wait here, not in the pool's pipe, so that what waits costs no copy.
        self._turn = asyncio.Semaphore(2 * (self._processes + 1))
        self._slow = asyncio.Semaphore(self._processes)
        self._large = asyncio.Semaphore(max(1, self._processes // 2))

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a picklable function in a worker and return what it returns; its exceptions are raised here.

        Raises:
            WorkerFailed: it passed its limits.
            MachineFailed: no process can be started here any more.
        """
        size = max((len(one) for one in args if isinstance(one, bytes)), default=0)
        async with AsyncExitStack() as places:
            for held in (self._large,) * (size > _LARGE) + (self._slow,) * (size > _QUICK):
                await places.enter_async_context(held)
            async with self._turn:
                return await self._run(function, args, kwargs)

    async def _run(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        from pebble import ProcessExpired

        try:
            future = self._started().schedule(_read, args=[function, args, kwargs], timeout=self._timeout_s)
        except (RuntimeError, OSError, MemoryError) as error:  # a thread of the pool has died, or none can be started
            raise self._broken() from error
        try:
            async with asyncio.timeout(_PATIENCE_S + 4 * self._timeout_s) as limit:
                result: T = await asyncio.wrap_future(future)
        except (TimeoutError, FutureTimeout) as error:
            if limit.expired():
                raise self._broken() from error
            raise WorkerFailed(f"reading it took longer than {self._timeout_s:.0f} s") from error
        except RecursionError as error:
            raise WorkerFailed("it is nested too deeply to be read") from error
        except ProcessExpired as error:
            if error.exitcode == _MEMORY_GONE:
                raise WorkerFailed(f"reading it took more than {self._memory_mb} MB") from error
            raise WorkerFailed("reading it killed the process that read it") from error
        except (ReadError, ExtractError):
            raise
        except BrokenExecutor as error:
            raise self._broken() from error
        except Exception as error:  # what a parser makes of a hostile document ends with the document
            raise WorkerFailed(what_failed(error)) from error
        self._breaks = 0
        return result

    def _broken(self) -> Exception:
        """Give the pool up, for a reason that lies with this machine; returns what to raise: the next document starts a new pool, the third does not."""
        with suppress(Exception):  # of one that is half there
            self.close()
        self._breaks += 1
        said = "the processes that read documents could not be started, or do not answer"
        return WorkerFailed(said) if self._breaks < _BREAKS else MachineFailed(said)

    def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()

    def _started(self) -> Any:
        if self._pool is None:
            from pebble import ProcessPool

            method = "spawn" if sys.platform in {"win32", "darwin"} else "forkserver"
            context = multiprocessing.get_context(method)
            if method == "forkserver":
                # Imported once, in the server that all workers are forked from.
                context.set_forkserver_preload(["spiders.workers", "spiders.pages.generic", "spiders.readers.feed"])
            self._pool = ProcessPool(
                max_workers=self._processes + 1,
                max_tasks=_TASKS_A_WORKER,
                initializer=_limit,
                initargs=[self._memory_mb],
                context=context,
            )
        return self._pool


def what_failed(error: Exception) -> str:
    """Say what a parser fell over, for a person."""
    return f"reading it failed: {type(error).__name__}: {clean_text(str(error), 200)}"


def _read(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """Run a function in a worker. One whose memory is gone is not used again: what is left of the document would cost the next one its room."""
    try:
        return function(*args, **kwargs)
    except MemoryError:
        os._exit(_MEMORY_GONE)


def _limit(memory_mb: int) -> None:
    """Bound a worker's memory, where the system knows how, and leave Ctrl-C and the first turn to the crawl."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError, OSError):  # Windows has none
        os.nice(_NICE)
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, limit in ((resource.RLIMIT_DATA, memory_mb), (resource.RLIMIT_AS, memory_mb + _RESERVED_MB)):
        with suppress(ValueError, OSError):  # a system may allow less already
            resource.setrlimit(kind, (limit * 1024**2, limit * 1024**2))
