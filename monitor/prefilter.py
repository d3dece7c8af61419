"""Tell from a page's raw bytes that no watched name can stand in it. May say yes wrongly, never no."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from html.entities import codepoint2name
from typing import Any

from storage.text import fold

_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}
# What can hide a letter: soft hyphens, zero-width characters, full-width Latin, entities of plain letters.
_HIDING = re.compile(
    rb"\xc2\xad|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf.|\xef\xbc[\xa1-\xba]|\xef\xbd[\x81-\x9a]|&shy;|&zw|&#(?:0*(?:6[5-9]|[78]\d|9[07-9]|1[01]\d|12[0-2]|173|820[3-7])|x0*(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a]|ad|200[b-f]));",
    re.I | re.S,
)
_WORDS = re.compile(r"\w+")


class Prefilter:
    """Looks for one anchor word of each alias in the bytes of a page.

    Args:
        aliases: as written.
    """

    def __init__(self, aliases: Iterable[str]) -> None:
        self._aliases = tuple(aliases)

    def may_mention(self, page: bytes, encoding: str) -> bool:
        """Whether a page can hold an alias."""
        if encoding.lower() not in _UTF8 or b"\x00" in page[:200]:
            return True
        if next(iter(self._automaton.find_matches_as_indexes(page.lower())), None) is not None:
            return True
        return _HIDING.search(page) is not None

    @cached_property
    def _automaton(self) -> Any:
        from ahocorasick_rs import BytesAhoCorasick

        anchors = _anchors(self._aliases)
        # An anchor that holds a shorter one is found by that.
        shortest = {one for one in anchors if not any(other != one and other in one for other in anchors)}
        return BytesAhoCorasick(sorted({spelling for anchor in shortest for spelling in _spellings(anchor)}))


def _anchors(aliases: Iterable[str]) -> set[str]:
    """Choose words so that each alias holds one: "FPT" serves "FPT Digital" too, where "digital" would let half the web through.

    An alias of several words that no anchor serves yet gives its longest word of plain letters.
    """
    spelled: list[list[str]] = []
    for alias in aliases:
        words = [word.lower() for word in _WORDS.findall(unicodedata.normalize("NFC", alias))]
        spelled.append([word for word in words if word.isascii() and len(word) > 2] or words)
    chosen: set[str] = set()
    for words in sorted(spelled, key=len):
        if chosen.isdisjoint(words):
            chosen.add(max(words, key=len))
    return chosen


def _spellings(word: str) -> Iterator[bytes]:
    """All bytes by which a page may write a word."""
    for form in {word, word.upper(), word.title(), fold(word)}:
        for normal in ("NFC", "NFD"):
            text = unicodedata.normalize(normal, form)
            yield text.encode().lower()
            if not text.isascii():
                yield "".join(_entity(letter) for letter in text).encode().lower()
                yield "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in text).encode().lower()
                yield "".join(letter if letter.isascii() else f"&#x{ord(letter):x};" for letter in text).encode().lower()


def _entity(letter: str) -> str:
    if letter.isascii():
        return letter
    name = codepoint2name.get(ord(letter))
    return f"&{name};" if name else f"&#{ord(letter)};"
