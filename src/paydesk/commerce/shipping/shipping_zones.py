"""shipping_zones: the addresses that shipping methods deliver to."""

from __future__ import annotations

from paydesk.commerce.regions import Region, must_be_region
from paydesk.declare import FIND, WRITE, string
from paydesk.rules.asking import Change
from paydesk.rules.work import Work


class ShippingZone(Region, type="shipping_zones", singular="shipping_zone"):
    """A region that methods can be limited to: all of its expressions that are set have to hold for the shipping
    address. Source: Commerce Layer, "Shipping zones".
    """

    name = string(WRITE | FIND, required=True, example="Europe (main countries)", doc="What people call it.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> ShippingZone:
        must_be_region(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        must_be_region(change, work)
        work.change(self, **change.values)
