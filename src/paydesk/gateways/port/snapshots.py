"""What a gateway says that a payment is now, in values that no SDK knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from paydesk.base.money import Money

Status = Literal["open", "confirmable", "action_needed", "processing", "authorized", "captured", "canceled"]


def as_texts(instrument: Mapping[str, Any]) -> dict[str, str]:
    """An instrument as clients are shown it: every member a text, unknown members left out.

    The official back office shows no card at all where one member is a number or null. Payments and wallet entries that
    the first release stored have both.
    """
    return {name: str(value) for name, value in instrument.items() if value is not None}


def as_text(value: str | bool | int | float) -> str:
    """A value of a client's metadata as gateways keep it: "true" and "false", numbers in decimal digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a payment attempt failed, in the gateway's words. `message` may be shown to the customer."""

    message: str
    code: str | None = None
    decline_code: str | None = None
    charge_id: str | None = None


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """One refund as the gateway sees it now.

    status       "pending", "action_needed", "succeeded", "failed" or "canceled"; it can still turn to "failed" weeks
                 after "succeeded"
    created_at   None where the gateway does not tell
    failure      why it failed (`failure_reason`), else None
    """

    refund_id: str
    amount: Money
    status: Literal["pending", "action_needed", "succeeded", "failed", "canceled"]
    created_at: str | None
    charge_id: str | None = None
    reason: str | None = None
    failure: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "refund_id": self.refund_id,
            "amount_cents": self.amount.cents,
            "currency": self.amount.currency,
            "status": self.status,
            "created_at": self.created_at,
            "charge_id": self.charge_id,
            "reason": self.reason,
            "failure": self.failure,
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RefundSnapshot:
        rest = dict(value)
        amount = Money(rest.pop("amount_cents"), rest.pop("currency"))
        return cls(amount=amount, **rest)


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A customer's complaint at the bank. It moves money by itself and is never booked as a refund.

    status            the gateway's own word ("needs_response", "under_review", "won", "lost", ...)
    due_by            until when evidence is taken, or None
    funds_withdrawn   what the dispute took from the balance, `funds_reinstated` what came back; both minor units
                      of the dispute's currency
    """

    dispute_id: str
    amount: Money
    status: str
    reason: str | None
    created_at: str
    charge_id: str | None = None
    due_by: str | None = None
    refundable: bool = False
    funds_withdrawn: int = 0
    funds_reinstated: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "dispute_id": self.dispute_id,
            "amount_cents": self.amount.cents,
            "currency": self.amount.currency,
            "status": self.status,
            "reason": self.reason,
            "created_at": self.created_at,
            "charge_id": self.charge_id,
            "due_by": self.due_by,
            "refundable": self.refundable,
            "funds_withdrawn": self.funds_withdrawn,
            "funds_reinstated": self.funds_reinstated,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DisputeSnapshot:
        rest = dict(value)
        amount = Money(rest.pop("amount_cents"), rest.pop("currency"))
        return cls(amount=amount, **rest)


