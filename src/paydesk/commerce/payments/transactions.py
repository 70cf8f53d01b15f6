"""transactions: what happened to the money of an order: authorizations, captures, voids and refunds."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, ClassVar, TypeVar

from paydesk.commerce.payable import MONEY_ACCESS, SOURCES, Payable
from paydesk.declare import (
    FILTER,
    FIND,
    READ_ACTIONS,
    UPDATE,
    Condition,
    Rule,
    argument,
    boolean,
    eq,
    hidden,
    money,
    string,
    to_one,
)
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

KINDS = ("authorizations", "captures", "voids", "refunds")

SUCCESS = "Success!"

SCOPES: dict[str, Condition] = {"succeeded": eq("succeeded", True)}
"""`filter[q][succeeded]=true`, of all transactions."""


class Transaction(Resource):
    """What all transactions share. A transaction's amount never changes.

    object_key  its name at the gateway, unique within its kind: the same fact is never booked twice
    excluded    it counts for nothing: it was taken back before the order was placed, or belongs to a second payment of
                the order that was refunded
    forwarded   an integration has marked it, and knows better than the gateway whether it succeeded
    """

    root = "order"
    loads: ClassVar[tuple[str, ...]] = ("order.payment_method", "order.line_items", "payment_source.payment_gateway")

    number = string(FIND, required=True, example="42/T/001", doc="The order's number and a count; failed ones count.")
    type = string(FIND, required=True, enum=KINDS, example="authorizations", doc="Which kind of transaction it is.")
    payment_method_type = string(example="credit card", doc="How it was paid.")
    currency_code = string(FILTER, required=True, example="EUR", doc="Its currency.")
    amount = money(FIND, required=True, example=1500, doc="What was held, moved or let go.")
    succeeded = boolean(UPDATE | FILTER, default=False, example=False, doc="Whether it came about.")
    message = string(FILTER, example="Accepted", doc="What the gateway says.")
    error_code = string(FILTER, example="00001", doc="The gateway's code for a failure.")
    error_detail = string(FILTER, example="Already settled", doc="More about it.")
    token = string(FILTER, example="xxxx-yyyy-zzzz", doc="The gateway's name for the payment.")
    gateway_transaction_id = string(FILTER, example="xxxx-yyyy-zzzz", doc="The gateway's name for the transaction.")
    object_key = hidden("string")
    excluded = hidden("boolean", default=False)
    forwarded = hidden("boolean", default=False)

    _forward = argument(
        "boolean", UPDATE, example=True, doc="Mark one that is stuck as succeeded, without asking the gateway."
    )

    order = to_one("orders", FIND, required=True, doc="The order whose money it is.")
    payment_source = to_one(SOURCES, FILTER, doc="What it was paid with.")

    @property
    def parent_id(self) -> str | None:
        """The authorization or capture that it is of; None of an authorization."""
        return None

    @property
    def counts(self) -> bool:
        return bool(self.succeeded and not self.excluded)

    @property
    def is_pending(self) -> bool:
        """Its outcome is not known yet: a refund in flight."""
        return not self.succeeded and self.error_code is None

    def may_succeed(self, all_: Iterable[Transaction]) -> bool:
        """Whether the sums allow this one to count, too."""
        return bool(self.amount_cents > 0)

    FORWARDED_FROM: ClassVar[tuple[str, ...]] = ()
    """The payment statuses of an order in which one of its kind can still succeed."""

    def updating(self, change: Change, work: Work) -> Rule:
        values = dict(change.values)
        said = values.pop("succeeded", None)
        work.change(self, **values)
        if said is not None and bool(said) != bool(self.succeeded):
            everything = yield from booked(self.order, work)
            if (said and not self.may_succeed(everything)) or (not said and children(self, everything)):
                work.invalid("succeeded", "invalid_transition", value=True)
                work.check()
            self._say(bool(said), work)
            measure(everything, work)
            yield from self.order.settle(work)
        if change.arguments.get("_forward"):
            yield from self._go_forward(work)

    def _say(self, succeeded: bool, work: Work) -> None:
        if succeeded:
            work.change(self, message=SUCCESS, error_code=None, error_detail=None)
        else:
            work.change(self, message="Marked as failed", error_code="marked_as_failed")
        work.change(self, succeeded=succeeded, forwarded=True)

    def _go_forward(self, work: Work) -> Rule:
        """Mark it as succeeded, unless nothing is left to move or the order's payment status is past it."""
        everything = yield from booked(self.order, work)
        can = not self.succeeded and not self.excluded and self.may_succeed(everything)
        if not can or self.order.payment_status not in self.FORWARDED_FROM:
            return
        self._say(True, work)
        measure(everything, work)
        yield from self.order.settle(work)
        yield from self.forwarded_now(work)

    def forwarded_now(self, work: Work) -> Rule:
        """What follows once it was marked as succeeded."""
        yield from ()

    def one_of(self, kind: str) -> bool:
        return bool(self.shape.type == kind)


