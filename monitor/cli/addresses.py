"""Addresses from a file or a pipe, and what became of those that were crawled once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

from storage.errors import UsageError

if TYPE_CHECKING:
    from storage.reading import Reading

MOST = 100_000  # lines of a list
EXPLAINED = 20  # addresses that are explained one by one; of more only the sums are told


def expanded(what: Sequence[str], file: Path | None) -> list[str]:
    """Return the names and addresses of a command line, "-" replaced by the lines of stdin, those of `file` added.

    Raises:
        UsageError: the file cannot be read, or the list is empty although one was named.
    """
    names: list[str] = []
    for name in what:
        names += _lines(sys.stdin.buffer.read().decode("utf-8-sig", "replace"), "stdin") if name == "-" else [name]
    if file is not None:
        if str(file) == "-":
            names += _lines(sys.stdin.buffer.read().decode("utf-8-sig", "replace"), "stdin")
        else:
            try:
                names += _lines(file.read_bytes().decode("utf-8-sig", "replace"), str(file))
            except OSError as error:
                raise UsageError(f"{file}: cannot be read: {error.strerror or error}", hint="name a file with one address a line") from None
    return list(dict.fromkeys(names))


def _lines(text: str, name: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise UsageError(f"{name} names no address", hint="write one address a line; lines that begin with # are left out")
    if len(found) > MOST:
        raise UsageError(f"{name} has more than {MOST} lines", hint="split it")
    return found


def explain(reading: Reading, urls: Sequence[str], *, zone: ZoneInfo, out: TextIO) -> None:
    """Say of each article among the addresses whether it was kept, and why."""
    from monitor.why import NEVER, way_of

    for url in urls[:EXPLAINED]:
        way = way_of(reading, url, zone)
        if way.code != NEVER:
            print(f"{url}\n  {way.stage}", file=out)
            for line in way.lines:
                print(f"  {line}", file=out)
