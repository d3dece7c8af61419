"""Decide where a new article belongs: a copy, the same story or other news; and which article leads a story. Pure.

The decision is made at once and with what is stored then. What comes later may show another grouping: see `monitor.grouping`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.likeness import Likeness, compare
from monitor.weights import Weigher
from storage.dedupe import Candidate
from storage.fingerprints import Fingerprint
from storage.items import BodyFrom, Evidence, Ownership, StoredArticle, Story

_MERGE = 1.15  # share from which two stories that stand apart become one ...
_MERGE_ROUND = 0.9  # ... and how like each other their members have to be: no bridges
_ASKED = 5  # members of each that are asked
_STIRS = 0.5  # share from which two articles are looked at again together, at the end of a crawl


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a new article belongs, and why."""

    story_id: int | None  # None: a story of its own
    copy_id: int | None  # None: a copy of nothing
    evidence: Evidence
    merge: tuple[int, ...] = ()  # further stories that this article shows to be the same as `story_id`
    copies: tuple[int, ...] = ()  # further copy groups that are the same as `copy_id`
    near: tuple[int, ...] = ()  # ids of articles that it is like, or nearly: to be grouped with it once more


@dataclass(frozen=True, slots=True)
class _Link:
    """One candidate, compared."""

    candidate: Candidate
    likeness: Likeness

    @property
    def share(self) -> float:
        return self.likeness.share

    @property
    def copy(self) -> bool:
        return self.likeness.copy


def decide(
    new: Fingerprint,
    candidates: Sequence[Candidate],
    *,
    common: Mapping[int, int],
    total: int,
    familiar: frozenset[int] = frozenset(),
    apart: frozenset[int] = frozenset(),
) -> Decision:
    """Return where an article belongs among the candidates.

    Args:
        new: the article.
        candidates: what the index found.
        common: in how many stored articles each term of the new one stands.
        total: stored articles.
        familiar: terms of the watchlist, which are no evidence here.
        apart: ids of articles that a person said tell other news.
    """
    weigher = Weigher(common, total, familiar)
    mine = weigher.weights(new)
    forbidden = {one.story_id for one in candidates if one.article_id in apart}
    candidates = [one for one in candidates if one.story_id not in forbidden]
    weights = [weigher.weights(one.fingerprint) for one in candidates]

    def linked(place: int, least: float) -> _Link | None:
        found = compare(new, mine, candidates[place].fingerprint, weights[place], least)
        return _Link(candidates[place], found) if found is not None else None

    found = [linked(place, _STIRS) for place in range(len(candidates))]
    # What is hardly like it counts only beside what is like it, in one story.
    alike = {link.candidate.story_id for link in found if link is not None and link.share >= 1}
    links = [
        link
        for place, one in enumerate(candidates)
        if (link := found[place] or (linked(place, 0.0) if one.story_id in alike else None)) is not None
    ]
    by_story: dict[int, list[_Link]] = {}
    for link in links:
        by_story.setdefault(link.candidate.story_id, []).append(link)
    ranked = []
    for story_id, among in by_story.items():
        best = max(among, key=lambda link: (link.copy, link.share, -link.candidate.article_id))
        if best.share < 1:
            continue
        # The nearer half of a story has to be like it, not one member alone: no chains.
        nearer = sorted((min(link.share, 2.0) for link in among), reverse=True)[: (len(among) + 1) // 2]
        if not best.copy and sum(nearer) / len(nearer) < 1:
            continue
        ranked.append((best.copy, best.share, -story_id, best))
    near = tuple(sorted(link.candidate.article_id for link in links if link.share >= _STIRS))
    if not ranked:
        return Decision(story_id=None, copy_id=None, evidence=Evidence(rule="first", score=1.0), near=near)
    ranked.sort(key=lambda row: row[:3], reverse=True)
    best = ranked[0][3]
    ours = by_story[best.candidate.story_id]
    merge = [
        link.candidate.story_id
        for copy, share, _, link in ranked[1:]
        if copy or (share >= _MERGE and link.likeness.telling and _one_round(ours, by_story[link.candidate.story_id], weigher))
    ]
    copies = sorted({link.candidate.copy_id for link in links if link.copy})
    copy_id = best.candidate.copy_id if best.copy else None
    return Decision(
        story_id=best.candidate.story_id,
        copy_id=copy_id,
        evidence=evidence_of(best.likeness),
        merge=tuple(sorted(merge)),
        copies=tuple(one for one in copies if one != copy_id),
        near=near,
    )


def _one_round(ours: Sequence[_Link], others: Sequence[_Link], weigher: Weigher) -> bool:
    """Whether the members of two stories are like each other, too: one article between them is no bridge."""
    shares = []
    for mine in sorted(ours, key=lambda link: (-link.share, link.candidate.article_id))[:_ASKED]:
        weights = weigher.weights(mine.candidate.fingerprint)
        for other in sorted(others, key=lambda link: (-link.share, link.candidate.article_id))[:_ASKED]:
            found = compare(mine.candidate.fingerprint, weights, other.candidate.fingerprint, weigher.weights(other.candidate.fingerprint))
            shares.append(min(found.share, 2.0) if found else 0.0)
    return sum(shares) / len(shares) >= _MERGE_ROUND


def evidence_of(likeness: Likeness) -> Evidence:
    """Return the reason for joining, as it is kept and shown."""
    return Evidence(rule=likeness.rule, score=round(min(1.0, likeness.score), 3), parts=likeness.parts)


def lead(story: Story) -> StoredArticle:
    """Return the article that stands for its story: news before what is older than the watch, earned before owned, a page before a headline,
    in earnest, fullest, first."""
    return min(story.articles, key=_lead_rank)


_FIRST = (Ownership.EARNED, Ownership.RELEASE, Ownership.AFFILIATED, Ownership.OWNED)


def _lead_rank(stored: StoredArticle) -> tuple[bool, int, bool, bool, bool, float, datetime, int]:
    article = stored.article
    passing = bool(stored.mentions) and all(mention.passing for mention in stored.mentions)
    in_title = any(mention.field == "title" for mention in stored.mentions)
    strength = max((mention.score for mention in stored.mentions), default=0.0)
    first = article.published or stored.first_seen
    return (
        stored.baseline, _FIRST.index(article.ownership), passing, article.body_from is BodyFrom.FEED, not in_title, -round(strength, 2),
        first.astimezone(UTC), stored.id,
    )  # fmt: skip
