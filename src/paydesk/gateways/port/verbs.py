"""What a gateway is asked to do: its verbs, and what each needs to be told, in neutral words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

Verb = Literal[
    "open",
    "amend",
    "adopt",
    "confirm",
    "cancel",
    "capture",
    "refund",
    "register",
    "move_endpoint",
    "unregister",
    "create_customer",
    "attach",
    "detach",
]


class OpenRequest(TypedDict):
    """What `open` is asked with; these types are the table of `Gateway.parameters`."""

    amount_cents: int
    currency: str
    auto_payments: bool
    moto: NotRequired[bool]
    options: NotRequired[Mapping[str, Any]]
    receipt_email: NotRequired[str | None]
    description: NotRequired[str | None]
    shipping: NotRequired[Mapping[str, Any] | None]
    setup_future_usage: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, str]]


class AmendRequest(TypedDict):
    payment_id: str
    amount_cents: NotRequired[int]
    currency: NotRequired[str]
    auto_payments: NotRequired[bool]
    options: NotRequired[Mapping[str, Any]]
    receipt_email: NotRequired[str | None]
    description: NotRequired[str | None]
    shipping: NotRequired[Mapping[str, Any] | None]
    metadata: NotRequired[Mapping[str, str]]


class AdoptRequest(TypedDict):
    payment_id: str
    metadata: Mapping[str, str]


class ConfirmFacts(TypedDict, total=False):
    """What `confirm` may be asked with beside the payment."""

    payment_method: str
    off_session: bool
    return_url: Any
    setup_future_usage: str
    amount_cents: int
    currency: str


class ConfirmRequest(ConfirmFacts):
    payment_id: str


class CancelRequest(TypedDict):
    payment_id: str
    reason: NotRequired[str]


class CaptureRequest(TypedDict):
    payment_id: str
    amount_cents: int
    currency: str
    final: NotRequired[bool]
    metadata: NotRequired[Mapping[str, str]]


class Reversal(TypedDict, total=False):
    """What `refund` takes back of others beside the payment."""

    reverse_transfer: bool
    refund_application_fee: bool


class RefundRequest(Reversal):
    payment_id: str
    amount_cents: int
    currency: str
    reason: NotRequired[str]
    metadata: NotRequired[Mapping[str, str]]


class RegisterRequest(TypedDict):
    url: str
    gateway_id: str
    installation: str
    account: NotRequired[str | None]


class MoveRequest(TypedDict):
    endpoint_id: str
    url: str


class UnregisterRequest(TypedDict):
    endpoint_id: str


class CustomerRequest(TypedDict):
    email: NotRequired[str | None]
    name: NotRequired[str | None]
    phone: NotRequired[str | None]
    metadata: NotRequired[Mapping[str, str]]


class AttachRequest(TypedDict):
    payment_method_id: str
    customer: str


class DetachRequest(TypedDict):
    payment_method_id: str


MOST_METADATA, METADATA_KEYS, METADATA_VALUE = 50, 40, 500
"""How much text a payment carries for its maker at a gateway: keys, characters of a key (without square brackets), and
characters of a value (Stripe, "Metadata").
"""
