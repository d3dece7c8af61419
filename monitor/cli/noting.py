"""What the database could not take goes into the notebook, so that the next digest tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.cli.context import Context, now
from storage.errors import StorageBusy, StorageError, StorageLocked

if TYPE_CHECKING:
    from storage.notebook import Notebook


@contextmanager
def noting(ours: Context) -> Iterator[None]:
    """Note a failure of the store that leaves the block; it goes on to be told on stderr."""
    try:
        yield
    except StorageError as error:
        # That another crawl is running is no failure of the store.
        if isinstance(error, StorageLocked) or not isinstance(error, StorageBusy):
            notebook_of(ours).write(now(), "store-failed", str(error))
        raise


def notebook_of(ours: Context) -> Notebook:
    """Return the notebook of the configured database, which need not be there."""
    from storage.notebook import Notebook  # here: it brings SQLAlchemy, and `--help` must start at once

    file = ours.config.database_file
    return Notebook(ours.config.database, file)
