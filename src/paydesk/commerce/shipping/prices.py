"""What a shipping method costs for the shipment that it is included in: `price_amount_for_shipment`.

It is told in a document about one shipment or one order. A method is one record of a document, however many shipments
include it, so in an order with several shipments it tells what it costs for the first of those that may be sent by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.base.money import as_float, formatted
from paydesk.commerce.shipping.shipment_offers import ShipmentOffer
from paydesk.declare import Rule, both, either, eq, within
from paydesk.rules.asking import Find
from paydesk.rules.gathering import About

Methods = Mapping[str, tuple[Any, ...]]


def cents_for_shipment(methods: Methods, about: About) -> Rule:
    """In minor units."""
    return dict((yield from _offered(methods, about)))


def float_for_shipment(methods: Methods, about: About) -> Rule:
    """In whole units."""
    offered: dict[str, int] = yield from _offered(methods, about)
    return {id_: as_float(cents, methods[id_][0]) for id_, cents in offered.items()}


def told_for_shipment(methods: Methods, about: About) -> Rule:
    """As people write it."""
    offered: dict[str, int] = yield from _offered(methods, about)
    return {id_: formatted(cents, methods[id_][0]) for id_, cents in offered.items()}


def _offered(methods: Methods, about: About) -> Rule:
    """What each of the methods costs, by its id; read once for all that tell it."""
    own = about.told.get("id")
    if own is None:
        return {}
    if "price for shipment" not in about.found:
        where = either(eq("shipment_id", own), eq("shipment.order_id", own))
        offers = yield Find(
            ShipmentOffer, both(within("shipping_method_id", sorted(methods)), where), ("shipment",), many=True
        )
        costs: dict[str, int] = {}
        for offer in sorted(offers, key=lambda one: one.shipment.number):
            costs.setdefault(offer.shipping_method_id, offer.price_cents)
        about.found["price for shipment"] = costs
    return about.found["price for shipment"]
