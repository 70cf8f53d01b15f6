"""inventory_stock_locations: where the goods of an inventory model lie, and which place comes first."""

from __future__ import annotations

from paydesk.declare import FIND, WRITE, Own, boolean, eq, integer, to_many, to_one
from paydesk.rules.resource import Resource


class InventoryStockLocation(Resource, type="inventory_stock_locations", singular="inventory_stock_location"):
    """A stock location that an inventory model sells from. Source: Commerce Layer, "Inventory stock locations"."""

    priority = integer(WRITE | FIND, required=True, minimum=1, example=1, doc="The lowest comes first.")
    on_hold = boolean(WRITE | FIND, default=False, example=False, doc="Shipments from there are put on hold.")
    stock_location = to_one("stock_locations", WRITE | FIND, required=True)
    inventory_model = to_one("inventory_models", WRITE | FIND, required=True)
    items = to_many("stock_items", match=eq("stock_location_id", Own("stock_location_id")), hidden=True)
