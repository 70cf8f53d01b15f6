"""Which parts of an order are taxed beside its goods: as the tax rule says, unless a client has said otherwise."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.cart import Cart
from paydesk.rules.work import Work

SWITCHES = ("freight_taxable", "payment_method_taxable", "adjustment_taxable", "gift_card_taxable")


def said_of(cart: Cart) -> dict[str, bool]:
    """What clients have said of these switches: where no calculator has worked for the order they alone turned them."""
    if cart.taxable_told is not None:
        return cart.taxable_told
    return {name: True for name in SWITCHES if getattr(cart, name)}


def tell(cart: Cart | None, values: dict[str, Any], work: Work) -> None:
    """Keep what a request says of these switches.

    values    what a request assigns; a switch that it may not turn is taken out

    A shopper may have more taxed than the rule says and never less, or everybody would ship untaxed.
    """
    said = said_of(cart) if cart is not None else {}
    for name in SWITCHES:
        if name not in values:
            continue
        if work.actor.is_sales_channel and not values[name]:
            del values[name]
        else:
            values["taxable_told"] = said = {**said, name: bool(values[name])}
