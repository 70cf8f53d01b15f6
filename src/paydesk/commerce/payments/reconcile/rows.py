"""The transactions of a payment that stand in our books for what a gateway shows of it."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.commerce.payments.transactions import SUCCESS, Transaction, Transactions
from paydesk.gateways.port.snapshots import RefundSnapshot, Snapshot
from paydesk.rules.work import Work


def authorization_of(snapshot: Snapshot, everything: Transactions) -> Transaction | None:
    """The authorization of the money that the gateway holds, or held, for a payment; None before it is booked."""
    held = amount_held(snapshot)
    known = [
        one
        for one in everything
        if one.one_of("authorizations")
        and one.object_key.partition("#")[0] == snapshot.payment_id
        # A failed one of another amount was wrong: the authorization is booked anew.
        and (one.succeeded or one.amount_cents == held or not held)
    ]
    return max(known, key=lambda one: bool(one.succeeded), default=None)


def captures_of(
    authorization: Transaction, snapshot: Snapshot, everything: Transactions
) -> tuple[Transactions, Transactions]:
    """Its captures that count, and the gateway's captures that an integration marked as failed."""
    all_ = children_of("captures", authorization, everything)
    marked = [one for one in all_ if is_marked_as_failed(one) and one.object_key.startswith(f"{snapshot.payment_id}/")]
    # Marked captures of more than was received never existed, so they are not denied either.
    return [one for one in all_ if one.succeeded], marked if sum_of(marked) <= snapshot.received else []


def parts_of(told: RefundSnapshot, everything: Transactions) -> Transactions:
    """The transactions that a gateway's refund is booked as: one for each capture that it refunds."""
    captures = {one.id: one for one in everything if one.one_of("captures")}
    return [
        one
        for one in everything
        if one.one_of("refunds")
        and one.object_key.partition("/")[0] == told.refund_id
        # One that was marked as failed with its capture, or is of a higher amount, was wrong: it is booked anew.
        and not (
            is_marked_as_failed(one)
            and (one.amount_cents > told.amount.cents or not captures[one.reference_capture_id].succeeded)
        )
    ]


def children_of(kind: str, parent: Transaction, everything: Transactions) -> Transactions:
    reference = "reference_capture_id" if kind == "refunds" else "reference_authorization_id"
    return [one for one in everything if one.one_of(kind) and getattr(one, reference) == parent.id]


def known_as(everything: Transactions, kind: str, key: str) -> Transaction | None:
    return next((one for one in everything if one.one_of(kind) and one.object_key == key), None)


def free_key(kind: str, key: str, mark: str, everything: Transactions) -> str:
    """`key`, with a count behind it where a transaction of the kind has that key already."""
    count, made = 1, key
    while known_as(everything, kind, made) is not None:
        count += 1
        made = f"{key}{mark}{count}"
    return made


def amount_held(snapshot: Snapshot) -> int:
    return snapshot.charged or snapshot.authorized or snapshot.received


def sum_of(transactions: Iterable[Transaction]) -> int:
    return sum(int(one.amount_cents) for one in transactions)


def is_marked_as_failed(one: Transaction) -> bool:
    return bool(one.forwarded and not one.succeeded)


def mark_failed(one: Transaction, code: str, message: str, work: Work) -> None:
    work.change(one, succeeded=False, message=message, error_code=code)


def mark_succeeded(one: Transaction, work: Work) -> None:
    """Count a transaction that the gateway shows, although it was marked as failed."""
    work.change(one, succeeded=True, forwarded=False, message=SUCCESS, error_code=None, error_detail=None)
