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
from enum import IntEnum
from itertools import combinations, pairwise

from storage.concepts import CONCEPTS, MONTHS, SCALES, STOP, language_of
from storage.identity import title_key
from storage.items import Article, BodyFrom
from storage.text import fold

VERSION = 3
AMOUNT = 9  # the kind under which amounts stand among the periods
SKETCH = 96  # shingle hashes kept of a body
SHINGLE = 4  # words
TERMS = 112  # terms kept
_BODY_LIMIT = 60_000  # code points of a body that are shingled
_TERM_LIMIT = 6_000  # code points of a body whose terms count: the news stands first
_NAMES_OF_TITLE = 5
_LEAD = 60  # words of a body that stand in for its beginning
_TITLE = TITLE = 0x10  # marks of a term: in the headline, in the first words of the body, more than once
_EARLY = EARLY = 0x20
_OFTEN = OFTEN = 0x40
_PART = PART = 0x80  # a word that is also part of a longer name


class Sort(IntEnum):
    """What a term is: it tells how common it has to be taken before the store has seen it."""

    WORD = 0  # an ordinary word
    LONG = 1  # an ordinary word of eight letters or more
    PAIR = 2  # two neighbouring syllables or characters, where those are less than words
    NAME = 3  # a capitalised word inside a sentence, or one with digits
    NAMES = 4  # two neighbouring capitalised words
    SMALL = 5  # a number that stands in many texts: below a hundred, a year
    NUMBER = 6  # any other number, with its scale
    DATE = 7  # a day of a month
    CONCEPT = 8
    QUOTE = 9  # a title in quotes
    BOTH = 10  # two names in one headline, wherever they stand: each may be common, the two together are not


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def amounts(self) -> tuple[float, ...]:
        """The large numbers of the headline (those with a scale: "4.5 million"), to three digits."""
        return tuple((value & 0x3FF) * 10.0 ** ((value >> 10 & 0x3FFF) - 3) for value in sorted(self.periods) if value >> 24 == AMOUNT)

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
    def unpack(cls, packed: bytes, at: datetime) -> Fingerprint:
        """Return the fingerprint that `pack` wrote.

        Raises:
            ValueError: the bytes are of another version, or cut.
        """
        try:
            version, flags, host, title, title_words, words, shingles, template, opening, named, sketched, termed, dated = (
                _HEAD.unpack_from(packed)
            )
            if version != VERSION:
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


_SORTS = {int(sort): sort for sort in Sort}
_TOKEN = re.compile(r"\d+(?:[.,/:\-]\d+)+|[^\W_]+|[.!?…;:\n“”\"«»()%|•–—]|(?<!\w)[‘'](?=\w)|(?<=\w)[’'](?!\w)")
_SHINGLED = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_CJK_RUN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+|[^\\W_]")
_SYLLABIC = frozenset({"vi"})
_STARTS = frozenset(".!?…:;\n“”\"«»(|•–—‘'")
_WEIGHT = {
    Sort.WORD: 1.0, Sort.LONG: 1.2, Sort.PAIR: 1.0, Sort.NAME: 1.8, Sort.NAMES: 2.2, Sort.SMALL: 0.7, Sort.NUMBER: 1.7, Sort.DATE: 1.0,
    Sort.CONCEPT: 1.1, Sort.QUOTE: 2.4, Sort.BOTH: 1.6,
}  # fmt: skip
_QUOTED = re.compile(r"[“\"«‘]\s*([^“”\"«»‘’\n]{6,80}?)\s*[”\"»’](?!\w)")
_VI_DATE = re.compile(r"\b(\d{1,2}) thang (\d{1,2})\b")
_CJK_DATE = re.compile(r"(\d{1,2})[月월]\s?(\d{1,2})[日일号]")

