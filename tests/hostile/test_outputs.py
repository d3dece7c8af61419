"""What a hostile day makes of everything that is written: six shapes, CSV, mail, export, status, logs, the archive, the Atom feeds.

The words of the cases are read by real crawls of the feed road, the page road and bare addresses; then every output is looked through
for live script, headers, escapes and formulas (see scan.py).
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from unittest.mock import patch

import pytest

from monitor.cli import main
from monitor.config import load_config
from monitor.config_delivery import WebhookDelivery
from monitor.delivery.parcel import Attempt, Parcel
from monitor.delivery.push import short
from monitor.delivery.webhook import WebhookSender
from monitor.desks import desk_of, digest_named
from monitor.editions import preview_edition
from monitor.report.pdf import pdf_of
from monitor.site.folder import LEDGER
from spiders.chromium import chromium
from storage.store import Store
from tests.hostile import cases_documents, cases_network, cases_words, scan
from tests.hostile.case import Case
from tests.hostile.letters import mail_of
from tests.hostile.world import World, world
from tests.monitor.postroom import web_server
from tests.monitor.visitor import opened
from tests.patience import LONG_S

CASES: list[Case] = [
    *(case for case in cases_words.cases() if case.name.startswith(("says-", "formula-", "honest-", "spam-"))),
    *(case for case in cases_documents.cases() if case.name in {"surrogates", "hidden-name", "wrong-dates", "json-types"}),
    *(case for case in cases_network.cases() if case.name in {"tls-excused", "to-loopback", "robots-no"}),
]
_SHAPES: dict[str, Callable[[str], list[str]]] = {
    "terminal": scan.scan_text, "text": scan.scan_text, "html": scan.scan_html, "markdown": scan.scan_markdown, "json": scan.scan_json, "atom": scan.scan_atom,
}  # fmt: skip


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str]]:
    with world(CASES, tmp_path_factory.mktemp("outputs")) as made:
        with (made.folder / "monitor.toml").open("a", encoding="utf-8") as file:
            file.write('\n[digest]\ndeliver = ["archive", "feed"]\n[[delivery]]\nname = "archive"\nkind = "folder"\nfolder = "archive"\n')
            file.write('[[delivery]]\nname = "feed"\nkind = "atom"\nfile = "archive/digests.xml"\n')
        run = made.run("-v", "crawl")
        assert run.code == 3, run.err
        yield made, run.out + run.err


def _typed(made: World, *arguments: str) -> tuple[int, str, str]:
    """Type a command in the folder, within this process: nothing that is typed here uses the network. Returns exit code, stdout, stderr."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    code = 0
    with chdir(made.folder), redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", ["monitor", *arguments]):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return code, texts[0], texts[1]


def _show(made: World, *arguments: str, code: int | None = 0) -> str:
    ended, out, err = _typed(made, *arguments)
    assert code is None or ended == code, err
    assert not scan.scan_lines(err)
    return out


def test_what_a_crawl_says_is_plain(day: tuple[World, str]) -> None:
    assert not scan.scan_lines(day[1])
    assert "verify_tls = false" in day[1]


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_digest_is_inert_in_each_shape(day: tuple[World, str], shape: str) -> None:
    shown = _show(day[0], "digest", "--preview", "-f", shape)
    assert not _SHAPES[shape](shown)
    assert "FPT" in shown


def test_a_digest_tells_whose_certificates_were_not_verified_and_no_spam(day: tuple[World, str]) -> None:
    shown = " ".join(_show(day[0], "digest", "--preview", "-f", "text").split())
    assert "Read without verifying its certificate" in shown
    assert "casino" not in shown


def test_a_mail_is_inert(day: tuple[World, str]) -> None:
    settings = load_config(None, {}, day[0].folder)
    with Store.open(settings.database) as store:
        table = digest_named(settings, None)
        made = preview_edition(desk_of(store, settings, table, lambda: datetime.now(UTC))).digest
    assert len(made.lines) > 20
    assert not scan.scan_mail(mail_of(made))


