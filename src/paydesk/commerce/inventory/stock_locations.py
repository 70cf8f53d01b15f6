"""stock_locations: where goods lie."""

from __future__ import annotations

from paydesk.declare import (
    ALWAYS,
    FIND,
    WRITE,
    Access,
    Caller,
    Own,
    Rule,
    boolean,
    either,
    eq,
    integer,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Next
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class StockLocation(
    Resource,
    type="stock_locations",
    singular="stock_location",
    cacheable=True,
    unique=(("code",), ("number",)),
    access=Access(
        guest="S",
        customer="S",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        scope=either(
            within("inventory_stock_locations.inventory_model.markets.id", Caller("market_ids")),
            within("id", Caller("stock_location_ids")),
        ),
        place_scope=within("id", Caller("stock_location_ids")),
    ),
):
    """A warehouse or a shop that goods are sent from and returned to. Source: Commerce Layer, "Stock locations"."""

    number = integer(example=1234, doc="A number of its own, counted up.")
    name = string(WRITE | FIND, required=True, example="Primary warehouse", doc="What people call it.")
    code = string(WRITE | FIND, example="europe1", doc="Your own code.")
    label_format = string(WRITE | FIND, default="PDF", example="PDF", doc="In which form its shipping labels are made.")
    suppress_etd = boolean(
        WRITE | FIND, default=False, example=False, doc="Its labels are made without electronic customs documents."
    )
    address = to_one("addresses", WRITE | FIND, required=True)
    inventory_stock_locations = to_many("inventory_stock_locations", by="stock_location")
    inventory_return_locations = to_many("inventory_return_locations", by="stock_location")
    stock_items = to_many("stock_items", by="stock_location")
    stock_transfers = to_many(
        "stock_transfers",
        match=either(eq("origin_stock_location_id", Own("id")), eq("destination_stock_location_id", Own("id"))),
    )
    stores = to_many("stores", by="stock_location")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        number = yield Next("stock_locations.number")
        return work.create(cls, **change.values, number=number)
