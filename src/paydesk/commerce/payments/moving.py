"""Asking a gateway to move money: capture and void an authorization, refund a capture.

Requests that our own books rule out are refused here, and nothing is sent. Capturing and voiding one authorization
exclude each other; so do two refunds of one capture.

    about   the record whose change asks: the transaction itself, or its order
    then    what follows once the money has moved: `exclude` the transactions
    act     what an order does by several such calls, one after the other
"""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.limits import unpayable
from paydesk.commerce.payable import Act, Payable
from paydesk.commerce.payments.asks import CaptureAsk, RefundAsk, VoidAsk
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked, returnable, room, taken
from paydesk.declare import Rule
from paydesk.gateways.port.verbs import CaptureRequest, RefundRequest, Reversal
from paydesk.rules.asking import Load, new_id
from paydesk.rules.work import Work


def must_be_pending(transaction: Transaction, work: Work) -> None:
    """Only transactions of an order that is not placed can be taken back, and not while it is being placed.

    raises   Invalid("_cancel", ...) once it is placed
    """
    if transaction.order.status not in ("pending", "placing"):
        work.invalid("_cancel", "invalid_transition", "is for pending orders", value=transaction.order.status)
        work.check()
    work.comes_after("place_order", transaction.order)


def may_capture(authorization: Transaction, everything: Transactions) -> bool:
    """Whether something is left to capture; a second time only where the charge allows it."""
    is_first = not any(
        one.counts and one.reference_authorization_id == authorization.id for one in _captures(everything)
    )
    return bool(
        authorization.counts and authorization.capture_balance_cents > 0 and (is_first or authorization.multicapture)
    )


def may_void(authorization: Transaction, everything: Transactions, *, spare: bool = False) -> bool:
    """Whether it holds money that was neither voided nor captured; after a capture, only if the rest can be captured.

    spare    also where it counts for nothing any more
    """
    is_whole = not taken(everything, "captures", authorization)
    left = voidable(authorization, everything)
    is_there = authorization.succeeded if spare else authorization.counts
    return bool(is_there and left > 0 and (is_whole or authorization.multicapture))


def voidable(authorization: Transaction, everything: Transactions) -> int:
    """The amount that a void releases: the rest, if it was captured in part."""
    is_whole = not taken(everything, "captures", authorization)
    return int(authorization.void_balance_cents if is_whole else authorization.capture_balance_cents)


def refundable(capture: Transaction, everything: Transactions) -> int:
    """The amount that can still be refunded, refunds in flight subtracted."""
    return returnable(capture, everything) if capture.counts else 0


def _received(authorization: Transaction, everything: Transactions) -> int:
    """The amount that the gateway has captured of it, without captures that only an integration vouches for."""
    return taken([one for one in everything if not one.forwarded], "captures", authorization)


def _captures(everything: Transactions) -> Transactions:
    return [one for one in everything if one.one_of("captures")]


def capture(
    authorization: Transaction,
    work: Work,
    about: Transaction | Payable,
    *,
    asked: int | None = None,
    act: Act | None = None,
    later: bool = False,
    alone: bool = False,
    final: bool = False,
) -> Rule:
    """Capture `asked` minor units of `authorization`, by default all that is left.

    alone    later, and refused while another capture or void of it is open
    final    the rest is released, also where it could be captured later
    raises   Invalid(...) beyond the balance, once voided, and a second time where the charge allows one capture
    source   Commerce Layer, "Authorizations", `_capture`
    """
    everything = yield from booked(authorization.order, work)
    balance = authorization.capture_balance_cents if authorization.counts else 0
    if not may_capture(authorization, everything):
        was_captured = taken(everything, "captures", authorization) and not authorization.multicapture
        if authorization.counts and was_captured and room("captures", authorization, everything):
            message = "was released by the first capture: the charge can be captured once"
            raise Invalid("capture_balance_cents", "released", message, value=0)
        _must_not_have_expired(authorization, work)
        raise Invalid("capture_balance_cents", "greater_than", value=balance, count=0)
    amount = _within("_capture_amount_cents", asked, balance, authorization.currency_code)
    received = _received(authorization, everything)
    payment = yield from _payment_of(authorization)
    request: CaptureRequest = {
        "payment_id": payment.payment_id,
        "amount_cents": amount,
        "currency": authorization.currency_code,
    }
    if authorization.multicapture and amount < balance and not final:
        request["final"] = False
    ask = CaptureAsk(
        about=about.shape.type,
        order_id=authorization.order_id,
        payment_id=payment.payment_id,
        amount_cents=amount,
        received=received,
        whole=asked is None,
        act=act,
        gateway=request,
    )
    gateway = payment.payment_gateway
    later = later or alone
    work.call(
        "capture_payment", authorization, gateway=gateway, record_id=about.id, deferred=later, alone=alone, ask=ask
    )


