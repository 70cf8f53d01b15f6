"""From Stripe's objects to the values of `port`. Plain dicts in, frozen values out; no I/O.

Source: Stripe, "PaymentIntent", "Charge", "Refund", "Dispute", "PaymentMethod", "Event"; Commerce Layer, "Stripe
payments" for `payment_method` and `payment_instrument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from paydesk.base.money import Money
from paydesk.gateways.port.account import Registration
from paydesk.gateways.port.events import GatewayEvent
from paydesk.gateways.port.snapshots import DisputeSnapshot, Failure, RefundSnapshot, Snapshot, Status, as_texts
from paydesk.gateways.port.wallet import Instrument, Setup
from paydesk.gateways.stripe.amounts import from_stripe
from paydesk.gateways.stripe.parameters import ACCOUNT, API_VERSION, EVENTS, SELF_TEST

Object = Mapping[str, Any]

# The seven are the whole enumeration (Stripe, "PaymentIntent", `status`).
_STATUS: Final[Mapping[str, Status]] = {
    "requires_payment_method": "open",
    "requires_confirmation": "confirmable",
    "requires_action": "action_needed",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "canceled",
}

_REFUND_STATUS: Final[Mapping[str, Literal["pending", "action_needed", "succeeded", "failed", "canceled"]]] = {
    "pending": "pending",
    "requires_action": "action_needed",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "canceled",
}

# What a payment method shows of itself. `card` is told name by name, so that nothing Stripe may add later gets into the
# database unseen.
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
_DEAUTHORIZED: Final = "account.application.deauthorized"
_CUSTOMER_DELETED: Final = "customer.deleted"
_HEARD: Final = frozenset(EVENTS)
_WATCHED: Final = ("review.", "radar.")
"""Events of what only a close reading of a payment shows."""

_FRAUD: Final = ("risk_level", "type", "reason", "network_status", "seller_message")


def instant(seconds: int | float | None) -> str | None:
    """Unix seconds as "2026-11-22T10:00:00.000Z"."""
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def identity(value: Any) -> str | None:
    """The id of what may be an id, an expanded object, or nothing."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        found = value.get("id")
        return found if isinstance(found, str) else None
    return None


def snapshot(
    intent: Object,
    *,
    refunds: Iterable[Object] | None = None,
    disputes: Iterable[Object] | None = None,
    watched: Mapping[str, Object | None] | None = None,
    request_id: str | None = None,
    replayed: bool = False,
) -> Snapshot:
    """The payment as `intent` shows it; `latest_charge` and `payment_method` expanded where they are to be told.

    refunds, disputes   all there are, as Stripe lists them; None when they were not asked for
    watched             its "review" and early fraud "warning", where they were asked for and may be seen
    raises              KeyError, TypeError, ValueError for what is no PaymentIntent
    """
    currency = str(intent["currency"]).upper()
    word = str(intent["status"])
    # A word that is not in the enumeration must not look like money: the payment is then merely under way.
    status = _STATUS.get(word, "processing")
    latest = intent.get("latest_charge")
    charge: Object = latest if isinstance(latest, dict) else {}
    charged = charge if charge.get("status") == "succeeded" else {}
    captured = from_stripe(int(charged.get("amount_captured") or 0), currency)
    received = from_stripe(int(intent.get("amount_received") or 0), currency)
    details = _mapping(charge.get("payment_method_details"))
    card = _mapping(details.get("card"))
    given = _returned(refunds, captured) if refunds is not None else ()
    if refunds is not None:
        refunded = sum(one.amount.cents for one in given if one.status not in ("failed", "canceled"))
    else:
        # Of a charge captured in part Stripe counts the released rest as refunded, too. Without the list of refunds the
        # two cannot be told apart; a number too low is put right by the next `read`, one too high would be booked.
        total = from_stripe(int(charged.get("amount_refunded") or 0), currency)
        rest = from_stripe(int(charged.get("amount") or 0), currency) - captured
        refunded = 0 if captured == 0 else total - rest if total >= rest else total
    method = _method(intent.get("payment_method"), details)
    # Stripe goes on telling an attempt's error until the next attempt, so ask whether one has succeeded since.
    error = intent.get("last_payment_error") if status not in ("authorized", "captured") else None
    return Snapshot(
        payment_id=str(intent["id"]),
        status=status,
        gateway_status=word,
        amount=Money(from_stripe(int(intent["amount"]), currency), currency),
        client_secret=intent.get("client_secret"),
        authorized=from_stripe(int(intent.get("amount_capturable") or 0), currency),
        charged=from_stripe(int(charged.get("amount") or 0), currency),
        received=received,
        refunded=refunded,
        charge_id=identity(latest),
        capture_before=instant(card.get("capture_before")) if charged else None,
        created_at=instant(intent.get("created")),
        canceled_at=instant(intent.get("canceled_at")),
        cancellation_reason=intent.get("cancellation_reason"),
        live=bool(intent.get("livemode")),
        on_behalf_of=identity(intent.get("on_behalf_of")),
        transfer_group=intent.get("transfer_group"),
        destination=identity(_mapping(intent.get("transfer_data")).get("destination")),
        application_fee=from_stripe(int(intent.get("application_fee_amount") or 0), currency),
        customer=identity(intent.get("customer")),
        payment_method=method,
        instrument=_instrument(method, card),
        setup_future_usage=intent.get("setup_future_usage"),
        next_action=_mapping(intent.get("next_action")).get("type"),
        failure=failure(error) if isinstance(error, dict) else None,
        refunds=tuple(given),
        disputes=tuple(dispute(one) for one in disputes or ()),
        complete=refunds is not None and disputes is not None,
        disputed=bool(charge.get("disputed")),
        checks=_checks(card),
        fraud=_fraud(charge, intent, watched or {}),
        multicapture=_mapping(card.get("multicapture")).get("status") == "available",
        manual_capture=_is_captured_by_hand(intent, details),
        metadata=texts(intent.get("metadata")),
        request_id=request_id,
        replayed=replayed,
    )


