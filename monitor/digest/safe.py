"""Make text and addresses from strangers harmless before they are shown in any shape."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

_BLANKS = re.compile(r"\s+")
_UNSAFE = re.compile(r"[\s\"<>\\^`{|}]")
_NETLOC = re.compile(r"(?:[^@\[\]]*@)?(?:\[[0-9a-f:.]+\]|[^@\[\]:]+)(?::\d{0,5})?", re.I)  # user, host or IPv6 address, port
_URL_LIMIT = 4_000
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")  # fit for lang="..."
_ASCII = "".join(map(chr, range(33, 127)))
# Of every page that is written: nothing is loaded, no script runs, nothing is sent, whatever a stranger's words would ask for.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class _Plain(dict[int, int | str | None]):
    """What becomes of each character, worked out when first met: None removes it."""

    def __missing__(self, code: int) -> int | str | None:
        category = unicodedata.category(chr(code))
        kept: int | str | None = code
        if chr(code).isspace():
            kept = " "
        elif category in {"Cc", "Cf", "Cs"} or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            kept = None
        self[code] = kept
        return kept


_PLAIN = _Plain()


def plain(text: str) -> str:
    """Return `text` on one line without controls, invisible and bidi characters, surrogates and what XML forbids.

    Blanks at the ends stay as single spaces, so that runs of one sentence can be cleaned one by one.
    """
    return _BLANKS.sub(" ", text.translate(_PLAIN))


def safe_url(url: str) -> str:
    """Return an http(s) address that can stand in any attribute, angle bracket or line; "" for everything else."""
    url = plain(url).strip()
    if len(url) > _URL_LIMIT:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _NETLOC.fullmatch(parts.netloc):
        return ""
    url = parts.scheme + url[len(parts.scheme) :]  # "HTTP://" is none for programs that compare letters
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", url)


def terminal_url(url: str) -> str:
    """Return a safe address in ASCII alone, as terminals take it behind a headline (OSC 8); "" where it is none."""
    return quote(safe_url(url), safe=_ASCII)