# What tells one number of a series from the next, in headlines.
_PERIODS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (1, r"\b(?:q|quy|quarter|trimestre|t)[\s\-]?([1-4])\b|\b([1-4])q\d*\b|\b([1-4])(?:st|nd|rd|th|er|e|eme)?[\s\-](?:quarter|trimestre)\b"),
        (2, r"(?:#|\bso|\bno\.?|\bn°|\bky|\btap|\bphan|\bvol\.?|\bep\.?|\bepisode|\bissue|\bpart|\bedition|\bbai|\bchapter)\s?(\d{1,4})\b"),
        (3, r"\b(?:round|vong|matchday|journee|luot|spieltag|week|tuan|semaine|game|match|tran|khoa|stage|chang|day|ngay thu|jour)\s(\d{1,3})\b(?![/.\-]\d)"),
    )
)  # fmt: skip
_QUARTER_WORDS = (
    r"first quarter|premier trimestre|quy i\b|1er trimestre|quy dau",
    r"second quarter|deuxieme trimestre|quy ii\b",
    r"third quarter|troisieme trimestre|quy iii\b",
    r"fourth quarter|quatrieme trimestre|quy iv\b",
)
_QUARTERS = tuple(re.compile(words) for words in _QUARTER_WORDS)
# Stages of one matter that exclude each other in headlines: begun and finished, arrested and sentenced, named and chosen.
_STAGES = tuple(
    (kind, stage, re.compile(words))
    for kind, stage, words in (
        (6, 1, r"\bkhoi cong\b|\bdong tho\b|\b(?:breaks?|broke|breaking) ground\b|\bgroundbreaking\b|\bground-breaking\b|\b(?:starts?|begins?|started|began) (?:construction|building|work)\b"
               r"|\bpremiere pierre\b|\bdebut des travaux\b|着工|起工|착공|\bspatenstich\b|\bprimera piedra\b"),
        (6, 2, r"\bkhanh thanh\b|\bdi vao hoat dong\b|\bkhai truong\b|\bkhai giang\b|\binaugurat|\binaugur(?:e|ee|es|ation)\b|\b(?:opens|opened) (?:its|their|the) doors\b|\bcompletes? construction\b"
               r"|竣工|落成|준공|개관|\beingeweiht\b"),
        (7, 1, r"\bbat (?:tam )?giam\b|\bkhoi to\b|\barrest(?:s|ed)?\b|\binterpelle|\bmis(?:e)? en examen\b|逮捕|체포|\bfestgenommen\b"),
        (7, 2, r"\btuyen an\b|\blinh an\b|\b(?:nam|thang) tu\b|\bsentenced\b|\bjailed for\b|\bcondamn|判決|선고|\bverurteilt\b"),
        (8, 1, r"\bnominated\b|\bshortlist|\bnominee|\bde cu\b|\bvao chung ket\b|\bnomme(?:e)?s? (?:aux|pour)\b|\bfinaliste"),
        (8, 2, r"\bwins?\b|\bwon\b|\bgianh giai\b|\bdoat giai\b|\bvo dich\b|\bremporte"),
    )
)  # fmt: skip
_HALVES = re.compile(
    r"half[\s\-]year|first half|nua dau nam|premier semestre|6 thang|sau thang|9 thang|nine months|full[\s\-]year|ca nam|annual"
)
_DATE = re.compile(r"(?<![\d.,/])(\d{1,2})[/.\-](\d{1,2})(?:[/.\-]((?:19|20)?\d\d))?(?![\d/]|[.,]\d)")
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b(?!\s?[-–]\s?\d)")
_SERIAL = re.compile(
    r"\bhom nay\b|\btoday'?s\b|\blive (?:blog|updates?|coverage)\b|\blive:|\ben direct\b|\btruc tiep\b|\bdu du bao\b|\bdu bao thoi tiet\b|\bweather forecast\b|\bmeteo\b"
    r"|\bhoroscope\b|\btu vi\b|\bxo so\b|\blottery\b|\bgia (?:vang|xang|usd|ca phe|heo|tieu|lua|dau|bac)\b|\bty gia\b|\bexchange rates?\b|\bmarket (?:wrap|close|report|update)\b|\bstocks to watch\b"
    r"|\bweekly\b|\bdaily\b|\bnewsletter\b|\bmorning brief|\bround-?up\b|\bdigest\b|\bdiem (?:tin|bao)\b|\btieu diem\b|\bchuyen dong \d|\S \| .* \| |\bban tin\b|\btin (?:nhanh|sang|toi|trua)\b|\bcolumn\b|\bchronique\b|\brevue de presse\b"
    r"|\bobituar|\bin memoriam\b|\bnecrologie\b|\bcao pho\b|\btin buon\b|\bcours de (?:l'or|la bourse)\b|\bcac 40\b|\bvn-?index\b|\bcrossword\b|\bquiz\b|\btv guide\b|\blich (?:thi dau|phat song|cup)\b"
    r"|\bthings to (?:know|do)\b|\bdeals of the (?:day|week)\b|\bopening bell\b|\bclosing bell\b|\bminute by minute\b|\bminute par minute\b|\bas it happened\b"
)  # fmt: skip


