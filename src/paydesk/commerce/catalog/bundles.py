"""bundles: several skus that are sold together, at one price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.of_market import SOLD, take_currency
from paydesk.declare import (
    CREATE,
    FILTER,
    FIND,
    NONE,
    WRITE,
    Own,
    Rule,
    argument,
    boolean,
    eq,
    hidden,
    integer,
    money,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Change, Find, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

MOST_ITEMS = 10
"""The skus of one bundle, as the organization's `bundles_max_items_count` says."""


class Bundle(Resource, type="bundles", singular="bundle", cacheable=True, unique=(("code",),), access=SOLD):
    """The skus of a manual list, so many of each, sold in a market or in all of a currency. Source: Commerce Layer,
    "Bundles".
    """

    root = "sku_list"
    loads = ("market", "sku_list")
    create_loads = ("sku_list.sku_list_items",)

    code = string(WRITE | FIND, required=True, example="BUNDMM000000FFFFFFXLXX", doc="Unique in the environment.")
    name = string(WRITE | FIND, required=True, example="text", doc="What people call it.")
    currency_code = string(WRITE | FIND, example="EUR", doc="ISO 4217; the market's where there is a market.")
    description = string(WRITE | FILTER, example="text", doc="What it is.")
    image_url = string(
        WRITE | FILTER, example="https://img.yourdomain.com/bundles/xYZkjABcde.png", doc="A picture of it."
    )
    do_not_ship = boolean(FILTER, default=False, example=False, doc="None of its skus is shipped.")
    do_not_track = boolean(FILTER, default=False, example=False, doc="The stock of none of its skus is counted.")
    price_amount = money(
        WRITE | FIND,
        minimum=0,
        maximum=MOST_CENTS,
        example=10000,
        doc="What one costs; the sum of its skus' prices in the market unless given.",
    )
    compare_at_amount = money(
        WRITE | FIND, minimum=0, maximum=MOST_CENTS, example=13000, doc="The amount to compare with, struck through."
    )
    skus_count = integer(default=0, example=2, doc="Pieces of skus in one.")
    market = to_one("markets", CREATE | FIND)
    sku_list = to_one("sku_lists", CREATE | FIND, required=True)
    skus = to_many("skus", flags=NONE, match=eq("sku_list_items.sku_list_id", Own("sku_list_id")))
    markets_of_currency = to_many("markets", match=eq("price_list.currency_code", Own("currency_code")), hidden=True)
    contents = hidden("object", default={}, doc="How many of each sku, by its id, are in one.")
    _compute_price_amount = argument(
        "boolean", WRITE, example=True, doc="Take the sum of its skus' prices in the market as price."
    )
    _compute_compare_at_amount = argument(
        "boolean", WRITE, example=True, doc="Take the sum of what its skus' prices are compared with."
    )

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        held, values = change.related["sku_list"], change.values
        yield from take_currency(None, change, work)
        if not held.manual or held.by_shopper:
            work.invalid("sku_list", "invalid", "is not a manual list of the shop's own")
        elif len(held.sku_list_items) > MOST_ITEMS:
            work.invalid("sku_list", "too_long", f"has more than {MOST_ITEMS} skus", count=MOST_ITEMS)
        must_be_payable(values, values.get("currency_code"), work)
        work.check()
        made = work.create(cls, **values)
        made.market = change.related.get("market")
        yield from made.fill(held.sku_list_items, work)
        is_given = values.get("price_amount_cents") is not None
        yield from made._compute(change, work, price=not is_given)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        yield from take_currency(self, change, work)
        values = change.values
        amounts = {name: getattr(self, name) for name in ("price_amount_cents", "compare_at_amount_cents")}
        must_be_payable({**amounts, **values}, values.get("currency_code", self.currency_code), work)
        if values.get("price_amount_cents", 0) is None:
            work.invalid("price_amount_cents", "blank")
        work.check()
        work.change(self, **values)
        yield from self._compute(change, work)

    def is_sold_in(self, market_id: str, currency: str) -> bool:
        """It has a price in a market's orders of this currency."""
        is_of = self.market_id in (None, market_id) and self.currency_code == currency
        return is_of and self.price_amount_cents is not None and bool(self.contents)

    def fill(self, items: Iterable[Any], work: Work) -> Rule:
        """Hold what these items of its list say."""
        contents: Counter[str] = Counter()
        for item in items:
            contents[item.sku_id] += item.quantity
        work.change(self, contents=dict(contents), skus_count=contents.total())
        yield from self.follow_skus(work)

    def follow_skus(self, work: Work) -> Rule:
        """Say of it what holds of all its skus."""
        skus = (yield Find("skus", within("id", sorted(self.contents)), many=True)) if self.contents else []
        flags = {
            name: bool(skus) and all(getattr(sku, name) for sku in skus) for name in ("do_not_ship", "do_not_track")
        }
        work.change(self, **flags)

    def _compute(self, change: Change, work: Work, *, price: bool = False) -> Rule:
        """Take sums of its skus' prices as its own, where that is asked for, or it has no other."""
        price = price or bool(change.arguments.get("_compute_price_amount"))
        compare_at = bool(change.arguments.get("_compute_compare_at_amount"))
        if not price and not compare_at:
            return
        if self.market is None or not self.contents:
            work.invalid("price_amount_cents", "blank")
            work.check()
        yield Load(self.market, ("price_list",))
        found = yield from prices_in(self.market, sorted(self.contents), self.currency_code, work)
        if len(found) < len(self.contents):
            work.invalid("price_amount_cents", "no_price", "can't be computed: a sku has no price in this market")
            work.check()
        if price:
            sums = [found[sku].amount_cents(1, None) * each for sku, each in self.contents.items()]
            self._take_sum("price_amount_cents", sum(sums), work)
        if compare_at:
            sums = [
                (found[sku].compare_at_amount_cents or found[sku].amount_cents(1, None)) * each
                for sku, each in self.contents.items()
            ]
            self._take_sum("compare_at_amount_cents", sum(sums), work)

    def _take_sum(self, name: str, cents: int, work: Work) -> None:
        """raises   Invalid where it is more than a client might have given, and than an order could add up"""
        if cents > MOST_CENTS:
            work.invalid(name, "less_than_or_equal_to", value=cents, count=MOST_CENTS)
            work.check()
        work.change(self, **{name: cents})
