"""The digest on a terminal."""

from __future__ import annotations

from dataclasses import replace

from monitor.digest.layout import Style, lay_out
from monitor.digest.record import Digest

# Colours of the terminal's own palette, so that they fit dark and light themes alike.
_COLOURS = Style(bold="\x1b[1m", dim="\x1b[2m", accent="\x1b[36m", alert="\x1b[33m", mark="\x1b[1;35m", reset="\x1b[0m")


def render_terminal(digest: Digest, *, width: int = 80, color: bool = False, hyperlinks: bool = False) -> str:
    """Render for a terminal of `width` columns; escape sequences only with `color`, links behind headlines with `hyperlinks` (OSC 8)."""
    style = _COLOURS if color else Style()
    return lay_out(digest, width=width, style=replace(style, hyperlinks=hyperlinks), links=False)
