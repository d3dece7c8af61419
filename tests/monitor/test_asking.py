"""What a crawl is asked for, wrongly: told before anything is asked, with what to write instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli import app
from tests.monitor.test_opml import OFF

TOMORROW = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bao.example/tin/1.html"], "an address is written in full: https://bao.example/tin/1.html"),
        (["htp://bao.example/tin"], "an address is written in full: https://bao.example/tin"),
        (["mien"], "did you mean mine?"),
        (["nobody-like-this"], "`monitor sources list` shows them all"),
        (["http:///x"], "http:///x is no web address"),
        (["--since", TOMORROW], "--since lies in the future"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "--since lies after --until"),
        (["--until", "2026-01-01"], "--until goes with --since"),
        (["--since", "2026-01-01", "https://bao.example/"], "--since goes with sources"),
        (["--since", "long ago"], "is no moment that I know"),
        (["--depth", "2", "mine"], "--depth and --restart go with bare addresses"),
        (["--group", "none"], "there is no group"),
        (["--browser"], "--browser goes with sources or addresses that you name"),
    ],
)
def test_wrong_arguments_are_told_with_what_to_write(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "monitor.toml").write_text(OFF + '[[source]]\nid = "mine"\nurl = "https://bao.example/rss"\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["crawl", *arguments])
    told = f"{result.output} {result.exception} {getattr(result.exception, 'hint', '')}"
    assert said in " ".join(told.split()) and not (tmp_path / "monitor.db").exists()
