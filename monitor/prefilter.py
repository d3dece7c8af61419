"""Tell from a page's raw bytes that no watched name can stand in it. May say yes wrongly, never no.

The fast road is one pass over the bytes for one anchor word of each alias and for all that may hide one. A page goes down the slow road, where
its text is unescaped, folded and searched for whole aliases, if it holds only anchors that are common words ("long" of "Long Châu"), or
something behind which bytes can hide a letter: markup inside a word, entities, soft hyphens, full-width and other letters that fold to plain ones.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html.entities import html5
from itertools import pairwise
from typing import Any

from monitor.spelling import WORDLESS, folded_variants, toneless
from storage.text import clean_text, fold

_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}
_TAG = re.compile(rb"<(?:!--.*?--|/?[A-Za-z!][^<>]*)>", re.S)
_TEXT_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z!][^<>]*)>", re.S)
# What is dropped from texts (controls, soft hyphens, zero-width characters) and what folds to a plain letter or to another ideograph
# (superscripts, letter-like symbols, circled and mathematical letters, full and half width, compatibility ideographs): code points, hexadecimal.
_HIDING = (
    "00-08 0e-1f 7f-84 86-9f aa ad b2-b3 b9-ba 17f 2b0-2e3 34f 37e 61c 115f-1160 17b4-17b5 180e 1d2c-1dbb 1fef 200b-200f 202a-202e 2060-209c 2100-2115 "
    "2117-2121 2123-217f 2329-232a 2460-24ff 2c7c-2c7d a7f2-a7f4 d800-dfff f900-faff feff ff10-ff3a ff41-ff5a ff66-ff9f fff0-ffff 10780-107bf 1bca0-1bca3 1d173-1d17a 1d400-1d7ff "
    "1f100-1f16f 1fbf0-1fbf9 2f800-2fa1f e0000-e0fff"
)
_BOM = b"\xef\xbb\xbf"
_NUMBERED = re.compile(rb"&#([0-9]{1,8}|[xX][0-9a-fA-F]{1,7})")
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,40})")
_CJK = 0x1100  # from here on a numbered entity may be a letter of a name in a script of its own
_PIECE = re.compile(rf"[a-z0-9]+|{WORDLESS.pattern}+|[^\W_]+")
# Bytes; more is looked through by a worker, which may be killed: this is the crawl's own process.
_LARGEST = 2 * 1024**2
_LARGEST_DOUBTFUL = 512 * 1024
_NAME, _WORD, _HIDING_BYTES, _SPLIT = range(
    4
)  # what a pattern stands for: an anchor of either kind, what hides letters, an anchor's end behind markup
_CLOSE = ord(">")
# First bytes of what may follow a word: all but letters and digits, and the scripts that put no space between words. Left out are the bytes
# that begin Latin letters (c3 to ca, e1 b8 to e1 bb), which stand after half the syllables of a Vietnamese page, and what hides anyway.
_BOUNDS = (
    *(bytes([code]) for code in (9, 10, 11, 12, 13, *range(0x20, 0x7F)) if not chr(code).isalnum()),
    *(bytes([code]) for code in (0xC2, *range(0xCB, 0xE1), *range(0xE2, 0xF5))),
    *(bytes([0xE1, code]) for code in (*range(0x80, 0xB8), *range(0xBC, 0xC0))),
    b"\xc3\x97", b"\xc3\xb7",
)  # fmt: skip
_LEAST = 3  # letters that make an anchor worth looking for, where there is a choice


class Prefilter:
    """Looks for one anchor word of each alias.

    Args:
        aliases: as written; their variants in spacing and hyphens hold the same words.
    """

    def __init__(self, aliases: Iterable[str]) -> None:
        self._aliases = tuple(dict.fromkeys(aliases))

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether a page can hold an alias.

        Args:
            encoding: as the server or the page says; of bytes in any other than UTF-8 nothing is said.
        """
        if encoding.lower() not in _UTF8 or b"\x00" in page[:200] or len(page) > _LARGEST:
            return True
        lowered = page.removeprefix(_BOM).lower() + b"\n"  # where the page ends, a word ends
        doubtful = self._anchors.marked
        splits: list[tuple[int, int]] = []
        for number, start, _end in self._scan.automaton.find_matches_as_indexes(lowered, overlapping=True):
            kind = self._scan.kinds[number]
            if kind == _NAME:
                return True
            doubtful |= kind in (_WORD, _HIDING_BYTES)
            if kind == _SPLIT:
                splits.append((number, start))
        doubtful = doubtful or _has_hiding_entity(page)
        if not doubtful and any(self._scan.may_be_split(lowered, number, at) for number, at in splits):
            bare = _TAG.sub(b"", lowered)
            if _any(self._names, bare):
                return True
            doubtful = _any(self._either, bare)
        return doubtful and (len(page) > _LARGEST_DOUBTFUL or self._stands_in(page))

    def may_stand_in(self, text: str) -> bool:
        """Whether a text without markup and entities can hold an alias: searched faster than folded."""
        return self._anchors.marked or _any(self._in_text, text.encode("utf-8", "surrogatepass").lower())

    # ------------------------------------------------------------------ inside

    def _stands_in(self, page: bytes) -> bool:
        """Whether the text of a page holds an alias; markup taken for nothing, and for a space."""
        text = page.decode("utf-8", "replace")
        for between in ("", " ") if "<" in text else ("",):
            words = html.unescape(html.unescape(_TEXT_TAG.sub(between, text)))
            if _any(self._whole, fold(clean_text(words, len(words) + 1))):
                return True
        return False

    @cached_property
    def _anchors(self) -> _Anchors:
        return _anchors(self._aliases)

    @cached_property
    def _names(self) -> Any:
        return _bytes_automaton(self._anchors.names)

    @cached_property
    def _either(self) -> Any:
        return _bytes_automaton(self._anchors.names | self._anchors.words)

    @cached_property
    def _in_text(self) -> Any:
        from ahocorasick_rs import BytesAhoCorasick

        spelled = {spelling for word in self._anchors.names | self._anchors.words for spelling in _spellings(word)}
        return BytesAhoCorasick(sorted(spelled | _hiding_bytes()))

    @cached_property
    def _scan(self) -> _Scan:
        return _scan(self._anchors, self._aliases)

    @cached_property
    def _whole(self) -> Any:
        from ahocorasick_rs import AhoCorasick

        return AhoCorasick(sorted({folded for alias in self._aliases for folded, _ in folded_variants(alias)}))


