"""`monitor web`, `monitor site`: what is stored, to be read in a browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import context_of, now
from storage.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(web)
    app.command()(site)


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


def site(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where the pages go; made where there is none.")],
    digest: Annotated[str | None, typer.Option("--digest", help="The digest of this name, where several are configured.")] = None,
    address: Annotated[
        str, typer.Option("--address", help="Where the archive will stand on the web, for the links of its feeds: https://news.example.org")
    ] = "",
) -> None:
    """Write the archive: a folder of static pages with each day, story, topic and outlet, Atom feeds, and a search that needs no server.

    It opens from the disk and can be published as it is. Run it again after each digest: only what changed is written.
    """
    from monitor.cli.crawl_view import watch
    from monitor.config_web import is_address
    from monitor.packs import reach_of
    from monitor.room.press import Press
    from monitor.room.view import Room
    from monitor.site.archive import PAGES, Site
    from monitor.site.folder import Folder

    ours = context_of(context)
    if address and not is_address(address):
        raise UsageError(f"--address: {address!r} is no web address", hint="write it as https://news.example.org/archive")
    held = Folder(folder)
    ours.store(create=False)
    desk = ours.desk(digest=digest)
    press = Press(Room(desk.topics, desk.zone, desk.language, reach_of), PAGES)
    with watch(sys.stderr) as told:
        Site(desk, press, ours.watchlist, held, address=address, told=told).make()
    print(f"{folder / 'index.html'}: {held.written} files written, {held.kept} as they were, {held.removed} taken away", file=sys.stderr)
