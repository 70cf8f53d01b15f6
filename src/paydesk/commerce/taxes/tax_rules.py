"""tax_rules: one rate of a manual tax calculator, and where it applies."""

from __future__ import annotations

from paydesk.commerce.regions import Region, must_be_region
from paydesk.commerce.taxes.manual_tax_calculators import MOST_RULES
from paydesk.declare import FILTER, FIND, WRITE, Rule, boolean, constant, eq, number, string, to_one
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work


class TaxRule(Region, type="tax_rules", singular="tax_rule"):
    """A rate, and the addresses that it applies to: all of its expressions that are set have to hold for the order's
    shipping address, otherwise its billing address. Source: Commerce Layer, "Tax rules".
    """

    root = "manual_tax_calculator"
    loads = ("manual_tax_calculator",)

    name = string(WRITE | FIND, required=True, example="Fixed 22%", doc="What your team calls it.")
    tax_rate = number(
        WRITE | FIND, default=0.0, minimum=0, maximum=1, example=0.22, doc="The rate, as a fraction of one."
    )
    freight_taxable = boolean(WRITE | FILTER, default=False, example=False, doc="Shipping is taxed.")
    payment_method_taxable = boolean(
        WRITE | FILTER, default=False, example=False, doc="The payment method's cost is taxed."
    )
    gift_card_taxable = boolean(
        WRITE | FILTER, default=False, example=False, doc="Gift cards that are bought are taxed."
    )
    adjustment_taxable = boolean(WRITE | FILTER, default=False, example=False, doc="Adjustments are taxed.")
    breakdown = constant("object", example={"41": {"tax_rate": 0.22}}, doc="What the rate is made of.")
    manual_tax_calculator = to_one("manual_tax_calculators", WRITE | FIND, required=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        must_be_region(change, work)
        yield from _join(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        must_be_region(change, work)
        if change.related.get("manual_tax_calculator") not in (None, self.manual_tax_calculator):
            yield from _join(change, work)
        self.manual_tax_calculator.touch(work)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> None:
        self.manual_tax_calculator.touch(work)
        work.delete(self)


def _join(change: Change, work: Work) -> Rule:
    """Join a calculator that has room for one more."""
    calculator = change.related["manual_tax_calculator"]
    others = yield Find(TaxRule, eq("manual_tax_calculator_id", calculator.id), many=True)
    if len(others) >= MOST_RULES:
        work.invalid("manual_tax_calculator", "too_long", f"has {MOST_RULES} rules already", count=MOST_RULES)
        work.check()
    calculator.touch(work)
