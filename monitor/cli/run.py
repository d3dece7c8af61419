"""The command that never ends: `run`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from monitor.cli.context import context_of, now
from monitor.cli.noting import noting
from monitor.cli.options import LogJson


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(run)


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end; for timers.")] = False,
    log_json: LogJson = False,
) -> None:
    """Work in the foreground until stopped: crawl what is due, make and deliver digests at their hours, keep house.

    What is due stands in the database, so a morning that was missed (machine asleep or off) is made up, once, and a second
    `monitor run` on the same database waits and takes over when the first ends. SIGTERM and Ctrl-C end it within ten seconds;
    SIGHUP reads the configuration anew. Exit code 0: ended as told; 2: wrong configuration at the start; with --once also 3:
    something failed (told on stderr, tried again the next time).
    """
    from monitor.running.shell import run_shell

    ours = context_of(context)
    ours.log_json = log_json
    with noting(ours, "digest-failed"):
        store = ours.store()
    code = run_shell(store, ours.config_path, ours.database, clock=now, out=sys.stderr, once=once, log_json=log_json)
    raise typer.Exit(code)
