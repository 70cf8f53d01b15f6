"""Payment methods, and their setting up.

Source: Stripe, "PaymentMethod", "SetupIntent"; Commerce Layer, "Stripe payments" for `payment_method` and
`payment_instrument`.
"""

from __future__ import annotations

from typing import Any, Final

from paydesk.gateways.port.snapshots import as_texts
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument, Setup
from paydesk.gateways.stripe.reading.values import Object, identity, mapping

# The public facts of a card are listed by name, so that nothing Stripe may add later reaches the database unseen.
_CARD: Final = (
    "brand",
    "country",
    "display_brand",
    "exp_month",
    "exp_year",
    "fingerprint",
    "funding",
    "last4",
    "network",
    "networks",
    "wallet",
)


def instrument(value: Object, request_id: str | None = None) -> Instrument:
    """A PaymentMethod by itself."""
    method = payment_method(value, {})
    assert method is not None, "a payment method has an id and a type"
    return Instrument(
        payment_method_id=str(value["id"]),
        payment_method=method,
        instrument=payment_instrument(method, {}) or {},
        customer=identity(value.get("customer")),
        fingerprint=mapping(value.get(str(value["type"]))).get("fingerprint"),
        request_id=request_id,
    )


def setup(value: Object, request_id: str | None = None) -> Setup:
    """A SetupIntent."""
    return Setup(
        setup_id=str(value["id"]),
        succeeded=value["status"] == "succeeded",
        payment_method_id=identity(value.get("payment_method")),
        customer=identity(value.get("customer")),
        request_id=request_id,
    )


def customer(value: Object, request_id: str | None = None) -> CustomerAnswer:
    """A Customer."""
    return CustomerAnswer(str(value["id"]), request_id)


def payment_method(value: Any, details: Object) -> dict[str, Any] | None:
    """A payment method's public facts, from the object itself or, where it was not expanded, from the charge."""
    source: Object
    if isinstance(value, dict):
        source = value
    elif isinstance(value, str) and isinstance(details.get("type"), str):
        source = {"id": value, **details}
    else:
        return None
    kind = source.get("type")
    if not isinstance(kind, str):
        return None
    method: dict[str, Any] = {"id": identity(source), "type": kind}
    facts = mapping(source.get(kind))
    if kind == "card":
        method["card"] = {name: facts[name] for name in _CARD if name in facts}
    else:
        method[kind] = {name: one for name, one in facts.items() if one is None or isinstance(one, str | int | bool)}
    for name in ("billing_details", "allow_redisplay"):
        if source.get(name) is not None:
            method[name] = source[name]
    return method


def payment_instrument(method: Object | None, charged: Object) -> dict[str, Any] | None:
    """Commerce Layer's `payment_instrument`. `charged`: the charge's card, which alone may name the issuing bank."""
    if method is None:
        return None
    if method["type"] != "card":
        return {"issuer": "stripe", "issuer_type": method["type"]}
    card = mapping(method.get("card"))
    wallet = mapping(card.get("wallet")).get("type")
    return as_texts(
        {
            "issuer": charged.get("issuer"),
            "issuer_type": wallet or "credit_card",
            "card_type": card.get("brand"),
            "card_last_digits": card.get("last4"),
            "card_expiry_month": card.get("exp_month"),
            "card_expiry_year": card.get("exp_year"),
        }
    )
