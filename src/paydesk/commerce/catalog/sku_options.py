"""sku_options: what shoppers may have done to a sku, such as embossing, and what that costs."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.catalog import code_matches
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.of_market import SOLD, take_currency
from paydesk.commerce.patterns import LONGEST_PATTERN, must_be_patterns
from paydesk.declare import FILTER, FIND, WRITE, Own, Rule, eq, integer, money, string, to_many, to_one
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

MOST_HOURS = 24 * 3650


class SkuOption(Resource, type="sku_options", singular="sku_option", cacheable=True, access=SOLD):
    """An option of the skus whose code its expression matches, or of all, in its market or in all of its currency.
    Source: Commerce Layer, "SKU options".
    """

    name = string(WRITE | FIND, required=True, example="Embossing", doc="What people call it.")
    currency_code = string(WRITE | FIND, example="EUR", doc="ISO 4217; the market's where there is a market.")
    description = string(WRITE | FILTER, example="text", doc="What it is.")
    price_amount = money(
        WRITE | FIND, default=0, minimum=0, maximum=MOST_CENTS, example=1000, doc="What one of it costs."
    )
    delay_hours = integer(
        WRITE | FIND, default=0, minimum=0, maximum=MOST_HOURS, example=48, doc="How much longer delivery takes."
    )
    delay_days = integer(FIND, default=0, example=2, doc="The same, rounded to days.")
    sku_code_regex = string(
        WRITE,
        max_length=LONGEST_PATTERN,
        example="^(A|B).*$",
        doc="A regular expression (RE2) that a sku's code has to match, in part at least; null: any will do.",
    )
    market = to_one("markets", WRITE | FIND)
    events = to_many("events", by="resource")
    markets_of_currency = to_many("markets", match=eq("price_list.currency_code", Own("currency_code")), hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        yield from _check(None, change, work)
        made = work.create(cls, **change.values)
        if made.sku_code_regex:
            yield from code_matches.follow_pattern(made, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        yield from _check(self, change, work)
        work.change(self, **change.values)
        if "sku_code_regex" in change.values:
            yield from code_matches.follow_pattern(self, work)

    def deleting(self, work: Work) -> Rule:
        yield from code_matches.forget(self, work)
        work.delete(self)

    def is_for(self, code: str | None, market_id: str, currency: str) -> bool:
        """Whether it may be chosen for an item of this code, in an order of this market and currency."""
        return self.is_sold_in(market_id, currency) and code_matches.is_match(self.sku_code_regex, code)

    def is_sold_in(self, market_id: str, currency: str) -> bool:
        return self.market_id in (None, market_id) and self.currency_code == currency


def _check(option: SkuOption | None, change: Change, work: Work) -> Rule:
    """Let a request say of an option only what holds together."""
    values = change.values
    must_be_patterns(("sku_code_regex",), change, work)
    yield from take_currency(option, change, work)
    amount: Any = values.get("price_amount_cents", option.price_amount_cents if option is not None else 0)
    must_be_payable({"price_amount_cents": amount}, values.get("currency_code"), work)
    work.check()
    if (hours := values.get("delay_hours")) is not None:
        # Half a day and more is another one.
        values["delay_days"] = (hours + 12) // 24
