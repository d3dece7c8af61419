"""`monitor status`: what a person sees in 80 columns, what a monitoring system gets, and how warnings grow with their age."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sys
import termios
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.digest.record import Digest
from monitor.shapes import render
from monitor.status import Status, print_status
from storage.condition import Ail, Ailment, SecondRoad
from tests.monitor.told import NOW as TOLD
from tests.monitor.told import coverage, digest, failing, story

NOW = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LONG_NAME = "an-outlet-whose-name-is-so-long-that-it-leaves-no-room-for-the-reason-beside-it"


def state(**changes: Any) -> Status:
    watch: dict[str, Any] = {"since": NOW - DAY, "until": NOW, "due": 42, "read": 42, "last_crawl": NOW - timedelta(minutes=20)}
    values: dict[str, Any] = {
        "now": NOW, "coverage": replace(coverage(), **(watch | changes.pop("watch", {}))), "digests": (("daily", "2026-11-21", NOW + DAY),),
        "overdue": (), "waiting": 0, "gaps": 0, "road": SecondRoad(since=NOW, found=0, had=0, later=0), "counts": {"articles": 1204, "stories": 800},
    }  # fmt: skip
    return Status(**(values | changes))


def ill(source_id: str, days: float, kind: Ail = Ail.FAILING) -> Ailment:
    began = NOW - timedelta(days=days)
    return Ailment(source_id=source_id, kind=kind, word="http-503", detail="the server answers 503", since=began, began=began)


@pytest.mark.parametrize(
    ("status", "code", "alive", "said"),
    [
        (state(), 0, 0, "nothing needs a person"),
        (state(watch={"ailing": (ill("bao", 3),), "read": 41}), 0, 0, "41 of 42 read in the last 24 h, 1 failing"),
        (state(watch={"ailing": (ill("bao", 15),), "read": 41}), 1, 0, "wrong for more than two weeks: bao"),
        (state(watch={"ailing": (ill("bao", 20, Ail.SILENT),)}), 1, 0, "answers, but nothing new for 20 days"),
        (state(watch={"ailing": tuple(ill(f"s{one}", 1) for one in range(30)), "read": 12}), 1, 0, "more than half of the sources fail"),
        (state(watch={"last_crawl": NOW - 3 * DAY}), 1, 1, "the last crawl is 72 hours old"),
        (state(watch={"last_crawl": NOW + DAY}), 1, 1, "the last crawl lies in the future: is the clock right?"),
        (state(watch={"last_crawl": None}), 1, 1, "nothing has been crawled yet"),
        (state(overdue=(("daily", NOW - 2 * DAY),)), 1, 1, "the digest 'daily' was due 2 days ago and is not made"),
        (state(waiting=3, gaps=2), 0, 0, "3 waiting"),
    ],
)
def test_what_is_wrong_is_said_and_is_the_exit_code(
    status: Status, code: int, alive: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert print_status(status, zone=ZONE, as_json=False) == code
    assert said in " ".join(capsys.readouterr().out.split())
    assert print_status(status, zone=ZONE, as_json=True, alive=True) == alive
    told = json.loads(capsys.readouterr().out)
    assert bool(told["troubles"]) == bool(code)


def test_it_fits_into_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 80))
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    ailing = tuple(ill(LONG_NAME if one == 3 else f"source-{one}", one) for one in range(20))
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        print_status(state(watch={"ailing": ailing, "read": 22}, gaps=4, waiting=2), zone=ZONE, as_json=False)
    said = b""
    with contextlib.suppress(OSError):  # the other side has gone: that is how a terminal ends
        while part := os.read(ours, 65_536):
            said += part
    os.close(ours)
    lines = said.decode().replace("\r\n", "\n").splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) > 20
    assert lines[-1].split() == "and 8 more: monitor status --json".split()
    assert any("2026-11-22 07:10, 20 min ago" in line for line in lines)


def aged(days: int, language: str) -> Digest:
    began = TOLD - timedelta(days=days)
    return digest(story(1), coverage=coverage(read=41, ailing=(failing(since=began, began=began),)), language=language)


@pytest.mark.parametrize(
    ("language", "days", "subject", "said"),
    [
        ("en", 13, "", "for 13 days"),
        ("en", 14, "1 source unread for 14 days", "for 14 days"),
        ("vi", 13, "", "đã 13 ngày"),
        ("vi", 20, "1 nguồn chưa đọc được, lâu nhất 20 ngày", "đã 20 ngày"),
        ("fr", 13, "", "depuis 13 jours"),
        ("fr", 14, "1 source non lue depuis 14 jours", "depuis 14 jours"),
    ],
)
def test_after_two_weeks_the_warning_stands_above_the_news_and_in_the_subject(language: str, days: int, subject: str, said: str) -> None:
    made = aged(days, language)
    text = " ".join(render(made, "text").split())
    headline, warning = text.index(made.lines[0].headline), text.index(said)
    assert (subject in made.subject) if subject else (" 13 " not in made.subject)
    assert (warning < headline) == (days >= 14)