@dataclass(frozen=True)
class _Scan:
    """All that is looked for in a page's lowered bytes."""

    automaton: Any
    kinds: Sequence[int]  # of each pattern: what finding it means
    before: Mapping[int, frozenset[int]]  # pattern -> last bytes of what stands before this end of an anchor

    def may_be_split(self, lowered: bytes, number: int, close: int) -> bool:
        """Whether before the markup that ends at `close` stands what goes before this end of an anchor ("FP<b>T")."""
        while True:
            comment = lowered.endswith(b"--", 0, close)
            opened = lowered.rfind(b"<!--" if comment else b"<", 0, close)
            if opened <= 0:
                return comment
            if lowered[opened - 1] != _CLOSE:
                return lowered[opened - 1] in self.before[number]
            close = opened - 1


def _scan(anchors: _Anchors, aliases: Sequence[str]) -> _Scan:
    from ahocorasick_rs import BytesAhoCorasick

    kinds = dict.fromkeys(_hiding_bytes(), _HIDING_BYTES)
    before: dict[bytes, set[int]] = {}
    for words, kind in ((anchors.words, _WORD), (anchors.names, _NAME)):
        kinds |= {spelling: kind for word in words for spelling in _spellings(word)}
    found = re.compile(b"|".join(re.escape(one) for one, kind in kinds.items() if kind in (_NAME, _WORD)) or b"(?!)")
    glued = _glued_to(anchors, aliases)
    for word in anchors.names | anchors.words:
        for spelling in _spellings(word):
            letters = spelling.decode("utf-8", "surrogatepass")
            for at in range(1, len(letters)):
                end = letters[at:].encode("utf-8", "surrogatepass")
                if found.search(end):
                    continue  # an anchor by itself
                # One or two letters begin many words: there the word must end, too.
                ends = [end + after for after in (*_BOUNDS, *glued.get(word, ()))] if len(end) <= 2 else [end]
                for one in ends:
                    before.setdefault(b">" + one, set()).add(spelling[len(spelling) - len(end) - 1])
    kinds |= dict.fromkeys(before, _SPLIT)
    patterns = sorted(kinds)
    numbers = {number: frozenset(before[pattern]) for number, pattern in enumerate(patterns) if pattern in before}
    return _Scan(BytesAhoCorasick(patterns), [kinds[pattern] for pattern in patterns], numbers)


