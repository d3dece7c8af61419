"""HTML of a feed's titles and summaries -> plain text, in linear time whatever the input.

Summaries are shown as text and never as markup, so nothing has to be sanitised: it is stripped.
"""

from __future__ import annotations

import re
from html import unescape

from storage.text import clean_text

_TAG = re.compile(r"<(?:!--[\s\S]*?(?:-->|$)|(script|style)\b[\s\S]*?(?:</\1\s*>|$)|/?[a-zA-Z!?][^<>]*(?:>|$))", re.I)
_BLOCK = re.compile(r"<(?:/?(?:p|div|li|ul|ol|h\d|tr|table|blockquote|section|article|figure|figcaption)\b|br\b)", re.I)
_MARKUP = re.compile(r"<[a-zA-Z/!]")
_ENTITY = re.compile(r"&(?:[a-zA-Z]\w{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def plain(text: str, limit: int, *, lines: bool = False) -> str:
    """Return `text`, which may hold markup or doubly escaped entities, as clean plain text of at most `limit` code points."""
    text = text[: limit * 8]
    for _ in range(2):  # feeds escape once too often; titles twice at the most
        if _MARKUP.search(text):
            if lines:
                text = _BLOCK.sub(lambda found: "\n" + found.group(), text)
            text = _TAG.sub(" ", text)
        if "&" not in text or not _ENTITY.search(text):
            break
        text = unescape(text)
    return clean_text(text, limit, lines=lines)


def title(text: str, limit: int) -> str:
    """Return a headline as plain text: only known tags are markup there, so "a < b" and "<FPT>" stay."""
    text = text[: limit * 8]
    if "&" in text and _ENTITY.search(text):
        text = unescape(text)
        if "&" in text and _ENTITY.search(text):
            text = unescape(text)
    if "<" in text:
        text = _INLINE.sub("", text)
    return clean_text(text, limit)


_INLINE = re.compile(
    r"</?(?:b|i|em|strong|span|a|font|sup|sub|u|p|div|br|small|mark|h\d|img|script|style|iframe|object|svg)\b[^<>]*>", re.I
)


def language_code(stated: str) -> str:
    """Return the code of a language that a document states ("vi" of "vi-VN"); "" where it is none."""
    code = stated.replace("_", "-").split("-")[0].strip().lower()
    return code if code.isalpha() and len(code) in {2, 3} else ""
