"""What payments moved on the balance."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "balance_transactions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_type", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("method_type", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("gateway_type", sa.Text(), nullable=True),
        sa.Column("movement_id", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("paid_cents", sa.BigInteger(), nullable=True),
        sa.Column("paid_currency", sa.Text(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("fee_cents", sa.BigInteger(), nullable=True),
        sa.Column("net_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("exchange_rate", sa.Double(), nullable=True),
        sa.Column("moved_at", Instant(), nullable=True),
        sa.Column("available_on", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("balance_transactions", schema=None) as batch_op:
        batch_op.create_index("ix_balance_transactions_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_balance_transactions_moved_at", ["tenant", "moved_at"], unique=False)
        batch_op.create_index(
            "uq_balance_transactions_payment_id_movement_id", ["tenant", "payment_id", "movement_id"], unique=True
        )

    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index("ix_disputes_opened_at", ["tenant", "opened_at"], unique=False)
