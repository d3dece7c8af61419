"""What is asked and written of every article, made once: SQLAlchemy finds their SQL again by the object, or is not asked at all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Table, bindparam, func, insert, literal_column, select, update

from storage import schema
from storage.prepared import Prepared
from storage.rows import ARTICLE_COLUMNS

_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
SET_COPY = Prepared(update(schema.articles).where(schema.articles.c.id == bindparam("b_id")).values(copy_id=bindparam("b_copy")))
_OF_TITLE = select(schema.articles.c.id).where(
    schema.articles.c.title_key == bindparam("title"),
    schema.articles.c.first_seen >= bindparam("since"),
    schema.articles.c.first_seen <= bindparam("until"),
)
_SAME_TITLE: Any = literal_column("20")  # articles at most
BY_TITLE = Prepared(_OF_TITLE.limit(_SAME_TITLE))
BY_TITLE_OPAQUE = Prepared(_OF_TITLE.where(schema.articles.c.opaque == bindparam("opaque")).limit(_SAME_TITLE))
BY_URL = Prepared(select(schema.article_urls.c.article_id).where(schema.article_urls.c.url_key == bindparam("key")))


def _adding(table: Table, *columns: str) -> Any:
    return insert(table).values({name: bindparam(name) for name in columns})


ADD_STORY = Prepared(_adding(schema.stories, "created").returning(schema.stories.c.id))
ADD_ARTICLE = Prepared(
    _adding(
        schema.articles, *ARTICLE_COLUMNS, "story_id", "copy_id", "title_key", "first_seen", "baseline", "suppressed", "matched", "evidence",
    ).returning(schema.articles.c.id)
)  # fmt: skip
ADD_TEXT = Prepared(_adding(schema.texts, "article_id", "summary", "text"))
ADD_URL = Prepared(_adding(schema.article_urls, "url_key", "article_id"))
ADD_MENTION, ADD_SUPPRESSION = Prepared(insert(schema.mentions)), Prepared(insert(schema.suppressions))
MENTIONS = (
    select(schema.mentions)
    .where(schema.mentions.c.article_id.in_(_KEYS))
    .order_by(schema.mentions.c.article_id, schema.mentions.c.position)
)
SUPPRESSIONS = (
    select(schema.suppressions)
    .where(schema.suppressions.c.article_id.in_(_KEYS))
    .order_by(schema.suppressions.c.article_id, schema.suppressions.c.position)
)
SOURCES_OF = (
    select(schema.sightings.c.article_id, schema.sightings.c.source_id)
    .where(schema.sightings.c.article_id.in_(_KEYS))
    .group_by(schema.sightings.c.article_id, schema.sightings.c.source_id)
    .order_by(func.min(schema.sightings.c.first_seen), schema.sightings.c.source_id)
)
ARTICLES = select(schema.articles).where(schema.articles.c.id.in_(_KEYS))
ARTICLES_TEXT = (
    select(schema.articles, schema.texts.c.summary, schema.texts.c.text)
    .join(schema.texts, schema.texts.c.article_id == schema.articles.c.id, isouter=True)
    .where(schema.articles.c.id.in_(_KEYS))
)
