"""The steps of an act that moves an order's money, each a gateway call.

A step begins once the one before is done, and is chosen by the books as they are then. A no ends the act; steps that
were not begun are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from paydesk.commerce.orders import settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.payable import Act
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked
from paydesk.declare import Rule
from paydesk.rules.work import Work

Step = tuple[str, Transaction, int]
"""One step of an act: `capture`, `void` or `refund`, of which transaction, how many minor units."""


def steps_of(order: Order, what: str, taken: set[str], work: Work) -> Rule:
    """The steps that an act takes from here: a list of `Step`, those on the transactions in `taken` left out."""
    everything = yield from booked(order, work)
    open_ = [one for one in everything if one.id not in taken]
    if what in ("capture", "approve"):
        return list(_captures(order, [one for one in open_ if one.one_of("authorizations")], everything))
    steps: list[Step] = []
    if what == "cancel":
        for one in open_:
            if one.one_of("authorizations") and moving.may_void(one, everything):
                steps.append(("void", one, moving.voidable(one, everything)))
    for one in open_:
        if one.one_of("captures") and moving.refundable(one, everything) > 0:
            steps.append(("refund", one, moving.refundable(one, everything)))
    return steps


def _captures(order: Order, authorizations: Transactions, everything: Transactions) -> Iterator[Step]:
    left = (settling.due_of(order) - settling.taken_for(order, everything)).cents
    # What is held in another currency pays nothing of this bill.
    authorizations = [one for one in authorizations if one.currency_code == order.currency_code]
    for one in sorted(authorizations, key=lambda one: one.payment_source_id != order.payment_source_id):
        amount = min(one.capture_balance_cents, left)
        if amount > 0 and moving.may_capture(one, everything):
            yield "capture", one, amount
            left -= amount


def begin(order: Order, what: str, work: Work) -> Rule:
    """Ask for the first step of an act; False where it has none."""
    steps = yield from steps_of(order, what, set(), work)
    for kind, one, _ in steps[1:]:
        # One that is in flight by itself, such as the void of a spare authorization, is over before this begins.
        work.comes_after(f"{kind}_payment", one)
    if steps:
        yield from take(steps[0], order, Act(what), work)
    return bool(steps)


def take(step: Step, order: Order, act: Act, work: Work) -> Rule:
    kind, one, amount = step
    if kind == "capture":
        yield from moving.capture(one, work, order, asked=amount, act=act, final=True)
    elif kind == "void":
        yield from moving.void(one, work, order, act=act)
    else:
        yield from moving.refund(one, work, order, act=act)
