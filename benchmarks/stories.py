"""Measure copies and stories: pair precision and recall, B-cubed F, a storm of copies, order, articles a second (`growth`: by size of the store).

`python -m benchmarks stories`; `MONITOR_CORPUS=DIR` holds mentions-dev.jsonl and stories-dev.jsonl.gz, otherwise ../shared/corpus beside the
repository; what is absent is left out. Then the recorded web (`recorded`). Articles are kept one by one as an import keeps them, and
grouped once more in the end; what they mention plays no part. Figures stand beside labels made by people, not beside another program.
"""

from __future__ import annotations

import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.given import corpus, environment
from benchmarks.grouped import Pairs, across, b_cubed, everything, pairs
from benchmarks.made_up import NOW, Maker, variants
from benchmarks.recorded import recorded
from monitor.importing import read_line
from monitor.keeping import Keeping
from monitor.matching import Matcher, Matches
from monitor.outlets import with_outlet
from monitor.settling import settle_stories
from monitor.watchlist import builtin_watchlist
from storage.items import Arrival, Article, BodyFrom, Kind, Source
from storage.reading import Transaction
from storage.store import Store

FAMILIAR = Matcher(builtin_watchlist()).familiar
SOURCE = Source(id="import-labelled", url="", kind=Kind.IMPORT, origin="once")


def article_of(row: dict[str, Any]) -> Article:
    """Return the article that an import makes of a labelled row."""
    return with_outlet(read_line(json.dumps(row).encode(), NOW), SOURCE)


def store_one(transaction: Transaction, article: Article, at: datetime) -> int:
    """Keep one article as an import does, and return its id."""
    keeping = Keeping(transaction, at, lambda verdicts: Matches(), familiar=FAMILIAR)
    return keeping.keep(Arrival(source=SOURCE, article=article), Matches(), baseline=False)[1]


def group(articles: Sequence[Article], batch: int = 200) -> list[tuple[int, int]]:
    """Store articles in order in a fresh database; return story and copy group of each."""
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/measure.db") as store:
        ids = []
        for start in range(0, len(articles), batch):
            with store.transaction() as transaction:
                ids += [store_one(transaction, one, one.published or NOW) for one in articles[start : start + batch]]
        settle_stories(store, FAMILIAR, NOW)
        with store.reading() as reading:
            return [(one.story_id, one.copy_id) for one in reading.articles.many(ids, with_text=False)]


def mentions(path: Path) -> None:
    """Report pair figures on the labelled mentions."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    groups = group([article_of(row) for row in rows])
    stories, copies = [one[0] for one in groups], [one[1] for one in groups]
    for name, found, label, keep in (
        ("copies", copies, "dup", everything),
        ("stories", stories, "story", everything),
        ("stories across languages", stories, "story", across),
    ):
        print(f"mentions: {name:26} {pairs(rows, found, label, keep)}")


def clusters(path: Path) -> None:
    """Report B-cubed figures on the labelled clusters, each set in a store of its own."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for name in sorted({row["set"] for row in rows}):
        chosen = [row for row in rows if row["set"] == name]
        found = [one[0] for one in group([article_of(row) for row in chosen])]
        precision, recall, f = b_cubed([row["story"] for row in chosen], found)
        made = pairs(chosen, found, "story")
        print(
            f"{name}: B-cubed F {f:.3f} (precision {precision:.3f}, recall {recall:.3f}); "
            f"{made.wrong} pairs merged wrongly, {made.labelled - made.right} missed"
        )


