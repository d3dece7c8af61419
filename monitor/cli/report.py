"""`monitor report`: the coverage of a campaign."""

from __future__ import annotations

import sys
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import context_of, moment, now
from storage.errors import UsageError

if TYPE_CHECKING:
    from monitor.report.build import Report


class ReportFormat(StrEnum):
    """The shapes of a report."""

    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    XLSX = "xlsx"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(report)


def report(
    context: typer.Context,
    since: Annotated[str, typer.Option("--since", help="First seen since: a day, a time, today, yesterday, 24h, 7d.")] = "30d",
    until: Annotated[str | None, typer.Option("--until", help="First seen before the end of this day, or before this time.")] = None,
    topic: Annotated[list[str] | None, typer.Option("--topic", "-t", help="Only these topics; all that are watched without it.")] = None,
    format_: Annotated[
        ReportFormat | None, typer.Option("--format", "-f", help="html, pdf, csv or xlsx; by default as the file's name ends, else html.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.")] = None,
    language: Annotated[str | None, typer.Option("--lang", help="Language of the page's own words: en, vi or fr.")] = None,
) -> None:
    """Tell the coverage of a campaign: volume, timeline, share of voice, earned and owned, languages, outlets, most carried stories.

    CSV has one row an article; XLSX has all parts. PDF is printed by a Chromium on this machine.
    """
    from monitor.config import LANGUAGES
    from monitor.packs import reach_of
    from monitor.report.build import report_of
    from monitor.stories import lead
    from storage.filters import ArticleFilter

    ours = context_of(context)
    shape = format_ or _by_name(output)
    if shape in {ReportFormat.PDF, ReportFormat.XLSX} and output is None and sys.stdout.isatty():
        raise UsageError(f"--format {shape.value} is no text for a terminal", hint=f"name a file: -o report.{shape.value}")
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"--lang: there is no report in {language!r}", hint=f"choose {', '.join(LANGUAGES)}")
    begin = moment(since, ours.zone, "--since")
    end = moment(until, ours.zone, "--until", end=True) if until else now() + timedelta(microseconds=1)
    if begin >= end:
        raise UsageError("--since lies after --until", hint="exchange them")
    topics = [ours.watchlist.named(one) for one in topic or []] or list(ours.watchlist.names)
    with ours.store(create=False).reading() as reading:
        found = reading.articles.stories(ArticleFilter(since=begin, until=end, topic=topics[0] if len(topics) == 1 else None))
        made = report_of(found, topics=topics, since=begin, until=end, zone=ours.zone, now=now(), lead=lead, reach=reach_of)
    _write(_rendered(made, shape, language or ours.config.language), output)


def _by_name(output: Path | None) -> ReportFormat:
    ending = output.suffix.lower().lstrip(".") if output else ""
    return ReportFormat(ending) if ending in set(ReportFormat) else ReportFormat.HTML


def _rendered(made: Report, shape: ReportFormat, language: str) -> bytes:
    if shape is ReportFormat.CSV:
        from monitor.report.tables import csv_of

        return csv_of(made).encode()
    if shape is ReportFormat.XLSX:
        from monitor.report.tables import xlsx_of

        return xlsx_of(made)
    from monitor.report.render_html import render_report

    page = render_report(made, language)
    if shape is ReportFormat.PDF:
        from monitor.report.pdf import pdf_of

        return pdf_of(page)
    return page.encode()


def _write(data: bytes, output: Path | None) -> None:
    if output is None or str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    from monitor.files import write_bytes

    write_bytes(output, data)
