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
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import pairwise

from storage.concepts import CONCEPTS, MONTHS, SCALES, STOP
from storage.identity import title_key
from storage.items import Article, BodyFrom
from storage.text import fold

VERSION = 1
SKETCH = 96  # shingle hashes kept of a body
SHINGLE = 4  # words
TERMS = 112  # terms kept
_BODY_LIMIT = 60_000  # code points of a body that are shingled
_TERM_LIMIT = 12_000  # code points of a body whose terms count: the news stands first
_LEAD = 60  # words of a body that stand in for its beginning
_TITLE, _EARLY, _OFTEN = 0x10, 0x20, 0x40


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


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an article: its hash, what it is, and where it stands."""

    key: int
    sort: Sort
    title: bool = False
    early: bool = False
    often: bool = False


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
    terms: tuple[Term, ...]  # weightiest first
    periods: frozenset[int] = frozenset()  # hashes of quarters, issues, rounds, dates in the headline: "kind * 2**24 + value"
    template: int = 0  # hash of the headline without names and numbers
    serial: bool = False  # a column, a live blog, a list of the day, an obituary by its headline
    opening: int = 0  # hash of the first words of the body

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
        flags = bytes(t.sort | t.title * _TITLE | t.early * _EARLY | t.often * _OFTEN for t in self.terms)
        numbers = (*self.sketch, *(t.key for t in self.terms), *sorted(self.periods))
        return head + language + flags + struct.pack(f"<{len(numbers)}I", *numbers)

    @classmethod
    def unpack(cls, packed: bytes, at: datetime) -> Fingerprint:
        """Return the fingerprint that `pack` wrote.

        Raises:
            ValueError: the bytes are of another version, or cut.
        """
        try:
            version, flags, host, title, title_words, words, shingles, template, opening, named, sketched, termed, dated = _HEAD.unpack_from(packed)
            if version != VERSION:
                raise ValueError(f"a fingerprint of version {version}")
            start = _HEAD.size
            language = packed[start : start + named].decode()
            start += named
            marks = packed[start : start + termed]
            numbers = struct.unpack_from(f"<{sketched + termed + dated}I", packed, start + termed)
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError(f"a damaged fingerprint: {error}") from error
        keys = numbers[sketched : sketched + termed]
        return cls(
            at=at, dated=bool(flags & 1), serial=bool(flags & 2), language=language, host=host, title=title, title_words=title_words,
            words=words, shingles=shingles, template=template, opening=opening, sketch=numbers[:sketched],
            terms=tuple(map(_term, keys, marks)), periods=frozenset(numbers[sketched + termed :]),
        )  # fmt: skip


_HEAD = struct.Struct("<BBIIBIIIIBBBB")


def _term(key: int, mark: int) -> Term:
    return Term(key, _SORTS[mark & 0x0F], bool(mark & _TITLE), bool(mark & _EARLY), bool(mark & _OFTEN))


_SORTS = {int(sort): sort for sort in Sort}
_TOKEN = re.compile(r"\d+(?:[.,/:\-]\d+)+|[^\W_]+|[.!?…;:\n“”\"«»()%|•–—]|(?<!\w)[‘'](?=\w)|(?<=\w)[’'](?!\w)")
_SHINGLED = re.compile(r"[^\W_]+")
_CJK = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_CJK_RUN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+|[^\\W_]")
_SYLLABIC = frozenset({"vi"})
_STARTS = frozenset(".!?…:;\n“”\"«»(|•–—‘'")
_WEIGHT = {
    Sort.WORD: 1.0, Sort.LONG: 1.2, Sort.PAIR: 1.0, Sort.NAME: 1.8, Sort.NAMES: 2.2, Sort.SMALL: 0.7, Sort.NUMBER: 1.7, Sort.DATE: 1.0,
    Sort.CONCEPT: 1.1, Sort.QUOTE: 2.4,
}  # fmt: skip
_QUOTED = re.compile(r"[“\"«‘]\s*([^“”\"«»‘’\n]{6,80}?)\s*[”\"»’](?!\w)")
_CJK_DATE = re.compile(r"(\d{1,2})[月월]\s?(\d{1,2})[日일号]")
_VI_MARKS = re.compile("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.I)

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
_HALVES = re.compile(r"half[\s\-]year|first half|nua dau nam|premier semestre|6 thang|sau thang|9 thang|nine months|full[\s\-]year|ca nam|annual")
_DATE = re.compile(r"(?<![\d.,/])(\d{1,2})[/.\-](\d{1,2})(?:[/.\-]((?:19|20)?\d\d))?(?![\d/]|[.,]\d)")
_YEAR = re.compile(r"\b((?:19|20)\d\d)\b(?!\s?[-–]\s?\d)")
_SERIAL = re.compile(
    r"\bhom nay\b|\btoday'?s\b|\blive (?:blog|updates?|coverage)\b|\blive:|\ben direct\b|\btruc tiep\b|\bdu du bao\b|\bdu bao thoi tiet\b|\bweather forecast\b|\bmeteo\b"
    r"|\bhoroscope\b|\btu vi\b|\bxo so\b|\blottery\b|\bgia (?:vang|xang|usd|ca phe|heo|tieu|lua|dau|bac)\b|\bty gia\b|\bexchange rates?\b|\bmarket (?:wrap|close|report|update)\b|\bstocks to watch\b"
    r"|\bweekly\b|\bdaily\b|\bnewsletter\b|\bmorning brief|\bround-?up\b|\bdigest\b|\bdiem (?:tin|bao)\b|\bban tin\b|\btin (?:nhanh|sang|toi|trua)\b|\bcolumn\b|\bchronique\b|\brevue de presse\b"
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
    if not language and len(_VI_MARKS.findall(body[:1_000] or headline)) > 8:
        language = "vi"
    terms = _Terms(syllabic=language in _SYLLABIC)
    lead = body[:_TERM_LIMIT]
    terms.read(lead if not article.summary or article.summary is body or len(body) > 800 else f"{lead}\n{article.summary}", title=False)
    terms.read(headline, title=True)
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
        terms=terms.best(),
        periods=_periods(folded_title, at),
        template=_crc(" ".join(word for word in terms.plain_title)) if len(terms.plain_title) > 2 else 0,
        serial=bool(_SERIAL.search(folded_title)),
        opening=_crc(" ".join(words[:8])) if len(words) >= 8 else 0,
    )


def _crc(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shingles(words: list[str]) -> set[int]:
    if len(words) < SHINGLE:
        return {_crc(" ".join(words))} if words else set()
    crc = zlib.crc32
    return {
        crc(f"{a} {b} {c} {d}".encode("utf-8", "surrogatepass"))
        for a, b, c, d in zip(words, words[1:], words[2:], words[3:], strict=False)
    }


def _periods(title: str, at: datetime) -> frozenset[int]:
    found = set()
    for kind, pattern in _PERIODS:
        for match in pattern.finditer(title):
            found.add(kind << 24 | int(next(group for group in match.groups() if group)))
    for number, pattern in enumerate(_QUARTERS, 1):
        if pattern.search(title):
            found.add(1 << 24 | number)
    if half := _HALVES.search(title):
        found.add(1 << 24 | 0x8000 | _crc(half[0]) & 0x7FFF)
    for match in _DATE.finditer(title):
        first, second = int(match[1]), int(match[2])
        if 0 < first <= 31 and 0 < second <= 31 and min(first, second) <= 12:
            found.add(4 << 24 | min(first, second) * 32 + max(first, second))
    for match in _CJK_DATE.finditer(title):
        found.add(4 << 24 | min(int(match[1]), int(match[2])) * 32 + max(int(match[1]), int(match[2])))
    words = title.replace(",", " ").replace(".", " ").split()
    for before, after in pairwise(words):
        for day, month in ((before, after), (after, before)):
            number = MONTHS.get(month)
            if number and day.isdigit() and 0 < int(day) <= 31:
                found.add(4 << 24 | min(number, int(day)) * 32 + max(number, int(day)))
    for match in _YEAR.finditer(title):
        found.add(5 << 24 | int(match[1]))
    return frozenset(found)


class _Terms:
    """Gathers the terms of one article."""

    def __init__(self, *, syllabic: bool) -> None:
        self._syllabic = syllabic
        self._found: dict[str, list[float]] = {}  # text of the term -> [sort, count, early, title]
        self._named: set[str] = set()
        self.plain_title: list[str] = []

    def add(self, text: str, sort: Sort, *, early: bool, title: bool) -> None:
        known = self._found.get(text)
        if known is None:
            self._found[text] = [sort, 1, early, title]
        else:
            known[1] += 1
            if early:
                known[2] = True
            if title:
                known[3] = True

    def read(self, text: str, *, title: bool) -> None:
        """Take in the words of a text; the headline comes last, as the body tells which of its capitals are names."""
        tokens = _TOKEN.findall(text)
        folded = _TOKEN.findall(fold(text))
        if len(folded) != len(tokens):
            folded = [fold(token) for token in tokens]
        add, named, syllabic = self.add, self._named, self._syllabic
        title_case = title and _title_case(tokens, syllabic)
        start = True
        last_name = last_word = ""
        count = 0
        number: tuple[str, str] | None = None
        for token, low in zip(tokens, folded, strict=True):
            first = token[0]
            if not first.isalnum():
                if token == "%" and number:
                    add(f"#{number[0]}%", Sort.NUMBER, early=count <= _LEAD, title=title)
                start = start or first in _STARTS
                last_name = last_word = ""
                number = None
                continue
            count += 1
            early = title or count <= _LEAD
            if first.isdigit() and first.isascii():
                number = self._number(token, early=early, title=title)
                start = False
                last_name = last_word = ""
                continue
            plain = token.lower()
            if number:
                power = SCALES.get(plain)
                if power:
                    self._scaled(number[0], power, early=early, title=title)
                elif (month := MONTHS.get(plain)) and number[0].isdigit() and 0 < int(number[0]) <= 31:
                    add(f"@{month}-{number[0]}", Sort.DATE, early=early, title=title)
                number = None
            if first >= "\u0e00" and _CJK.match(token):
                self._characters(token, early=early, title=title)
                last_name = last_word = ""
                start = False
                continue
            capital = first != first.lower() and (not start or not title or len(token) > 1)
            stop = plain in STOP
            if not stop or syllabic:
                concept = CONCEPTS.get(f"{last_word} {plain}") if last_word else None
                if concept is None and not stop:
                    concept = CONCEPTS.get(plain)
                if concept is not None:
                    add(f"&{concept}", Sort.CONCEPT, early=early, title=title)
            acronym = len(token) > 1 and (token.isupper() or any(c.isdigit() for c in token) or token[1:] != token[1:].lower())
            if capital or acronym:
                trusted = acronym or (not start and not title_case) or low in named
                if (trusted or (start and not title_case)) and not stop:
                    if last_name:
                        add(f"{last_name} {low}", Sort.NAMES, early=early, title=title)
                    if trusted and len(low) > 1:
                        if not title:
                            named.add(low)
                        add(low, Sort.NAME if not syllabic or acronym or low == plain else Sort.WORD, early=early, title=title)
                    last_name = low
                    if not title_case:
                        last_word = plain
                        start = False
                        if trusted or syllabic:
                            continue
                else:
                    last_name = ""
            else:
                last_name = ""
            start = False
            if title and not stop:
                self.plain_title.append(plain)
            if syllabic:
                if last_word and not (stop and last_word in STOP):
                    add(f"{last_word}_{plain}", Sort.PAIR, early=early, title=title)
            elif not stop and len(plain) > 2:
                add(_stem(low), Sort.LONG if len(low) >= 8 else Sort.WORD, early=early, title=title)
            last_word = plain
        for quoted in _QUOTED.findall(text):
            inner = _SHINGLED.findall(fold(quoted))
            if 2 <= len(inner) <= 9:
                add('"' + " ".join(inner), Sort.QUOTE, early=title, title=title)
        for month, day in _CJK_DATE.findall(text):
            add(f"@{int(month)}-{int(day)}", Sort.DATE, early=title, title=title)

    def _characters(self, run: str, *, early: bool, title: bool) -> None:
        for piece in _CJK_RUN.findall(run):
            for pair in map("".join, pairwise(piece)):
                self.add(pair, Sort.PAIR, early=early, title=title)

    def _number(self, token: str, *, early: bool, title: bool) -> tuple[str, str] | None:
        if "/" in token or token.count("-") or token.count(".") == 2:
            parts = re.split(r"[/.\-]", token)
            if len(parts) in (2, 3) and all(part.isdigit() for part in parts):
                if len(parts[0]) == 4 and len(parts) == 3:
                    parts = [parts[2], parts[1], parts[0]]
                day, month = int(parts[0]), int(parts[1])
                if month > 12 >= day:
                    day, month = month, day
                if 0 < day <= 31 and 0 < month <= 12:
                    self.add(f"@{month}-{day}", Sort.DATE, early=early, title=title)
                    return None
        value = _value(token)
        if value is None:
            if any(c.isalpha() for c in token) and len(token) > 1:
                scale = re.fullmatch(r"(\d+)([a-z]+)", token.lower())
                if scale and scale[2] in SCALES:
                    self._scaled(scale[1], SCALES[scale[2]], early=early, title=title)
                elif not (scale and scale[2] in {"h", "st", "nd", "rd", "th", "s", "am", "pm", "er", "e"}):
                    self.add(fold(token), Sort.NAME, early=early, title=title)
            return None
        if len(value) > 1:
            small = value.isdigit() and (int(value) < 100 or (len(value) == 4 and value[:2] in {"19", "20"}))
            self.add(f"#{value}", Sort.SMALL if small else Sort.NUMBER, early=early, title=title)
        return value, token

    def _scaled(self, value: str, power: int, *, early: bool, title: bool) -> None:
        # Written out, so that 4.5 million and 4,500,000 are one number.
        whole, _, part = value.partition(".")
        digits = (whole + part.ljust(power, "0")[:power]).lstrip("0") or "0"
        extra = part[power:]
        self.add(f"#{digits}{'.' + extra if extra else ''}", Sort.NUMBER, early=early, title=title)

    def best(self) -> tuple[Term, ...]:
        """Return the weightiest terms."""
        ranked = []
        for text, (sort, count, early, title) in self._found.items():
            kind = _SORTS[int(sort)]
            weight = _WEIGHT[kind] * (2.0 if title else 1.4 if early else 1.0) * (1.0 if count == 1 else 1.35 if count == 2 else 1.6)
            ranked.append((-weight, zlib.crc32(text.encode("utf-8", "surrogatepass")), kind, bool(title), bool(early), count > 1))
        ranked.sort()
        seen: set[int] = set()
        chosen = []
        for _, key, kind, title, early, often in ranked:
            if key not in seen:
                seen.add(key)
                chosen.append(Term(key, kind, title, early, often))
                if len(chosen) == TERMS:
                    break
        return tuple(chosen)


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