def _must_not_have_expired(authorization: Transaction, work: Work) -> None:
    until = getattr(authorization.payment_source, "capture_before", None)
    if until is not None and until <= work.now and authorization.succeeded:
        raise Invalid("capture_balance_cents", "expired", f"is gone: the authorization ended at {until}", value=0)


def void(
    authorization: Transaction,
    work: Work,
    about: Transaction | Payable,
    *,
    then: str | None = None,
    act: Act | None = None,
    later: bool = False,
    spare: bool = False,
) -> Rule:
    """Void `authorization`, or its rest where it may be captured in parts.

    spare    nobody asked for it: if the money was captured or released meanwhile, that is booked and is no failure
    raises   Invalid(...) once voided or captured
    source   Commerce Layer, "Authorizations", `_void`
    """
    everything = yield from booked(authorization.order, work)
    captured = taken(everything, "captures", authorization)
    if not may_void(authorization, everything, spare=spare) or (captured and then == "exclude"):
        left = authorization.void_balance_cents if authorization.counts else 0
        message = "was captured: it can only be refunded" if captured else None
        raise Invalid("void_balance_cents", "captured" if captured else "greater_than", message, value=left, count=0)
    amount = authorization.capture_balance_cents if captured else authorization.void_balance_cents
    payment = yield from _payment_of(authorization)
    ask = VoidAsk(
        about=about.shape.type,
        order_id=authorization.order_id,
        payment_id=payment.payment_id,
        amount_cents=amount,
        received=_received(authorization, everything),
        whole=True,
        spare=spare,
        then=then,
        act=act,
        gateway={"payment_id": payment.payment_id, "reason": "requested_by_customer"},
    )
    gateway = payment.payment_gateway
    work.call("void_payment", authorization, gateway=gateway, record_id=about.id, deferred=later, ask=ask)


def refund(
    capture: Transaction,
    work: Work,
    about: Transaction | Payable,
    *,
    asked: int | None = None,
    then: str | None = None,
    act: Act | None = None,
    later: bool = False,
) -> Rule:
    """Refund `asked` minor units of `capture`, by default all that is left.

    raises   Invalid(...) beyond the balance
    source   Commerce Layer, "Captures", `_refund`
    """
    everything = yield from booked(capture.order, work)
    left = refundable(capture, everything)
    if left <= 0 and capture.counts and capture.disputed_cents:
        raise Invalid("refund_balance_cents", "disputed", "is disputed, or was taken back by a dispute", value=left)
    if left <= 0:
        raise Invalid("refund_balance_cents", "greater_than", value=left, count=0)
    amount = _within("_refund_amount_cents", asked, left, capture.currency_code)
    call_id = new_id()
    payment = yield from _payment_of(capture)
    reversal: Reversal = payment.reversal()
    request: RefundRequest = {
        "payment_id": payment.payment_id,
        "amount_cents": amount,
        "currency": capture.currency_code,
        "metadata": {"paydesk_call": call_id, "paydesk_capture": capture.id},
    }
    request.update(reversal)  # type: ignore[typeddict-item]
    ask = RefundAsk(
        about=about.shape.type,
        order_id=capture.order_id,
        payment_id=payment.payment_id,
        amount_cents=amount,
        balance=left,
        whole=asked is None,
        then=then,
        act=act,
        gateway=request,
    )
    gateway = payment.payment_gateway
    work.call("refund_payment", capture, gateway=gateway, record_id=about.id, deferred=later, id=call_id, ask=ask)


def let_go(order: Payable, work: Work) -> Rule:
    """Void all authorizations of the order and refund all its captures in the background: nobody is to pay for it."""
    everything = yield from booked(order, work)
    for one in everything:
        if one.one_of("authorizations") and may_void(one, everything):
            yield from void(one, work, order, later=True)
        elif one.one_of("captures") and refundable(one, everything) > 0:
            yield from refund(one, work, order, later=True)


def _within(name: str, asked: int | None, balance: int, currency: str) -> int:
    if asked is None:
        return balance
    if asked <= 0:
        raise Invalid(name, "greater_than", value=asked, count=0)
    if asked > balance:
        raise Invalid(name, "less_than_or_equal_to", value=asked, count=balance)
    if asked != balance and (wrong := unpayable(name, asked, currency)) is not None:
        raise wrong
    return asked


def _payment_of(transaction: Transaction) -> Rule:
    """The payment source of a transaction, its gateway loaded."""
    yield Load(transaction, ("payment_source.payment_gateway",))
    payment = transaction.payment_source
    if payment is None or payment.payment_gateway is None:
        raise Invalid("payment_source", "blank", "must exist")
    return payment