def fingerprint(article: Article, at: datetime) -> Fingerprint:
    """Return the fingerprint of an article; `at` is its place in time (its date, or when it was first seen)."""
    body = article.text if len(article.text) >= len(article.summary) else article.summary
    body = body[:_BODY_LIMIT]
    headline = article.title
    key = title_key(headline, article.outlet)
    folded_title = fold(headline)
    words = _SHINGLED.findall(fold(body))
    if body and _CJK.search(body[:2_000]):
        words = [piece for word in words for piece in (word if _CJK.match(word) else (word,))]
    hashes = _shingles(words)
    language = article.language.partition("-")[0].lower()
    if not language:
        language = _language(f"{headline} {body[:1_500]}")
    gathered = _Terms(syllabic=language in _SYLLABIC)
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
        title_words=len(key.split()) if not _CJK.search(key) else len(key) // 2,
        words=len(words),
        shingles=len(hashes),
        sketch=tuple(sorted(hashes)[:SKETCH]),
        terms=terms,
        marks=marks,
        periods=_periods(folded_title, at) | gathered.amounts,
        template=_crc(" ".join(word for word in gathered.plain_title)) if len(gathered.plain_title) > 2 else 0,
        serial=bool(_SERIAL.search(folded_title)),
        opening=_crc(" ".join(words[:8])) if len(words) >= 8 else 0,
    )


def terms_of(phrases: Iterable[str]) -> frozenset[int]:
    """Return the terms that phrases can give rise to in any article, whatever its language: words, names, neighbours, concepts.

    Args:
        phrases: words as a watchlist writes them; a star at a word's end is dropped.
    """
    texts: set[str] = set()
    for phrase in phrases:
        plain = [word.lower() for word in _SHINGLED.findall(phrase)]
        folded = [fold(word) for word in plain]
        texts.update(folded)
        texts.update(map(_stem, folded))
        texts.update(f"{one} {two}" for one, two in pairwise(folded))
        texts.update(f"{one}_{two}" for one, two in pairwise(plain))
        texts.update(one + two for word in plain if _CJK.match(word) for one, two in pairwise(word))
        names = [*plain, *map(" ".join, pairwise(plain))]
        texts.update(f"&{CONCEPTS[name]}" for name in names if name in CONCEPTS)
    return frozenset(_crc(text) for text in texts if len(text) > 1)


def _language(text: str) -> str:
    """Guess the language of a text that states none: by script, then by words of grammar."""
    if len(_CJK.findall(text)) * 4 > len(text):
        return (
            "ja"
            if re.search("[\u3040-\u30ff]", text)
            else "ko"
            if re.search("[\uac00-\ud7af]", text)
            else "zh"
            if re.search("[\u4e00-\u9fff]", text)
            else ""
        )
    return language_of(_SHINGLED.findall(text.lower()))


