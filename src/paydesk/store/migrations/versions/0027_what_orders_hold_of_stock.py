"""What orders hold of stock."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "stock_holdings",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("stock_item_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.CheckConstraint("quantity >= 0", name="ck_stock_holdings_quantity"),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_stock_holdings_order"),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stock_holdings", schema=None) as batch_op:
        batch_op.create_index("ix_stock_holdings_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_stock_holdings_order_id_stock_item_id", ["tenant", "order_id", "stock_item_id"], unique=True
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stock", sa.Text(), nullable=True))
