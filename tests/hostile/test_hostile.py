"""The hostile web: every case beside the honest outlets in one real crawl, then everything that is written looked through.

Only what is slow on purpose is crawled apart, within short limits: by these a slow machine would fail at what is honest.

`monitor crawl` runs as a user runs it, in a network of the test's own (see network/sitecustomize.py): the guard is in its production
setting, and what connects anywhere but to the public addresses of the cases is a breach.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.hostile import cases_answers, cases_documents, cases_lists, cases_network, cases_words, scan
from tests.hostile.case import READ, Case
from tests.hostile.world import SECRET, Run, World, world

CASES: list[Case] = [*cases_network.cases(), *cases_answers.cases(), *cases_documents.cases(), *cases_lists.cases(), *cases_words.cases()]
SLOW = [case.name for case in CASES if "timeout" in case.expect and READ not in case.expect]
MOST_MB = 500.0


@dataclass
class Crawled:
    world: World
    run: Run
    slow: Run
    failing: dict[str, dict[str, str]]
    stored: list[dict[str, Any]]  # as `monitor export` writes them
    suppressed: list[dict[str, Any]]
    everything: str


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    with world(CASES, tmp_path_factory.mktemp("hostile"), document_seconds=5.0) as made:
        run = made.run("crawl", "--json", *(case.name for case in CASES if case.name not in SLOW))
        made.limit(timeout_seconds=4.0, document_seconds=2.5)
        slow = made.run("crawl", "--json", *SLOW)
        failing = json.loads(run.out)["failing"] + json.loads(slow.out)["failing"]
        exported = made.run("export", "--text").out
        suppressed = made.run("export", "--suppressed").out
        yield Crawled(
            made, run, slow, {one["source"]: one for one in failing}, [json.loads(line) for line in exported.splitlines()],
            [json.loads(line) for line in suppressed.splitlines()], exported + suppressed,
        )  # fmt: skip


def test_there_are_enough_cases_and_each_has_a_name_of_its_own() -> None:
    assert len(CASES) - cases_words.HONEST >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_ends_as_it_should(crawled: Crawled, case: Case) -> None:
    found = crawled.failing.get(case.name, {"kind": READ, "error": ""})
    assert found["kind"] in case.expect, f"{found['kind']}: {found['error']}"
    titles = {one["title"] for one in crawled.stored if one["title"]}
    for wanted in case.arrives:
        assert any(wanted in title for title in titles), wanted
    hidden = {one["title"] for one in crawled.suppressed}
    for wanted in case.hidden:
        assert wanted in hidden
        assert wanted not in titles
    for word in case.never:
        assert word not in crawled.everything


def test_the_crawl_ends_in_time_in_little_memory_and_says_that_some_failed(crawled: Crawled) -> None:
    assert crawled.run.code == 3, crawled.run.err
    assert crawled.slow.code == 1, "none of them was read"
    for run in (crawled.run, crawled.slow):
        print(f"{json.loads(run.out)['asked']} sources in {run.seconds:.1f} s, peak {run.peak_mb:.0f} MB")
        assert run.peak_mb < MOST_MB
        assert not json.loads(run.out)["cut_short"]


def test_nothing_inside_was_touched(crawled: Crawled) -> None:
    breaches = [line for line in crawled.world.log() if line.startswith("breach")]
    assert not breaches
    assert crawled.world.inside.seen == []
    assert SECRET not in crawled.everything
    # Pictures, style sheets, entities and enclosures of feeds and pages are nobody's business.
    assert "ask tracker.example" not in crawled.world.log()


def test_all_that_is_stored_is_plain_text(crawled: Crawled) -> None:
    """NFC, without controls, invisible letters, bidi controls and surrogates: what is matched, and what every output starts from."""
    assert crawled.stored and crawled.suppressed
    for record in (*crawled.stored, *crawled.suppressed):
        for text in filter(
            None, (record["title"], record.get("summary"), record.get("text"), *(one["snippet"] for one in record["mentions"]))
        ):
            assert unicodedata.is_normalized("NFC", text) and not scan.scan_text(text), (record["url"], scan.scan_text(text))


def test_one_article_under_many_addresses_is_one_story(crawled: Crawled) -> None:
    many = [one for one in crawled.stored if "thousand.example" in one["url"]]
    assert len({one["story"] for one in many}) == 1, [(one["story"], one["url"]) for one in many]


def test_no_host_is_told_anything_of_another(crawled: Crawled) -> None:
    for site in crawled.world.seen:
        for one in site.seen:
            assert not {"cookie", "referer", "authorization"} & set(one.headers), one
