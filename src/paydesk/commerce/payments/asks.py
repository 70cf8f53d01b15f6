"""What the calls about payments, wallets and gateways ask for; the journal keeps each with its version.

A member that is added, renamed or read otherwise makes a new version: raise `version`, say in `upgraded` what an
earlier one means by now, and add the new shape to `tests/payments/asks.json`. What stands there is never edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from paydesk.commerce.payable import Act
from paydesk.commerce.payments import former
from paydesk.gateways.port.verbs import (
    AdoptRequest,
    AmendRequest,
    AttachRequest,
    CancelRequest,
    CaptureRequest,
    CustomerRequest,
    DetachRequest,
    MoveRequest,
    OpenRequest,
    RefundRequest,
    RegisterRequest,
    UnregisterRequest,
)
from paydesk.rules.asks import Ask

# Payments.


@dataclass(frozen=True, kw_only=True)
class OpenAsk(Ask):
    """
    source             type of the payment source
    record             columns of the payment that is made
    replaces           the payment source that the order had, and `payment_method_id` its method
    about              "orders" where the order's change asks; then `chooses` is the method that the order takes with it
    known              who the customer is at the gateway, where we named the customer there
    behind             what the order costs had changed unnoticed: its refresh is written with the answer, too
    connect            what the order keeps for Stripe Connect from then on
    """

    gateway: OpenRequest
    source: str
    record: dict[str, Any]
    replaces: str | None
    payment_method_id: str | None
    about: Literal["orders"] | None = None
    chooses: str | None = None
    known: str | None = None
    behind: bool = False
    connect: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def upgraded(cls, members: dict[str, Any], version: int) -> dict[str, Any]:
        return {**members, "record": former.record(members["record"])}


@dataclass(frozen=True, kw_only=True)
class AdoptAsk(Ask):
    """
    record      columns of a payment that is made; `given` are those that the request named
    secret      digest of the client secret that was shown
    currency    of the order; `ordered_at`: when that was made
    shopper     a sales channel asks
    known       the order has a record of the payment already; `taken`: another one has
    """

    gateway: AdoptRequest
    record: dict[str, Any]
    given: dict[str, Any]
    payment_id: str
    secret: str
    currency: str
    ordered_at: str
    shopper: bool
    known: bool
    taken: bool
    connect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AmendAsk(Ask):
    """
    behind  as of `OpenAsk`
    """

    gateway: AmendRequest
    behind: bool = False


@dataclass(frozen=True, kw_only=True)
class LabelAsk(Ask):
    gateway: AmendRequest


@dataclass(frozen=True, kw_only=True)
class ReadAsk(Ask):
    """
    intended  what the payment was for when the reading was asked for: minor units, currency
    closely   also whether it is watched for fraud
    """

    payment_id: str
    intended: list[Any]
    closely: bool = False


@dataclass(frozen=True, kw_only=True)
class LookAsk(Ask):
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class DiscardAsk(Ask):
    gateway: CancelRequest
    payment_id: str


@dataclass(frozen=True, kw_only=True)
class ReleaseAsk(DiscardAsk):
    """
    of    only what this installation opened is let go
    held  also where money is held by then
    """

    of: str | None = None
    held: bool = False


# Money.


@dataclass(frozen=True, kw_only=True)
class MoveAsk(Ask):
    """
    about         type of the record whose change asks: the transaction's own, or "orders"
    then          what follows: "exclude" the transactions (or "approve", "cancel", as the first release asked)
    act           of which this is a step
    amount_cents  what is to move, in minor units; `whole`: that is all that is left
    """

    about: str
    order_id: str
    payment_id: str
    amount_cents: int
    whole: bool
    then: str | None = None
    act: Act | None = None

    @property
    def done(self) -> list[Any]:
        return list(self.act.done) if self.act is not None else []

    def as_json(self) -> dict[str, Any]:
        act = None if self.act is None else {"what": self.act.what, "done": self.act.done}
        return {**super().as_json(), "act": act}

    @classmethod
    def parsed(cls, members: dict[str, Any]) -> dict[str, Any]:
        act = members.get("act")
        return {**members, "act": Act(act["what"], act["done"]) if act is not None else None}

    @classmethod
    def upgraded(cls, members: dict[str, Any], version: int) -> dict[str, Any]:
        # The first release asked for all that was left where the order's change asked.
        return {"whole": members["about"] == "orders", **members}


@dataclass(frozen=True, kw_only=True)
class HeldAsk(MoveAsk):
    """
    received  what the gateway had captured of the payment before
    """

    received: int


@dataclass(frozen=True, kw_only=True)
class CaptureAsk(HeldAsk):
    gateway: CaptureRequest


@dataclass(frozen=True, kw_only=True)
class VoidAsk(HeldAsk):
    """
    spare  nobody asked for it: the order does not need the money
    """

    gateway: CancelRequest
    spare: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundAsk(MoveAsk):
    """
    balance  what could be given back of the capture when it was asked for
    """

    gateway: RefundRequest
    balance: int

    @classmethod
    def upgraded(cls, members: dict[str, Any], version: int) -> dict[str, Any]:
        return {"balance": members["amount_cents"], **super().upgraded(members, version)}


# Wallets.


@dataclass(frozen=True, kw_only=True)
class CustomerAsk(Ask):
    """
    order_id  the order whose payment is to be kept
    payment   that payment; None where an earlier release asks, which marked it first
    """

    gateway: CustomerRequest
    order_id: str
    payment: str | None = None


@dataclass(frozen=True, kw_only=True)
class SaveAsk(Ask):
    """
    instrument  the gateway's name for the payment method; `customer` its name for our `customer_id`
    """

    gateway: AttachRequest
    instrument: str
    customer: str
    customer_id: str
    order_id: str


@dataclass(frozen=True, kw_only=True)
class DetachAsk(Ask):
    """
    instrument  as of `SaveAsk`; `customer` whose it was at the gateway
    """

    gateway: DetachRequest
    instrument: str
    customer: str
    customer_id: str


@dataclass(frozen=True, kw_only=True)
class ImportAsk(Ask):
    """
    record  columns of the entry that is made or changed
    """

    instrument: str
    record: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class InstrumentAsk(Ask):
    instrument: str
    customer_id: str


@dataclass(frozen=True, kw_only=True)
class SetupAsk(Ask):
    setup: str


# Gateways.


@dataclass(frozen=True, kw_only=True)
class KeyAsk(Ask):
    """
    record  columns of the gateway that is made
    """

    record: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RegisterAsk(KeyAsk):
    gateway: RegisterRequest


@dataclass(frozen=True, kw_only=True)
class RenewAsk(Ask):
    """
    replaces  the endpoint in whose place the new one comes
    """

    gateway: RegisterRequest
    replaces: str | None = None


@dataclass(frozen=True, kw_only=True)
class EndpointAsk(Ask):
    gateway: MoveRequest


@dataclass(frozen=True, kw_only=True)
class UnregisterAsk(Ask):
    gateway: UnregisterRequest
