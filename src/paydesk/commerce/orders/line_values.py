"""The values of a line item that a request makes or changes: its item, description and price."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.catalog.bundles import Bundle
from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.orders.adjustments import Adjustment
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work

_CUSTOM = ("skus", "adjustments")
"""The types of a line without item: goods, or an adjustment of either sign."""


Item = Sku | Bundle | Adjustment
"""What a client can make a line of."""


def item_of(change: Change, work: Work) -> Rule:
    """The record that `item`, `sku_code` or `bundle_code` names, None when none does."""
    item = change.related.get("item")
    codes = {kind: change.values.pop(_CODES[kind.shape.type], None) for kind in (Sku, Bundle)}
    if isinstance(item, Item):
        return item
    if item is not None:
        work.invalid("item", "invalid")
    for kind, code in codes.items():
        if item is None and code:
            found = yield Find(kind, eq("code", code))
            if found is None:
                name = kind.shape.singular
                work.invalid(f"{name}_code", f"noent_{name}", "doesn't exist", value=code)
                work.check()
            return found
    return None


_CODES = {"skus": "sku_code", "bundles": "bundle_code"}


def code_of(item: Item) -> str:
    """The attribute by which a client names an item."""
    return _CODES.get(item.shape.type, "item")


def pieces_of(values: dict[str, Any], quantity: int) -> dict[str, int]:
    """How many of each sku, by its id, a line of these values holds."""
    if values["item_type"] == "skus":
        return {values["item_id"]: quantity}
    return {sku: each * quantity for sku, each in (values.get("contents") or {}).items()}


def refuse_unserved(change: Change, work: Work) -> None:
    """Refuse subscriptions and prices of external services, as in a shop that has none."""
    frequency = change.values.get("frequency")
    if frequency:
        work.invalid("frequency", "inclusion", value=frequency)
    if change.values.get("_external_price"):
        work.invalid("_external_price", "not_served", "can't be true: prices of external services are not served yet")
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


def describe(values: dict[str, Any], item: Item, work: Work) -> None:
    """Take from its item what the request leaves out of a line: type, code, name and picture."""
    kind = item.shape.type
    if values.get("item_type") not in (None, kind):
        work.invalid("item_type", "inclusion", value=values["item_type"])
    values.update(item_id=item.id, item_type=kind, name=values.get("name") or item.name)
    if isinstance(item, Sku):
        values.update(sku_code=item.code, image_url=values.get("image_url") or item.image_url)
    elif isinstance(item, Bundle):
        values.update(bundle_code=item.code, image_url=values.get("image_url") or item.image_url)
        values["contents"] = dict(item.contents)


def price(values: dict[str, Any], item: Item, change: Change, order: Order, work: Work, quantity: int) -> Rule:
    """Take what one of so many costs in the order's market, unless an integration gave a price."""
    kind = item.shape.type
    if values.get("unit_amount_cents") is not None:
        check_sign(values["unit_amount_cents"], kind, work)
        values["price_fixed"] = True
        return
    field = "item" if "item" in change.related else code_of(item)
    if isinstance(item, Adjustment):
        if item.currency_code != order.currency_code:
            work.invalid(field, "currency_mismatch", "has another currency than the order")
        values["unit_amount_cents"] = item.amount_cents
        return
    if isinstance(item, Bundle):
        if not item.is_sold_in(order.market_id, order.currency_code):
            work.invalid(field, "no_price", "is not sold in this market", value=item.code)
            return
        values["unit_amount_cents"] = item.price_amount_cents
        if values.get("compare_at_amount_cents") is None:
            values["compare_at_amount_cents"] = item.compare_at_amount_cents
        return
    found = (yield from prices_in(order.market, [item.id], order.currency_code, work)).get(item.id)
    if found is None:
        work.invalid(field, "no_price", "has no price in this market", value=item.code)
        return
    values["unit_amount_cents"] = found.amount_cents(quantity, values.get("frequency"))
    if values.get("compare_at_amount_cents") is None:
        values["compare_at_amount_cents"] = found.compare_at_amount_cents


def check_sign(unit_cents: int, item_type: str, work: Work) -> None:
    """Only an adjustment may cost less than nothing."""
    if unit_cents < 0 and item_type != "adjustments":
        work.invalid("unit_amount_cents", "greater_than_or_equal_to", value=unit_cents, count=0)
