"""Weigh an article's terms by how rare they are in this store, and compare two articles by them. Pure.

Inverse document frequency after K. Spärck Jones (1972), started from a prior by the sort of a term, so that an empty store judges
soberly too; the cosine carries a ballast, so that the agreement of two short texts is no likeness yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import fsum, log, sqrt

from storage.fingerprints import Fingerprint
from storage.terms import EARLY, OFTEN, PART, TITLE, Sort

_YOUNG = 4.0  # how much more the articles of a young store count than the prior's
_FAMILIAR = 0.05  # weight of a term of the watchlist
_PARTLY = 0.93  # a word of a longer name, which is counted by itself: one person is not three agreements
_NAMED = frozenset({int(Sort.NAME), int(Sort.NAMES)})
_TOLD = 0.5  # weight from which a shared name or number tells of one event
_PRIOR = 2_000  # articles that the prior is worth
_STANDS_IN = {
    Sort.WORD: 90.0, Sort.LONG: 15.0, Sort.PAIR: 20.0, Sort.NAME: 5.0, Sort.NAMES: 1.0, Sort.SMALL: 70.0, Sort.NUMBER: 6.0,
    Sort.DATE: 40.0, Sort.CONCEPT: 40.0, Sort.QUOTE: 0.5, Sort.BOTH: 4.0,
}  # fmt: skip
_WORTH = {
    Sort.WORD: 1.0, Sort.LONG: 0.9, Sort.PAIR: 1.4, Sort.NAME: 1.0, Sort.NAMES: 0.9, Sort.SMALL: 1.0, Sort.NUMBER: 1.2, Sort.DATE: 0.3,
    Sort.CONCEPT: 1.0, Sort.QUOTE: 0.9, Sort.BOTH: 0.7,
}  # fmt: skip
_IN_TITLE, _IN_LEAD, _OFTEN_SAID = 1.5, 1.2, 1.6
_BALLAST, _BALLAST_ACROSS = 6.0, 4.0
_TRAVELS = frozenset(
    map(int, {Sort.NAME, Sort.NAMES, Sort.SMALL, Sort.NUMBER, Sort.DATE, Sort.CONCEPT, Sort.QUOTE, Sort.BOTH})
)  # survives translation
PLAIN = frozenset(map(int, {Sort.WORD, Sort.LONG, Sort.PAIR, Sort.CONCEPT}))
_FIGURES = frozenset(map(int, {Sort.SMALL, Sort.NUMBER, Sort.DATE, Sort.QUOTE}))
_DISTINCT = frozenset(map(int, {Sort.NAME, Sort.NAMES, Sort.SMALL, Sort.NUMBER, Sort.DATE, Sort.QUOTE}))
_NUMBER = frozenset({int(Sort.NUMBER)})
_TELLING = frozenset(map(int, {Sort.NAME, Sort.NAMES, Sort.NUMBER, Sort.QUOTE}))  # points at one event


class Weigher:
    """Weighs terms by how rare they are in the store.

    Args:
        common: in how many stored articles each term stands.
        total: stored articles.
        familiar: terms of the watchlist. Every article here may have them, so they are common before the store has seen any.
    """

    def __init__(self, common: Mapping[int, int], total: int, familiar: frozenset[int] = frozenset()) -> None:
        self._common = common
        self._familiar = familiar
        self._all = total + _PRIOR
        self._unit = log(1 + self._all)
        # In a young store the prior would drown what the store itself has seen: a name in every tenth article is no rare one.
        self._seen = 1.0 + _YOUNG * _PRIOR / (_PRIOR + total)
        self._made: dict[int, tuple[float, int] | None] = {}  # by count and mark: most terms stand in few articles, and many in none

    def rarity(self, count: int, sort: int) -> float:
        """Return how rare a term of a sort is that stands in so many articles: 1 for the rarest, 0 or less for what says nothing."""
        return log(self._all / (count * self._seen + _STANDS_IN_BY[sort])) / self._unit

    def weights(self, fingerprint: Fingerprint) -> Weights:
        """Return the terms of an article with their weights."""
        found = {}
        common, familiar, made = self._common, self._familiar, self._made
        for term, mark in zip(fingerprint.terms, fingerprint.marks, strict=True):
            if term in familiar and mark & 0x0F in _NAMED:
                found[term] = (_FAMILIAR, mark)
                continue
            key = common.get(term, 0) << 8 | mark
            weighed = made[key] if key in made else self._make(key)
            if weighed is not None:
                found[term] = weighed
        return Weights(found)

    def _make(self, key: int) -> tuple[float, int] | None:
        """Return weight and mark of a term; None where it weighs nothing."""
        mark = key & 0xFF
        rarity = self.rarity(key >> 8, mark & 0x0F)
        self._made[key] = weighed = (_BOOST[mark] * rarity, mark) if rarity > 0 else None
        return weighed


_STANDS_IN_BY = [_STANDS_IN[sort] for sort in sorted(_STANDS_IN)]
_BOOST = {
    mark: _WORTH[Sort(mark & 0x0F)]
    * (_IN_TITLE if mark & TITLE else _IN_LEAD if mark & EARLY else 1.0)
    * (_OFTEN_SAID if mark & OFTEN else 1.0)
    * (_PARTLY if mark & PART and mark & 0x0F == Sort.NAME else 1.0)
    for mark in range(0x100)
    if mark & 0x0F in set(map(int, Sort))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """How many names, numbers and quotes two articles share, and how many they do not."""

    both: int
    ours: int  # only the one has
    others: int  # only the other has
    telling: int  # of those both have: names, numbers and quotes of weight
    figures: int  # of those both have: numbers, dates and quotes


class Weights:
    """The weighed terms of one article; what is asked of it again and again is worked out once."""

    def __init__(self, found: dict[int, tuple[float, int]]) -> None:
        self.found = found
        self._norms: dict[bool, float] = {}

    def norm(self, across: bool) -> float:
        """Return the length of the vector, ballast included."""
        if across not in self._norms:
            values = (w * w for w, mark in self.found.values() if not across or mark & 0x0F in _TRAVELS)
            self._norms[across] = sqrt(fsum(values) + (_BALLAST_ACROSS if across else _BALLAST))
        return self._norms[across]

    def cosine(self, other: Weights, *, across: bool, kinds: frozenset[int] | None = None) -> float:
        """Return the cosine of the two, or what terms of some kinds add to it; `across` languages by what survives translation alone."""
        mine, theirs = self.found, other.found
        both: Iterable[int] = mine.keys() & theirs.keys()
        if across or kinds is not None:
            wanted = kinds or _TRAVELS
            both = [term for term in both if self._kind(other, term) in wanted]
        # fsum: the same to the last digit, in whatever order a set is read.
        total = fsum([mine[term][0] * theirs[term][0] for term in both])
        norms = self.norm(across) * other.norm(across)
        return total / norms if norms else 0.0

    def alike(self, other: Weights) -> Alike:
        """Count the names, numbers and quotes that both have, and that one alone has."""
        mine, theirs = self.distinct, other.distinct
        both = mine & theirs
        kinds = [(term, self._kind(other, term)) for term in both]
        return Alike(
            both=len(both), ours=len(mine) - len(both), others=len(theirs) - len(both),
            telling=sum(1 for term, kind in kinds if kind in _TELLING and self.found[term][0] + other.found[term][0] > 2 * _TOLD),
            figures=sum(1 for _, kind in kinds if kind in _FIGURES),
        )  # fmt: skip

    def _kind(self, other: Weights, term: int) -> int:
        """What sort both take a term for, the more telling one: a name at a sentence's start may look like a word."""
        return max(self.found[term][1] & 0x0F, other.found[term][1] & 0x0F)

    @cached_property
    def distinct(self) -> frozenset[int]:
        """The terms that would differ between two texts of one template."""
        return self._of(_DISTINCT)

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The numbers that say something: no years, nothing small or round."""
        return self._of(_NUMBER)

    @cached_property
    def _heads(self) -> dict[int, float]:
        return {t: w for t, (w, mark) in self.found.items() if mark & TITLE and mark & 0x0F in _TELLING}

    def template(self, other: Weights, alike: Alike) -> bool:
        """Whether two texts worded alike are about different things: each has names or numbers that the other lacks."""
        if min(alike.ours, alike.others) >= 2 and alike.both < 0.6 * (alike.both + min(alike.ours, alike.others)):
            return True
        if min(alike.ours, alike.others) >= 1 and alike.both < 0.3 * (alike.both + min(alike.ours, alike.others)):
            return True
        ours, others, _ = self.differ(other)
        return min(ours, others) >= 1.2 and min(alike.ours, alike.others) >= 2 and alike.both < 2 * min(alike.ours, alike.others)

    def other_heads(self, other: Weights) -> bool:
        """Whether the headlines name different things, and hardly anything in common."""
        ours, others, both = self.differ(other)
        return min(ours, others) >= 1.2 and both < 0.3 * (ours + others)

    def headline(self, other: Weights) -> tuple[float, int]:
        """Return how much of the lighter headline the other article has, and by how many terms."""
        best, kinds = 0.0, 0
        for one, two in ((self, other), (other, self)):
            title = {term: w for term, (w, mark) in one.found.items() if mark & TITLE}
            hit = [term for term in title if term in two.found]
            share = fsum(title[t] for t in hit) / (fsum(title.values()) + 1.0) if title else 0.0
            if share > best and len(title) >= 4:
                best, kinds = share, len(hit)
        return best, kinds

    def differ(self, other: Weights) -> tuple[float, float, float]:
        """Return the weight of telling headline terms that only the one, only the other, and both have."""
        ours, only_ours = self._held_by(other)
        others, only_others = other._held_by(self)
        return only_ours, only_others, (ours + others) / 2

    def _held_by(self, other: Weights) -> tuple[float, float]:
        """Return the weight of this headline's telling terms that another article has, and of those that it lacks."""
        heads, theirs = self._heads, other.found
        return fsum(w for t, w in heads.items() if t in theirs), fsum(w for t, w in heads.items() if t not in theirs)

    def _of(self, sorts: frozenset[int]) -> frozenset[int]:
        return frozenset([term for term, (_, mark) in self.found.items() if mark & 0x0F in sorts])

    def contradicts(self, other: Weights, least: int) -> bool:
        """Whether both give at least so many numbers and none in common."""
        ours, others = self.numbers, other.numbers
        return min(len(ours), len(others)) >= least and ours.isdisjoint(others)
