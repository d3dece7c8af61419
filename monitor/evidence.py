"""Weigh a hit: what speaks for the topic, what for somebody else of the same name. Every number has a name. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from monitor.watchlist import Topic, Unit
from storage.text import fold

if TYPE_CHECKING:
    from monitor.matching import Document

_NEAR = 160  # code points on either side that count as near
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w@])(?:[\w-]+\.)+(?:com|vn|org|net|edu|ca|io|quebec|fr|jp|asia)\b(?:/\S*)?",
    re.I,
)
# Lines that are no part of what is told, wherever they stand.
_FRAME_LINE = re.compile(
    r"^\W*(?:quang cao|advertisement|advertorial|publicite|sponsored|noi dung tai tro|tin lien quan|bai lien quan|xem them|doc them|tin khac|related|read more|"
    r"read also|see also|a lire aussi|lire aussi|voir aussi|share|tags?|tu khoa|anh|photo|nguon anh|hinh|copyright|©|powered by|theo doi|follow us|danh muc|menu)\s*[:|>–-]",
)
_CJK = re.compile("[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_PERSON_AFTER = re.compile(r"^\s([A-ZÀ-ÖØ-ÞĐ][a-zà-öø-ÿ]{2,})")
_INITIALS = re.compile(r"^[A-Z]{2,6}$")


@dataclass(frozen=True)
class Sense:
    """One way to write a name, and what it stands for."""

    topic: str
    written: str
    unit: str = ""
    distinctive: bool = True
    rival: str = ""
    any_case: bool = False
    unit_data: Unit | None = None

    @cached_property
    def folded(self) -> str:
        """As the automaton knows it."""
        return fold(unicodedata.normalize("NFC", self.written))

    def spelled(self, found: str) -> bool:
        """Whether the words as found in a text keep the name's capitals where they matter."""
        if self.any_case or self.rival:
            return True
        ours, theirs = self.written.split(), found.split()
        if len(ours) >= 3 or len(ours) != len(theirs):
            return True
        # A short name in small letters is a word, not a name: "fpt" in a formula, "mila" in another language. "đại học FPT" is as good
        # as "Đại học FPT".
        return all(
            there[:1].isupper() or not there[:1].isalpha() or _CJK.match(there) is not None
            for here, there in zip(ours, theirs, strict=True)
            if _INITIALS.match(here) or len(ours) == 1 or fold(here) == fold(self.topic)
        )


@dataclass(frozen=True)
class Field:
    """One text of a document, with its folded form (same length)."""

    name: str
    text: str
    folded: str

    def stands_alone(self, start: int, end: int) -> bool:
        """Whether a hit is a word of its own, not part of another word or of an address."""
        text = self.text
        if start > 0 and _joins(text[start - 1], text[start]):
            return False
        if end < len(text) and _joins(text[end - 1], text[end]):
            # A plural or possessive s in small letters after capitals ("FPTs") is no other word; digits and letters are.
            return False
        return not any(left <= start < right for left, right in self.addresses)

    @cached_property
    def addresses(self) -> list[tuple[int, int]]:
        """Where web and mail addresses stand."""
        if "." not in self.text and "@" not in self.text:
            return []
        return [found.span() for found in _ADDRESS.finditer(self.text)]

    def line_of(self, start: int) -> tuple[int, int]:
        """The line in which a place stands."""
        left = self.text.rfind("\n", 0, start) + 1
        right = self.text.find("\n", start)
        return left, len(self.text) if right < 0 else right


def _joins(one: str, other: str) -> bool:
    if not (one.isalnum() or one == "_") or not (other.isalnum() or other == "_"):
        return False
    # Scripts without spaces between words, and a Latin name among them, part by themselves.
    return not (_CJK.match(one) or _CJK.match(other))


