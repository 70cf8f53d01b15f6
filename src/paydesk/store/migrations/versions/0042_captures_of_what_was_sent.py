"""What shipments come to is captured by itself once they have left."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0042"
down_revision = "0041"

_WAITS = "capture_due_at IS NOT NULL"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("captures_shipped", sa.Boolean(), nullable=True))
    op.add_column("orders", sa.Column("capture_due_at", Instant(), nullable=True))
    op.create_index(
        "ix_orders_capture_due_at",
        "orders",
        ["capture_due_at"],
        sqlite_where=sa.text(_WAITS),
        postgresql_where=sa.text(_WAITS),
    )