def shuffles(path: Path, times: int = 10) -> None:
    """Report how far groups depend on the order of arrival."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    articles = [article_of(row) for row in rows]
    seen: list[set[frozenset[int]]] = []
    for seed in range(times):
        order = list(range(len(rows)))
        random.Random(seed).shuffle(order)
        found = group([articles[number] for number in order])
        groups: dict[int, set[int]] = defaultdict(set)
        for number, (story_id, _) in zip(order, found, strict=True):
            groups[story_id].add(number)
        seen.append({frozenset(one) for one in groups.values()})
    same = set.intersection(*seen)
    steady = sum(len(one) for one in same)
    print(f"order: {steady} of {len(rows)} articles stand in the same group in all of {times} shuffled orders")
    for one in sorted(set.union(*seen) - same, key=sorted)[:12]:
        print("   ", sum(one in orders for orders in seen), "of", times, [rows[number]["title"][:44] for number in sorted(one)])


def storm(others: int = 20_000, copies: int = 200) -> tuple[int, int, int]:
    """Return how many variants stand in one copy group, of how many, and how many other articles were joined to it."""
    maker = Maker(3)
    release = maker.article(0, NOW, sentences=20)
    flood = [(one, True) for one in variants(release, copies)]
    crowd = [(maker.article(number, NOW + timedelta(minutes=number % 3_000)), False) for number in range(1, others + 1)]
    mixed = flood + crowd
    random.Random(5).shuffle(mixed)
    groups = group([one for one, _ in mixed], batch=2_000)
    counts = Counter(copy for (_, copy), (_, ours) in zip(groups, mixed, strict=True) if ours)
    biggest = counts.most_common(1)[0]
    story = next(s for (s, c), (_, ours) in zip(groups, mixed, strict=True) if ours and c == biggest[0])
    joined = sum(1 for (s, _), (_, ours) in zip(groups, mixed, strict=True) if s == story and not ours)
    return biggest[1], copies, joined


def importing(count: int = 6_000) -> None:
    """Report how many articles a second `monitor import` takes in, end to end, and what one weighs in the database."""
    maker = Maker(17)
    with tempfile.TemporaryDirectory() as folder:
        rows = (maker.article(number, NOW - timedelta(minutes=number % 40_000), sentences=18) for number in range(count))
        with Path(folder, "news.jsonl").open("w", encoding="utf-8") as file:
            for one in rows:
                stated = one.published.isoformat() if one.published else None
                file.write(json.dumps({"url": one.url, "title": one.title, "text": one.text, "published": stated, "lang": "en"}) + "\n")
        command = [sys.executable, "-m", "monitor", "--database", f"sqlite:///{folder}/m.db", "import", "--keep-unmatched"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run([*command, f"{folder}/news.jsonl"], check=True, cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        weight = Path(folder, "m.db").stat().st_size / count
        print(f"monitor import: {count / wall:.0f} articles a second, {count / cpu:.0f} a second of CPU; {weight:,.0f} bytes an article")


def week(path: Path, times: int = 8) -> None:
    """Report story figures where all labelled mentions fall into one week: each story on one day, drawn anew each time.

    Harder than life: news of ten years about one name, within days.
    """
    rows = [one for one in map(json.loads, path.read_text("utf-8").splitlines()) if one["entities"]]
    drawn = []
    for seed in range(times):
        chance = random.Random(seed)
        days: dict[str, int] = {}
        articles = []
        for row in rows:
            day = days.setdefault(row["story"] or row["id"], chance.randrange(7))
            at = NOW - timedelta(days=day, minutes=chance.randrange(720))
            articles.append(replace(article_of(row), published=at, body_from=BodyFrom.PAGE))
        order = sorted(range(len(rows)), key=lambda number: articles[number].published or NOW)
        found = dict(zip(order, group([articles[number] for number in order]), strict=True))
        told = [number for number, row in enumerate(rows) if row["story"]]
        drawn.append(pairs([rows[number] for number in told], [found[number][0] for number in told], "story"))
    print(f"one week, {times} draws: {Pairs(*(sum(one) for one in zip(*map(astuple, drawn), strict=True)))}")


def main() -> None:
    """Run all of it and print the figures."""
    folder = corpus()
    for name, measure in (
        ("mentions-dev.jsonl", mentions),
        ("stories-dev.jsonl.gz", clusters),
        ("mentions-dev.jsonl", week),
        ("mentions-dev.jsonl", shuffles),
    ):
        if (folder / name).is_file():
            measure(folder / name)
        else:
            print(f"{name}: absent, left out")
    recorded()
    found, copies, joined = storm()
    print(f"storm: {found} of {copies} variants in one copy group among 20,000 others, {joined} others joined")
    importing()


if __name__ == "__main__":
    main()
