"""Match what is stored again: after a changed watchlist (`monitor rematch`), after a verdict. Nothing is deleted but hits that are replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.export import iso, mention_record, suppression_record
from monitor.intake import document_of
from monitor.matching import Matcher, Matches
from monitor.placing import enter, place
from storage.items import Mention, StoredArticle, Suppression
from storage.reading import Transaction
from storage.store import Store

_BATCH = 100  # articles in memory and in one transaction
NEWS = timedelta(hours=48)  # what was seen longer ago is kept when it is found, but not told as news


@dataclass(frozen=True, kw_only=True)
class Line:
    """A topic that an article gains or loses."""

    gained: bool
    topic: str
    stored: StoredArticle
    mention: Mention | None  # of the gained topic, or the one that was lost
    suppression: Suppression | None = None  # why it was lost, where there is a rule

    def why(self) -> str:
        """The reason in a few words."""
        if self.gained and self.mention is not None:
            return f"{self.mention.alias} in the {self.mention.field}, score {self.mention.score:.2f}"
        if self.suppression is not None:
            return f"{self.suppression.rule}, score {self.suppression.score:.2f}"
        return "no alias"

    def record(self) -> dict[str, Any]:
        """Write it for a program."""
        article = self.stored.article
        return {
            "change": "gained" if self.gained else "lost",
            "topic": self.topic,
            "article": self.stored.id,
            "story": self.stored.story_id,
            "url": article.url,
            "title": article.title,
            "outlet": article.outlet,
            "first_seen": iso(self.stored.first_seen),
            "mention": mention_record(self.mention) if self.mention is not None else None,
            "suppressed": suppression_record(self.suppression) if self.suppression is not None else None,
        }


@dataclass
class RematchReport:
    """What a rematch came to."""

    articles: int = 0
    gained: int = 0
    lost: int = 0
    changed: int = 0  # other evidence for the same topics
    saved: bool = False

    def line(self) -> str:
        """Write it for a person."""
        told = f"{self.articles} articles matched again: {self.gained} lines gained, {self.lost} lost, {self.changed} with other evidence"
        return f"{told}; {'saved' if self.saved else 'nothing is saved (--save does it)'}"


def rematch(store: Store, matcher: Matcher, report: RematchReport, *, save: bool, clock: Callable[[], datetime]) -> Iterator[Line]:
    """Match all stored articles again, verdicts obeyed; yield what each gains and loses, in the order they were stored.

    Articles are read and saved in small batches, so memory stays flat and writers wait only for a moment. What was saved makes no line
    when it is matched again, so that an interrupted run is taken up by running it again.

    Args:
        report: is filled while lines are yielded.
        save: write the new hits; else nothing is changed.

    Raises:
        StorageError: the store failed; what was saved before stays.
    """
    report.saved = save
    last = 0
    while True:
        with store.reading() as reading:
            batch = reading.articles.after(last, _BATCH)
            found = [(one, matcher.match(document_of(one.article), reading.verdicts.of_article(one.id))) for one in batch]
        if not batch:
            return
        last = batch[-1].id
        report.articles += len(batch)
        different = [(stored, matches) for stored, matches in found if _differs(stored, matches)]
        if save and different:
            different = _saved(store, matcher, [stored.id for stored, _ in different], clock())
        for stored, matches in different:
            lines = list(_lines(stored, matches))
            report.changed += not lines
            report.gained += sum(line.gained for line in lines)
            report.lost += sum(not line.gained for line in lines)
            yield from lines


def rewrite(
    transaction: Transaction,
    stored: StoredArticle,
    matches: Matches,
    now: datetime,
    *,
    familiar: frozenset[int],
    news: timedelta | None = None,
) -> None:
    """Write new hits of a stored article; one that is no longer suppressed finds its story, as it would have on arrival.

    Args:
        familiar: terms of the watchlist, which link no two articles.
        news: an article that is told only now but was first seen longer ago is not news; None: it is.
    """
    late = news is not None and not stored.mentions and bool(matches.mentions) and now - stored.first_seen > news
    transaction.articles.set_hits(
        stored.id,
        matches.mentions,
        matches.suppressions,
        suppressed=not matches.mentions and bool(matches.suppressions),
        baseline=True if late else None,
    )
    if stored.mentions or not matches.mentions or len(transaction.articles.ids_of_story(stored.story_id)) > 1:
        return
    # It was kept out of the index of copies and stories as long as it told nothing.
    moment = stored.article.published or stored.first_seen
    transaction.dedupe.remove(stored.id)
    fingerprint, decision = place(
        transaction, stored.article, moment, familiar=familiar, apart=frozenset(transaction.verdicts.kept_apart(stored.id))
    )
    if decision.story_id is not None and decision.story_id != stored.story_id:
        transaction.articles.move([stored.id], decision.story_id, decision.evidence, now)
        if decision.copy_id is not None:
            transaction.articles.join_copies(decision.copy_id, [stored.copy_id])
    enter(transaction, stored.id, fingerprint, moment, decision)


def _saved(store: Store, matcher: Matcher, ids: list[int], now: datetime) -> list[tuple[StoredArticle, Matches]]:
    """Save a batch in one short transaction; what a crawl or a person changed meanwhile is matched as it stands now."""
    saved = []
    with store.transaction() as transaction:
        for stored in transaction.articles.many(ids):
            matches = matcher.match(document_of(stored.article), transaction.verdicts.of_article(stored.id))
            if _differs(stored, matches):
                rewrite(transaction, stored, matches, now, familiar=matcher.familiar, news=NEWS)
                saved.append((stored, matches))
    return saved


def _lines(stored: StoredArticle, matches: Matches) -> Iterator[Line]:
    before = {mention.topic: mention for mention in stored.mentions}
    after = {mention.topic: mention for mention in matches.mentions}
    hidden = {hit.topic: hit for hit in reversed(matches.suppressions)}
    for topic, mention in after.items():
        if topic not in before:
            yield Line(gained=True, topic=topic, stored=stored, mention=mention)
    for topic, mention in before.items():
        if topic not in after:
            yield Line(gained=False, topic=topic, stored=stored, mention=mention, suppression=hidden.get(topic))


def _differs(stored: StoredArticle, matches: Matches) -> bool:
    old = [mention_record(one) for one in stored.mentions], [suppression_record(one) for one in stored.suppressions]
    return old != ([mention_record(one) for one in matches.mentions], [suppression_record(one) for one in matches.suppressions])
