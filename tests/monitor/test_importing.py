"""Import: order, four processes at once, a kill in the middle, changed articles."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.made_up import Maker
from monitor.importing import import_file
from storage.filters import ArticleFilter
from storage.items import Outcome
from storage.store import Store
from tests.monitor.desk import MATCHER
from tests.patience import LONG_S

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PAIRS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "pairs.jsonl").read_text("utf-8").splitlines()]
EVERYTHING = ArticleFilter(unmatched=True)


# An import that is killed (kill -9) in the middle of a transaction, at its five hundredth article.
DIES = """
import os, signal, sys
from monitor import importing
from monitor.cli import main

document_of, begun = importing.document_of, []

def dies(article):
    begun.append(article)
    if len(begun) == 500:
        os.kill(os.getpid(), signal.SIGKILL)
    return document_of(article)

importing.document_of = dies
main()
"""


def rows_of(kinds: set[str]) -> list[dict[str, Any]]:
    """The labelled pairs as lines of a file, each article at an address of its own."""
    rows = []
    for number, pair in enumerate(PAIRS):
        if pair["kind"] in kinds:
            for side in "ab":
                one = pair[side]
                rows.append({**one, "url": f"https://{one['host']}/{number}-{side}", "outlet": one["host"]})
    return rows


def written(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def imported(store: Store, file: Path, *, keep_unmatched: bool = True, restart: bool = False) -> dict[Outcome, int]:
    return dict(
        import_file(
            file, store, MATCHER, keep_unmatched=keep_unmatched, restart=restart, complain=lambda line: pytest.fail(line), clock=lambda: NOW
        ).outcomes
    )


def groups(store: Store) -> tuple[set[frozenset[str]], set[frozenset[str]], int]:
    """Stories and copy groups by address, and how many articles are stored."""
    stories, copies, count = defaultdict(set), defaultdict(set), 0
    with store.reading() as reading:
        for stored in reading.articles.export(EVERYTHING):
            stories[stored.story_id].add(stored.article.url)
            copies[stored.copy_id].add(stored.article.url)
            count += 1
    return {frozenset(one) for one in stories.values()}, {frozenset(one) for one in copies.values()}, count


def start(url: str, file: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "monitor", "--database", url, "import", "--keep-unmatched", str(file)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ | {"NO_COLOR": "1"})


def test_copies_are_the_same_in_ten_orders(tmp_path: Path) -> None:
    rows = rows_of({"copy"})
    seen = []
    for seed in range(10):
        random.Random(seed).shuffle(rows)
        with Store.open(f"sqlite:///{tmp_path}/{seed}.db") as store:
            imported(store, written(tmp_path / f"{seed}.jsonl", rows))
            seen.append(groups(store))
    # The pairs are a few releases, each printed by many.
    releases = defaultdict(set)
    for row in rows:
        number = int(row["url"].rpartition("/")[2].partition("-")[0])
        releases[PAIRS[number]["a"]["title"]].add(row["url"])
    wanted = {frozenset(one) for one in releases.values()}
    assert [copies for _, copies, _ in seen] == [wanted] * 10


def test_four_processes_at_once_give_what_one_gives(database_url: str, tmp_path: Path) -> None:
    rows = rows_of({pair["kind"] for pair in PAIRS})
    with Store.open(f"sqlite:///{tmp_path}/alone.db") as alone:
        imported(alone, written(tmp_path / "all.jsonl", rows))
        wanted = groups(alone)
    with Store.open(database_url):
        pass  # made once: four that find no tables would take turns at making them
    quarter = len(rows) // 4
    # Each file holds three quarters, beginning elsewhere: every article is brought by three of the four.
    turned = [rows[quarter * number :] + rows[: quarter * number] for number in range(4)]
    files = [written(tmp_path / f"part{number}.jsonl", one[: quarter * 3]) for number, one in enumerate(turned)]
    running = [start(database_url, file, tmp_path) for file in files]
    for process in running:
        _, errors = process.communicate(timeout=LONG_S)
        assert process.returncode == 0, errors.decode()
    with Store.open(database_url) as store:
        assert groups(store) == wanted


def test_how_many_lines_share_a_transaction_changes_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of({"copy", "quarterly", "market"})[-70:]
    file = written(tmp_path / "rows.jsonl", rows)
    imported(store, file)
    monkeypatch.setattr("monitor.importing._BATCH", 1)
    with Store.open(f"sqlite:///{tmp_path}/singly.db") as singly:
        imported(singly, file)
        placed = []
        for one in (store, singly):
            with one.reading() as reading:
                found = reading.articles.export(EVERYTHING)
                placed.append([(stored.article.url, stored.story_id, stored.copy_id, stored.evidence) for stored in found])
    assert placed[0] == placed[1]
    assert len({story_id for _, story_id, _, _ in placed[0]}) < len(rows)


def test_killed_in_the_middle_and_started_again(tmp_path: Path) -> None:
    maker = Maker(32)
    made = [maker.article(number, NOW, sentences=10) for number in range(900)]
    rows = [{"url": one.url, "title": one.title, "text": one.text, "published": "2026-11-22", "lang": "en"} for one in made]
    rows += [{**row, "url": f"https://copy.example/{number}"} for number, row in enumerate(rows[::30])]
    file = written(tmp_path / "news.jsonl", rows)
    url = f"sqlite:///{tmp_path}/killed.db"
    with Store.open(url) as store:
        command = [sys.executable, "-c", DIES, "--database", url, "import", "--keep-unmatched", str(file)]
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode == -signal.SIGKILL
        stopped_at = groups(store)[2]
        assert stopped_at == 400, "two transactions; of the third nothing"
        outcomes = imported(store, file)
        assert sum(outcomes.values()) == len(rows) - stopped_at  # what was committed is not read again
        resumed = groups(store)
    with Store.open(f"sqlite:///{tmp_path}/whole.db") as whole:
        imported(whole, file)
        assert resumed == groups(whole)
    assert resumed[2] == len(rows)


def test_a_changed_article_is_a_revision_and_no_new_one(store: Store, tmp_path: Path) -> None:
    (first, *_), text = rows_of({"copy"}), "Norvik Systems and FPT Software will build the lab together, both said. It opens in May."
    changed = first | {"title": "Norvik and FPT Software to open a lab in Da Nang", "text": f"{first['text']} {text}"}
    twin = changed | {"url": first["url"].replace("https://", "http://www.") + "?utm_source=feed#top"}
    assert imported(store, written(tmp_path / "1.jsonl", [first | {"text": f"{first['text']} FPT Software supplies it."}])) == {
        Outcome.STORED: 1
    }
    assert imported(store, written(tmp_path / "2.jsonl", [twin])) == {Outcome.UPDATED: 1}
    assert imported(store, written(tmp_path / "3.jsonl", [changed])) == {Outcome.REPEAT: 1}
    with store.reading() as reading:
        (stored,) = reading.articles.export(EVERYTHING)
        assert stored.article.title == changed["title"]
        assert stored.updated_at is not None
        (story,) = reading.articles.stories_by_id([stored.story_id])
        assert len(story.articles) == 1


@pytest.mark.parametrize("stated", ["2026", "2026-03"])
def test_a_year_or_a_month_is_no_date_and_no_mistake(store: Store, tmp_path: Path, stated: str) -> None:
    row = rows_of({"copy"})[0] | {"published": stated}
    assert imported(store, written(tmp_path / "1.jsonl", [row])) == {Outcome.UNMATCHED: 1}
    with store.reading() as reading:
        (stored,) = reading.articles.export(EVERYTHING)
    assert stored.article.published is None


def test_without_the_flag_what_names_nobody_is_not_stored(store: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "1.jsonl", rows_of({"copy"})[:4])
    assert imported(store, file, keep_unmatched=False) == {Outcome.UNMATCHED: 4}
    assert groups(store)[2] == 0
    assert sum(imported(store, file).values()) == 4  # another wish is another import


def test_articles_without_an_address_are_known_by_outlet_and_headline(store: Store, tmp_path: Path) -> None:
    row = {key: value for key, value in rows_of({"copy"})[0].items() if key != "url"}
    assert imported(store, written(tmp_path / "1.jsonl", [row, row])) == {Outcome.UNMATCHED: 1, Outcome.REPEAT: 1}
    assert groups(store)[2] == 1
