"""Refunds, told apart from amounts that were only released. Source: Stripe, "Refund"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from paydesk.base.money import Money
from paydesk.gateways.port.snapshots import RefundSnapshot
from paydesk.gateways.stripe.amounts import from_stripe
from paydesk.gateways.stripe.reading.values import Object, identity, instant, texts

_STATUS: Final[Mapping[str, Literal["pending", "action_needed", "succeeded", "failed", "canceled"]]] = {
    "pending": "pending",
    "requires_action": "action_needed",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
}


def refund(value: Object) -> RefundSnapshot:
    """A Refund. Raises KeyError, TypeError, ValueError for anything else."""
    currency = str(value["currency"]).upper()
    return RefundSnapshot(
        refund_id=str(value["id"]),
        amount=Money(from_stripe(int(value["amount"]), currency), currency),
        # Some payment methods report no status: such a refund is done (Stripe, "Refund", `status`).
        status=_STATUS.get(value.get("status") or "succeeded", "pending"),
        created_at=instant(value["created"]) or "",
        charge_id=identity(value.get("charge")),
        reason=value.get("reason"),
        failure=value.get("failure_reason"),
        metadata=texts(value.get("metadata")),
    )


def returned(refunds: Iterable[Object], captured: int) -> Sequence[RefundSnapshot]:
    """The refunds that give captured money back, oldest first, without releases."""
    if captured == 0:
        return ()
    ordered = sorted(reversed(list(refunds)), key=lambda one: int(one["created"]))  # Stripe lists newest first
    return [refund(one) for one in ordered if not _is_release(one)]


def agree(intent: Object, refunds: Iterable[Object]) -> bool:
    """Whether a payment and its list of refunds, read one after the other, are of the same moment.

    A charge counts its refunds, and released amounts among them. A failed refund is no longer counted; whether a
    pending one is depends on the payment method.
    """
    latest = intent.get("latest_charge")
    if not isinstance(latest, dict):
        return True
    alive = [one for one in refunds if identity(one.get("charge")) in (latest["id"], None)]
    done = sum(int(one["amount"]) for one in alive if (one.get("status") or "succeeded") == "succeeded")
    on_their_way = sum(int(one["amount"]) for one in alive if one.get("status") in ("pending", "requires_action"))
    return done <= int(latest.get("amount_refunded") or 0) <= done + on_their_way


def _is_release(refund: Object) -> bool:
    """Stripe also lists amounts that were released without ever having been captured: the whole of an authorization
    that was canceled or expired (`expired_uncaptured_charge`), and the rest of a partial capture
    (solidusio/solidus_stripe#268). Such an entry moved no balance, whatever its size. How much was captured by then is
    read by another request, at another moment.
    """
    if refund.get("reason") == "expired_uncaptured_charge":
        return True
    is_done = (refund.get("status") or "succeeded") == "succeeded"
    is_ours = "paydesk_call" in texts(refund.get("metadata"))  # Only refunds of captured money are asked for by us.
    return is_done and refund.get("balance_transaction") is None and not is_ours
