"""What orders are copied from: shoppers' ways from an empty cart to any end, each gone by the rules clients meet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from paydesk.operations.doing import Do, Find

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Journey:
    """A way that an order goes.

    share    how many of a hundred orders go it
    days     how old the oldest of them is: what waits for somebody is young
    steps    what is done to the cart, one request after the other
    """

    name: str
    share: int
    days: int
    steps: tuple[Callable[[Going], Awaitable[None]], ...]


@dataclass
class Going:
    """An order on its way.

    relations   what its requests name: market, methods, the shopper's addresses
    """

    do: Do
    find: Find
    settle: Callable[[], Awaitable[Any]]
    market: Any
    card: Any
    wire: Any
    email: str
    address: dict[str, Any]
    goods: Sequence[tuple[Any, int]]
    order: Any = None
    payment: Any = None

    async def change(self, attributes: dict[str, Any], **related: Any) -> None:
        self.order = await self.do("orders", "update", attributes, related, id=self.order.id)


async def _carted(going: Going) -> None:
    going.order = await going.do("orders", "create", {"language_code": "en"}, {"market": going.market})
    for sku, quantity in going.goods:
        await going.do("line_items", "create", {"quantity": quantity}, {"order": going.order, "item": sku})


async def _addressed(going: Going) -> None:
    address = await going.do("addresses", "create", going.address, {})
    given = {"customer_email": going.email, "_shipping_address_same_as_billing": True}
    await going.change(given, billing_address=address, payment_method=going.card)

    for shipment in await going.find("shipments", "order_id", going.order.id):
        offer = (await going.find("shipment_offers", "shipment_id", shipment.id))[0]
        (method,) = await going.find("shipping_methods", "id", offer.shipping_method_id)
        await going.do("shipments", "update", {}, {"shipping_method": method}, id=shipment.id)


async def _by_wire(going: Going) -> None:
    await going.change({}, payment_method=going.wire)
    going.payment = await going.do("wire_transfers", "create", {}, {"order": going.order})


def _by_card(card: str | None) -> Callable[[Going], Awaitable[None]]:
    async def paid(going: Going) -> None:
        given = {"options": {"payment_method": card}} if card else {}
        going.payment = await going.do("stripe_payments", "create", given, {"order": going.order})

    return paid


def _handled(*triggers: str) -> Callable[[Going], Awaitable[None]]:
    async def handled(going: Going) -> None:
        for shipment in await going.find("shipments", "order_id", going.order.id):
            for trigger in triggers:
                await going.do("shipments", "update", {trigger: True}, {}, id=shipment.id)

    return handled


def _told(**attributes: Any) -> Callable[[Going], Awaitable[None]]:
    async def told(going: Going) -> None:
        await going.change(attributes)

    return told


async def _kept_waiting(going: Going) -> None:
    """It is placed in the background, where its card is declined."""
    await going.change({"place_async": True, "_place": True})
    await going.settle()


async def _read_again(going: Going) -> None:
    """As an event of Stripe's would have it, which brings what the payment cost."""
    await going.do("stripe_payments", "update", {"_refresh": True}, {}, id=going.payment.id)


async def _partly_given_back(going: Going) -> None:
    (capture,) = await going.find("captures", "order_id", going.order.id)
    given = {"_refund": True, "_refund_amount_cents": capture.amount_cents // 3}
    await going.do("captures", "update", given, {}, id=capture.id)


_HELD = (_carted, _addressed, _by_card("pm_card_visa"), _told(_place=True))
_PAID = (*_HELD, _told(_approve_and_capture=True), _read_again)
_PACKED = ("_picking", "_packing", "_ready_to_ship")
_SENT = (*_PAID, _handled(*_PACKED, "_ship"))

JOURNEYS = (
    Journey("sent", 50, 365, _SENT),
    Journey("delivered and archived", 8, 365, (*_SENT, _handled("_deliver"), _told(_archive=True))),
    Journey("partly given back", 4, 365, (*_SENT, _partly_given_back, _read_again)),
    Journey("given back", 3, 365, (*_PAID, _told(_refund=True), _read_again)),
    Journey("cancelled", 4, 365, (*_HELD, _told(_cancel=True))),
    Journey("paid by wire", 3, 365, (*_HELD[:2], _by_wire, _told(_place=True), _told(_approve_and_capture=True))),
    Journey("paid", 5, 21, _PAID),
    Journey("picked", 1, 10, (*_PAID, _handled(*_PACKED[:1]))),
    Journey("packed", 1, 10, (*_PAID, _handled(*_PACKED))),
    Journey("on hold", 1, 10, (*_PAID, _handled("_on_hold"))),
    Journey("a cart", 7, 50, (_carted,)),
    Journey("at the till", 5, 50, (_carted, _addressed)),
    Journey("not confirmed", 2, 3, (_carted, _addressed, _by_card(None))),
    Journey("declined", 1, 3, (_carted, _addressed, _by_card("pm_card_chargeDeclined"), _kept_waiting)),
    Journey("placed", 2, 3, _HELD),
    Journey("edited", 1, 3, (*_HELD, _told(_start_editing=True))),
    Journey("approved", 1, 3, (*_HELD, _told(_approve=True))),
    Journey("waiting for a wire", 1, 10, (*_HELD[:2], _by_wire, _told(_place=True))),
)


async def gone(journey: Journey, going: Going) -> Any:
    """The order at the end of its way."""
    for step in journey.steps:
        await step(going)
    return going.order
