"""What a terminal can show, and how long output is paged there; a pipe or file gets plain text at once."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

WIDEST = 100  # columns: a longer line is hard to read
_ESCAPES = re.compile(r"\x1b(?:\[[\d;]*m|\]8;[^\x1b]*\x1b\\)")


@dataclass(frozen=True)
class Terminal:
    """What an output can show."""

    width: int = 80
    height: int = 0  # lines; 0 where nothing is to be paged
    color: bool = False
    hyperlinks: bool = False


def terminal_of(out: TextIO, env: Mapping[str, str] = os.environ) -> Terminal:
    """Return what `out` can show: its width, colour and links; a pipe gets plain text of 80 columns."""
    if not out.isatty():
        return Terminal()
    size = shutil.get_terminal_size()
    dumb = env.get("TERM") in {"dumb", ""}
    return Terminal(
        width=max(min(size.columns, WIDEST), 40),
        height=0 if dumb else size.lines,
        color=not dumb and "NO_COLOR" not in env,
        hyperlinks=not dumb and links_in(env),
    )


def links_in(env: Mapping[str, str]) -> bool:
    """Whether the terminal opens OSC 8 hyperlinks, as far as its environment tells; FORCE_HYPERLINK=1 or 0 decides.

    Source: the list of terminals that support them in https://github.com/Alhadis/OSC8-Adoption. Where we cannot tell, addresses are written out.
    """
    forced = env.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced not in {"", "0"}
    program = env.get("TERM_PROGRAM", "")
    if program == "tmux" or env.get("TERM", "").startswith("screen"):
        return False  # older ones drop the address, and the terminal around them is not known
    if program in {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"}:
        return True
    if any(env.get(name) for name in ("KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM")):
        return True
    vte = env.get("VTE_VERSION", "")
    if vte.isdecimal():
        return int(vte) >= 5_000
    return env.get("TERM", "") in {"xterm-kitty", "alacritty", "foot", "foot-extra", "contour", "xterm-ghostty"}


def put(text: str, out: TextIO | None = None, env: Mapping[str, str] = os.environ) -> None:
    """Write `text`; through a pager where `out` (stdout if None) is a terminal that it does not fit on.

    PAGER names the pager (`cat` for none); without it, `less` is used where there is one.
    """
    out = out or sys.stdout
    height = terminal_of(out, env).height
    command = _pager(env) if height and text.count("\n") >= height else None
    if command is None:
        out.write(text)
        return
    out.flush()
    # -R lets colours and links through, -F leaves at the end of a short text, -X keeps it on the screen afterwards.
    surroundings = {**env, "LESS": env.get("LESS") or "FRX", "LESSCHARSET": env.get("LESSCHARSET", "utf-8")}
    if os.path.basename(command[0]) != "less":  # noqa: PTH119 - a command's name
        text = _ESCAPES.sub("", text)
    try:
        subprocess.run(command, input=text.encode(), env=surroundings, check=False)  # noqa: S603 - the user's own pager
    except (OSError, KeyboardInterrupt):
        out.write(text)


def _pager(env: Mapping[str, str]) -> list[str] | None:
    try:
        named = shlex.split(env.get("PAGER", "less"))
    except ValueError:
        return None
    if not named or named[0] == "cat" or shutil.which(named[0]) is None:
        return None
    return named
