"""captures: authorized money that was taken."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.commerce.payable import MONEY_ACCESS
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import SCOPES, Transaction, room
from paydesk.declare import NONE, UPDATE, Rule, argument, hidden, money, to_many, to_one, trigger
from paydesk.rules.work import Work


class Capture(
    Transaction,
    type="captures",
    singular="capture",
    actions=("list", "retrieve", "update"),
    family="transactions",
    access=MONEY_ACCESS,
    scopes=SCOPES,
):
    """Authorized money that was taken, by a trigger or at Stripe. Source: Commerce Layer, "Captures"."""

    loads = (*Transaction.loads, "reference_authorization")

    refund_amount = money(example=500, doc="What `_refund` gives back unless told otherwise.")
    refund_balance = money(example=1000, doc="What can still be given back.")
    disputed_cents = hidden("integer", doc="What of it a dispute keeps, or took back, so that it cannot be given back.")
    unasked = hidden("boolean", doc="The gateway tells of it, and nobody asked for it here.")
    _refund_amount_cents = argument("integer", UPDATE, example=500, doc="How much `_refund` is to give back.")

    reference_authorization = to_one("authorizations", required=True, doc="What it was taken from.")
    refunds = to_many("refunds", by="reference_capture", flags=NONE)

    FORWARDED_FROM = ("authorized", "partially_authorized", "partially_paid", "partially_voided")

    @property
    def parent_id(self) -> str | None:
        parent_id: str | None = self.reference_authorization_id
        return parent_id

    def may_succeed(self, all_: Iterable[Transaction]) -> bool:
        held = self.reference_authorization
        return bool(held.counts and 0 < self.amount_cents <= room("captures", held, all_))

    @trigger()
    def _refund(self, work: Work, value: bool) -> Rule:
        """Give the captured money back: all that is left of it, or `_refund_amount_cents`."""
        yield from moving.refund(self, work, self, asked=work.arguments.get("_refund_amount_cents"))

    @trigger()
    def _cancel(self, work: Work, value: bool) -> Rule:
        """Give back what was captured before its pending order was placed; the order is unpaid again."""
        if self.excluded:
            return
        moving.must_be_pending(self, work)
        yield from moving.refund(self, work, self, then="exclude")
