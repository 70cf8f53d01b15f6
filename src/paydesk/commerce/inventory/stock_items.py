"""stock_items: how many pieces of a sku lie at a stock location."""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.naming import name_sku
from paydesk.declare import (
    ALWAYS,
    FIND,
    WRITE,
    Access,
    Caller,
    Rule,
    either,
    hidden,
    integer,
    string,
    to_one,
    within,
)
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

MOST_IN_STOCK = 1_000_000_000


class StockItem(
    Resource,
    type="stock_items",
    singular="stock_item",
    cacheable=True,
    unique=(("stock_location_id", "sku_id"),),
    counts=(("reserved_quantity", "quantity"),),
    access=Access(
        guest="S",
        customer="S",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        scope=either(
            within("stock_location.inventory_stock_locations.inventory_model.markets.id", Caller("market_ids")),
            within("stock_location_id", Caller("stock_location_ids")),
        ),
        place_scope=within("stock_location_id", Caller("stock_location_ids")),
    ),
):
    """The stock of one sku at one location, which has at most one. What is reserved for orders is part of it until
    they are approved. Source: Commerce Layer, "Stock items".
    """

    sku_code = string(WRITE, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written.")
    quantity = integer(
        WRITE | FIND,
        required=True,
        minimum=0,
        maximum=MOST_IN_STOCK,
        example=100,
        doc="How many there are, those that are reserved among them.",
    )
    stock_location = to_one("stock_locations", WRITE | FIND, required=True)
    sku = to_one("skus", WRITE | FIND)
    reserved_quantity = hidden("integer", default=0, doc="How many of them are reserved for orders.")

    @property
    def free(self) -> int:
        """How many can be ordered."""
        return int(self.quantity - self.reserved_quantity)

    def count(self, work: Work, *, quantity: int = 0, reserved: int = 0) -> None:
        """Count so many more, or fewer, as there, and as reserved. For `holding` alone, which has locked it."""
        there, kept = self.quantity + quantity, self.reserved_quantity + reserved
        assert 0 <= kept <= there, f"stock item {self.id}: {kept} of {there} cannot be reserved"
        work.change(self, quantity=there, reserved_quantity=kept)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        yield from name_sku(change, work, required=True)
        work.check()
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        """What is reserved stays where it is."""
        yield from name_sku(change, work)
        quantity = change.values.get("quantity", self.quantity)
        if quantity < self.reserved_quantity:
            work.invalid("quantity", "greater_than_or_equal_to", value=quantity, count=self.reserved_quantity)
        for name in ("sku", "stock_location"):
            if self.reserved_quantity and change.values.get(f"{name}_id", getattr(self, f"{name}_id")) != getattr(
                self, f"{name}_id"
            ):
                work.invalid(name, "not_editable", "can't be changed: some of it is reserved")
        work.check()
        work.change(self, **change.values)

    def deleting(self, work: Work) -> None:
        self.discard(work)

    def discard(self, work: Work) -> None:
        """Delete it.

        raises   Locked where some of it is reserved
        """
        if self.reserved_quantity:
            raise Locked("some of it is reserved for orders")
        work.delete(self)
