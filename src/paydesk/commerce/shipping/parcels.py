"""parcels: what of a shipment is packed together, and where it is on its way."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.declare import (
    FILTER,
    FIND,
    WRITE,
    Rule,
    array,
    boolean,
    eq,
    moment,
    string,
    to_many,
    to_one,
)
from paydesk.declare import number as fraction
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Parcel(
    Resource,
    type="parcels",
    singular="parcel",
    access=ORDER_ACCESS.via("shipment.order", guest="", customer="SL"),
):
    """A package of a shipment whose order is being fulfilled, or was. It is tracked by hand: an integration says what
    its carrier says. Source: Commerce Layer, "Parcels".
    """

    root = "shipment"
    loads = ("shipment",)
    create_loads = ("shipment.order",)

    number = string(example="#1234/S/001/P/001", doc="The shipment's number, and a number of it.")
    weight = fraction(WRITE | FIND, required=True, minimum=0, example=1000.0, doc="Its weight.")
    unit_of_weight = string(WRITE, required=True, enum=("gr", "oz", "lb"), example="gr", doc="What `weight` counts.")
    eel_pfc = string(WRITE, example="EEL", doc="For customs: the exemption from an export declaration.")
    contents_type = string(WRITE, example="merchandise", doc="For customs: what it is.")
    contents_explanation = string(WRITE | FILTER, example="", doc="For customs: the same in words.")
    customs_certify = boolean(WRITE, default=False, example=False, doc="For customs: somebody certifies that.")
    customs_signer = string(WRITE, example="John Doe", doc="For customs: who does.")
    non_delivery_option = string(WRITE, example="return", doc="What becomes of it where it cannot be delivered.")
    restriction_type = string(WRITE, example="none", doc="For customs: restrictions.")
    restriction_comments = string(WRITE, example="", doc="For customs: the same in words.")
    customs_info_required = boolean(WRITE, default=False, example=False, doc="It goes through customs.")
    shipping_label_url = string(
        WRITE | FILTER,
        example="https://bucket.s3-us-west-2.amazonaws.com/files/postage_label/20180101/123.pdf",
        doc="Its label.",
    )
    shipping_label_file_type = string(WRITE | FILTER, example="application/pdf", doc="The label's type.")
    shipping_label_size = string(WRITE | FILTER, example="4x7", doc="The label's size.")
    shipping_label_resolution = string(WRITE | FILTER, example="200", doc="The label's resolution.")
    tracking_number = string(WRITE | FILTER, example="1Z4V2A000000000000", doc="The carrier's name for it.")
    tracking_status = string(WRITE | FIND, example="delivered", doc="Where it is, in the carrier's word.")
    tracking_status_detail = string(WRITE | FILTER, example="arrived_at_destination", doc="The same in more words.")
    tracking_status_updated_at = moment(WRITE | FIND, example="2018-01-01T12:00:00.000Z", doc="Since when.")
    tracking_details = array(
        WRITE,
        example=[
            {
                "object": "TrackingDetail",
                "message": "Pre-Shipment information received",
                "status": "pre_transit",
                "datetime": "2018-02-27T16:02:17Z",
                "source": "DHLExpress",
                "tracking_location": {"object": "TrackingLocation"},
            }
        ],
        doc="Where it has been.",
    )
    carrier_weight_oz = string(WRITE | FIND, example="42.32", doc="What the carrier says that it weighs, in ounces.")
    signed_by = string(WRITE, example="John Smith", doc="Who took it in.")
    incoterm = string(WRITE | FILTER, example="EXW", doc="Who bears duties and risks.")
    delivery_confirmation = string(WRITE | FILTER, example="SIGNATURE", doc="How taking it in is confirmed.")
    shipment = to_one("shipments", WRITE | FIND, required=True)
    package = to_one("packages", WRITE | FIND, required=True)
    parcel_line_items = to_many("parcel_line_items", by="parcel")
    events = to_many("events", by="resource")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        shipment = change.related["shipment"]
        _must_be_sent(shipment, work)
        others = yield Find(Parcel, eq("shipment_id", shipment.id), many=True)
        taken = {one.number for one in others}
        told = (f"{shipment.number}/P/{at:03d}" for at in range(1, len(taken) + 2))
        return work.create(cls, number=next(one for one in told if one not in taken), **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        shipment = change.related.get("shipment", self.shipment)
        if shipment.id != self.shipment_id:
            if shipment.order_id != self.shipment.order_id:
                work.invalid("shipment", "invalid", "is another order's")
            yield Load(self, ("parcel_line_items",))
            if self.parcel_line_items:
                work.invalid("shipment", "not_editable", "can't be changed: the parcel holds goods of its shipment")
            work.check()
        work.change(self, **change.values)

    def deleting(self, work: Work) -> Rule:
        """What it holds goes with it: it is to be packed anew."""
        yield Load(self, ("parcel_line_items",))
        for one in self.parcel_line_items:
            work.delete(one)
        work.delete(self)


def _must_be_sent(shipment: Any, work: Work) -> None:
    """Nothing is packed before the goods may leave; a shipment that was sent may be told in parcels afterwards."""
    fulfilment = shipment.order.fulfillment_status
    if fulfilment not in ("in_progress", "fulfilled"):
        message = "is of an order whose fulfilment has not begun"
        work.invalid("shipment", "not_in_progress", message, value=fulfilment)
    elif shipment.status == "cancelled":
        work.invalid("shipment", "not_editable", "is cancelled", value=shipment.status)
    work.check()
