"""manual_tax_calculators: taxes by rules that the shop writes itself."""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.taxes.tax_calculators import Calculator
from paydesk.declare import FILTER, WRITE, Rule, hidden, to_many
from paydesk.rules.asking import Change, Load
from paydesk.rules.work import Work

MOST_RULES = 100
"""The rules of one calculator: every refresh of a cart reads them all."""


class ManualTaxCalculator(
    Calculator,
    type="manual_tax_calculators",
    singular="manual_tax_calculator",
    family="tax_calculators",
):
    """Tax rates by country, state and zip code: of its rules the first that matches an order's address applies, in the
    order in which they were made. Source: Commerce Layer, "Manual tax calculators".
    """

    tax_rules = to_many("tax_rules", by="manual_tax_calculator", flags=WRITE | FILTER)
    rules_changed_at = hidden("datetime", doc="When one of its rules was made, changed, moved or deleted.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        made = work.create(cls, **{**change.values, "type": cls.shape.type})
        yield from made._take_rules(change, work)
        return made

    def updating(self, change: Change, work: Work) -> Rule:
        yield from self._take_rules(change, work)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> Rule:
        """Its rules go with it."""
        yield Load(self, ("markets", "tax_rules"))
        if self.markets:
            raise Locked("markets use it")
        for rule in self.tax_rules:
            work.delete(rule)
        work.delete(self)

    def touch(self, work: Work) -> None:
        """Note that its rules are others now: orders that it worked for are behind."""
        work.change(self, rules_changed_at=work.now)

    def _take_rules(self, change: Change, work: Work) -> Rule:
        """Make room for the rules of other calculators that are to be this one's."""
        rules = change.related.get("tax_rules")
        if not rules:
            return
        if len(rules) > MOST_RULES:
            work.invalid("tax_rules", "too_long", f"are more than {MOST_RULES}", count=MOST_RULES)
            work.check()
        for rule in rules:
            yield Load(rule, ("manual_tax_calculator",))
            if rule.manual_tax_calculator is not None:
                rule.manual_tax_calculator.touch(work)
        self.touch(work)
