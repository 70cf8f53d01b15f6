"""A gateway that is settled by hand: money comes by wire, and somebody who sees it on a bank statement says so.

There is nobody to ask. What a payment holds is what our own books say, so every verb looks there and answers with what
they will say once the answer is booked. Nothing is kept here: a call that is repeated before its answer was booked
gives the same answer again, and one whose answer was booked is never repeated, since the journal has closed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from paydesk.base.errors import Unavailable
from paydesk.base.money import Money
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.problems import Refused, Unknown
from paydesk.gateways.port.snapshots import RefundSnapshot, Snapshot
from paydesk.gateways.port.verbs import Verb

Books = Callable[[str, str], Awaitable[Snapshot | None]]
"""What our books say of a payment, by the ids of its gateway record and of its source; None where there is none."""

_ASKS: Mapping[str, tuple[str, ...]] = {
    "confirm": ("payment_id", "amount_cents", "currency"),
    "cancel": ("payment_id",),
    "capture": ("payment_id", "amount_cents", "currency"),
    "refund": ("payment_id", "amount_cents", "currency"),
}
"""The verbs that there are, and what each cannot do without. A payment by hand is neither opened nor amended."""


class ManualGateway:
    """See the module. `Credentials.account` is the id of the gateway record, whose books are looked into."""

    account: None = None
    wallet: None = None

    def __init__(self, books: Books) -> None:
        self._books = books

    def parameters(self, verb: Verb, ask: Mapping[str, Any]) -> dict[str, Any]:
        if verb not in _ASKS:
            raise ValueError(f"a payment by hand cannot {verb}")
        made = {name: ask[name] for name in _ASKS[verb]}
        if verb == "capture":
            made["final"] = ask.get("final", True)
        if verb == "refund":
            made["metadata"] = ask.get("metadata") or {}
        return made

    async def perform(
        self,
        verb: Verb,
        parameters: Mapping[str, Any],
        *,
        key: str,
        credentials: Credentials,
        seconds: float | None = None,
    ) -> Snapshot:
        payment = await self.read(parameters["payment_id"], credentials=credentials)
        if verb == "confirm":
            return _authorized(payment, Money(parameters["amount_cents"], parameters["currency"]))
        if verb == "cancel":
            return _let_go(payment)
        if verb == "capture":
            return _captured(payment, parameters["amount_cents"], final=parameters["final"])
        return _refunded(payment, parameters, key)

    async def read(
        self, payment_id: str, *, credentials: Credentials, seconds: float | None = None, closely: bool = False
    ) -> Snapshot:
        try:
            found = await self._books(credentials.account or "", payment_id)
        except Unavailable as unavailable:
            raise Unknown(str(unavailable), unsent=True) from unavailable
        if found is None:
            raise Refused("There is no such payment.", "resource_missing", http_status=404)
        return found

    async def find(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> Snapshot | None:
        return None  # Nothing is here that is not in our books.

    async def close(self) -> None:
        """Nothing is open."""


def _standing(payment: Snapshot, status: Any, **changed: Any) -> Snapshot:
    return replace(payment, status=status, gateway_status=status, **changed)


def _unexpected(payment: Snapshot) -> Refused:
    return Refused(f"The payment is {payment.status}.", "unexpected_state", snapshot=payment)


def _authorized(payment: Snapshot, amount: Money) -> Snapshot:
    """Somebody promises to pay: that is all an authorization by hand is."""
    if payment.status == "authorized":
        return payment
    if payment.status != "confirmable":
        raise _unexpected(payment)
    return _standing(payment, "authorized", amount=amount, authorized=amount.cents, charged=amount.cents)


def _let_go(payment: Snapshot) -> Snapshot:
    if payment.status not in ("confirmable", "authorized"):
        raise _unexpected(payment)
    return _standing(payment, "captured" if payment.received else "canceled", authorized=0)


def _captured(payment: Snapshot, cents: int, *, final: bool) -> Snapshot:
    if payment.status != "authorized" or cents > payment.authorized:
        raise _unexpected(payment)
    left = 0 if final else payment.authorized - cents
    return _standing(payment, "authorized" if left else "captured", authorized=left, received=payment.received + cents)


def _refunded(payment: Snapshot, parameters: Mapping[str, Any], key: str) -> Snapshot:
    amount = Money(parameters["amount_cents"], parameters["currency"])
    if payment.refunded + amount.cents > payment.received:
        raise _unexpected(payment)
    made = RefundSnapshot(
        # The same call is the same refund, however often it is asked for.
        refund_id=hashlib.sha256(key.encode()).hexdigest()[:24],
        amount=amount,
        status="succeeded",
        created_at=None,
        metadata=parameters["metadata"],
    )
    return replace(payment, refunded=payment.refunded + amount.cents, refunds=(*payment.refunds, made))


__all__ = ["Books", "ManualGateway"]
