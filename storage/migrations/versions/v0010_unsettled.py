"""Articles that came near others, to be grouped once more at the end of a crawl or an import."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what is stored stays grouped as it is."""
    op.create_table(
        "unsettled",
        sa.Column("article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_unsettled")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
