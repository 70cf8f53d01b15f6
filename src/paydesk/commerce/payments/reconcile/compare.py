"""What our books and a gateway say differently of a payment. Nothing is changed: every record and the Work are thrown
away afterwards, so the very rules that would mend a difference tell it.

A difference of which the gateway knows more is what `reconcile` would bring in. Where our books know more, `reconcile`
takes nothing back, and a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paydesk.base.money import formatted
from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED, reconcile
from paydesk.commerce.payments.reconcile.rows import authorization_of, parts_of
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked, children
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import RefundSnapshot, Snapshot
from paydesk.rules.asking import Load
from paydesk.rules.work import Work

_SUMS = ("authorized_cents", "captured_cents", "voided_cents", "refunded_cents", "payment_status")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which both sides do not agree.

    what      in a few words: "amount", "refund re_…", "payment status"
    ours      what our books have, None for nothing
    theirs    what the gateway has, None for nothing
    mended    reading the payment afresh brings our books to it
    idle      the payment can still be paid, no order needs it, and it is of our own making: it may be canceled
    marked    an integration marked a transaction otherwise than the gateway has it
    do        what a person does about it, where that does not
    """

    what: str
    ours: str | None
    theirs: str | None
    mended: bool = False
    idle: bool = False
    marked: bool = False
    do: str | None = None


def compare(payment: PaymentSource, snapshot: Snapshot, work: Work) -> Rule:
    """The differences between a payment, its transactions and its order, and what its gateway says: a list."""
    yield Load(payment, ("order.payment_method", "order.payment_source.payment_gateway", "payment_gateway"))
    found = list(_facts(payment, snapshot))
    whose, here = snapshot.metadata.get("paydesk"), work.settings["installation"]
    if whose not in (None, here):
        do = f"see whether installation {whose} has an order that {snapshot.payment_id} pays: it pays one of them alone"
        found.append(Difference("installation", here, whose, do=do))
    order = payment.order
    if order is None:
        return found
    everything = yield from booked(order, work)
    known = {one.id: (one.succeeded, one.error_code) for one in everything}
    # The sums by the transactions we have, before those come in that we lack.
    before = {name: getattr(order, name) for name in _SUMS}
    yield from order.settle(work)
    found += _sums(order, before)
    yield from reconcile(payment, snapshot, work)
    found += _unknown_here(everything, known)
    # What stands otherwise even so is for a person to decide.
    found += _lasting(payment, [one for one in everything if one.payment_source_id == payment.id], snapshot)
    if snapshot.status in UNCONFIRMED and not payment.is_needed:
        why = "of a cancelled order" if order.status == "cancelled" else "replaced by another source"
        idle = payment.is_of_our_making(snapshot, work.settings["installation"])
        do = f"cancel {snapshot.payment_id} at the gateway: it can still be paid, and was not opened by paydesk"
        found.append(Difference("live payment", why, snapshot.gateway_status, idle=idle, do=None if idle else do))
    return found


def _facts(payment: PaymentSource, snapshot: Snapshot) -> Iterator[Difference]:
    """What the payment itself tells."""
    amount = (payment.intended_cents, payment.intended_currency)
    if amount != (snapshot.amount.cents, snapshot.amount.currency):
        ours = _money(*amount) if None not in amount else None
        yield Difference("amount", ours, _money(snapshot.amount.cents, snapshot.amount.currency), mended=True)
    if payment.gateway_status != snapshot.gateway_status:
        older = payment.finality.get(snapshot.gateway_status, 0) < payment.finality.get(payment.gateway_status or "", 0)
        do = f"look at {snapshot.payment_id} at the gateway: a payment does not come back from that" if older else None
        yield Difference("status", payment.gateway_status, snapshot.gateway_status, mended=not older, do=do)


def _lasting(payment: PaymentSource, mine: Transactions, snapshot: Snapshot) -> Iterator[Difference]:
    """What reading the payment afresh leaves as it is: booked or marked as having come about, and at the gateway it has
    not, or the other way.
    """
    currency = snapshot.amount.currency
    wrong = [one for one in mine if one.succeeded and one.currency_code != currency]
    for one in wrong:
        yield _ours(f"currency of {one.number}", [one], mine, payment, one.currency_code, currency)
    sound = [one for one in mine if one not in wrong]
    yield from _authorizations(payment, sound, snapshot)
    yield from _captures(payment, sound, snapshot)
    yield from _voids(payment, sound, snapshot)
    for told in snapshot.refunds:
        yield from _refund(payment, sound, told)
    known = {told.refund_id for told in snapshot.refunds}
    for one in sound:
        # One that failed here may well be unknown there: the gateway said no to it.
        if one.one_of("refunds") and one.error_code is None and one.object_key.partition("/")[0] not in known:
            yield _ours(f"refund {one.number}", [one], mine, payment, _amount(one), None)


def _authorizations(payment: PaymentSource, mine: Transactions, snapshot: Snapshot) -> Iterator[Difference]:
    held = snapshot.charged or snapshot.authorized or snapshot.received
    right = authorization_of(snapshot, mine)
    for one in mine:
        if not one.one_of("authorizations"):
            continue
        name = f"authorization {one.number}"
        if one.succeeded and (one is not right or not held):
            yield _ours(name, [one], mine, payment, _amount(one), None)
        elif one.succeeded and one.amount_cents != held:
            theirs = _money(held, snapshot.amount.currency)
            yield _ours(name, [one], mine, payment, _amount(one), theirs)
        elif one is right and one.forwarded and not one.succeeded and snapshot.status != "canceled":
            yield _theirs_marked(name, one)


