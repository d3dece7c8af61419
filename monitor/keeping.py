"""Keep one article that names somebody: is it stored already, changed, a copy, part of a story? Works inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.matching import Matches
from monitor.placing import enter, place
from monitor.whose import Voice, strangers, voice_of
from storage.articles import NewArticle
from storage.identity import title_key, url_key
from storage.items import Arrival, Article, BodyFrom, Evidence, Kind, Outcome, Source, SourceState, StoredArticle
from storage.reading import Transaction
from storage.text import fold

SAME_HEADLINE = timedelta(days=3)  # an aggregator's link without an address: the same outlet, the same headline, within so long
_CHANGED = 0.1  # share of the text that has to be new for an update


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is stored, and what of it is too old to be told."""

    first_poll: timedelta = timedelta(hours=48)  # what a source shows at its first poll is news if it is younger
    search: timedelta = timedelta(days=7)  # searches bring up old pages
    other: timedelta = timedelta(days=30)
    keep_unmatched: bool = False

    def is_baseline(self, source: Source, state: SourceState, published: datetime | None, now: datetime) -> bool:
        """Whether an article is older than the watch: stored, never told as news."""
        if published is None:
            return False
        age = now - published
        # A bare address of an article is asked for; an archive's is not a wish to be told of all that is in it.
        asked = source.origin == "once" and source.kind not in {Kind.SITEMAP, Kind.LISTING}
        if state.first_poll is None and not asked and age > self.first_poll:
            return True
        return age > (self.search if source.kind is Kind.SEARCH else self.other)


