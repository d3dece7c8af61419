"""Decide which articles are copies, and which tell the same story. Pure: fingerprints in, a decision out.

Copies are near-verbatim texts: resemblance and containment of their shingle sketches (A. Broder, 1997). Stories are the same event in other
words or another language: terms weighed by how rare they are in this store (inverse document frequency, K. Spärck Jones, 1972, started
from a prior so that an empty store judges soberly too), compared by cosine, with a ballast that keeps thin evidence apart. Whatever
tells one number of a series from the next (quarter, issue, round, date) keeps two articles apart before any likeness is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.weights import PLAIN, Weigher, Weights
from storage.dedupe import Candidate
from storage.fingerprints import SKETCH, Fingerprint
from storage.items import BodyFrom, Evidence, Ownership, StoredArticle, Story

COPY_WINDOW = timedelta(days=31)
STORY_WINDOW = timedelta(hours=84)  # three days, and what dates without an hour lack

_SAME = 0.152  # likeness from which two texts of one language tell one story
_ACROSS = 0.176  # of two languages
_UNSURE = 1.42  # how much more is asked where both dates are unknown
_HALF_SURE = 1.5  # ... where one is: the other may be years away
_THIN = 1.36  # ... where a text is short
_SHORT = 80  # words
_BARE = 12  # words: less is a headline, whatever it is printed as
_NAMES_ONLY = 0.7  # what likeness is worth where names carry it alone, and no number
_HARDLY = 0.07  # likeness by plain words below which two texts only share a name
_WORDED_ALIKE = 0.3  # containment from which two texts may be of one template
_MERGE = 1.15  # ... and before two stories that stand apart become one
_SAME_DAY = 0.8  # share of the bound that is asked on one day ...
_EACH_DAY = 0.35  # ... and how much more for each day between: an event is told within hours, what follows it later
_MERGE_ROUND = 0.9  # how like each other the members of two stories have to be before they become one: no bridges
_ASKED = 5  # members of each that are asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a new article belongs, and why."""

    story_id: int | None  # None: a story of its own
    copy_id: int | None  # None: a copy of nothing
    evidence: Evidence
    merge: tuple[int, ...] = ()  # further stories that this article shows to be the same as `story_id`
    copies: tuple[int, ...] = ()  # further copy groups that are the same as `copy_id`
    near: tuple[int, ...] = ()  # ids of articles in other stories that it is like: what stands alone there may belong here, now


@dataclass(frozen=True, slots=True)
class _Link:
    """One candidate, compared."""

    candidate: Candidate
    score: float
    bound: float  # what the score has to reach
    rule: str
    parts: tuple[tuple[str, float], ...]
    copy: bool = False
    telling: bool = True  # False: they share plain words alone, no name or number of weight

    @property
    def share(self) -> float:
        return self.score / self.bound


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
    links = [link for one in candidates if (link := _compare(new, mine, one, weigher)) is not None]
    forbidden = {one.story_id for one in candidates if one.article_id in apart}
    links = [link for link in links if link.candidate.story_id not in forbidden]
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
    near = sorted({link.candidate.article_id for link in links if link.share >= 1})
    if not ranked:
        nearest = max(links, key=lambda link: (link.share, -link.candidate.article_id), default=None)
        parts = nearest.parts if nearest else ()
        return Decision(story_id=None, copy_id=None, evidence=Evidence(rule="first", score=1.0, parts=parts), near=tuple(near))
    ranked.sort(key=lambda row: row[:3], reverse=True)
    best = ranked[0][3]
    stories = {link.candidate.article_id: link.candidate.story_id for link in links}
    ours = by_story[best.candidate.story_id]
    merge = [
        link.candidate.story_id
        for copy, share, _, link in ranked[1:]
        if copy or (share >= _MERGE and link.telling and _one_round(ours, by_story[link.candidate.story_id], weigher))
    ]
    copies = sorted({link.candidate.copy_id for link in links if link.copy})
    copy_id = best.candidate.copy_id if best.copy else None
    return Decision(
        story_id=best.candidate.story_id,
        copy_id=copy_id,
        evidence=Evidence(rule=best.rule, score=round(min(1.0, best.score), 3), parts=best.parts),
        merge=tuple(sorted(merge)),
        copies=tuple(one for one in copies if one != copy_id),
        near=tuple(one for one in near if stories[one] not in {best.candidate.story_id, *merge}),
    )


def _one_round(ours: Sequence[_Link], others: Sequence[_Link], weigher: Weigher) -> bool:
    """Whether the members of two stories are like each other, too: one article between them is no bridge."""
    shares = []
    for mine in sorted(ours, key=lambda link: (-link.share, link.candidate.article_id))[:_ASKED]:
        weights = weigher.weights(mine.candidate.fingerprint)
        for other in sorted(others, key=lambda link: (-link.share, link.candidate.article_id))[:_ASKED]:
            link = _compare(mine.candidate.fingerprint, weights, other.candidate, weigher)
            shares.append(min(link.share, 2.0) if link else 0.0)
    return sum(shares) / len(shares) >= _MERGE_ROUND


def lead(story: Story) -> StoredArticle:
    """Return the article that stands for its story: earned before owned, a page before a headline, in earnest, fullest, first."""
    return min(story.articles, key=_lead_rank)


_FIRST = (Ownership.EARNED, Ownership.RELEASE, Ownership.AFFILIATED, Ownership.OWNED)


