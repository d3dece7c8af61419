"""Read public suites of broken feeds: `BROKEN_FEEDS=DIR:DIR python -m benchmarks broken_feeds`, each folder a checkout of one.

Made for the tests of feedparser (github.com/kurtmckee/feedparser), of the W3C's validator (github.com/w3c/feedvalidator) and of gofeed
(github.com/mmcdole/gofeed), and any other folder with files. Each file is read in a worker process as a crawl reads it, with five seconds and
the crawl's limit of memory. Either it is a feed, or it is refused in words; everything else is a finding, and ends in exit code 1.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.given import folders
from spiders.readers.feed import read_feed
from spiders.workers import MEMORY_MB, WorkerFailed, Workers
from storage.errors import ReadError
from storage.items import Source

LONGEST_S = 5.0
_LARGEST = 16 * 1024**2
_SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json", ".html", ".htm", ".feed", ".txt", ""}
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def main() -> None:
    """Read all files and print figures; ends the process with 1 on a finding."""
    findings = [found for folder in folders("BROKEN_FEEDS") for found in asyncio.run(_suite(folder))]
    for found in findings:
        print(f"FOUND {found}")
    if findings:
        sys.exit(1)


async def _suite(folder: Path) -> list[str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() in _SUFFIXES and ".git" not in path.parts)
    counts: Counter[str] = Counter()
    findings: list[str] = []
    slowest, slow_name = 0.0, ""
    workers = Workers(1, timeout_s=LONGEST_S)
    source = Source(id="suite", url="https://suite.example/feed")
    try:
        for number, path in enumerate(files):
            if path.stat().st_size > _LARGEST:
                continue
            began = time.monotonic()
            try:
                reading = await workers.run(read_feed, path.read_bytes(), source=source, url=source.url, now=NOW)
            except WorkerFailed as error:
                findings.append(f"{path}: {error}")
            except ReadError:
                counts["refused in words"] += 1
            else:
                counts["read"] += 1
                counts["entries"] += len(reading.entries)
                counts[f"by {reading.by}"] += 1
            spent = time.monotonic() - began
            if number and spent > slowest:  # the first one waits for the worker to start
                slowest, slow_name = spent, path.name
    finally:
        workers.close()
    said = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    print(
        f"{folder}: {len(files)} files, {said}; {len(findings)} findings; the slowest took {slowest:.2f} s ({slow_name}); limit {MEMORY_MB} MB",
        flush=True,
    )
    return findings
