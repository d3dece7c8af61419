"""The terms of a text by which stories are told: names, numbers, dates, quoted titles, rare words, concepts. Pure, standard library only."""

from __future__ import annotations

import re
import zlib
from enum import IntEnum
from itertools import combinations, pairwise

from storage.concepts import CONCEPTS, MONTHS, SCALES, STOP
from storage.headlines import CJK_DATE, amount
from storage.text import fold

TERMS = 112  # terms kept
TITLE = 0x10  # marks of a term: in the headline, in the first words of the body, more than once
EARLY = 0x20
OFTEN = 0x40
PART = 0x80  # a word that is also part of a longer name
_LEAD = 60  # words of a body that stand in for its beginning
_NAMES_OF_TITLE = 5


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


_SORTS = {int(sort): sort for sort in Sort}
_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\d+(?:[.,/:\-]\d+)+|[{_ASIAN}]+|[^\W_{_ASIAN}]+|[.!?…;:\n“”\"«»()%|•–—]|(?<!\w)[‘'](?=\w)|(?<=\w)[’'](?!\w)")
WORD = re.compile(r"[^\W_]+")
CJK = re.compile(f"[{_ASIAN}]")
_MYRIADS = {"兆": 12, "億": 8, "亿": 8, "万": 4, "萬": 4, "조": 12, "억": 8, "만": 4}
_CJK_NUMBER = re.compile(r"(?:\d[\d,]*(?:\.\d+)?[兆億亿万萬조억만]\s?)+(?:\d[\d,]*)?")
_CJK_PART = re.compile(r"(\d[\d,]*(?:\.\d+)?)([兆億亿万萬조억만]?)")
_STARTS = frozenset(".!?…:;\n“”\"«»(|•–—‘'")
_WEIGHT = {
    Sort.WORD: 1.0, Sort.LONG: 1.2, Sort.PAIR: 1.0, Sort.NAME: 1.8, Sort.NAMES: 2.2, Sort.SMALL: 0.7, Sort.NUMBER: 1.7, Sort.DATE: 1.0,
    Sort.CONCEPT: 1.1, Sort.QUOTE: 2.4, Sort.BOTH: 1.6,
}  # fmt: skip
_QUOTED = re.compile(r"[“\"«‘]\s*([^“”\"«»‘’\n]{6,80}?)\s*[”\"»’](?!\w)")


class _Word:
    """What is known of one token by itself; worked out once and remembered."""

    __slots__ = ("acronym", "capital", "concept", "kind", "long", "low", "lower", "stem", "stop")

    def __init__(self, token: str) -> None:
        first = token[0]
        self.low = fold(token)
        self.lower = lower = token.lower()
        self.kind = _PUNCTUATION if not first.isalnum() else _DIGITS if first.isdigit() and first.isascii() else _LETTERS
        if self.kind == _LETTERS and first >= "\u0e00" and CJK.match(token):
            self.kind = _CHARACTERS
        self.capital = first != first.lower()
        self.acronym = len(token) > 1 and (token.isupper() or token[1:] != token[1:].lower() or not token.isalpha())
        self.stop = lower in STOP
        self.concept = None if self.stop else CONCEPTS.get(lower)
        self.stem = stem(self.low) if not self.stop and len(lower) > 2 else ""
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


