"""Placing an order, before or after its payment is authorized.

Source: Commerce Layer, "Placing orders", "Orders".
"""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid, Refusal, Several
from paydesk.base.money import Money
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.orders import addressing, resource_errors, settling, shipping, stocking
from paydesk.commerce.orders.acts.confirm import LANE, ConfirmPayment, confirm, order_of, why_not
from paydesk.commerce.orders.asks import ConfirmAsk, PlaceLaterAsk
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import standing, take_of
from paydesk.commerce.orders.problems import load, not_placeable, payment_problems, price_problems, problems
from paydesk.commerce.orders.refresh.refreshed import Refreshed
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.status import held_by
from paydesk.commerce.payments.transactions import Transaction, booked
from paydesk.declare import Rule, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, Load
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


def place(order: Order, work: Work) -> Rule:
    """Place the order. Its payment is authorized already, or is looked up and, where only that is missing,
    confirmed. All that stands against it is told at once; with `place_async` the order is `placing` meanwhile, and
    `resource_errors` tell what stood against it.

    raises   Several: everything that stands against it, each with its field
    """
    if settling.ORDER.is_there("_place", order):
        return
    if order.status not in ("draft", "pending", "placing"):
        settling.ORDER.must_admit("_place", order, work)
    refreshed = yield from order.refresh(work, forced=True)
    if not order.place_async or order.status == "draft":
        yield from begin(order, refreshed, work)
        return
    if order.status == "pending":
        settling.ORDER.move("place soon", order, work)
    work.call("place_later", order, record_id=order.id, deferred=True, ask=PlaceLaterAsk())


def begin(order: Order, refreshed: Refreshed, work: Work, *, later: bool = False) -> Rule:
    """Place a refreshed order, or ask the gateway first; `later`: nobody waits for the answer."""
    is_unread = yield from _may_hold_unread(order, refreshed.due, work)
    is_covered = is_unread
    if not is_unread:
        refreshed, is_covered = yield from _covered(order, refreshed, work)
    wrong = yield from problems(order, work, is_covered=is_covered)
    if wrong:
        raise Several(list(wrong))
    if is_unread:
        yield from _come_after_others(order, work)
        confirm("place_order", order, refreshed.due, work, later=later, covered=True)
        return
    if is_covered:
        if short := (yield from _placed(order, refreshed, work)):
            raise Several(short)
        return
    if (yield from settling.held_by_source(order, work)):
        raise not_placeable(f"is only {order.payment_status.replace('_', ' ')}", value=order.payment_status)
    confirm("place_order", order, refreshed.due, work, later=later)


def _may_hold_unread(order: Order, due: Money, work: Work) -> Rule:
    """Whether other payments hold the total while the order's own source, made for as much, may have been confirmed
    without our having heard of it. It is read before the order is placed with another payment: else the moment at which
    an event is worked would decide which payment stays.
    """
    if not due or (yield from settling.held(order, work)) < due or (yield from settling.held_by_source(order, work)):
        return False
    yield from load(order)
    source = order.payment_source
    if source is None or source.by_hand or source.is_over:
        return False
    if source.intended_currency != due.currency or source.intended_cents < due.cents:
        return False
    return not (yield from payment_problems(order, any_amount=True))


def _come_after_others(order: Order, work: Work) -> Rule:
    """Have what is in flight for the money of other payments come first, since the order may be placed with it."""
    for one in (yield from booked(order, work)):
        if one.one_of("authorizations") and one.counts and one.payment_source_id != order.payment_source_id:
            work.comes_after("void_payment", one)
            work.comes_after("release_payment", one.payment_source_id)
            work.comes_after("discard_payment", one.payment_source_id)
        elif one.one_of("captures"):
            work.comes_after("refund_payment", one)


