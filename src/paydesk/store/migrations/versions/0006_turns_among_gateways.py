"""Turns among gateways: the events that are due are found gateway by gateway."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    waiting = sa.text("worked_at IS NULL")
    op.drop_index("ix_gateway_events_due", "gateway_events")
    op.create_index(
        "ix_gateway_events_due",
        "gateway_events",
        ["gateway_id", "due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
