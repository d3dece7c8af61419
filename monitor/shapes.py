"""Render a digest in one of its shapes; each renderer is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.digest.record import Digest

SHAPES = ("terminal", "text", "html", "markdown", "json", "atom")


def render(digest: Digest, shape: str, *, width: int = 80, color: bool = False, hyperlinks: bool = False) -> str:
    """Render `digest` as `shape`; `width` (columns), `color` and `hyperlinks` concern the terminal alone.

    Raises:
        KeyError: no such shape.
    """
    if shape == "terminal":
        from monitor.digest.render_terminal import render_terminal

        return render_terminal(digest, width=width, color=color, hyperlinks=hyperlinks)
    if shape == "text":
        from monitor.digest.render_text import render_text

        return render_text(digest)
    if shape == "html":
        from monitor.digest.render_html import render_html

        return render_html(digest)
    if shape == "markdown":
        from monitor.digest.render_markdown import render_markdown

        return render_markdown(digest)
    if shape == "json":
        from monitor.digest.render_json import render_json

        return render_json(digest)
    if shape == "atom":
        from monitor.digest.render_atom import render_atom

        return render_atom(digest)
    raise KeyError(shape)
