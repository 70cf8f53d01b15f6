"""Groups of customers, stores and links."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.create_table(
        "customer_groups",
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
    with op.batch_alter_table("customer_groups", schema=None) as batch_op:
        batch_op.create_index("ix_customer_groups_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("uq_customer_groups_code", ["tenant", "code"], unique=True)

    op.create_table(
        "links",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("params", Document(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index("ix_links_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_links_item_id", ["tenant", "item_id"], unique=False)

    op.create_table(
        "stores",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Text(), nullable=True),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "market_id"], ["markets.tenant", "markets.id"], name="fk_stores_market"),
        sa.ForeignKeyConstraint(
            ["tenant", "merchant_id"], ["merchants.tenant", "merchants.id"], name="fk_stores_merchant"
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_stores_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.create_index("ix_stores_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_stores_market_id", ["tenant", "market_id"], unique=False)
        batch_op.create_index("ix_stores_stock_location_id", ["tenant", "stock_location_id"], unique=False)
        batch_op.create_index("uq_stores_code", ["tenant", "code"], unique=True)

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_group_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_customers_customer_group_id", ["tenant", "customer_group_id"], unique=False)
        batch_op.create_foreign_key(
            "fk_customers_customer_group", "customer_groups", ["tenant", "customer_group_id"], ["tenant", "id"]
        )

    with op.batch_alter_table("markets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customer_group_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_markets_customer_group_id", ["tenant", "customer_group_id"], unique=False)
        batch_op.create_foreign_key(
            "fk_markets_customer_group", "customer_groups", ["tenant", "customer_group_id"], ["tenant", "id"]
        )

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("store_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_orders_store_id", ["tenant", "store_id"], unique=False)

    with op.batch_alter_table("payment_methods", schema=None) as batch_op:
        batch_op.add_column(sa.Column("store_id", sa.Text(), nullable=True))
        batch_op.create_index("ix_payment_methods_store_id", ["tenant", "store_id"], unique=False)
        batch_op.create_foreign_key("fk_payment_methods_store", "stores", ["tenant", "store_id"], ["tenant", "id"])
