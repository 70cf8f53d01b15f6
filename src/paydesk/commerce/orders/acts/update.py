"""Changing an order."""

from __future__ import annotations

from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.orders import addressing, paying
from paydesk.commerce.orders.changes import check_store, choose_payment, own_values, refuse_codes
from paydesk.commerce.orders.numbers import check_number
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.ownership import customer_of_change, name_customer
from paydesk.commerce.payments.acts import save
from paydesk.declare import Rule, within
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.work import Work

_MOVES = frozenset(
    (
        "_pending",
        "_place",
        "_start_editing",
        "_stop_editing",
        "_fix_payment_source",
        "_approve",
        "_approve_and_capture",
        "_capture",
        "_refund",
        "_cancel",
        "_fulfill",
    )
)
"""Triggers that say themselves in which status they may be used."""

_HARMLESS = frozenset(
    ("reference", "reference_origin", "metadata", "_add_tags", "_remove_tags", "_archive", "_unarchive")
)
"""Members that may be written to an order that is no longer editable."""

AROUND_PLACING = frozenset(
    (
        save.SAVE,
        "_create_subscriptions",
        "_save_billing_address_to_customer_address_book",
        "_save_shipping_address_to_customer_address_book",
    )
)
"""Triggers that official front ends send around placing, without looking whether a webhook has placed the order."""


def update(order: Order, change: Change, work: Work) -> Rule:
    """Assign what a request writes; its triggers run afterwards."""
    given = change.values.keys() | {name for name, value in change.arguments.items() if value}
    if not order.editable_now:
        if not given <= _HARMLESS | _MOVES | AROUND_PLACING:
            order.must_be_editable(work)
        work.change(order, **change.values)
        return
    refuse_codes(change, work)
    check_number(order, change, work)
    yield from _change_market(order, change, work)
    yield from _change_store(order, change, work)
    customer = yield from customer_of_change(order, order.id, change, work)
    work.check()
    work.change(order, **own_values(order, change, work))
    yield from name_customer(order, customer, change, work)
    if "billing_address" in change.related:
        yield from addressing.assign(order, "billing_address", change.related["billing_address"], work)
    if "shipping_address" in change.related:
        yield from addressing.assign(order, "shipping_address", change.related["shipping_address"], work)
    yield from choose_payment(order, change, work)
    work.check()


def refresh_after(order: Order, change: Change, work: Work) -> Rule:
    """Refresh the order once values are assigned and triggers have run."""
    work.check()
    if "shipping_country_code_lock" in change.values and order.editable_now:
        work.mistakes.extend((yield from addressing.problems(order)))
        work.check()
    if change.arguments.get("_start_editing"):
        return  # A placed order is not priced anew before something is changed.
    forced = change.arguments.get("_refresh") or change.arguments.get("_refresh_prices")
    yield from order.refresh(work, forced=bool(forced))


def _change_market(order: Order, change: Change, work: Work) -> Rule:
    """Another market brings its prices; another currency only to a cart without goods and money."""
    if "market" not in change.related:
        return
    market = change.related["market"]
    if market is None:
        work.invalid("market", "blank")
    elif market.id != order.market_id:
        yield Load(market, ("price_list",))
        price_list = market.price_list
        if order.status not in ("draft", "pending"):
            work.invalid("market", "not_editable", "is not editable", value=order.status)
            return
        if price_list.currency_code != order.currency_code:
            if order.line_items:
                work.invalid("market", "invalid", "has another currency than the order's line items")
                return
            if (yield from paying.is_under_way(order, work)):
                work.invalid("market", "currency_mismatch", "has another currency than the order's payments")
                return
        if missing := (yield from _not_sold(market, order, work)):
            told = ", ".join(missing)
            work.invalid("market", "no_price", f"does not sell {told} of the order's line items", value=told)
            return
        work.relate(order, "market", market)
        work.change(order, currency_code=price_list.currency_code, tax_included=price_list.tax_included)


def _change_store(order: Order, change: Change, work: Work) -> Rule:
    """A store sells for its own market, whichever of both is changed."""
    if "store" in change.related:
        check_store(change.related["store"], order.market, work)
    elif "market" in change.related and order.store_id is not None:
        yield Load(order, ("store",))
        check_store(order.store, order.market, work)


def _not_sold(market: Market, order: Order, work: Work) -> Rule:
    """What of an order a market does not sell: codes of skus and bundles, names of options. An amount that an
    integration has fixed holds in every market of its currency.
    """
    yield Load(order, ("line_items",))
    skus = [one for one in order.line_items if one.item_type == "skus" and one.item_id and not one.price_fixed]
    ids = sorted({one.item_id for one in skus if one.item_id})
    prices = (yield from prices_in(market, ids, order.currency_code, work)) if ids else {}
    missing = [one.sku_code for one in skus if one.item_id not in prices]
    if any(line.options_count for line in order.line_items):
        yield Load(order, ("line_item_options.sku_option",))
        missing += [one.name for one in order.line_item_options if not one.is_sold_in(market.id)]
    bundles = sorted({line.item_id for line in order.line_items if line.item_type == "bundles" and line.item_id})
    if bundles:
        found = yield Find("bundles", within("id", bundles), many=True)
        missing += [one.code for one in found if not one.is_sold_in(market.id, order.currency_code)]
    return sorted(set(missing))