def test_lists_and_exports_are_inert(day: tuple[World, str]) -> None:
    made = day[0]
    assert not scan.scan_csv(_show(made, "articles", "--csv", "--limit", "0"))
    assert not scan.scan_csv(_show(made, "export", "-f", "csv"))
    assert not scan.scan_json_lines(_show(made, "export", "--text"))
    for command in (("articles", "--limit", "0"), ("articles", "--suppressed"), ("stories",), ("sources", "list"), ("metrics",)):
        assert not scan.scan_lines(_show(made, *command)), command
    assert not scan.scan_lines(_show(made, "status", code=None))
    assert "spam: betting" in _show(made, "articles", "--suppressed")


def test_metrics_keep_their_lines(day: tuple[World, str]) -> None:
    for line in _show(day[0], "metrics").splitlines():
        assert line.startswith("#") or re.fullmatch(
            r"[a-z_0-9]+(?:\{(?:[a-z_]+=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)*\})? [-+.0-9eNaInf]+", line
        ), line


@pytest.mark.parametrize("words", ['"', "title:x AND NEAR(", "'); DROP TABLE articles;--", "* OR", "\\", "a" * 5_000, "FPT\x1b[2J"])
def test_any_search_is_answered(day: tuple[World, str], words: str) -> None:
    code, out, err = _typed(day[0], "search", "--", words)
    assert code in {0, 1, 2}
    assert not scan.scan_lines(out + err)
    assert "Traceback" not in err


def test_what_is_delivered_into_files_is_inert(day: tuple[World, str]) -> None:
    made = day[0]
    _show(made, "digest", "--deliver", code=None)
    pages = list((made.folder / "archive").rglob("*.html"))
    assert len(pages) >= 2
    for page in pages:
        assert page.resolve().is_relative_to(made.folder)
        assert not scan.scan_html(page.read_text(encoding="utf-8")), page
    assert not scan.scan_atom((made.folder / "archive" / "digests.xml").read_text(encoding="utf-8"))


def test_the_static_archive_is_inert_and_its_files_have_plain_names(day: tuple[World, str]) -> None:
    made = day[0]
    _show(made, "site", "room", code=None)
    files = [path for path in (made.folder / "room").rglob("*") if path.is_file()]
    pages = [path for path in files if path.suffix == ".html"]
    assert len(pages) > 20
    for path in files:
        assert path.name == LEDGER or re.fullmatch(r"[a-z0-9][A-Za-z0-9._-]{0,80}", path.name), path.name
        assert path.resolve().is_relative_to(made.folder / "room")
    for path in pages:
        assert not scan.scan_page(path.read_text(encoding="utf-8")), path
    for path in files:
        if path.suffix == ".xml":
            assert not scan.scan_atom(path.read_text(encoding="utf-8")), path


def test_the_reading_room_is_inert(day: tuple[World, str]) -> None:
    settings = load_config(None, {}, day[0].folder)
    with chdir(day[0].folder), Store.open(settings.database) as store, contextmanager(opened)(store) as room:
        browser = room.browser()
        seen, waiting = set(), ["/", "/days", "/topics", "/outlets", "/trends", "/sources", "/suppressed", "/search?q=FPT", "/search?q=%22%3Cscript%3E", "/topic/FPT", "/api"]  # fmt: skip
        while waiting and len(seen) < 60:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            status, page, headers = browser.ask(path)
            assert status in {200, 303, 404}, path
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe-inline" not in policy.split("script-src")[-1].split(";")[0]
            assert not scan.scan_page(page, policy=False), path
            links = [link for link in re.findall(r'href="(/(?:story|outlet|topic|day)/[^"#?]+)"', page) if link not in seen]
            waiting = (
                [link for link in links if link.startswith("/story/")]
                + waiting
                + [link for link in links if not link.startswith("/story/")]
            )
        assert len([path for path in seen if path.startswith("/story/")]) > 20
        for path in ("digest/next", "digests", "stories", "topics", "outlets", "search?q=FPT", "trends", "sources", "suppressed"):
            status, answer, headers = browser.ask(f"/api/v1/{path}")
            assert status == 200 and headers["content-type"].startswith("application/json"), path
            assert headers["x-content-type-options"] == "nosniff"
            assert not scan.scan_json(answer), path


