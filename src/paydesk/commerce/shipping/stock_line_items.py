"""stock_line_items: what a shipment holds, and where each of its pieces lies."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.limits import MOST_PIECES
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.commerce.shipping.handling import must_be_open
from paydesk.commerce.unserved import as_it_is
from paydesk.declare import FILTER, FIND, WRITE, Rule, derived, eq, integer, string, to_one
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_HARMLESS = frozenset(("reference", "reference_origin", "metadata"))


def first_of(*values: str | None) -> str | None:
    return next((value for value in values if value), None)


class StockLineItem(
    Resource,
    type="stock_line_items",
    singular="stock_line_item",
    access=ORDER_ACCESS.via("shipment.order", guest="S"),
):
    """So many pieces of a line item that a shipment holds, and the stock item that they are taken from. Those of a cart
    follow from the strategy of its market's inventory model; an integration may change those of an order whose
    fulfilment is in progress. Source: Commerce Layer, "Stock line items".
    """

    root = "shipment"
    loads = ("shipment.order",)
    create_loads = ("shipment.order",)

    sku_code = string(
        WRITE | FILTER, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written."
    )
    bundle_code = derived(
        "string",
        ("line_item.bundle_code",),
        as_it_is,
        example="BUNDLEMM000000FFFFFFXLXX",
        doc="The code of the bundle that it is a part of.",
    )
    quantity = integer(WRITE | FIND, required=True, minimum=1, maximum=MOST_PIECES, example=4, doc="How many pieces.")
    name = derived("string", ("line_item.name", "sku.name"), first_of, example="text", doc="The line item's name.")
    image_url = derived(
        "string",
        ("line_item.image_url", "sku.image_url"),
        first_of,
        example="https://img.yourdomain.com/skus/xYZkjABcde.png",
        doc="The line item's picture.",
    )
    shipment = to_one("shipments", WRITE | FIND)
    line_item = to_one("line_items", WRITE | FIND, constrained=False)
    stock_item = to_one("stock_items", WRITE | FIND, constrained=False)
    sku = to_one("skus", WRITE | FIND, constrained=False)
    stock_reservation = to_one("stock_reservations", FIND)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        shipment = change.related.get("shipment")
        if shipment is None:
            work.invalid("shipment", "blank", "must exist")
            work.check()
        must_be_open(shipment, work)
        yield from _name(None, shipment, change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        if change.values.keys() <= _HARMLESS:
            work.change(self, **change.values)
            return
        for shipment in (self.shipment, change.related.get("shipment", self.shipment)):
            if shipment is None:
                work.invalid("shipment", "blank", "must exist")
                work.check()
            yield Load(shipment, ("order",))
            must_be_open(shipment, work)
        if change.related.get("shipment", self.shipment).order_id != self.shipment.order_id:
            work.invalid("shipment", "invalid", "is another order's")
        yield from _name(self, self.shipment, change, work)
        yield from self._keep_packed(change, work)
        work.change(self, **change.values)

    def _keep_packed(self, change: Change, work: Work) -> Rule:
        """What is in parcels stays in its shipment, as what it is."""
        packed = sum(
            one.quantity for one in (yield Find("parcel_line_items", eq("stock_line_item_id", self.id), many=True))
        )
        if not packed:
            return
        for name in ("shipment", "sku"):
            if change.values.get(f"{name}_id", getattr(self, f"{name}_id")) != getattr(self, f"{name}_id"):
                work.invalid(name, "not_editable", "can't be changed: a parcel holds some of it")
        quantity = change.values.get("quantity", self.quantity)
        if quantity < packed:
            work.invalid("quantity", "greater_than_or_equal_to", value=quantity, count=packed)
        work.check()

    def deleting(self, work: Work) -> None:
        if self.shipment is not None:
            must_be_open(self.shipment, work)
        work.delete(self)


def _name(present: StockLineItem | None, shipment: Any, change: Change, work: Work) -> Rule:
    """Let line item, stock item, sku and code say the same; the first that is told says it.

    raises   Invalid
    """
    values, related = change.values, change.related
    line, item, sku = (related.get(name) for name in ("line_item", "stock_item", "sku"))
    code = values.pop("sku_code", None)
    if line is not None and line.order_id != shipment.order_id:
        work.invalid("line_item", "invalid", "is another order's")
    if sku is None and (item is not None or line is not None):
        sku_id = item.sku_id if item is not None else getattr(line, "item_id", None)
        sku = yield Find(Sku, eq("id", sku_id))
    elif sku is None and code:
        sku = yield Find(Sku, eq("code", code))
        if sku is None:
            work.invalid("sku_code", "noent_sku", "doesn't exist", value=code)
    if sku is None and present is None:
        work.invalid("sku", "blank", "must exist")
    work.check()
    if sku is not None:
        if item is not None and item.sku_id != sku.id:
            work.invalid("stock_item", "invalid", "is another sku's")
        values.update(sku_id=sku.id, sku_code=sku.code)
    line_id = values.get("line_item_id", present.line_item_id if present is not None else None)
    yield from _fits(present, line_id, values.get("quantity", present.quantity if present is not None else 0), work)
    work.check()


def _fits(present: StockLineItem | None, line_id: str | None, quantity: int, work: Work) -> Rule:
    """Note where shipments would hold more pieces of a line item than were bought. What moves as it is, or becomes
    less, adds none: a cancelled shipment tells still of pieces that an edited order sends by another one.
    """
    is_no_more = present is not None and present.line_item_id == line_id and quantity <= present.quantity
    if line_id is None or is_no_more:
        return
    line = yield Find("line_items", eq("id", line_id))
    others = yield Find(StockLineItem, eq("line_item_id", line_id), many=True)
    held = sum(one.quantity for one in others if present is None or one.id != present.id)
    bought = sum(line.pieces().values()) if line is not None else 0
    if bought and held + quantity > bought:
        count = bought - held
        work.invalid("quantity", "less_than_or_equal_to", value=quantity, count=count)
