"""An order's payment status: a pure function of what its transactions sum up to, so no order of events leaves it wrong.

Source: Commerce Layer, "Orders", `payment_status`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from paydesk.commerce.payments.transactions import taken


@dataclass(frozen=True, slots=True)
class Sums:
    """What succeeded, in minor units.

    released   what a capture of less left of authorizations that are captured once: no void tells of it
    """

    authorized: int = 0
    captured: int = 0
    voided: int = 0
    refunded: int = 0
    released: int = 0

    @property
    def held(self) -> int:
        """What is authorized, captured or not, and was neither let go nor given back."""
        return self.authorized - self.voided - self.released - self.refunded


_NAMES = {"authorizations": "authorized", "captures": "captured", "voids": "voided", "refunds": "refunded"}


def sums(transactions: Iterable[Any], *, all_: bool = False) -> Sums:
    """Add up what succeeded and counts; `all_`: also what was taken back (`excluded`)."""
    made = dict.fromkeys(_NAMES.values(), 0)
    counting = [one for one in transactions if one.succeeded and (all_ or not one.excluded)]
    for one in counting:
        made[_NAMES[one.shape.type]] += one.amount_cents
    return Sums(**made, released=sum(_released(one, counting) for one in counting if one.one_of("authorizations")))


def _released(authorization: Any, counting: list[Any]) -> int:
    if authorization.multicapture:
        return 0
    captured = taken(counting, "captures", authorization)
    return max(authorization.amount_cents - captured - taken(counting, "voids", authorization), 0) if captured else 0


def held_by(payment_source_id: str | None, transactions: Iterable[Any]) -> int:
    """What one payment source holds of that, in minor units."""
    return sums(one for one in transactions if one.payment_source_id == payment_source_id).held


def payment_status(sums: Sums, due: int) -> str:
    """The status of an order that costs `due`."""
    if sums.refunded > 0:
        return "refunded" if sums.refunded >= sums.captured else "partially_refunded"
    if sums.captured > 0:
        return "paid" if sums.captured >= due else "partially_paid"
    if sums.voided > 0:
        return "voided" if sums.voided >= sums.authorized else "partially_voided"
    if sums.authorized > 0:
        return "authorized" if sums.authorized >= due else "partially_authorized"
    return "free" if due == 0 else "unpaid"
