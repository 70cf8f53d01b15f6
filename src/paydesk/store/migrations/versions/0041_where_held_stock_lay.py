"""Where the stock lay that orders hold, and one lead time for each location and method."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("stock_holdings", sa.Column("stock_location_id", sa.Text(), nullable=True))
    # Of a stock item that is of another sku by now, nobody knows any more where it lay then.
    op.execute("""
        UPDATE stock_holdings SET stock_location_id = (
            SELECT stock_items.stock_location_id FROM stock_items
            WHERE stock_items.tenant = stock_holdings.tenant AND stock_items.id = stock_holdings.stock_item_id
                AND stock_items.sku_id = stock_holdings.sku_id
        )
    """)
    # Where there were several, the first stays.
    op.execute("""
        DELETE FROM delivery_lead_times WHERE EXISTS (
            SELECT 1 FROM delivery_lead_times AS earlier
            WHERE earlier.tenant = delivery_lead_times.tenant
                AND earlier.stock_location_id = delivery_lead_times.stock_location_id
                AND earlier.shipping_method_id = delivery_lead_times.shipping_method_id
                AND (earlier.created_at < delivery_lead_times.created_at
                    OR (earlier.created_at = delivery_lead_times.created_at AND earlier.id < delivery_lead_times.id))
        )
    """)
    op.create_index(
        "uq_delivery_lead_times_stock_location_id_shipping_method_id"[:63],
        "delivery_lead_times",
        ["tenant", "stock_location_id", "shipping_method_id"],
        unique=True,
    )