def _crc(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shingles(words: list[str]) -> set[int]:
    if len(words) < SHINGLE:
        return {_crc(" ".join(words))} if words else set()
    crc = zlib.crc32
    return {
        crc(f"{a} {b} {c} {d}".encode("utf-8", "surrogatepass")) for a, b, c, d in zip(words, words[1:], words[2:], words[3:], strict=False)
    }


def _periods(title: str, at: datetime) -> frozenset[int]:
    found = set()
    for kind, pattern in _PERIODS:
        for match in pattern.finditer(title):
            found.add(kind << 24 | int(next(group for group in match.groups() if group)))
    for kind, stage, pattern in _STAGES:
        if pattern.search(title):
            found.add(kind << 24 | stage)
    for number, pattern in enumerate(_QUARTERS, 1):
        if pattern.search(title):
            found.add(1 << 24 | number)
    if half := _HALVES.search(title):
        found.add(1 << 24 | 0x8000 | _crc(half[0]) & 0x7FFF)
    for match in _DATE.finditer(title):
        first, second = int(match[1]), int(match[2])
        if 0 < first <= 31 and 0 < second <= 31 and min(first, second) <= 12:
            found.add(4 << 24 | min(first, second) * 32 + max(first, second))
    for match in (*_CJK_DATE.finditer(title), *_VI_DATE.finditer(title)):
        found.add(4 << 24 | min(int(match[1]), int(match[2])) * 32 + max(int(match[1]), int(match[2])))
    words = title.replace(",", " ").replace(".", " ").split()
    for before, after in pairwise(words):
        for day, month in ((before, after), (after, before)):
            known = MONTHS.get(month)
            if known and day.isdecimal() and 0 < int(day) <= 31:
                found.add(4 << 24 | min(known, int(day)) * 32 + max(known, int(day)))
    head, bar, tail = title.rpartition(" | ")
    if bar and len(tail.split()) >= 3:
        # A series named behind a bar: its parts are told apart by what stands before it.
        found.add((0x40 | _crc(tail) & 0x3F) << 24 | _crc(head) & 0xFFFFFF)
    for match in _YEAR.finditer(title):
        found.add(5 << 24 | int(match[1]))
    return frozenset(found)


class _Word:
    """What is known of one token by itself; worked out once and remembered."""

    __slots__ = ("acronym", "capital", "concept", "kind", "long", "low", "lower", "stem", "stop")

    def __init__(self, token: str) -> None:
        first = token[0]
        self.low = fold(token)
        self.lower = lower = token.lower()
        self.kind = _PUNCTUATION if not first.isalnum() else _DIGITS if first.isdigit() and first.isascii() else _LETTERS
        if self.kind == _LETTERS and first >= "\u0e00" and _CJK.match(token):
            self.kind = _CHARACTERS
        self.capital = first != first.lower()
        self.acronym = len(token) > 1 and (token.isupper() or token[1:] != token[1:].lower() or not token.isalpha())
        self.stop = lower in STOP
        self.concept = None if self.stop else CONCEPTS.get(lower)
        self.stem = _stem(self.low) if not self.stop and len(lower) > 2 else ""
        self.long = len(self.low) >= 8


_PUNCTUATION, _DIGITS, _LETTERS, _CHARACTERS = range(4)
_MEMORY = 60_000  # tokens


class _Words(dict[str, _Word]):
    """Tokens met so far; a process that has met too many starts anew."""

    def __missing__(self, token: str) -> _Word:
        if len(self) >= _MEMORY:
            self.clear()
        word = self[token] = _Word(token)
        return word


_WORDS = _Words()


class _Terms:
    """Gathers the terms of one article."""

    def __init__(self, *, syllabic: bool) -> None:
        self._syllabic = syllabic
        self._found: dict[str, int] = {}  # text of the term -> count, flags and sort in one number
        self._named: set[str] = set()
        self._parts: set[str] = set()
        self.plain_title: list[str] = []
        self.amounts: set[int] = set()  # of the headline, as periods are
        self._waiting: tuple[str, int] | None = None  # a number that may have a scale behind it

    def add(self, text: str, sort: int, flags: int) -> None:
        """Count a term; what it was taken for first, it stays."""
        self._found[text] = (self._found.get(text, sort) | flags) + _COUNT

    def read(self, text: str, *, title: bool) -> None:
        """Take in the words of a text; the headline comes last, as the body tells which of its capitals are names."""
        tokens = _TOKEN.findall(text)
        found, named, syllabic, words = self._found, self._named, self._syllabic, _WORDS
        title_case = title and _title_case(tokens, syllabic)
        flags = _TITLE if title else _EARLY
        start = True
        last_name = last_word = ""
        last_stop = False
        number = ""
        for count, token in enumerate(tokens):
            if count == _LEAD and not title:
                flags = 0
            word = words[token]
            kind = word.kind
            if kind == _PUNCTUATION:
                if number and token == "%":  # noqa: S105 - a token of text
                    self._waiting = None
                    self.add(f"#{number}%", Sort.NUMBER, flags)
                self._plain()
                start = start or token in _STARTS
                last_name = last_word = number = ""
                continue
            if kind == _DIGITS:
                self._plain()
                number = self._number(token, flags)
                start = False
                last_name = last_word = ""
                continue
            plain = word.lower
            if number:
                if plain in SCALES:
                    self._scaled(number, SCALES[plain], flags)
                elif plain in MONTHS and number.isdigit() and 0 < int(number) <= 31:
                    self.add(f"@{MONTHS[plain]}-{number}", Sort.DATE, flags)
                self._plain()
                number = ""
            if kind == _CHARACTERS:
                for piece in _CJK_RUN.findall(token):
                    for pair in map("".join, pairwise(piece)):
                        self.add(pair, Sort.PAIR, flags)
                last_name = last_word = ""
                start = False
                continue
            low, stop, concept = word.low, word.stop, word.concept
            if syllabic and last_word:
                concept = CONCEPTS.get(f"{last_word} {plain}", concept)
            if concept is not None:
                self.add(f"&{concept}", Sort.CONCEPT, flags)
            if word.capital or word.acronym:
                trusted = not stop and (word.acronym or (not start and not title_case) or low in named)
                if trusted or (start and not title_case and not stop):
                    if last_name:
                        self.add(f"{last_name} {low}", Sort.NAMES, flags)
                        self._parts.update((last_name, low))
                    last_name = low
                    if trusted:
                        if not title:
                            named.add(low)
                        if len(low) > 1:
                            self.add(low, Sort.NAME if word.acronym or not syllabic or plain == low else Sort.WORD, flags)
                        last_word, last_stop = plain, False
                        start = False
                        continue
                else:
                    last_name = ""
            else:
                last_name = ""
            start = False
            if title and not stop:
                self.plain_title.append(plain)
            if syllabic:
                if last_word and not (stop and last_stop):
                    pair = f"{last_word}_{plain}"
                    found[pair] = (found.get(pair, _PAIR) | flags) + _COUNT
            elif word.stem:
                stem = word.stem
                found[stem] = (found.get(stem, _LONG if word.long else 0) | flags) + _COUNT
            last_word, last_stop = plain, stop
        self._plain()
        if title:
            self._both()
        for quoted in _QUOTED.findall(text):
            inner = _SHINGLED.findall(fold(quoted))
            if 2 <= len(inner) <= 9:
                self.add('"' + " ".join(inner), Sort.QUOTE, flags)
        for month, day in _CJK_DATE.findall(text):
            self.add(f"@{int(month)}-{int(day)}", Sort.DATE, flags)

    def _both(self) -> None:
        """Take in each two names of the headline."""
        names = [text for text, packed in self._found.items() if packed & _TITLE and packed & 0x0F == Sort.NAME and len(text) > 1]
        for one, other in combinations(sorted(names)[:_NAMES_OF_TITLE], 2):
            if f"{one} {other}" not in self._found and f"{other} {one}" not in self._found:
                self.add(f"{one}&{other}", Sort.BOTH, _TITLE)

    def _number(self, token: str, flags: int) -> str:
        """Take in a number or a date; returns the number, for a scale or a month that may follow."""
        if "/" in token or "-" in token or token.count(".") == 2:
            parts = re.split(r"[/.\-]", token)
            if len(parts) in (2, 3) and all(part.isdigit() for part in parts):
                if len(parts[0]) == 4 and len(parts) == 3:
                    parts = [parts[2], parts[1], parts[0]]
                day, month = int(parts[0]), int(parts[1])
                if month > 12 >= day:
                    day, month = month, day
                if 0 < day <= 31 and 0 < month <= 12:
                    self.add(f"@{month}-{day}", Sort.DATE, flags)
                    return ""
        value = _value(token)
        if not value:
            if any(c.isalpha() for c in token) and len(token) > 1:
                scale = _DIGITS_WORD.fullmatch(token.lower())
                if scale and scale[2] in SCALES:
                    self._scaled(scale[1], SCALES[scale[2]], flags)
                elif not (scale and scale[2] in _SUFFIXES):
                    self.add(fold(token), Sort.NAME, flags)
            return ""
        self._waiting = (value, flags)
        return value

    def _plain(self) -> None:
        """Take in the number that waited for a scale, where none came."""
        if self._waiting is None:
            return
        value, flags = self._waiting
        self._waiting = None
        if len(value) > 1:
            small = value.isdigit() and (int(value[:6]) < 100 or (len(value) == 4 and value[:2] in {"19", "20"}))
            self.add(f"#{value}", Sort.SMALL if small or _round(value) else Sort.NUMBER, flags)

    def _scaled(self, value: str, power: int, flags: int) -> None:
        # Written out, so that 4.5 million and 4,500,000 are one number.
        whole, _, part = value.partition(".")
        digits = (whole + part.ljust(power, "0")[:power]).lstrip("0") or "0"
        rest = part[power:]
        self._waiting = None
        if flags & _TITLE:
            self.amounts.add(AMOUNT << 24 | len(digits) << 10 | int(digits[:3].ljust(3, "0")))
        self.add(f"#{digits}{'.' + rest if rest else ''}", Sort.SMALL if _round(digits) else Sort.NUMBER, flags)

    def best(self) -> tuple[tuple[int, ...], bytes]:
        """Return keys and marks of the weightiest terms."""
        ranked = []
        for text, packed in self._found.items():
            mark = packed & 0x3F
            count = packed // _COUNT
            if count > 1:
                mark |= _OFTEN
            rank = _RANK[mark] * (1.2 if count > 2 else 1.0)
            if text in self._parts:
                mark |= _PART
            ranked.append((rank, text, mark))
        ranked.sort(reverse=True)
        chosen: dict[int, int] = {}
        for _, text, mark in ranked[: TERMS + 4]:
            chosen.setdefault(zlib.crc32(text.encode("utf-8", "surrogatepass")), mark)
        keys = tuple(chosen)[:TERMS]
        return keys, bytes(list(chosen.values())[:TERMS])


_COUNT = 0x100
_PAIR, _LONG = int(Sort.PAIR), int(Sort.LONG)
_RANK = {
    mark: -0.0 + _WEIGHT[_SORTS[mark & 0x0F]] * (2.0 if mark & _TITLE else 1.4 if mark & _EARLY else 1.0) * (1.35 if mark & _OFTEN else 1.0)
    for mark in range(0x80)
    if mark & 0x0F in _SORTS
}
_DIGITS_WORD = re.compile(r"(\d+)([a-z]+)")
_SUFFIXES = frozenset("h st nd rd th s am pm er e g p".split())


def _round(digits: str) -> bool:
    """Whether a number has one digit and noughts: a hundred million stands in many texts."""
    return not digits[1:].strip("0")


def _title_case(tokens: list[str], syllabic: bool) -> bool:
    """Whether a headline capitalises its words as a style, so that a capital says nothing."""
    words = [token for token in tokens if token[0].isalpha() and len(token) > 3 - syllabic]
    capitals = sum(1 for word in words if word[0].isupper())
    return len(words) > 3 and capitals > 0.7 * len(words)


def _stem(word: str) -> str:
    """Cut the commonest endings of European plurals and verbs: light, as a wrong cut would make two words one."""
    if len(word) > 5:
        for ending in ("ing", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) > 3:
                return word[: -len(ending)]
    elif len(word) > 4 and word[-1] == "s" and word[-2] != "s":
        return word[:-1]
    return word


def _value(token: str) -> str | None:
    """Return a number in one spelling: 27.000 and 27,000 are 27000; 4,5 is 4.5."""
    if token.isdigit():
        return token.lstrip("0") or "0"
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", token):
        return re.sub(r"[.,]", "", token)
    match = re.fullmatch(r"(\d+(?:[.,]\d{3})*)[.,](\d+)", token)
    if match:
        return f"{re.sub(r'[.,]', '', match[1])}.{match[2].rstrip('0')}".rstrip(".")
    return None


def stamp(at: datetime) -> int:
    """Return the days since 1970 of a moment, in UTC."""
    return int(at.astimezone(UTC).timestamp() // 86_400)
