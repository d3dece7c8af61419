"""How a listing page's articles stand in it; the date of an article as written, where it could not be taken as it stood."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("sources", sa.Column("shape", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("stated_date", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
