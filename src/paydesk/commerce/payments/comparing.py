"""What our books and a gateway say differently of a payment. Nothing is changed: every record and the Work are thrown
away afterwards, so the very rules that would mend a difference tell it.

A difference of which the gateway knows more is what `reconcile` would bring in. Where our books know more, `reconcile`
takes nothing back, and a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paydesk.commerce.payments.reconciling import UNCONFIRMED, reconcile
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule
from paydesk.gateways.port import Snapshot
from paydesk.money import formatted
from paydesk.work import Load, Work

_SUMS = ("authorized_cents", "captured_cents", "voided_cents", "refunded_cents", "payment_status")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which both sides do not agree.

    what      in a few words: "amount", "refund re_…", "payment status"
    ours      what our books have, None for nothing
    theirs    what the gateway has, None for nothing
    mended    reading the payment afresh brings our books to it
    idle      the payment can still be paid, no order needs it, and it is of our own making: it may be canceled
    do        what a person does about it, where that does not
    """

    what: str
    ours: str | None
    theirs: str | None
    mended: bool = False
    idle: bool = False
    do: str | None = None


def compare(payment: Any, snapshot: Snapshot, work: Work) -> Rule:
    """The differences between a payment, its transactions and its order, and what its gateway says: a list."""
    yield Load(payment, ("order.payment_method", "order.payment_source.payment_gateway", "payment_gateway"))
    found = list(_facts(payment, snapshot))
    order = payment.order
    if order is None:
        return found
    everything = yield from booked(order, work)
    known = {one.id: (one.succeeded, one.error_code) for one in everything}
    mine = [one for one in everything if one.payment_source_id == payment.id and not one.forwarded]
    found += _unknown_there(mine, snapshot)
    # The sums by the transactions we have, before those come in that we lack.
    before = {name: getattr(order, name) for name in _SUMS}
    yield from order.settle(work)
    found += _sums(order, before)
    yield from reconcile(payment, snapshot, work)
    found += _unknown_here(everything, known)
    if snapshot.status in UNCONFIRMED and not payment.is_needed:
        why = "of a cancelled order" if order.status == "cancelled" else "replaced by another source"
        idle = snapshot.metadata.get("paydesk") == work.settings["installation"]
        do = f"cancel {snapshot.payment_id} at the gateway: it can still be paid, and was not opened by paydesk"
        found.append(Difference("live payment", why, snapshot.gateway_status, idle=idle, do=None if idle else do))
    return found


def _facts(payment: Any, snapshot: Snapshot) -> Iterator[Difference]:
    """What the payment itself tells."""
    amount = (payment.intended_cents, payment.intended_currency)
    if amount != (snapshot.amount.cents, snapshot.amount.currency):
        ours = _money(*amount) if None not in amount else None
        yield Difference("amount", ours, _money(snapshot.amount.cents, snapshot.amount.currency), mended=True)
    if payment.gateway_status != snapshot.gateway_status:
        older = payment.finality.get(snapshot.gateway_status, 0) < payment.finality.get(payment.gateway_status or "", 0)
        do = f"look at {snapshot.payment_id} at the gateway: a payment does not come back from that" if older else None
        yield Difference("status", payment.gateway_status, snapshot.gateway_status, mended=not older, do=do)


def _unknown_there(mine: list[Any], snapshot: Snapshot) -> Iterator[Difference]:
    """What was booked as having come about, and the gateway has not."""
    held = snapshot.charged or snapshot.authorized or snapshot.received
    currency = snapshot.amount.currency
    came = [one for one in mine if one.succeeded]
    for one in came:
        if one.currency_code != currency:
            yield _ours(one, f"currency of {one.number}", one.currency_code, currency)
        elif one.one_of("authorizations") and (one.object_key != snapshot.payment_id or not held):
            yield _ours(one, f"authorization {one.number}", _amount(one), None)
        elif one.one_of("authorizations") and one.amount_cents != held:
            yield _ours(one, f"authorization {one.number}", _amount(one), _money(held, currency))
        elif one.one_of("voids") and snapshot.status != "canceled":
            yield _ours(one, f"void {one.number}", _amount(one), snapshot.gateway_status)
    captures = [one for one in came if one.one_of("captures")]
    captured = sum(one.amount_cents for one in captures)
    if captured > snapshot.received:
        yield _ours(captures[-1], "captured", _money(captured, currency), _money(snapshot.received, currency))
    told = {one.refund_id: one for one in snapshot.refunds}
    for one in mine:
        # One that failed here may well be unknown there: the gateway said no to it.
        if not one.one_of("refunds") or one.error_code is not None:
            continue
        there = told.get(one.object_key)
        if there is None:
            yield _ours(one, f"refund {one.number}", _amount(one), None)
        elif there.amount.cents != one.amount_cents:
            theirs = _money(there.amount.cents, there.amount.currency)
            yield _ours(one, f"refund {there.refund_id}", _amount(one), theirs)


def _unknown_here(everything: list[Any], known: dict[str, Any]) -> Iterator[Difference]:
    """What reading the payment afresh would book, or book otherwise."""
    for one in everything:
        name = f"{one.shape.singular} {_theirs(one)}"
        state = (one.succeeded, one.error_code)
        if one.id not in known:
            theirs = _amount(one) if one.succeeded else f"{_amount(one)}, {one.message}"
            yield Difference(name, None, theirs, mended=True)
        elif known[one.id] != state:
            yield Difference(name, _state(*known[one.id]), _state(*state), mended=True)


def _sums(order: Any, before: dict[str, Any]) -> Iterator[Difference]:
    for name, ours in before.items():
        theirs = getattr(order, name)
        if ours == theirs:
            continue
        if name.endswith("_cents"):
            ours, theirs = _money(ours, order.currency_code), _money(theirs, order.currency_code)
        said = name.removesuffix("_cents").replace("_", " ")
        yield Difference(f"order's {said}", ours, f"{theirs} by its transactions", mended=True)


def _ours(one: Any, what: str, ours: str, theirs: str | None) -> Difference:
    do = (
        f"look at {one.token} at the gateway; where it is right, PATCH {one.shape.type}/{one.id}"
        ' with "succeeded": false'
    )
    return Difference(what, ours, theirs, do=do)


def _theirs(one: Any) -> str:
    return str(one.gateway_transaction_id or one.object_key)


def _state(succeeded: bool, error_code: str | None) -> str:
    return "succeeded" if succeeded else "pending" if error_code is None else f"failed: {error_code}"


def _amount(one: Any) -> str:
    return _money(one.amount_cents, one.currency_code)


def _money(cents: int, currency: str) -> str:
    return formatted(cents, currency)