@dataclass(frozen=True, slots=True)
class Movement:
    """What a payment moved on the merchant's balance at the gateway, and what that cost. It never changes.

    kind          what it belongs to
    gateway_type  the gateway's own word for its kind
    source_id     the charge, refund or dispute that moved the money
    paid          what moved, in the payment's own currency, always positive
    amount        the same as it was booked, in the currency of the balance; below 0 where it left it
    fee_cents     what the gateway kept of it, `amount.cents - fee_cents` is what was booked in all
    available_on  from when it can be paid out
    """

    movement_id: str
    kind: Literal["capture", "refund", "refund_failure", "dispute", "dispute_reversal"]
    gateway_type: str
    source_id: str
    paid: Money
    amount: Money
    fee_cents: int
    exchange_rate: float | None
    created_at: str
    available_on: str | None

    @property
    def net_cents(self) -> int:
        return self.amount.cents - self.fee_cents

    def to_json(self) -> dict[str, Any]:
        value: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        for name in ("paid", "amount"):
            value[name] = [value[name].cents, value[name].currency]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Movement:
        return cls(**{**value, "paid": Money(*value["paid"]), "amount": Money(*value["amount"])})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the gateway says a payment is now.

    gateway_status      the gateway's own word for `status`
    amount              what the payment was opened or amended for
    authorized          capturable now; 0 once captured or canceled
    charged             what the bank held for the latest successful charge, captured or not; 0 while there is none
    received            captured so far
    refunded            given back so far, refunds still on their way included, failed ones not; at least this much
                        unless `complete`. A released rest of an authorization is no refund and counts nowhere.
    refunds, disputes   whole only when `complete`: `read` and `find` make it so, the answer to a call names at most
                        what that call made
    capture_before      until when the authorization can be captured
    payment_method      the method's public facts: {"id", "type", "card": {"brand", "last4", ...}, "billing_details"}
    instrument          {"issuer", "issuer_type": "credit_card", "card_type", "card_last_digits", "card_expiry_month",
                        "card_expiry_year"}; of other methods {"issuer": "stripe", "issuer_type": "klarna"}. Every
                        member is a text, and unknown ones are left out (`as_texts`).
    failure             the last attempt's, None once an attempt succeeded
    checks              {"cvc", "address_line1", "address_postal_code"}: "pass", "fail", "unavailable",
                        "unchecked" or None
    fraud               {"risk_level", "type", "reason", "network_status", "seller_message", "review"}; only a close
                        reading has "review_closed" (why, None while open) and "warning" (the bank's, None without one)
    destination         the account that a part of it, or all, is transferred to, or None
    application_fee     what the platform keeps of it
    multicapture        whether the authorization may be captured more than once
    manual_capture      whether it is held until somebody asks that it be captured
    next_action         what the customer must do, its type only ("redirect_to_url"); no link, no secret
    request_id          the gateway's name for the request that told this, for audit and support
    movements           what it moved on the merchant's balance, as far as it is known: `read` asks for it, and a key
                        may not be allowed to see it
    replayed            the answer is one the gateway kept from an earlier request with the same key
    """

    payment_id: str
    status: Status
    gateway_status: str
    amount: Money
    client_secret: str | None = field(default=None, repr=False)
    authorized: int = 0
    charged: int = 0
    received: int = 0
    refunded: int = 0
    charge_id: str | None = None
    capture_before: str | None = None
    created_at: str | None = None
    canceled_at: str | None = None
    cancellation_reason: str | None = None
    live: bool = False
    on_behalf_of: str | None = None
    transfer_group: str | None = None
    destination: str | None = None
    application_fee: int = 0
    customer: str | None = None
    payment_method: Mapping[str, Any] | None = None
    instrument: Mapping[str, Any] | None = None
    setup_future_usage: str | None = None
    next_action: str | None = None
    failure: Failure | None = None
    refunds: tuple[RefundSnapshot, ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()
    complete: bool = False
    disputed: bool = False
    checks: Mapping[str, str | None] | None = None
    fraud: Mapping[str, str | None] | None = None
    multicapture: bool = False
    manual_capture: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    movements: tuple[Movement, ...] = ()
    request_id: str | None = None
    replayed: bool = False

    def to_json(self) -> dict[str, Any]:
        """A dict of JSON values that `from_json` reads back. It holds the client secret: keep it sealed or drop it."""
        value: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        del value["amount"]
        value["amount_cents"] = self.amount.cents
        value["currency"] = self.amount.currency
        value["refunds"] = [refund.to_json() for refund in self.refunds]
        value["disputes"] = [dispute.to_json() for dispute in self.disputes]
        value["movements"] = [movement.to_json() for movement in self.movements]
        if self.failure is not None:
            value["failure"] = {name: getattr(self.failure, name) for name in self.failure.__slots__}
        for name in ("payment_method", "instrument", "checks", "fraud", "metadata"):
            if value[name] is not None:
                value[name] = dict(value[name])
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Snapshot:
        rest = dict(value)
        amount = Money(rest.pop("amount_cents"), rest.pop("currency"))
        refunds = tuple(RefundSnapshot.from_json(refund) for refund in rest.pop("refunds"))
        disputes = tuple(DisputeSnapshot.from_json(dispute) for dispute in rest.pop("disputes"))
        movements = tuple(Movement.from_json(movement) for movement in rest.pop("movements"))
        failure = rest.pop("failure")
        return cls(
            amount=amount,
            refunds=refunds,
            disputes=disputes,
            movements=movements,
            failure=None if failure is None else Failure(**failure),
            **rest,
        )
