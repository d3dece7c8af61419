"""`monitor report`: what it counts, and that no shape lets a stranger's words do anything."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from monitor.cli import app
from monitor.digest.words import LANGUAGES
from monitor.report.build import Report, report_of
from monitor.report.pdf import pdf_of
from monitor.report.render_html import render_report
from monitor.report.tables import csv_of, xlsx_of
from spiders.chromium import chromium
from storage.errors import UsageError
from storage.items import Ownership, Story
from storage.store import Store
from tests.monitor.desk import NOW as DESK_NOW
from tests.monitor.desk import take
from tests.monitor.told import HOSTILE, NOW, Page, first, mention, stored, story

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = [
    "=1+1",
    "+84 24 7300 7300",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    '=HYPERLINK("https://evil.example","x")',
    "http://evil.example",
]


def made(*stories: Story, topics: tuple[str, ...] = ("FPT", "Mila"), days: int = 10) -> Report:
    return report_of(
        stories, topics=topics, since=NOW - timedelta(days=days), until=NOW, zone=HANOI, now=NOW, lead=first,
        reach=lambda host: 1 if host == "big.example" else 0,
    )  # fmt: skip


def campaign() -> Report:
    early, late = NOW - timedelta(days=9), NOW - timedelta(hours=3)
    return made(
        story(1, stored(1, mention(), seen=early), stored(2, mention(), mention("Mila", "Mila"), seen=late, outlet_host="big.example")),
        story(2, stored(3, mention("Mila", "Mila"), seen=late, ownership=Ownership.OWNED, outlet="Mila", language="fr")),
        story(3, stored(4, mention(passing=True), seen=late, ownership=Ownership.RELEASE)),
        story(4, stored(5, mention("FUNiX", "FUNiX"), seen=late)),
        story(5, stored(6, mention(), seen=NOW - timedelta(days=60)), stored(7, mention(), seen=late, outlet="Outlet 1")),
    )


def test_only_what_was_seen_in_the_window_and_names_a_topic_counts() -> None:
    report = campaign()
    assert [row.story for row in report.articles] == ["s1", "s1", "s2", "s3", "s5"]
    assert (len(report.stories), len(report.outlets), report.passing) == (4, 4, 1)
    assert (report.stories[0].id, report.stories[0].outlets, report.stories[0].articles) == ("s1", 2, 2)
    assert (report.outlets[0].name, report.outlets[0].articles) == ("Outlet 1", 2)
    assert sum(n for _, n in report.days) == 5 and len(report.days) == 11
    assert report.days[0][0] == date(2026, 11, 13) and report.days[-1][0] == report.last == date(2026, 11, 23)


def test_share_of_voice_counts_an_article_for_each_of_its_topics() -> None:
    fpt, mila = campaign().voices
    assert (fpt.topic, fpt.articles, fpt.stories, fpt.outlets, fpt.earned) == ("FPT", 4, 3, 3, 3)
    assert (mila.topic, mila.articles, mila.stories, mila.outlets, mila.earned) == ("Mila", 2, 2, 2, 1)
    assert fpt.part + mila.part == pytest.approx(1)


def test_earned_and_owned_are_told_apart() -> None:
    assert [(one.name, one.n) for one in campaign().ownership] == [("earned", 3), ("release", 1), ("owned", 1)]
    assert [(one.name, one.n) for one in campaign().languages] == [("en", 4), ("fr", 1)]


def test_an_article_stands_on_its_day_of_publication_if_that_lies_in_the_window() -> None:
    seen = NOW - timedelta(hours=1)
    report = made(
        story(1, stored(1, mention(), seen=seen, published=NOW - timedelta(days=3))),
        story(2, stored(2, mention(), seen=seen, published=NOW - timedelta(days=300))),
        story(3, stored(3, mention(), seen=seen, published=None)),
    )
    assert {row.story: row.day for row in report.articles} == {"s1": date(2026, 11, 20), "s2": date(2026, 11, 23), "s3": date(2026, 11, 23)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_all_and_loads_nothing(language: str) -> None:
    page = render_report(campaign(), language)
    assert f'<html lang="{language}">' in page
    assert not re.search(r"<(script|img|link|iframe|form)|url\(|@import", page)
    read = Page(page)
    text = " ".join("".join(read.text).split())
    for said in ("Headline number 1", "Outlet 1", "s1", "FPT, Mila", "67", "33"):
        assert said in text
    assert not re.search(r"\{\w+\}", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and set(levels) == {1, 2, 3}
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in read.tags if tag == "th")
    assert [attributes["aria-label"] for tag, attributes in read.tags if tag == "svg"]


def test_a_long_window_is_drawn_by_weeks_and_an_empty_one_says_so() -> None:
    long = made(story(1, stored(1, mention())), days=400)
    assert "Articles a week" in render_report(long, "en") and "Articles a day" in render_report(campaign(), "en")
    assert "No new coverage." in render_report(made(), "en")
    assert csv_of(made()).count("\n") == 1
    assert zipfile.ZipFile(io.BytesIO(xlsx_of(made()))).testzip() is None


# ---------------------------------------------------------------------- strangers' words


def test_hostile_words_are_text_on_the_page() -> None:
    report = made(
        story(1, stored(1, mention(HOSTILE, "onerror", snippet=HOSTILE), title=HOSTILE, outlet=HOSTILE, url="javascript:alert(1)")),
        topics=(HOSTILE,),
    )
    page = Page(render_report(report, "en"))
    assert not {"script", "img"} & {tag for tag, _ in page.tags} and page.links() == []
    assert "<script>alert(1)</script>" in "".join(page.text)


@pytest.mark.parametrize("title", FORMULAS)
def test_no_cell_becomes_a_formula(title: str) -> None:
    report = made(story(1, stored(1, mention(snippet=title, alias="FPT"), title=title, outlet=title)))
    rows = list(csv.DictReader(io.StringIO(csv_of(report))))
    for name in ("headline", "outlet", "snippet"):
        assert rows[0][name][:1] not in {"=", "+", "-", "@", "\t", "\r", "＝"}
    book = zipfile.ZipFile(io.BytesIO(xlsx_of(report)))
    sheets = [ElementTree.fromstring(book.read(name)) for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 6
    assert not [element for sheet in sheets for element in sheet.iter() if element.tag in {f"{SHEET}f", f"{SHEET}hyperlink"}]
    assert not [name for name in book.namelist() if "externalLink" in name or "vbaProject" in name]
    strings = [element.text for element in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{SHEET}t")]
    assert title.strip() in strings


def test_days_and_figures_of_the_workbook_are_no_text() -> None:
    book = zipfile.ZipFile(io.BytesIO(xlsx_of(campaign())))
    timeline = ElementTree.fromstring(book.read("xl/worksheets/sheet2.xml"))
    cells = [cell for cell in timeline.iter(f"{SHEET}c") if cell.get("r") in {"A12", "B12"}]
    assert [cell.get("t") for cell in cells] == [None, None]
    assert [float(cell.findtext(f"{SHEET}v", "")) for cell in cells] == [(date(2026, 11, 23) - date(1899, 12, 30)).days, 4]


# ---------------------------------------------------------------------- the command


def run(*arguments: str) -> tuple[int, str]:
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_command_writes_the_shape_that_the_files_name_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = str(tmp_path / "monitor.db")
    with Store.open(database) as store:
        take(store, 1, "FPT khai trương trung tâm dữ liệu", "Tập đoàn FPT khai trương trung tâm dữ liệu ở Đà Nẵng.")
        take(store, 2, "FUNiX mở khóa học mới", "FUNiX mở khóa học mới về trí tuệ nhân tạo.", host="hai.example")
    window = ("--since", (DESK_NOW - timedelta(days=2)).isoformat(), "--until", (DESK_NOW + timedelta(days=2)).isoformat())
    for ending, begin in (("html", b"<!DOCTYPE html>"), ("csv", b"day,story,headline"), ("xlsx", b"PK")):
        assert run("--database", database, "report", *window, "-o", f"out/r.{ending}") == (0, "")
        assert (tmp_path / "out" / f"r.{ending}").read_bytes().startswith(begin)
    code, said = run("--database", database, "report", *window, "-f", "csv", "--topic", "FUNiX")
    rows = list(csv.DictReader(io.StringIO(said)))
    assert code == 0 and [row["headline"] for row in rows] == ["FUNiX mở khóa học mới"]


@pytest.mark.chromium
@pytest.mark.skipif(chromium() is None, reason="no Chromium here")
def test_a_document_is_printed_by_chromium() -> None:
    data = pdf_of(render_report(campaign(), "vi"))
    assert data.startswith(b"%PDF-") and len(data) > 5_000


def test_without_chromium_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CHROMIUM", "no-such-browser")
    with pytest.raises(UsageError, match="no Chromium") as raised:
        pdf_of("<p>")
    assert "MONITOR_CHROMIUM" in (raised.value.hint or "")


# ---------------------------------------------------------------------- figures out of the store


def test_the_trend_counts_local_days_languages_and_outlets_that_are_new(store: Store) -> None:
    from monitor.trends import trend_of

    text = "Tập đoàn FPT công bố kết quả kinh doanh quý này tại Hà Nội, theo ông Nguyễn Văn Khoa."
    take(store, "cu", "FPT công bố kết quả kinh doanh", text, now=DESK_NOW - timedelta(days=20), host="cu.example")
    take(store, "moi", "FPT mở văn phòng ở Đức", "Tập đoàn FPT mở văn phòng mới ở Đức và tuyển kỹ sư.", now=DESK_NOW, host="moi.example")
    take(
        store,
        "lai",
        "FPT ký hợp đồng ở Nhật",
        "Tập đoàn FPT ký hợp đồng năm năm ở Nhật Bản.",
        now=DESK_NOW,
        host="cu.example",
        language="en",
    )
    day = DESK_NOW.astimezone(HANOI).date()
    with store.reading() as reading:
        trend = trend_of(reading, day=day, since=None, until=DESK_NOW, zone=HANOI)
        others = trend_of(reading, day=day, since=None, until=DESK_NOW, zone=HANOI, topics=["Mila"])
    assert len(trend.days) == 30 and trend.days[-1] == (day, 2) and sum(n for _, n in trend.days) == 3
    assert [(one.name, one.n) for one in trend.topics] == [("FPT", 3)]
    assert {one.name: one.n for one in trend.languages} == {"vi": 2, "en": 1}
    assert trend.outlets == ("moi.example",)
    assert sum(n for _, n in others.days) == 0 and others.outlets == ()


def test_days_stay_whole_when_the_clocks_change(store: Store) -> None:
    from monitor.trends import trend_of

    zone = ZoneInfo("America/Toronto")  # winter time began on 1 November 2026
    for number, hour in enumerate((4, 5, 28, 29), 1):  # one is published an hour before it is seen
        seen = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hour + 1, minutes=30)
        words = ("cầu", "hầm", "cảng", "ga")[number - 1]
        take(
            store,
            number,
            f"FPT xây {words} số {number}",
            f"Tập đoàn FPT xây {words} ở tỉnh thứ {number}.",
            now=seen,
            host=f"n{number}.example",
        )
    until = datetime(2026, 11, 5, tzinfo=UTC)
    with store.reading() as reading:
        days = dict(trend_of(reading, day=date(2026, 11, 4), since=None, until=until, zone=zone).days)
    assert (days[date(2026, 11, 1)], days[date(2026, 11, 2)], days[date(2026, 10, 31)]) == (3, 1, 0)


def test_what_was_left_out_is_counted_by_its_rule(store: Store) -> None:
    take(
        store,
        1,
        "FPT Industrial launches a new engine",
        "FPT Industrial, the Iveco engine maker, shows a diesel engine in Turin.",
        language="en",
    )
    with store.reading() as reading:
        hidden = reading.trends.hidden(None, DESK_NOW + timedelta(hours=1))
        assert hidden == [("rival: FPT Industrial", 1)]
        assert reading.trends.hidden(DESK_NOW + timedelta(hours=1), DESK_NOW + timedelta(hours=2)) == []


def test_the_command_starts_without_the_libraries_of_its_shapes() -> None:
    code = "import sys, monitor.cli; print(sorted({'jinja2', 'babel', 'xlsxwriter', 'sqlalchemy'} & set(sys.modules)))"
    import sys

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