class AnyTransaction(
    Transaction,
    type="transactions",
    singular="transaction",
    actions=READ_ACTIONS,
    access=MONEY_ACCESS,
    scopes=SCOPES,
    unique=(("type", "object_key"),),
    indexes=(("amount_cents", "created_at"),),
):
    """Any transaction, read as what it shares with the others. Source: Commerce Layer, "Transactions"."""


M = TypeVar("M", bound=Transaction)


Transactions = list[Transaction]
"""An order's transactions, oldest first."""


def booked(order: Payable, work: Work) -> Generator[Any, Any, Transactions]:
    """All transactions of an order, oldest first, those of this work included."""
    if not order.loaded("booked"):
        found: Transactions = yield Find(AnyTransaction, eq("order_id", order.id), many=True)
        found.sort(key=lambda one: (len(one.number), one.number))
        order.booked = found
        for one in found:
            one.order = order
    return order.booked


class Overbooked(Exception):
    """A capture, void or refund of more than there is was about to be booked."""


def book(
    kind: type[M],
    order: Payable,
    payment: Resource,
    work: Work,
    *,
    key: str,
    amount_cents: int,
    succeeded: bool,
    **values: Any,
) -> M:
    """Add a transaction; nothing else adds one. The order's `booked` is loaded.

    raises   Overbooked: with it more would be refunded than was captured, or captured than was authorized
    """
    everything = order.booked
    parent_id = values.get("reference_capture_id") or values.get("reference_authorization_id")
    if parent_id is not None and (succeeded or values.get("error_code") is None):
        (parent,) = (one for one in everything if one.id == parent_id)
        if not 0 < amount_cents <= room(kind.shape.type, parent, everything):
            raise Overbooked(f"{amount_cents} of {parent.number} ({kind.shape.type}, order {order.number})")
    count = order.transactions_count + 1
    work.change(order, transactions_count=count)
    values.setdefault("message", SUCCESS)
    values.setdefault("token", payment.payment_id)
    values.setdefault("gateway_transaction_id", payment.payment_id)
    made = work.create(
        kind,
        type=kind.shape.type,
        number=f"{order.number}/T/{count:03d}",
        payment_method_type=payment.method_type,
        currency_code=payment.intended_currency,
        amount_cents=amount_cents,
        succeeded=succeeded,
        object_key=key,
        order_id=order.id,
        payment_source_type=payment.shape.type,
        payment_source_id=payment.id,
        **values,
    )
    made.order = order
    made.payment_source = payment
    everything.append(made)
    return made


def measure(all_: Iterable[Transaction], work: Work) -> None:
    """Bring the balances to the booked transactions: a balance can always be moved.

    source   Commerce Layer, "Authorizations" and "Captures", the balance attributes
    """
    everything = list(all_)
    for one in everything:
        if one.one_of("authorizations"):
            left = capturable(one, everything)
            work.change(
                one,
                capture_amount_cents=left,
                capture_balance_cents=left,
                void_balance_cents=max(one.amount_cents - taken(everything, "voids", one), 0),
            )
        elif one.one_of("captures"):
            left = returnable(one, everything)
            work.change(one, refund_amount_cents=left, refund_balance_cents=left)


def capturable(authorization: Transaction, all_: Iterable[Transaction]) -> int:
    """The amount of an authorization that can still be captured. The first capture of a card releases the rest."""
    everything = list(all_)
    if taken(everything, "captures", authorization) and not authorization.multicapture:
        return 0
    return room("captures", authorization, everything)


def returnable(capture: Transaction, all_: Iterable[Transaction]) -> int:
    """The amount of a capture that can still be refunded, refunds in flight subtracted. All captures of a payment
    together cannot be refunded by more than was captured, less disputed amounts.
    """
    everything = [one for one in all_ if one.payment_source_id == capture.payment_source_id]
    captures = [one for one in everything if one.one_of("captures") and one.succeeded]
    captured = sum(one.amount_cents - (one.disputed_cents or 0) for one in captures)
    given = sum(one.amount_cents for one in everything if one.one_of("refunds") and (one.succeeded or one.is_pending))
    return max(min(room("refunds", capture, everything), int(captured - given)), 0)


def room(kind: str, parent: Transaction, all_: Iterable[Transaction]) -> int:
    """The amount that transactions of a kind can still book of `parent`."""
    everything = list(all_)
    if kind == "refunds":
        return max(int(parent.amount_cents) - taken(everything, "refunds", parent, pending=True), 0)
    used = taken(everything, "captures", parent) + taken(everything, "voids", parent)
    return max(int(parent.amount_cents) - used, 0)


def children(parent: Transaction, all_: Iterable[Transaction]) -> Transactions:
    """The transactions of an authorization or capture that succeeded or are in flight."""
    return [one for one in all_ if parent.id == one.parent_id and (one.succeeded or one.is_pending)]


def taken(all_: Iterable[Transaction], kind: str, parent: Transaction, *, pending: bool = False) -> int:
    """The amount captured, voided or refunded of `parent`; `pending`: amounts in flight count, too."""
    return sum(
        one.amount_cents
        for one in all_
        if one.one_of(kind) and one.parent_id == parent.id and (one.succeeded or (pending and one.is_pending))
    )
