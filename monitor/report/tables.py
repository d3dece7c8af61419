"""A report as tables: one CSV of its articles, or a workbook of all its parts. No cell can become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from monitor.export import inert

if TYPE_CHECKING:
    from monitor.report.build import Report

_ARTICLES = ("day", "story", "headline", "outlet", "host", "language", "ownership", "reach", "topics", "units", "passing", "snippet", "url")
_STORIES = ("id", "headline", "outlet", "language", "day", "topics", "outlets", "articles", "url")
_OUTLETS = ("name", "host", "articles", "stories", "ownership", "reach")
_VOICES = ("topic", "articles", "stories", "outlets", "earned", "part")
_WIDTHS = {"headline": 60, "snippet": 60, "url": 40, "outlet": 22, "name": 22, "host": 22, "units": 24, "topics": 18, "day": 11}


def csv_of(report: Report) -> str:
    """Return one row an article, with a header line (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_ARTICLES)
    for row in report.articles:
        writer.writerow([inert(_text(getattr(row, name))) for name in _ARTICLES])
    return out.getvalue()


def xlsx_of(report: Report) -> bytes:
    """Return a workbook: a summary, the timeline, share of voice, outlets, stories, articles."""
    import xlsxwriter

    out = io.BytesIO()
    # Strings stay strings: neither "=1+1" nor an address in a headline may do anything by itself.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": f"{', '.join(report.topics)}, {report.first} to {report.last}"})
        sheets = _Sheets(book)
        sheets.add("Summary", ("what", "value"), _summary(report))
        sheets.add("Timeline", ("day", "articles"), report.days)
        sheets.add("Share of voice", _VOICES, _cells(report.voices, _VOICES), percent="part")
        sheets.add("Outlets", _OUTLETS, _cells(report.outlets, _OUTLETS))
        sheets.add("Stories", _STORIES, _cells(report.stories, _STORIES))
        sheets.add("Articles", _ARTICLES, _cells(report.articles, _ARTICLES))
    return out.getvalue()


class _Sheets:
    def __init__(self, book: Any) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._percent = book.add_format({"num_format": "0.0%"})

    def add(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, percent: str = "") -> None:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(head):
            sheet.set_column(column, column, _WIDTHS.get(title, 12))
            sheet.write_string(0, column, title, self._head)
        last = 0
        for last, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(last, column, value, self._day)
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(last, column, value, self._percent if head[column] == percent else None)
                else:
                    sheet.write_string(last, column, str(_text(value)))
        if last:
            sheet.autofilter(0, 0, last, len(head) - 1)


def _summary(report: Report) -> list[tuple[str, object]]:
    return [
        ("first day", report.first),
        ("last day", report.last),
        ("time zone", report.timezone),
        ("topics", ", ".join(report.topics)),
        ("articles", len(report.articles)),
        ("stories", len(report.stories)),
        ("outlets", len(report.outlets)),
        ("named in passing only", report.passing),
        *((f"ownership: {one.name}", one.n) for one in report.ownership),
        *((f"language: {one.name or 'unknown'}", one.n) for one in report.languages),
    ]


def _cells(rows: Iterable[object], names: Sequence[str]) -> Iterable[list[object]]:
    return ([getattr(row, name) for name in names] for row in rows)


def _text(value: object) -> object:
    """Write what a cell cannot hold as it is."""
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else value
