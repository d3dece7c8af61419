"""What the database could not take goes into the notebook, so that the next digest tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.cli.context import Context, now
from storage.errors import NO_MEMORY, StorageBusy, StorageError, StorageLocked, out_of_memory

if TYPE_CHECKING:
    from storage.notebook import Notebook


@contextmanager
def noting(ours: Context, what: str) -> Iterator[None]:
    """Note a failure of the store or of memory that leaves the block; it goes on to be told on stderr.

    Args:
        what: the kind of incident that it is if memory ran out.
    """
    try:
        yield
    except StorageError as error:
        # That another crawl is running is no failure of the store.
        if isinstance(error, StorageLocked) or not isinstance(error, StorageBusy):
            notebook_of(ours).write(now(), "store-failed", str(error))
        raise
    except Exception as error:
        if out_of_memory(error):
            notebook_of(ours).write(now(), what, NO_MEMORY[0])
        raise


def notebook_of(ours: Context) -> Notebook:
    """Return the notebook of the configured database, which need not be there."""
    from storage.connecting import name_of, parse_url  # here: they bring SQLAlchemy, and `--help` must start at once
    from storage.notebook import Notebook

    return Notebook(name_of(parse_url(ours.config.database)), ours.config.database_file)  # as the store that reads it calls itself
