"""Whether a text spells an abbreviation out, and as what: "the Firefighters' Pension Trust (FPT)". Pure.

Who writes so says himself whom he means, in any language, and whether or not we have ever heard of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.text import fold

_ABBREVIATION = re.compile(r"[A-Z]{3,6}$")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SMALL = frozenset(
    "of the and for de des du la le les et en pour d l a y e do da dos das und der die das fur von di del della van i va ve".split()
)
_STOP = re.compile(r"[.;:\n]")
_SPAN = 90  # code points in which a full name is looked for
_NEAR = 160


def is_abbreviation(name: str) -> bool:
    """Whether a name is a word of three to six capitals."""
    return _ABBREVIATION.match(name) is not None


def spelled_out(text: str, start: int, end: int) -> str:
    """Return what the text says an abbreviation at a place stands for, as written; "" where it does not say so.

    Looked at are a full name before the abbreviation in brackets, one in brackets after it, and three or more words near it with its initials.
    """
    letters = fold(text[start:end])
    if text[start - 1 : start] == "(":
        words = list(_WORD.finditer(text, max(start - _SPAN, 0), start - 1))
        for first in range(len(words) - 1, -1, -1):
            if _begins(words[first:], letters):
                return text[words[first].start() : words[-1].end()]
    if text[end : end + 2] == " (":
        close = text.find(")", end, end + _SPAN)
        words = list(_WORD.finditer(text, end + 2, close)) if close > 0 else []
        if words and _begins(words, letters):
            return text[words[0].start() : words[-1].end()]
    left, right = max(start - _NEAR, 0), min(end + _NEAR, len(text))
    return next(_runs(text, left, right, letters), "")


def _begins(words: list[re.Match[str]], letters: str) -> bool:
    """Whether the words' initials are the letters; small words may be left out."""
    initials = [fold(word[0])[0] for word in words]
    big = [letter for word, letter in zip(words, initials, strict=True) if fold(word[0]) not in _SMALL]
    return "".join(initials) == letters or "".join(big) == letters


def _runs(text: str, left: int, right: int, letters: str) -> Iterator[str]:
    """Words in a row with these initials: "federal, provincial and territorial"."""
    words = [word for word in _WORD.finditer(text, left, right) if fold(word[0]) not in _SMALL and len(word[0]) > 2]
    for first in range(len(words) - len(letters) + 1):
        row = words[first : first + len(letters)]
        if "".join(fold(word[0])[0] for word in row) == letters and not _STOP.search(text, row[0].start(), row[-1].end()):
            yield text[row[0].start() : row[-1].end()]
