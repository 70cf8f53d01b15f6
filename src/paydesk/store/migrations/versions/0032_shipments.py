"""shipments."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "shipments",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("shipping_category_id", sa.Text(), nullable=True),
        sa.Column("inventory_stock_location_id", sa.Text(), nullable=True),
        sa.Column("stock_location_id", sa.Text(), nullable=True),
        sa.Column("shipping_address_id", sa.Text(), nullable=True),
        sa.Column("shipping_method_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("currency_code", sa.Text(), nullable=True),
        sa.Column("cost_amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("skus_count", sa.BigInteger(), nullable=True),
        sa.Column("on_hold_at", Instant(), nullable=True),
        sa.Column("picking_at", Instant(), nullable=True),
        sa.Column("packing_at", Instant(), nullable=True),
        sa.Column("ready_to_ship_at", Instant(), nullable=True),
        sa.Column("shipped_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(["tenant", "order_id"], ["orders.tenant", "orders.id"], name="fk_shipments_order"),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_address_id"],
            ["addresses.tenant", "addresses.id"],
            name="fk_shipments_shipping_address",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_category_id"],
            ["shipping_categories.tenant", "shipping_categories.id"],
            name="fk_shipments_shipping_category",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "shipping_method_id"],
            ["shipping_methods.tenant", "shipping_methods.id"],
            name="fk_shipments_shipping_method",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_shipments_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.create_index("ix_shipments_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_shipments_order_id", ["tenant", "order_id"], unique=False)

    op.create_table(
        "shipment_offers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=True),
        sa.Column("shipping_method_id", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "shipment_id"], ["shipments.tenant", "shipments.id"], name="fk_shipment_offers_shipment"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("shipment_offers", schema=None) as batch_op:
        batch_op.create_index("ix_shipment_offers_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_shipment_offers_shipping_method_id", ["tenant", "shipping_method_id"], unique=False)
        batch_op.create_index(
            "uq_shipment_offers_shipment_id_shipping_method_id",
            ["tenant", "shipment_id", "shipping_method_id"],
            unique=True,
        )

    op.create_table(
        "stock_line_items",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=True),
        sa.Column("line_item_id", sa.Text(), nullable=True),
        sa.Column("stock_item_id", sa.Text(), nullable=True),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "shipment_id"], ["shipments.tenant", "shipments.id"], name="fk_stock_line_items_shipment"
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stock_line_items", schema=None) as batch_op:
        batch_op.create_index("ix_stock_line_items_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_stock_line_items_line_item_id", ["tenant", "line_item_id"], unique=False)
        batch_op.create_index("ix_stock_line_items_shipment_id", ["tenant", "shipment_id"], unique=False)

    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("shipments_count", sa.BigInteger(), nullable=True))
