"""The states of a shipment, and the triggers that move it from one to another.

Source: Commerce Layer, "Shipments", `status`.
"""

from __future__ import annotations

from typing import Any

from paydesk.commerce.inventory import holding
from paydesk.commerce.shipping.handling import GONE
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.states import Move, States
from paydesk.rules.work import Work

STATUSES = (
    "draft",
    "upcoming",
    "cancelled",
    "on_hold",
    "picking",
    "packing",
    "ready_to_ship",
    "shipped",
    "delivered",
)

SHIPMENT = States(
    "status",
    {
        "_upcoming": Move.of("draft", "on_hold", to="upcoming"),
        "_on_hold": Move.of("upcoming", "picking", "packing", "ready_to_ship", to="on_hold"),
        "_picking": Move.of("upcoming", "on_hold", "packing", "ready_to_ship", to="picking"),
        "_packing": Move.of("picking", "ready_to_ship", to="packing"),
        "_ready_to_ship": Move.of("packing", to="ready_to_ship"),
        "_ship": Move.of("ready_to_ship", to="shipped"),
        "_deliver": Move.of("shipped", to="delivered"),
        "_cancel": Move.of("upcoming", "on_hold", "picking", "packing", "ready_to_ship", to="cancelled"),
    },
)


def upcoming(shipment: Any, work: Work) -> None:
    """Have the shipment of a placed order wait for its fulfilment, as placing does, and what was on hold go on."""
    if SHIPMENT.is_there("_upcoming", shipment):
        return
    SHIPMENT.must_admit("_upcoming", shipment, work)
    if shipment.order.placed_at is None:
        work.invalid("status", "invalid_transition", "needs its order to be placed", value=shipment.status)
        work.check()
    SHIPMENT.move("_upcoming", shipment, work)


def on_hold(shipment: Any, work: Work) -> None:
    """Put the shipment on hold; `_picking` or `_upcoming` goes on with it."""
    _move("_on_hold", shipment, work)


def picking(shipment: Any, work: Work) -> None:
    """Its goods are being picked, for the first time or again. Needs the order's fulfilment to be in progress."""
    _go_on("_picking", shipment, work)


def packing(shipment: Any, work: Work) -> None:
    """Its goods are being packed. Needs the order's fulfilment to be in progress."""
    _go_on("_packing", shipment, work)


def ready_to_ship(shipment: Any, work: Work) -> None:
    """It is packed, and waits for its carrier. Needs the order's fulfilment to be in progress."""
    _go_on("_ready_to_ship", shipment, work)


def ship(shipment: Any, work: Work) -> Rule:
    """It was sent. With the last shipment of an order that is sent, or cancelled, the order is fulfilled."""
    if not SHIPMENT.is_there("_ship", shipment):
        _go_on("_ship", shipment, work)
        yield from _told(shipment, work)


def deliver(shipment: Any, work: Work) -> None:
    """It has arrived."""
    _move("_deliver", shipment, work)


def cancel(shipment: Any, work: Work) -> Rule:
    """Do not send the shipment of a placed order, and give its stock back. What the order costs stays."""
    if not SHIPMENT.is_there("_cancel", shipment):
        SHIPMENT.move("_cancel", shipment, work)
        if shipment.order.stock in ("reserved", "taken"):
            yield Load(shipment, ("order.shipments.stock_line_items", "stock_line_items"))
            others = [one for one in shipment.order.shipments if one.id != shipment.id and one.status != "cancelled"]
            kept = [piece for one in others for piece in _pieces(one)]
            yield from holding.give_back_part(shipment.order_id, _pieces(shipment), work, kept=kept)
        yield from _told(shipment, work)


def get_rates(shipment: Any, work: Work) -> None:
    """Ask carriers for rates. Refused: carriers are not served yet."""
    _refuse("_get_rates", work)


def purchase(shipment: Any, work: Work) -> None:
    """Buy the selected rate from its carrier. Refused: carriers are not served yet."""
    _refuse("_purchase", work)


def begin(shipment: Any, work: Work, *, held: bool) -> None:
    """The order of a draft was placed; `held`: where it is sent from, shipments are put on hold."""
    if shipment.status == "draft":
        SHIPMENT.move("_upcoming", shipment, work)
        if held:
            SHIPMENT.move("_on_hold", shipment, work, on_hold_at=work.now)


def end(shipment: Any, work: Work) -> None:
    """The order was cancelled: what has not left stays here."""
    if shipment.status not in GONE:
        work.change(shipment, status="cancelled")


def _pieces(shipment: Any) -> list[tuple[str | None, str, int]]:
    """What it holds: stock item as far as that is known, sku, and how many pieces."""
    return [(one.stock_item_id, one.sku_id, one.quantity) for one in shipment.stock_line_items]


def _refuse(name: str, work: Work) -> None:
    work.invalid(name, "not_served", "can't be done: carriers are not served yet; track parcels by hand")
    work.check()


def _move(name: str, shipment: Any, work: Work) -> None:
    if not SHIPMENT.is_there(name, shipment):
        SHIPMENT.move(name, shipment, work)
        work.change(shipment, **{f"{shipment.status}_at": work.now})


def _go_on(name: str, shipment: Any, work: Work) -> None:
    """The same of goods that are handled, which the order's fulfilment has to allow."""
    if SHIPMENT.is_there(name, shipment):
        return
    SHIPMENT.must_admit(name, shipment, work)
    if shipment.order.fulfillment_status != "in_progress":
        status = shipment.order.fulfillment_status
        work.invalid("status", "not_in_progress", "needs the order's fulfilment to be in progress", value=status)
        work.check()
    _move(name, shipment, work)


def _told(shipment: Any, work: Work) -> Rule:
    """Have the order see whether it is fulfilled by now."""
    yield Load(shipment, ("order.shipments",))
    yield from shipment.order.sent(work)
