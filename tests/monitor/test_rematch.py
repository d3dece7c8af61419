"""A changed watchlist on what is stored: lines gained and lost, nothing saved unasked, interrupted runs taken up. On both engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from monitor.matching import Matcher
from monitor.rematch import Line, RematchReport, rematch
from monitor.verdicts import judge
from monitor.watchlist import watchlist_from_tables
from storage.filters import ArticleFilter
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, TAIL, take, url_of
from tests.patience import LONG_S

MORE = Matcher(
    watchlist_from_tables(
        [{"name": "Vingroup"}, {"name": "FPT", "rivals": [{"name": "a street", "phrases": ["phố FPT Software"], "cues": ["ngõ", "hẻm"]}]}]
    )
)


def run(store: Store, matcher: Matcher = MORE, *, save: bool = False, now: datetime = NOW) -> tuple[list[Line], RematchReport]:
    report = RematchReport()
    return list(rematch(store, matcher, report, save=save, clock=lambda: now)), report


def told(lines: list[Line]) -> set[tuple[str, str, str]]:
    return {("+" if line.gained else "-", line.topic, line.stored.article.url) for line in lines}


def topics(store: Store) -> dict[str, tuple[str, ...]]:
    with store.reading() as reading:
        return {one.article.url: one.topics for one in reading.articles.after(0, 10_000)}


def fill(store: Store) -> None:
    take(store, 1, "Tập đoàn FPT và Vingroup bắt tay", "Tập đoàn FPT và Vingroup ký kết ở Hà Nội." + TAIL)
    take(store, 2, "Phố FPT Software ngập", "Ngõ 4 phố FPT Software, hẻm 12 phố FPT Software ngập nước, xe chết máy cả sáng.")
    take(store, 3, "Mila Kunis ghé Vingroup", "Nữ diễn viên Mila Kunis thăm Vingroup tại Hải Phòng hôm thứ Bảy cùng đoàn phim.")
    take(store, 4, "FPT trả cổ tức", "Cổ đông FPT nhận tiền mặt trong tháng Mười Hai theo nghị quyết của đại hội.")


def test_lines_gained_and_lost_and_nothing_saved_unasked(store: Store) -> None:
    fill(store)
    before = topics(store)
    lines, report = run(store)
    assert told(lines) == {("+", "Vingroup", url_of(1)), ("-", "FPT", url_of(2)), ("+", "Vingroup", url_of(3))}
    lost = next(line for line in lines if not line.gained)
    assert "a street" in lost.why() and lost.record()["suppressed"]["rule"] == "rival: a street"
    assert report.articles == 4 and (report.gained, report.lost) == (2, 1) and "nothing is saved" in report.line()
    assert topics(store) == before


def test_saved_once_and_the_same_ever_after(store: Store) -> None:
    fill(store)
    lines, _ = run(store, save=True)
    assert topics(store) == {
        url_of(1): ("FPT", "Vingroup"), url_of(2): (), url_of(3): ("Vingroup",), url_of(4): ("FPT",),
    }  # fmt: skip
    assert len(lines) == 3
    again, report = run(store, save=True)
    assert not again and report.changed == 0
    with store.reading() as reading:
        (hidden,) = reading.articles.find(ArticleFilter(suppressed=True))
        assert hidden.article.url == url_of(2) and hidden.suppressions[0].rule == "rival: a street"
    # And back: nothing was deleted.
    lines, _ = run(store, MATCHER, save=True)
    assert told(lines) == {("-", "Vingroup", url_of(1)), ("+", "FPT", url_of(2)), ("-", "Vingroup", url_of(3))}


def test_an_interrupted_run_is_taken_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.rematch._BATCH", 2)
    fill(store)
    lines = rematch(store, MORE, RematchReport(), save=True, clock=lambda: NOW)
    next(lines)
    lines.close()  # killed after the first batch
    rest, _ = run(store, save=True)
    assert told(rest) == {("+", "Vingroup", url_of(3))}
    assert topics(store)[url_of(1)] == ("FPT", "Vingroup")


def test_verdicts_stay_obeyed(store: Store) -> None:
    fill(store)
    judge(store, MATCHER, url_of(4), "not-us", "FPT", NOW)
    judge(store, MATCHER, url_of(2), "is-us", "FPT", NOW)
    lines, _ = run(store, save=True)
    assert {line.topic for line in lines} == {"Vingroup"}
    assert topics(store)[url_of(4)] == () and topics(store)[url_of(2)] == ("FPT",)


def test_what_is_gained_finds_its_story_and_old_news_is_not_told(store: Store) -> None:
    small = Matcher(watchlist_from_tables([{"name": "Mila", "context": ["xe"]}], builtin=False))
    shown = "Trung tâm Mila mở cửa ở Huế" + "." + " Hôm nay Mila mở cửa."
    take(store, 1, "Mila mở cửa ở Huế", shown + TAIL, matcher=small)
    take(store, 2, "Khai trương Mila ở Huế", shown + TAIL, matcher=small, host="khac.example", now=NOW + timedelta(hours=1))
    assert set(topics(store).values()) == {()}
    sure = Matcher(watchlist_from_tables([{"name": "Mila", "any_case": True}], builtin=False))
    run(store, sure, save=True, now=NOW + timedelta(hours=2))
    with store.reading() as reading:
        one, other = reading.articles.after(0, 10)
        assert one.story_id == other.story_id and one.copy_id == other.copy_id
        assert len(reading.articles.untold("daily")) == 1


def test_what_was_seen_long_ago_is_kept_but_no_news(store: Store) -> None:
    take(store, 3, "Mila Kunis ghé Vingroup", "Nữ diễn viên Mila Kunis thăm Vingroup tại Hải Phòng hôm thứ Bảy.")
    run(store, save=True, now=NOW + timedelta(days=9))
    with store.reading() as reading:
        assert [one.topics for one in reading.articles.find(ArticleFilter())] == [("Vingroup",)]
        assert reading.articles.untold("daily") == []


def test_memory_stays_flat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.rematch._BATCH", 10)
    other = Matcher(watchlist_from_tables([{"name": "Huế"}]))
    with Store.open(f"sqlite:///{tmp_path / 'm.db'}") as store:
        for number in range(120):
            take(store, number, f"FPT Software tuyển đợt {number}", f"{number} FPT Software tuyển kỹ sư ở Huế." + TAIL * 30)
        list(rematch(store, other, RematchReport(), save=False, clock=lambda: NOW))  # what is made once
        peaks = []
        for most in (30, 120):
            tracemalloc.start()
            for _ in islice(rematch(store, other, RematchReport(), save=False, clock=lambda: NOW), most):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.3 * peaks[0]


def test_the_command(database_url: str, tmp_path: Path) -> None:
    with Store.open(database_url) as store:
        fill(store)
    new = tmp_path / "new.toml"
    new.write_text('[[topic]]\nname = "Vingroup"\n', encoding="utf-8")

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"MONITOR_DATABASE_URL": database_url}
        return subprocess.run(
            [sys.executable, "-m", "monitor", *arguments], capture_output=True, text=True, env=environment, timeout=LONG_S, check=False
        )

    done = command("rematch", "--config", str(new))
    assert done.returncode == 0 and "2 lines gained, 0 lost" in done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [("+", "Vingroup")] * 2 and url_of(1) in rows[0][4]
    records = [json.loads(line) for line in command("rematch", "--config", str(new), "--json", "--save").stdout.splitlines()]
    assert [record["change"] for record in records] == ["gained", "gained"] and records[0]["mention"]["alias"] == "Vingroup"
    assert "0 lines gained" in command("rematch", "--config", str(new)).stderr
    told = " ".join(command("rematch", "--help").stdout.split())
    assert "only the keys are kept" in told and "does not find them" in told
    bad = tmp_path / "bad.toml"
    bad.write_text('[[topic]]\nnames = "V"\n', encoding="utf-8")
    assert command("rematch", "--config", str(bad)).returncode == 2
