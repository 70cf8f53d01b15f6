"""Holding stock for an order: reserving, taking and giving back. Nothing else changes what is reserved.

Stock items are locked here, all in one statement and in one order, after every other record of a transaction. So two
orders never wait for one another, and what is counted under the lock is what is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from paydesk.commerce.inventory.levels import Levels, counted_places, there
from paydesk.commerce.inventory.stock_holdings import StockHolding
from paydesk.commerce.inventory.stock_items import StockItem
from paydesk.declare import Condition, Rule, both, either, eq, within
from paydesk.rules.asking import Find
from paydesk.rules.work import Work


def holdings_of(order_id: str, work: Work) -> Rule:
    """All that an order holds of stock, or held, what this very work has it hold among them."""
    found: list[StockHolding] = yield Find(StockHolding, eq("order_id", order_id), many=True)
    made = [one for one in work.created if isinstance(one, StockHolding) and one.order_id == order_id]
    return [one for one in (*found, *made) if one not in work.deleted]


class Reserved(NamedTuple):
    """How reserving went.

    short   the skus that are short with what there is for the order: nothing was changed then
    held    by sku, how many pieces the order holds now of each of its stock items, by their ids
    """

    short: dict[str, int]
    held: dict[str, dict[str, int]]


def reserve(
    order_id: str, wanted: Mapping[str, int], model_id: str | None, work: Work, *, wished: Mapping[str, int]
) -> Rule:
    """Have an order hold so many pieces of each sku (by id), no more and no less. Returns a `Reserved`.

    wished   from which stock items its shipments are to be sent, as far as they are there: these come first, then what
             it holds already, then the first location's before others
    """
    held: list[StockHolding] = yield from holdings_of(order_id, work)
    locations = (yield from counted_places(model_id)) if model_id is not None and wanted else []
    stock: Levels = yield from _locked(held, locations, wanted)
    own = {one.stock_item_id: one for one in held}
    target: Counter[str] = Counter()
    short: dict[str, int] = {}
    for sku, quantity in wanted.items():
        left = quantity
        items = stock.items.get(sku, [])
        mine = {item.id: own[item.id].quantity if item.id in own else 0 for item in items}
        most = {item.id: item.free + mine[item.id] for item in items}
        for share in (wished, mine, most):
            for item in items:
                more = max(min(share.get(item.id, 0), most[item.id]) - target[item.id], 0)
                target[item.id] += min(more, left)
                left -= min(more, left)
        if left:
            short[sku] = quantity - left
    if short:
        return Reserved(short, {})
    changed = [
        (item, own.get(item.id), target[item.id])
        for items in stock.items.values()
        for item in items
        if target[item.id] != (own[item.id].quantity if item.id in own else 0)
    ]
    # Each kind of row after the other: what changes alike is written by one statement.
    for item, before, quantity in changed:
        item.count(work, reserved=quantity - (before.quantity if before is not None else 0))
    for item, before, quantity in changed:
        _hold(order_id, item, before, quantity, work)
    return Reserved({}, {sku: {item.id: target[item.id] for item in stock.items.get(sku, [])} for sku in wanted})


def take(order_id: str, work: Work) -> Rule:
    """Take from stock what an order has reserved."""
    held = yield from _held(order_id, work, "reserved")
    for holding, item in held:
        if item is not None:
            item.count(work, quantity=-holding.quantity, reserved=-holding.quantity)
    for holding, _ in held:
        work.change(holding, status="taken")


def give_back(order_id: str, sent: Iterable[tuple[str | None, str, int]], work: Work) -> Rule:
    """Give an order's stock back, reserved or taken, save what has left: that is taken for good.

    sent   what was sent of it: stock item as far as that is known, sku, and how many pieces
    """
    held = yield from _held(order_id, work, "reserved", "taken")
    gone = _among([holding for holding, _ in held], sent)
    for holding, item in held:
        if holding.status == "taken":
            yield from _return(holding, item, holding.quantity - gone[holding], work)
        elif item is not None:
            item.count(work, quantity=-gone[holding], reserved=-holding.quantity)
    for holding, _ in held:
        if gone[holding]:
            work.change(holding, status="taken", quantity=gone[holding])
        else:
            work.change(holding, status="given_back")


def give_back_part(
    order_id: str,
    pieces: Iterable[tuple[str | None, str, int]],
    work: Work,
    *,
    kept: Iterable[tuple[str | None, str, int]],
) -> Rule:
    """Give back a part of what an order holds, reserved or taken: it holds the rest from now on.

    pieces   stock item as far as that is known, sku, and how many
    kept     the same of what it still sends, or has sent: the order holds that before all else, so that pieces that
             were never held for it, which somebody put in by hand, give back none of these
    """
    held = yield from _held(order_id, work, "reserved", "taken")
    holdings = [holding for holding, _ in held]
    part = _among(holdings, pieces, beside=_among(holdings, kept))
    for holding, item in held:
        if holding.status == "taken":
            yield from _return(holding, item, part[holding], work)
        elif item is not None:
            item.count(work, reserved=-part[holding])
    for holding, _ in held:
        if part[holding] < holding.quantity:
            work.change(holding, quantity=holding.quantity - part[holding])
        else:
            work.delete(holding)


def _return(holding: StockHolding, item: StockItem | None, quantity: int, work: Work) -> Rule:
    """Put pieces that were taken back to where they were taken from: into that stock item, unless it is of another sku
    or at another location by now, or is gone.
    """
    if item is not None and holding.is_of(item):
        item.count(work, quantity=quantity)
        return
    place = (yield Find("stock_locations", eq("id", holding.stock_location_id))) if quantity else None
    if place is not None:
        yield from take_in(place.id, holding.sku_id, quantity, work)


def _among(
    held: list[StockHolding],
    pieces: Iterable[tuple[str | None, str, int]],
    *,
    beside: Mapping[StockHolding, int] | None = None,
) -> Counter[StockHolding]:
    """How many of these pieces are of each holding: those of the stock item that they are sent from come first, then
    any of their sku.

    beside   how many of each holding are others' already
    """
    others = beside or {}
    among: Counter[StockHolding] = Counter()
    for item_id, sku_id, quantity in pieces:
        left = quantity
        own = [one for one in held if one.sku_id == sku_id]
        for one in sorted(own, key=lambda one: one.stock_item_id != item_id):
            more = min(left, one.quantity - others.get(one, 0) - among[one])
            among[one] += more
            left -= more
    return among


def set_aside(location_id: str, sku_id: str, quantity: int, work: Work) -> Rule:
    """Reserve pieces that are to go to another location.

    raises   Invalid("quantity", "out_of_stock") where there are not so many
    """
    item = yield from _lying(location_id, sku_id)
    if item is None or item.free < quantity:
        count = 0 if item is None else item.free
        work.invalid("quantity", "out_of_stock", "is out of stock", value=quantity, count=count)
        work.check()
    item.count(work, reserved=quantity)


def release(location_id: str, sku_id: str, quantity: int, work: Work) -> Rule:
    """Reserve these pieces no more."""
    item = yield from _lying(location_id, sku_id)
    item.count(work, reserved=-quantity)


def send_off(location_id: str, sku_id: str, quantity: int, work: Work) -> Rule:
    """Take pieces that were set aside from stock."""
    item = yield from _lying(location_id, sku_id)
    item.count(work, quantity=-quantity, reserved=-quantity)


def take_in(location_id: str, sku_id: str, quantity: int, work: Work) -> Rule:
    """Add pieces to the stock of a location, of which it may have had none so far."""
    item = yield from _lying(location_id, sku_id)
    if item is not None:
        item.count(work, quantity=quantity)
        return
    sku = yield Find("skus", eq("id", sku_id))
    if sku is not None:  # Of a sku that is gone there is no stock.
        where = {"stock_location_id": location_id, "sku_id": sku_id, "sku_code": sku.code}
        work.create(StockItem, quantity=quantity, **where)


def _lying(location_id: str, sku_id: str) -> Rule:
    """The stock item of a sku at a location, locked; None where there is none."""
    where = both(eq("stock_location_id", location_id), eq("sku_id", sku_id))
    found = yield Find(StockItem, where, many=True, lock=True, anew=True)
    return found[0] if found else None


def _held(order_id: str, work: Work, *statuses: str) -> Rule:
    """What an order holds in these ways, each with its stock item, locked; None where that was deleted since."""
    held = [one for one in (yield from holdings_of(order_id, work)) if one.status in statuses]
    stock: Levels = yield from _locked(held, [], {})
    items = {item.id: item for of_sku in stock.items.values() for item in of_sku}
    return [(one, items.get(one.stock_item_id)) for one in held]


def _locked(held: Iterable[StockHolding], locations: list[str], skus: Iterable[str]) -> Rule:
    """The stock items that an order holds or may come to hold, locked and as they are by then."""
    ids, skus = sorted(one.stock_item_id for one in held), sorted(skus)
    parts: list[Condition] = [within("id", ids)] if ids else []
    if locations and skus:
        parts.append(both(within("stock_location_id", locations), within("sku_id", skus)))
    if not parts:
        return Levels({})
    return there((yield Find(StockItem, either(*parts), many=True, lock=True, anew=True)), locations)


def _hold(order_id: str, item: StockItem, own: StockHolding | None, quantity: int, work: Work) -> None:
    if own is None:
        held = {"order_id": order_id, "stock_item_id": item.id, "sku_id": item.sku_id}
        work.create(StockHolding, quantity=quantity, stock_location_id=item.stock_location_id, **held)
    elif quantity:
        work.change(own, quantity=quantity)
    else:
        work.delete(own)
