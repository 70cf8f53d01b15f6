"""Attributes of an order that are worked out from others when they are read."""

from __future__ import annotations

from paydesk.commerce.payable import EDITABLE
from paydesk.declare import Condition, Test, within

EDITABLE_SCOPES: dict[str, Condition] = {
    "editable_true": within("status", EDITABLE),
    "editable_false": Test("status", "not_in", EDITABLE),
}
"""Filters by `editable`, which no column keeps."""


def is_editable(status: str) -> bool:
    """Whether an order can still be changed."""
    return status in EDITABLE


def checkout_url(market_url: str | None, order_id: str) -> str | None:
    """Where the shopper pays; None if the market has no checkout."""
    if not market_url:
        return None
    if ":order_id" in market_url:
        return market_url.replace(":order_id", order_id)
    return f"{market_url.rstrip('/')}/{order_id}"


def or_none(count: int | None) -> int:
    """Orders of before it was counted have no count."""
    return count or 0


def customer_type_shown(customer_type: str, guest: bool, is_shopper: bool) -> str:
    """Hidden from a guest, who may have typed anybody's e-mail address."""
    return "new" if is_shopper and guest else customer_type
