"""Bundles and sku lists."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "sku_lists",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("sku_code_regex", sa.Text(), nullable=True),
        sa.Column("by_shopper", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "customer_id"], ["customers.tenant", "customers.id"], name="fk_sku_lists_customer"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("sku_lists", schema=None) as batch_op:
        batch_op.create_index("ix_sku_lists_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_sku_lists_customer_id", ["tenant", "customer_id"], unique=False)

    op.create_table(
        "sku_list_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sku_list_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "sku_id"], ["skus.tenant", "skus.id"], name="fk_sku_list_items_sku"),
        sa.ForeignKeyConstraint(
            ["tenant", "sku_list_id"], ["sku_lists.tenant", "sku_lists.id"], name="fk_sku_list_items_sku_list"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("sku_list_items", schema=None) as batch_op:
        batch_op.create_index("ix_sku_list_items_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_sku_list_items_sku_id", ["tenant", "sku_id"], unique=False)
        batch_op.create_index("ix_sku_list_items_sku_list_id", ["tenant", "sku_list_id"], unique=False)

    op.create_table(
        "bundles",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("sku_list_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("do_not_ship", sa.Boolean(), nullable=False),
        sa.Column("do_not_track", sa.Boolean(), nullable=False),
        sa.Column("price_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("compare_at_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("skus_count", sa.BigInteger(), nullable=True),
        sa.Column("contents", Document(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_bundles_market"),
        sa.ForeignKeyConstraint(
            ["tenant", "sku_list_id"], ["sku_lists.tenant", "sku_lists.id"], name="fk_bundles_sku_list"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("bundles", schema=None) as batch_op:
        batch_op.create_index("ix_bundles_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_bundles_sku_list_id", ["tenant", "sku_list_id"], unique=False)
        batch_op.create_index("uq_bundles_code", ["tenant", "code"], unique=True)

    with op.batch_alter_table("line_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bundle_code", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("contents", Document(), nullable=True))
