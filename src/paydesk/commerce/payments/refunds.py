"""refunds: captured money that was given back."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.commerce.payable import MONEY_ACCESS
from paydesk.commerce.payments.transactions import SCOPES, Transaction, room
from paydesk.declare import FILTER, to_one


class Refund(
    Transaction,
    type="refunds",
    singular="refund",
    actions=("list", "retrieve", "update"),
    family="transactions",
    access=MONEY_ACCESS,
    scopes=SCOPES,
):
    """Captured money that was given back, by a trigger or at Stripe. One that fails weeks later is marked so.

    Source: Commerce Layer, "Refunds".
    """

    loads = (*Transaction.loads, "reference_capture")

    reference_capture = to_one("captures", FILTER, required=True, doc="What was given back.")

    FORWARDED_FROM = ("paid", "partially_paid", "partially_refunded")

    @property
    def parent_id(self) -> str | None:
        parent_id: str | None = self.reference_capture_id
        return parent_id

    def may_succeed(self, all_: Iterable[Transaction]) -> bool:
        captured = self.reference_capture
        others = [one for one in all_ if one is not self]  # On its way, it has its room already.
        return bool(captured.counts and 0 < self.amount_cents <= room("refunds", captured, others))
