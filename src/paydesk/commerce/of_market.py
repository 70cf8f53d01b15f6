"""What is sold in one market, or in every market of a currency."""

from __future__ import annotations

from typing import Any

from paydesk.base.currencies import CURRENCIES
from paydesk.declare import ALWAYS, Access, Caller, Rule, both, either, null, within
from paydesk.rules.asking import Change, Load
from paydesk.rules.work import Work

IN_SCOPE = either(
    within("market_id", Caller("market_ids")),
    both(null("market_id"), within("markets_of_currency.id", Caller("market_ids"))),
)
"""Those of the markets in scope, and those of no market in their currencies."""

SOLD = Access(guest="SL", customer="SL", guest_sees=ALWAYS, customer_sees=ALWAYS, scope=IN_SCOPE)
"""What shoppers see listed of them."""


def take_currency(record: Any, change: Change, work: Work) -> Rule:
    """Have `currency_code` be that of the record's market, and no other; without a market it has to be a currency.

    record   None for a new one
    """
    values, market = change.values, change.related.get("market")
    if market is None and "market" not in change.related and record is not None and "currency_code" in values:
        yield Load(record, ("market",))
        market = record.market
    if market is not None:
        yield Load(market, ("price_list",))
        currency = market.price_list.currency_code
        if values.get("currency_code") not in (None, currency):
            work.invalid("currency_code", "currency_mismatch", f"is not the market's, {currency}")
        values["currency_code"] = currency
        return
    currency = values["currency_code"] if "currency_code" in values else getattr(record, "currency_code", None)
    if not currency:
        work.invalid("currency_code", "blank")
    elif currency not in CURRENCIES:
        work.invalid("currency_code", "invalid", value=currency)
