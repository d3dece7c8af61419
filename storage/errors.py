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
