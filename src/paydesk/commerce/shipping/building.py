"""Building an order's shipments: what is sent together, from where, and by which methods it may be sent.

A step of an order's refresh. What is there already is kept as far as it still holds: shipments with what they are known
by, and the method chosen for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paydesk.base.currencies import to_step
from paydesk.commerce.cart import Cart, Step
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.inventory import holding
from paydesk.commerce.inventory.levels import Levels, at, places_of
from paydesk.commerce.shipping.dividing import Lot, Share, Stock, Wanted, divide
from paydesk.commerce.shipping.offering import PATHS, Parcel, compared, offered
from paydesk.commerce.shipping.shipment_offers import ShipmentOffer
from paydesk.commerce.shipping.shipments import Shipment, discard, load_offers, next_number
from paydesk.commerce.shipping.stock_line_items import StockLineItem
from paydesk.commerce.shipping.weights import weight_of
from paydesk.declare import Rule, both, either, eq, null, within
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work

_WHERE = {"market_id", "currency_code", "shipping_address_id", "shipping_country_code_lock"}
"""Columns of an order that say where it goes, and by whose methods."""

_BUILT = ("draft", "upcoming", "on_hold")
"""Statuses of shipments that a refresh builds anew; others were cancelled by hand."""


@dataclass(frozen=True, slots=True)
class Country:
    """Where an order goes, as long as only the country that it is locked to is known."""

    country_code: str | None
    state_code: str | None = None
    zip_code: str | None = None


def build(cart: Cart, work: Work) -> Rule:
    """Bring the order's shipments to what it holds now. It has none where nothing ships or nobody knows where to, and
    where its market has no shipping method: such a shop sends its goods without telling paydesk how.
    """
    methods: list[Any] = (yield from _methods(cart)) if _may_differ(cart, work) else []
    skus: Mapping[str, Sku] = (yield from _shipped(cart)) if methods else {}
    if not cart.shipments_count:
        cart.shipments = []
    else:
        yield Load(cart, ("shipments.stock_line_items", "shipments.shipping_method"))
        yield from load_offers(cart.shipments)
    shares: list[Share] = (yield from _divided(cart, skus, work)) if skus else []
    pairs = _matched(cart, shares, work)
    _fill(pairs, work)
    if pairs:
        yield Load(cart, ("shipping_address",))
        _offer(cart, pairs, methods, skus, work)
    work.change(cart, shipments_count=len(cart.shipments))


def _may_differ(cart: Cart, work: Work) -> bool:
    """An order without shipments is looked at again where it now goes elsewhere or holds something else, and whenever
    its refresh is asked for, or is the one that it is placed by: nothing else makes it have any, save a shop's first
    method. So other writes to such carts cost no statement.
    """
    if cart.shipments_count or cart.forced or work.changed.get(cart, {}).keys() & _WHERE:
        return True
    written = {*work.created, *work.changed}
    return any(line in written for line in cart.line_items)


def is_known(cart: Cart) -> bool:
    """It is known where the order goes, if only the country."""
    return cart.shipping_address_id is not None or bool(cart.shipping_country_code_lock)


def _methods(cart: Cart) -> Rule:
    """All shipping methods of the order's market, those that are switched off among them: a shop that has switched its
    methods off sends nothing, while one without any does not tell how it sends.
    """
    goods = any(line.pieces() for line in cart.line_items)
    if not goods or not is_known(cart):
        return []
    ours = either(null("market_id"), eq("market_id", cart.market_id))
    return (yield Find("shipping_methods", both(eq("currency_code", cart.currency_code), ours), PATHS, many=True))


def _shipped(cart: Cart) -> Rule:
    """The skus of the order that are sent anywhere, by id."""
    ids = sorted({sku for line in cart.line_items for sku in line.pieces()})
    found = yield Find(Sku, within("id", ids), many=True)
    return {sku.id: sku for sku in found if not sku.do_not_ship}


def _divided(cart: Cart, skus: Mapping[str, Sku], work: Work) -> Rule:
    wanted = [
        Wanted(line.id, sku.id, sku.code, sku.shipping_category_id, quantity, not sku.do_not_track)
        for line in cart.line_items
        for id_, quantity in line.pieces().items()
        if (sku := skus.get(id_)) is not None
    ]
    yield Load(cart, ("market.inventory_model",))
    model = cart.market.inventory_model
    if model is None:
        return divide(wanted, [], Stock(()), "no_split")
    places: list[Any] = yield from places_of(model.id)
    counted = [one.sku_id for one in wanted if one.counted]
    levels: Levels = yield from at([place.stock_location_id for place in places], counted)
    own: dict[str, int] = {}
    if cart.stock == "reserved":
        own = {one.stock_item_id: one.quantity for one in (yield from holding.holdings_of(cart.id, work))}
    stock = Stock(
        (sku, item.stock_location_id, item.id, item.free + own.get(item.id, 0))
        for sku, items in levels.items.items()
        for item in items
    )
    return divide(wanted, places, stock, model.strategy or "no_split")


def _matched(cart: Cart, shares: Sequence[Share], work: Work) -> list[tuple[Shipment, Share]]:
    """Each share with its shipment: the one that was sent from there before, any other, or a new one. What is left over
    is deleted.
    """
    spare = sorted((one for one in cart.shipments if one.status in _BUILT), key=lambda one: one.number)
    kept = {}
    for share in shares:
        same = next((one for one in spare if (one.stock_location_id, one.shipping_category_id) == share.key), None)
        if same is not None:
            spare.remove(same)
            kept[share.key] = same
    pairs = []
    for share in shares:
        shipment = kept.get(share.key) or (spare.pop(0) if spare else _new(cart, work))
        pairs.append((shipment, share))
    for shipment, share in pairs:
        work.change(
            shipment,
            currency_code=cart.currency_code,
            shipping_category_id=share.category_id,
            inventory_stock_location_id=share.place.id if share.place is not None else None,
            stock_location_id=share.place.stock_location_id if share.place is not None else None,
            shipping_address_id=cart.shipping_address_id,
            skus_count=sum(lot.quantity for lot in share.lots),
        )
    discard(spare, work)
    gone = set(spare)
    cart.shipments = [one for one in cart.shipments if one not in gone]
    return pairs


def _new(cart: Cart, work: Work) -> Shipment:
    shipment = work.create(Shipment, order_id=cart.id, number=next_number(cart.number, cart.shipments))
    shipment.order, shipment.offers, shipment.stock_line_items = cart, [], []
    shipment.shipping_method = None
    cart.shipments.append(shipment)
    return shipment


def _fill(pairs: Iterable[tuple[Shipment, Share]], work: Work) -> None:
    """Have each shipment hold what its share does. Each kind of change comes after the other: what changes alike is
    written by one statement.
    """
    new: list[tuple[Shipment, Lot]] = []
    changed: list[tuple[StockLineItem, int]] = []
    old: list[tuple[Shipment, StockLineItem]] = []
    for shipment, share in pairs:
        held: dict[tuple[str | None, ...], StockLineItem] = {}
        for piece in shipment.stock_line_items:
            # Two of them may have come to be taken from one place when the order was placed.
            if held.setdefault((piece.line_item_id, piece.sku_id, piece.stock_item_id), piece) is not piece:
                old.append((shipment, piece))
        for lot in share.lots:
            one = held.pop((lot.line_id, lot.sku_id, lot.stock_item_id), None)
            if one is None:
                new.append((shipment, lot))
            else:
                changed.append((one, lot.quantity))
        old.extend((shipment, one) for one in held.values())
    for shipment, one in old:
        shipment.stock_line_items.remove(one)
        work.delete(one)
    for one, quantity in changed:
        work.change(one, quantity=quantity)
    for shipment, lot in new:
        made = work.create(
            StockLineItem,
            shipment_id=shipment.id,
            line_item_id=lot.line_id,
            sku_id=lot.sku_id,
            sku_code=lot.sku_code,
            stock_item_id=lot.stock_item_id,
            quantity=lot.quantity,
        )
        shipment.stock_line_items.append(made)


def _offer(
    cart: Cart,
    pairs: Sequence[tuple[Shipment, Share]],
    methods: Sequence[Any],
    skus: Mapping[str, Sku],
    work: Work,
) -> None:
    """Say by which methods each shipment may be sent. A chosen one is kept while it is among them; without one, the
    market's default is chosen where it is.
    """
    by_id = {one.id: one for one in methods}
    subtotal, total = compared(line.priced() for line in cart.line_items)
    address = cart.shipping_address or Country(cart.shipping_country_code_lock)
    gone: list[tuple[Shipment, ShipmentOffer]] = []
    made: list[tuple[Shipment, str, int]] = []
    for shipment, share in pairs:
        categories = {lot.category_id for lot in share.lots}
        parcel = Parcel(
            market_id=cart.market_id,
            currency_code=cart.currency_code,
            address=address,
            shipping_category_id=categories.pop() if len(categories) == 1 else None,
            stock_location_id=shipment.stock_location_id,
            weight=weight_of((skus[lot.sku_id], lot.quantity) for lot in share.lots),
            subtotal_cents=subtotal,
            total_cents=total,
        )
        prices = {id_: to_step(cents, cart.currency_code) for id_, cents in offered(methods, parcel).items()}
        had = {one.shipping_method_id: one for one in shipment.offers}
        for id_, cents in prices.items():
            if id_ in had:
                work.change(had[id_], price_cents=cents)
            else:
                made.append((shipment, id_, cents))
        gone.extend((shipment, one) for id_, one in had.items() if id_ not in prices)
        chosen = shipment.shipping_method_id
        if chosen not in prices:
            default = cart.market.default_shipping_method_id
            chosen = default if default in prices else None
        work.relate(shipment, "shipping_method", by_id[chosen] if chosen is not None else None)
    for shipment, one in gone:
        shipment.offers.remove(one)
        work.delete(one)
    for shipment, id_, cents in made:
        shipment.offers.append(
            work.create(ShipmentOffer, shipment_id=shipment.id, shipping_method_id=id_, price_cents=cents)
        )


SHIPMENTS = Step("shipments", build)
