"""inventory_return_locations: where the goods of an inventory model are returned to."""

from __future__ import annotations

from paydesk.declare import FIND, WRITE, integer, to_one
from paydesk.rules.resource import Resource


class InventoryReturnLocation(Resource, type="inventory_return_locations", singular="inventory_return_location"):
    """A stock location that goods are returned to. Source: Commerce Layer, "Inventory return locations"."""

    priority = integer(WRITE | FIND, required=True, minimum=1, example=1, doc="The lowest comes first.")
    stock_location = to_one("stock_locations", WRITE | FIND, required=True)
    inventory_model = to_one("inventory_models", WRITE | FIND, required=True)