def _lead_rank(stored: StoredArticle) -> tuple[int, bool, bool, bool, float, datetime, int]:
    article = stored.article
    passing = bool(stored.mentions) and all(mention.passing for mention in stored.mentions)
    in_title = any(mention.field == "title" for mention in stored.mentions)
    strength = max((mention.score for mention in stored.mentions), default=0.0)
    first = article.published or stored.first_seen
    return (
        _FIRST.index(article.ownership), passing, article.body_from is BodyFrom.FEED, not in_title, -round(strength, 2),
        first.astimezone(UTC), stored.id,
    )  # fmt: skip


# ---------------------------------------------------------------------- comparing two


def _compare(new: Fingerprint, mine: Weights, candidate: Candidate, weigher: Weigher) -> _Link | None:
    """Return how like the candidate is, None where it is not to be compared at all."""
    other = candidate.fingerprint
    unsure = not (new.dated and other.dated)
    gap = timedelta(0) if unsure else abs(new.at - candidate.at)
    if gap > COPY_WINDOW or _clash(new, other):
        return None
    theirs = weigher.weights(other)
    resemblance, containment = resemble(new, other)
    alike = mine.alike(theirs)
    serial = new.serial or other.serial
    if _copies(new, other, resemblance, containment):
        if serial and (resemblance < 0.8 or new.title != other.title):
            return None
        if not mine.template(theirs, alike):
            measured = (("resemblance", round(resemblance, 3)), ("containment", round(containment, 3)))
            return _Link(candidate, max(resemblance, containment), 0.5, "copy", measured, copy=True)
    if gap > STORY_WINDOW or serial:
        return None
    if min(new.words, other.words) < _BARE:
        return _by_title(new, other, candidate, mine, theirs, unsure)
    if containment >= _WORDED_ALIKE and mine.template(theirs, alike):
        return None
    across = bool(new.language and other.language and new.language != other.language)
    bound = _bound(new, other, across=across, unsure=unsure)
    if not unsure:
        bound *= _SAME_DAY + _EACH_DAY * (gap / timedelta(days=1))
    if across:
        likeness, rule = mine.cosine(theirs, across=True), "translation"
        if alike.telling < 2:
            likeness *= 0.6
    else:
        # Whole phrases in common say more than the same words strewn.
        likeness, rule = mine.cosine(theirs, across=False) + 0.6 * max(0.0, containment - 0.12), "story"
        if not alike.telling and containment < 0.3:
            likeness *= 0.74
        if min(new.words, other.words) < _SHORT and containment < 0.3 and mine.other_heads(theirs):
            likeness *= 0.75
    if (
        not across
        and min(new.words, other.words) < _SHORT
        and not alike.figures
        and mine.cosine(theirs, across=False, kinds=PLAIN) < _HARDLY
    ):
        likeness *= _NAMES_ONLY
    if new.title == other.title and new.title and new.title_words >= 5:
        likeness += 0.15
    if mine.contradicts(theirs):
        likeness *= 0.6
    parts = (
        ("likeness", round(likeness, 3)), ("bound", round(bound, 3)), ("names and numbers", float(alike.telling)),
        ("containment", round(containment, 3)),
    )  # fmt: skip
    return _Link(candidate, likeness, bound, rule, parts, telling=alike.telling > 0)


def _bound(one: Fingerprint, other: Fingerprint, *, across: bool, unsure: bool) -> float:
    bound = _ACROSS if across else _SAME
    if unsure:
        bound *= _HALF_SURE if one.dated or other.dated else _UNSURE
    return bound * (_THIN if min(one.words, other.words) < _SHORT else 1.0)


def _by_title(new: Fingerprint, other: Fingerprint, candidate: Candidate, mine: Weights, theirs: Weights, unsure: bool) -> _Link | None:
    """A headline without a body joins by being the same, or by its rare words alone."""
    if new.title and new.title == other.title and new.title_words >= 5:
        return _Link(candidate, 1.0, 0.9, "title", (("same headline", 1.0),))
    score, kinds = mine.headline(theirs)
    bound = 0.62 * (1.2 if unsure else 1.0)
    if kinds < 2:
        return None
    return _Link(candidate, score, bound, "title", (("headline", round(score, 3)), ("bound", round(bound, 3))))


def resemble(one: Fingerprint, other: Fingerprint) -> tuple[float, float]:
    """Estimate Jaccard's resemblance of two bodies, and how much of the shorter stands in the longer (Broder, 1997)."""
    if not one.sketch or not other.sketch:
        return 0.0, 0.0
    mine, theirs = set(one.sketch), set(other.sketch)
    both = mine & theirs
    if not both:
        return 0.0, 0.0
    if one.shingles <= SKETCH and other.shingles <= SKETCH:
        union = len(mine | theirs)
        shared = float(len(both))
        resemblance = shared / union
    else:
        smallest = sorted(mine | theirs)[:SKETCH]
        resemblance = sum(1 for value in smallest if value in both) / len(smallest)
        shared = resemblance * (one.shingles + other.shingles) / (1 + resemblance)
    return resemblance, min(1.0, shared / min(one.shingles, other.shingles))


def _copies(one: Fingerprint, other: Fingerprint, resemblance: float, containment: float) -> bool:
    words = min(one.words, other.words)
    if words < 12:
        return False
    if words < 80:
        return resemblance >= 0.5 and containment >= 0.75
    return resemblance >= 0.33 and containment >= 0.7


def _clash(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the headlines name different numbers of one series: quarters, issues, rounds, days, years."""
    if not one.periods or not other.periods or one.periods == other.periods:
        return False
    kinds = {value >> 24 for value in one.periods} & {value >> 24 for value in other.periods}
    return any(not {v for v in one.periods if v >> 24 == kind} & {v for v in other.periods if v >> 24 == kind} for kind in kinds)