def _is_captured_by_hand(intent: Object, details: Object) -> bool:
    """What was asked for the method it was paid with comes before what was asked for the whole intent."""
    own = _mapping(_mapping(intent.get("payment_method_options")).get(str(details.get("type"))))
    return (own.get("capture_method") or intent.get("capture_method")) == "manual"


def failure(error: Object) -> Failure:
    """A `last_payment_error`, or the `error` of a refusing answer."""
    return Failure(
        message=str(error.get("message") or "The payment failed."),
        code=error.get("code"),
        decline_code=error.get("decline_code"),
        charge_id=identity(error.get("charge")),
    )


def refund(value: Object) -> RefundSnapshot:
    currency = str(value["currency"]).upper()
    return RefundSnapshot(
        refund_id=str(value["id"]),
        amount=Money(from_stripe(int(value["amount"]), currency), currency),
        # A refund without a status is one of a method that tells none: it is done (Stripe, "Refund", `status`).
        status=_REFUND_STATUS.get(value.get("status") or "succeeded", "pending"),
        created_at=instant(value["created"]) or "",
        charge_id=identity(value.get("charge")),
        reason=value.get("reason"),
        failure=value.get("failure_reason"),
        metadata=texts(value.get("metadata")),
    )


def dispute(value: Object) -> DisputeSnapshot:
    currency = str(value["currency"]).upper()
    withdrawn, reinstated = _funds(value)
    return DisputeSnapshot(
        dispute_id=str(value["id"]),
        amount=Money(from_stripe(int(value["amount"]), currency), currency),
        status=str(value["status"]),
        reason=value.get("reason"),
        created_at=instant(value["created"]) or "",
        charge_id=identity(value.get("charge")),
        due_by=instant(_mapping(value.get("evidence_details")).get("due_by")),
        refundable=bool(value.get("is_charge_refundable")),
        funds_withdrawn=from_stripe(withdrawn, currency),
        funds_reinstated=from_stripe(reinstated, currency),
    )


def _funds(value: Object) -> tuple[int, int]:
    """What a dispute took from the balance, and what of it came back, in Stripe's minor units of its currency.

    The moves are in the currency that the account is settled in. Where that is another one, what was taken is the
    dispute's own amount: at which rate it was changed, and back, is none of the payment's business.
    """
    moves = [move for move in value.get("balance_transactions") or () if isinstance(move, dict)]
    out = [-int(move["amount"]) for move in moves if move["amount"] < 0]
    back = [int(move["amount"]) for move in moves if move["amount"] > 0]
    if all(move.get("currency", value["currency"]) == value["currency"] for move in moves):
        return sum(out), sum(back)
    whole = int(value["amount"])
    return whole if out else 0, whole if back else 0


def instrument(value: Object, *, request_id: str | None = None) -> Instrument:
    """A PaymentMethod, by itself."""
    method = _method(value, {})
    assert method is not None, "a payment method has an id and a type"
    return Instrument(
        payment_method_id=str(value["id"]),
        payment_method=method,
        instrument=_instrument(method, {}) or {},
        customer=identity(value.get("customer")),
        fingerprint=_mapping(value.get(str(value["type"]))).get("fingerprint"),
        request_id=request_id,
    )


def setup(value: Object, *, request_id: str | None = None) -> Setup:
    """A SetupIntent."""
    return Setup(
        setup_id=str(value["id"]),
        succeeded=value["status"] == "succeeded",
        payment_method_id=identity(value.get("payment_method")),
        customer=identity(value.get("customer")),
        request_id=request_id,
    )


