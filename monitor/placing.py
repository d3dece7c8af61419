"""Place one article among what is stored: fingerprint, candidates, rarity, decision; and enter it into the index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.stories import Decision, decide
from storage.fingerprints import Fingerprint, fingerprint
from storage.items import Article
from storage.store import Transaction


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


def settle(transaction: Transaction, article_id: int, fingerprint: Fingerprint, at: datetime) -> None:
    """Enter a stored article into the index, or its new words in place of the old."""
    transaction.dedupe.add(article_id, fingerprint, at)


def gather(transaction: Transaction, near: Sequence[int], now: datetime, *, familiar: frozenset[int]) -> None:
    """Place those again that stand alone and are like an article that has just come in, or has just got its text.

    So it matters less which of them came first: a headline without a text is like nothing, and its page comes later.

    Args:
        near: their ids (`Decision.near`).
        familiar: terms of the watchlist, which are no evidence.
    """
    articles, said = transaction.articles, transaction.verdicts
    for stored in articles.many(list(near)):
        if stored.suppressed or len(articles.ids_of_story(stored.story_id)) > 1 or said.of_article(stored.id):
            continue
        moment = min(stored.article.published or stored.first_seen, stored.first_seen)
        apart = frozenset(said.kept_apart(stored.id) | {stored.id})  # itself stands in the index, too
        _, decision = place(transaction, stored.article, moment, familiar=familiar, apart=apart)
        if decision.story_id is None or decision.story_id == stored.story_id or said.of_story(decision.story_id):
            continue
        articles.merge(decision.story_id, stored.story_id)  # what was told of it stays told
        articles.move([stored.id], decision.story_id, decision.evidence, now)
        if decision.copy_id is not None:
            articles.join_copies(decision.copy_id, [stored.copy_id])
