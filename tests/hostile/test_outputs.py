"""What a hostile day makes of everything that is written: six shapes, CSV, mail, export, status, logs, the archive, the Atom feeds.

The words of the cases are read by real crawls of the feed road, the page road and bare addresses; then every output is looked through
for live script, headers, escapes and formulas (see scan.py).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from monitor.config import load_config
from monitor.desks import desk_of, digest_named
from monitor.editions import preview_edition
from storage.store import Store
from tests.hostile import cases_documents, cases_network, cases_words, scan
from tests.hostile.case import Case
from tests.hostile.letters import mail_of
from tests.hostile.world import World, world

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


def _show(made: World, *arguments: str, code: int | None = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *arguments], cwd=made.folder, env=made.environment, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert code is None or done.returncode == code, done.stderr
    assert not scan.scan_lines(done.stderr)
    return done.stdout


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
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "search", "--", words], cwd=day[0].folder, env=day[0].environment, capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert done.returncode in {0, 1, 2}
    assert not scan.scan_lines(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_what_is_delivered_into_files_is_inert(day: tuple[World, str]) -> None:
    made = day[0]
    _show(made, "digest", "--deliver", code=None)
    pages = list((made.folder / "archive").rglob("*.html"))
    assert len(pages) >= 2
    for page in pages:
        assert page.resolve().is_relative_to(made.folder)
        assert not scan.scan_html(page.read_text(encoding="utf-8")), page
    assert not scan.scan_atom((made.folder / "archive" / "digests.xml").read_text(encoding="utf-8"))


def test_bare_addresses_are_read_in_the_same_way(day: tuple[World, str]) -> None:
    """The one-off road: whatever stands at an address, its words are data and the guard holds."""
    made = day[0]
    asked = [
        "http://says-script.example/feed", "http://honest-1.example/1", "http://to-loopback.example/feed", "http://127.0.0.1/secret", "http://robots-no.example/feed",
        "http://nothing.example/", "http://spam-betting.example/1", "http://json-types.example/feed",
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "crawl", "--json", *asked], cwd=made.folder, env=made.environment, capture_output=True, text=True, timeout=100
    )  # fmt: skip
    report = json.loads(done.stdout)
    kinds = {one["source"]: one["kind"] for one in report["failing"]}
    assert kinds["http://127.0.0.1/secret"] == kinds["to-loopback"] == "private-address"
    assert kinds["robots-no"] == "robots"
    assert kinds["http://nothing.example/"] == "dns"
    assert not {"http://says-script.example/feed", "http://honest-1.example/1"} & set(kinds)
    assert not [line for line in made.log() if line.startswith("breach")]
    assert not scan.scan_lines(done.stderr)
