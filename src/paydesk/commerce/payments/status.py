"""An order's payment status: a pure function of what its transactions sum up to, so no order of events leaves it wrong.

Source: Commerce Layer, "Orders", `payment_status`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paydesk.base.money import Money
from paydesk.commerce.payments.transactions import Transaction, Transactions, taken


@dataclass(frozen=True, slots=True)
class Sums:
    """What succeeded, all in one currency.

    released   what a capture of less left of authorizations that are captured once: no void tells of it
    """

    authorized: Money
    captured: Money
    voided: Money
    refunded: Money
    released: Money

    @property
    def secured(self) -> Money:
        """What is authorized, captured or not, and was not let go."""
        return self.authorized - self.voided - self.released

    @property
    def held(self) -> Money:
        """What of that was not given back."""
        return self.secured - self.refunded


def sums(transactions: Iterable[Transaction], currency: str, *, all_: bool = False) -> Sums:
    """Add up what succeeded and counts; `all_`: also what was taken back (`excluded`).

    currency   of the order: what is of another never counts
    """
    of_it = [one for one in transactions if one.currency_code == currency]
    counting = [one for one in of_it if one.succeeded and (all_ or not one.excluded)]

    def total(kind: str) -> Money:
        return Money(sum(one.amount_cents for one in counting if one.one_of(kind)), currency)

    released = sum(_released(one, counting) for one in counting if one.one_of("authorizations"))
    return Sums(
        authorized=total("authorizations"),
        captured=total("captures"),
        voided=total("voids"),
        refunded=total("refunds"),
        released=Money(released, currency),
    )


def _released(authorization: Transaction, counting: Transactions) -> int:
    if authorization.multicapture:
        return 0
    captured = taken(counting, "captures", authorization)
    return max(authorization.amount_cents - captured - taken(counting, "voids", authorization), 0) if captured else 0


def held_by(payment_source_id: str | None, transactions: Iterable[Transaction], currency: str) -> Money:
    """What one payment source holds of that."""
    return sums((one for one in transactions if one.payment_source_id == payment_source_id), currency).held


def payment_status(sums: Sums, due: Money) -> str:
    """The status of an order that costs `due`."""
    if sums.refunded:
        return "refunded" if sums.refunded >= sums.captured else "partially_refunded"
    if sums.captured:
        return "paid" if sums.captured >= due else "partially_paid"
    if sums.voided:
        return "voided" if sums.voided >= sums.authorized else "partially_voided"
    if sums.authorized:
        return "authorized" if sums.authorized >= due else "partially_authorized"
    return "unpaid" if due else "free"
