"""delivery_lead_times: how long a shipping method takes from a stock location."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.shipping.access import LEAD_TIMES
from paydesk.declare import FILTER, FIND, WRITE, Caller, Own, Related, both, either, eq, integer, to_many, to_one
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

MOST_HOURS = 10 * 366 * 24

_OF_DOCUMENT = either(eq("id", Caller("document_id")), eq("order_id", Caller("document_id")))
_SENT = Related((_OF_DOCUMENT, eq("shipment_offers.shipping_method_id", Own("id"))), "shipments_there", "shipments")
FOR_SHIPMENT = both(eq("shipping_method_id", Own("id")), _SENT)
"""How long a shipping method takes for the shipment that it is included in: in a document about one shipment or order,
from the place that such a shipment is sent from.
"""


class DeliveryLeadTime(
    Resource,
    type="delivery_lead_times",
    singular="delivery_lead_time",
    unique=(("stock_location_id", "shipping_method_id"),),
    access=LEAD_TIMES,
):
    """Between how many hours goods arrive: one for each stock location and shipping method.
    Source: Commerce Layer, "Delivery lead times".
    """

    min_hours = integer(
        WRITE | FIND, required=True, minimum=0, maximum=MOST_HOURS, example=48, doc="The least hours that it takes."
    )
    max_hours = integer(
        WRITE | FIND, required=True, minimum=0, maximum=MOST_HOURS, example=72, doc="The most hours that it takes."
    )
    min_days = integer(FIND, example=2, doc="The least, rounded to days.")
    max_days = integer(FILTER, example=3, doc="The most, rounded to days.")
    stock_location = to_one("stock_locations", WRITE | FIND, required=True)
    shipping_method = to_one("shipping_methods", WRITE | FIND, required=True)
    shipments_there = to_many("shipments", match=eq("stock_location_id", Own("stock_location_id")), hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> DeliveryLeadTime:
        _check(None, change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        _check(self, change, work)
        work.change(self, **change.values)


def _check(lead_time: DeliveryLeadTime | None, change: Change, work: Work) -> None:
    """Count the days, too."""
    values = change.values

    def now(name: str) -> Any:
        return values.get(name, getattr(lead_time, name, None))

    least, most = now("min_hours"), now("max_hours")
    if most < least:
        work.invalid("max_hours", "greater_than_or_equal_to", value=most, count=least)
    work.check()
    values.update(min_days=_days(least), max_days=_days(most))


def _days(hours: int) -> int:
    """Half a day and more is another one."""
    return (hours + 12) // 24