def test_tables_and_documents_are_inert(day: tuple[World, str]) -> None:
    made = day[0]
    _show(made, "report", "--since", "7d", "-o", "report.xlsx")
    assert not scan.scan_workbook((made.folder / "report.xlsx").read_bytes())
    assert not scan.scan_csv(_show(made, "report", "--since", "7d", "-f", "csv"))
    page = _show(made, "report", "--since", "7d", "-f", "html")
    assert not scan.scan_html(page)
    if chromium() is not None:
        assert not scan.scan_pdf(pdf_of(page))


def test_what_is_pushed_is_inert(day: tuple[World, str]) -> None:
    made = day[0]
    settings = load_config(None, {}, made.folder)
    with Store.open(settings.database) as store:
        digest = preview_edition(desk_of(store, settings, digest_named(settings, None), lambda: datetime.now(UTC))).digest
    title, body = short(digest, stories=1_000, link="", again=False)
    assert not scan.scan_text(title, but="") and not scan.scan_text(body)
    with web_server() as hook:
        attempt = Attempt(recipient="", message_id="<1@example.org>", again=False, begin=lambda: None, now=datetime.now(UTC))
        parcel = Parcel(digest=digest, series="digest:daily", period="2026-11-23/1")
        WebhookSender(WebhookDelivery(name="hook", url=hook.url), {}).send(parcel, attempt)
    ((_, headers, posted),) = hook.posts
    assert posted["digest"]["subject" if "subject" in posted["digest"] else "title"]
    assert not scan.scan_text(json.dumps(posted, ensure_ascii=False))
    assert {name.lower() for name in headers} <= {"host", "accept-encoding", "content-length", "content-type", "user-agent", "idempotency-key", "connection", "accept"}  # fmt: skip


def test_a_log_for_programs_keeps_its_lines(day: tuple[World, str]) -> None:
    """`-vv` lets Scrapy's own log through, which quotes what hosts say; each event stays one line of JSON."""
    made = day[0]
    asked = [
        "http://says-ansi.example/feed",
        "http://honest-1.example/1",
        "http://to-loopback.example/feed",
        "http://head-evil.example/feed",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "-vv", "crawl", "--log-json", *asked], cwd=made.folder, env=made.environment, capture_output=True, text=True, timeout=LONG_S
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert len(lines) > 10
    assert not scan.scan_json_lines(done.stderr)
    assert all(isinstance(json.loads(line)["message"], str) for line in lines)
    plain = subprocess.run(
        [sys.executable, "-m", "monitor", "-vv", "crawl", *asked], cwd=made.folder, env=made.environment, capture_output=True, text=True, timeout=LONG_S
    )  # fmt: skip
    assert not scan.scan_lines(plain.stderr)


def test_bare_addresses_are_read_in_the_same_way(day: tuple[World, str]) -> None:
    """The one-off road: whatever stands at an address, its words are data and the guard holds."""
    made = day[0]
    asked = [
        "http://says-script.example/feed", "http://honest-1.example/1", "http://to-loopback.example/feed", "http://127.0.0.1/secret", "http://robots-no.example/feed",
        "http://nothing.example/", "http://spam-betting.example/1", "http://json-types.example/feed",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "crawl", "--json", *asked], cwd=made.folder, env=made.environment, capture_output=True, text=True, timeout=LONG_S
    )  # fmt: skip
    report = json.loads(done.stdout)
    kinds = {one["source"]: one["kind"] for one in report["failing"]}
    assert kinds["http://127.0.0.1/secret"] == kinds["to-loopback"] == "private-address"
    assert kinds["robots-no"] == "robots"
    assert kinds["http://nothing.example/"] == "dns"
    assert not {"http://says-script.example/feed", "http://honest-1.example/1"} & set(kinds)
    assert not [line for line in made.log() if line.startswith("breach")]
    assert not scan.scan_lines(done.stderr)
