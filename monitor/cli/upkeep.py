"""Commands that look after the watch itself: `backup`, `metrics`, `doctor`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import Context, context_of, now
from storage.errors import ConfigError, MediaMonitorError

if TYPE_CHECKING:
    from monitor.doctor.record import Finding


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(backup)
    app.command()(metrics)
    app.command()(doctor)


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


def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out what needs a network.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as one JSON object.")] = False,
) -> None:
    """Look at everything that the watch stands on, and say for each what to do; nothing is sent or changed.

    The configuration, its variables, the database, who works on it, whether it is crawled and kept, folders, disk, programs, the
    network, the clock, proxies, and the login of each mail server. Exit code 0: all works (a note may be worth reading);
    1: something does not; 2: the configuration is wrong.
    """
    findings: list[Finding] = []
    code = 0
    for one in _findings(context_of(context)) if offline else _all_findings(context_of(context)):
        findings.append(one)
        code = max(code, 1 if one.state == "bad" else 0, 2 if one.state == "bad" and one.about == "configuration" else 0)
        if not as_json:
            _print(one)
    if as_json:
        print(json.dumps({"well": code == 0, "findings": [one.as_dict() for one in findings]}, ensure_ascii=False, indent=2))
    raise typer.Exit(code)


def _print(one: Finding) -> None:
    from monitor.digest.safe import plain

    print(f"{one.state:<6}{one.about:<15}{plain(one.said)}")
    if one.do:
        print(f"{'':<21}-> {one.do}")


def _all_findings(ours: Context) -> Iterator[Finding]:
    from monitor.doctor import outside

    yield from _findings(ours)
    try:
        settings, sources = ours.config, ours.sources
    except ConfigError:
        return  # told above
    yield from outside.proxy()
    yield from outside.network(sources)
    yield from outside.mail(settings)


def _findings(ours: Context) -> Iterator[Finding]:
    from monitor.doctor import here, store
    from monitor.doctor.record import bad, note

    try:
        settings, sources = ours.config, ours.sources
    except ConfigError as error:
        yield bad("configuration", str(error), error.hint or "mend it; `monitor init` writes one with every key")
        return
    yield from here.configuration(settings, len(sources))
    yield from here.variables(settings, os.environ)
    if ours.has_store():
        try:
            opened = ours.store(create=False)
            for look in (
                store.database(opened),
                store.locks(opened, now()),
                store.schedule(opened, settings, now()),
                store.programs(opened),
            ):
                yield from look
        except MediaMonitorError as error:
            yield bad("database", str(error), error.hint or "check it, or restore a backup")
    else:
        yield note("database", f"{settings.database_file} is not there yet", "it is made at the first crawl: monitor daily")
    yield from here.folders(settings)
    yield from here.programs(settings)
