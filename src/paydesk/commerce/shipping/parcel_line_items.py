"""parcel_line_items: what a parcel holds of its shipment."""

from __future__ import annotations

from paydesk.commerce.limits import MOST_PIECES
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.commerce.shipping.stock_line_items import first_of
from paydesk.commerce.unserved import as_it_is
from paydesk.declare import CREATE, FILTER, FIND, Rule, derived, eq, integer, to_one
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class ParcelLineItem(
    Resource,
    type="parcel_line_items",
    singular="parcel_line_item",
    access=ORDER_ACCESS.via("parcel.shipment.order", guest="", customer="S"),
):
    """So many pieces of a stock line item that are in a parcel: all parcels together hold no more than there are.
    Source: Commerce Layer, "Parcel line items".
    """

    root = "parcel"
    create_loads = ("parcel.shipment",)

    sku_code = derived(
        "string",
        ("stock_line_item.sku_code",),
        as_it_is,
        example="TSHIRTMM000000FFFFFFXLXX",
        doc="The sku's code.",
    )
    bundle_code = derived(
        "string",
        ("stock_line_item.line_item.bundle_code",),
        as_it_is,
        example="BUNDLEMM000000FFFFFFXLXX",
        doc="The code of the bundle that it is a part of.",
    )
    quantity = integer(CREATE | FIND, required=True, minimum=1, maximum=MOST_PIECES, example=4, doc="How many pieces.")
    name = derived(
        "string",
        ("stock_line_item.line_item.name", "stock_line_item.sku.name"),
        first_of,
        example="text",
        doc="The line item's name.",
    )
    image_url = derived(
        "string",
        ("stock_line_item.line_item.image_url", "stock_line_item.sku.image_url"),
        first_of,
        example="https://img.yourdomain.com/skus/xYZkjABcde.png",
        doc="The line item's picture.",
    )
    parcel = to_one("parcels", CREATE | FIND, required=True)
    stock_line_item = to_one("stock_line_items", CREATE | FILTER, required=True)
    shipment_line_item = to_one("shipment_line_items", CREATE)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        parcel, line, quantity = change.related["parcel"], change.related["stock_line_item"], change.values["quantity"]
        if line.shipment_id != parcel.shipment_id:
            work.invalid("stock_line_item", "invalid", "is another shipment's")
        packed = yield Find(ParcelLineItem, eq("stock_line_item_id", line.id), many=True)
        left = line.quantity - sum(one.quantity for one in packed)
        if quantity > left:
            work.invalid("quantity", "less_than_or_equal_to", value=quantity, count=left)
        work.check()
        return work.create(cls, **change.values)
