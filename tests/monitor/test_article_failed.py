"""One article over which our own steps fall: the others are kept, the digest tells of it, and it comes when the fault is mended."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import placing
from monitor.crawl_report import CrawlReport
from monitor.importing import import_file
from monitor.intake import StoreIntake
from spiders.recording import RecordingIntake
from storage.filters import ArticleFilter
from storage.items import Arrival, Article, Entry, Outcome, Poll, PollOutcome
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, SOURCE, TAIL, intake_of, take, url_of

ODD = "FPT mở trung tâm lạ"


def arrival(number: int, title: str, text: str = TAIL) -> Arrival:
    url = url_of(number)
    article = Article(
        url=url, title=title, text=text, published=NOW - timedelta(hours=1), outlet="Báo", outlet_host="bao.example", language="vi"
    )
    return Arrival(source=SOURCE, article=article, entry=Entry(source_id="bao", key=f"k{number}", url=url, title=title))


def titles(store: Store) -> set[str]:
    with store.reading() as reading:
        return {one.article.title for one in reading.articles.find(ArticleFilter())}


def told(store: Store) -> list[str]:
    with store.reading() as reading:
        return [one.detail for one in reading.incidents.between(None, NOW + timedelta(days=9)) if one.kind == "article-failed"]


@pytest.mark.parametrize("step", ["match", "place"])
def test_the_others_are_kept_it_is_told_and_comes_later(store: Store, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(article: Article, at: object) -> object:
        if article.title == ODD:
            raise ValueError("an odd one")
        return fingerprint(article, at)

    def falls_too(intake: StoreIntake, one: Arrival) -> object:
        if one.article.title == ODD:
            raise ValueError("an odd one")
        return judge(intake, one)

    fingerprint, judge = placing.fingerprint, StoreIntake._judge
    with monkeypatch.context() as faulty:
        if step == "place":
            faulty.setattr(placing, "fingerprint", falls)
        else:
            faulty.setattr(StoreIntake, "_judge", falls_too)
        for _ in range(2):  # a second crawl of the same day does not tell it twice
            intake = intake_of(store)
            outcomes = intake.take([arrival(1, "FPT mở trung tâm ở Huế"), arrival(2, ODD), arrival(3, "FUNiX mở lớp ở Vinh")])
            intake.flush()
            assert outcomes[1] is Outcome.FAILED and Outcome.FAILED not in (outcomes[0], outcomes[2])
    assert titles(store) == {"FPT mở trung tâm ở Huế", "FUNiX mở lớp ở Vinh"}
    assert told(store) == intake.faults == [f"{url_of(2)}: reading it failed: ValueError: an odd one"]
    later = NOW + timedelta(days=1)
    ((source, entry),) = intake_of(store, now=later).unfinished(later)
    assert (source.id, entry.url) == ("bao", url_of(2))
    intake = intake_of(store, now=later)
    intake.unfinished(later)
    assert intake.take([arrival(2, ODD)]) == [Outcome.JOINED]  # the texts are alike
    intake.flush()
    assert ODD in titles(store) and intake_of(store).unfinished(later + timedelta(days=9)) == []


def test_want_of_memory_is_no_fault_of_an_article(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def out(article: Article, at: object) -> object:
        raise MemoryError

    monkeypatch.setattr(placing, "fingerprint", out)
    with pytest.raises(MemoryError):
        take(store, 1, "FPT mở trung tâm ở Huế", TAIL)
    assert titles(store) == set() and told(store) == []


def test_a_crawl_that_could_not_keep_an_article_is_done_in_part() -> None:
    fine = Poll(source_id="bao", started=NOW, finished=NOW, outcome=PollOutcome.CHANGED)
    report = CrawlReport(asked=1, polls=(fine,), outcomes={Outcome.FAILED: 1}, faults=("https://bao.example/1: reading it failed: odd",))
    assert report.exit_code == 3
    assert "not kept, tried again later: https://bao.example/1: reading it failed: odd" in report.lines()
    assert report.as_dict()["faults"] == list(report.faults)


def test_a_line_of_an_import_over_which_we_fall_is_unusable_as_any_other(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def falls(article: Article, at: object) -> object:
        if article.title == ODD:
            raise ValueError("an odd one")
        return fingerprint(article, at)

    fingerprint, file = placing.fingerprint, tmp_path / "news.jsonl"
    lines = [{"url": url_of(one), "title": title, "text": TAIL} for one, title in enumerate(("FPT mở một", ODD, "FPT mở hai"))]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    monkeypatch.setattr(placing, "fingerprint", falls)
    said: list[str] = []
    report = import_file(file, store, MATCHER, complain=said.append, clock=lambda: NOW)
    assert (report.lines, report.unusable) == (3, 1) and said == [f"{file}, line 2: reading it failed: ValueError: an odd one"]
    assert titles(store) == {"FPT mở một", "FPT mở hai"}


def test_in_a_dry_run_the_others_are_shown() -> None:
    def judge(one: Arrival) -> Outcome:
        if one.article.title == ODD:
            raise ValueError("an odd one")
        if one.article.title == "pipe":
            raise BrokenPipeError
        return Outcome.STORED

    intake = RecordingIntake(judge)
    assert intake.take([arrival(1, "FPT mở một"), arrival(2, ODD)]) == [Outcome.STORED, Outcome.FAILED]
    assert intake.faults == [f"{url_of(2)}: reading it failed: ValueError: an odd one"]
    with pytest.raises(BrokenPipeError):  # whoever read it is gone: no fault of an article
        intake.take([arrival(3, "pipe")])


@pytest.mark.parametrize("number", ["5²", "1²3", "12²/11/2026", "10²%", "1¹", "2026²", "①", "1①", "3² triệu", "ngày 1² tháng 3", "٣", "x²"])
def test_digits_that_are_no_numbers_are_words_like_others(store: Store, number: str) -> None:
    assert take(store, 1, f"FPT mở {number} trung tâm", f"FPT mở {number} trung tâm.{TAIL} {number}") is Outcome.STORED
    assert titles(store) == {f"FPT mở {number} trung tâm"}
