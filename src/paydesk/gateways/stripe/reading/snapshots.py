"""A payment as its PaymentIntent shows it.

Source: Stripe, "PaymentIntent", "Charge"; Commerce Layer, "Stripe payments" for `payment_method` and
`payment_instrument`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from paydesk.base.money import Money
from paydesk.gateways.port.snapshots import DisputeSnapshot, Failure, Movement, RefundSnapshot, Snapshot, Status
from paydesk.gateways.stripe.amounts import from_stripe
from paydesk.gateways.stripe.reading.balance import movements
from paydesk.gateways.stripe.reading.disputes import dispute
from paydesk.gateways.stripe.reading.instruments import payment_instrument, payment_method
from paydesk.gateways.stripe.reading.refunds import returned
from paydesk.gateways.stripe.reading.values import Object, identity, instant, mapping, texts

# These seven are the whole enumeration (Stripe, "PaymentIntent", `status`).
_STATUS: Final[Mapping[str, Status]] = {
    "requires_payment_method": "open",
    "requires_confirmation": "confirmable",
    "requires_action": "action_needed",
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "captured",
    "canceled": "canceled",
}

_FRAUD: Final = ("risk_level", "type", "reason", "network_status", "seller_message")


def snapshot(
    intent: Object,
    *,
    refunds: Iterable[Object] | None = None,
    disputes: Iterable[Object] | None = None,
    watched: Mapping[str, Object | None] | None = None,
    captures: Iterable[Object] | None = None,
    request_id: str | None = None,
    replayed: bool = False,
) -> Snapshot:
    """The payment as `intent` shows it; only expanded objects (`latest_charge`, `payment_method`) are described.

    refunds, disputes   all there are, as Stripe lists them; None when they were not asked for
    watched             its "review" and early fraud "warning", where they were asked for and may be seen
    captures            the balance transactions of its charge, where the charge itself does not show all of them
    raises              KeyError, TypeError, ValueError for anything but a PaymentIntent
    """
    currency = str(intent["currency"]).upper()
    lists = _Lists(refunded=_refunded(_charged(intent), currency))
    if refunds is not None:
        refunds = list(refunds)
        given = tuple(returned(refunds, _captured(_charged(intent), currency)))
        refunded = sum(one.amount.cents for one in given if one.status not in ("failed", "canceled"))
        lists = _Lists(refunded, given, complete=disputes is not None)
    if disputes:
        disputes = list(disputes)
        lists = lists._replace(disputes=tuple(dispute(one) for one in disputes))
    if lists.complete:
        lists = lists._replace(movements=tuple(movements(_charged(intent), refunds or (), disputes or (), captures)))
    return _shown(intent, currency, lists, watched or {}, request_id, replayed)


class _Lists(NamedTuple):
    """The refunds and disputes of a payment, as far as they were listed."""

    refunded: int
    refunds: tuple[RefundSnapshot, ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()
    complete: bool = False
    movements: tuple[Movement, ...] = ()


def _shown(
    intent: Object,
    currency: str,
    lists: _Lists,
    watched: Mapping[str, Object | None],
    request_id: str | None,
    replayed: bool,
) -> Snapshot:
    word = str(intent["status"])
    # An unknown status must not look like money: the payment is then merely being processed.
    status = _STATUS.get(word, "processing")
    charge, charged = _charge(intent), _charged(intent)
    details = mapping(charge.get("payment_method_details"))
    card = mapping(details.get("card"))
    method = payment_method(intent.get("payment_method"), details)
    return Snapshot(
        payment_id=str(intent["id"]),
        status=status,
        gateway_status=word,
        amount=Money(from_stripe(int(intent["amount"]), currency), currency),
        client_secret=intent.get("client_secret"),
        authorized=from_stripe(int(intent.get("amount_capturable") or 0), currency),
        charged=from_stripe(int(charged.get("amount") or 0), currency),
        received=from_stripe(int(intent.get("amount_received") or 0), currency),
        refunded=lists.refunded,
        charge_id=identity(intent.get("latest_charge")),
        capture_before=instant(card.get("capture_before")) if charged else None,
        created_at=instant(intent.get("created")),
        canceled_at=instant(intent.get("canceled_at")),
        cancellation_reason=intent.get("cancellation_reason"),
        live=bool(intent.get("livemode")),
        on_behalf_of=identity(intent.get("on_behalf_of")),
        transfer_group=intent.get("transfer_group"),
        destination=identity(mapping(intent.get("transfer_data")).get("destination")),
        application_fee=from_stripe(int(intent.get("application_fee_amount") or 0), currency),
        customer=identity(intent.get("customer")),
        payment_method=method,
        instrument=payment_instrument(method, card),
        setup_future_usage=intent.get("setup_future_usage"),
        next_action=mapping(intent.get("next_action")).get("type"),
        failure=_last_failure(intent, status),
        refunds=lists.refunds,
        disputes=lists.disputes,
        complete=lists.complete,
        movements=lists.movements,
        disputed=bool(charge.get("disputed")),
        checks=_checks(card),
        fraud=_fraud(charge, intent, watched),
        multicapture=mapping(card.get("multicapture")).get("status") == "available",
        manual_capture=_is_captured_by_hand(intent, details),
        metadata=texts(intent.get("metadata")),
        request_id=request_id,
        replayed=replayed,
    )


def _charge(intent: Object) -> Object:
    return mapping(intent.get("latest_charge"))


def _charged(intent: Object) -> Object:
    """The latest charge, if it succeeded."""
    charge = _charge(intent)
    return charge if charge.get("status") == "succeeded" else {}


def _captured(charged: Object, currency: str) -> int:
    return from_stripe(int(charged.get("amount_captured") or 0), currency)


def _refunded(charged: Object, currency: str) -> int:
    """How much was refunded, as far as the charge tells.

    Of a partial capture Stripe counts the released rest as refunded, too. Without the list of refunds the two cannot be
    told apart. A number that is too low is corrected by the next `read`; one that is too high would be booked.
    """
    captured = _captured(charged, currency)
    total = from_stripe(int(charged.get("amount_refunded") or 0), currency)
    rest = from_stripe(int(charged.get("amount") or 0), currency) - captured
    if captured == 0:
        return 0
    return total - rest if total >= rest else total


def _last_failure(intent: Object, status: Status) -> Failure | None:
    # Stripe keeps the error of an attempt until the next one, also when the payment has succeeded since.
    error = intent.get("last_payment_error") if status not in ("authorized", "captured") else None
    return failure(error) if isinstance(error, dict) else None


def _is_captured_by_hand(intent: Object, details: Object) -> bool:
    """The option of the payment method that was used comes before the option of the whole intent."""
    own = mapping(mapping(intent.get("payment_method_options")).get(str(details.get("type"))))
    return (own.get("capture_method") or intent.get("capture_method")) == "manual"


def failure(error: Object) -> Failure:
    """A `last_payment_error`, or the `error` of a refusing answer."""
    return Failure(
        message=str(error.get("message") or "The payment failed."),
        code=error.get("code"),
        decline_code=error.get("decline_code"),
        charge_id=identity(error.get("charge")),
    )


def _checks(card: Object) -> dict[str, str | None] | None:
    checks = mapping(card.get("checks"))
    if not checks:
        return None
    return {
        "cvc": checks.get("cvc_check"),
        "address_line1": checks.get("address_line1_check"),
        "address_postal_code": checks.get("address_postal_code_check"),
    }


def review_of(intent: Object) -> str | None:
    """The id of a payment's review."""
    return identity(mapping(intent.get("latest_charge")).get("review")) or identity(intent.get("review"))


def _fraud(charge: Object, intent: Object, watched: Mapping[str, Object | None]) -> dict[str, str | None] | None:
    outcome = mapping(charge.get("outcome"))
    if not outcome and not watched:
        return None
    facts = {name: outcome.get(name) for name in _FRAUD} | {"review": review_of(intent)}
    review, warning = watched.get("review"), watched.get("warning")
    if review is not None:
        facts["review_closed"] = None if review.get("open") else review.get("closed_reason") or review.get("reason")
    if warning is not None:
        facts["warning"] = warning.get("fraud_type") or "unknown"
    return facts
