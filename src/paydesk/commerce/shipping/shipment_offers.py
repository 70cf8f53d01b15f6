"""Which shipping methods a shipment may be sent by, as its order's last refresh found. A record of ours: clients see
the methods, as `available_shipping_methods`, with what each costs for the shipment.
"""

from __future__ import annotations

from paydesk.declare import hidden, to_one
from paydesk.rules.resource import Resource


class ShipmentOffer(
    Resource,
    type="shipment_offers",
    singular="shipment_offer",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("shipment_id", "shipping_method_id"),),
):
    """One method that a shipment may be sent by. Source: Commerce Layer, "Shipments", `available_shipping_methods`."""

    recorded = False

    price_cents = hidden("integer", default=0, doc="What sending it by the method costs.")
    shipment = to_one("shipments")
    shipping_method = to_one("shipping_methods", constrained=False)
