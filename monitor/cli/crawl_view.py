"""Show a crawl: a progress bar while it works (on a terminal), a summary by outcome when it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from monitor.crawl import Progress
    from monitor.crawl_report import CrawlReport
    from monitor.importing import ImportReport
    from monitor.log import Log


@contextmanager
def watch(out: TextIO, *, silent: bool = False) -> Iterator[Progress]:
    """Yield what a crawl calls with (done, total, what it does); a bar on a terminal, silence in a pipe."""
    if silent or not out.isatty():
        yield lambda done, total, doing: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=out), transient=True, expand=True) as bar:
        task = bar.add_task("crawling", total=None)

        def advance(done: int, total: int, doing: str) -> None:
            bar.update(task, completed=done, total=total or None, description=Text(doing).plain[:40].replace("[", "("))

        yield advance


def print_report(report: CrawlReport, *, out: TextIO, as_json: bool) -> None:
    """Print what a crawl came to."""
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2), file=sys.stdout)
        return
    for line in report.lines():
        print(line, file=out)


def log_report(report: CrawlReport, log: Log) -> None:
    """Write down what a crawl came to: an event for it, and one for each source that could not be read."""
    record = report.as_dict()
    for failing in record.pop("failing"):
        log.say("source", f"not read: {failing['source']}: {failing['error'] or failing['kind']}", level="warning", **failing)
    log.say("crawl", report.lines()[0], level="error" if report.failure else "info", **record)


def print_import(report: ImportReport, *, as_json: bool) -> None:
    """Print what an import came to."""
    if as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        print(report.line())