def _covered(order: Order, refreshed: Refreshed, work: Work) -> Rule:
    """The total, and whether the held money covers it. Another source that holds the money becomes the order's if the
    present one holds nothing, or too little while the other holds all. It brings its own payment method, whose price
    may change the total.
    """
    held = yield from settling.held(order, work)
    if not refreshed.due or held < refreshed.due:
        return refreshed, not refreshed.due
    own = yield from settling.held_by_source(order, work)
    if own < refreshed.due:
        everything = yield from booked(order, work)
        others = yield from standing(order, work)
        alone = [
            one for one in others if held_by(one.payment_source_id, everything, order.currency_code) >= refreshed.due
        ]
        if alone or not own:
            yield from take_of(order, (alone or others)[-1], work)
            refreshed = yield from order.refresh(work, forced=True)
    return refreshed, held >= refreshed.due


_AWAITING = ("pending", "placing", "placed", "editing", "approved")


def follow(order: Order, authorization: Transaction, work: Work) -> Rule:
    """Place the order and capture its money without being asked, after an authorization has just come.

    Only an authorization of the order's own source does so: a second payment of the same order is left to the
    integration.

    source   Commerce Layer, "Payment methods", `auto_place` and `auto_capture`
    """
    yield Load(order, ("payment_method",))
    method = order.payment_method
    is_own = authorization.payment_source_id == order.payment_source_id
    if method is None or not is_own or order.status not in _AWAITING:
        return
    if (method.auto_place or method.auto_capture) and settling.ORDER.admits("_place", order):
        believed = order.due()
        refreshed = yield from order.refresh(work, forced=True)
        if method.auto_place:
            yield from _place_unasked(order, refreshed, believed, work)
    yield from _take_at_once(order, work)


def _take_at_once(order: Order, work: Work) -> Rule:
    """Capture the order's total in the background, where its method captures at once and all of it is held: for a cart
    the money of its own source, for a placed order the money of any source.
    """
    yield Load(order, ("payment_method",))
    method, due = order.payment_method, settling.due_of(order)
    if method is None or not method.auto_capture or (yield from settling.held(order, work)) < due:
        return
    if order.status not in ("placed", "approved"):
        yield Load(order, ("line_items", "market"))
        short = yield from stocking.shortages(order, work)
        if short or price_problems(order) or (yield from shipping.problems(order, work)):
            return  # It cannot be placed, so nobody is charged for it.
    most = method.auto_capture_max_amount_cents
    if most is not None and (method.currency_code != due.currency or due > Money(most, due.currency)):
        return
    everything = yield from booked(order, work)
    left = (due - settling.taken_for(order, everything)).cents
    taken = {call.subject_id for call in work.calls if call.kind in ("capture_payment", "void_payment")}
    held = [one for one in everything if one.one_of("authorizations") and moving.may_capture(one, everything)]
    for one in sorted(held, key=lambda one: one.payment_source_id != order.payment_source_id):
        is_own = one.payment_source_id == order.payment_source_id
        amount = min(one.capture_balance_cents, left)
        if amount > 0 and one.id not in taken and (is_own or order.status in ("placed", "approved")):
            yield from moving.capture(one, work, order, asked=amount, final=True, later=True)
            left -= amount


def _place_unasked(
    order: Order, refreshed: Refreshed, believed: Money, work: Work, *, with_source: bool = True
) -> Rule:
    """Place an order that is paid in full. Nobody waits for the outcome: refusals are kept with the order.

    believed   the order's total before it was refreshed
    """
    refreshed, is_covered = yield from _covered(order, refreshed, work)
    if not is_covered:
        if (yield from settling.held(order, work)) >= believed:
            yield from resource_errors.note(order, Invalid("payment_source", "mismatched_amounts"), work)
        return
    wrong = yield from problems(order, work, with_source=with_source, is_covered=True)
    if wrong:
        yield from resource_errors.note(order, Several(list(wrong)), work)
        return
    if short := (yield from _placed(order, refreshed, work)):
        yield from resource_errors.note(order, Several(short), work)


