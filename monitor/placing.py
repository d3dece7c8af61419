"""Place one article among what is stored: fingerprint, candidates, rarity, decision; and enter it into the index."""

from __future__ import annotations

from datetime import datetime

from monitor.stories import Decision, decide
from storage.fingerprints import Fingerprint, fingerprint
from storage.items import Article
from storage.reading import Transaction


def place(
    transaction: Transaction, article: Article, at: datetime, *, familiar: frozenset[int], apart: frozenset[int] = frozenset()
) -> tuple[Fingerprint, Decision]:
    """Return an article's fingerprint and where it belongs; nothing is stored.

    Args:
        at: the article's place in time: its date, or when it was first seen.
        familiar: terms of the watchlist (`Matcher.familiar`), which are no evidence.
        apart: ids of articles that a person said tell other news.
    """
    made = fingerprint(article, at)
    index = transaction.dedupe
    found = index.candidates(made, at)
    decision = decide(
        made, found, common=index.rarity(made.terms) if found else {}, total=index.total() if found else 0, familiar=familiar, apart=apart
    )
    return made, decision


def enter(transaction: Transaction, article_id: int, fingerprint: Fingerprint, at: datetime, decision: Decision) -> None:
    """Enter a stored article into the index, or its new words in place of the old; what it came near is noted with it."""
    transaction.dedupe.add(article_id, fingerprint, at)
    if decision.near:
        transaction.dedupe.stir((article_id, *decision.near))