def _captures(payment: PaymentSource, mine: Transactions, snapshot: Snapshot) -> Iterator[Difference]:
    made = [one for one in mine if one.one_of("captures")]
    came = [one for one in made if one.succeeded]
    captured = sum(one.amount_cents for one in came)
    received = _money(snapshot.received, snapshot.amount.currency)
    if captured > snapshot.received:
        vouched = [one for one in came if one.forwarded][-1:]
        what = f"capture {vouched[0].number}" if vouched else "captured"
        yield _ours(what, vouched or came[-1:], mine, payment, _money(captured, came[-1].currency_code), received)
    elif captured < snapshot.received:
        marked = [one for one in made if one.forwarded and not one.succeeded and one.amount_cents <= snapshot.received]
        for one in marked:
            yield _theirs_marked(f"capture {one.number}", one)
        if not marked:
            # More than was authorized: the books follow once they forget what they have of it.
            held = [one for one in mine if one.one_of("authorizations") and one.succeeded]
            yield _ours("captured", held, mine, payment, _money(captured, snapshot.amount.currency), received)


def _voids(payment: PaymentSource, mine: Transactions, snapshot: Snapshot) -> Iterator[Difference]:
    held = snapshot.charged or snapshot.authorized or snapshot.received
    parts = any(one.one_of("authorizations") and one.multicapture for one in mine)
    is_over = snapshot.status == "canceled" or (snapshot.status == "captured" and parts)
    gone = held - snapshot.received if is_over else 0
    made = [one for one in mine if one.one_of("voids")]
    came = [one for one in made if one.succeeded]
    if sum(one.amount_cents for one in came) > gone:
        wrong = ([one for one in came if one.forwarded] or came)[-1]
        theirs = _money(gone, snapshot.amount.currency) if gone else snapshot.gateway_status
        yield _ours(f"void {wrong.number}", [wrong], mine, payment, _amount(wrong), theirs)
    elif gone and not came:
        for one in made:
            if one.forwarded and one.object_key == snapshot.payment_id:
                yield _theirs_marked(f"void {one.number}", one)


def _refund(payment: PaymentSource, mine: Transactions, told: RefundSnapshot) -> Iterator[Difference]:
    parts = parts_of(told, mine)
    booked = sum(one.amount_cents for one in parts)
    if booked != told.amount.cents:
        ours = _money(booked, told.amount.currency)
        yield _ours(
            f"refund {told.refund_id}", parts, mine, payment, ours, _money(told.amount.cents, told.amount.currency)
        )
        return
    for one in parts:
        if one.forwarded and one.succeeded and told.status in ("failed", "canceled"):
            yield _ours(f"refund {one.number}", [one], mine, payment, _amount(one), told.status)
        elif one.forwarded and not one.succeeded and told.status == "succeeded":
            yield _theirs_marked(f"refund {one.number}", one)


def _unknown_here(everything: Transactions, known: dict[str, Any]) -> Iterator[Difference]:
    """What reading the payment afresh would book, or book otherwise."""
    for one in everything:
        name = f"{one.shape.singular} {_theirs(one)}"
        state = (one.succeeded, one.error_code)
        if one.id not in known:
            theirs = _amount(one) if one.succeeded else f"{_amount(one)}, {one.message}"
            yield Difference(name, None, theirs, mended=True)
        elif known[one.id] != state:
            yield Difference(name, _state(*known[one.id]), _state(*state), mended=True)


def _sums(order: Payable, before: dict[str, Any]) -> Iterator[Difference]:
    for name, ours in before.items():
        theirs = getattr(order, name)
        if ours == theirs:
            continue
        if name.endswith("_cents"):
            ours, theirs = _money(ours, order.currency_code), _money(theirs, order.currency_code)
        said = name.removesuffix("_cents").replace("_", " ")
        yield Difference(f"order's {said}", ours, f"{theirs} by its transactions", mended=True)


def _ours(
    what: str, wrong: Transactions, mine: Transactions, payment: PaymentSource, ours: str, theirs: str | None
) -> Difference:
    """What the gateway does not have. Before a transaction is marked as failed those go that came about of it."""
    marking: dict[str, Any] = {}
    for one in wrong:
        for child in children(one, mine):
            for last in children(child, mine):
                marking[last.id] = last
            marking[child.id] = child
        marking[one.id] = one
    names = ", ".join(f"{one.shape.type}/{one.id}" for one in marking.values())
    first = f'PATCH {names} with "succeeded": false, then ' if names else ""
    do = f"look at {payment.payment_id} at the gateway; where it is right, {first}"
    do += f'PATCH {payment.shape.type}/{payment.id} with "_refresh": true'
    return Difference(what, ours, theirs, marked=any(one.forwarded for one in wrong), do=do)


def _theirs_marked(what: str, one: Transaction) -> Difference:
    """What came about at the gateway, and an integration marked as failed."""
    do = (
        f'look at {one.token} at the gateway; where it is right, PATCH {one.shape.type}/{one.id} with "succeeded": true'
    )
    return Difference(what, "marked as failed", _amount(one), marked=True, do=do)


def _theirs(one: Transaction) -> str:
    return str(one.gateway_transaction_id or one.object_key)


def _state(succeeded: bool, error_code: str | None) -> str:
    return "succeeded" if succeeded else "pending" if error_code is None else f"failed: {error_code}"


def _amount(one: Transaction) -> str:
    return _money(one.amount_cents, one.currency_code)


def _money(cents: int, currency: str) -> str:
    return formatted(cents, currency)
