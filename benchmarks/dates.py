"""Date real pages: `DATED_PAGES=DIR python -m benchmarks dates`, DIR being the `tests` folder of a checkout of github.com/adbar/htmldate.

A thousand pages of all kinds (2016 to 2020, most of them German or English, many no news) with the day on which each was published, by
hand. Each is read as a crawl reads it, in UTC, for nothing tells the outlets' zones; a day before or after counts as right. htmldate
itself, made with these pages, stands beside. Reads all of them twice: with what they state for programs, and without (JSON-LD, meta, time).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.given import folders
from spiders.pages.generic import extract
from storage.errors import ExtractError

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
_STATED = re.compile(
    rb"<script[^>]*ld\+json.*?</script>|<meta[^>]*>|(?<=<time)[^>]*|\s(?:datetime|content|itemprop|pubdate)\s*=\s*(?:\"[^\"]*\"|'[^']*')",
    re.I | re.S,
)


def main() -> None:
    """Read all pages and print how many dates were right, missed and wrong."""
    folder = folders("DATED_PAGES", holding="eval_default.json")[0]
    truth: dict[str, dict[str, str]] = {}
    for name in ("eval_mediacloud_2020.json", "eval_default.json"):
        truth |= json.loads((folder / name).read_text(encoding="utf-8"))
    dated = {url: one for url, one in truth.items() if isinstance(one["date"], str)}
    pages = [(url, found[0].read_bytes(), date.fromisoformat(one["date"])) for url, one in dated.items() if (found := _files(folder, one))]
    for what, change in (("as they are", lambda body: body), ("without what they state for programs", lambda body: _STATED.sub(b"", body))):
        for reader in (ours, by_htmldate):
            tally = Counter(_judged(reader(url, change(body)), day) for url, body, day in pages)
            print(
                f"{len(pages)} pages {what}, {reader.__name__}: "
                + ", ".join(f"{tally[word]} {word}" for word in ("right", "missed", "wrong"))
            )


def ours(url: str, body: bytes) -> date | None:
    """The day as a crawl finds it."""
    try:
        found = extract(body, url=url, encoding=None, language="", timezone="UTC", now=NOW).published
    except ExtractError:
        return None
    return found.date() if found else None


def by_htmldate(url: str, body: bytes) -> date | None:
    """The day as htmldate finds it, without its guesses."""
    import htmldate

    try:
        found = htmldate.find_date(body.decode("utf-8", "replace"), url=url, original_date=True, extensive_search=False)
    except ValueError:
        return None
    return date.fromisoformat(found) if found else None


def _files(folder: Path, one: dict[str, str]) -> list[Path]:
    return [path for place in ("test_set", "cache", "eval") if (path := folder / place / one["file"]).is_file()]


def _judged(found: date | None, day: date) -> str:
    return "missed" if found is None else "right" if abs(found - day) <= timedelta(days=1) else "wrong"


if __name__ == "__main__":
    main()
