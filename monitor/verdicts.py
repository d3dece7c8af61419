"""What people say of a hit or a story: written down, obeyed at once and by every later run."""

from __future__ import annotations

from datetime import datetime

from monitor.intake import document_of
from monitor.matching import Matcher
from monitor.rematch import rewrite
from storage.errors import UsageError
from storage.identity import url_key
from storage.items import MUTED, Evidence, Mention, StoredArticle, Suppression
from storage.reading import Reading, Transaction
from storage.store import Store


def judge(store: Store, matcher: Matcher, target: str, said: str, topic: str | None, now: datetime) -> str:
    """Say that an article (or a whole story) is not us, or is; its copies and later copies follow.

    Raises:
        UsageError: nothing of that name is stored.
    """
    with store.transaction() as transaction:
        articles = _meant(transaction, target)
        seeds = {stored.copy_id: stored for stored in articles}
        for stored in seeds.values():
            transaction.verdicts.add(said, stored.id, now, topic=topic or "")
        changed = 0
        for stored in articles:
            verdicts = transaction.verdicts.of_article(stored.id)
            matches = matcher.match(document_of(stored.article), verdicts)
            before = {mention.topic for mention in stored.mentions}
            rewrite(transaction, stored, matches, now, familiar=matcher.familiar)
            changed += before != {mention.topic for mention in matches.mentions}
    about = f" for {topic}" if topic else ""
    return f"remembered: {target} is {'us' if said == 'is-us' else 'not us'}{about}; {changed} of {len(articles)} articles changed"


def merge(store: Store, into: int, other: int, now: datetime) -> str:
    """Put story `other` into story `into`, for good.

    Raises:
        UsageError: one of them is not stored, or they are one.
    """
    with store.transaction() as transaction:
        into, other = (transaction.articles.story_now(one) for one in (into, other))
        if into == other:
            raise UsageError(f"s{into} is one story", hint="name two")
        found = {story.id: story for story in transaction.articles.stories_by_id([into, other])}
        for one in (into, other):
            if one not in found:
                raise UsageError(f"there is no story s{one}", hint="`monitor stories` lists them")
        moved = [stored.id for stored in found[other].articles]
        transaction.verdicts.add("same-story", found[into].articles[0].id, now, other_id=moved[0])
        transaction.articles.merge(into, other)
        transaction.articles.move(moved, into, Evidence(rule="person"), now)
    return f"s{other} is part of s{into} now ({len(moved)} articles)"


def split(store: Store, url: str, now: datetime) -> str:
    """Take an article (and its copies) out of its story, for good.

    Raises:
        UsageError: it is not stored, or stands alone.
    """
    with store.transaction() as transaction:
        (stored,) = _meant(transaction, url)[:1]
        (story,) = transaction.articles.stories_by_id([stored.story_id])
        leaving = [one for one in story.articles if one.copy_id == stored.copy_id]
        staying = [one for one in story.articles if one.copy_id != stored.copy_id]
        if not staying:
            leaving, staying = [stored], [one for one in story.articles if one.id != stored.id]
        if not staying:
            raise UsageError(f"{url} stands alone in its story s{story.id}", hint="there is nothing to split")
        for one in staying:
            transaction.verdicts.add("not-same", leaving[0].id, now, other_id=one.id)
        new = transaction.articles.move([one.id for one in leaving], None, Evidence(rule="person"), now)
    return f"{len(leaving)} of {len(story.articles)} articles left s{story.id}; they are s{new} now"


def mute(store: Store, outlet: str, topic: str, now: datetime) -> str:
    """Say that an outlet is not to be heard on a topic: what it told of it and will tell is kept back, and counted as suppressed.

    Raises:
        UsageError: no stored article is of that outlet.
    """
    hosts = _hosts(store, outlet)
    changed = 0
    for host in hosts:
        with store.transaction() as transaction:
            transaction.verdicts.mute(topic, host, now)
            ids = transaction.verdicts.told_by(host, topic)
        for start in range(0, len(ids), _BATCH):  # in short transactions: a crawl beside this one gets its turn
            with store.transaction() as transaction:
                for stored in transaction.articles.many(ids[start : start + _BATCH], with_text=False):
                    changed += _silence(transaction, stored, topic)
    return f"remembered: {', '.join(hosts)} is muted for {topic}; {changed} stored articles are kept back"


