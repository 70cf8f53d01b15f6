"""Stock transfers."""

import sqlalchemy as sa
from alembic import op

from paydesk.store.types import Document, Instant

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "stock_transfers",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.Text(), nullable=True),
        sa.Column("origin_stock_location_id", sa.Text(), nullable=True),
        sa.Column("destination_stock_location_id", sa.Text(), nullable=True),
        sa.Column("shipment_id", sa.Text(), nullable=True),
        sa.Column("line_item_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("sku_code", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("on_hold_at", Instant(), nullable=True),
        sa.Column("picking_at", Instant(), nullable=True),
        sa.Column("in_transit_at", Instant(), nullable=True),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reference_origin", sa.Text(), nullable=True),
        sa.Column("metadata", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "destination_stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_stock_transfers_destination_stock_location",
        ),
        sa.ForeignKeyConstraint(
            ["tenant", "origin_stock_location_id"],
            ["stock_locations.tenant", "stock_locations.id"],
            name="fk_stock_transfers_origin_stock_location",
        ),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    with op.batch_alter_table("stock_transfers", schema=None) as batch_op:
        batch_op.create_index("ix_stock_transfers_created_at_id", ["tenant", "created_at", "id"], unique=False)
        batch_op.create_index("ix_stock_transfers_line_item_id", ["tenant", "line_item_id"], unique=False)
        batch_op.create_index("ix_stock_transfers_shipment_id", ["tenant", "shipment_id"], unique=False)
        batch_op.create_index("uq_stock_transfers_number", ["tenant", "number"], unique=True)
