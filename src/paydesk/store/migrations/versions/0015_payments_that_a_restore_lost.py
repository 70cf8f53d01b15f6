"""payments that a restore lost: what of ours holds money at a gateway and is not here."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "lost_payments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "payment_id"),
    )
