"""Refreshing: bringing an order's prices, fees, amounts and status up to what it holds now."""

from __future__ import annotations

from paydesk.base.instants import seconds
from paydesk.commerce.accounts.organizations import setting
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.refresh.refreshed import Refreshed
from paydesk.commerce.orders.refresh.steps import STEPS, TAXING
from paydesk.commerce.taxes.steps import count
from paydesk.declare import Condition, Rule, Test, both, either, eq
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work


def refresh(order: Order, work: Work, *, forced: bool = False) -> Rule:
    """Take every step of `STEPS`. Returns a `Refreshed`, None where it is not due.

    forced   also when the order does not refresh by itself
    source   Commerce Layer, "Orders", `_refresh` and `autorefresh`
    """
    if not order.editable_now:
        return None
    yield Load(order, ("line_items", "market"))
    cutoff = setting(work, "orders_autorefresh_cutoff_live" if work.actor.live else "orders_autorefresh_cutoff_test")
    if len(order.line_items) > cutoff:
        work.change(order, autorefresh=False)
    if not forced and not _is_due(order, work):
        return None
    order.forced = forced
    for step in STEPS:
        yield from step.take(order, work)
    work.change(order, refreshed_at=work.now)
    return Refreshed(order, work, order.due())


def update_taxes(order: Order, work: Work) -> Rule:
    """Calculate the taxes anew, also where the order does not refresh by itself. Its prices stay as they are.

    source   Commerce Layer, "Orders", `_update_taxes`
    """
    order.must_be_editable(work)
    yield Load(order, ("line_items", "market"))
    counted = order.tax_calculations_count
    for step in TAXING:
        yield from step.take(order, work)
    if order.tax_calculations_count == counted:
        count(order, work)


def catch_up(order: Order, work: Work) -> Rule:
    """Refresh before a payment is asked for, where a write or a price may have come since the last refresh. Returns
    whether that was done.
    """
    if not order.editable_now:
        return False
    # What is written to such an order need not have refreshed it.
    is_behind = not order.autorefresh or bool(setting(work, "orders_min_refresh_lapse")) or order.refreshed_at is None
    # What sending it costs depends on methods, zones, tiers, addresses, weights and stock: it is worked out anew.
    is_behind = is_behind or bool(order.shipments_count)
    if not is_behind and (order.skus_count or order.line_item_options_count or order.adjustment_amount_cents):
        since = order.refreshed_at
        newer = either(
            Test("sku.prices.updated_at", "gteq", since),
            Test("order.market.updated_at", "gteq", since),
            _switched(order, work),
            Test("adjustment.updated_at", "gteq", since),
            Test("bundle.updated_at", "gteq", since),
            *(
                [Test("line_item_options.sku_option.updated_at", "gteq", since)]
                if order.line_item_options_count
                else ()
            ),
        )
        # What a calculator looks at beside them: the order's addresses, and its own rules.
        moved = (
            f"order.{name}.updated_at" for name in ("shipping_address", "billing_address", "market.tax_calculator")
        )
        is_taxed = Test("order.market.tax_calculator_id", "not_null")
        taxed = both(is_taxed, either(*(Test(path, "gteq", since) for path in moved)))
        is_behind = (yield Find(LineItem, both(eq("order_id", order.id), either(newer, taxed)))) is not None
    if is_behind:
        yield from refresh(order, work, forced=True)
    return is_behind


def _switched(order: Order, work: Work) -> Condition:
    """Whether a scheduler of a line's market may have begun or ended since the last refresh."""
    since = order.refreshed_at
    moments = [f"order.market.price_list_schedulers.{name}" for name in ("starts_at", "expires_at")]
    passed = [both(Test(path, "gteq", since), Test(path, "lteq", work.now)) for path in moments]
    return both(Test("order.market.scheduled_until", "gteq", since), either(*passed))


def _is_due(order: Order, work: Work) -> bool:
    lapse = setting(work, "orders_min_refresh_lapse")
    last = order.refreshed_at
    return bool(order.autorefresh) and not (lapse and last and 0 <= seconds(work.now) - seconds(last) < lapse)
