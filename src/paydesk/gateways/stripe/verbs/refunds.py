"""The verb that gives money back. Source: Stripe, "Create a refund"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.stripe import amounts
from paydesk.gateways.stripe.reading.refunds import refund
from paydesk.gateways.stripe.reading.snapshots import snapshot
from paydesk.gateways.stripe.reading.values import Object
from paydesk.gateways.stripe.verbs.verb import StripeVerb, metadata_of


def _refund(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "payment_intent": ask["payment_id"],
        "amount": amounts.to_stripe(ask["amount_cents"], ask["currency"]),
    }
    if ask.get("reason") is not None:
        parameters["reason"] = ask["reason"]
    for name in ("reverse_transfer", "refund_application_fee"):
        if ask.get(name):
            parameters[name] = True
    if ask.get("metadata"):
        parameters["metadata"] = metadata_of(ask["metadata"], {})
    parameters["expand"] = [
        "payment_intent",
        "payment_intent.latest_charge",
        "payment_intent.payment_method",
    ]
    return parameters


def _read(value: Object, request_id: str | None, replayed: bool) -> Snapshot | None:
    """The payment after a refund, from the refund; None when Stripe did not show the payment."""
    intent = value.get("payment_intent")
    if not isinstance(intent, dict):
        return None
    new = refund(value)
    whole = snapshot(intent, request_id=request_id, replayed=replayed)
    returned = new.amount.cents if new.status not in ("failed", "canceled") else 0
    return replace(whole, refunds=(new,), refunded=max(whole.refunded, returned))


VERBS: Final[Mapping[str, StripeVerb]] = {
    "refund": StripeVerb(
        path="/v1/refunds",
        needs=frozenset(("payment_id", "amount_cents", "currency")),
        takes=frozenset(("reason", "metadata", "reverse_transfer", "refund_application_fee")),
        make=_refund,
        read=_read,
    ),
}
