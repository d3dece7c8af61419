"""`monitor why`: the whole way of an address, and an exit code for each stage. On both engines."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor import why
from monitor.editions import Desk, next_edition
from monitor.watchlist import builtin_watchlist
from monitor.why import Way, way_of
from storage.items import Arrival, Article, Entry, Outcome
from storage.store import Store
from tests.monitor.desk import MATCHER, NOW, SOURCE, TAIL, intake_of, take, url_of
from tests.patience import LONG_S

UTC_ZONE = ZoneInfo("UTC")


def way(store: Store, url: str) -> Way:
    with store.reading() as reading:
        return way_of(reading, url, UTC_ZONE)


def said(found: Way) -> str:
    return "\n".join([found.stage, *found.lines])


def test_never_listed(store: Store) -> None:
    found = way(store, "https://nobody.example/x?utm_source=y")
    assert found.code == why.NEVER and "looked for as https://nobody.example/x" in said(found)
    assert "no web address" in said(way(store, "not an address"))
    assert "monitor stories show s3" in said(way(store, "s3")) and "stories" not in said(way(store, "story"))


@pytest.mark.parametrize("reason", ["403", "robots", "timeout", "a check for humans or cookies stands before the page"])
def test_fetch_refused(store: Store, reason: str) -> None:
    take(store, 1, "Giá vàng đứng yên", why_no_page=reason)
    found = way(store, url_of(1))
    assert found.code == why.REFUSED and reason in said(found) and "listed by bao, first 2026-11-23 06:00" in said(found)


def test_refused_for_now_and_asked_again(store: Store) -> None:
    take(store, 1, "Giá vàng đứng yên", why_no_page="503", retry=True)
    found = way(store, url_of(1))
    assert found.code == why.REFUSED and "503" in said(found) and "asked again from" in said(found)


@pytest.mark.parametrize("reason", ["no article text was found on the page", "the page is empty"])
def test_text_empty(store: Store, reason: str) -> None:
    take(store, 1, "Giá vàng đứng yên", why_no_page=reason)
    found = way(store, url_of(1))
    assert found.code == why.NO_TEXT and reason in said(found)


def test_no_alias(store: Store) -> None:
    take(store, 1, "Giá vàng đứng yên", "Vàng miếng giao dịch quanh 118 triệu đồng.")
    found = way(store, url_of(1))
    assert found.code == why.NO_TOPIC and "no alias" in found.stage
    take(store, 2, "Giá bạc", why_no_page="opaque")
    assert "not asked for" in way(store, url_of(2)).stage


def test_an_entry_that_is_read_at_last_is_no_longer_refused(store: Store) -> None:
    take(store, 1, "Giá vàng đứng yên", why_no_page="403")
    take(store, 1, "Giá vàng đứng yên", "Vàng miếng giao dịch quanh 118 triệu đồng.")
    assert way(store, url_of(1)).code == why.NO_TOPIC


def test_low_score_names_the_rule(store: Store) -> None:
    take(store, 1, "Mila Kunis bán nhà", "Nữ diễn viên Mila Kunis rao bán biệt thự ở Beverly Hills.")
    found = way(store, url_of(1))
    assert found.code == why.SUPPRESSED
    assert "Mila: rival: Mila Kunis" in found.stage and "'Mila Kunis' in the title" in said(found) and "score 0.00" in said(found)


def test_headline_only(store: Store) -> None:
    take(store, 1, "Tập đoàn FPT khởi công", why_no_page="403")
    found = way(store, url_of(1))
    assert found.code == why.STORED and "headline only: its page did not serve (403)" in said(found)


def test_a_date_ahead_of_the_clock_is_told_as_written(store: Store) -> None:
    article = Article(
        url=url_of(9),
        title="Tập đoàn FPT khởi công",
        text="Tập đoàn FPT khởi công một trung tâm." + TAIL,
        published=NOW,
        stated_date="01/01/2031",
    )
    intake_of(store, MATCHER, NOW).take([Arrival(source=SOURCE, article=article)])
    found = way(store, url_of(9))
    assert "dated '01/01/2031'" in said(found) and "taken as 2026-11-23 06:00" in said(found)
    assert found.facts["stated_date"] == "01/01/2031"


def test_joined_and_told(store: Store) -> None:
    text = "Tập đoàn FPT khởi công trung tâm dữ liệu ở Đà Nẵng." + TAIL
    take(store, 1, "Tập đoàn FPT khởi công trung tâm dữ liệu", text)
    take(store, 2, "FPT khởi công trung tâm dữ liệu Đà Nẵng", text, host="khac.example")
    first, second = way(store, url_of(1)), way(store, "https://khac.example/tin-2.html")
    story = first.facts["story"]
    assert second.facts["story"] == story
    assert f"in story s{story}: copy" in said(second) and "not told yet" in said(second)
    assert "mentions FPT: 'Tập đoàn FPT' in the title" in said(first)
    desk = Desk(
        store=store, sources=[SOURCE], topics=builtin_watchlist().names, only=False, zone=UTC_ZONE, language="en",
        clock=lambda: NOW + timedelta(hours=1), baseline=timedelta(hours=48),
    )  # fmt: skip
    next_edition(desk)
    found = way(store, url_of(1))
    assert found.code == why.STORED and "told by the daily digest of 2026-11-23" in said(found)


def test_too_old_to_be_told(store: Store) -> None:
    take(store, 1, "Tập đoàn FPT khởi công", "Tập đoàn FPT khởi công." + TAIL, now=NOW)
    with store.transaction() as transaction:
        (stored,) = transaction.articles.after(0, 1)
        transaction.articles.set_hits(stored.id, stored.mentions, (), baseline=True)
    assert "older than the watch" in said(way(store, url_of(1)))


def test_the_command_and_its_exit_code(database_url: str) -> None:
    with Store.open(database_url) as store:
        take(store, 1, "Mila Kunis bán nhà", "Nữ diễn viên Mila Kunis rao bán biệt thự ở Beverly Hills.")
        take(store, 2, "Giá vàng đứng yên", why_no_page="403")
    for url, code in ((url_of(1), 13), (url_of(2), 11), ("https://nobody.example/", 10)):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "why", url],
            env=os.environ | {"MONITOR_DATABASE_URL": database_url}, capture_output=True, text=True, timeout=LONG_S, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith(url)


def test_a_file_loads_nothing_of_postgresql(tmp_path: Path) -> None:
    """SQLAlchemy's PostgreSQL dialect is a sixth of the command's start."""
    file = tmp_path / "monitor.db"
    Store.open(str(file)).close()
    code = (
        "import sys; from monitor.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(any(name.startswith('sqlalchemy.dialects.postgresql') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "why", url_of(1)],
        env=os.environ | {"MONITOR_DATABASE_URL": f"sqlite:///{file}"}, capture_output=True, text=True, timeout=LONG_S, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False", done.stdout + done.stderr


def test_a_line_below_several_headlines_of_a_site_is_its_frame(store: Store) -> None:
    intake = intake_of(store)
    outcomes = []
    for number in range(6):
        title = f"Chuyện lạ thứ {number}"
        article = Article(
            url=url_of(number), title=title, text=f"Chuyện số {number} xảy ra ở làng bên.\nCùng FPT Software xây đội bóng, nộp đơn hôm nay",
            outlet="bao", outlet_host="bao.example", language="vi",
        )  # fmt: skip
        entry = Entry(source_id="bao", key=str(number), url=article.url, title=title)
        outcomes += intake.take([Arrival(source=SOURCE, article=article, entry=entry)])
    assert outcomes[-3:] == [Outcome.UNMATCHED] * 3 and Outcome.UNMATCHED not in outcomes[:3]
    intake.flush()
    assert way(store, url_of(5)).code == why.NO_TOPIC
