"""Health of sources, spans that may have been missed, what an edition said of the watch, and updates that were told."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.moments import Moment
from storage.schema import Id

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns to sources, polls and digests; make the tables of gaps and of told updates."""
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("shown", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("latency", sa.Float(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("bare", sa.Float(), nullable=True),
        sa.Column("bare_usual", sa.Float(), nullable=True),
        *(sa.Column(name, Moment(), nullable=True) for name in ("bare_since", "sampled", "moved", "last_gap")),
    )
    for column in columns:
        op.add_column("sources", column)
    columns = (
        sa.Column("next_poll", Moment(), nullable=True),
        sa.Column("latency", sa.Float(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("bare", sa.Integer(), nullable=False, server_default="0"),
    )
    for column in columns:
        op.add_column("polls", column)
    columns = (
        sa.Column("coverage", sa.JSON(), nullable=True),
        sa.Column("incident_id", Id, nullable=True),
        sa.Column("revision_id", Id, nullable=True),
    )
    for column in columns:
        op.add_column("digests", column)
    op.create_table(
        "gaps",
        sa.Column("id", Id, nullable=False),
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("since", Moment(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_index(op.f("ix_gaps_at"), "gaps", ["at"], unique=False)
    op.create_table(
        "retold",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("revision_id", Id, autoincrement=False, nullable=False),
        sa.Column("first_id", Id, nullable=False),
        sa.Column("digest_id", Id, nullable=False),
        sa.Column("story_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("fk_retold_revision_id_revisions")),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_retold_digest_id_digests")),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_retold_story_id_stories")),
        sa.PrimaryKeyConstraint("name", "revision_id", name=op.f("pk_retold")),
    )
    for name in ("revision_id", "digest_id", "story_id"):
        op.create_index(op.f(f"ix_retold_{name}"), "retold", [name], unique=False)


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
