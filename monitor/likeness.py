"""Compare two articles: is one a copy of the other, do they tell the same story, how sure is that? Pure: fingerprints and weights in.

Copies are near-verbatim texts: resemblance and containment of their shingle sketches (A. Broder, 1997). Stories are the same event in other
words or another language: terms weighed by how rare they are in this store (inverse document frequency, K. Spärck Jones, 1972, started
from a prior so that an empty store judges soberly too), compared by cosine, with a ballast that keeps thin evidence apart. Whatever
tells one number of a series from the next (quarter, issue, round, date) keeps two articles apart before any likeness is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import timedelta

from monitor.weights import PLAIN, Alike, Weights
from storage.fingerprints import SKETCH, Fingerprint
from storage.headlines import AMOUNT

COPY_WINDOW = timedelta(days=31)
STORY_WINDOW = timedelta(hours=84)  # three days, and what dates without an hour lack

_SAME = 0.152  # likeness from which two texts of one language tell one story
_ACROSS = 0.176  # of two languages
_UNSURE = 1.5  # how much more is asked where both dates are unknown
_HALF_SURE = 1.5  # ... where one is: the other may be years away
_THIN = 1.27  # ... where a text is short
_SHORT = 80  # words
_BARE = 12  # words: less is a headline, whatever it is printed as
_NAMES_ONLY = 0.7  # what likeness is worth where names carry it alone, and no number
_HARDLY = 0.07  # likeness by plain words below which two texts only share a name
_WORDED_ALIKE = 0.3  # containment from which two texts may be of one template
_SAME_DAY = 0.8  # share of the bound that is asked on one day ...
_OTHER_AMOUNT = 0.5  # what likeness is worth where the headlines give other amounts; nothing where the texts share no number at all
_MANY, _SOME = 4, 2  # numbers of each from which it counts that none is shared: of articles that share a name, that share none
_SAME_HEADLINE = 0.15  # what one headline adds
_ABOUT = 0.06  # by how much two amounts may differ that are one, rounded
_EACH_DAY = 0.35  # ... and how much more for each day between: an event is told within hours, what follows it later


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How like two articles are."""

    score: float
    bound: float  # what the score has to reach
    rule: str
    parts: tuple[tuple[str, float], ...]
    copy: bool = False
    telling: bool = True  # False: they share plain words alone, no name or number of weight
    against: bool = False  # the headlines contradict each other

    @property
    def share(self) -> float:
        """The score as a share of what it has to reach: from 1 on, the two belong together."""
        return self.score / self.bound


def compare(new: Fingerprint, mine: Weights, other: Fingerprint, theirs: Weights, least: float = 0.0) -> Likeness | None:
    """Return how like two articles are, None where they are not to be compared at all.

    Args:
        least: share below which nobody asks; None may be returned then, at a third of the cost.
    """
    unsure = not (new.dated and other.dated)
    gap = timedelta(0) if unsure else abs(new.at - other.at)
    if gap > COPY_WINDOW or _clash(new, other):
        return None
    resemblance, containment = resemble(new, other)
    serial = new.serial or other.serial
    alike: Alike | None = None
    if _copies(new, other, resemblance, containment):
        if serial and (resemblance < 0.8 or new.title != other.title):
            return None
        alike = mine.alike(theirs)
        if not mine.template(theirs, alike):
            measured = (("resemblance", round(resemblance, 3)), ("containment", round(containment, 3)))
            return Likeness(score=max(resemblance, containment), bound=0.5, rule="copy", parts=measured, copy=True)
    if gap > STORY_WINDOW or serial:
        return None
    if min(new.words, other.words) < _BARE:
        return _by_title(new, other, mine, theirs, unsure)
    across = bool(new.language and other.language and new.language != other.language)
    bound = _bound(new, other, across=across, unsure=unsure)
    if not unsure:
        bound *= _SAME_DAY + _EACH_DAY * (gap / timedelta(days=1))
    likeness = mine.cosine(theirs, across=across)
    if not across:
        # Whole phrases in common say more than the same words strewn.
        likeness += 0.6 * max(0.0, containment - 0.12)
    same_title = bool(new.title) and new.title == other.title and new.title_words >= 5
    if likeness + same_title * _SAME_HEADLINE < least * bound:
        return None  # what follows makes it less
    alike = alike or mine.alike(theirs)
    if containment >= _WORDED_ALIKE and mine.template(theirs, alike):
        return None
    if across:
        rule = "translation"
        if alike.telling < 2:
            likeness *= 0.6
    else:
        rule = "story"
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
    if same_title:
        likeness += _SAME_HEADLINE
    against = False
    if mine.contradicts(theirs, _MANY if alike.telling else _SOME):
        likeness *= 0.6
    if _other_amounts(new, other):
        if not alike.figures:
            return None
        likeness, against = likeness * _OTHER_AMOUNT, True
    parts = (
        ("likeness", round(likeness, 3)), ("bound", round(bound, 3)), ("names and numbers", float(alike.telling)),
        ("containment", round(containment, 3)),
    )  # fmt: skip
    return Likeness(score=likeness, bound=bound, rule=rule, parts=parts, telling=alike.telling > 0, against=against)


def _bound(one: Fingerprint, other: Fingerprint, *, across: bool, unsure: bool) -> float:
    bound = _ACROSS if across else _SAME
    if unsure:
        bound *= _HALF_SURE if one.dated or other.dated else _UNSURE
    return bound * (_THIN if min(one.words, other.words) < _SHORT else 1.0)


def _by_title(new: Fingerprint, other: Fingerprint, mine: Weights, theirs: Weights, unsure: bool) -> Likeness | None:
    """A headline without a body joins by being the same, or by its rare words alone."""
    if new.title and new.title == other.title and new.title_words >= 5:
        return Likeness(score=1.0, bound=0.9, rule="title", parts=(("same headline", 1.0),))
    score, kinds = mine.headline(theirs)
    bound = 0.62 * (1.2 if unsure else 1.0)
    if kinds < 2:
        return None
    return Likeness(score=score, bound=bound, rule="title", parts=(("headline", round(score, 3)), ("bound", round(bound, 3))))


def resemble(one: Fingerprint, other: Fingerprint) -> tuple[float, float]:
    """Estimate Jaccard's resemblance of two bodies, and how much of the shorter stands in the longer (Broder, 1997)."""
    if not one.sketch or not other.sketch:
        return 0.0, 0.0
    mine, theirs = one.sketched, other.sketched
    both = mine & theirs
    if not both:
        return 0.0, 0.0
    if one.shingles <= SKETCH and other.shingles <= SKETCH:
        union = len(mine | theirs)
        shared = float(len(both))
        resemblance = shared / union
    else:
        # How many of the union's smallest are shared: a shared value's rank in the union is what stands before it in either, counted once.
        early = 0
        for before, value in enumerate(sorted(both)):
            if bisect_left(one.sketch, value) + bisect_left(other.sketch, value) - before >= SKETCH:
                break
            early += 1
        resemblance = early / min(SKETCH, len(mine) + len(theirs) - len(both))
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
    kinds = ({value >> 24 for value in one.periods} & {value >> 24 for value in other.periods}) - {AMOUNT}
    return any(not {v for v in one.periods if v >> 24 == kind} & {v for v in other.periods if v >> 24 == kind} for kind in kinds)


def _other_amounts(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether both headlines give large numbers, and none that is about the same: "nearly $4M" and "$3.9 million" are."""
    ours, theirs = one.amounts, other.amounts
    return bool(ours and theirs) and not any(abs(a - b) <= _ABOUT * max(a, b) for a in ours for b in theirs)