def registration(value: Object, *, request_id: str | None = None) -> Registration:
    hears = value.get("enabled_events") or ()
    created = value.get("created")
    return Registration(
        endpoint_id=str(value["id"]),
        url=value.get("url"),
        status="deleted" if value.get("deleted") else str(value.get("status") or "enabled"),
        secret=value.get("secret"),
        deaf_to=() if "*" in hears else tuple(one for one in EVENTS if one not in hears),
        version=value.get("api_version"),
        current=value.get("api_version") == API_VERSION,
        account=texts(value.get("metadata")).get(ACCOUNT),
        created_at=instant(created) if isinstance(created, int) else None,
        metadata=texts(value.get("metadata")),
        request_id=request_id,
    )


def event(value: Object) -> GatewayEvent:
    """An Event. Raises KeyError, TypeError, ValueError for what is none."""
    identifier, kind = value["id"], value["type"]
    if not (isinstance(identifier, str) and identifier and isinstance(kind, str) and kind):
        raise ValueError("an event has an id and a type")
    about = _mapping(_mapping(value.get("data")).get("object"))
    object_type = about.get("object") if isinstance(about.get("object"), str) else None
    object_id = identity(about)
    request = _mapping(value.get("request"))
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


def texts(value: Any) -> dict[str, str]:
    """Metadata as text to text; what is neither is left out."""
    return {str(key): one for key, one in _mapping(value).items() if isinstance(one, str)}


def _mapping(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def agree(intent: Object, refunds: Iterable[Object]) -> bool:
    """Whether a payment and its list of refunds, read one after the other, tell of the same moment.

    A charge counts its refunds, and what was released of it among them; one that failed is counted no longer, and of
    those on their way each kind of payment method has its own habit.
    """
    latest = intent.get("latest_charge")
    if not isinstance(latest, dict):
        return True
    alive = [one for one in refunds if identity(one.get("charge")) in (latest["id"], None)]
    done = sum(int(one["amount"]) for one in alive if (one.get("status") or "succeeded") == "succeeded")
    on_their_way = sum(int(one["amount"]) for one in alive if one.get("status") in ("pending", "requires_action"))
    return done <= int(latest.get("amount_refunded") or 0) <= done + on_their_way


def _returned(refunds: Iterable[Object], captured: int) -> Sequence[RefundSnapshot]:
    """The refunds that give captured money back, oldest first; not what was only released."""
    if captured == 0:
        return ()
    ordered = sorted(reversed(list(refunds)), key=lambda one: int(one["created"]))  # Stripe lists newest first
    return [refund(one) for one in ordered if not _is_release(one)]


def _is_release(refund: Object) -> bool:
    """Stripe also lists what it let go without ever having taken it: the whole of an authorization that was canceled or
    ran out (`expired_uncaptured_charge`), and the rest of one captured in part (solidusio/solidus_stripe#268). Whatever
    its size, it moved no balance; how much was captured by then is for another request to say, at another moment.
    """
    if refund.get("reason") == "expired_uncaptured_charge":
        return True
    is_done = (refund.get("status") or "succeeded") == "succeeded"
    is_ours = "paydesk_call" in texts(refund.get("metadata"))  # Nobody asks for captured money alone but by this name.
    return is_done and refund.get("balance_transaction") is None and not is_ours


def _method(value: Any, details: Object) -> dict[str, Any] | None:
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
    made: dict[str, Any] = {"id": identity(source), "type": kind}
    facts = _mapping(source.get(kind))
    if kind == "card":
        made["card"] = {name: facts[name] for name in _CARD if name in facts}
    else:
        made[kind] = {name: one for name, one in facts.items() if one is None or isinstance(one, str | int | bool)}
    for name in ("billing_details", "allow_redisplay"):
        if source.get(name) is not None:
            made[name] = source[name]
    return made


def _instrument(method: Object | None, charged: Object) -> dict[str, Any] | None:
    """Commerce Layer's `payment_instrument`. `charged`: the charge's card, which alone may name the issuing bank."""
    if method is None:
        return None
    if method["type"] != "card":
        return {"issuer": "stripe", "issuer_type": method["type"]}
    card = _mapping(method.get("card"))
    wallet = _mapping(card.get("wallet")).get("type")
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


def _checks(card: Object) -> dict[str, str | None] | None:
    told = _mapping(card.get("checks"))
    if not told:
        return None
    return {
        "cvc": told.get("cvc_check"),
        "address_line1": told.get("address_line1_check"),
        "address_postal_code": told.get("address_postal_code_check"),
    }


def review_of(intent: Object) -> str | None:
    """The id of a payment's review."""
    return identity(_mapping(intent.get("latest_charge")).get("review")) or identity(intent.get("review"))


def _fraud(charge: Object, intent: Object, watched: Mapping[str, Object | None]) -> dict[str, str | None] | None:
    outcome = _mapping(charge.get("outcome"))
    if not outcome and not watched:
        return None
    made = {name: outcome.get(name) for name in _FRAUD} | {"review": review_of(intent)}
    review, warning = watched.get("review"), watched.get("warning")
    if review is not None:
        made["review_closed"] = None if review.get("open") else review.get("closed_reason") or review.get("reason")
    if warning is not None:
        made["warning"] = warning.get("fraud_type") or "unknown"
    return made
