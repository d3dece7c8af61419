"""The articles that one article leads to, from likeness to likeness, as one transaction sees them.

Each article is read and weighed once, each pair compared once: what is grouped anew after a busy day leads to the same articles again and
again. Weights come from how rare all terms of both articles are, so that a pair is as alike from either side.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from monitor.likeness import compare
from monitor.weights import Weigher, Weights
from storage.dedupe import Candidate
from storage.reading import Transaction

REACHES = (0.35, 0.5, 0.7, 1.0)  # share from which one article leads to the next; the first that does not lead too far


_REMEMBERED = 4_000  # articles: some 10 KB each


class Neighbourhood:
    """What was looked up around some articles; it outlives the transaction, what may have changed since is read again.

    Args:
        familiar: terms of the watchlist, which are no evidence.
    """

    def __init__(self, familiar: frozenset[int]) -> None:
        self._familiar = familiar
        self._common: dict[int, int] = {}  # term -> articles, of all terms met
        self._weights: dict[int, Weights] = {}
        self._leads: dict[int, dict[int, float]] = {}  # article -> others, with their share
        self._known: dict[int, Candidate] = {}
        self._members: dict[int, list[int]] = {}  # story -> articles

    def within(self, transaction: Transaction) -> None:
        """Look into another transaction from now on."""
        self._index, self._articles = transaction.dedupe, transaction.articles
        self._known, self._members = {}, {}
        if not self._weights or len(self._weights) > _REMEMBERED:
            self._common, self._weights, self._leads = {}, {}, {}
            self._weigher = Weigher(self._common, self._index.total(), self._familiar)

    def reached(self, article_id: int, most: int) -> list[Candidate]:
        """Return an article and all that it leads to, by id, with all of their stories; more than `most` of them only if no bound helps.

        Where likeness leads from article to article without an end, only greater likeness leads on.
        """
        found: dict[int, Candidate] = {}
        for least in REACHES:
            found = self._reached(article_id, least, most)
            if len(found) <= most:
                break
        return [found[one] for one in sorted(found)]

    def weights(self, articles: Sequence[Candidate]) -> list[Weights]:
        """Return the weighed terms of articles."""
        self._weigh(articles)
        return [self._weights[one.article_id] for one in articles]

    def forget(self, articles: Sequence[Candidate]) -> None:
        """Read again in whose stories articles stand: that has changed."""
        for one in articles:
            self._known.pop(one.article_id, None)
            self._members.pop(one.story_id, None)

    def _reached(self, article_id: int, least: float, most: int) -> dict[int, Candidate]:
        ahead = [article_id]
        found: dict[int, Candidate] = {}
        while ahead and len(found) <= most:
            fresh = self._read(ahead)
            found.update({one.article_id: one for one in fresh})
            self._read_members({one.story_id for one in fresh})
            leads: set[int] = set()
            for one in fresh:
                leads.update([other for other, share in self._leads_of(one).items() if share >= least])
                leads.update(self._members[one.story_id])
            ahead = sorted(leads - found.keys())
        return found

    def _read(self, ids: Sequence[int]) -> list[Candidate]:
        """Return those of the articles that may be told, in this order."""
        known = self._known
        if unknown := [one for one in ids if one not in known]:
            known.update({one.article_id: one for one in self._index.of(unknown)})
        return [one for article_id in ids if (one := known.get(article_id)) is not None and not one.suppressed]

    def _read_members(self, story_ids: Collection[int]) -> None:
        if unknown := [one for one in story_ids if one not in self._members]:
            self._members.update(self._articles.ids_of_stories(unknown))

    def _leads_of(self, one: Candidate) -> dict[int, float]:
        leads = self._leads.get(one.article_id)
        if leads is None:
            leads = self._leads[one.article_id] = {}
            (mine,) = self.weights([one])
            ids = self._index.likely(one.fingerprint, one.at, wide=True, counts=self._common)
            others = self._read([other for other in ids if other != one.article_id])
            for other, theirs in zip(others, self.weights(others), strict=True):
                seen = self._leads.get(other.article_id, {}).get(one.article_id)
                if seen is None:
                    likeness = compare(one.fingerprint, mine, other.fingerprint, theirs, least=REACHES[0])
                    seen = likeness.share if likeness is not None else 0.0
                leads[other.article_id] = seen
        return leads

    def _weigh(self, articles: Sequence[Candidate]) -> None:
        common = self._common
        unweighed = [one for one in articles if one.article_id not in self._weights]
        unknown = {term for one in unweighed for term in one.fingerprint.terms if term not in common}
        if unknown:
            common.update(dict.fromkeys(unknown, 0))
            common.update(self._index.counts(unknown))
        for one in unweighed:
            self._weights[one.article_id] = self._weigher.weights(one.fingerprint)
