"""markets: where prices, payment methods and orders belong together."""

from __future__ import annotations

import secrets
from typing import Any

from paydesk.commerce.entering import OPEN
from paydesk.declare import (
    FILTER,
    FIND,
    WRITE,
    Access,
    Caller,
    Own,
    Rule,
    Test,
    array,
    boolean,
    both,
    eq,
    hidden,
    integer,
    null,
    string,
    to_many,
    to_one,
    trigger,
    within,
)
from paydesk.rules.asking import Change, Find, Next
from paydesk.rules.resource import Disableable, switching
from paydesk.rules.work import Work

CARTS = ("draft", "pending", "placing", "editing")
"""Statuses of orders whose lines are still priced."""

_ENTERED = both(null("disabled_at"), OPEN)


class Market(
    Disableable,
    type="markets",
    singular="market",
    cacheable=True,
    unique=(("code",), ("number",)),
    scopes={"private_true": eq("private", True), "private_false": eq("private", False)},
    access=Access(
        guest="S",
        customer="S",
        guest_sees=_ENTERED,
        customer_sees=_ENTERED,
        scope=within("id", Caller("market_ids")),
    ),
):
    """A merchant and a price list, and all that is sold by them. Source: Commerce Layer, "Markets"."""

    number = integer(example=1234, doc="A number of its own, counted up.")
    name = string(WRITE | FIND, required=True, example="EU Market", doc="What people call it.")
    code = string(WRITE | FIND, example="europe1", doc="Your own code; `market:code:{code}` in token scopes.")
    facebook_pixel_id = string(WRITE, example="1234567890", doc="Facebook pixel of the storefront.")
    checkout_url = string(
        WRITE,
        example="https://checkout.yourbrand.com/:order_id",
        doc="Where its orders are checked out; the order's id follows, or replaces `:order_id`.",
    )
    external_prices_url = string(
        WRITE, example="https://external_prices.yourbrand.com", doc="Who is asked for external prices."
    )
    external_order_validation_url = string(
        WRITE, example="https://external_validation.yourbrand.com", doc="Who is asked to validate an order."
    )
    private = boolean(default=False, example=True, doc="Only customers of its group may enter.")
    shipping_cost_cutoff = integer(WRITE, example=3, doc="Most shipment lines of an order that cost.")
    shared_secret = string(
        confidential=True,
        secret=True,
        example="1c0994cc4e996e8c6ee56a2198f66f3c",
        doc="Signs what is sent to external services.",
    )
    external_includes = array(WRITE, default=[], doc="Relationships included in what is sent to external services.")
    merchant = to_one("merchants", WRITE | FILTER, required=True)
    price_list = to_one("price_lists", WRITE | FIND, required=True)
    base_price_list = to_one("price_lists", match=eq("id", Own("price_list_id")))
    inventory_model = to_one("inventory_models", WRITE | FIND)
    subscription_model = to_one("subscription_models", WRITE | FIND)
    discount_engine = to_one("discount_engines", WRITE | FIND)
    tax_calculator = to_one(
        (
            "avalara_accounts",
            "external_tax_calculators",
            "manual_tax_calculators",
            "stripe_tax_accounts",
            "taxjar_accounts",
            "vertex_accounts",
        ),
        WRITE | FIND,
    )
    customer_group = to_one("customer_groups", WRITE | FIND)
    geocoder = to_one("geocoders", WRITE | FIND)
    default_shipping_method = to_one("shipping_methods", WRITE | FIND, constrained=False)
    default_payment_method = to_one("payment_methods", WRITE | FIND, constrained=False)
    stores = to_many("stores", by="market")
    list_prices = to_many("prices", match=eq("price_list_id", Own("price_list_id")), hidden=True)
    places = to_many(
        "inventory_stock_locations", match=eq("inventory_model_id", Own("inventory_model_id")), hidden=True
    )
    price_list_schedulers = to_many("price_list_schedulers", by="market")
    scheduled_until = hidden("datetime", doc="When the last of its schedulers ends that is not disabled.")
    schedulers_changed_at = hidden("datetime", doc="When one of its schedulers was made, changed, moved or deleted.")
    tax_included = hidden("boolean", doc="Whether the prices of its list contain taxes, so that carts need not ask.")
    order_validation_rules = to_many("order_validation_rules", by="market")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        switching(change, work)
        number = yield Next("markets.number")
        prices = yield from held_lists(change.values["price_list_id"])
        return work.create(
            cls,
            **change.values,
            number=number,
            tax_included=prices[change.values["price_list_id"]].tax_included,
            private=change.values.get("customer_group_id") is not None,
            shared_secret=secrets.token_hex(16),
        )

    def updating(self, change: Change, work: Work) -> Rule:
        switching(change, work)
        yield from self._keeps_currency(change, work)
        if "customer_group_id" in change.values:
            change.values["private"] = change.values["customer_group_id"] is not None
        work.change(self, **change.values)

    def _keeps_currency(self, change: Change, work: Work) -> Rule:
        """What is in carts was priced in the currency that the market has."""
        prices = change.related.get("price_list")
        if prices is None or prices.id == self.price_list_id:
            return
        prices = (yield from held_lists(prices.id))[prices.id]
        others = Test("currency_code", "ne", prices.currency_code)
        theirs = both(eq("market_id", self.id), within("status", CARTS), others)
        if (yield Find("orders", theirs, first=True)) is not None:
            work.invalid("price_list", "currency_mismatch", "has another currency than open carts of the market")
        taxed = Test("price_list.tax_included", "ne", prices.tax_included)
        to_come = both(eq("market_id", self.id), Test("expires_at", "gt", work.now), taxed)
        if (yield Find("price_list_schedulers", to_come, first=True)) is not None:
            work.invalid("price_list", "tax_mismatch", "differs from the market's schedulers in `tax_included`")
        work.check()
        work.change(self, tax_included=prices.tax_included)

    def follow_list(self, prices: Any, work: Work) -> None:
        """Its price list says something else of taxes now, so its carts are behind."""
        work.change(self, tax_included=prices.tax_included)

    @trigger()
    def _regenerate_shared_secret(self, work: Work, value: bool) -> None:
        """Make a new shared secret; what was signed with the old one is no longer accepted."""
        work.change(self, shared_secret=secrets.token_hex(16))


def held_lists(*ids: str) -> Rule:
    """These price lists by id, as they are and stay until the transaction ends: nobody changes meanwhile whether their
    prices contain taxes.
    """
    found = yield Find("price_lists", within("id", sorted(set(ids))), many=True, lock=True, anew=True)
    return {one.id: one for one in found}
