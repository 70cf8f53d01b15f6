"""voids: authorized money that was let go."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.commerce.payable import MONEY_ACCESS
from paydesk.commerce.payments.transactions import SCOPES, Transaction, room
from paydesk.declare import FILTER, to_one


class Void(
    Transaction,
    type="voids",
    singular="void",
    actions=("list", "retrieve", "update"),
    family="transactions",
    access=MONEY_ACCESS,
    scopes=SCOPES,
):
    """Authorized money that was let go, by a trigger, at Stripe, or since nobody captured it in time.

    Source: Commerce Layer, "Voids".
    """

    loads = (*Transaction.loads, "reference_authorization")

    reference_authorization = to_one("authorizations", FILTER, required=True, doc="What was let go.")

    FORWARDED_FROM = ("authorized", "partially_authorized", "partially_voided")

    @property
    def parent_id(self) -> str | None:
        parent_id: str | None = self.reference_authorization_id
        return parent_id

    def may_succeed(self, all_: Iterable[Transaction]) -> bool:
        held = self.reference_authorization
        return bool(held.counts and 0 < self.amount_cents <= room("voids", held, all_))
