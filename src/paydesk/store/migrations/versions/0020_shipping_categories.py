"""Shipping categories, and the one that each sku is of."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "shipping_categories",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipping_categories", schema=None) as batch_op:
        batch_op.create_index("ix_shipping_categories_created_at_id", ["tenant", "created_at", "id"], unique=False)

    with op.batch_alter_table("skus", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shipping_category_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_skus_shipping_category_id", ["tenant", "shipping_category_id"], unique=False)
        batch_op.create_foreign_key(
            "fk_skus_shipping_category", "shipping_categories", ["tenant", "shipping_category_id"], ["tenant", "id"]
        )
