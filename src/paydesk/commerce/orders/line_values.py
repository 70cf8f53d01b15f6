"""The values of a line item that a request makes or changes: its item, description and price."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.orders.order import Order
from paydesk.commerce.unserved import asked
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work

_CUSTOM = ("skus", "adjustments")
"""The types of a line without item: goods, or an adjustment of either sign."""


def sku_of(change: Change, work: Work) -> Rule:
    """The sku that `item` or `sku_code` names, None when neither does."""
    item = change.related.get("item")
    code = change.values.pop("sku_code", None)
    if isinstance(item, Sku):
        return item
    if item is not None:
        work.invalid("item", "invalid")
    elif code:
        sku = yield Find(Sku, eq("code", code))
        if sku is None:
            work.invalid("sku_code", "noent_sku", "doesn't exist", value=code)
            work.check()
        return sku
    return None


def refuse_unserved(change: Change, work: Work) -> None:
    """Refuse bundles and subscriptions, as in a shop that has none."""
    bundle = asked(change, "bundle_code")
    if bundle:
        work.invalid("bundle_code", "noent_bundle", "doesn't exist", value=bundle)
    frequency = change.values.get("frequency")
    if frequency:
        work.invalid("frequency", "inclusion", value=frequency)
    work.check()


def describe_custom(values: dict[str, Any], work: Work) -> None:
    """Take name, type and price of a line without item from the request, which only an integration may send."""
    if work.actor.is_sales_channel:
        work.invalid("item", "blank")
        work.check()
    for name in ("name", "unit_amount_cents"):
        if values.get(name) in (None, ""):
            work.invalid(name, "blank")
    item_type = values["item_type"] = values.get("item_type") or "skus"
    if item_type not in _CUSTOM:
        work.invalid("item_type", "inclusion", value=item_type)
    check_sign(values.get("unit_amount_cents") or 0, item_type, work)
    values["price_fixed"] = True


def describe_sku(values: dict[str, Any], sku: Sku, work: Work) -> None:
    """Take from the sku what the request leaves out: type, code, name and picture."""
    if values.get("item_type") not in (None, "skus"):
        work.invalid("item_type", "inclusion", value=values["item_type"])
    values.update(
        item_id=sku.id,
        item_type="skus",
        sku_code=sku.code,
        name=values.get("name") or sku.name,
        image_url=values.get("image_url") or sku.image_url,
    )


def price_sku(values: dict[str, Any], sku: Sku, field: str, order: Order, work: Work, quantity: int) -> Rule:
    """Take what one of so many costs in the list of the order's market, unless an integration gave a price."""
    if values.get("unit_amount_cents") is not None:
        check_sign(values["unit_amount_cents"], "skus", work)
        values["price_fixed"] = True
        return
    price = (yield from prices_in(order.market, [sku.id], order.currency_code, work)).get(sku.id)
    if price is None:
        work.invalid(field, "no_price", "has no price in this market", value=sku.code)
        return
    values["unit_amount_cents"] = price.amount_cents(quantity, values.get("frequency"))
    if values.get("compare_at_amount_cents") is None:
        values["compare_at_amount_cents"] = price.compare_at_amount_cents


def check_sign(unit_cents: int, item_type: str, work: Work) -> None:
    """Only an adjustment may cost less than nothing."""
    if unit_cents < 0 and item_type != "adjustments":
        work.invalid("unit_amount_cents", "greater_than_or_equal_to", value=unit_cents, count=0)
