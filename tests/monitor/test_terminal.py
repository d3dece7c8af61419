"""What a terminal gets: links where it opens them, a pager where the text is long, plain text in a pipe."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from monitor.cli.terminal import links_in
from monitor.digest.layout import columns
from storage.store import Store
from tests.monitor.desk import take
from tests.patience import LONG_S


@pytest.mark.parametrize(
    ("env", "links"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4800"}, False),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "tmux", "VTE_VERSION": "7600"}, False),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, False),
        ({"WT_SESSION": "x"}, True),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({}, False),
    ],
)
def test_links_are_shown_where_the_terminal_is_known_to_open_them(env: dict[str, str], links: bool) -> None:
    assert links_in(env) is links


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "monitor.db")
    with Store.open(path) as store:
        for number, thing in enumerate(("cầu", "hầm", "cảng", "ga", "trường", "chợ")):
            take(store, number, f"FPT xây {thing} lớn nhất miền Trung trong năm nay", f"Tập đoàn FPT xây {thing} ở tỉnh thứ {number}.")
    return path


def on_a_terminal(*arguments: str, rows: int, cwd: Path, **env: str) -> str:
    """Run a command of ours on a real pseudo-terminal of 80 columns and return what it wrote."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, 80))
    surroundings = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES", "PAGER", "LESS"}}
    surroundings |= {"TERM": "xterm-256color"} | env
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=surroundings, close_fds=True
    )
    os.close(theirs)
    written = bytearray()

    def read() -> None:
        try:
            while part := os.read(ours, 65_536):
                written.extend(part)
        except OSError:  # the other side has gone: that is how a pseudo-terminal ends
            return

    reader = threading.Thread(target=read)
    reader.start()
    assert process.wait(LONG_S) == 0
    reader.join(LONG_S)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def test_stories_fit_into_eighty_columns_and_open_on_a_click(database: str, tmp_path: Path) -> None:
    shown = on_a_terminal("--database", database, "stories", rows=60, cwd=tmp_path, FORCE_HYPERLINK="1")
    assert shown.count("\x1b]8;id=s") == 6 == shown.count("\x1b]8;;\x1b\\")
    bare = re.sub(r"\x1b(\[[\d;]*m|]8;[^\x1b]*\x1b\\)", "", shown)
    assert "\x1b" not in bare and max(map(columns, bare.splitlines())) <= 80
    assert "FPT xây cầu lớn nhất miền Trung trong năm nay" in bare and "s1 · bao.example · FPT" in bare
    plain = on_a_terminal("--database", database, "stories", rows=60, cwd=tmp_path, NO_COLOR="1")
    assert "\x1b" not in plain


def test_what_does_not_fit_goes_through_the_pager(database: str, tmp_path: Path) -> None:
    pager = tmp_path / "pager.py"
    pager.write_text("import sys\nprint('PAGED', len(sys.stdin.read().splitlines()))\n", encoding="utf-8")
    command = f"{sys.executable} {pager}"
    for arguments in (("digest", "--since", "2026-01-01"), ("stories",)):
        assert re.search(r"PAGED \d\d", on_a_terminal("--database", database, *arguments, rows=8, cwd=tmp_path, PAGER=command))
        assert "PAGED" not in on_a_terminal("--database", database, *arguments, rows=2_000, cwd=tmp_path, PAGER=command)
        assert "PAGED" not in on_a_terminal("--database", database, *arguments, rows=8, cwd=tmp_path, PAGER="cat")


def test_a_pipe_gets_plain_cells(database: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "monitor", "--database", database, "stories"], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=os.environ | {"FORCE_HYPERLINK": "1", "PAGER": "false"},
    )  # fmt: skip
    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    assert len(rows) == 6 and all(len(row) == 5 for row in rows) and "\x1b" not in ran.stdout
