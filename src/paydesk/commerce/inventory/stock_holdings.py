"""What an order holds of a stock item. A record of ours: clients see the stock items."""

from __future__ import annotations

from typing import Any

from paydesk.declare import hidden, string, to_one
from paydesk.rules.resource import Resource


class StockHolding(
    Resource,
    type="stock_holdings",
    singular="stock_holding",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("order_id", "stock_item_id"),),
    counts=(("quantity",),),
):
    """The pieces of one stock item that one order holds: reserved when it is placed, taken when it is approved, given
    back when it is cancelled. Source: Commerce Layer, "Placing orders"; "Stock reservations".
    """

    recorded = False

    status = string(default="reserved", enum=("reserved", "taken", "given_back"))
    quantity = hidden("integer", default=0, doc="How many pieces.")
    order = to_one("orders")
    stock_item = to_one("stock_items", constrained=False)
    sku = to_one("skus", constrained=False)
    stock_location = to_one("stock_locations", constrained=False)

    def is_of(self, item: Any) -> bool:
        """Whether a stock item is what it was when this was held of it. A former release did not note the location."""
        return item.sku_id == self.sku_id and self.stock_location_id in (None, item.stock_location_id)