def _placed(order: Order, refreshed: Refreshed, work: Work, *, confirmed: str | None = None) -> Rule:
    """The one way to `placed`, by a total that was just worked out. Returns what has gone out of stock meanwhile, and
    changes nothing then.

    confirmed   the payment just confirmed
    """
    # Stock is locked after every other record.
    customer = yield Find(Customer, eq("id", order.customer_id), lock=True)
    short: list[Refusal] = yield from stocking.reserve(order, work)
    if short:
        return short
    ships = yield from addressing.ships(order)
    settling.need_anew(order, work)
    settling.ORDER.move(
        "_place",
        order,
        work,
        proof=refreshed,
        placed_at=work.now,
        place_total_amount_cents=refreshed.due.cents,
        sealed_return_url=None,
    )
    if not ships:
        work.change(order, fulfillment_status="not_required", fulfillment_updated_at=work.now)
    yield from shipping.start(order, work)
    yield from settling.settle(order, work)
    spare = {call.subject_id for call in work.calls if call.kind == "void_payment"}
    rows = yield from booked(order, work)
    freed = {id_ for kind, id_ in work.withdrawn if kind == "release_payment"}
    freed |= {call.subject_id for call in work.calls if call.kind == "release_payment"}
    held = [one for one in rows if one.one_of("authorizations") and one.counts and one.id not in spare]
    for id_ in {one.payment_source_id for one in held} - {confirmed}:
        # A deletion or cancellation may be in flight for a payment that the order is placed on: it comes first. The
        # payment that was just confirmed has none, nor has one that this very work keeps or releases.
        work.comes_after("discard_payment", id_)
        if id_ not in freed and id_ != order.payment_source_id:
            work.comes_after("release_payment", id_)
    for one in rows:
        # A void or refund may be in flight for the money that the order is placed on: it comes first. A new transaction
        # has none, and a spare authorization may go.
        if one in work.created or one.id in spare:
            continue
        if one.one_of("authorizations"):
            work.comes_after("void_payment", one)
        elif one.one_of("captures"):
            work.comes_after("refund_payment", one)
    yield from resource_errors.clear(order, work)
    if customer is not None:
        work.change(order, customer_type=customer.count_order(order, work))
    yield from _take_at_once(order, work)
    return short


def placed_by_hand(order: Order, work: Work) -> Rule:
    """Place the order of an authorization that an integration vouches for, whatever its source says."""
    if settling.ORDER.admits("_place", order):
        believed = order.due()
        refreshed = yield from order.refresh(work, forced=True)
        yield from _place_unasked(order, refreshed, believed, work, with_source=False)


class PlaceLater(Plan[PlaceLaterAsk]):
    """Place an order in the background. Refusals are kept with the order, which stays `placing`."""

    kind = "place_later"
    asks = PlaceLaterAsk
    lane = LANE
    local = True

    def settle(self, call: Journalled[PlaceLaterAsk], answer: None, work: Work) -> Rule:
        order = yield from order_of(call)
        if order is not None and order.status == "placing":
            try:
                yield from begin(order, (yield from order.refresh(work, forced=True)), work, later=True)
            except Refusal as refusal:
                yield from resource_errors.note(order, refusal, work)
        return order


class PlaceOrder(ConfirmPayment):
    """Place the order if its payment is authorized or being processed."""

    kind = "place_order"

    def judged(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot | None, work: Work) -> Rule:
        if order.status not in (("placing",) if call.ask.later else ("draft", "pending", "placing")):
            return order
        # While the call was in flight, the order may have changed and its source been replaced.
        refreshed = yield from order.refresh(work, forced=True)
        refreshed, is_covered = yield from _covered(order, refreshed, work)
        wrong = yield from problems(order, work, is_covered=is_covered)
        if wrong:
            return Several(list(wrong))
        is_own = order.payment_source_id == call.ask.payment
        is_processing = is_own and answer is not None and answer.status == "processing"
        if is_covered or is_processing:
            short = yield from _placed(order, refreshed, work, confirmed=call.ask.payment)
            return Several(short) if short else order
        return why_not(answer)


PLANS: tuple[Plan[Any], ...] = (PlaceLater(), PlaceOrder())
