"""Why an entry's page was not read, for entries that mention no topic: `monitor why` tells a refusal from silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what was seen before nothing is known."""
    op.add_column("sightings", sa.Column("no_page", sa.Text(), nullable=True))


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
