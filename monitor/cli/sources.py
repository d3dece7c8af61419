"""Commands about sources: `sources list|add|remove|check|import|export`."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import context_of, now
from storage.errors import UsageError
from storage.items import Kind, Source

sources_app = typer.Typer(no_args_is_help=True, help="List, add, remove and check the places to look.", rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    from monitor.cli.adding import add_sources

    sources_app.command("add")(add_sources)
    app.add_typer(sources_app, name="sources")


def choose(sources: list[Source], wanted: list[str]) -> list[Source]:
    """Return the sources named by id (or address), all where none is named.

    Raises:
        UsageError: a name that no source has; suggests the nearest.
    """
    if not wanted:
        return sources
    known = {source.id: source for source in sources} | {source.url: source for source in sources}
    for name in wanted:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, [source.id for source in sources], n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else "`monitor sources list` shows them all"
            if "." in name or "/" in name:
                hint = f"an address is written in full: https://{name.rpartition('://')[2].lstrip('/')}"
            raise UsageError(f"no source is called {name!r}", hint=hint)
    return list(dict.fromkeys(known[name] for name in wanted))


@sources_app.command("list")
def list_sources(
    context: typer.Context,
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="Only this group.")] = None,
    as_json: AsJson = False,
) -> None:
    """List all configured sources with their groups and their health: how the last poll went, what is new since when, what is wrong."""
    from monitor.cli.show import print_sources

    ours = context_of(context)
    sources = [source for source in ours.sources if not group or set(group) & set(source.groups)]
    states, ailing, moment = {}, {}, now()
    if ours.has_store():
        with ours.store(create=False).reading() as reading:
            states = reading.sources.states()
            watched = {source.id: source.outlet or source.id for source in sources}
            ailing = {one.source_id: one for one in reading.sources.coverage(moment - timedelta(days=1), moment, watched).ailing}
    print_sources(sources, states, ailing, now=moment, as_json=as_json)


@sources_app.command("remove")
def remove_source(context: typer.Context, id_: Annotated[str, typer.Argument(metavar="ID", help="The source's id.")]) -> None:
    """Remove a source: one of yours leaves the file, one of the pack is switched off in it. What it found stays stored."""
    from monitor.config import remove_source as remove

    ours = context_of(context)
    (source,) = choose(ours.sources, [id_])
    path = ours.config.path or Path("monitor.toml")
    print(remove(path, source), file=sys.stderr)


@sources_app.command("check")
def check_sources(
    context: typer.Context,
    what: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources by id; none: all.")] = None,
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="Only this group.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try each source now and say what was found: entries, newest, dates, mentions of a topic, errors and what to do. Stores nothing.

    Exit code 0: all could be read; 3: some; 1: none.
    """
    from monitor.cli.crawl_view import watch
    from monitor.cli.show import print_checks
    from monitor.crawl import check

    ours = context_of(context)
    chosen = choose([source for source in ours.sources if not group or set(group) & set(source.groups)], what or [])
    with watch(sys.stderr) as progress:
        found = check(chosen, ours.config, ours.matcher, clock=now, progress=progress)
    raise typer.Exit(print_checks(found, zone=ours.zone, as_json=as_json))


@sources_app.command("import")
def import_sources(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it; - for stdin.")],
    label: Annotated[list[str] | None, typer.Option("--label", "-l", help="Give all of them this label, too.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be added.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the feeds of an OPML file to the configuration; its folders become labels (for --group).

    What is a source already is told and left alone. Exit code 0: done; 3: some entries could not be taken; 1: none.
    """
    from monitor.cli.show import print_imported
    from monitor.files import read_bytes
    from monitor.opml import LARGEST
    from monitor.subscriptions import import_opml

    ours = context_of(context)
    data = sys.stdin.buffer.read(LARGEST + 1) if str(file) == "-" else read_bytes(file, LARGEST)
    name = "stdin" if str(file) == "-" else str(file)
    result = import_opml(ours.config, data, name=name, known=ours.sources, labels=label or [], dry=dry_run)
    raise typer.Exit(print_imported(result, path=ours.config.path or Path("monitor.toml"), dry=dry_run, as_json=as_json))


@sources_app.command("export")
def export_sources(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The OPML file to write; - for stdout.")],
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="Only this group or label.")] = None,
) -> None:
    """Write the sources as OPML for another feed reader or another monitor; searches, which are made for topics, are left out."""
    from monitor.files import write_bytes
    from monitor.subscriptions import export_opml

    ours = context_of(context)
    wanted = [one for one in ours.sources if not one.topic and (not group or set(group) & set(one.groups))]
    chosen = [one for one in wanted if one.kind is not Kind.SPIDER]
    if len(chosen) < len(wanted):
        print("left out, as they are code: " + ", ".join(one.id for one in wanted if one.kind is Kind.SPIDER), file=sys.stderr)
    data = export_opml(ours.config, chosen)
    if str(file) == "-":
        sys.stdout.buffer.write(data)
    else:
        write_bytes(file, data)
    print(f"{len(chosen)} sources written to {'stdout' if str(file) == '-' else file}", file=sys.stderr)
