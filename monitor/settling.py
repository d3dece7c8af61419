"""Group what a crawl or an import brought once more, all together, so that it does not matter which article came first.

When an article comes it is placed at once among what is stored by then (`monitor.placing`), and those that came near each other are
noted. Here each of them is looked at again with all that came since. What a digest or an alert has told stays together, and so does what
a person said; nothing that was told becomes new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from monitor.grouping import Member, Pair, grouped, links_of
from monitor.likeness import Likeness
from monitor.neighbourhood import Neighbourhood
from monitor.stories import evidence_of
from storage.dedupe import Candidate
from storage.items import Evidence
from storage.reading import Transaction
from storage.store import Store

_LARGEST = 250  # articles grouped together at most
_AT_ONCE = 400  # articles a transaction
_FIRST = Evidence(rule="first", score=1.0)


def settle_stories(store: Store, familiar: frozenset[int], now: datetime, beat: Callable[[], None] = lambda: None) -> int:
    """Group again all articles that wait for it; returns how many changed their story. Cheap where none waits.

    Args:
        familiar: terms of the watchlist, which are no evidence.
        beat: called after each transaction: it moves.

    Raises:
        StorageError: the store failed; what was grouped stays so, and the rest waits for the next time.
    """
    moved, around = 0, Neighbourhood(familiar)
    while True:
        with store.reading() as reading:
            if not reading.dedupe.stirred(1):
                return moved
        with store.transaction() as transaction:
            moved += _settle_some(transaction, around, now)
        beat()


def _settle_some(transaction: Transaction, around: Neighbourhood, now: datetime) -> int:
    """Group again some hundreds of those that wait; returns how many changed their story."""
    index, moved, seen = transaction.dedupe, 0, 0
    around.within(transaction)
    while seen < _AT_ONCE and (waiting := index.stirred(1)):
        reached = around.reached(waiting[0], _LARGEST)
        index.calm([waiting[0], *(one.article_id for one in reached)])
        seen += max(1, len(reached))
        if 1 < len(reached) <= _LARGEST:
            moved += _regroup(transaction, around, reached, now)
            around.forget(reached)
    return moved


def _regroup(transaction: Transaction, around: Neighbourhood, reached: Sequence[Candidate], now: datetime) -> int:
    fixed = transaction.articles.fixed_stories({one.story_id for one in reached})
    members = [Member(fingerprint=one.fingerprint, bound=one.story_id if one.story_id in fixed else None) for one in reached]
    links = links_of(members, around.weights(reached))
    groups = grouped(members, links, _told_apart(transaction, reached))
    _join_copies(transaction, reached, links, groups)
    return _write(transaction, reached, links, groups, fixed, now)


def _told_apart(transaction: Transaction, reached: Sequence[Candidate]) -> set[Pair]:
    places = {one.article_id: place for place, one in enumerate(reached)}
    pairs = transaction.verdicts.apart_among(places)
    return {(min(places[one], places[other]), max(places[one], places[other])) for one, other in pairs}


def _join_copies(
    transaction: Transaction, reached: Sequence[Candidate], links: Mapping[Pair, Likeness], groups: Sequence[Sequence[int]]
) -> None:
    """Make one copy group of what is copied from each other, under the lowest of its numbers."""
    group_of = {place: number for number, group in enumerate(groups) for place in group}
    copy_of = {one.copy_id: one.copy_id for one in reached}

    def root(copy_id: int) -> int:
        while copy_of[copy_id] != copy_id:
            copy_id = copy_of[copy_id]
        return copy_id

    for (first, second), likeness in links.items():
        if likeness.copy and group_of[first] == group_of[second]:
            low, high = sorted((root(reached[first].copy_id), root(reached[second].copy_id)))
            copy_of[high] = low
    for copy_id in sorted(copy_of):
        if root(copy_id) != copy_id:
            transaction.articles.join_copies(root(copy_id), [copy_id])


def _write(
    transaction: Transaction,
    reached: Sequence[Candidate],
    links: Mapping[Pair, Likeness],
    groups: Sequence[Sequence[int]],
    fixed: frozenset[int],
    now: datetime,
) -> int:
    """Give each group its story, the one that most of it stands in already; returns how many articles moved."""
    articles, moved, taken = transaction.articles, 0, set()
    claims = []
    for group in groups:
        held = Counter(reached[place].story_id for place in group)
        best = min(held, key=lambda story_id: (story_id not in fixed, -held[story_id], story_id))
        claims.append((best not in fixed, -held[best], best, group, held))
    for _, _, best, group, held in sorted(claims, key=lambda claim: claim[:3]):
        into = None if best in taken else best
        if into is not None:
            for other in sorted(held.keys() & fixed - {into}):
                articles.merge(into, other)  # both were told; what was told stays told
        leaving = [place for place in group if reached[place].story_id != into]
        reasons = _reasons(reached, links, group)
        if into is None:
            into = articles.move([reached[leaving[0]].article_id], None, reasons[leaving[0]], now)
        taken.add(into)
        if leaving:
            moved += len(leaving)
            for place in group:
                if place in leaving or reached[place].story_id not in fixed:
                    articles.move([reached[place].article_id], into, reasons[place], now)
    return moved


def _reasons(reached: Sequence[Candidate], links: Mapping[Pair, Likeness], group: Sequence[int]) -> dict[int, Evidence]:
    """Return why each member stands in its group: what it is most like; the first of them needs no reason."""
    first = min(group, key=lambda place: (reached[place].at, reached[place].article_id))
    reasons = {first: _FIRST}
    for place in group:
        if place != first:
            likest = [links[pair] for other in group if (pair := (min(place, other), max(place, other))) in links]
            best = max(likest, key=lambda likeness: (likeness.copy, likeness.share), default=None)
            reasons[place] = evidence_of(best) if best is not None else _FIRST
    return reasons
