"""Where the entries of a source with a gap lead: its site's news sitemap is looked for there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of gaps that were noticed before, the source's own address serves."""
    op.add_column("gaps", sa.Column("site", sa.String(300), nullable=True))


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
