"""A day's work in one call: crawl what is due in a child process, make the digest, write its files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.editions import Desk, next_edition, of_day
from monitor.files import write_text
from monitor.shapes import render

if TYPE_CHECKING:
    from monitor.digest.record import Digest

# What a file's ending is called in the configuration, and how it is rendered.
ENDINGS = {"html": "html", "txt": "text", "md": "markdown", "json": "json", "atom": "atom"}


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day's work came to."""

    digest: Digest  # what is new since the last digest
    files: tuple[Path, ...]  # the whole day, one file a format
    exit_code: int  # 0, 3 (partly: a source or the crawl failed), 1 (nothing could be read)


def run_daily(desk: Desk, *, crawl: Sequence[str] | None, deadline_s: float, folder: Path, formats: Sequence[str]) -> Day:
    """Run the crawl's command line (None: no crawl), then tell what is new.

    The crawl is a child with a time limit of its own: whatever becomes of it, the digest is made, and says so.
    """
    code = 0 if crawl is None else run_child(crawl, deadline_s)
    edition = next_edition(desk)
    whole = of_day(desk, edition.digest.day).digest
    files = tuple(write_digest(whole, folder, ending) for ending in formats)
    if code == 0:
        exit_code = 0
    else:
        # The digest is made and says what failed: partly done, unless the crawl could not even begin.
        exit_code = 2 if code == 2 else 3
    return Day(digest=edition.digest, files=files, exit_code=exit_code)


def run_child(command: Sequence[str], deadline_s: float) -> int:
    """Run one of our commands as a child and return its exit code; its report goes to stderr.

    A child that outlives its deadline by more than a minute is killed: a crawl ends by itself at its deadline.
    """
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=deadline_s + 60, check=False).returncode  # noqa: S603 - our own command line
    except subprocess.TimeoutExpired:
        print(f"the crawl did not end within {deadline_s / 60:.0f} minutes and was stopped", file=sys.stderr)
        return 1


def write_digest(digest: Digest, folder: Path, ending: str) -> Path:
    """Write one file of a digest, named by its day, and return its path.

    Raises:
        monitor.files.FileError: it cannot be written.
    """
    path = folder / f"{digest.day.isoformat()}.{ending}"
    write_text(path, render(digest, ENDINGS[ending]))
    return path
