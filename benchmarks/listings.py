"""Read real pages that list posts or news: `LISTING_PAGES=DIR python -m benchmarks listings`, DIR being autopager/data of a checkout.

Made for the pages of github.com/TeamHG-Memex/autopager (2016, 12 languages), a table `data.csv` of addresses and their next pages beside
`html/`. Which of them list posts or news was decided by looking at each; the others are shops, forums, single articles, entrances. A page
counts as read if three links or more are found; next pages are compared where the table names one.
"""

from __future__ import annotations

import csv
import sys
import time
from datetime import UTC, datetime
from typing import Any

from lxml import html as lxml_html

from benchmarks.given import folders
from spiders.readers.links import absolute
from spiders.readers.listing import read_listing
from spiders.readers.paging import next_page
from storage.errors import ReadError

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FLOOR = 0.9  # of the pages that list posts or news
LISTS = frozenset(
    "9 10 11 12 13 14 15 22 23 25 26 27 33 34 35 39 40 50 51 73 74 75 76 77 79 80 81 85 86 95 96 97 98 99 100 101 102 103 104 106 107 112 113 "
    "124 125 126 130 131 136 137 138 142 143 146 147 148 149 151 152 153 154 158 161 162 163 165 173 174 175 176 180 181 182 185 191 192 201 "
    "202 203".split()
)


def main() -> None:
    """Read all pages and print what was found; ends the process with 1 below the floor."""
    folder = folders("LISTING_PAGES", holding="data.csv")[0]
    read = others = pages = agreed = named = 0
    unread: list[str] = []
    began = time.process_time()
    with (folder / "data.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            body = (folder / "html" / f"{row['File Name']}.html").read_bytes()
            found = _links(body, row)
            pages += 1
            if row["File Name"] not in LISTS:
                others += found >= 3
                continue
            read += found >= 3
            if found < 3:
                unread.append(f"{row['File Name']} {row['Page URL']}")
            if wanted := _next(body, row):
                named += 1
                agreed += wanted == next_page(_parsed(body, row), row["Page URL"]).partition("#")[0]
    print(f"{pages} pages, {time.process_time() - began:.1f} s of CPU")
    print(f"lists of posts or news: {read} of {len(LISTS)} read; next pages: {agreed} of {named} agree")
    print(f"of {pages - len(LISTS)} other pages (shops, forums, ...) {others} are read as lists, too")
    for name in unread:
        print(f"not read: {name}")
    if read < FLOOR * len(LISTS):
        sys.exit(1)


def _links(body: bytes, row: dict[str, str]) -> int:
    try:
        return len(read_listing(body, url=row["Page URL"], encoding=row["Encoding"] or None, zone="UTC", now=NOW).links)
    except ReadError:
        return 0


def _next(body: bytes, row: dict[str, str]) -> str:
    """The next page as the table names it, "" where it names none."""
    for element in _parsed(body, row).cssselect(row["NEXT"]) if row["NEXT"] else ():
        anchor = next((one for one in (element, *element.iterancestors()) if one.tag == "a"), None)
        if anchor is not None and anchor.get("href"):
            return absolute(row["Page URL"], anchor.get("href")).partition("#")[0]
    return ""


def _parsed(body: bytes, row: dict[str, str]) -> Any:
    return lxml_html.document_fromstring(body, parser=lxml_html.HTMLParser(encoding=row["Encoding"] or "utf-8"))