class Terms:
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
        tokens = _TOKEN.findall(_CJK_NUMBER.sub(_written_out, text) if CJK.search(text) else text)
        found, named, syllabic, words = self._found, self._named, self._syllabic, _WORDS
        title_case = title and _title_case(tokens, syllabic)
        flags = TITLE if title else EARLY
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
                elif plain in MONTHS and number.isdecimal() and 0 < int(number) <= 31:
                    self.add(f"@{MONTHS[plain]}-{number}", Sort.DATE, flags)
                self._plain()
                number = ""
            if kind == _CHARACTERS:
                for pair in map("".join, pairwise(token)):
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
            inner = WORD.findall(fold(quoted))
            if 2 <= len(inner) <= 9:
                self.add('"' + " ".join(inner), Sort.QUOTE, flags)
        for month, day in CJK_DATE.findall(text):
            self.add(f"@{int(month)}-{int(day)}", Sort.DATE, flags)

    def _both(self) -> None:
        """Take in each two names of the headline."""
        names = [text for text, packed in self._found.items() if packed & TITLE and packed & 0x0F == Sort.NAME and len(text) > 1]
        for one, other in combinations(sorted(names)[:_NAMES_OF_TITLE], 2):
            if f"{one} {other}" not in self._found and f"{other} {one}" not in self._found:
                self.add(f"{one}&{other}", Sort.BOTH, TITLE)

    def _number(self, token: str, flags: int) -> str:
        """Take in a number or a date; returns the number, for a scale or a month that may follow."""
        if "/" in token or "-" in token or token.count(".") == 2:
            parts = re.split(r"[/.\-]", token)
            if len(parts) in (2, 3) and all(part.isdecimal() for part in parts):
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
            small = value.isdecimal() and (int(value[:6]) < 100 or (len(value) == 4 and value[:2] in {"19", "20"}))
            self.add(f"#{value}", Sort.SMALL if small or _round(value) else Sort.NUMBER, flags)

    def _scaled(self, value: str, power: int, flags: int) -> None:
        # Written out, so that 4.5 million and 4,500,000 are one number.
        whole, _, part = value.partition(".")
        digits = (whole + part.ljust(power, "0")[:power]).lstrip("0") or "0"
        rest = part[power:]
        self._waiting = None
        if flags & TITLE:
            self.amounts.add(amount(digits))
        self.add(f"#{digits}{'.' + rest if rest else ''}", Sort.SMALL if _round(digits) else Sort.NUMBER, flags)

    def best(self) -> tuple[tuple[int, ...], bytes]:
        """Return keys and marks of the weightiest terms."""
        ranked = []
        for text, packed in self._found.items():
            mark = packed & 0x3F
            count = packed // _COUNT
            if count > 1:
                mark |= OFTEN
            rank = _RANK[mark] * (1.2 if count > 2 else 1.0)
            if text in self._parts:
                mark |= PART
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
    mark: -0.0 + _WEIGHT[_SORTS[mark & 0x0F]] * (2.0 if mark & TITLE else 1.4 if mark & EARLY else 1.0) * (1.35 if mark & OFTEN else 1.0)
    for mark in range(0x80)
    if mark & 0x0F in _SORTS
}
_DIGITS_WORD = re.compile(r"(\d+)([a-z]+)")
_SUFFIXES = frozenset("h st nd rd th s am pm er e g p".split())


def _written_out(match: re.Match[str]) -> str:
    """Write a number of myriads in digits: 4億1200万 is 412000000, as "412 million" is."""
    total = sum(float(part[1].replace(",", "")) * 10 ** _MYRIADS.get(part[2], 0) for part in _CJK_PART.finditer(match[0]))
    return f"{round(total)} "


def _round(digits: str) -> bool:
    """Whether a number has one digit and noughts: a hundred million stands in many texts."""
    return not digits[1:].strip("0")


def _title_case(tokens: list[str], syllabic: bool) -> bool:
    """Whether a headline capitalises its words as a style, so that a capital says nothing."""
    words = [token for token in tokens if token[0].isalpha() and len(token) > 3 - syllabic]
    capitals = sum(1 for word in words if word[0].isupper())
    return len(words) > 3 and capitals > 0.7 * len(words)


def stem(word: str) -> str:
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
    if token.isdecimal():  # "1²" is digits, but no number
        return token.lstrip("0") or "0"
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", token):
        return re.sub(r"[.,]", "", token)
    match = re.fullmatch(r"(\d+(?:[.,]\d{3})*)[.,](\d+)", token)
    if match:
        return f"{re.sub(r'[.,]', '', match[1])}.{match[2].rstrip('0')}".rstrip(".")
    return None
