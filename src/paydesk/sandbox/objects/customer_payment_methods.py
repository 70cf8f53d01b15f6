"""PaymentMethods of a customer: attached, listed, detached."""

from __future__ import annotations

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid, missing
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.objects import cards, payment_methods


def attach(call: Call, identifier: str) -> Record:
    """POST /v1/payment_methods/:id/attach"""
    customer = call.params.get("customer")
    if customer is None:
        raise invalid("Missing required param: customer.", code="parameter_missing", param="customer").unstored()
    call.get("customer", customer, "customer")
    card = cards.by_id(identifier)
    method = (
        payment_methods.from_template(call, card) if card is not None else payment_methods.existing(call, identifier)
    )
    owner = method.body["customer"]
    if owner == customer:
        return method
    if owner is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if method.inner.get("spent"):
        raise payment_methods.spent_error()
    if method.body["type"] == "card":
        decline = payment_methods.card_of(method).decline
        if decline is not None and not payment_methods.card_of(method).charging_only:
            raise decline.error()
    bind(call, method, customer)
    return method


def bind(call: Call, method: Record, customer: str) -> None:
    """Attach a PaymentMethod to a customer, with its event."""
    method.body["customer"] = customer
    method.inner.pop("spent", None)
    if method.body["type"] == "card":
        checks = method.body["card"]["checks"]
        card = payment_methods.card_of(method)
        checks.update(payment_methods.address_checks(card, method.body["billing_details"]["address"]))
        if checks["cvc_check"] == "unchecked":
            checks["cvc_check"] = card.cvc_check
    call.save(method)
    call.emit("payment_method.attached", method)


def detach(call: Call, identifier: str) -> Record:
    """POST /v1/payment_methods/:id/detach: afterwards it cannot be used again."""
    method = payment_methods.existing(call, identifier)
    customer = method.body["customer"]
    if customer is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            code="payment_method_unexpected_state",
        )
    method.body["customer"] = None
    method.inner["spent"] = True
    call.save(method)
    call.emit("payment_method.detached", method, {"customer": customer})
    return method


def of_customer(call: Call, customer: str) -> bytes:
    """GET /v1/customers/:id/payment_methods"""
    call.get("customer", customer)
    return page(
        call,
        "payment_method",
        f"/v1/customers/{customer}/payment_methods",
        customer=customer,
        fields=payment_methods.of_type(call),
    )


def one_of_customer(call: Call, customer: str, identifier: str) -> Record:
    """GET /v1/customers/:id/payment_methods/:id"""
    call.get("customer", customer)
    method = payment_methods.existing(call, identifier)
    if method.body["customer"] != customer:
        raise missing("PaymentMethod", identifier, "payment_method")
    return method