class Keeping:
    """Decides and writes for one arrival.

    Args:
        match: matches the article's words again, under verdicts.
        familiar: terms of the watchlist, which link no two articles.
    """

    def __init__(
        self, transaction: Transaction, now: datetime, match: Callable[[Mapping[str, str]], Matches], *, familiar: frozenset[int]
    ) -> None:
        self._familiar = familiar
        self._transaction = transaction
        self._now = now
        self._match = match

    def keep(self, arrival: Arrival, matches: Matches, *, baseline: bool) -> tuple[Outcome, int]:
        """Store an article, or what is new of it; returns what became of it and its id."""
        stored = self._stored(arrival)
        if stored is not None:
            return self._seen_again(stored, arrival, baseline=baseline), stored.id
        return self._add(arrival.article, matches, baseline=baseline)

    # ------------------------------------------------------------------ an article that is stored

    def _stored(self, arrival: Arrival) -> StoredArticle | None:
        """The same article as it stands in the store, by address, else (where one of the two has none) by outlet, headline and day."""
        articles, article = self._transaction.articles, arrival.article
        ids = articles.of_urls(_keys(arrival))
        if ids:
            return articles.get(ids[0])
        headline = title_key(article.title, article.outlet)
        if len(headline) < 12:
            return None
        moment = article.published or self._now
        since = self._now - SAME_HEADLINE - timedelta(days=1)
        for one in articles.many(articles.of_title(headline, since, self._now, opaque=None if article.opaque else True)):
            if not _same_outlet(one.article, article):
                continue
            if abs((one.article.published or one.first_seen) - moment) <= SAME_HEADLINE:
                return one
        return None

    def _seen_again(self, stored: StoredArticle, arrival: Arrival, *, baseline: bool) -> Outcome:
        transaction, new, old = self._transaction, arrival.article, stored.article
        transaction.articles.add_urls(stored.id, _keys(arrival))
        upgrade = old.body_from is BodyFrom.FEED and new.body_from is not BodyFrom.FEED
        over = False  # strangers' words about the address of another site give way to that site's own
        if old.body_from is BodyFrom.FEED and not (old.opaque or new.opaque):
            told_by = transaction.sources.named(stored.sources)
            voice = voice_of(arrival.source, old.url, told_by)
            if not upgrade and voice is Voice.NONE:
                return Outcome.REPEAT
            over = voice is Voice.OWN if not upgrade else strangers(told_by, old.url)
        if not (upgrade or over) and (
            new.opaque or (new.body_from is BodyFrom.FEED and old.body_from is not BodyFrom.FEED) or not _changed(old, new)
        ):
            return Outcome.REPEAT
        matches = self._match(transaction.verdicts.of_article(stored.id))
        if not matches.mentions and (stored.mentions or not matches.suppressions):
            return Outcome.REPEAT  # the name is gone from the new words: what was found stays found
        merged = (
            new
            if old.opaque or over
            else replace(new, published=old.published or new.published, outlet=old.outlet, ownership=old.ownership)
        )
        transaction.articles.revise(
            stored,
            merged,
            matches.mentions,
            matches.suppressions,
            self._now,
            suppressed=not matches.mentions,
            upgrade=upgrade or over or old.opaque,
        )
        if over:  # so does the date: a stranger's is not to keep it from being told
            transaction.articles.set_hits(stored.id, matches.mentions, matches.suppressions, baseline=baseline)
        transaction.dedupe.remove(stored.id)
        moment = merged.published or stored.first_seen
        fingerprint, decision = place(transaction, merged, moment, familiar=self._familiar)
        # Where only now there is a text to compare, a headline that stood alone finds its story at the end of the crawl.
        enter(transaction, stored.id, fingerprint, moment, decision)
        return Outcome.REPEAT if upgrade or over else Outcome.UPDATED

    # ------------------------------------------------------------------ a new article

    def _add(self, article: Article, matches: Matches, *, baseline: bool) -> tuple[Outcome, int]:
        transaction = self._transaction
        moment = min(article.published or self._now, self._now)
        fingerprint, decision = place(transaction, article, moment, familiar=self._familiar)
        story_id = decision.story_id
        verdicts: dict[str, str] = {}
        said = transaction.verdicts
        if story_id is not None:
            # What people said of an article holds for its copies; what they said of all of a story, for whatever joins it.
            verdicts = said.of_article(decision.copy_id) if decision.copy_id is not None else said.of_story(story_id)
            verdicts = {topic: kind for topic, kind in verdicts.items() if kind != "muted"}  # of that copy's outlet, not of this one's
        heard = verdicts | said.muted(article.outlet_host, verdicts)
        if heard:
            matches = self._match(heard)
        suppressed = not matches.mentions and bool(matches.suppressions)
        judged = suppressed and bool(verdicts)
        if suppressed and not judged:
            story_id = None  # what is not told never stands in a story's line
        new = NewArticle(
            article=article,
            url_keys=tuple(_keys_of(article)),
            first_seen=self._now,
            story_id=story_id,
            copy_id=decision.copy_id if story_id is not None else None,
            baseline=baseline,
            suppressed=suppressed,
            mentions=matches.mentions,
            suppressions=matches.suppressions,
            evidence=decision.evidence if story_id is not None else Evidence(rule="first"),
        )
        article_id = transaction.articles.add(new)
        if verdicts and decision.copy_id is None:
            for topic, kind in verdicts.items():
                transaction.verdicts.add(kind, article_id, self._now, topic=topic)
        if judged:
            enter(transaction, article_id, fingerprint, moment, decision)  # its own copies are known by it
        if suppressed:
            return Outcome.SUPPRESSED, article_id
        enter(transaction, article_id, fingerprint, moment, decision)
        if story_id is not None:
            if decision.copies and decision.copy_id is not None:
                transaction.articles.join_copies(decision.copy_id, decision.copies)
            for other in decision.merge:
                if other != story_id and not self._kept_apart(story_id, other):
                    transaction.articles.merge(story_id, other)
        if not matches.mentions:
            return (Outcome.JOINED if story_id is not None else Outcome.UNMATCHED), article_id
        return (Outcome.JOINED if story_id is not None else Outcome.STORED), article_id

    def _kept_apart(self, one: int, other: int) -> bool:
        stories = self._transaction.articles.stories_by_id([one, other])
        if len(stories) < 2:
            return False
        ids = {stored.id for stored in stories[1].articles}
        return any(self._transaction.verdicts.kept_apart(stored.id) & ids for stored in stories[0].articles)


def _keys(arrival: Arrival) -> list[str]:
    keys = _keys_of(arrival.article)
    if arrival.entry is not None and not arrival.entry.opaque:
        keys.append(url_key(arrival.entry.url))
    return list(dict.fromkeys(keys))


def _keys_of(article: Article) -> list[str]:
    """The keys that an article is known by; an aggregator's link is one, too, so that it is never stored twice."""
    return [key for key in dict.fromkeys((url_key(article.url), url_key(article.canonical_url or ""))) if key]


def _same_outlet(one: Article, other: Article) -> bool:
    if one.outlet_host and one.outlet_host == other.outlet_host:
        return True
    return bool(one.outlet) and _name(one.outlet) == _name(other.outlet)


def _name(outlet: str) -> str:
    return "".join(character for character in fold(outlet) if character.isalnum())


def _changed(old: Article, new: Article) -> bool:
    """Whether a reader would call the new words an update: another headline, or more than a few new lines."""
    if title_key(old.title, old.outlet) != title_key(new.title, new.outlet):
        return True
    if not new.text or not old.text:
        return False
    before = set(fold(old.text).split("\n"))
    fresh = sum(len(line) for line in fold(new.text).split("\n") if line not in before)
    return fresh > _CHANGED * len(new.text)
