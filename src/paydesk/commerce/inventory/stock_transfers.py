"""stock_transfers: goods on their way from one stock location to another."""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.inventory import transferring
from paydesk.commerce.inventory.stock_items import MOST_IN_STOCK
from paydesk.commerce.inventory.transferring import OPEN, STATUSES
from paydesk.commerce.naming import name_sku
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.declare import FILTER, FIND, WRITE, Rule, act, eq, integer, moment, string, to_many, to_one
from paydesk.rules.asking import Change, Find, Next
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_FIXED = ("quantity", "sku_id", "origin_stock_location_id")
"""What is reserved at the origin by these stays as it was."""


class StockTransfer(
    Resource,
    type="stock_transfers",
    singular="stock_transfer",
    unique=(("number",),),
    access=ORDER_ACCESS.via("shipment.order", guest="S"),
):
    """So many pieces of a sku that go from one stock location to another. They are reserved at their origin from
    `_upcoming` on, leave it with `_in_transit`, and are in stock at their destination with `_complete`.
    Source: Commerce Layer, "Stock transfers".
    """

    number = string(WRITE | FIND, example="1234", doc="Unique; counted up unless given.")
    sku_code = string(WRITE, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written.")
    status = string(FIND, default="draft", enum=STATUSES, example="draft", doc="How far it has come.")
    quantity = integer(WRITE | FIND, required=True, minimum=1, maximum=MOST_IN_STOCK, example=2, doc="How many pieces.")
    on_hold_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was put on hold.")
    picking_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When its goods began to be picked.")
    in_transit_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When they left their origin.")
    completed_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When they had arrived.")
    cancelled_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was cancelled.")
    sku = to_one("skus", WRITE | FIND, constrained=False)
    origin_stock_location = to_one("stock_locations", WRITE | FILTER, required=True)
    destination_stock_location = to_one("stock_locations", WRITE | FILTER, required=True)
    shipment = to_one("shipments", WRITE | FIND, constrained=False)
    line_item = to_one("line_items", WRITE | FIND, constrained=False)
    stock_reservation = to_one("stock_reservations", FIND)
    events = to_many("events", by="resource")

    _upcoming = act(transferring.upcoming)
    _on_hold = act(transferring.on_hold)
    _picking = act(transferring.picking)
    _in_transit = act(transferring.in_transit)
    _complete = act(transferring.complete)
    _cancel = act(transferring.cancel)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        yield from name_sku(change, work, required=True)
        values = change.values
        if values["origin_stock_location_id"] == values["destination_stock_location_id"]:
            work.invalid("destination_stock_location", "invalid", "is where the goods are already")
        work.check()
        if not values.get("number"):
            number = str((yield Next("stock_transfers.number")))
            while (yield Find(cls, eq("number", number))) is not None:
                number = str((yield Next("stock_transfers.number")))
            values["number"] = number
        return work.create(cls, **values)

    def updating(self, change: Change, work: Work) -> Rule:
        """What has been reserved stays as it was: quantity, sku and origin change in drafts alone."""
        yield from name_sku(change, work)
        values = change.values
        for name in _FIXED:
            if self.status != "draft" and values.get(name, getattr(self, name)) != getattr(self, name):
                work.invalid(name.removesuffix("_id"), "not_editable", "can't be changed: it is a draft no more")
        goal = values.get("destination_stock_location_id", self.destination_stock_location_id)
        if goal == values.get("origin_stock_location_id", self.origin_stock_location_id):
            work.invalid("destination_stock_location", "invalid", "is where the goods are already")
        if self.status == "completed" and goal != self.destination_stock_location_id:
            work.invalid("destination_stock_location", "not_editable", "can't be changed: the goods are there")
        if "number" in values and not values["number"]:
            values["number"] = self.number
        work.check()
        work.change(self, **values)

    def deleting(self, work: Work) -> None:
        if self.status in OPEN:
            raise Locked("its goods are reserved or on their way: cancel it first")
        work.delete(self)
