"""shipping_categories: goods that are sent in the same ways."""

from __future__ import annotations

from paydesk.declare import FIND, WRITE, string, to_many
from paydesk.rules.resource import Resource


class ShippingCategory(Resource, type="shipping_categories", singular="shipping_category"):
    """Each sku is of one; shipping methods may serve one alone. Source: Commerce Layer, "Shipping categories"."""

    name = string(WRITE | FIND, required=True, example="Merchandise", doc="What people call it.")
    code = string(WRITE | FIND, example="europe1", doc="Your own code.")
    skus = to_many("skus", by="shipping_category")
