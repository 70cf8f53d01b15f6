"""adjustments: an amount of either sign that a person or a system adds to an order, as the item of a line."""

from __future__ import annotations

from paydesk.base.currencies import CURRENCIES
from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.declare import FIND, WRITE, boolean, money, string
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Adjustment(Resource, type="adjustments", singular="adjustment"):
    """A surcharge or a reduction, which orders hold as the item of a line. Source: Commerce Layer, "Adjustments"."""

    name = string(WRITE | FIND, required=True, example="Additional service", doc="What people call it.")
    currency_code = string(WRITE | FIND, required=True, example="EUR", doc="ISO 4217, that of the order.")
    amount = money(
        WRITE | FIND,
        required=True,
        minimum=-MOST_CENTS,
        maximum=MOST_CENTS,
        example=1500,
        doc="What it adds, or takes off where it is negative.",
    )
    distribute_discount = boolean(WRITE, default=True, example=True, doc="A reduction is spread over the goods.")

    @classmethod
    def creating(cls, change: Change, work: Work) -> Adjustment:
        _check(change, change.values["currency_code"], work)
        return work.create(cls, **change.values)

    def updating(self, change: Change, work: Work) -> None:
        currency = change.values.get("currency_code", self.currency_code)
        change.values.setdefault("amount_cents", self.amount_cents)
        _check(change, currency, work)
        work.change(self, **change.values)


def _check(change: Change, currency: str, work: Work) -> None:
    if currency not in CURRENCIES:
        work.invalid("currency_code", "invalid", value=currency)
    must_be_payable(change.values, currency, work)
    work.check()
