"""Events: which kinds are handled, and how one is read. Source: Stripe, "Event"."""

from __future__ import annotations

from typing import Final, Literal

from paydesk.gateways.port.events import GatewayEvent
from paydesk.gateways.stripe.reading.values import Object, identity, instant, mapping, texts

# Stripe, "Webhook endpoints": each has its effect in `commerce`, most of them the same one: read the payment again.
EVENTS: Final = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.partially_funded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "charge.captured",
    "charge.expired",
    "charge.failed",
    "charge.refund.updated",
    "charge.refunded",
    "charge.succeeded",
    "charge.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "review.closed",
    "review.opened",
    "radar.early_fraud_warning.created",
    "customer.deleted",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payment_method.updated",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
    "account.application.deauthorized",
)

SELF_TEST: Final = "paydesk.self_test"
"""The type of an event of our own, by which it is seen whether one gets to the door. Stripe has no such type."""

_DEAUTHORIZED: Final = "account.application.deauthorized"
_CUSTOMER_DELETED: Final = "customer.deleted"
_HEARD: Final = frozenset(EVENTS)
_WATCHED: Final = ("review.", "radar.")
"""The beginnings of events about facts that only a close reading of a payment shows."""


def event(value: Object) -> GatewayEvent:
    """An Event. Raises KeyError, TypeError, ValueError for what is none."""
    identifier, kind = value["id"], value["type"]
    if not (isinstance(identifier, str) and identifier and isinstance(kind, str) and kind):
        raise ValueError("an event has an id and a type")
    about = mapping(mapping(value.get("data")).get("object"))
    object_type = about.get("object") if isinstance(about.get("object"), str) else None
    object_id = identity(about)
    request = mapping(value.get("request"))
    key = request.get("idempotency_key")
    created = value.get("created")
    return GatewayEvent(
        event_id=identifier,
        type=kind,
        created_at=instant(created if isinstance(created, int) and 0 <= created < 1 << 36 else 0) or "",
        live=value.get("livemode") is True,
        about=_asks_for(kind, object_type),
        heard=kind in _HEARD,
        account=identity(value.get("account")),
        object_id=object_id,
        object_type=object_type,
        payment_id=object_id if object_type == "payment_intent" else identity(about.get("payment_intent")),
        charge_id=(
            object_id
            if object_type == "charge"
            else identity(about.get("latest_charge" if object_type == "payment_intent" else "charge"))
        ),
        customer=object_id if object_type == "customer" else identity(about.get("customer")),
        key=key if isinstance(key, str) else None,
        metadata=texts(about.get("metadata")),
    )


def _asks_for(
    kind: str, object_type: str | None
) -> Literal["payment", "fraud", "access", "instrument", "customer", "setup", "self_test"]:
    if kind == SELF_TEST:
        return "self_test"
    if kind == _DEAUTHORIZED:
        return "access"
    if kind == _CUSTOMER_DELETED:
        return "customer"
    if object_type == "payment_method":
        return "instrument"
    if object_type == "setup_intent":
        return "setup"
    return "fraud" if kind.startswith(_WATCHED) else "payment"