@dataclass(frozen=True)
class Hit:
    """A name found at a place."""

    field: Field
    start: int
    end: int
    sense: Sense


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a hit weighs, and why."""

    score: float
    rule: str = "no context"
    parts: tuple[tuple[str, float], ...] = ()
    passing: bool = False


@dataclass(frozen=True)
class Judge:
    """A topic with its cues made ready to be looked for."""

    topic: Topic
    _cache: dict[str, re.Pattern[str] | None] = field(default_factory=dict)

    def senses(self) -> Iterator[Sense]:
        """All names of the topic, its units and its rivals."""
        topic = self.topic
        for words, strong in ((topic.distinctive, True), (topic.ambiguous, False)):
            for written in words:
                yield Sense(topic.name, written, distinctive=strong, any_case=topic.any_case)
        for unit in topic.units:
            for written in unit.aliases:
                yield Sense(topic.name, written, unit=unit.path, any_case=topic.any_case, unit_data=unit)
            for written in unit.ambiguous:
                yield Sense(topic.name, written, unit=unit.path, distinctive=False, unit_data=unit)
        for rival in topic.rivals:
            for written in rival.phrases:
                yield Sense(topic.name, written, rival=rival.name)

    def pattern(self, name: str, words: Sequence[str]) -> re.Pattern[str] | None:
        """The words as one pattern over folded text."""
        if name not in self._cache:
            self._cache[name] = _pattern(tuple(words))
        return self._cache[name]


@lru_cache(maxsize=1_000)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    folded = sorted({fold(unicodedata.normalize("NFC", word)) for word in words}, key=len, reverse=True)
    if not folded:
        return None
    latin = [re.escape(word) for word in folded if not _CJK.search(word)]
    other = [re.escape(word) for word in folded if _CJK.search(word)]
    parts = ([rf"(?<!\w)(?:{'|'.join(latin)})(?!\w)"] if latin else []) + other
    return re.compile("|".join(parts))


def _count(pattern: re.Pattern[str] | None, text: str) -> int:
    return len({found.group() for found in pattern.finditer(text)}) if pattern is not None else 0


def weigh(judge: Judge, hit: Hit, document: Document, whole: str, hits: Sequence[Hit]) -> Weight:
    """Weigh one hit of a topic in a document.

    Args:
        whole: all folded text of the document.
        hits: all hits of the topic in it, rivals' names included.
    """
    topic, sense = judge.topic, hit.sense
    if sense.rival:
        return Weight(score=0.0, rule=f"rival: {sense.rival}", parts=((sense.rival, -1.0),))
    left, right = hit.field.line_of(hit.start)
    if hit.field.name == "text" and right - left < 200 and _FRAME_LINE.match(hit.field.folded[left:right]):
        return Weight(score=0.0, rule="frame", parts=(("frame", -1.0),))
    near = hit.field.folded[max(hit.start - _NEAR, 0) : hit.start] + " " + hit.field.folded[hit.end : hit.end + _NEAR]
    passing = _passing(judge, hit, near)
    rival, against = _rivals(judge, hit, near, whole, hits)
    parts: list[tuple[str, float]] = []
    if sense.distinctive:
        parts.append(("distinctive name", 0.9))
        if against and not _owned(topic, document):
            parts.append((f"rival: {rival}", max(-0.45, -against / 2)))
    else:
        parts.append(("name", topic.prior))
        parts += _support(judge, hit, document, near, whole, hits)
        if against:
            parts.append((f"rival: {rival}", -against))
        if _person(hit) and not topic.any_case and not _INITIALS.match(sense.written):
            parts.append(("a first name", -0.45))
    if _owned(topic, document):
        parts.append(("own site", 0.5))
    score = round(min(max(sum(value for _, value in parts), 0.0), 1.0), 4)
    rule = f"rival: {rival}" if against else "no context"
    return Weight(score=score, rule=rule, parts=tuple((name, round(value, 3)) for name, value in parts), passing=passing)


def _support(judge: Judge, hit: Hit, document: Document, near: str, whole: str, hits: Sequence[Hit]) -> list[tuple[str, float]]:
    """What speaks for the topic round an ambiguous name."""
    topic, sense = judge.topic, hit.sense
    parts: list[tuple[str, float]] = []
    unit = sense.unit_data
    if unit is not None:
        close = _count(judge.pattern(f"unit {unit.path}", unit.context), near)
        if close:
            parts.append(("context near", min(0.15 + 0.15 * close, 0.45)))
        elif _count(judge.pattern(f"unit {unit.path}", unit.context), whole) > 1:
            parts.append(("context", 0.15))
        against = _count(judge.pattern(f"not {unit.path}", unit.against), near)
        if against:
            parts.append(("against", -0.3 * min(against, 2)))
        return parts
    home = topic.home_languages.get(document.language, 0.0)
    if home:
        parts.append((f"language {document.language}", home))
    context, strong = judge.pattern("context", topic.context), judge.pattern("strong", topic.strong)
    close = _count(context, near) + _count(strong, near)
    if close:
        parts.append(("context near", min(0.12 + 0.1 * close, 0.5)))
    far = _count(context, whole) + 2 * _count(strong, whole) - close
    if far > 0:
        parts.append(("context", min(0.06 * far, 0.36)))
    against_words = _count(judge.pattern("against", topic.against), near)
    if against_words:
        parts.append(("against", -0.25 * min(against_words, 2)))
    if any(other.sense.distinctive and not other.sense.rival for other in hits):
        parts.append(("full name elsewhere", 0.5))
    return parts


def _rivals(judge: Judge, hit: Hit, near: str, whole: str, hits: Sequence[Hit]) -> tuple[str, float]:
    """The rival sense with most for it, and its weight."""
    best, most = "", 0.0
    for rival in judge.topic.rivals:
        pattern = judge.pattern(f"rival {rival.name}", rival.cues)
        close, far = _count(pattern, near), _count(pattern, whole)
        named = sum(other.sense.rival == rival.name for other in hits)
        value = min(0.25 * close, 0.5) + min(0.12 * max(far - close, 0), 0.36) + (0.5 if named else 0.0)
        if value > most:
            best, most = rival.name, value
    # A single far word is chance.
    return (best, most) if most >= 0.2 else ("", 0.0)


def _passing(judge: Judge, hit: Hit, near: str) -> bool:
    """Whether the name stands in a list, a street, a sponsor's line."""
    topic = judge.topic
    if hit.field.name == "title":
        return False
    around = hit.field.text[max(hit.start - 80, 0) : hit.end + 80]
    if topic.list_of and sum(bool(re.search(rf"\b{name}\b", around)) for name in topic.list_of) >= 2:
        return True
    return bool(topic.passing_near) and _count(judge.pattern("passing", topic.passing_near), near[_NEAR - 60 : _NEAR + 60]) > 0


def _person(hit: Hit) -> bool:
    """Whether a surname in small letters with a capital follows: "Mila Antonova"."""
    found = _PERSON_AFTER.match(hit.field.text[hit.end : hit.end + 40])
    return bool(found) and fold(found[1]) not in _NO_SURNAMES  # type: ignore[index]


def _owned(topic: Topic, document: Document) -> bool:
    host = document.outlet_host
    return any(host == one or host.endswith("." + one) for one in topic.owned_domains)


_NO_SURNAMES = set(
    "institute institut quebec ventures research launchpad montreal canada partner partners programme program community researchers professor lab "
    "academic scientific and the annonce announces accueille welcomes launches lance joins ecosystem tech talks summit".split()
)
