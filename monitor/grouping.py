"""Group articles that came near each other, all together: the same articles in any order give the same groups. Pure.

Agglomerative clustering: the two groups that are most alike become one, again and again, as long as the nearer half of the pairs between
them is alike (between single and average linkage: an event is told from several sides, and still no chain of neighbours makes two events
one). What is bound together stays so: copies, what a digest has told as one story, what a person merged. What a person split never meets.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from monitor.likeness import Likeness, compare
from monitor.weights import Weights
from storage.fingerprints import Fingerprint

_BOUND = 0.87  # mean share of the nearer half of pairs from which two groups become one ...
_BOUND_ALONE = 1.0  # ... and where hardly a pair speaks for it
_FEW_PAIRS = 3
_AGAINST = 0.25  # part of the pairs that may contradict each other
_NEARER = 0.5  # part of the pairs between two groups that is asked
_FAR = 0.2  # share below which a pair is not compared to its end: it counts as unlike, one way or the other
_MOST = 2.0  # what one pair can add

Pair = tuple[int, int]  # places of two members, the lower first


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One article to be grouped."""

    fingerprint: Fingerprint
    bound: int | None = None  # members with the same number stay together


def links_of(members: Sequence[Member], weighed: Sequence[Weights]) -> dict[Pair, Likeness]:
    """Return how like each two members are; pairs that are not to be compared are left out.

    Args:
        weighed: the weights of each member.
    """
    found = {}
    for second, member in enumerate(members):
        for first in range(second):
            likeness = compare(members[first].fingerprint, weighed[first], member.fingerprint, weighed[second], _FAR)
            if likeness is not None:
                found[first, second] = likeness
    return found


def grouped(members: Sequence[Member], links: Mapping[Pair, Likeness], apart: Collection[Pair] = ()) -> list[list[int]]:
    """Return the groups, as places of members: each group ascending, the groups by their first.

    Args:
        links: see `links_of`.
        apart: members that a person told apart.
    """
    return _Groups(members, links, apart).joined()


class _Groups:
    def __init__(self, members: Sequence[Member], links: Mapping[Pair, Likeness], apart: Collection[Pair]) -> None:
        self._shares = {pair: min(likeness.share, _MOST) for pair, likeness in links.items()}
        self._against = {pair for pair, likeness in links.items() if likeness.against}
        self._apart = frozenset(apart)
        # Equal likeness is decided by the articles themselves, never by the order in which they came.
        order = sorted(range(len(members)), key=lambda place: _key(members[place].fingerprint))
        self._order = order
        self._rank = {place: rank for rank, place in enumerate(order)}
        self._groups = {place: [place] for place in range(len(members))}
        self._version = dict.fromkeys(self._groups, 0)
        self._near: dict[int, set[int]] = {place: set() for place in self._groups}
        for first, second in self._shares:
            self._near[first].add(second)
            self._near[second].add(first)
        self._bind(members, links)

    def joined(self) -> list[list[int]]:
        queue: list[tuple[float, int, int, int, int]] = []
        for one in self._groups:
            for other in self._near[one]:
                if self._rank[one] < self._rank[other]:
                    self._push(queue, one, other)
        while queue:
            _, first, second, *versions = heapq.heappop(queue)
            one, other = self._order[first], self._order[second]
            if one in self._groups and other in self._groups and versions == [self._version[one], self._version[other]]:
                self._join(one, other)
                for third in self._near[one]:
                    self._push(queue, *sorted((one, third), key=self._rank.__getitem__))
        return sorted(sorted(group) for group in self._groups.values())

    def _bind(self, members: Sequence[Member], links: Mapping[Pair, Likeness]) -> None:
        """Join from the start what is one already."""
        first_of: dict[int, int] = {}
        together = [pair for pair, likeness in links.items() if likeness.copy]
        for place, member in enumerate(members):
            if member.bound is not None:
                together.append((first_of.setdefault(member.bound, place), place))
        root = {place: place for place in self._groups}
        for pair in sorted(together, key=lambda pair: sorted(self._rank[place] for place in pair)):
            one, other = sorted((root[place] for place in pair), key=self._rank.__getitem__)
            if one != other and not self._forbidden(one, other):
                for place in self._groups[other]:
                    root[place] = one
                self._join(one, other)

    def _join(self, one: int, other: int) -> None:
        self._groups[one] += self._groups.pop(other)
        self._version[one] += 1
        near = (self._near[one] | self._near.pop(other)) - {one, other}
        self._near[one] = near
        for third in near:
            self._near[third].discard(other)
            self._near[third].add(one)

    def _push(self, queue: list[tuple[float, int, int, int, int]], one: int, other: int) -> None:
        alone = len(self._groups[one]) * len(self._groups[other]) < _FEW_PAIRS
        share = self._share(one, other)
        if share >= (_BOUND_ALONE if alone else _BOUND) and not self._forbidden(one, other):
            heapq.heappush(queue, (-share, self._rank[one], self._rank[other], self._version[one], self._version[other]))

    def _share(self, one: int, other: int) -> float:
        pairs = [(a, b) if a < b else (b, a) for a in self._groups[one] for b in self._groups[other]]
        if sum(1 for pair in pairs if pair in self._against) > len(pairs) * _AGAINST:
            return 0.0
        shares = sorted((self._shares.get(pair, 0.0) for pair in pairs), reverse=True)
        nearer = shares[: ceil(len(shares) * _NEARER)]
        return sum(nearer) / len(nearer)

    def _forbidden(self, one: int, other: int) -> bool:
        if not self._apart:
            return False
        return any(((a, b) if a < b else (b, a)) in self._apart for a in self._groups[one] for b in self._groups[other])


def _key(fingerprint: Fingerprint) -> tuple[object, ...]:
    return fingerprint.at, fingerprint.title, fingerprint.host, fingerprint.sketch[:4], fingerprint.terms[:8]
