"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import Context, moment
from storage.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from storage.filters import ArticleFilter

Topic = Annotated[str | None, typer.Option("--topic", "-t", help="Only this topic.")]
Unit = Annotated[str | None, typer.Option("--unit", help="Only this unit of a topic, such as 'FPT Software'.")]
OutletName = Annotated[str | None, typer.Option("--outlet", help="Only this outlet: its name or its host.")]
Language = Annotated[str | None, typer.Option("--lang", help="Only this language (vi, en, fr, ...).")]
Since = Annotated[str | None, typer.Option("--since", help="First seen since: a day, a time, today, yesterday, 24h, 7d.")]
Until = Annotated[str | None, typer.Option("--until", help="First seen before the end of this day, or before this time.")]
Limit = Annotated[int, typer.Option("--limit", "-n", help="At most so many; 0: all.", min=0)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV with a header line.")]
LogJson = Annotated[
    bool,
    typer.Option(
        "--log-json/--log-text", envvar="MONITOR_LOG_JSON", help="What goes to stderr as JSON, one object a line.", show_default=False
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.")]


@contextmanager
def writer(output: Path | None) -> Iterator[TextIO]:
    """Open `output` for writing, or lend stdout. The file appears whole or not at all."""
    if output is None or str(output) == "-":
        yield sys.stdout
        return
    from monitor.files import writing

    with writing(output) as file:
        yield file


def article_filter(
    ours: Context,
    *,
    topic: str | None = None,
    unit: str | None = None,
    outlet: str | None = None,
    language: str | None = None,
    since: str | None = None,
    until: str | None = None,
    suppressed: bool = False,
    limit: int = 0,
) -> ArticleFilter:
    """Return which articles the options ask for.

    Raises:
        UsageError: one of them is wrong; names it.
    """
    from storage.filters import ArticleFilter

    if topic is not None:
        topic = ours.watchlist.named(topic)
    begin = moment(since, ours.zone, "--since") if since else None
    end = moment(until, ours.zone, "--until", end=True) if until else None
    if begin and end and begin >= end:
        raise UsageError("--since lies after --until", hint="exchange them")
    return ArticleFilter(
        topic=topic, unit=unit, outlet=outlet, language=language, since=begin, until=end, suppressed=suppressed, limit=limit or None
    )
