"""merchants: who sells in a market."""

from __future__ import annotations

from paydesk.declare import FILTER, FIND, WRITE, string, to_one
from paydesk.rules.resource import Resource


class Merchant(Resource, type="merchants", singular="merchant"):
    """The fiscal representative behind a market. Source: Commerce Layer, "Merchants"."""

    name = string(WRITE | FIND, required=True, example="The Brand Inc.", doc="What people call it.")
    address = to_one("addresses", WRITE | FILTER, required=True)
