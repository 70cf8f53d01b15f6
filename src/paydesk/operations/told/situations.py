"""Situations: every state that a payment may be in, as somebody who answers a customer has to know it apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from paydesk.base.instants import later
from paydesk.commerce.orders import attention
from paydesk.commerce.payments.watching import NOTICE
from paydesk.operations.matters import PATIENCE, SHARED
from paydesk.operations.told.facts import Facts


class Situation(StrEnum):
    """In order: what is the more pressing comes first."""

    UNKNOWN_REFUND = "refund unknown"
    UNKNOWN_CAPTURE = "capture unknown"
    UNKNOWN_RELEASE = "release unknown"
    UNKNOWN_PAYMENT = "outcome unknown"
    SHARED = "several orders"
    BROKEN = "amounts broken"
    DISPUTED = "disputed"
    DISPUTE_IN_REVIEW = "dispute in review"
    INQUIRY = "inquiry"
    INQUIRY_IN_REVIEW = "inquiry in review"
    REFUND_FAILED = "refund failed"
    REFUND_PENDING = "refund pending"
    UNCAPTURED = "capture failed"
    SURPLUS = "paid too much"
    GONE = "authorization gone"
    UNPLACED = "paid, not placed"
    UNAPPROVED = "paid, not approved"
    SPARE = "held beside"
    EARLY = "taken before sent"
    ENDED = "hold has ended"
    EXPIRING = "hold ends soon"
    FRAUD_WARNING = "fraud warning"
    FRAUD_REVIEW = "in fraud review"
    DISPUTE_LOST = "dispute lost"
    DISPUTE_WON = "dispute won"
    DISPUTE_PREVENTED = "dispute prevented"
    INQUIRY_CLOSED = "inquiry closed"
    REFUNDED = "refunded"
    REFUNDED_PARTLY = "partly refunded"
    WIRE_RETURNED = "wire returned"
    CAPTURED = "captured"
    CAPTURED_PARTLY = "partly captured"
    WIRE_RECEIVED = "wire received"
    RELEASED = "released"
    RELEASED_PARTLY = "partly released"
    HELD = "held"
    HELD_PARTLY = "partly held"
    WIRE_AWAITED = "wire awaited"
    WIRE_CHOSEN = "wire chosen"
    WIRE_CANCELLED = "wire cancelled"
    PLACING = "being placed"
    PROCESSING = "processing"
    AUTHENTICATION = "3-D Secure"
    UNCONFIRMED = "not confirmed"
    DECLINED = "declined"
    UNTRIED = "not tried"
    RETURNED_EARLY = "undone"
    CANCELED = "canceled"
    CANCELLED_UNPAID = "never paid"
    FREE = "free"
    NO_PAYMENT = "no payment"
    OTHER = "other"
    LOST = "order missing"


_S = Situation

OF_CALL: Mapping[str, Situation | None] = {
    "refund_payment": _S.UNKNOWN_REFUND,
    "capture_payment": _S.UNKNOWN_CAPTURE,
    "void_payment": _S.UNKNOWN_RELEASE,
    "release_payment": _S.UNKNOWN_RELEASE,
    "discard_payment": _S.UNKNOWN_RELEASE,
    "open_payment": _S.UNKNOWN_PAYMENT,
    "adopt_payment": _S.UNKNOWN_PAYMENT,
    "place_order": _S.UNKNOWN_PAYMENT,
    "authorize_order": _S.UNKNOWN_PAYMENT,
    "amend_to_authorize": _S.UNKNOWN_PAYMENT,
    "amend_payment": _S.UNKNOWN_PAYMENT,
    "place_later": _S.PLACING,
    **dict.fromkeys(
        ("read_payment", "label_payment", "look_and_save", "create_customer", "save_instrument", "keep_instrument",
         "import_instrument", "read_instrument", "detach_instrument", "read_setup", "register_endpoint", "try_key",
         "remove_endpoint", "renew_endpoint", "move_endpoint", "drop_endpoint"),
    ),
}  # fmt: skip
"""By kind of a gateway call, what its open outcome means; None where no money hangs on it."""

OF_DISPUTE: Mapping[str, Situation] = {
    "needs_response": _S.DISPUTED,
    "under_review": _S.DISPUTE_IN_REVIEW,
    "won": _S.DISPUTE_WON,
    "lost": _S.DISPUTE_LOST,
    "prevented": _S.DISPUTE_PREVENTED,
    "warning_needs_response": _S.INQUIRY,
    "warning_under_review": _S.INQUIRY_IN_REVIEW,
    "warning_closed": _S.INQUIRY_CLOSED,
    "appeal_needs_response": _S.DISPUTED,
    "appeal_under_review": _S.DISPUTE_IN_REVIEW,
    "appeal_won": _S.DISPUTE_WON,
    "appeal_lost": _S.DISPUTE_LOST,
}
"""By Stripe's word for a dispute; one that is new to us counts as open (`DISPUTED`)."""

