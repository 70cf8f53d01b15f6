"""What paydesk asks of any payment gateway, and the values it gets back.

Every value is frozen and plain: no object of a gateway's SDK crosses this line. Amounts are whole minor units of ISO
4217 (`Money.cents`), whatever the gateway counts in. Times are text, UTC with milliseconds: "2026-11-22T10:00:00.000Z".

A call with an effect is two steps, so that it can be written down in between:

    parameters = gateway.parameters("open", ask)              # pure; keep these with the call
    answer = await gateway.perform("open", parameters, key=key, credentials=credentials)

Every repetition sends the same parameters under the same key. The answer is a value, or one of the problems:
`Declined` (the bank said no), `Refused` (the gateway will not do it), `Unknown` (nobody can say whether it happened).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NotRequired, Protocol, TypedDict

from paydesk.base.money import Money

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


Status = Literal["open", "confirmable", "action_needed", "processing", "authorized", "captured", "canceled"]


def as_texts(instrument: Mapping[str, Any]) -> dict[str, str]:
    """An instrument as clients are shown it: every member a text, unknown members left out.

    The official back office shows no card at all where one member is a number or null. Payments and wallet entries that
    the first release stored have both.
    """
    return {name: str(value) for name, value in instrument.items() if value is not None}


MOST_METADATA, METADATA_KEYS, METADATA_VALUE = 50, 40, 500
"""How much text a payment carries for its maker at a gateway: keys, characters of a key (without square brackets), and
characters of a value (Stripe, "Metadata").
"""


def as_text(value: str | bool | int | float) -> str:
    """A value of a client's metadata as gateways keep it: "true" and "false", numbers in decimal digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to speak for one gateway record. Made for the moment of a call; its repr shows no secret.

    account           the connected account in whose name every call is made, or None
    webhook_secrets   every secret that may have signed an event, newest first; more than one during a change
    live              the record's mode; a key of the other mode is refused before anything is sent
    """

    secret_key: str = field(repr=False)
    publishable_key: str | None = None
    account: str | None = None
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    live: bool = False


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
        failure = rest.pop("failure")
        return cls(
            amount=amount,
            refunds=refunds,
            disputes=disputes,
            failure=None if failure is None else Failure(**failure),
            **rest,
        )


@dataclass(frozen=True, slots=True)
class Instrument:
    """A saved payment method: the answer to "attach", "detach" and `read_instrument`.

    payment_method, instrument   as in `Snapshot`
    customer                     whose it is at the gateway; None when nobody's
    fingerprint                  the same for the same card within an account, None for what has none
    """

    payment_method_id: str
    payment_method: Mapping[str, Any]
    instrument: Mapping[str, Any]
    customer: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """An attempt to set a payment method up for later, apart from any payment.

    succeeded           the method may be used from now on without its owner
    payment_method_id   the method, and `customer` whose it is at the gateway; None while there is none
    """

    setup_id: str
    succeeded: bool
    payment_method_id: str | None = None
    customer: str | None = None
    request_id: str | None = None


MARK = "paydesk_owner"
"""The metadata of a webhook endpoint that tells which of several copies of an installation acts at the gateway."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A webhook endpoint at the gateway.

    secret      told once, in the answer to "register"; None ever after
    status      "enabled", "disabled" or "deleted"
    deaf_to     the kinds of events, of those that are handled, that it does not tell of
    version     of which version of the gateway's interface its events are, None where the gateway does not say
    current     that is the one that is read here; it is decided when it is registered, and for good
    account     the connected account whose events it brings, None for the credentials' own
    owner       the account of the credentials that registered it, where that was asked for and may be seen
    created_at  when it was registered, None where the gateway does not say
    """

    endpoint_id: str
    url: str | None
    status: str
    secret: str | None = field(default=None, repr=False)
    deaf_to: tuple[str, ...] = ()
    version: str | None = None
    current: bool = True
    account: str | None = None
    owner: str | None = None
    created_at: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None

    @property
    def hears(self) -> bool:
        """Whether it tells of everything that is handled."""
        return not self.deaf_to


@dataclass(frozen=True, slots=True)
class CustomerAnswer:
    """A customer at the gateway, the answer to "create_customer"."""

    customer: str
    request_id: str | None = None


Answer = Snapshot | Registration | CustomerAnswer | Instrument


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A knock on the door, its signature checked. A hint only: read the payment before changing anything.

    about        what it asks for: "payment" to read one, "fraud" to read one closely, "instrument" to read a payment
                 method, "customer" to read those that a customer kept, "setup" to read the setting up of one, "access"
                 to see whether the credentials still count; "self_test" for nothing: we made it ourselves
    heard        a webhook endpoint is told of its kind
    account      the connected account it happened on, or None
    object_id    what it is about, with its kind in `object_type` ("payment_intent", "charge", "refund", "dispute", ...)
    payment_id   the payment it belongs to, where the event names one
    key          the idempotency key of the request that caused it, so it can find our own open call
    metadata     that object's, text to text
    """

    event_id: str
    type: str
    created_at: str
    live: bool
    about: Literal["payment", "fraud", "access", "instrument", "customer", "setup", "self_test"] = "payment"
    heard: bool = True
    account: str | None = None
    object_id: str | None = None
    object_type: str | None = None
    payment_id: str | None = None
    charge_id: str | None = None
    customer: str | None = None
    key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_storable(self) -> bool:
        """No text of it has a NUL or half a surrogate pair, which a database does not keep."""
        texts = [value for name in self.__slots__ if isinstance(value := getattr(self, name), str)]
        return not any("\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"metadata": dict(self.metadata)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GatewayEvent:
        return cls(**value)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A request that only who knows a webhook secret could make, about nothing; good for as long as a signature is.

    event_id   of the event in `body`
    """

    event_id: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of the events that happened after a cursor, oldest first. Ask again from `cursor` while `more`."""

    events: tuple[GatewayEvent, ...]
    cursor: str | None
    more: bool


class GatewayProblem(Exception):
    """The gateway did not do what was asked, or nobody can say. One of the three below.

    message       plain words; the gateway's own where it spoke, and then fit to be shown to a client
    request_id    the gateway's name for the request, when it told one
    """

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id


class Declined(GatewayProblem):
    """A definite no from the bank. Book a failed attempt; the next try needs a key of its own.

    snapshot   the payment as the answer showed it (it exists, even when the call was to open it), or None
    """

    def __init__(self, failure: Failure, snapshot: Snapshot | None = None, *, request_id: str | None = None) -> None:
        super().__init__(failure.message, request_id=request_id)
        self.failure = failure
        self.snapshot = snapshot


class Refused(GatewayProblem):
    """A definite no from the gateway itself: nothing was done, and asking the same again changes nothing.

    code          the gateway's own ("resource_missing", "amount_too_small", "payment_intent_unexpected_state"), or None
    param         which parameter it found wrong, or None
    http_status   400, 401, 403, 404, ...
    snapshot      the payment as the answer showed it, when it did
    lacks         the rights that the credentials lack, by the gateway's names, where they were probed
    """

    def __init__(
        self,
        message: str,
        code: str | None = None,
        param: str | None = None,
        http_status: int = 400,
        *,
        snapshot: Snapshot | None = None,
        lacks: tuple[str, ...] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.lacks = lacks
        self.code = code
        self.param = param
        self.http_status = http_status
        self.snapshot = snapshot

    @property
    def unauthorized(self) -> bool:
        """Whether the credentials are wrong or lack a right, rather than the request."""
        return self.http_status in (401, 403)

    @property
    def key_is_spent(self) -> bool:
        """Whether the idempotency key was said before with something else: that is no answer to what is asked."""
        return self.code == "idempotency_error"


class Unknown(GatewayProblem):
    """It may have happened, or not. Ask again with the same key and parameters; never with another key.

    retry_after   seconds worth waiting before that, or None
    unsent        nothing left this machine, so nothing can have happened yet (the key is still to be kept)
    kept          the gateway keeps this very answer under the key and will repeat it: look with `read` or `find`
    """

    def __init__(
        self,
        reason: str,
        retry_after: float | None = None,
        *,
        unsent: bool = False,
        kept: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(reason, request_id=request_id)
        self.reason = reason
        self.retry_after = retry_after
        self.unsent = unsent
        self.kept = kept


def gist(answer: Answer | GatewayProblem | None) -> dict[str, Any]:
    """What the journal keeps of an answer, for whoever looks into it later: a few JSON values, no secret."""
    told: dict[str, Any] = {"request_id": getattr(answer, "request_id", None)}
    if isinstance(answer, GatewayProblem):
        failure = answer.failure if isinstance(answer, Declined) else None
        told["message"] = answer.message
        told["code"] = (failure.decline_code or failure.code) if failure else getattr(answer, "code", None)
        answer = getattr(answer, "snapshot", None)
    if isinstance(answer, Snapshot):
        told |= {
            "payment_id": answer.payment_id,
            "status": answer.gateway_status,
            "currency": answer.amount.currency,
            "amount_cents": answer.amount.cents,
            "authorized_cents": answer.authorized,
            "received_cents": answer.received,
            "refunded_cents": answer.refunded,
            "replayed": answer.replayed,
        }
    return told


class Forged(Exception):
    """An event without a signature of ours, or outside the time in which one counts. Its body was not looked at."""


class Malformed(Exception):
    """A well signed body that is no event: not UTF-8, not JSON, not an object with id and type, not to be stored."""


class Gateway(Protocol):
    """What paydesk asks of any payment gateway. One object serves every gateway record of its kind.

    This is all that orders and transactions need: a payment is opened, amended, confirmed, canceled, captured and
    refunded, and it can be looked at. What some gateways can beside that they have in a room of its own, or None.
    """

    @property
    def account(self) -> Account | None:
        """Where payments are kept elsewhere, in an account that is reached with a key and that tells what happens."""
        ...

    @property
    def wallet(self) -> Wallet | None:
        """Where customers keep payment methods for further orders."""
        ...

    def parameters(self, verb: Verb, ask: Mapping[str, Any]) -> dict[str, Any]:
        """The exact parameters the call will send, JSON values only. Pure: no clock, no network, the same every time.

        verb              ask (those with ? may be left out or None)
        open              amount_cents, currency, auto_payments, options?, receipt_email?, description?,
                          shipping? {name, phone?, line_1, line_2?, city?, zip_code?, state_code?, country_code?},
                          metadata?, setup_future_usage?, moto?
        amend             payment_id, and any of open's; receipt_email None takes the address away
        confirm           payment_id, payment_method?, off_session?, return_url?, setup_future_usage?; amount_cents and
                          currency for a payment that is for any amount
        adopt             payment_id, metadata: says at the gateway whose a payment is that somebody else opened
        cancel            payment_id, reason?
        capture           payment_id, amount_cents, currency, metadata?, final? (default true)
        refund            payment_id, amount_cents, currency, reason?, metadata?

        of an `account`
        register          url, gateway_id, installation, account?
        move_endpoint     endpoint_id, url
        unregister        endpoint_id

        of a `wallet`
        create_customer   email?, name?, phone?, metadata?
        attach            payment_method_id, customer
        detach            payment_method_id

        A text may be sealed ({"sealed", "about"}): it stays so in the parameters, and is opened for `perform`.

        raises  ValueError for a verb or a key that is not in this table, KeyError for a missing one: our own mistakes
        """
        ...

    async def perform(
        self,
        verb: Verb,
        parameters: Mapping[str, Any],
        *,
        key: str,
        credentials: Credentials,
        seconds: float | None = None,
    ) -> Answer:
        """Do it, trying again under the same key for at most `seconds` (default 20).

        returns  Snapshot (open, amend, adopt, confirm, cancel, capture, refund), Registration (register, move_endpoint,
                 unregister), CustomerAnswer (create_customer), Instrument (attach, detach)
        raises   Declined, Refused, Unknown
        """
        ...

    async def read(
        self, payment_id: str, *, credentials: Credentials, seconds: float | None = None, closely: bool = False
    ) -> Snapshot:
        """The payment as it is now, with its refunds and disputes. Raises Refused (404: not there), Unknown.

        closely   also with reviews and warnings of fraud, as far as the credentials may see them
        """
        ...

    async def find(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> Snapshot | None:
        """The payment that carries all of `metadata`, oldest first, or None. For calls too old to be repeated.

        since   unix seconds; when given and the search knows nothing, all that was made since then is gone through
        raises  Refused, Unknown
        """
        ...

    async def close(self) -> None:
        """Let go of the connections of the running event loop."""
        ...


class Account(Protocol):
    """What a gateway is asked whose payments are kept elsewhere: keys may lack rights, and news come by events.

    Verbs of its own: register, move_endpoint, unregister.
    """

    async def probe(self, credentials: Credentials, *, seconds: float | None = None) -> list[str]:
        """The rights these credentials lack, by the gateway's names; empty when all is well.

        raises  Refused (401: the key itself is wrong), Unknown
        """
        ...

    async def account_id(self, credentials: Credentials, *, seconds: float | None = None) -> str | None:
        """The gateway's name for the account whose key this is; None where the key may not see that.

        raises  Refused (401: the key itself is wrong), Unknown
        """
        ...

    def breakers(self) -> Mapping[str, int]:
        """How many sets of credentials are "closed", "open" and "half-open": asked, left alone, tried again."""
        ...

    async def find_endpoints(
        self, gateway_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> list[Registration]:
        """The webhook endpoints that were registered for this gateway record, newest first. Raises Refused, Unknown."""
        ...

    async def mark_endpoint(
        self, endpoint_id: str, mark: str, *, credentials: Credentials, seconds: float | None = None
    ) -> None:
        """Write into an endpoint's metadata, under `MARK`, who acts here. Raises Refused, Unknown."""
        ...

    def event(self, body: bytes, headers: Mapping[str, str], *, credentials: Credentials, now: float) -> GatewayEvent:
        """The event in a request, once its signature is found to be ours. Raises Forged, Malformed.

        now   unix seconds
        """
        ...

    def self_tests(self, *, credentials: Credentials, now: float) -> list[SelfTest]:
        """For each webhook secret an event of our own, signed with it as the gateway signs; `event` tells it apart.

        now   unix seconds
        """
        ...

    async def events_since(
        self, cursor: str | None, *, since: float, credentials: Credentials, seconds: float | None = None
    ) -> EventPage:
        """What happened after the event `cursor`, or, without one or once it is forgotten, after `since`.

        since   unix seconds
        raises  Refused, Unknown
        """
        ...

    def payments_made(
        self, since: float, until: float, *, credentials: Credentials, seconds: float | None = None
    ) -> AsyncIterator[Snapshot]:
        """Every payment that was opened from `since` to before `until`, newest first, whoever opened it.

        since, until   unix seconds
        seconds        for each page of the list

        The snapshots tell id, status, amount, metadata and what is authorized or received; what belongs to the charge
        they leave out, so they are to be found by, not to be booked.
        raises  Refused, Unknown
        """
        ...


class Wallet(Protocol):
    """What a gateway is asked that keeps customers' payment methods.

    Verbs of its own: create_customer, attach, detach.
    """

    async def read_instrument(
        self, payment_method_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> Instrument:
        """A payment method as it is now. Raises Refused (404: not there), Unknown."""
        ...

    async def read_setup(self, setup_id: str, *, credentials: Credentials, seconds: float | None = None) -> Setup:
        """An attempt to set a payment method up, as it is now. Raises Refused (404: not there), Unknown."""
        ...

    async def find_customer(
        self,
        metadata: Mapping[str, str],
        *,
        credentials: Credentials,
        since: float | None = None,
        seconds: float | None = None,
    ) -> CustomerAnswer | None:
        """The customer that carries all of `metadata`, oldest first, or None; `since` and problems as in `find`."""
        ...
