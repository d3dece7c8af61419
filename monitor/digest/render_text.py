"""The digest as plain text, for a file or the text part of a mail."""

from __future__ import annotations

from monitor.digest.layout import Style, lay_out
from monitor.digest.record import Digest

_WIDTH = 76  # what mail programs show without breaking a quoted line


def render_text(digest: Digest) -> str:
    """Render as plain text with all addresses."""
    return lay_out(digest, width=_WIDTH, style=Style(), links=True)
