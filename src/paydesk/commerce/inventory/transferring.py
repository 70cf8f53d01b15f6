"""The states of a stock transfer, and what each does to the stock at its two locations.

Source: Commerce Layer, "Stock transfers", `status`.
"""

from __future__ import annotations

from typing import Any

from paydesk.commerce.inventory import holding
from paydesk.declare import Rule, both, eq
from paydesk.rules.asking import Find
from paydesk.rules.states import Move, States
from paydesk.rules.work import Work

STATUSES = ("draft", "upcoming", "on_hold", "picking", "in_transit", "completed", "cancelled")
RESERVED = ("upcoming", "on_hold", "picking")
"""While its goods are reserved where they come from."""
OPEN = (*RESERVED, "in_transit")

TRANSFER = States(
    "status",
    {
        "_upcoming": Move.of("draft", "on_hold", to="upcoming"),
        "_on_hold": Move.of("upcoming", "picking", to="on_hold"),
        "_picking": Move.of("upcoming", "on_hold", to="picking"),
        "_in_transit": Move.of("picking", to="in_transit"),
        "_complete": Move.of("in_transit", to="completed"),
        "_cancel": Move.of("draft", *OPEN, to="cancelled"),
    },
)


def upcoming(transfer: Any, work: Work) -> Rule:
    """Reserve the goods where they come from. They are put on hold where the destination's inventory model says so."""
    if TRANSFER.is_there("_upcoming", transfer):
        return
    is_new = transfer.status == "draft"
    TRANSFER.move("_upcoming", transfer, work)
    if not is_new:
        return
    yield from holding.set_aside(transfer.origin_stock_location_id, transfer.sku_id, transfer.quantity, work)
    held = yield Find(
        "inventory_stock_locations",
        both(
            eq("stock_location_id", transfer.destination_stock_location_id),
            eq("inventory_model.put_stock_transfers_on_hold", True),
        ),
        many=True,
    )
    if held:
        on_hold(transfer, work)


def on_hold(transfer: Any, work: Work) -> None:
    """Let it wait; `_picking` or `_upcoming` goes on with it."""
    _move("_on_hold", transfer, work)


def picking(transfer: Any, work: Work) -> None:
    """Its goods are being picked."""
    _move("_picking", transfer, work)


def in_transit(transfer: Any, work: Work) -> Rule:
    """Its goods have left: they are taken from the stock of their origin."""
    if _move("_in_transit", transfer, work):
        yield from holding.send_off(transfer.origin_stock_location_id, transfer.sku_id, transfer.quantity, work)


def complete(transfer: Any, work: Work) -> Rule:
    """Its goods have arrived: they are added to the stock of their destination."""
    if _move("_complete", transfer, work):
        yield from holding.take_in(transfer.destination_stock_location_id, transfer.sku_id, transfer.quantity, work)


def cancel(transfer: Any, work: Work) -> Rule:
    """Give back what is reserved; what was on its way is in stock again where it came from."""
    before = transfer.status
    if not _move("_cancel", transfer, work):
        return
    place = (transfer.origin_stock_location_id, transfer.sku_id, transfer.quantity, work)
    if before in RESERVED:
        yield from holding.release(*place)
    elif before == "in_transit":
        yield from holding.take_in(*place)


def _move(name: str, transfer: Any, work: Work) -> bool:
    """Whether it was in another state before."""
    if TRANSFER.is_there(name, transfer):
        return False
    TRANSFER.move(name, transfer, work)
    work.change(transfer, **{f"{transfer.status}_at": work.now})
    return True
