"""Matters of an order that need a person's attention, worked out from its transactions whenever they change.

Pure: from records to amounts. They are stored with the order, so that counting them costs as much as there are of them,
however many orders are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from paydesk.commerce.orders.invariants import broken, broken_sums
from paydesk.commerce.orders.order import Order
from paydesk.commerce.payments.moving import voidable
from paydesk.commerce.payments.payment_sources import is_by_hand
from paydesk.commerce.payments.status import sums
from paydesk.commerce.payments.transactions import Transaction
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work

UNPLACED, UNAPPROVED, SURPLUS, SPARE, GONE, REFUND_FAILED, BROKEN = (
    "unplaced_money", "unapproved_money", "surplus_money", "spare_money", "authorization_gone", "refund_failed",
    "amounts_broken",
)  # fmt: skip
EARLY, UNCAPTURED = "captured_before_its_end", "capture_failed"
"""
unplaced_money       held or received for an order that is not placed, or is cancelled
unapproved_money     received for a placed order that is not approved, by a capture that nobody asked for here
surplus_money        received beside what a placed order costs
spare_money          held beside what the order needs, though it was to be let go
authorization_gone   a placed order holds less than it costs, and nothing was taken
refund_failed        the last refund of a capture did not come about
amounts_broken       the order's own amounts contradict each other
captured_before_its_end
                     taken by itself, since the authorization was about to end, and the goods have not left
capture_failed       what was to be captured by itself was not, and is not by now
"""

_PLACED = ("placed", "approved", "editing")


def attend(order: Order, everything: Sequence[Transaction], work: Work, spare: Sequence[Transaction]) -> Rule:
    """Store the order's matters, each with its beginning and amount: `{kind: [since, cents]}`.

    spare    the authorizations that hold money which the order does not need
    """
    known: dict[str, Any] = order.attention or {}
    kinds = dict(_kinds(order, everything, known))
    if idle := sum(voidable(one, list(everything)) for one in spare if one.excluded or order.status in _PLACED):
        kinds[SPARE] = idle
    if unapproved := (yield from _unapproved(order, everything)):
        kinds[UNAPPROVED] = unapproved
    found = {kind: [known.get(kind, [work.now])[0], cents] for kind, cents in kinds.items()}
    work.change(
        order, attention=found or None, attention_since=min((since for since, _ in found.values()), default=None)
    )


def _kinds(order: Order, everything: Sequence[Transaction], known: dict[str, Any]) -> Iterator[tuple[str, int]]:
    currency = order.currency_code
    if order.status in _PLACED:
        made = sums(everything, currency)
        due = _due(order)
        surplus = (made.captured - made.refunded).cents - due
        if surplus > 0:
            yield SURPLUS, surplus
        left = due - (made.authorized - made.voided).cents
        if left > 0 and everything and not made.captured and not _is_undecided(order):
            yield GONE, left
    else:
        real = [one for one in everything if not is_by_hand(one.payment_source_type)]
        held = sums(real, currency).held.cents
        if held > 0:
            yield UNPLACED, held
    yield from _by_itself(order, everything)
    failed = sum(_failed(everything))
    if failed:
        yield REFUND_FAILED, failed
    lines = order.line_items if order.loaded("line_items") else None
    contradicts = broken_sums(order, everything) if lines is None else broken(order, lines, everything)
    if contradicts or (lines is None and BROKEN in known):
        yield BROKEN, 0


def _due(order: Order) -> int:
    return int(min(order.total_amount_with_taxes_cents, order.place_total_amount_cents or 0))


def _by_itself(order: Order, everything: Sequence[Transaction]) -> Iterator[tuple[str, int]]:
    """What was captured without anybody asking, as long as somebody has to see to it, or could not be."""
    if order.status not in ("placed", "approved"):
        return
    own = [one for one in everything if one.one_of("authorizations") and one.counts and one.captured_for]
    early = uncaptured = 0
    for one in own:
        captures = [each for each in everything if each.one_of("captures") and each.parent_id == one.id]
        taken = sum(each.amount_cents for each in captures if each.counts)
        if one.captured_for == "end" and captures and captures[-1].succeeded:
            early += taken
        if captures and not captures[-1].succeeded and one.amount_cents > taken:
            uncaptured += min(captures[-1].amount_cents, one.amount_cents - taken)
        elif one.captured_for == "short":
            uncaptured += max(min(_due(order) - (order.captured_cents or 0), one.amount_cents - taken), 0)
    waits = order.status == "placed" or order.fulfillment_status in ("unfulfilled", "in_progress")
    if early and waits:
        yield EARLY, early
    if uncaptured:
        yield UNCAPTURED, uncaptured


def _unapproved(order: Order, everything: Sequence[Transaction]) -> Rule:
    """The money of an order that waits to be approved, captured at the gateway without a call of ours: by hand, or by a
    call that a restored older database does not know. Zero where its method captures without approval, or where it was
    never authorized in full.
    """
    unasked = sum(one.amount_cents for one in everything if one.one_of("captures") and one.counts and one.unasked)
    if not unasked or order.status not in ("placed", "editing"):
        return 0
    made = sums(everything, order.currency_code)
    if made.authorized.cents < (order.place_total_amount_cents or 0):
        return 0
    yield Load(order, ("payment_method",))
    if order.payment_method is not None and order.payment_method.auto_capture:
        return 0
    return max(min(unasked, (made.captured - made.refunded).cents), 0)


def _is_undecided(order: Order) -> bool:
    source = order.payment_source if order.loaded("payment_source") else None
    return source is not None and bool(source.is_undecided)


def _failed(everything: Sequence[Transaction]) -> Iterator[int]:
    """The amounts of failed refunds, unless a later refund of the same capture made up for them."""
    for capture in (one for one in everything if one.one_of("captures") and one.counts):
        refunds = [one for one in everything if one.one_of("refunds") and one.reference_capture_id == capture.id]
        last = refunds[-1] if refunds else None
        given = sum(one.amount_cents for one in refunds if one.succeeded or one.is_pending)
        if last is not None and not last.succeeded and not last.is_pending and given < capture.amount_cents:
            yield min(last.amount_cents, capture.amount_cents - given)
