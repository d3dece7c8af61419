"""Grouping once more, all together: order does not matter, what is bound stays so, what was told never becomes new."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.grouping import Member, grouped, links_of
from monitor.importing import import_file
from monitor.settling import settle_stories
from monitor.verdicts import merge, split
from monitor.weights import Weigher
from storage.filters import ArticleFilter
from storage.fingerprints import Fingerprint, fingerprint
from storage.items import Article, Evidence
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, take, url_of

PAIRS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "pairs.jsonl").read_text("utf-8").splitlines()]


def rows() -> list[dict[str, str]]:
    """All articles of the labelled pairs, each once, at an address of its own."""
    sides = {(side["host"], side["title"], side["text"]): side for pair in PAIRS for side in (pair["a"], pair["b"])}
    return [{**side, "url": f"https://{side['host']}/{number}"} for number, side in enumerate(sides.values())]


def stories_of(path: Path, order: list[dict[str, str]]) -> set[frozenset[str]]:
    path.with_suffix(".jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in order), encoding="utf-8")
    found = defaultdict(set)
    with Store.open(f"sqlite:///{path}") as store:
        import_file(path.with_suffix(".jsonl"), store, MATCHER, keep_unmatched=True, complain=pytest.fail, clock=lambda: NOW)
        with store.reading() as reading:
            assert reading.dedupe.stirred(1) == []
            for stored in reading.articles.export(ArticleFilter(unmatched=True)):
                found[stored.story_id].add(stored.article.url)
    return {frozenset(one) for one in found.values()}


def test_ten_orders_give_the_same_stories(tmp_path: Path) -> None:
    articles = rows()[-100:]  # the last events, in five languages, and the traps
    seen = []
    for seed in range(10):
        random.Random(seed).shuffle(articles)
        seen.append(stories_of(tmp_path / f"{seed}.db", articles))
    assert seen == seen[:1] * 10
    assert max(map(len, seen[0])) >= 5  # an event told by several, in several languages


def print_of(title: str, text: str, hours: int = 0) -> Fingerprint:
    at = datetime(2026, 3, 10, 6, tzinfo=UTC) + timedelta(hours=hours)
    return fingerprint(Article(url="https://a.example/1", title=title, text=text, language="en", published=at), at)


LAB = [
    print_of("Norvik opens Da Nang lab", "Norvik Systems opens a robot lab in Da Nang with 45 engineers, Ingrid Solheim said. It costs 12.4 million dollars."),
    print_of("Robot lab for Da Nang", "Ingrid Solheim of Norvik Systems brings 45 engineers and 12.4 million dollars to a robot lab in Da Nang.", 3),
    print_of("Da Nang gets Norvik lab", "A lab for robots, 45 engineers, 12.4 million dollars: Norvik Systems and Ingrid Solheim come to Da Nang.", 6),
]  # fmt: skip


def groups(members: list[Member], apart: set[tuple[int, int]] | None = None) -> list[list[int]]:
    return grouped(members, links_of(members, [Weigher({}, 1_000).weights(one.fingerprint) for one in members]), apart or set())


def test_what_is_alike_is_one_group_and_what_a_person_split_never_meets() -> None:
    members = [Member(fingerprint=one) for one in LAB]
    assert groups(members) == [[0, 1, 2]]
    found = groups(members, {(0, 2)})
    assert len(found) == 2
    assert [0, 2] not in found


def test_headlines_that_contradict_each_other_keep_two_groups_apart() -> None:
    words = "Tilden, the maker of hearing aids, gives money to the Marlow institute in Toronto, director Priya Nair said. In 2022 it had given 4.7 million."
    gifts = [
        print_of("Tilden gives the Marlow institute $6.2 million", f"{words} This time it is 6.2 million for twelve students."),
        print_of("Marlow institute: 6.2 million from Tilden", f"{words} Twelve students will be paid from 6.2 million.", 1),
        print_of("Marlow institute to receive $4.7 million from Tilden", words, 2),
        print_of("4.7 million from Tilden for Marlow institute", f"{words} A chair in robot vision comes first.", 3),
    ]
    assert groups([Member(fingerprint=one) for one in gifts]) == [[0, 1], [2, 3]]


def test_what_is_bound_stays_together_however_unlike() -> None:
    other = print_of("Rain in Oslo", "It rained in Oslo for nine days, the weather office says, and the Akerselva rose by 1.2 metres.")
    members = [Member(fingerprint=LAB[0], bound=7), Member(fingerprint=other, bound=7), Member(fingerprint=LAB[1])]
    assert any({0, 1} <= set(one) for one in groups(members))
    assert groups([]) == []


TEXT = "FPT Software ký hợp đồng 225 triệu USD với hãng hàng không Kyokuto, kéo dài sáu năm, do giám đốc Kenji Morita công bố tại Tokyo."


def stories(store: Store) -> dict[str, int]:
    with store.reading() as reading:
        return {one.article.url: one.story_id for one in reading.articles.export(ArticleFilter(unmatched=True))}


def test_a_person_s_word_outlives_the_grouping(store: Store) -> None:
    take(store, 1, "FPT Software ký hợp đồng với Kyokuto", TEXT)
    take(store, 2, "Hợp đồng Kyokuto của FPT Software", TEXT, host="khac.example")
    take(store, 3, "FPT mở trường ở Huế", "Trường phổ thông FPT tại Huế nhận 800 học sinh lớp 6 trong tháng chín, bà Lê Thu An cho biết.")
    split(store, url_of(2).replace("bao.example", "khac.example"), NOW)
    before = stories(store)
    one, _, three = before.values()
    merge(store, one, three, NOW)
    with store.transaction() as transaction:
        transaction.dedupe.stir([1, 2, 3])
    settle_stories(store, MATCHER.familiar, NOW)
    after = stories(store)
    assert after[url_of(1)] == after[url_of(3)]
    assert after[url_of(1)] != after[url_of(2).replace("bao.example", "khac.example")]


def test_a_wrong_guess_is_mended_before_it_is_told_and_kept_after(store: Store) -> None:
    take(store, 1, "FPT Software ký hợp đồng với Kyokuto", TEXT)
    take(store, 2, "FPT mở trường ở Huế", "Trường phổ thông FPT tại Huế nhận 800 học sinh lớp 6 trong tháng chín, bà Lê Thu An cho biết.")
    with store.transaction() as transaction:
        transaction.articles.move([1, 2], 1, Evidence(rule="story", score=0.2), NOW)
        transaction.dedupe.stir([1, 2])
    assert settle_stories(store, MATCHER.familiar, NOW) == 1
    assert len(set(stories(store).values())) == 2
    with store.transaction() as transaction:
        transaction.articles.move([1, 2], 1, Evidence(rule="story", score=0.2), NOW)
        transaction.verdicts.add("is-us", 1, NOW)  # as good as told: nobody takes it apart
        transaction.dedupe.stir([1, 2])
    assert settle_stories(store, MATCHER.familiar, NOW) == 0
    assert set(stories(store).values()) == {1}
