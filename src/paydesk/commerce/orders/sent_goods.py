"""Capturing what has left, by itself: of an order's shipments, each with its share, where its organization wishes that.

A card that may be captured several times is charged for each shipment as it leaves; any other with the last one, since
its first capture releases the rest. What is taken is always what has left by now less what was taken by now, so that
captures by hand, refusals and shipments that leave at once need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paydesk.base.money import Money
from paydesk.commerce.cart import Line
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.settling import due_of, taken_for
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import booked
from paydesk.commerce.shipping.handling import GONE, SENT
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Find
from paydesk.rules.work import Work


def shares_of(
    due: Money, lines: Iterable[Line], contents: Mapping[str, Iterable[tuple[str, int]]], *, included: bool
) -> dict[str, Money]:
    """What each shipment comes to: together exactly `due`.

    A shipment comes to its part of the lines that it holds pieces of, what it costs to send, and the taxes on both.
    What belongs to none of them (fees, adjustments, goods that are not sent) is shared out as they are.

    contents  by the id of each shipment the lines that it holds pieces of, and how many
    included  prices contain taxes
    """
    ids = list(contents)
    held = {id_: dict[str, int]() for id_ in ids}
    for id_, pieces in contents.items():
        for line_id, quantity in pieces:
            held[id_][line_id] = held[id_].get(line_id, 0) + quantity
    weights = dict.fromkeys(ids, 0)
    for line in lines:
        priced = line.priced()
        costs = priced.total_cents + priced.discount_cents + (0 if included else line.tax_amount_cents or 0)
        if line.item_type == "shipments":
            if line.item_id in weights:
                weights[line.item_id] += max(costs, 0)
            continue
        parts = [held[id_].get(line.id, 0) for id_ in ids]
        bought = sum(line.pieces().values())
        if any(parts) and costs > 0:
            elsewhere = max(bought - sum(parts), 0)
            split = Money(costs, due.currency).split([*parts, elsewhere])
            for id_, part in zip(ids, split, strict=False):
                weights[id_] += part.cents
    each = list(weights.values())
    return dict(zip(ids, due.split(each if any(each) else len(ids)), strict=True))


def capture_sent(order_id: str, work: Work) -> Rule:
    """Ask for the captures that the shipments which have left call for. Returns how many were asked for. Refused while
    another capture or void of that money is open.
    """
    order = yield Find("orders", eq("id", order_id), ("line_items", "shipments.stock_line_items"), lock=True)
    if order is None or order.capture_due_at is None:
        return 0
    work.change(order, capture_due_at=None)
    if order.status != "approved" or not order.shipments:
        return 0
    everything = yield from booked(order, work)
    left = (_called_for(order) - taken_for(order, everything)).cents
    waits = any(one.status not in GONE for one in order.shipments)
    is_last = all(one.status in SENT for one in order.shipments)
    held = [one for one in everything if one.one_of("authorizations") and one.currency_code == order.currency_code]
    asked = 0
    for one in sorted(held, key=lambda one: one.payment_source_id != order.payment_source_id):
        amount = min(one.capture_balance_cents or 0, left)
        is_part = amount < (one.capture_balance_cents or 0)
        if amount <= 0 or not moving.may_capture(one, everything) or (is_part and waits and not one.multicapture):
            continue
        wanted = amount if is_part else None
        yield from moving.capture(one, work, one, asked=wanted, alone=True, final=is_last)
        work.change(one, captured_for=one.captured_for or "sent")
        left -= amount
        asked += 1
    return asked


def _called_for(order: Order) -> Money:
    """The shares of the shipments that have left. That of one that was cancelled is nobody's to take by itself."""
    contents: dict[str, list[tuple[str, int]]] = {
        one.id: [(each.line_item_id, each.quantity) for each in one.stock_line_items]
        for one in sorted(order.shipments, key=_number)
    }
    shares = shares_of(due_of(order), order.line_items, contents, included=bool(order.tax_included))
    sent = (shares[one.id].cents for one in order.shipments if one.status in SENT)
    return Money(sum(sent), order.currency_code)


def _number(shipment: Any) -> str:
    return str(shipment.number)