def unmute(store: Store, matcher: Matcher, outlet: str, topic: str, now: datetime) -> str:
    """Take a muting back; what was kept back because of it is looked at again.

    Raises:
        UsageError: the outlet is not muted for that topic.
    """
    with store.reading() as reading:
        muted = {one.host for one in reading.verdicts.mutes() if one.topic == topic}
    hosts = [host for host in _hosts(store, outlet) if host in muted]
    if not hosts:
        raise UsageError(f"{outlet} is not muted for {topic}", hint="`monitor mute --list` shows what is")
    changed = 0
    for host in hosts:
        with store.transaction() as transaction:
            transaction.verdicts.unmute(topic, host)
            ids = transaction.verdicts.silenced(host, topic)
        for start in range(0, len(ids), _BATCH):
            with store.transaction() as transaction:
                for stored in transaction.articles.many(ids[start : start + _BATCH]):
                    matches = matcher.match(document_of(stored.article), transaction.verdicts.of_article(stored.id))
                    found = {one.topic for one in matches.mentions} | {one.topic for one in matches.suppressions}
                    if topic in found:  # else its text has expired
                        rewrite(transaction, stored, matches, now, familiar=matcher.familiar)
                        changed += 1
    return f"remembered: {', '.join(hosts)} is heard on {topic} again; {changed} articles were looked at again"


_BATCH = 200


def _silence(transaction: Transaction, stored: StoredArticle, topic: str) -> bool:
    """Keep an article's mention of a topic back, unless somebody said that this one is us."""
    if transaction.verdicts.of_article(stored.id).get(topic) != "muted":
        return False
    kept = [mention for mention in stored.mentions if mention.topic != topic]
    hidden = [_kept_back(mention) for mention in stored.mentions if mention.topic == topic]
    transaction.articles.set_hits(stored.id, kept, [*stored.suppressions, *hidden], suppressed=not kept)
    return bool(hidden)


def _kept_back(mention: Mention) -> Suppression:
    return Suppression(
        topic=mention.topic,
        alias=mention.alias,
        field=mention.field,
        start=mention.start,
        end=mention.end,
        snippet=mention.snippet,
        rule=MUTED,
        score=mention.score,
        parts=mention.parts,
    )


def _hosts(store: Store, outlet: str) -> list[str]:
    with store.reading() as reading:
        hosts = reading.verdicts.hosts_of(outlet)
    if not hosts:
        raise UsageError(f"no stored article is of {outlet!r}", hint="give an outlet's name or its host, as `monitor articles` shows them")
    return hosts


def _meant(reading: Reading, target: str) -> list[StoredArticle]:
    """The articles that a person names: by story, by number or by address."""
    word = target.strip()
    if word[:1] in {"s", "a"} and word[1:].isdecimal():
        number = int(word[1:])
        if word[0] == "s":
            ids = reading.articles.ids_of_story(reading.articles.story_now(number))
        else:
            ids = [number]
    else:
        ids = reading.articles.of_urls([url_key(word)])
        ids = [one for found in ids for one in reading.articles.ids_of_copies(found)]
    found = reading.articles.many(ids)
    if not found:
        raise UsageError(
            f"{target}: nothing of that name is stored", hint="give an article's address, or a story such as s12 (`monitor stories`)"
        )
    if not word.startswith(("s", "a")) or not word[1:].isdecimal():
        asked = set(reading.articles.of_urls([url_key(word)]))
        found.sort(key=lambda stored: stored.id not in asked)
    return found
