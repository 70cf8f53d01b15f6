"""prices: what a sku costs in a price list."""

from __future__ import annotations

from dataclasses import dataclass

from paydesk.base.money import formatted
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.catalog import price_tiers
from paydesk.commerce.catalog.price_list_schedulers import price_list_of
from paydesk.commerce.catalog.price_tiers import PriceTier, amount_of
from paydesk.commerce.catalog.selling import ALL_PRICES, PRICES
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.naming import name_sku
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
    Own,
    Rule,
    both,
    constant,
    derived,
    eq,
    hidden,
    moment,
    money,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Find, Load
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
        scope=PRICES,
        unscoped=ALL_PRICES,
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
    tiers_changed_at = hidden("datetime", doc="When one of its tiers was made, changed, moved or deleted; null: none.")
    list_markets = to_many("markets", match=eq("price_list_id", Own("price_list_id")), hidden=True)
    list_schedulers = to_many("price_list_schedulers", match=eq("price_list_id", Own("price_list_id")), hidden=True)
    jwt_customer = to_one("customers", match=eq("id", Caller("owner_id")))
    jwt_markets = to_many("markets", flags=NONE, match=within("id", Caller("market_ids")))
    jwt_stock_locations = to_many("stock_locations", flags=NONE, match=within("id", Caller("stock_location_ids")))

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        refuse_rules(change, work)
        yield from name_sku(change, work, required=True)
        must_be_payable(change.values, change.related["price_list"].currency_code, work)
        work.check()
        made = work.create(cls, **change.values, currency_code=change.related["price_list"].currency_code)
        yield from made._take_tiers(change, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        refuse_rules(change, work)
        yield from name_sku(change, work)
        price_list = change.related.get("price_list")
        amounts = dict(change.values)
        if price_list is not None:
            change.values["currency_code"] = price_list.currency_code
            held = {name: getattr(self, name) for name in ("amount_cents", "compare_at_amount_cents")}
            amounts = {**held, **amounts}
        must_be_payable(amounts, change.values.get("currency_code", self.currency_code), work)
        work.check()
        work.change(self, **change.values)
        yield from self._take_tiers(change, work)

    def deleting(self, work: Work) -> Rule:
        yield from self.discard(work)

    def discard(self, work: Work) -> Rule:
        """Delete it with its tiers."""
        if self.tiers_changed_at is not None:
            yield Load(self, ("price_tiers",))
            for tier in self.price_tiers:
                work.delete(tier)
        work.delete(self)

    def _take_tiers(self, change: Change, work: Work) -> Rule:
        """Make room for the tiers of other prices that are to be this one's."""
        tiers = change.related.get("price_tiers")
        if not tiers:
            return
        if len(tiers) > price_tiers.MOST_TIERS:
            work.invalid("price_tiers", "too_long", count=price_tiers.MOST_TIERS)
            work.check()
        for tier in tiers:
            must_be_payable({"price_amount_cents": tier.price_amount_cents}, self.currency_code, work)
            yield Load(tier, ("price",))
            if tier.price.id != self.id:
                yield from price_tiers.leave(tier.price, (tier,), work)
        work.check()
        work.change(self, tiers_changed_at=work.now)


def prices_in(market: Market, sku_ids: list[str], currency: str, work: Work) -> Rule:
    """The prices of skus in the list that a market sells by now, by sku id; what has none is left out.

    currency   of who asks: an amount of another is no price
    """
    price_list = yield from price_list_of(market, work)
    found = yield Find(Price, both(eq("price_list_id", price_list), within("sku_id", sku_ids)), many=True)
    prices = {price.sku_id: price for price in found if price.currency_code == currency}
    tiered = [price.id for price in prices.values() if price.tiers_changed_at is not None]
    tiers = (yield Find("price_tiers", within("price_id", tiered), many=True)) if tiered else []
    return {
        sku: PriceNow(price, tuple(one for one in tiers if one.price_id == price.id)) for sku, price in prices.items()
    }


@dataclass(frozen=True, slots=True)
class PriceNow:
    """The price of a sku, with its tiers."""

    price: Price
    tiers: tuple[PriceTier, ...]

    def amount_cents(self, quantity: int, frequency: str | None) -> int:
        """What one piece costs of so many."""
        return amount_of(self.price.amount_cents, self.tiers, quantity, frequency)

    @property
    def compare_at_amount_cents(self) -> int | None:
        cents: int | None = self.price.compare_at_amount_cents
        return cents
