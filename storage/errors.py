"""One tree of errors; each floor grows its own branch where it raises it.

MediaMonitorError            exit code 1, "something failed"
├── UsageError               exit code 2, a wrong command, file, key or address: says which and what to do
│   └── ConfigError          a file, line or key of the configuration is wrong
├── StorageError             the database could not do it (exit 1)
│   ├── StorageBusy          somebody else holds the database or the crawl
│   │   └── StorageLocked    another program holds the database for longer than we wait
│   └── StorageDamaged       the file is no database, or its schema is newer than this program
├── ReadError                bytes that are no feed, sitemap or listing
└── ExtractError             a page that is no article
"""

from __future__ import annotations

import errno

try:
    import resource  # now: when memory has run out, nothing can be imported
except ModuleNotFoundError:  # Windows
    resource = None  # type: ignore[assignment]

_THREADS = ("can't start new thread", "cannot join thread before it is started")
_CLOSE = 16 * 1024**2  # bytes, of addresses

# What is said where the machine, or a limit (ulimit, a container, systemd), gives no more memory, and what to do.
NO_MEMORY = ("there is no memory left", "stop something, or allow more (ulimit -v, MemoryMax); nothing that was stored is lost")


def of_this_machine(error: BaseException) -> bool:
    """Whether an error is due to this machine (its memory, files, pipes), and not to what was being looked at."""
    return isinstance(error, OSError) or out_of_memory(error)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what it came from, says that memory ran out, or can hardly be due to anything else.

    The loader of libraries says it in words of its own, and Python itself where not even the error could be made.
    """
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            break
        if isinstance(seen, SystemError) and "without setting an exception" in str(seen):
            return True
        if isinstance(seen, RuntimeError) and any(said in str(seen) for said in _THREADS):
            return True
        if isinstance(seen, MemoryError) or (isinstance(seen, OSError) and seen.errno == errno.ENOMEM):
            return True
        if isinstance(seen, (ImportError, OSError)) and any(
            said in str(seen) for said in ("failed to map segment", "cannot allocate memory")
        ):
            return True
        seen = seen.__cause__ or seen.__context__
    return not isinstance(error, MediaMonitorError) and _at_its_limit()


def _at_its_limit() -> bool:
    """Whether this process has come close to what it may take at most: what goes wrong in it then goes wrong for want of memory.

    Libraries do not always say so: a value that could not be made is missing somewhere else.
    """
    if resource is None:
        return False
    try:
        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most == resource.RLIM_INFINITY:
            return False
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - as little as can be is to be imported here
            taken = next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmPeak:")), 0)
    except FileNotFoundError:  # macOS
        return False
    except Exception:  # noqa: BLE001 - Python itself comes to say the oddest things; so little can fail in this for nothing else
        return True
    return taken > most - _CLOSE


class MediaMonitorError(Exception):
    """The root: a message for a person, without a traceback.

    `hint` is the next thing to do, printed on a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(MediaMonitorError):
    """A command, address, file or key that cannot be obeyed as given."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is wrong: the message names file, line or key, what was found and what would be right."""


class StorageError(MediaMonitorError):
    """The database could not do what was asked."""


class StorageBusy(StorageError):
    """Somebody else holds the database, or another crawl is under way."""


class StorageLocked(StorageBusy):
    """Another program holds the database for longer than we wait."""


class StorageDamaged(StorageError):
    """Not a database of ours, damaged, or written by a newer version of this program."""


class ReadError(MediaMonitorError):
    """These bytes are no feed (sitemap, listing): the message says what they are instead."""


class ExtractError(MediaMonitorError):
    """This page holds no article: the message says why."""