OF_MATTER: Mapping[str, Situation] = {
    attention.BROKEN: _S.BROKEN,
    attention.REFUND_FAILED: _S.REFUND_FAILED,
    attention.SURPLUS: _S.SURPLUS,
    attention.GONE: _S.GONE,
    attention.UNCAPTURED: _S.UNCAPTURED,
    attention.EARLY: _S.EARLY,
    attention.UNPLACED: _S.UNPLACED,
    attention.UNAPPROVED: _S.UNAPPROVED,
    attention.SPARE: _S.SPARE,
    SHARED: _S.SHARED,
}
"""By kind of what needs attention of an order."""

OF_STATUS: Mapping[str, Situation] = {
    "refunded": _S.REFUNDED,
    "partially_refunded": _S.REFUNDED_PARTLY,
    "paid": _S.CAPTURED,
    "partially_paid": _S.CAPTURED_PARTLY,
    "voided": _S.RELEASED,
    "partially_voided": _S.RELEASED_PARTLY,
    "authorized": _S.HELD,
    "partially_authorized": _S.HELD_PARTLY,
    "free": _S.FREE,
}
"""By an order's payment status, of which `unpaid` says nothing yet."""

BY_HAND: Mapping[Situation, Situation] = {
    _S.REFUNDED: _S.WIRE_RETURNED,
    _S.CAPTURED: _S.WIRE_RECEIVED,
    _S.RELEASED: _S.WIRE_CANCELLED,
    _S.HELD: _S.WIRE_AWAITED,
    _S.HELD_PARTLY: _S.WIRE_AWAITED,
    _S.UNTRIED: _S.WIRE_CHOSEN,
}
"""What they are called of a payment that is settled by hand."""

OF_GATEWAY: Mapping[str, Situation] = {
    "requires_payment_method": _S.UNTRIED,
    "requires_confirmation": _S.UNCONFIRMED,
    "requires_action": _S.AUTHENTICATION,
    "processing": _S.PROCESSING,
    "requires_capture": _S.HELD,
    "succeeded": _S.RETURNED_EARLY,
    "canceled": _S.CANCELED,
    # Of a gateway that is settled by hand.
    "open": _S.UNTRIED,
    "confirmable": _S.UNTRIED,
    "action_needed": _S.AUTHENTICATION,
    "authorized": _S.HELD,
    "captured": _S.RETURNED_EARLY,
}
"""By the gateway's word for a payment whose order counts as unpaid."""


def situations(facts: Facts) -> list[Situation]:
    """All that is to be known of a payment, the most pressing first; there is always one."""
    found = {*_pressing(facts), _standing(facts)}
    if found & {_S.ENDED, _S.EXPIRING, _S.UNPLACED, _S.SPARE}:
        found -= {_S.HELD}
    if _S.ENDED in found:
        found -= {_S.EXPIRING}
    return sorted(found, key=list(Situation).index)


def _pressing(facts: Facts) -> Iterator[Situation]:
    for kind in facts.open:
        situation = OF_CALL.get(kind)
        if situation is not None:
            yield situation
    if facts.dispute is not None:
        yield OF_DISPUTE.get(facts.dispute.status, _S.DISPUTED)
    for kind, (since, _) in facts.attention.items():
        if kind in OF_MATTER and since <= later(facts.now, -PATIENCE.get(kind, 0.0)):
            yield OF_MATTER[kind]
    if facts.shared:
        yield _S.SHARED
    if facts.pending:
        yield _S.REFUND_PENDING
    if facts.held and facts.ends is not None and not facts.by_hand:
        if facts.ends <= facts.now:
            yield _S.ENDED
        elif facts.ends <= later(facts.now, NOTICE):
            yield _S.EXPIRING
    for one in facts.of("authorizations"):
        if one.counts and one.fraud_review == "early_fraud_warning":
            yield _S.FRAUD_WARNING
        elif one.counts and one.fraud_review == "review":
            yield _S.FRAUD_REVIEW


def _standing(facts: Facts) -> Situation:
    """How the payment stands, whatever else there is: exactly one."""
    situation = OF_STATUS.get(facts.payment_status)
    if situation is None:
        situation = _unpaid(facts)
    return BY_HAND.get(situation, situation) if facts.by_hand else situation


def _unpaid(facts: Facts) -> Situation:
    payment, status = facts.payment, facts.order.status
    if payment is None:
        if status == "placing":
            return _S.PLACING
        return _S.CANCELLED_UNPAID if status == "cancelled" else _S.NO_PAYMENT
    situation = OF_GATEWAY.get(payment.gateway_status or payment.untried, _S.OTHER)
    if situation is _S.UNTRIED and facts.last_failure is not None:
        return _S.DECLINED
    return situation
