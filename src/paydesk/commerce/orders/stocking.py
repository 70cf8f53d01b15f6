"""What an order asks of stock: no line holds more than its market has, and what is placed is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from paydesk.base.errors import Invalid
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.inventory import holding
from paydesk.commerce.inventory.holding import Reserved
from paydesk.commerce.inventory.levels import Levels, levels
from paydesk.commerce.orders.order import Order
from paydesk.commerce.shipping.dividing import relocated
from paydesk.commerce.shipping.handling import SENT
from paydesk.commerce.shipping.stock_line_items import StockLineItem
from paydesk.declare import Rule, within
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work


def must_be_there(order: Order, more: Mapping[str, int], work: Work, known: Sku | None = None) -> Rule:
    """Note where a line asks for more pieces of a sku than the order holds and its market cannot give them.

    more     how many more of each sku, by its id
    known    the one that is asked for, where it is in hand
    source   Commerce Layer, "Line items", `quantity`
    """
    model, asked = _model(order), sorted(sku for sku, pieces in more.items() if pieces > 0)
    if model is None or not asked:
        return
    skus = {known.id: known} if known is not None else (yield from _counted(asked))
    counted = [id_ for id_, sku in skus.items() if not sku.do_not_track]
    if not counted:
        return
    there: Levels = yield from levels(model, counted)
    reserved = yield from _reserved(order, work)
    for sku in counted:
        free, wanted = there.free(sku) + reserved[sku], pieces(order)[sku] + more[sku]
        if wanted > free:
            work.invalid("quantity", "out_of_stock", "is out of stock", value=wanted, count=free)
            return


def shortages(order: Order, work: Work) -> Rule:
    """What the order holds more of than its market has, a mistake for each sku. Needs `line_items` and `market`."""
    model, wanted = _model(order), pieces(order)
    if model is None or not wanted:
        return []
    counted = yield from _counted(sorted(wanted))
    there: Levels = yield from levels(model, counted)
    own = yield from _reserved(order, work)
    free = {sku: there.free(sku) + own[sku] for sku in counted}
    return [_short(sku, free[sku.id]) for sku in counted.values() if wanted[sku.id] > free[sku.id]]


def reserve(order: Order, work: Work) -> Rule:
    """Reserve what the order holds, no more and no less. Returns what is short, and changes nothing then."""
    if _model(order) is None and order.stock is None:
        return []
    counted = yield from _counted(sorted(pieces(order)))
    wanted = {sku: quantity for sku, quantity in pieces(order).items() if sku in counted}
    lots = yield from _lots(order, counted)
    wished: Counter[str] = Counter()
    for one in lots:
        wished[one.stock_item_id] += one.quantity
    reserved: Reserved = yield from holding.reserve(order.id, wanted, _model(order), work, wished=wished)
    if not reserved.short:
        work.change(order, stock="reserved")
        _follow(lots, reserved.held, work)
    return [_short(counted[sku], free) for sku, free in reserved.short.items()]


def _lots(order: Order, counted: Mapping[str, Sku]) -> Rule:
    """What the order's shipments hold of skus whose stock is counted."""
    if not order.shipments_count:
        return []
    yield Load(order, ("shipments.stock_line_items",))
    each = [one for shipment in order.shipments if shipment.status != "cancelled" for one in shipment.stock_line_items]
    return [one for one in each if one.sku_id in counted]


def _follow(lots: list[StockLineItem], held: Mapping[str, Mapping[str, int]], work: Work) -> None:
    """Have shipments say where their pieces really lie. Another order may have taken what was there a moment ago, and
    others may lie elsewhere: the goods are the same, and so is what sending them costs.
    """
    for sku in {one.sku_id for one in lots}:
        own = [one for one in lots if one.sku_id == sku]
        moved = relocated([(one.stock_item_id, one.quantity) for one in own], held.get(sku, {}))
        for one, ((item, quantity), *others) in zip(own, moved, strict=True):
            work.change(one, stock_item_id=item, quantity=quantity)
            for item, quantity in others:
                said = {name: getattr(one, name) for name in ("shipment_id", "line_item_id", "sku_id", "sku_code")}
                work.create(StockLineItem, stock_item_id=item, quantity=quantity, **said)


def take(order: Order, work: Work) -> Rule:
    """Take what is reserved for the order from stock."""
    if order.stock == "reserved":
        yield from holding.take(order.id, work)
        work.change(order, stock="taken")


def take_at_approval(order: Order, work: Work) -> Rule:
    """The same, unless the market's inventory model leaves it until the order is fulfilled."""
    if order.stock == "reserved":
        yield Load(order, ("market.inventory_model",))
        model = order.market.inventory_model
        if model is None or not model.manual_stock_decrement:
            yield from take(order, work)


def give_back(order: Order, work: Work) -> Rule:
    """Give back what is reserved for the order or was taken for it. What was delivered is not there, nor what has left
    by one of several shipments.
    """
    if order.stock in ("reserved", "taken") and order.fulfillment_status != "fulfilled":
        sent = yield from _sent(order)
        yield from holding.give_back(order.id, sent, work)
        work.change(order, stock="given_back")


def _sent(order: Order) -> Rule:
    """What has left of the order: stock item, sku and pieces. Without a shipment that has left nothing is read."""
    if not order.shipments_count:
        return []
    yield Load(order, ("shipments",))
    left = [one for one in order.shipments if one.status in SENT]
    if left:
        yield Load(order, ("shipments.stock_line_items",))
    return [(one.stock_item_id, one.sku_id, one.quantity) for shipment in left for one in shipment.stock_line_items]


def _model(order: Order) -> str | None:
    """The inventory model by which the order's stock is counted; None where it is not, as in an order that was placed
    before its market had one.
    """
    return order.market.inventory_model_id if order.placed_at is None or order.stock is not None else None


def _reserved(order: Order, work: Work) -> Rule:
    """How many of each sku are reserved for the order."""
    own: Counter[str] = Counter()
    if order.stock == "reserved":
        for one in (yield from holding.holdings_of(order.id, work)):
            own[one.sku_id] += one.quantity
    return own


def _short(sku: Sku, free: int) -> Invalid:
    return Invalid("line_items", "out_of_stock", f"{sku.code} is out of stock", value=sku.code, count=free)


def pieces(order: Order) -> Counter[str]:
    """How many of each sku the order holds, by its id."""
    wanted: Counter[str] = Counter()
    for line in order.line_items:
        wanted.update(line.pieces())
    return wanted


def _counted(sku_ids: Iterable[str]) -> Rule:
    """Those of these skus whose stock is counted, by id."""
    found = yield Find(Sku, within("id", sku_ids), many=True)
    return {sku.id: sku for sku in found if not sku.do_not_track}
