"""Authorizations that are captured by themselves before they end."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0040"
down_revision = "0039"

_WAITS = "look_at IS NOT NULL AND capture_before IS NOT NULL AND end_met_at IS NULL"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("captures_before_end_hours", sa.BigInteger(), nullable=True))
    op.add_column("transactions", sa.Column("captured_for", sa.Text(), nullable=True))
    op.add_column("stripe_payments", sa.Column("end_met_at", Instant(), nullable=True))
    op.create_index(
        "ix_stripe_payments_ending",
        "stripe_payments",
        ["tenant", "capture_before"],
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    )
