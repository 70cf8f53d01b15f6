"""price_lists: prices of one currency."""

from __future__ import annotations

from paydesk.base.currencies import CURRENCIES
from paydesk.commerce.unserved import refuse_rules
from paydesk.declare import FILTER, FIND, WRITE, Rule, Test, boolean, both, constant, either, eq, string, to_many
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class PriceList(Resource, type="price_lists", singular="price_list", cacheable=True, unique=(("code",),)):
    """What the skus of one or more markets cost. Source: Commerce Layer, "Price lists"."""

    name = string(WRITE | FIND, required=True, example="EU Price list", doc="What people call it.")
    code = string(WRITE | FIND, example="europe1", doc="Your own code.")
    currency_code = string(WRITE | FIND, required=True, example="EUR", doc="ISO 4217.")
    tax_included = boolean(WRITE | FIND, default=True, example=True, doc="Its prices contain taxes.")
    rule_outcomes = constant("object", show_only=True, example="[]", doc="What the rules came to.")
    rules = constant("object", {}, WRITE | FILTER, show_only=True, example="{}", doc="Rules of the rules engine.")
    resource_payload = constant("object", show_only=True, example="{}", doc="What the rules engine looks at.")
    prices = to_many("prices", by="price_list")
    price_list_schedulers = to_many("price_list_schedulers", by="price_list")
    markets = to_many("markets", by="price_list", hidden=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> PriceList:
        _check(change, work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> Rule:
        """Its currency is that of its prices, so it stays once there are some."""
        _check(change, work)
        currency = change.values.get("currency_code", self.currency_code)
        if currency != self.currency_code and (yield Find("prices", eq("price_list_id", self.id), first=True)):
            work.invalid("currency_code", "not_editable", "can't be changed: there are prices in it", value=currency)
            work.check()
        if change.values.get("tax_included", self.tax_included) != self.tax_included:
            # A scheduler's prices contain taxes where those that they replace do.
            tied = either(eq("price_list_id", self.id), eq("market.price_list_id", self.id))
            to_come = both(tied, Test("expires_at", "gt", work.now))
            if (yield Find("price_list_schedulers", to_come, first=True)) is not None:
                work.invalid("tax_included", "not_editable", "can't be changed: a scheduler is of it or of its markets")
                work.check()
        is_other = change.values.get("tax_included", self.tax_included) != self.tax_included
        work.change(self, **change.values)
        if is_other:
            # Locked and as they are by then: one that is just moving to another list follows that one.
            for market in (yield Find("markets", eq("price_list_id", self.id), many=True, lock=True, anew=True)):
                market.follow_list(self, work)


def _check(change: Change, work: Work) -> None:
    refuse_rules(change, work)
    currency = change.values.get("currency_code")
    if currency is not None and currency not in CURRENCIES:
        work.invalid("currency_code", "invalid", value=currency)
    work.check()
