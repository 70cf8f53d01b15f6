"""PaymentMethods: cards, SEPA debits and methods that redirect; made, changed, used up.

A `pm_card_*` id is a template: using it makes a fresh PaymentMethod. One used without a customer and without
`setup_future_usage` cannot be used again. Source: stripe.md §12, §14; Stripe, "PaymentMethods".
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import StripeError, card_error, invalid, missing
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import cards, payment_method_kinds
from paydesk.sandbox.objects.cards import Card

_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def billing_details(changes: dict[str, Any] | str | None, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Billing details with every key, and with the changes of a request; "" unsets a field."""
    old = before or {"address": dict(_ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None}
    if not isinstance(changes, dict):
        return old
    address = changes.get("address")
    result = {**old, **{key: value or None for key, value in changes.items() if key != "address"}}
    if isinstance(address, dict):
        result["address"] = {**old["address"], **{key: value or None for key, value in address.items()}}
    elif address == "":
        result["address"] = dict(_ADDRESS)
    return result


def fingerprint(call: Call, number: str) -> str:
    """A digest that is equal for equal numbers within one account."""
    return hashlib.blake2b(f"{call.account.n}/{number}".encode(), digest_size=8).hexdigest()


def create(call: Call) -> Record:
    """POST /v1/payment_methods"""
    params = call.params
    if "payment_method" in params:
        raise invalid(
            "Cloning a PaymentMethod needs the Stripe-Account header of a connected account.", param="payment_method"
        )
    return make(call, params)


def make(call: Call, data: dict[str, Any]) -> Record:
    """A PaymentMethod of `payment_method_data`, or of the parameters of a create.

    raises   StripeError 400 for a missing or unsupported type; 402 for a card that cannot exist
    """
    kind = data.get("type")
    if kind is None:
        raise invalid("Missing required param: type.", code="parameter_missing", param="type")
    if kind not in payment_method_kinds.TYPES or kind == "link":
        raise payment_method_kinds.unsupported_type(kind, "type")
    inner: dict[str, Any] = {}
    details: dict[str, Any] = {}
    if kind == "card":
        typed = data.get("card")
        if not isinstance(typed, dict):
            raise invalid("Missing required param: card.", code="parameter_missing", param="card")
        card, details = _card(call, typed)
        inner["number"] = card.number
    elif kind == "sepa_debit":
        details, inner["iban"] = _sepa(call, data.get("sepa_debit") or {})
    return _add(call, kind, details, inner, data)


def from_template(call: Call, card: Card) -> Record:
    """A fresh PaymentMethod of a `pm_card_*` id."""
    year = datetime.fromtimestamp(call.now, UTC).year + 1
    return _add(call, "card", _card_details(call, card, 12, year, cvc=True), {"number": card.number}, {})


def _add(call: Call, kind: str, details: dict[str, Any], inner: dict[str, Any], data: dict[str, Any]) -> Record:
    return call.add(
        "payment_method",
        "pm",
        {
            "object": "payment_method",
            "allow_redisplay": data.get("allow_redisplay", "unspecified"),
            "billing_details": billing_details(data.get("billing_details")),
            kind: details,
            "created": call.now,
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": merge_metadata({}, data.get("metadata")),
            "type": kind,
        },
        inner,
    )


def _card(call: Call, typed: dict[str, Any]) -> tuple[Card, dict[str, Any]]:
    """The test card behind a typed number, with its dates and code checked as Stripe checks them.

    raises   StripeError 402: incorrect_number, invalid_expiry_month, invalid_expiry_year, invalid_cvc
    """
    if "token" in typed:
        card = cards.by_id("pm_card_" + str(typed["token"]).removeprefix("tok_"))
        if card is None:
            raise missing("token", typed["token"], "card[token]", status=400)
        return card, _card_details(call, card, 12, datetime.fromtimestamp(call.now, UTC).year + 1, cvc=True)
    for name in ("number", "exp_month", "exp_year"):
        if name not in typed:
            raise invalid(f"Missing required param: card[{name}].", code="parameter_missing", param=f"card[{name}]")
    card = cards.by_number(typed["number"])
    month, year = typed["exp_month"], typed["exp_year"]
    year += 2000 if year < 100 else 0
    today = datetime.fromtimestamp(call.now, UTC)
    if not 1 <= month <= 12:
        raise card_error("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    if not today.year <= year <= today.year + 50:
        raise card_error("Your card's expiration year is invalid.", code="invalid_expiry_year", param="exp_year")
    if year == today.year and month < today.month:
        raise card_error("Your card's expiration month is invalid.", code="invalid_expiry_month", param="exp_month")
    cvc = typed.get("cvc")
    if cvc is not None and not (cvc.isdigit() and len(cvc) in ((3, 4) if card.brand == "amex" else (3,))):
        raise card_error("Your card's security code is invalid.", code="invalid_cvc", param="cvc")
    return card, _card_details(call, card, month, year, cvc=cvc is not None)


def _card_details(call: Call, card: Card, month: int, year: int, *, cvc: bool) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked" if cvc else None,
        },
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": fingerprint(call, card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.three_d_secure != "unsupported"},
        "wallet": None,
    }


