"""voids: authorized money that was let go."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.commerce.payable import MONEY_ACCESS
from paydesk.commerce.payments.transactions import SCOPES, Moved, room
from paydesk.declare import FILTER, to_one


class Void(
    Moved,
    type="voids",
    singular="void",
    actions=("list", "retrieve", "update"),
    table="transactions",
    discriminated=True,
    access=MONEY_ACCESS,
    scopes=SCOPES,
):
    """Authorized money that was let go, by a trigger, at Stripe, or since nobody captured it in time.

    Source: Commerce Layer, "Voids".
    """

    loads = (*Moved.loads, "reference_authorization")

    reference_authorization = to_one("authorizations", FILTER, required=True, doc="What was let go.")

    FORWARDED_FROM = ("authorized", "partially_authorized", "partially_voided")

    def may_succeed(self, all_: Iterable[Moved]) -> bool:
        held = self.reference_authorization
        return bool(held.counts and 0 < self.amount_cents <= room("voids", held, all_))