def _glued_to(anchors: _Anchors, aliases: Sequence[str]) -> Mapping[str, set[bytes]]:
    """The letters that follow an anchor in an alias that is written as one word: "FPTSoftware"."""
    found: dict[str, set[bytes]] = {}
    for alias in aliases:
        for word, after in pairwise(_pieces(alias)):
            if after.isascii() and (word in anchors.names or word in anchors.words):
                found.setdefault(word, set()).add(after[:1].encode())
    return found


@dataclass(frozen=True)
class _Anchors:
    names: frozenset[str]  # aliases of one word, and words of scripts without capitals: seen, a page is worth its extraction
    words: frozenset[str]  # words of plain letters out of longer aliases
    marked: bool  # an alias has no word of either kind: a text may write it in too many ways to look for its bytes


def _anchors(aliases: Iterable[str]) -> _Anchors:
    """Choose words so that each alias holds one: "FPT" serves "FPT Digital" too, where "digital" would let half the web through."""
    names: set[str] = set()
    words: set[str] = set()
    marked = False
    spelled = [(alias, _pieces(alias)) for alias in aliases]
    for alias, pieces in sorted(spelled, key=lambda pair: len(pair[1])):
        good = [] if toneless(alias) else [piece for piece in pieces if piece.isascii() or WORDLESS.match(piece)]
        long = [piece for piece in good if len(piece) >= _LEAST or not piece.isascii()] or good
        if not good:
            marked |= bool(pieces)
        elif names.isdisjoint(good):
            best = max(long, key=lambda piece: (not piece.isascii(), len(piece)))
            if len(pieces) == 1 or not best.isascii():
                names.add(best)
            elif words.isdisjoint(long):
                words.add(best)
    return _Anchors(frozenset(names), frozenset(words), marked)


def _pieces(alias: str) -> list[str]:
    return _PIECE.findall(unicodedata.normalize("NFC", alias).lower())


def _any(automaton: Any, haystack: Any) -> bool:
    return next(iter(automaton.find_matches_as_indexes(haystack)), None) is not None


def _bytes_automaton(words: Iterable[str]) -> Any:
    from ahocorasick_rs import BytesAhoCorasick

    return BytesAhoCorasick(sorted({spelling for word in words for spelling in _spellings(word)}))


def _spellings(word: str) -> Iterator[bytes]:
    """The bytes by which a page writes a word of plain letters or of a script without capitals."""
    for form in ("NFC", "NFD"):
        yield unicodedata.normalize(form, word).encode("utf-8", "surrogatepass")
    yield fold(word).encode("utf-8", "surrogatepass")


def _has_hiding_entity(page: bytes) -> bool:
    if b"&" not in page:
        return False
    page = page.replace(b"&amp;", b"&")  # some pages escape twice
    for number in set(_NUMBERED.findall(page)):
        code = int(number[1:], 16) if number[:1] in b"xX" else int(number)
        if code >= 0x110000 or _hides(chr(code)):
            return True
    return any(_HIDING_NAMES_START.match(name) or name in _hiding_names() for name in set(_NAMED.findall(page)))


@cache
def _hiding_codes() -> frozenset[int]:
    spans = (span.partition("-") for span in _HIDING.split())
    return frozenset(code for first, _, last in spans for code in range(int(first, 16), int(last or first, 16) + 1))


@cache
def _hiding_bytes() -> frozenset[bytes]:
    """The UTF-8 of what hides; of four bytes the first three will do."""
    return frozenset(chr(code).encode("utf-8", "surrogatepass")[:3] for code in _hiding_codes())


def _hides(letter: str) -> bool:
    code = ord(letter)
    return code in _hiding_codes() or (letter.isascii() and letter.isalnum()) or (code >= _CJK and WORDLESS.match(letter) is not None)


_HIDING_NAMES_START = re.compile(rb"shy|ord[fm]|sup[123]")  # of old HTML, also without a semicolon


@cache
def _hiding_names() -> frozenset[bytes]:
    return frozenset(name.rstrip(";").encode() for name, letters in html5.items() if any(_hides(letter) for letter in letters))
