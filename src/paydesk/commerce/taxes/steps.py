"""What taxes contribute to the refresh of an order: its rate first, and the tax on each line once all are priced."""

from __future__ import annotations

from paydesk.commerce.cart import Cart, Step
from paydesk.commerce.taxes.amounts import taxed_at, taxing_of
from paydesk.commerce.taxes.switches import SWITCHES, said_of
from paydesk.commerce.taxes.tax_rules import TaxRule
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work


def _find_rate(cart: Cart, work: Work) -> Rule:
    """Take the rate and switches of the first rule that applies to the order's address. Where none does, the rate is
    zero; without a calculator there is none.
    """
    said, calculator = said_of(cart), cart.market.tax_calculator_id
    if calculator is None:
        work.change(cart, tax_rate=None, **{name: said.get(name, False) for name in SWITCHES})
        return
    rules = yield Find(TaxRule, eq("manual_tax_calculator_id", calculator), many=True)
    role = "shipping_address" if cart.shipping_address_id is not None else "billing_address"
    yield Load(cart, (role,))
    rule = next((one for one in rules if one.applies_to(getattr(cart, role))), None)
    switches = {name: said.get(name, rule is not None and getattr(rule, name)) for name in SWITCHES}
    rate = rule.tax_rate if rule is not None else 0.0
    work.change(cart, tax_rate=rate or 0.0, taxable_told=said, **switches)


def _tax_lines(cart: Cart, work: Work) -> Rule:
    """Write the tax on each line. Taxes that come to something else than before were calculated once more."""
    taxing, is_new = taxing_of(cart), False
    for line in cart.line_items:
        priced = line.priced()
        rate = taxing.rate_of(priced)
        now = (None if rate is None else float(rate), taxed_at(priced, rate, taxing).tax)
        is_new = is_new or now != (line.tax_rate, line.tax_amount_cents)
        work.change(line, tax_rate=now[0], tax_amount_cents=now[1])
    if is_new:
        count(cart, work)
    yield from ()


def count(cart: Cart, work: Work) -> None:
    """Count a calculation, where a calculator works for the order."""
    if cart.tax_rate is not None:
        work.change(cart, tax_calculations_count=(cart.tax_calculations_count or 0) + 1)


RATE = Step("tax rate", _find_rate)
TAXES = Step("taxes", _tax_lines)