def _sepa(call: Call, typed: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A SEPA account. Stripe's German test IBANs decide by their last four digits, all others succeed."""
    iban = str(typed.get("iban", "")).replace(" ", "").upper()
    if not iban:
        raise invalid("Missing required param: sepa_debit[iban].", code="parameter_missing", param="sepa_debit[iban]")
    digits = (
        "".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4]) if iban.isalnum() and iban.isascii() else "0"
    )
    if not 15 <= len(iban) <= 34 or int(digits) % 97 != 1:
        raise invalid("The IBAN you provided is invalid.", code="invalid_bank_account_iban", param="sepa_debit[iban]")
    details = {
        "bank_code": iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": fingerprint(call, iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }
    return details, iban


def find_usable(call: Call, identifier: str, customer: str | None, param: str = "payment_method") -> Record:
    """The PaymentMethod that a payment is made with.

    identifier  an id, or a `pm_card_*` template
    customer    the intent's customer
    raises      StripeError 400: resource_missing, another customer's, attached while the intent has no customer, or
                spent
    """
    card = cards.by_id(identifier)
    if card is not None:
        return from_template(call, card)
    method = call.find("payment_method", identifier)
    if method is None:
        raise missing("PaymentMethod", identifier, param, status=400)
    owner = method.body["customer"]
    if owner is not None and customer is None:
        raise invalid(
            f"The payment method {identifier} is attached to a customer, so for security purposes you must provide the "
            "customer in the request.",
            param=param,
        )
    if owner is not None and owner != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {identifier}. The payment method must be "
            "attached to the customer.",
            code="resource_missing",
            param=param,
        )
    if method.inner.get("spent") and owner is None:
        raise spent_error()
    return method


def spent_error() -> StripeError:
    """Stripe's refusal of a PaymentMethod that was used before and belongs to no customer."""
    return invalid(
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with "
        "a connected account without Customer attachment, or was detached from a Customer. It may not be used again. "
        "To use a PaymentMethod multiple times, you must attach it to a Customer first.",
        code="payment_method_unexpected_state",
    )


def card_of(method: Record) -> Card:
    """The test card behind a card PaymentMethod."""
    return cards.CARDS[method.inner["number"]]


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/payment_methods/:id"""
    return existing(call, identifier)


def existing(call: Call, identifier: str) -> Record:
    method = call.find("payment_method", identifier)
    if method is None:
        raise missing("PaymentMethod", identifier, "payment_method")
    return method


def update(call: Call, identifier: str) -> Record:
    """POST /v1/payment_methods/:id: billing details and metadata, of an attached one."""
    params = call.params
    method = existing(call, identifier)
    if method.body["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    before = {key: method.body[key] for key in ("billing_details", "metadata", "allow_redisplay")}
    method.body["billing_details"] = billing_details(params.get("billing_details"), method.body["billing_details"])
    method.body["metadata"] = merge_metadata(method.body["metadata"], params.get("metadata"))
    if "allow_redisplay" in params:
        method.body["allow_redisplay"] = params["allow_redisplay"]
    dates = params.get("card") or {}
    if method.body["type"] == "card":
        for name in ("exp_month", "exp_year"):
            if name in dates:
                method.body["card"][name] = dates[name]
    call.save(method)
    call.emit("payment_method.updated", method, {key: old for key, old in before.items() if old != method.body[key]})
    return method


def address_checks(card: Card, address: dict[str, Any]) -> dict[str, str | None]:
    return {
        "address_line1_check": card.line1_check if address.get("line1") else None,
        "address_postal_code_check": card.postal_code_check if address.get("postal_code") else None,
    }


def checks_at_charge(method: Record) -> dict[str, str | None]:
    """The three checks as an issuer answers them when the card is charged."""
    card = card_of(method)
    checks: dict[str, str | None] = dict(address_checks(card, method.body["billing_details"]["address"]))
    if card.postal_code_check != "pass":  # these cards fail the check whatever address is given
        checks["address_postal_code_check"] = card.postal_code_check
    if card.line1_check != "pass":
        checks["address_line1_check"] = card.line1_check
    cvc_check = method.body["card"]["checks"]["cvc_check"]
    checks["cvc_check"] = None if cvc_check is None else card.cvc_check
    return checks


def listing(call: Call) -> bytes:
    """GET /v1/payment_methods: of one customer, or else all that are attached to a customer."""
    customer = call.params.get("customer")
    if customer is not None:
        call.get("customer", customer, "customer")
    return page(
        call,
        "payment_method",
        "/v1/payment_methods",
        customer=customer,
        fields=of_type(call),
        condition=None if customer else "customer is not null",
    )


def of_type(call: Call) -> dict[str, Any]:
    return {"type": call.params["type"]} if "type" in call.params else {}
