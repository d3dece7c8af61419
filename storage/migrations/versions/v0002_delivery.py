"""The outbox of deliveries, and alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.moments import Moment
from storage.schema import Id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alerts and deliveries."""
    op.create_table(
        "alerts",
        sa.Column("id", Id, nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=128), server_default="", nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("usual", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_rule", "alerts", ["rule", "at"], unique=False)
    op.create_table(
        "alerted",
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("story_id", Id, autoincrement=False, nullable=False),
        sa.Column("alert_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alerted_alert_id_alerts")),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_alerted_story_id_stories")),
        sa.PrimaryKeyConstraint("rule", "story_id", name=op.f("pk_alerted")),
    )
    op.create_index(op.f("ix_alerted_story_id"), "alerted", ["story_id"], unique=False)
    op.create_index(op.f("ix_alerted_alert_id"), "alerted", ["alert_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", Id, nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("digest_id", Id, nullable=True),
        sa.Column("alert_id", Id, nullable=True),
        sa.Column("delivery", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=320), server_default="", nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("doubts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("claimed", Moment(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_deliveries_alert_id_alerts")),
        sa.ForeignKeyConstraint(["digest_id"], ["digests.id"], name=op.f("fk_deliveries_digest_id_digests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("series", "period", "delivery", "recipient", name=op.f("uq_deliveries_series")),
    )
    op.create_index(op.f("ix_deliveries_digest_id"), "deliveries", ["digest_id"], unique=False)
    op.create_index(op.f("ix_deliveries_alert_id"), "deliveries", ["alert_id"], unique=False)
    op.create_index("ix_deliveries_state", "deliveries", ["state", "due"], unique=False)


def downgrade() -> None:
    """Steps back are not offered: restore a backup instead."""
    raise NotImplementedError("restore a backup instead")
