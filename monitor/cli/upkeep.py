"""Commands that look after the watch itself: `backup`, `metrics`, `doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import context_of, now


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backup)
    app.command()(metrics)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it appears whole or not at all.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy the database to a file, also while a crawl or `monitor run` works, and check the copy.

    An SQLite database becomes one SQLite file: to go back, stop everything, delete monitor.db-wal and monitor.db-shm, and copy it to
    monitor.db. A PostgreSQL database is written by pg_dump in its own format, for pg_restore. `[backup]` in the configuration makes
    copies by itself.
    """
    from monitor.backup import backup as make

    ours = context_of(context)
    size = make(ours.store(create=False), ours.config.database, file, force=force)
    print(f"written: {file}, {size / 2**20:.1f} MB", file=sys.stderr)


def metrics(context: typer.Context) -> None:
    """Print figures of the watch, of each source and of deliveries for Prometheus.

    `[metrics]` in the configuration writes them to a file after each crawl, or shows them on a port while `monitor run` works.
    """
    from monitor.metrics import render

    ours = context_of(context)
    print(render(ours.store(create=False), ours.config, ours.sources, now()), end="")
