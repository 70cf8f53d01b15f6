"""shipments: what of an order is sent together, how, and where that stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paydesk.base.errors import Denied, Locked
from paydesk.commerce.accounts.addresses import copy_of
from paydesk.commerce.cart import Cart
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.commerce.shipping import states
from paydesk.commerce.shipping.handling import GONE, must_be_handled
from paydesk.commerce.shipping.shipment_offers import ShipmentOffer
from paydesk.declare import (
    CREATE,
    FILTER,
    FIND,
    NEVER,
    NONE,
    UPDATE,
    WRITE,
    Own,
    Rule,
    Test,
    act,
    both,
    constant,
    eq,
    integer,
    moment,
    money,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_HARMLESS = frozenset(("reference", "reference_origin", "metadata"))
_A_SHOPPERS = _HARMLESS | {"shipping_method_id"}
"""What shoppers write of a shipment."""

_BY_HAND = ("shipping_category", "inventory_stock_location", "shipping_address")
"""Relationships that follow from the order, until its fulfilment is in progress."""


class Shipment(
    Resource,
    type="shipments",
    singular="shipment",
    scopes={"archived_at_null": Test("id", "not_null")},
    access=ORDER_ACCESS.via("order", guest="SU", customer="SLU"),
):
    """What of an order is sent together. The shipments of a cart are built by its refreshes, as the strategy of its
    market's inventory model says, once a shipping address or country is known and its market has shipping methods;
    shoppers choose how each is sent. They are never archived, though dashboards ask for those that are not. Source:
    Commerce Layer, "Shipments".
    """

    root = "order"
    loads = ("order",)
    create_loads = ("order.shipments",)
    tells = ("id",)
    offers: list[ShipmentOffer]

    number = string(
        UPDATE | FIND, prohibited=True, example="#1234/S/001", doc="The order's number, and a number of it."
    )
    status = string(FIND, default="draft", enum=states.STATUSES, example="draft", doc="Where it stands.")
    currency_code = string(example="EUR", doc="The order's currency.")
    cost_amount = money(FIND, example=1000, doc="What a carrier's account charges for it; null without one.")
    skus_count = integer(default=0, example=2, doc="Pieces of all skus in it.")
    selected_rate_id = constant(
        "string", None, UPDATE, example="rate_f89e4663c3ed47ee94d37763f6d21d54", doc="The carrier's rate chosen."
    )
    rates = constant(
        "array",
        [],
        example=[
            {
                "id": "rate_f89e4663c3ed47ee94d37763f6d21d54",
                "rate": "45.59",
                "carrier": "DHLExpress",
                "service": "MedicalExpress",
            }
        ],
        doc="Carriers' rates.",
    )
    purchase_error_code = constant("string", example="SHIPMENT.POSTAGE.FAILURE", doc="Why a rate was not bought.")
    purchase_error_message = constant("string", example="text", doc="The same in words.")
    get_rates_errors = constant(
        "array",
        [],
        example=[{"carrier": "DHLExpress", "message": "text", "type": "rate_error"}],
        doc="Why carriers gave no rates.",
    )
    get_rates_started_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When carriers were asked for rates."
    )
    get_rates_completed_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When they had answered."
    )
    purchase_started_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When a rate was asked for."
    )
    purchase_completed_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When it was bought."
    )
    purchase_failed_at = constant(
        "datetime", None, FIND, example="2018-01-01T12:00:00.000Z", doc="When it could not be bought."
    )
    on_hold_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was put on hold.")
    picking_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When its goods began to be picked.")
    packing_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When they began to be packed.")
    ready_to_ship_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was ready to be sent.")
    shipped_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was sent.")
    delivered_at = moment(FIND, example="2018-01-01T12:00:00.000Z", doc="When it was delivered.")
    order = to_one("orders", CREATE | FIND, required=True)
    shipping_category = to_one("shipping_categories", WRITE | FIND)
    inventory_stock_location = to_one("inventory_stock_locations", WRITE | FIND, constrained=False)
    stock_location = to_one("stock_locations", FIND)
    origin_address = to_one("addresses", FILTER, match=eq("id", Own("stock_location.address_id")))
    shipping_address = to_one("addresses", WRITE | FILTER)
    shipping_method = to_one("shipping_methods", WRITE | FIND)
    delivery_lead_time = to_one(
        "delivery_lead_times",
        match=both(
            eq("shipping_method_id", Own("shipping_method_id")), eq("stock_location_id", Own("stock_location_id"))
        ),
    )
    pickup = to_one("pickups")
    shipment_line_items = to_many("shipment_line_items", by="shipment", flags=NONE)
    stock_line_items = to_many("stock_line_items", by="shipment")
    stock_transfers = to_many("stock_transfers", by="shipment")
    line_items = to_many("line_items", flags=NONE, match=eq("stock_line_items.shipment_id", Own("id")))
    available_shipping_methods = to_many("shipping_methods", flags=NONE, through="shipment_offers", by="shipment")
    shipment_offers = to_many("shipment_offers", by="shipment", hidden=True)
    carrier_accounts = to_many("carrier_accounts", flags=NONE, match=NEVER)
    parcels = to_many("parcels", by="shipment")
    events = to_many("events", by="resource")

    _upcoming = act(states.upcoming, prohibited=True)
    _on_hold = act(states.on_hold)
    _picking = act(states.picking)
    _packing = act(states.packing)
    _ready_to_ship = act(states.ready_to_ship)
    _ship = act(states.ship)
    _deliver = act(states.deliver)
    _cancel = act(states.cancel, prohibited=True)
    _get_rates = act(states.get_rates)
    _purchase = act(states.purchase)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        """Make a further shipment of an order that is being fulfilled."""
        order = change.related["order"]
        must_be_handled(order, work)
        if change.related.get("inventory_stock_location") is None:
            work.invalid("inventory_stock_location", "blank")
            work.check()
        yield from _by_hand(order, change, work)
        number = next_number(order.number, order.shipments)
        made = work.create(cls, number=number, status="upcoming", currency_code=order.currency_code, **change.values)
        order.shipments.append(made)
        work.change(order, shipments_count=len(order.shipments))
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        if work.actor.is_sales_channel and not (
            change.values.keys() <= _A_SHOPPERS and not any(change.arguments.values())
        ):
            raise Denied("what is not a shopper's to say of a shipment")
        if change.arguments.get("selected_rate_id"):
            work.invalid("selected_rate_id", "not_served", "can't be chosen: carriers' rates are not served yet")
        if "shipping_method" in change.related and change.values["shipping_method_id"] != self.shipping_method_id:
            self.order.must_be_editable(work)
        told = [name for name in _BY_HAND if name in change.related]
        if told:
            must_be_handled(self.order, work, field=told[0])
            if self.status in GONE:
                work.invalid(told[0], "not_editable", f"can't be changed: it is {self.status}", value=self.status)
                work.check()
            yield from _by_hand(self.order, change, work)
        work.check()
        method = change.related.get("shipping_method", self)
        if method is not self:
            work.relate(self, "shipping_method", method)
        work.change(self, **change.values)

    def updated(self, change: Change, work: Work) -> Rule:
        """What it costs to send follows from the method, and so does what the order costs."""
        if "shipping_method" not in change.related or not self.order.editable_now:
            return
        chosen = change.values["shipping_method_id"]
        if (yield from self.order.refresh(work)) is None:
            yield from load_offers([self])
        if chosen is not None and all(one.shipping_method_id != chosen for one in self.offers):
            work.invalid("shipping_method", "invalid", "is not available for the shipment", value=chosen)
            work.check()

    def deleting(self, work: Work) -> Rule:
        """Delete a shipment that was not sent, of an order that is being fulfilled, with what it holds. What the order
        costs stays as it is.
        """
        if self.order.fulfillment_status != "in_progress" or self.status in GONE:
            raise Locked("a shipment stays, unless its order is being fulfilled and it has not left")
        yield Load(self, ("stock_line_items", "order.shipments"))
        yield from load_offers([self])
        discard([self], work)
        self.order.shipments = [one for one in self.order.shipments if one.id != self.id]
        work.change(self.order, shipments_count=len(self.order.shipments))
        yield from self.order.sent(work)


def discard(shipments: Iterable[Any], work: Work) -> None:
    """Delete shipments with what they hold, one kind of record after the other. Needs `stock_line_items` and `offers`
    in hand.
    """
    gone = list(shipments)
    for one in (*(one for shipment in gone for one in shipment.stock_line_items), *_offers_of(gone), *gone):
        work.delete(one)


def load_offers(shipments: Iterable[Shipment]) -> Rule:
    """Have in hand by which methods these shipments may be sent, as `offers`."""
    by_id = {one.id: one for one in shipments}
    found: list[ShipmentOffer] = yield Find(ShipmentOffer, within("shipment_id", sorted(by_id)), many=True)
    for shipment in by_id.values():
        shipment.offers = [one for one in found if one.shipment_id == shipment.id]


def _offers_of(shipments: Iterable[Any]) -> list[Any]:
    return [one for shipment in shipments for one in shipment.offers]


def next_number(order_number: str, shipments: Any) -> str:
    """The first number that no shipment of the order has."""
    taken = {one.number for one in shipments}
    return next(number for at in range(1, len(taken) + 2) if (number := f"{order_number}/S/{at:03d}") not in taken)


def _by_hand(order: Cart, change: Change, work: Work) -> Rule:
    """Take what an integration says of where a shipment leaves from and goes to."""
    place = change.related.get("inventory_stock_location")
    if "inventory_stock_location" in change.related:
        change.values["stock_location_id"] = place.stock_location_id if place is not None else None
    address = change.related.get("shipping_address")
    if address is not None and address.id != order.shipping_address_id:
        change.values["shipping_address_id"] = copy_of(address, work).id
    elif "shipping_address" not in change.related and change.record is None:
        change.values["shipping_address_id"] = order.shipping_address_id
    method = change.related.get("shipping_method")
    if change.record is None and method is not None and method.currency_code != order.currency_code:
        work.invalid("shipping_method", "currency_mismatch", "has another currency than the order")
    work.check()
    yield from ()
