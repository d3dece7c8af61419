"""The first schema: sources, sightings, articles, stories, the ledger, and the tables that find candidates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage import search
from storage.moments import Moment
from storage.schema import Id

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("band", "day", "article_id", name=op.f("pk_bands")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digests",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("since", Moment(), nullable=True),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("name", "day", "edition", name=op.f("uq_digests_name")),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "pending",
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("entry_key", sa.String(length=255), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "entry_key", name=op.f("pk_pending")),
    )
    op.create_table(
        "polls",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("started", Moment(), nullable=False),
        sa.Column("finished", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
    )
    op.create_index(op.f("ix_polls_finished"), "polls", ["finished"], unique=False)
    op.create_table(
        "sketches",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_sketches")),
    )
    op.create_index("ix_sketches_at", "sketches", ["at"], unique=False)
    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("outlet", sa.Text(), server_default="", nullable=False),
        sa.Column("configured_url", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=16), server_default="", nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.String(length=64), nullable=True),
        sa.Column("first_poll", Moment(), nullable=True),
        sa.Column("last_poll", Moment(), nullable=True),
        sa.Column("last_ok", Moment(), nullable=True),
        sa.Column("last_full", Moment(), nullable=True),
        sa.Column("last_new", Moment(), nullable=True),
        sa.Column("next_poll", Moment(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("error_streak", sa.Integer(), server_default="0", nullable=False),
        sa.Column("polls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entries_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("new_per_day", sa.Float(), nullable=True),
        sa.Column("newest", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_table(
        "stories",
        sa.Column("id", Id, nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    op.create_table(
        "term_counts",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_term_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "terms",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "day", "article_id", name=op.f("pk_terms")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "articles",
        sa.Column("id", Id, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.Column("copy_id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("canonical_url", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("published", Moment(), nullable=True),
        sa.Column("updated", Moment(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("outlet_host", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("ownership", sa.String(length=16), nullable=False),
        sa.Column("body_from", sa.String(length=16), nullable=False),
        sa.Column("opaque", sa.Boolean(), nullable=False),
        sa.Column("why_no_page", sa.Text(), nullable=False),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("revised", Moment(), nullable=True),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("suppressed", sa.Boolean(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_articles_story_id_stories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    op.create_index(op.f("ix_articles_copy_id"), "articles", ["copy_id"], unique=False)
    op.create_index(op.f("ix_articles_first_seen"), "articles", ["first_seen"], unique=False)
    op.create_index(
        "ix_articles_news",
        "articles",
        ["story_id"],
        unique=False,
        sqlite_where=sa.text("matched AND NOT baseline"),
        postgresql_where=sa.text("matched AND NOT baseline"),
    )
    op.create_index(op.f("ix_articles_story_id"), "articles", ["story_id"], unique=False)
    op.create_index("ix_articles_title_key", "articles", ["title_key"], unique=False, postgresql_using="hash")
    op.create_table(
        "told",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("story_id", Id, autoincrement=False, nullable=False),
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_told_digest_id_digests")),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_told_story_id_stories")),
        sa.PrimaryKeyConstraint("name", "story_id", name=op.f("pk_told")),
    )
    op.create_index(op.f("ix_told_digest_id"), "told", ["digest_id"], unique=False)
    op.create_index(op.f("ix_told_story_id"), "told", ["story_id"], unique=False)
    op.create_table(
        "article_urls",
        sa.Column("url_key", sa.String(length=32), nullable=False),
        sa.Column("article_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_urls_article_id_articles")),
        sa.PrimaryKeyConstraint("url_key", name=op.f("pk_article_urls")),
    )
    op.create_index(op.f("ix_article_urls_article_id"), "article_urls", ["article_id"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=128), autoincrement=False, nullable=False),
        sa.Column("unit", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("alias", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=8), autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stop", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snippet", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("snippet_start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("passing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_mentions_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_mentions")),
    )
    op.create_index("ix_mentions_topic", "mentions", ["topic", "article_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("id", Id, nullable=False),
        sa.Column("article_id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_revisions_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_article_id"), "revisions", ["article_id"], unique=False)
    op.create_table(
        "sightings",
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("entry_key", sa.String(length=255), nullable=False),
        sa.Column("url_key", sa.String(length=32), nullable=False),
        sa.Column("article_id", Id, nullable=True),
        sa.Column("entry_hash", sa.String(length=32), nullable=False),
        sa.Column("first_seen", Moment(), nullable=False),
        sa.Column("last_seen", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_sightings_article_id_articles")),
        sa.PrimaryKeyConstraint("source_id", "entry_key", name=op.f("pk_sightings")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sightings_article_id"), "sightings", ["article_id"], unique=False)
    op.create_index(op.f("ix_sightings_url_key"), "sightings", ["url_key"], unique=False)
    op.create_table(
        "suppressions",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=128), autoincrement=False, nullable=False),
        sa.Column("alias", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=8), autoincrement=False, nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stop", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snippet", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), autoincrement=False, nullable=False),
        sa.Column("parts", sa.JSON(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_suppressions_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "texts",
        sa.Column("article_id", Id, autoincrement=False, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_texts_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_texts")),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=128), server_default="", nullable=False),
        sa.Column("article_id", Id, nullable=False),
        sa.Column("other_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_verdicts_article_id_articles")),
        sa.ForeignKeyConstraint(["other_id"], ["articles.id"], name=op.f("fk_verdicts_other_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(op.f("ix_verdicts_article_id"), "verdicts", ["article_id"], unique=False)
    op.create_index(op.f("ix_verdicts_other_id"), "verdicts", ["other_id"], unique=False)
    search.create(op.get_bind())


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise NotImplementedError("there is nothing before the first schema")
