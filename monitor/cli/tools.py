"""Commands beside the daily work: `status`, `demo`, `match`, `rematch`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import Context, context_of, now
from storage.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(status)
    app.command()(demo)
    app.command()(match)
    app.command()(rematch)


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    alive: Annotated[
        bool, typer.Option("--alive", help="Exit code 1 only if the work itself stands still, not for sources that fail.")
    ] = False,
) -> None:
    """Show at a glance how the watch is doing. Exit code 0: well; 1: something needs a person."""
    from monitor.desks import timetable_of
    from monitor.status import print_status, status_of

    ours = context_of(context)
    timetables = [(table.name, timetable_of(table)) for table in ours.config.digests]
    store = ours.store(create=False)
    with store.reading() as reading:
        status = status_of(reading, ours.sources, timetables, now(), noted=store.notebook.read())
    raise typer.Exit(print_status(status, zone=ours.zone, as_json=as_json, alive=alive))


def demo(
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Keep database and digests here; a fresh temporary folder if left out.")
    ] = None,
) -> None:
    """See the whole line work in seconds, without the internet: a made-up web on loopback is crawled for real."""
    from monitor.demo.run import run_demo

    raise typer.Exit(run_demo(folder))


def match(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="JSON lines with id, title, text, url, lang; - for stdin.")] = "-",
) -> None:
    """Say for each line which topics it mentions, with the evidence: JSON lines in, JSON lines out, in the same order.

    For tuning a watchlist and for pipes. A malformed line gets an error object with its line number (exit code 3).
    """
    import json

    from monitor.match_lines import match_lines

    ours = context_of(context)
    failed = False
    if file == "-":
        stream = sys.stdin.buffer
    else:
        try:
            stream = Path(file).open("rb")  # noqa: SIM115 - lives as long as the process
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror}", hint="name a file with JSON lines, or - for stdin") from error
    for answer in match_lines(stream, ours.matcher):
        failed |= "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    raise typer.Exit(3 if failed else 0)


def rematch(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Take the topics of this configuration file instead of the present one.")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Save the new mentions; without it nothing is changed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line gained or lost.")] = False,
) -> None:
    """Match what is stored again under a changed watchlist, and show the lines gained and lost.

    Verdicts stay obeyed and nothing is deleted. What is gained but was first seen more than two days ago is kept without being told as
    news. Only stored articles can be matched: of entries that mentioned no topic when they were read only the keys are kept, so a new
    topic does not find them here (`import --keep-unmatched` keeps its articles). An interrupted --save goes on when run again.
    """
    import json

    from monitor.cli.show import print_changes
    from monitor.rematch import RematchReport
    from monitor.rematch import rematch as run

    ours = context_of(context)
    watched = Context(config_path=config) if config else ours
    report = RematchReport()
    lines = run(ours.store(create=False), watched.matcher, report, save=save, clock=now)
    if as_json:
        for line in lines:
            print(json.dumps(line.record(), ensure_ascii=False))
    else:
        print_changes(lines, zone=ours.zone)
    print(report.line(), file=sys.stderr)
