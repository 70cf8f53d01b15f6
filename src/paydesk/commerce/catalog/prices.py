"""prices: what a sku costs in a price list."""

from __future__ import annotations

from typing import Any

from paydesk.base.money import formatted
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.unserved import as_it_is, refuse_rules
from paydesk.declare import (
    ALWAYS,
    FILTER,
    FIND,
    NONE,
    UPDATE,
    WRITE,
    Access,
    Caller,
    Rule,
    both,
    constant,
    derived,
    eq,
    moment,
    money,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Price(
    Resource,
    type="prices",
    singular="price",
    cacheable=True,
    unique=(("price_list_id", "sku_id"),),
    plain_filters=("processed_at_from", "processed_at_to"),
    access=Access(
        guest="SL",
        customer="SL",
        guest_sees=ALWAYS,
        customer_sees=ALWAYS,
        scope=within("price_list.markets.id", Caller("market_ids")),
    ),
):
    """The amount of one sku in one list, which has at most one. Source: Commerce Layer, "Prices"."""

    currency_code = string(example="EUR", doc="The price list's currency.")
    sku_code = string(WRITE, example="TSHIRTMM000000FFFFFFXLXX", doc="The sku's code; names the sku when written.")
    amount = money(WRITE | FIND, required=True, minimum=0, maximum=MOST_CENTS, example=10000, doc="What one costs.")
    original_amount_cents = derived(
        "integer", ("amount_cents",), as_it_is, example=10000, doc="The amount before rules."
    )
    formatted_original_amount = derived(
        "string", ("amount_cents", "currency_code"), formatted, example="€100,00", doc="The same as people write it."
    )
    compare_at_amount = money(
        WRITE | FIND, minimum=0, maximum=MOST_CENTS, example=13000, doc="The amount to compare with, struck through."
    )
    rule_outcomes = constant("object", show_only=True, example="[]", doc="What the rules came to.")
    processed_at = moment(UPDATE, example="2018-01-01T12:00:00.000Z", doc="When an external service last worked on it.")
    rules = constant("object", {}, WRITE | FILTER, show_only=True, example="{}", doc="Rules of the rules engine.")
    resource_payload = constant("object", show_only=True, example="{}", doc="What the rules engine looks at.")
    jwt_custom_claim = derived(
        "object", ("caller.custom_claim",), as_it_is, example="{}", doc="The custom claim of the caller's token."
    )
    price_list = to_one("price_lists", WRITE | FIND, required=True)
    sku = to_one("skus", WRITE | FIND)
    price_tiers = to_many("price_tiers", by="price", flags=WRITE | FILTER)
    price_volume_tiers = to_many("price_volume_tiers", by="price", flags=NONE)
    price_frequency_tiers = to_many("price_frequency_tiers", by="price", flags=NONE)
    attachments = to_many("attachments", by="attachable")
    jwt_customer = to_one("customers", match=eq("id", Caller("owner_id")))
    jwt_markets = to_many("markets", flags=NONE, match=within("id", Caller("market_ids")))
    jwt_stock_locations = to_many("stock_locations", flags=NONE, match=within("id", Caller("stock_location_ids")))

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        refuse_rules(change, work)
        yield from _name_sku(change, work, required=True)
        must_be_payable(change.values, change.related["price_list"].currency_code, work)
        work.check()
        return work.create(cls, **change.values, currency_code=change.related["price_list"].currency_code)

    def updating(self, change: Change, work: Work) -> Rule:
        refuse_rules(change, work)
        yield from _name_sku(change, work)
        price_list = change.related.get("price_list")
        amounts = dict(change.values)
        if price_list is not None:
            change.values["currency_code"] = price_list.currency_code
            held = {name: getattr(self, name) for name in ("amount_cents", "compare_at_amount_cents")}
            amounts = {**held, **amounts}
        must_be_payable(amounts, change.values.get("currency_code", self.currency_code), work)
        work.check()
        work.change(self, **change.values)


def _name_sku(change: Change, work: Work, *, required: bool = False) -> Rule:
    """Let `sku_code` and the relationship `sku` say the same; the relationship wins."""
    sku: Any = change.related.get("sku")
    code = change.values.pop("sku_code", None)
    if sku is None and code:
        sku = yield Find(Sku, eq("code", code))
        if sku is None:
            work.invalid("sku_code", "noent_sku", "doesn't exist", value=code)
    elif sku is None and (required or "sku" in change.related):
        work.invalid("sku", "blank")
    if sku is not None:
        change.values.update(sku_id=sku.id, sku_code=sku.code)


def prices_in(price_list_id: str, sku_ids: list[str], currency: str) -> Rule:
    """The prices of skus in a list, by sku id; what has none is left out.

    currency   of who asks: an amount of another is no price
    """
    found = yield Find(Price, both(eq("price_list_id", price_list_id), within("sku_id", sku_ids)), many=True)
    return {price.sku_id: price for price in found if price.currency_code == currency}
