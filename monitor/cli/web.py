"""`monitor web`, `monitor site`: what is stored, to be read in a browser."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from monitor.cli.context import context_of, now


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(web)


def web(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="The address of this machine to listen on; 127.0.0.1 unless configured.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", min=0, max=65_535, help="The port; 0: any that is free.")] = None,
    behind: Annotated[
        str | None, typer.Option("--behind", help="Public address of the reverse proxy before it, which asks readers who they are.")
    ] = None,
) -> None:
    """Open the reading room: every digest, story, topic and outlet in a browser, with search, trends and verdicts, until stopped.

    Only this machine itself gets in, unless readers have to show the secret in MONITOR_WEB_TOKEN, or a reverse proxy stands before it.
    """
    from monitor.config_web import TOKEN_VARIABLE, check_access
    from monitor.web.hall import Hall
    from monitor.web.serve import serve

    ours = context_of(context)
    settings = ours.config.web
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    where, proxy = host or settings.host, settings.behind if behind is None else behind
    check_access(where, proxy, token)
    hall = Hall(ours.store(create=False), ours.config, ours.watchlist, ours.sources, now)
    serve(
        hall,
        host=where,
        port=settings.port if port is None else port,
        token=token,
        behind=proxy,
        said=lambda address: print(f"The reading room is open: {address}  (Ctrl-C closes it)", file=sys.stderr, flush=True),
    )
