"""Measure copies and stories: pair precision and recall, B-cubed F, a storm of copies, order, articles a second (`growth`: by size of the store).

python -m benchmarks.stories [FOLDER]

FOLDER holds mentions-dev.jsonl and stories-dev.jsonl.gz; otherwise the environment's MONITOR_CORPUS, otherwise ../shared/corpus beside the
repository; the recorded web is found likewise (`recorded`). What is absent is left out. B-cubed after A. Bagga and B. Baldwin (1998).
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.recorded import recorded
from monitor.matching import Matcher
from monitor.placing import enter, place
from monitor.settling import settle_stories
from monitor.watchlist import builtin_watchlist
from storage.articles import NewArticle
from storage.identity import outlet_host
from storage.items import Article, BodyFrom
from storage.reading import Transaction
from storage.store import Store

FAMILIAR = Matcher(builtin_watchlist()).familiar
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def article_of(row: dict[str, Any]) -> Article:
    """Make the article that an import makes of a labelled row; a date without a day is no date."""
    stated = row.get("published")
    published = datetime.fromisoformat(stated).replace(tzinfo=UTC) if stated and len(stated) >= 10 else None
    return Article(
        url=row["url"], title=row["title"], text=row["text"], published=published, language=row.get("lang") or "",
        outlet=row.get("outlet") or "", outlet_host=outlet_host(row["url"]), body_from=BodyFrom.IMPORT,
    )  # fmt: skip


def store_one(transaction: Transaction, article: Article, at: datetime) -> int:
    """Place and store one article as the line does."""
    made, decision = place(transaction, article, at, familiar=FAMILIAR)
    new = NewArticle(
        article=article, url_keys=(), first_seen=at, story_id=decision.story_id, copy_id=decision.copy_id, evidence=decision.evidence
    )
    article_id = transaction.articles.add(new)
    for other in decision.merge:
        assert decision.story_id is not None
        transaction.articles.merge(decision.story_id, other)
    if decision.copies:
        assert decision.copy_id is not None
        transaction.articles.join_copies(decision.copy_id, decision.copies)
    enter(transaction, article_id, made, at, decision)
    return article_id


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


def pairs(
    rows: Sequence[dict[str, Any]], found: Sequence[int], label: str, keep: Callable[[Any, Any], bool]
) -> tuple[float, float, int, int]:
    """Return precision and recall over pairs, with the wrong and the labelled pairs."""
    right = wrong = all_ = 0
    for i, j in itertools.combinations(range(len(rows)), 2):
        if not keep(rows[i], rows[j]):
            continue
        same = bool(rows[i].get(label)) and rows[i][label] == rows[j].get(label)
        all_ += same
        if found[i] == found[j]:
            right += same
            wrong += not same
    return right / max(1, right + wrong), right / max(1, all_), wrong, all_


def b_cubed(labels: Sequence[Any], found: Sequence[Any]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F."""
    both = Counter(zip(labels, found, strict=True))
    by_label, by_found = Counter(labels), Counter(found)
    precision = sum(both[one] / by_found[one[1]] for one in zip(labels, found, strict=True)) / len(labels)
    recall = sum(both[one] / by_label[one[0]] for one in zip(labels, found, strict=True)) / len(labels)
    return precision, recall, 2 * precision * recall / (precision + recall)


def mentions(path: Path) -> None:
    """Report pair figures on the labelled mentions."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    groups = group([article_of(row) for row in rows])
    stories, copies = [one[0] for one in groups], [one[1] for one in groups]
    everything: Callable[[Any, Any], bool] = lambda a, b: True  # noqa: E731
    across: Callable[[Any, Any], bool] = lambda a, b: a["lang"] != b["lang"]  # noqa: E731
    for name, found, label, keep in (
        ("copies", copies, "dup", everything),
        ("stories", stories, "story", everything),
        ("stories across languages", stories, "story", across),
    ):
        precision, recall, wrong, labelled = pairs(rows, found, label, keep)
        print(f"mentions: {name:26} precision {precision:.3f}  recall {recall:.3f}  ({wrong} wrong, {labelled} labelled pairs)")


def clusters(path: Path) -> None:
    """Report B-cubed figures on the labelled clusters, each set in a store of its own."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for name in sorted({row["set"] for row in rows}):
        chosen = [row for row in rows if row["set"] == name]
        found = [one[0] for one in group([article_of(row) for row in chosen])]
        labels = [row["story"] for row in chosen]
        precision, recall, f = b_cubed(labels, found)
        wrong, missed = wrong_and_missed(labels, found)
        print(f"{name}: B-cubed F {f:.3f} (precision {precision:.3f}, recall {recall:.3f}); {wrong} pairs merged wrongly, {missed} missed")


