"""Whether a text spells an abbreviation out, and as what: "the Firefighters' Pension Trust (FPT)". Pure.

Who writes so says himself whom he means, in any language, and whether or not we have ever heard of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from storage.text import fold

_ABBREVIATION = re.compile(r"[A-Z]{3,6}$")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SMALL = frozenset(
    "of the and for de des du la le les et en pour d l a y e do da dos das und der die das fur von di del della van i va ve".split()
)
_STOP = re.compile(r"[.;:\n]")
_LINKS = frozenset("para pour for fur of per con".split())  # may stand small in a name, and give it a letter
_OFFICES = frozenset("president prime premier pope prince princess professor prof minister".split())
_TITLE_CASE = 0.7  # share of capitals from which a line writes all its words so
_HYPHENS = frozenset("-‐‑–")
_AND = re.compile(r",?\s(?:and|or|et|ou|und|oder|y|o|e|en|va)\s(?:(?:the|les?|la|des?|die|der|das|los|las)\s)*", re.I)
_MEANS = (
    r"(?:stands for|is short for|short for|means|meaning|signifie|veut dire|steht fur|bedeutet|significa|sta per|viet tat cua|i\.e\.|=)"
)
_OR = "or|ou|oder|o|abbreviated|abrege|abregee|hay|known as|kurz"
_OPEN, _CLOSE = frozenset("\"“«‘'"), frozenset("\"”»’'")
_ARTICLE = re.compile(r"\W*(?:(?:the|a|an|la|le|les|die|der|das|el)\s)?", re.I)
_COLON = re.compile(r"\s?[:–—]\s")
_SPAN = 90  # code points in which a full name is looked for
_NEAR = 160


def is_abbreviation(name: str) -> bool:
    """Whether a name is a word of three to six capitals."""
    return _ABBREVIATION.match(name) is not None


def spelled_out(text: str, start: int, end: int) -> str:
    """Return what the text says an abbreviation at a place stands for, as written; "" where it does not say so.

    Looked at are a full name before the abbreviation in brackets, one in brackets after it, and words near it with its initials that are written
    as what an abbreviation stands for: as a name, as a list, in quotes, or joined to it by "or", "stands for", a colon.
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
    """Words in a row with these initials that are written as a full name: "federal, provincial and territorial", "the Future Power Trust"."""
    words = [word for word in _WORD.finditer(text, left, right) if fold(word[0]) not in _SMALL and len(word[0]) > 2]
    for first in range(len(words) - len(letters) + 1):
        row = words[first : first + len(letters)]
        if "".join(fold(word[0])[0] for word in row) != letters or _STOP.search(text, row[0].start(), row[-1].end()):
            continue
        if _as_name(text, row) or _as_list(text, row) or _introduced(text, row, letters):
            yield text[row[0].start() : row[-1].end()]


def _as_name(text: str, row: list[re.Match[str]]) -> bool:
    """Whether the words have the capitals of a name, in a line that does not write all its words so; "Former President Trump" is a person."""
    if any(fold(word[0]) in _OFFICES for word in row) or "," in text[row[0].start() : row[-1].end()]:
        return False
    if not all(word[0][0].isupper() or fold(word[0]) in _LINKS for word in row) or not row[-1][0][0].isupper():
        return False
    begin, end = text.rfind("\n", 0, row[0].start()) + 1, text.find("\n", row[-1].end())
    line = [word for word in _WORD.finditer(text, begin, end if end >= 0 else len(text)) if len(word[0]) > 3]
    others = [word for word in line if not row[0].start() <= word.start() < row[-1].end()]
    return sum(word[0][0].isupper() for word in others) < _TITLE_CASE * max(len(others), 2)


def _as_list(text: str, row: list[re.Match[str]]) -> bool:
    """Whether they are a list, "federal, provincial and territorial", or joined by hyphens alone, "federal-provincial-territorial"."""
    gaps = [text[one.end() : other.start()] for one, other in pairwise(row)]
    if all(gap in _HYPHENS for gap in gaps):
        return True
    return all(gap.strip() == "," for gap in gaps[:-1]) and _AND.fullmatch(gaps[-1]) is not None


def _introduced(text: str, row: list[re.Match[str]], letters: str) -> bool:
    """Whether they stand in quotes, fill the line before a colon, or are joined to the abbreviation: "FPT stands for ...", "... or FPT"."""
    start, end = row[0].start(), row[-1].end()
    if any(
        text[one.end() : other.start()].strip(" -‐‑") and fold(text[one.end() : other.start()].strip()) not in _SMALL
        for one, other in pairwise(row)
    ):
        return False
    if text[start - 1 : start] in _OPEN and text[end : end + 1] in _CLOSE and start > 0:
        return True
    begin = text.rfind("\n", 0, start) + 1
    if _ARTICLE.fullmatch(text, begin, start) and _COLON.match(text, end):
        return True
    before, after = fold(text[max(start - 40, 0) : start]), fold(text[end : end + 16 + len(letters)])
    name = re.escape(letters)
    return bool(
        re.search(rf"\b{name}['\"”]?,? {_MEANS}\W*(?:the |la |le |a |an )?\W*$", before) or re.match(rf",? ?(?:{_OR}) \W?{name}\b", after)
    )
