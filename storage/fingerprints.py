"""What deciding needs of an article without reading its text: a packed sketch of its words. Pure, standard library only.

Copies are told by a bottom-k sketch of word shingles (A. Broder, "On the resemblance and containment of documents", 1997; estimators
after E. Cohen and H. Kaplan, "Summarizing data using bottom-k sketches", 2007). Stories are told by terms that survive rewording and
translation: names, numbers, dates, quoted titles, rare words, and a small set of concepts known in several languages. All hashes are
CRC-32, the same in every process and release; a change of what is hashed has to raise `VERSION`.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

from storage.concepts import CONCEPTS, language_of
from storage.headlines import amounts_of, is_serial, periods
from storage.identity import title_key
from storage.items import Article, BodyFrom
from storage.terms import CJK, WORD, Terms, stem
from storage.text import fold

VERSION = 3
SKETCH = 96  # shingle hashes kept of a body
SHINGLE = 4  # words
_BODY_LIMIT = 60_000  # code points of a body that are shingled
_TERM_LIMIT = 6_000  # code points of a body whose terms count: the news stands first


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """One article, as far as copies and stories are told by it."""

    at: datetime
    dated: bool  # False: an article from a file without a date, which may be of any day
    language: str
    host: int  # hash of the outlet's host, 0 where there is none
    title: int  # hash of the folded headline, 0 where there is none
    title_words: int  # words of the headline
    words: int  # words of the body
    shingles: int  # distinct shingles of the body
    sketch: tuple[int, ...]  # the smallest shingle hashes, ascending
    terms: tuple[int, ...]  # hashes of the terms, weightiest first
    marks: bytes  # what each term is: a `Sort`, with TITLE, EARLY, OFTEN
    periods: frozenset[int] = frozenset()  # hashes of quarters, issues, rounds, dates in the headline: "kind * 2**24 + value"
    template: int = 0  # hash of the headline without names and numbers
    serial: bool = False  # a column, a live blog, a list of the day, an obituary by its headline
    opening: int = 0  # hash of the first words of the body

    @cached_property
    def amounts(self) -> tuple[float, ...]:
        """The large numbers of the headline, to three digits."""
        return amounts_of(self.periods)

    @cached_property
    def sketched(self) -> frozenset[int]:
        """The sketch as a set."""
        return frozenset(self.sketch)

    @property
    def bands(self) -> tuple[int, ...]:
        """The keys under which copies are looked up."""
        return self.sketch[:12]

    def pack(self) -> bytes:
        """Return the fingerprint as bytes; `at` is not part of them."""
        language = self.language.encode()[:8]
        head = _HEAD.pack(
            VERSION, self.dated | self.serial << 1, self.host, self.title, min(self.title_words, 255), self.words, self.shingles,
            self.template, self.opening, len(language), len(self.sketch), len(self.terms), len(self.periods),
        )  # fmt: skip
        numbers = (*self.sketch, *self.terms, *sorted(self.periods))
        return head + language + self.marks + struct.pack(f"<{len(numbers)}I", *numbers)

    @classmethod
    def unpack(cls, packed: bytes, at: datetime, *, any_version: bool = False) -> Fingerprint:
        """Return the fingerprint that `pack` wrote.

        Args:
            any_version: one of an earlier version, too. All had the same layout; it says under which keys it stands, and is not to be compared.

        Raises:
            ValueError: the bytes are of another version, or cut.
        """
        try:
            version, flags, host, title, title_words, words, shingles, template, opening, named, sketched, termed, dated = (
                _HEAD.unpack_from(packed)
            )
            if version != VERSION and not any_version:
                raise ValueError(f"a fingerprint of version {version}")
            start = _HEAD.size
            language = packed[start : start + named].decode()
            start += named
            marks = packed[start : start + termed]
            numbers = struct.unpack_from(f"<{sketched + termed + dated}I", packed, start + termed)
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError(f"a damaged fingerprint: {error}") from error
        return cls(
            at=at, dated=bool(flags & 1), serial=bool(flags & 2), language=language, host=host, title=title, title_words=title_words,
            words=words, shingles=shingles, template=template, opening=opening, sketch=numbers[:sketched],
            terms=numbers[sketched : sketched + termed], marks=marks, periods=frozenset(numbers[sketched + termed :]),
        )  # fmt: skip


_HEAD = struct.Struct("<BBIIBIIIIBBBB")


_SYLLABIC = frozenset({"vi"})


def fingerprint(article: Article, at: datetime) -> Fingerprint:
    """Return the fingerprint of an article; `at` is its place in time (its date, or when it was first seen)."""
    body = article.text if len(article.text) >= len(article.summary) else article.summary
    body = body[:_BODY_LIMIT]
    headline = article.title
    key = title_key(headline, article.outlet)
    folded_title = fold(headline)
    words = WORD.findall(fold(body))
    if body and CJK.search(body[:2_000]):
        words = [piece for word in words for piece in (word if CJK.match(word) else (word,))]
    hashes = _shingles(words)
    language = article.language.partition("-")[0].lower()
    if not language:
        language = _language(f"{headline} {body[:1_500]}")
    gathered = Terms(syllabic=language in _SYLLABIC)
    lead = body[:_TERM_LIMIT]
    gathered.read(lead if not article.summary or article.summary is body or len(body) > 800 else f"{lead}\n{article.summary}", title=False)
    gathered.read(headline, title=True)
    terms, marks = gathered.best()
    return Fingerprint(
        at=at,
        dated=article.published is not None or article.body_from is not BodyFrom.IMPORT,
        language=language,
        host=_crc(article.outlet_host) if article.outlet_host else 0,
        title=_crc(key) if key else 0,
        title_words=len(key.split()) if not CJK.search(key) else len(key) // 2,
        words=len(words),
        shingles=len(hashes),
        sketch=tuple(sorted(hashes)[:SKETCH]),
        terms=terms,
        marks=marks,
        periods=periods(folded_title) | gathered.amounts,
        template=_crc(" ".join(word for word in gathered.plain_title)) if len(gathered.plain_title) > 2 else 0,
        serial=is_serial(folded_title),
        opening=_crc(" ".join(words[:8])) if len(words) >= 8 else 0,
    )


def terms_of(phrases: Iterable[str]) -> frozenset[int]:
    """Return the terms that phrases can give rise to in any article, whatever its language: words, names, neighbours, concepts.

    Args:
        phrases: words as a watchlist writes them; a star at a word's end is dropped.
    """
    texts: set[str] = set()
    for phrase in phrases:
        plain = [word.lower() for word in WORD.findall(phrase)]
        folded = [fold(word) for word in plain]
        texts.update(folded)
        texts.update(map(stem, folded))
        texts.update(f"{one} {two}" for one, two in pairwise(folded))
        texts.update(f"{one}_{two}" for one, two in pairwise(plain))
        texts.update(one + two for word in plain if CJK.match(word) for one, two in pairwise(word))
        names = [*plain, *map(" ".join, pairwise(plain))]
        texts.update(f"&{CONCEPTS[name]}" for name in names if name in CONCEPTS)
    return frozenset(_crc(text) for text in texts if len(text) > 1)


def _language(text: str) -> str:
    """Guess the language of a text that states none: by script, then by words of grammar."""
    if len(CJK.findall(text)) * 4 > len(text):
        return (
            "ja"
            if re.search("[\u3040-\u30ff]", text)
            else "ko"
            if re.search("[\uac00-\ud7af]", text)
            else "zh"
            if re.search("[\u4e00-\u9fff]", text)
            else ""
        )
    return language_of(WORD.findall(text.lower()))


def _crc(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shingles(words: list[str]) -> set[int]:
    if len(words) < SHINGLE:
        return {_crc(" ".join(words))} if words else set()
    crc = zlib.crc32
    return {
        crc(f"{a} {b} {c} {d}".encode("utf-8", "surrogatepass")) for a, b, c, d in zip(words, words[1:], words[2:], words[3:], strict=False)
    }


def stamp(at: datetime) -> int:
    """Return the days since 1970 of a moment, in UTC."""
    return int(at.astimezone(UTC).timestamp() // 86_400)
