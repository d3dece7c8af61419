"""Articles, their mentions, their stories: what is kept, and how it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from storage import article_statements as statements
from storage import schema, search
from storage.filters import ArticleFilter, narrow
from storage.identity import title_key
from storage.items import Article, Evidence, Mention, StoredArticle, Story, Suppression
from storage.prepared import Prepared
from storage.rows import article_values, evidence_value, mention_row, read_article, suppression_row
from storage.upsert import insert_or

_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class NewArticle:
    """What `Articles.add` stores beside the article itself."""

    article: Article
    url_keys: tuple[str, ...]
    first_seen: datetime
    story_id: int | None = None  # None: a story of its own
    copy_id: int | None = None  # None: a copy of nothing
    baseline: bool = False
    suppressed: bool = False
    mentions: tuple[Mention, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    evidence: Evidence = Evidence(rule="first")  # noqa: RUF009 - frozen


class Articles:
    """The questions and commands about articles and stories."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # SQLite's index writes what it holds in memory before each other statement that may fail: it is given all of a transaction at once.
        self._unindexed: list[tuple[int, Article]] = []

    # ------------------------------------------------------------------ commands

    def add(self, new: NewArticle) -> int:
        """Store an article with all that hangs on it and return its id.

        Raises:
            sqlalchemy.exc.IntegrityError: one of its addresses is another article's; nothing of the transaction may stay.
        """
        story_id = new.story_id if new.story_id is not None else self._new_story(new.first_seen)
        article = new.article
        values = article_values(article) | {
            "story_id": story_id,
            "copy_id": new.copy_id or 0,
            "title_key": title_key(article.title, article.outlet),
            "first_seen": new.first_seen,
            "baseline": new.baseline,
            "suppressed": new.suppressed,
            "matched": bool(new.mentions),
            "evidence": evidence_value(new.evidence),
        }
        article_id = self._inserted(statements.ADD_ARTICLE, values)
        if new.copy_id is None:
            statements.SET_COPY.change(self._connection, {"b_id": article_id, "b_copy": article_id})
        statements.ADD_TEXT.change(self._connection, {"article_id": article_id, "summary": article.summary, "text": article.text})
        statements.ADD_URL.change_many(self._connection, [{"url_key": key, "article_id": article_id} for key in new.url_keys])
        self._add_hits(article_id, new.mentions, new.suppressions)
        self._unindexed.append((article_id, article))
        return article_id

    def flush(self) -> None:
        """Make searchable what was added; the transaction's end does so."""
        search.add(self._connection, self._unindexed)
        self._unindexed.clear()

    def revise(
        self,
        stored: StoredArticle,
        article: Article,
        mentions: Sequence[Mention],
        suppressions: Sequence[Suppression],
        now: datetime,
        *,
        suppressed: bool,
        upgrade: bool = False,
    ) -> None:
        """Replace an article's words by newer ones, keeping the old headline and text as a revision.

        Args:
            upgrade: the page itself takes the place of a feed's few words: more is known, nothing was changed by the outlet.
        """
        old = stored.article
        changed = (old.title, old.text) != (article.title, article.text)
        if changed:
            self._connection.execute(insert(schema.revisions), {"article_id": stored.id, "at": now, "title": old.title, "text": old.text})
        values = article_values(article) | {
            "title_key": title_key(article.title, article.outlet),
            "revised": now if changed and not upgrade else stored.updated_at,
            "suppressed": suppressed,
            "matched": bool(mentions),
        }
        self._connection.execute(update(schema.articles).where(schema.articles.c.id == stored.id).values(values))
        self._connection.execute(
            insert_or(self._connection, schema.texts)  # the old text may have expired
            .values(article_id=stored.id, summary=article.summary, text=article.text)
            .on_conflict_do_update(index_elements=["article_id"], set_={"summary": article.summary, "text": article.text})
        )
        self.flush()
        search.remove(self._connection, stored.id, old)
        search.add(self._connection, [(stored.id, article)])
        self.set_hits(stored.id, mentions, suppressions)

    def set_hits(
        self,
        article_id: int,
        mentions: Sequence[Mention],
        suppressions: Sequence[Suppression],
        *,
        suppressed: bool | None = None,
        baseline: bool | None = None,
    ) -> None:
        """Replace an article's mentions and suppressions; None leaves whether it is suppressed, or older than the watch, as it is."""
        for table in (schema.mentions, schema.suppressions):
            self._connection.execute(delete(table).where(table.c.article_id == article_id))
        self._add_hits(article_id, mentions, suppressions)
        if suppressed is not None:
            self._connection.execute(
                update(schema.articles).where(schema.articles.c.id == article_id).values(suppressed=suppressed, matched=bool(mentions))
            )
        if baseline is not None:
            self._connection.execute(update(schema.articles).where(schema.articles.c.id == article_id).values(baseline=baseline))

    def add_urls(self, article_id: int, url_keys: Iterable[str]) -> None:
        """Note further addresses of an article; one that is another article's stays that one's."""
        rows = [{"url_key": key, "article_id": article_id} for key in url_keys if key]
        if rows:
            self._connection.execute(insert_or(self._connection, schema.article_urls).on_conflict_do_nothing(), rows)

    def move(self, article_ids: Sequence[int], story_id: int | None, evidence: Evidence, now: datetime) -> int:
        """Put articles into a story (None: a new one), with the reason; returns the story's id."""
        story_id = story_id if story_id is not None else self._new_story(now)
        table = schema.articles
        left = set(self._connection.scalars(select(table.c.story_id).where(table.c.id.in_(article_ids)))) - {story_id}
        self._connection.execute(
            update(table).where(table.c.id.in_(article_ids)).values(story_id=story_id, evidence=evidence_value(evidence))
        )
        self._forward(left, story_id)
        return story_id

    def merge(self, into: int, other: int) -> None:
        """Put all articles of story `other` into story `into`, without a word about why; what was told stays told."""
        table = schema.articles
        self._connection.execute(update(table).where(table.c.story_id == other).values(story_id=into))
        self._forward([other], into)
        # A merged story is told where either was, by digests and by alerts.
        for told, name in ((schema.told, schema.told.c.name), (schema.alerted, schema.alerted.c.rule)):
            names = set(self._connection.scalars(select(name).where(told.c.story_id == into)))
            moved = update(told).where(told.c.story_id == other)
            self._connection.execute((moved.where(name.not_in(names)) if names else moved).values(story_id=into))

    def story_now(self, story_id: int) -> int:
        """Return the story under which the articles of a story stand today: its own id, or that of the one which took its last article."""
        table, seen = schema.articles, {story_id}
        while not self._connection.scalar(select(table.c.id).where(table.c.story_id == story_id).limit(1)):
            onward = self._connection.scalar(select(schema.stories.c.went_to).where(schema.stories.c.id == story_id))
            if onward is None or onward in seen:
                break
            seen.add(story_id := onward)
        return story_id

    def left_stories(self) -> dict[int, int]:
        """Return the stories that hold no article any more, and where each one's articles stand today."""
        table, stories = schema.articles, schema.stories
        empty = select(stories.c.id).where(stories.c.went_to.is_not(None), ~exists().where(table.c.story_id == stories.c.id))
        return {one: self.story_now(one) for one in self._connection.scalars(empty.order_by(stories.c.id)).all()}

    def join_copies(self, copy_id: int, others: Sequence[int]) -> None:
        """Make further copy groups part of the group `copy_id`."""
        table = schema.articles
        self._connection.execute(update(table).where(table.c.copy_id.in_(others)).values(copy_id=copy_id))

    # ------------------------------------------------------------------ questions

    def of_urls(self, url_keys: Iterable[str]) -> list[int]:
        """Return the ids of articles that have one of these addresses."""
        found: set[int] = set()
        for key in url_keys:
            if key:
                found.update(one for (one,) in statements.BY_URL.rows(self._connection, {"key": key}))
        return sorted(found)

    def of_title(self, title: str, since: datetime, until: datetime, *, opaque: bool | None = None) -> list[int]:
        """Return the ids of articles with this folded headline (`identity.title_key`) first seen in the window.

        Args:
            opaque: only those whose address is an aggregator's, or only those where it is the outlet's.
        """
        asked = {"title": title, "since": since, "until": until}
        if opaque is None:
            return [one for (one,) in statements.BY_TITLE.rows(self._connection, asked)]
        return [one for (one,) in statements.BY_TITLE_OPAQUE.rows(self._connection, asked | {"opaque": opaque})]

    def get(self, article_id: int) -> StoredArticle | None:
        """Return one article."""
        return next(iter(self.many([article_id])), None)

    def many(self, ids: Sequence[int], *, with_text: bool = True) -> list[StoredArticle]:
        """Return articles in the order of `ids`; unknown ids are left out. `with_text` False leaves texts empty."""
        found: dict[int, StoredArticle] = {}
        for start in range(0, len(ids), _BATCH):
            found |= self._batch(ids[start : start + _BATCH], with_text=with_text)
        return [found[one] for one in ids if one in found]

    def find(self, wanted: ArticleFilter) -> Iterator[StoredArticle]:
        """Yield articles, newest first, in batches of bounded memory."""
        table = schema.articles
        query = narrow(select(table.c.id), wanted).order_by(table.c.first_seen.desc(), table.c.id.desc())
        if wanted.limit:
            query = query.limit(wanted.limit)
        return self._stream(list(self._connection.scalars(query)), with_text=False)

    def export(self, wanted: ArticleFilter) -> Iterator[StoredArticle]:
        """Yield articles in the order they were stored, with their texts; memory is bounded."""
        table = schema.articles
        query = narrow(select(table.c.id), replace(wanted, unmatched=True)).order_by(table.c.id)
        return self._stream(list(self._connection.scalars(query)), with_text=True)

    def after(self, article_id: int, limit: int) -> list[StoredArticle]:
        """Return the next articles in the order they were stored, suppressed and unmatched ones too, with their texts.

        Those whose texts have expired are left out.
        """
        table = schema.texts
        query = select(table.c.article_id).where(table.c.article_id > article_id).order_by(table.c.article_id).limit(limit)
        return self.many(list(self._connection.scalars(query)))

    def stories(self, wanted: ArticleFilter) -> Iterator[Story]:
        """Yield the stories that hold such an article, whole, newest first."""
        table = schema.articles
        query = narrow(select(table.c.story_id), wanted).group_by(table.c.story_id)
        query = query.order_by(func.min(table.c.first_seen).desc(), table.c.story_id.desc())
        if wanted.limit:
            query = query.limit(wanted.limit)
        ids = list(self._connection.scalars(query))
        for start in range(0, len(ids), _BATCH):
            yield from self.stories_by_id(ids[start : start + _BATCH])

    def stories_by_id(self, story_ids: Sequence[int]) -> list[Story]:
        """Return stories in the order of `story_ids`, with all articles that were not suppressed; empty ones are left out."""
        table, told, digests = schema.articles, schema.told, schema.digests
        by_story: dict[int, list[int]] = defaultdict(list)
        told_on: dict[int, str] = {}
        for start in range(0, len(story_ids), _BATCH):
            part = story_ids[start : start + _BATCH]
            query = select(table.c.story_id, table.c.id).where(table.c.story_id.in_(part), table.c.suppressed.is_(False))
            for row in self._connection.execute(query.order_by(table.c.first_seen, table.c.id)):
                by_story[row.story_id].append(row.id)
            days = select(told.c.story_id, func.min(digests.c.day)).join(digests, digests.c.id == told.c.digest_id)
            days = days.where(told.c.story_id.in_(part), told.c.baseline.is_(False)).group_by(told.c.story_id)
            told_on |= {row[0]: row[1] for row in self._connection.execute(days)}
        articles = {stored.id: stored for stored in self.many([one for ids in by_story.values() for one in ids], with_text=False)}
        return [
            Story(id=story_id, articles=tuple(articles[one] for one in by_story[story_id]), told_on=told_on.get(story_id))
            for story_id in story_ids
            if story_id in by_story
        ]

    def untold(self, name: str) -> list[Story]:
        """Return the stories that digest `name` has not told and that hold news: an article with a mention, younger than the watch."""
        table, told, stories = schema.articles, schema.told, schema.stories
        already = select(told.c.story_id).where(told.c.name == name, told.c.story_id == stories.c.id).exists()
        news = select(table.c.id).where(table.c.story_id == stories.c.id, table.c.matched, ~table.c.baseline, ~table.c.suppressed).exists()
        # Story by story: nearly all of them are told, and that stands in an index; only the articles of the others are looked at.
        ids = list(self._connection.scalars(select(stories.c.id).where(~already, news)))
        first: dict[int, datetime] = {}
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            query = select(table.c.story_id, func.min(table.c.first_seen)).where(
                table.c.story_id.in_(part), table.c.matched, ~table.c.baseline, ~table.c.suppressed
            )
            first |= {row[0]: row[1] for row in self._connection.execute(query.group_by(table.c.story_id))}
        return self.stories_by_id(sorted(ids, key=lambda one: (first[one], one)))

    def ids_of_story(self, story_id: int) -> list[int]:
        """Return the ids of a story's articles, suppressed ones included."""
        return self.ids_of_stories([story_id]).get(story_id, [])

    def ids_of_stories(self, story_ids: Collection[int]) -> dict[int, list[int]]:
        """Return the ids of the articles of each of some stories, ascending, suppressed ones included."""
        asked, table, found = sorted(set(story_ids)), schema.articles, defaultdict(list)
        for start in range(0, len(asked), _BATCH):
            query = select(table.c.story_id, table.c.id).where(table.c.story_id.in_(asked[start : start + _BATCH])).order_by(table.c.id)
            for story_id, article_id in self._connection.execute(query):
                found[story_id].append(article_id)
        return found

    def fixed_stories(self, story_ids: Collection[int]) -> frozenset[int]:
        """Return those of the stories that are not to be taken apart: a digest or an alert told them, or a person put them together."""
        asked, articles, said = sorted(story_ids), schema.articles, schema.verdicts
        fixed: set[int] = set()
        for start in range(0, len(asked), _BATCH):
            part = asked[start : start + _BATCH]
            for told in (schema.told, schema.alerted):
                fixed.update(self._connection.scalars(select(told.c.story_id).where(told.c.story_id.in_(part))))
            named = select(articles.c.story_id).join(said, said.c.article_id == articles.c.id).where(articles.c.story_id.in_(part))
            fixed.update(self._connection.scalars(named))
        return frozenset(fixed)

    def ids_of_copies(self, article_id: int) -> list[int]:
        """Return the ids of an article and of its near-verbatim copies."""
        table = schema.articles
        copy = select(table.c.copy_id).where(table.c.id == article_id).scalar_subquery()
        return list(self._connection.scalars(select(table.c.id).where(table.c.copy_id == copy).order_by(table.c.id)))

    def counts(self) -> dict[str, int]:
        """Return how many articles and stories are stored."""
        table = schema.articles
        row = self._connection.execute(select(func.count(), func.count(table.c.story_id.distinct())).where(table.c.matched)).one()
        return {"articles": row[0], "stories": row[1]}

    def revisions(self, article_id: int) -> list[tuple[datetime, str]]:
        """Return when an article's words changed, and the headline before each change."""
        table = schema.revisions
        rows = self._connection.execute(select(table.c.at, table.c.title).where(table.c.article_id == article_id).order_by(table.c.at))
        return [(row.at, row.title) for row in rows]

    # ------------------------------------------------------------------ inside

    def _new_story(self, now: datetime) -> int:
        return self._inserted(statements.ADD_STORY, {"created": now})

    def _forward(self, story_ids: Iterable[int], into: int) -> None:
        table, stories = schema.articles, schema.stories
        empty = ~exists().where(table.c.story_id == stories.c.id)
        for one in story_ids:
            self._connection.execute(update(stories).where(stories.c.id == one, empty).values(went_to=into))

    def _inserted(self, statement: Prepared, values: dict[str, Any]) -> int:
        ((made,),) = statement.rows(self._connection, values)
        return int(made)

    def _add_hits(self, article_id: int, mentions: Sequence[Mention], suppressions: Sequence[Suppression]) -> None:
        if mentions:
            rows = [mention_row(mention) | {"article_id": article_id, "position": at} for at, mention in enumerate(mentions)]
            statements.ADD_MENTION.change_many(self._connection, rows)
        if suppressions:
            rows = [suppression_row(hit) | {"article_id": article_id, "position": at} for at, hit in enumerate(suppressions)]
            statements.ADD_SUPPRESSION.change_many(self._connection, rows)

    def _stream(self, ids: Sequence[int], *, with_text: bool) -> Iterator[StoredArticle]:
        for start in range(0, len(ids), _BATCH):
            yield from self.many(ids[start : start + _BATCH], with_text=with_text)

    def _batch(self, ids: Sequence[int], *, with_text: bool) -> dict[int, StoredArticle]:
        hits: dict[int, list[Any]] = defaultdict(list)
        hidden: dict[int, list[Any]] = defaultdict(list)
        seen: dict[int, list[str]] = defaultdict(list)
        keys = {"keys": list(ids)}
        for row in self._connection.execute(statements.MENTIONS, keys):
            hits[row.article_id].append(row)
        for row in self._connection.execute(statements.SUPPRESSIONS, keys):
            hidden[row.article_id].append(row)
        for row in self._connection.execute(statements.SOURCES_OF, keys):
            seen[row.article_id].append(row.source_id)
        return {
            row.id: read_article(row, hits[row.id], hidden[row.id], seen[row.id])
            for row in self._connection.execute(statements.ARTICLES_TEXT if with_text else statements.ARTICLES, keys)
        }
