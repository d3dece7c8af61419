"""The digest over 100,000 stored articles: `monitor digest --preview` beside a day's list out of the `reader` library.

Both hold the same 100,000 entries of the last year, 300 of them of today. The monitor's store is filled through its own tables, told up
to yesterday; reader's by its own update from feed files, where it is installed (`pip install reader sgmllib3k`). Reading and rendering is measured,
filling is not.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from benchmarks.feedserver import text
from benchmarks.measure import Run, median, run, table

ARTICLES, NEW, FEEDS, RUNS = 100_000, 300, 100, 5

READER_FILL = """
import sys
from pathlib import Path
from reader import make_reader
reader = make_reader(sys.argv[1], feed_root=sys.argv[2])
for file in sorted(Path(sys.argv[2]).glob("*.xml")):
    reader.add_feed(file.name, exist_ok=True)
reader.update_feeds(workers=2)
assert reader.get_entry_counts().total == {articles}, reader.get_entry_counts().total
"""

READER_DAY = """
import sys
from datetime import datetime, timedelta, timezone
from reader import make_reader
reader = make_reader(sys.argv[1])
since = datetime.now(timezone.utc) - timedelta(days=1)
found = [entry for entry in reader.get_entries() if entry.published and entry.published >= since]
for entry in found:
    print(entry.title, entry.link, entry.published, (entry.summary or "")[:200])
assert len(found) >= {new}, len(found)
"""


def moments(now: datetime) -> list[datetime]:
    """When each article was first seen: the last `NEW` within the last hours, the others over the year before."""
    old = [now - timedelta(days=2) - timedelta(minutes=5 * number) for number in range(ARTICLES - NEW)]
    return [*reversed(old), *(now - timedelta(minutes=2 * number) for number in reversed(range(NEW)))]


def fill_store(path: Path, now: datetime) -> None:
    """Make a store with all articles, the old ones told."""
    from sqlalchemy import insert

    from storage import schema
    from storage.store import Store

    with Store.open(str(path)) as store, store.transaction() as transaction:
        connection = transaction.connection
        connection.execute(
            insert(schema.digests),
            [
                {
                    "id": 1,
                    "name": "daily",
                    "day": "2026-01-01",
                    "edition": 1,
                    "created": now,
                    "since": None,
                    "until": now - timedelta(days=1),
                }
            ],
        )
        rows = list(enumerate(moments(now), 1))
        for start in range(0, len(rows), 5_000):
            part = rows[start : start + 5_000]
            connection.execute(insert(schema.stories), [{"id": number, "created": moment} for number, moment in part])
            connection.execute(insert(schema.articles), [article(number, moment) for number, moment in part])
            connection.execute(
                insert(schema.texts), [{"article_id": number, "summary": text(number, 40), "text": text(number, 300)} for number, _ in part]
            )
            connection.execute(insert(schema.mentions), [mention(number) for number, _ in part])
            told = [
                {"name": "daily", "story_id": number, "digest_id": 1, "position": number, "baseline": False}
                for number, _ in part
                if number <= ARTICLES - NEW
            ]
            if told:
                connection.execute(insert(schema.told), told)


def article(number: int, moment: datetime) -> dict[str, object]:
    """One row of articles."""
    return {
        "id": number, "story_id": number, "copy_id": number, "url": f"https://outlet{number % 300}.example/{number}", "canonical_url": None,
        "title": text(number, 11), "title_key": str(number), "published": moment, "updated": None, "authors": [], "outlet": f"Outlet {number % 300}",
        "outlet_host": f"outlet{number % 300}.example", "language": ("vi", "en", "fr")[number % 3], "country": "VN", "ownership": "earned",
        "body_from": "page", "opaque": False, "why_no_page": "", "first_seen": moment, "revised": None, "baseline": False, "suppressed": False,
        "matched": True, "evidence": {"rule": "first", "score": 1.0, "parts": []},
    }  # fmt: skip


def mention(number: int) -> dict[str, object]:
    """One row of mentions."""
    return {
        "article_id": number, "position": 0, "topic": ("FPT", "Mila", "FUNiX")[number % 3], "unit": "", "alias": "FPT", "field": "text", "start": 0,
        "stop": 3, "snippet": text(number, 30), "snippet_start": 0, "score": 0.9, "parts": [], "passing": False,
    }  # fmt: skip


def write_feeds(folder: Path, now: datetime) -> None:
    """Write the same articles as feed files for reader."""
    from email.utils import format_datetime

    rows = list(enumerate(moments(now), 1))
    size = len(rows) // FEEDS
    for feed in range(FEEDS):
        items = "".join(
            f"<item><title>{text(number, 11)}</title><link>https://outlet.example/{number}</link><guid>{number}</guid>"
            f"<pubDate>{format_datetime(moment)}</pubDate><description>{text(number, 40)}</description></item>"
            for number, moment in rows[feed * size : (feed + 1) * size]
        )
        body = f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{feed}</title>{items}</channel></rss>"
        (folder / f"{feed:03}.xml").write_text(body, encoding="utf-8")


def main() -> None:
    """Print one row a contender."""
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "monitor.db"
        fill_store(database, now)
        monitor = [sys.executable, "-m", "monitor", "--database", str(database), "digest", "--preview", "--format"]
        rows: dict[str, Run | str] = {
            f"monitor digest, {shape}": median([run([*monitor, shape], cwd=name) for _ in range(RUNS)])
            for shape in ("text", "html", "json")
        }
        rival = "reader, a day's list"
        if find_spec("reader") is None:
            rows[rival] = "not installed here: pip install reader sgmllib3k"
        else:
            feeds = folder / "feeds"
            feeds.mkdir()
            write_feeds(feeds, now)
            (folder / "fill.py").write_text(READER_FILL.format(articles=ARTICLES), encoding="utf-8")
            (folder / "day.py").write_text(READER_DAY.format(new=NEW), encoding="utf-8")
            run([sys.executable, str(folder / "fill.py"), str(folder / "reader.db"), str(feeds)])
            day = [sys.executable, str(folder / "day.py"), str(folder / "reader.db")]
            rows[rival] = median([run(day) for _ in range(RUNS)])
        print(table(f"{ARTICLES} stored articles, {NEW} of them new", rows, rival=rival))


if __name__ == "__main__":
    main()
