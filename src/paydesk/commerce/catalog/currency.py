"""What is sold in one market, or in every market of a currency."""

from __future__ import annotations

from typing import Any

from paydesk.base.currencies import CURRENCIES
from paydesk.commerce.patterns import is_pattern
from paydesk.declare import ALWAYS, Access, Caller, Rule, both, either, null, within
from paydesk.rules.asking import Change, Load
from paydesk.rules.work import Work

OF_MARKET = Access(
    guest="SL",
    customer="SL",
    guest_sees=ALWAYS,
    customer_sees=ALWAYS,
    scope=either(
        within("market_id", Caller("market_ids")),
        both(null("market_id"), within("markets_of_currency.id", Caller("market_ids"))),
    ),
)
"""Those of the markets in scope, and those of no market in their currencies."""


def take_currency(record: Any, change: Change, work: Work) -> Rule:
    """Have `currency_code` be that of the market, where a request names one; otherwise it has to be a currency.

    record   None for a new one
    """
    market = change.related.get("market")
    if market is None and "market" not in change.related and record is not None:
        yield Load(record, ("market",))
        market = record.market
    if market is not None:
        yield Load(market, ("price_list",))
        change.values["currency_code"] = market.price_list.currency_code
        return
    currency = change.values.get("currency_code", getattr(record, "currency_code", None))
    if not currency:
        work.invalid("currency_code", "blank")
    elif currency not in CURRENCIES:
        work.invalid("currency_code", "invalid", value=currency)


def must_be_pattern(change: Change, work: Work) -> None:
    pattern = change.values.get("sku_code_regex")
    if pattern and not is_pattern(pattern):
        error = "is no regular expression, or one with lookarounds or backreferences"
        work.invalid("sku_code_regex", "invalid", error)