def wrong_and_missed(labels: Sequence[Any], found: Sequence[Any]) -> tuple[int, int]:
    """Count pairs merged wrongly, and pairs missed."""
    wrong = missed = 0
    for i, j in itertools.combinations(range(len(labels)), 2):
        wrong += found[i] == found[j] and labels[i] != labels[j]
        missed += found[i] != found[j] and labels[i] == labels[j]
    return wrong, missed


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


# ---------------------------------------------------------------------- made-up news

_SYLLABLES = "ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge go gu ka ke ki la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo za ze zo".split()


class Maker:
    """Makes articles whose words are as unevenly common as those of a language (Zipf)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        build = random.Random(1)
        self._words = ["".join(build.choices(_SYLLABLES, k=build.choice((1, 2, 2, 3, 3, 4)))) for _ in range(30_000)]
        self._names = ["".join(build.choices(_SYLLABLES, k=build.choice((2, 3)))).title() for _ in range(20_000)]
        self._weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self._words))))

    def sentence(self, names: Sequence[str] = ()) -> str:
        """Make one sentence."""
        words = self._random.choices(self._words, cum_weights=self._weights, k=self._random.randint(8, 22))
        if names:
            words.insert(len(words) // 2, self._random.choice(list(names)))
        return f"{words[0].title()} {' '.join(words[1:])}."

    def article(self, number: int, at: datetime, sentences: int = 12) -> Article:
        """Make one article of its own event."""
        names = [" ".join(self._random.choices(self._names, k=2)) for _ in range(3)]
        text = " ".join(self.sentence(names if index % 2 else ()) for index in range(sentences))
        title = f"{names[0]} {' '.join(self._random.choices(self._words, cum_weights=self._weights, k=5))}"
        host = f"outlet{number % 400}.example"
        return Article(url=f"https://{host}/{number}", title=title, text=text, published=at, language="en", outlet_host=host)


def variants(release: Article, count: int, seed: int = 7) -> list[Article]:
    """Make copies of one release as outlets print it: another dateline, cut, furniture added, other typography, another headline."""
    chance, maker = random.Random(seed), Maker(seed)
    sentences = release.text.split(". ")
    made = []
    for number in range(count):
        kept = sentences[: max(3, round(len(sentences) * chance.choice((1.0, 1.0, 0.9, 0.8, 0.7, 0.6))))]
        text = ". ".join(kept)
        if chance.random() < 0.6:
            text = f"{chance.choice(('HANOI', 'MONTREAL', 'Paris', 'TP.HCM'))}, Nov. {chance.randint(1, 28)}, 2026 /Wire/ - {text}"
        if chance.random() < 0.5:
            text = f"{text} {maker.sentence()} Read more: {maker.sentence()}"
        if chance.random() < 0.5:
            text = text.replace("'", "’").replace(" - ", " — ").replace(". ", ".\n")
        title = release.title if chance.random() < 0.6 else f"{release.title}: {maker.sentence()[:30]}"
        host = f"copy{number}.example"
        at = (release.published or NOW) + timedelta(hours=chance.randint(0, 40))
        made.append(Article(url=f"https://{host}/{number}", title=title, text=text, published=at, language="en", outlet_host=host))
    return made


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


def throughput(count: int = 6_000) -> None:
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
        subprocess.run([*command, f"{folder}/news.jsonl"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
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
    sums = [0, 0, 0]
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
        stories = [found[number][0] for number in range(len(rows))]
        right = wrong = labelled = 0
        for i, j in itertools.combinations([number for number, row in enumerate(rows) if row["story"]], 2):
            same = rows[i]["story"] == rows[j]["story"]
            labelled += same
            right += same and stories[i] == stories[j]
            wrong += not same and stories[i] == stories[j]
        sums = [sums[0] + right, sums[1] + wrong, sums[2] + labelled]
    right, wrong, labelled = sums
    print(f"one week, {times} draws: precision {right / max(1, right + wrong):.3f}  recall {right / max(1, labelled):.3f}")


def main() -> None:
    """Run all of it and print the figures."""
    arguments = [one for one in sys.argv[1:] if not one.startswith("-") and Path(one).is_dir()]
    default = os.environ.get("MONITOR_CORPUS") or str(Path(__file__).parents[2] / "shared" / "corpus")
    folder = Path(arguments[0] if arguments else default)
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
    throughput()


if __name__ == "__main__":
    main()
