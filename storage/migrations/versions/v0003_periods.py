"""The ledger of due periods, and incidents: what befell the watch itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.moments import Moment
from storage.schema import Id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of periods and incidents."""
    op.create_table(
        "periods",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("missed", sa.JSON(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("opened", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("crawled", Moment(), nullable=True),
        sa.Column("made", Moment(), nullable=True),
        sa.Column("digest_id", Id, nullable=True),
        sa.Column("written", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_periods_digest_id_digests")),
        sa.PrimaryKeyConstraint("name", "period", name=op.f("pk_periods")),
    )
    op.create_index(op.f("ix_periods_digest_id"), "periods", ["digest_id"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_at"), "incidents", ["at"], unique=False)


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
