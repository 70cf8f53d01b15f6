"""tax_rules: one rate of a manual tax calculator, and where it applies."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.taxes.manual_tax_calculators import MOST_RULES
from paydesk.commerce.taxes.patterns import LONGEST_PATTERN, is_pattern, matches
from paydesk.declare import FILTER, FIND, WRITE, Rule, boolean, constant, eq, number, string, to_one
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

PLACES = ("country_code", "state_code", "zip_code")
"""The parts of an address that rules look at."""


def _pattern(place: str, example: str, *, wanted: bool) -> Any:
    said = "has to match" if wanted else "must not match"
    doc = f"A regular expression (RE2) that the address's {place} {said}, in part at least; null: any will do."
    return string(WRITE, max_length=LONGEST_PATTERN, example=example, doc=doc)


class TaxRule(Resource, type="tax_rules", singular="tax_rule"):
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
    country_code_regex = _pattern("country code", "AT|BE|BG|CZ|DK|EE|DE|HU|LV|LT", wanted=True)
    not_country_code_regex = _pattern("country code", "AT|BE|BG|CZ|DK|EE|DE", wanted=False)
    state_code_regex = _pattern("state code", "A[KLRZ]|C[AOT]|D[CE]|FL", wanted=True)
    not_state_code_regex = _pattern("state code", "A[KLRZ]|C[AOT]", wanted=False)
    zip_code_regex = _pattern("zip code", "(?i)(JE1|JE2|JE3|JE4|JE5)", wanted=True)
    not_zip_code_regex = _pattern("zip code", "(?i)(JE1|JE2|JE3)", wanted=False)
    manual_tax_calculator = to_one("manual_tax_calculators", WRITE | FIND, required=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        _check(change, work)
        yield from _join(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        _check(change, work)
        if change.related.get("manual_tax_calculator") not in (None, self.manual_tax_calculator):
            yield from _join(change, work)
        self.manual_tax_calculator.touch(work)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> None:
        self.manual_tax_calculator.touch(work)
        work.delete(self)

    def applies_to(self, address: Any) -> bool:
        """Whether its rate is that of an address. What the address does not say, or no address, is the empty text."""
        for place in PLACES:
            text = getattr(address, place, None) or ""
            wanted, unwanted = getattr(self, f"{place}_regex"), getattr(self, f"not_{place}_regex")
            if (wanted and not matches(wanted, text)) or (unwanted and matches(unwanted, text)):
                return False
        return True


def _check(change: Change, work: Work) -> None:
    for name in [f"{no}{place}_regex" for place in PLACES for no in ("", "not_")]:
        pattern = change.values.get(name)
        if pattern and not is_pattern(pattern):
            work.invalid(name, "invalid", "is no regular expression, or one with lookarounds or backreferences")
    work.check()


def _join(change: Change, work: Work) -> Rule:
    """Join a calculator that has room for one more."""
    calculator = change.related["manual_tax_calculator"]
    others = yield Find(TaxRule, eq("manual_tax_calculator_id", calculator.id), many=True)
    if len(others) >= MOST_RULES:
        work.invalid("manual_tax_calculator", "too_long", f"has {MOST_RULES} rules already", count=MOST_RULES)
        work.check()
    calculator.touch(work)
