"""since when an owner is known: what was made by whoever proved an address is not shown to who had its account before."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for table in ("orders", "customer_payment_sources"):
        op.add_column(table, sa.Column("owner_proved_at", Instant(), nullable=True))
