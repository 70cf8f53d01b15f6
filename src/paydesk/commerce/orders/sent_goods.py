"""Capturing what has left, by itself: of an order's shipments, each with its share, where its organization wishes that.

A card that may be captured several times is charged for each shipment as it leaves; any other with the last one, since
its first capture releases the rest. What is taken is always what has left by now less what was taken by now, so that
captures by hand, refusals and shipments that leave at once need no rule of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from paydesk.base.money import Money
from paydesk.commerce.cart import Line
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.settling import due_of, settle, taken_for
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import booked
from paydesk.commerce.shipping.handling import GONE, SENT
from paydesk.commerce.shipping.states import STATUSES
from paydesk.declare import Rule, eq, within
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work

Piece = tuple[str, str]
"""A sku that a line is made of: the ids of both."""


def shares_of(
    due: Money,
    lines: Iterable[Line],
    contents: Mapping[str, Iterable[tuple[str, int]]],
    *,
    included: bool,
    unsent: Mapping[str, int] | None = None,
) -> dict[str, Money]:
    """What each shipment comes to: together exactly `due`, less what is nobody's to take by itself.

    A shipment comes to its part of the lines that it holds pieces of, what it costs to send, and the taxes on both.
    What belongs to none of them (fees, adjustments, goods that are not sent) is shared out as they are.

    contents  by the id of each shipment the lines that it holds pieces of, and how many
    included  prices contain taxes
    unsent    by line how many pieces are to be sent and lie in none of them: nobody is charged for those
    """
    ids, unsent = list(contents), unsent or {}
    held = {id_: dict[str, int]() for id_ in ids}
    for id_, pieces in contents.items():
        for line_id, quantity in pieces:
            held[id_][line_id] = held[id_].get(line_id, 0) + quantity
    weights, kept = dict.fromkeys(ids, 0), 0
    for line in lines:
        priced = line.priced()
        costs = max(priced.total_cents + priced.discount_cents + (0 if included else line.tax_amount_cents or 0), 0)
        if line.item_type == "shipments":
            if line.item_id in weights:
                weights[line.item_id] += costs
            elif unsent:
                kept += costs
            continue
        parts = [*(held[id_].get(line.id, 0) for id_ in ids), unsent.get(line.id, 0)]
        if any(parts):
            elsewhere = max(sum(line.pieces().values()) - sum(parts), 0)
            split = [part.cents for part in Money(costs, due.currency).split([*parts, elsewhere])]
            kept += split[-2]
            for id_, cents in zip(ids, split, strict=False):
                weights[id_] += cents
    each = [*weights.values(), kept]
    return dict(zip(ids, due.split(each if any(each) else len(ids)), strict=False))


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
    called_for, is_unsent = yield from _called_for(order, SENT)
    left = (called_for - taken_for(order, everything)).cents
    waits = any(one.status not in GONE for one in order.shipments)
    is_last = not is_unsent and all(one.status in SENT for one in order.shipments)
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
    if left > 0:
        yield from _tell_of_what_is_short(order, held, work)
    return asked


def _tell_of_what_is_short(order: Order, held: Iterable[Any], work: Work) -> Rule:
    """More goods have left, and the rest of what was captured for those before has ended or was let go meanwhile."""
    gone = [one for one in held if one.counts and one.captured_for == "sent" and not one.capture_balance_cents]
    for one in gone:
        work.change(one, captured_for="short")
    if gone:
        yield from settle(order, work)


def without_unsent(order: Order) -> Rule:
    """What the order costs, less the share of goods that lie in no shipment which leaves, or has left."""
    if not order.shipments_count:
        return due_of(order)
    yield Load(order, ("line_items", "shipments.stock_line_items"))
    is_handled = order.fulfillment_status in ("in_progress", "fulfilled")
    if not is_handled and all(one.status != "cancelled" for one in order.shipments):
        return due_of(order)
    called_for, _ = yield from _called_for(order, STATUSES)
    return called_for


def _called_for(order: Order, statuses: Collection[str]) -> Rule:
    """The shares of shipments of these statuses, and whether pieces lie in none that leaves: a shipment was cancelled
    or deleted, or goods were taken out of it. Their share is nobody's to take by itself.
    """
    shipments = sorted((one for one in order.shipments if one.status != "cancelled"), key=_number)
    if not shipments:
        return Money(0, order.currency_code), True
    contents = {one.id: list[tuple[str, int]]() for one in shipments}
    lacking = _put_in(order, shipments, contents)
    unsent = yield from _unsent(order, lacking)
    shares = shares_of(due_of(order), order.line_items, contents, included=bool(order.tax_included), unsent=unsent)
    sent = (shares[one.id].cents for one in shipments if one.status in statuses)
    return Money(sum(sent), order.currency_code), bool(unsent)


def _put_in(order: Order, shipments: Iterable[Any], contents: Mapping[str, list[tuple[str, int]]]) -> Counter[Piece]:
    """Say of each shipment which lines it holds pieces of, and how many. Returns the pieces that lie in none.

    An integration may send another sku for the one that was bought, and goods without a word of which line they are:
    those are of the first that lacks some.
    """
    lacking = Counter({(line.id, sku): count for line in order.line_items for sku, count in line.pieces().items()})
    loose = []
    for shipment in shipments:
        for one in shipment.stock_line_items:
            if one.line_item_id is None:
                loose.append((shipment.id, one.sku_id, one.quantity))
                continue
            contents[shipment.id].append((one.line_item_id, one.quantity))
            left = one.quantity
            own = [key for key in lacking if key[0] == one.line_item_id]
            for key in sorted(own, key=lambda key: key[1] != one.sku_id):
                taken = min(left, lacking[key])
                lacking[key] -= taken
                left -= taken
    for shipment_id, sku, quantity in loose:
        left = quantity
        for key in [key for key in lacking if key[1] == sku]:
            taken = min(left, lacking[key])
            lacking[key] -= taken
            left -= taken
            contents[shipment_id].append((key[0], taken))
    return +lacking


def _unsent(order: Order, lacking: Counter[Piece]) -> Rule:
    """By line how many of these pieces are to be sent: what lies in a cancelled shipment, and all other goods."""
    known = {(one.line_item_id, one.sku_id) for shipment in order.shipments for one in shipment.stock_line_items}
    unknown = sorted({sku for line_id, sku in lacking if (line_id, sku) not in known})
    found = (yield Find("skus", within("id", unknown), many=True)) if unknown else []
    goods = {one.id for one in found if not one.do_not_ship}
    unsent = Counter[str]()
    for (line_id, sku), count in lacking.items():
        if sku in goods or (line_id, sku) in known:
            unsent[line_id] += count
    return unsent


def _number(shipment: Any) -> str:
    return str(shipment.number)
