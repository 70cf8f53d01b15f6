"""Placing an order, before or after its payment is authorized.

Source: Commerce Layer, "Placing orders", "Orders".
"""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid, Refusal, Several
from paydesk.base.instants import seconds
from paydesk.base.money import Money
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.orders import addressing, resource_errors, settling
from paydesk.commerce.orders.asks import AmendToAuthorizeAsk, ConfirmAsk, PlaceLaterAsk
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import is_offered, standing, take_of
from paydesk.commerce.orders.refresh.refreshed import Refreshed
from paydesk.commerce.orders.refresh.totals import PURCHASABLE, totals_of
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.acts.read import not_before
from paydesk.commerce.payments.forgetting import forget_gone
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconciling import fail_authorization, reconcile
from paydesk.commerce.payments.status import held_by
from paydesk.commerce.payments.transactions import Transaction, booked
from paydesk.declare import Rule, eq
from paydesk.gateways.port.problems import Declined
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import ConfirmFacts
from paydesk.rules.asking import Find, Load
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

_PATHS = (
    "line_items",
    "market",
    "payment_method.payment_gateway",
    "payment_source.payment_gateway",
    "payment_source.wallet_entry",
)


LANE = "order payment"
"""An order is placed or authorized by one call at a time."""


def place(order: Order, work: Work) -> Rule:
    """Place the order now if its payment allows, otherwise ask the gateway and place it with the answer; where it is
    placed in the background, soon.

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
    refreshed, is_covered = yield from _covered(order, refreshed, work)
    wrong = yield from problems(order, work, is_covered=is_covered)
    if wrong:
        raise Several(list(wrong))
    if is_covered:
        yield from _placed(order, refreshed, work)
        return
    if (yield from settling.held_by_source(order, work)):
        raise not_placeable(f"is only {order.payment_status.replace('_', ' ')}", value=order.payment_status)
    confirm("place_order", order, refreshed.due, work, later=later)


def _covered(order: Order, refreshed: Refreshed, work: Work) -> Rule:
    """Whether what is held covers what the order costs, after what it costs. A source that holds the money becomes the
    order's where the present one holds nothing, or too little where the other holds all, with the method that it was
    made for: which may cost something.
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


def confirm(kind: str, order: Order, amount: Money, work: Work, *, later: bool = False) -> None:
    """Ask how the order's payment stands, and confirm it where only the server is awaited."""
    payment = order.payment_source
    work.comes_after("discard_payment", payment)
    facts: ConfirmFacts = payment.confirmation(order, amount.cents, work)
    work.call(
        kind,
        order,
        gateway=payment.payment_gateway,
        record_id=order.id,
        ask=ConfirmAsk(
            source=payment.shape.type,
            payment=payment.id,
            payment_id=payment.payment_id,
            intended=payment.intended,
            amount_cents=amount.cents,
            currency=amount.currency,
            any_amount=payment.takes_any_amount,
            later=later,
            gateway={"payment_id": payment.payment_id, **facts},
        ),
    )


_AWAITING = ("pending", "placing", "placed", "editing", "approved")


def follow(order: Order, authorization: Transaction, work: Work) -> Rule:
    """What an authorization that has just come brings about by itself: the order is placed, the money captured.

    Only what the order's own source holds does so: a second payment of the same order is left to the integration.

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
    """Soon take what the order costs, where its method takes at once and all of it is held: of a cart what its own
    source holds, of a placed order whatever holds it.
    """
    yield Load(order, ("payment_method",))
    method, due = order.payment_method, settling.due_of(order)
    if method is None or not method.auto_capture or (yield from settling.held(order, work)) < due:
        return
    most = method.auto_capture_max_amount_cents
    if most is not None and (method.currency_code != due.currency or due > Money(most, due.currency)):
        return
    everything = yield from booked(order, work)
    left = (due - settling.taken_for(order, everything)).cents
    asked = {call.subject_id for call in work.calls if call.kind in ("capture_payment", "void_payment")}
    held = [one for one in everything if one.one_of("authorizations") and moving.may_capture(one, everything)]
    for one in sorted(held, key=lambda one: one.payment_source_id != order.payment_source_id):
        is_own = one.payment_source_id == order.payment_source_id
        amount = min(one.capture_balance_cents, left)
        if amount > 0 and one.id not in asked and (is_own or order.status in ("placed", "approved")):
            yield from moving.capture(one, work, order, asked=amount, final=True, later=True)
            left -= amount


def _place_unasked(
    order: Order, refreshed: Refreshed, believed: Money, work: Work, *, with_source: bool = True
) -> Rule:
    """Place an order that is paid as it is now. Nobody waits: what stands against it is kept with the order.

    believed   what the order was taken to cost before it was refreshed
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
    yield from _placed(order, refreshed, work)


def problems(order: Order, work: Work, *, with_source: bool = True, is_covered: bool = False) -> Rule:
    """All that stands against placing an order, each with its field; [] when nothing does.

    is_covered   what its payments hold together covers what it costs: what one of them was for is no matter then
    source   Commerce Layer, "Placing orders"
    """
    yield from load(order)
    wrong: list[Invalid] = []
    if order.status == "draft":
        wrong.append(Invalid("status", "invalid_transition", value="draft"))
    if order.expires_at is not None and seconds(order.expires_at) <= seconds(work.now):
        wrong.append(Invalid("expires_at", "expired", value=order.expires_at))
    wrong.extend((yield from goods_problems(order)))
    if order.total_amount_with_taxes_cents > 0 and with_source:
        wrong.extend(payment_problems(order, any_amount=is_covered))
    return wrong


def load(order: Order) -> Rule:
    """Load what judging an order needs."""
    yield Load(order, _PATHS)


def goods_problems(order: Order) -> Rule:
    """What an order lacks of what it sells, to whom and where to; [] when nothing. Needs `line_items` loaded."""
    wrong: list[Invalid] = []
    if not any(line.item_type in PURCHASABLE for line in order.line_items):
        wrong.append(Invalid("line_items", "blank", "can't be blank"))
    if any(line.currency_code != order.currency_code for line in order.line_items):
        wrong.append(Invalid("line_items", "currency_mismatch", "has another currency"))
    if order.customer_id is None:
        wrong.append(Invalid("customer", "blank"))
    if order.billing_address_id is None:
        wrong.append(Invalid("billing_address", "blank"))
    if order.shipping_address_id is None and (yield from addressing.ships(order)):
        wrong.append(Invalid("shipping_address", "blank"))
    return wrong


def payment_problems(order: Order, *, any_amount: bool = False) -> list[Invalid]:
    """What stands against paying with the order's source; `any_amount`: its amount is yet to be settled."""
    method, source = order.payment_method, order.payment_source
    if method is None:
        return [Invalid("payment_method", "blank")]
    wrong = [] if is_offered(method, order) else [Invalid("payment_method", "invalid")]
    if source is None:
        wrong.append(Invalid("payment_source", "blank"))
    elif source.shape.type != method.payment_source_type:
        wrong.append(Invalid("payment_source", "invalid"))
    elif not any_amount and source.is_mismatched(order):
        wrong.append(Invalid("payment_source", "mismatched_amounts"))
    return wrong


def not_placeable(message: str, **meta: Any) -> Invalid:
    """What a payment that does not hold the money is told with."""
    return Invalid("payment_status", "not_placeable", message, **meta)


def _placed(order: Order, refreshed: Refreshed, work: Work, *, asked: str | None = None) -> Rule:
    """The one way into placed, by what the order was just seen to cost; `asked`: the payment that was asked for it."""
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
    yield from settling.settle(order, work)
    spare = {call.subject_id for call in work.calls if call.kind == "void_payment"}
    rows = yield from booked(order, work)
    freed = {id_ for kind, id_ in work.withdrawn if kind == "release_payment"}
    freed |= {call.subject_id for call in work.calls if call.kind == "release_payment"}
    held = [one for one in rows if one.one_of("authorizations") and one.counts and one.id not in spare]
    for id_ in {one.payment_source_id for one in held} - {asked}:
        # Nor is a payment being deleted or canceled that the order is placed on: one that was asked for cannot be
        # meanwhile, nor one that this very work keeps or lets go.
        work.comes_after("discard_payment", id_)
        if id_ not in freed and id_ != order.payment_source_id:
            work.comes_after("release_payment", id_)
    for one in rows:
        # A void or refund may be in flight for the money that the order is placed on: it comes first. What has just
        # come has none, and what the order does not need may go.
        if one in work.created or one.id in spare:
            continue
        if one.one_of("authorizations"):
            work.comes_after("void_payment", one)
        elif one.one_of("captures"):
            work.comes_after("refund_payment", one)
    yield from resource_errors.clear(order, work)
    customer = yield Find(Customer, eq("id", order.customer_id), lock=True)
    if customer is not None:
        work.change(order, customer_type=customer.count_order(order, work))
    yield from _take_at_once(order, work)


def placed_by_hand(order: Order, work: Work) -> Rule:
    """An authorization that an integration vouches for places its order, whatever its source says."""
    if settling.ORDER.admits("_place", order):
        believed = order.due()
        refreshed = yield from order.refresh(work, forced=True)
        yield from _place_unasked(order, refreshed, believed, work, with_source=False)


class PlaceLater(Plan[PlaceLaterAsk]):
    """Place an order in the background. What stands against it is kept with the order, which stays `placing`."""

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


class ConfirmPayment(Plan[ConfirmAsk]):
    """Look how the payment of an order stands, confirm it where only the server is awaited, and book the answer."""

    asks = ConfirmAsk
    verb = "confirm"
    lane = LANE

    def reads(self, call: Journalled[ConfirmAsk]) -> str | None:
        return call.ask.payment_id

    def looks(self, call: Journalled[ConfirmAsk]) -> str | None:
        return call.ask.payment_id

    def proceeds(self, call: Journalled[ConfirmAsk], snapshot: Snapshot) -> bool:
        ask, told = call.ask, (snapshot.amount.cents, snapshot.amount.currency)
        is_right = ask.any_amount or told == (ask.amount_cents, ask.currency)
        # What failed once has lost its payment method; where we have one to name, it may be tried again.
        waits = ("confirmable", "open") if call.ask.gateway.get("payment_method") else ("confirmable",)
        return snapshot.status in waits and is_right

    def still(self, call: Journalled[ConfirmAsk]) -> Rule:
        """The order has to cost what was asked for, by its lines of now, and be paid with the same source."""
        order = yield Find("orders", eq("id", call.subject_id), ("line_items",))
        if order is None or not order.editable_now:
            return False
        # A source that the same request chose is the order's once the answer is there.
        if order.payment_source_id != call.ask.payment and call.waiting is None:
            return False
        due = Money(totals_of(order, order.line_items).total_amount_with_taxes_cents, order.currency_code)
        return self.fits(Money(call.ask.amount_cents, call.ask.currency), due)

    def fits(self, asked: Money, due: Money) -> bool:
        """What was asked for is right for an order that costs `due` now."""
        return asked == due

    def judged(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot, work: Work) -> Rule:
        """What follows for the order, now that the answer is booked: the order, or why nothing follows."""
        raise AssertionError(f"{self.kind} does not say what follows")

    def settle(self, call: Journalled[ConfirmAsk], answer: Snapshot, work: Work) -> Rule:
        order = yield from order_of(call)
        if order is None:
            return None
        payment = yield from payment_of(call)
        if payment is not None:
            yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
        return (yield from self._followed(call, order, answer, work))

    def refused(self, call: Journalled[ConfirmAsk], problem: No, work: Work) -> Rule:
        order = yield from order_of(call)
        payment = yield from payment_of(call)
        if order is None or payment is None:
            return Invalid("order", "blank")
        told = yield from self._no(call, order, payment, problem, work)
        if told is None:
            assert problem.snapshot is not None, "it was seen that it holds money"
            return (yield from self._followed(call, order, problem.snapshot, work))
        yield from _keep(told, order, work)
        return told

    def _followed(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot, work: Work) -> Rule:
        outcome = yield from self.judged(call, order, answer, work)
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def apart(self, call: Journalled[ConfirmAsk], answer: Any, *, is_no: bool, refusal: Refusal, work: Work) -> Rule:
        """What the gateway did is booked; the order goes nowhere."""
        order = yield from order_of(call)
        payment = yield from payment_of(call)
        if order is not None and payment is not None:
            if is_no:
                yield from self._no(call, order, payment, answer, work)
            else:
                yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
                # What it was refused for shows: the payment is for another amount than the order costs by now.
                yield from order.catch_up(work)
            yield from _keep(refusal, order, work)
        return refusal

    def _no(self, call: Journalled[ConfirmAsk], order: Order, payment: PaymentSource, problem: No, work: Work) -> Rule:
        """Book a no and return what is told of it; None where the payment holds money all the same."""
        if problem.snapshot is not None:
            yield from reconcile(payment, problem.snapshot, work)
            if problem.snapshot.status in ("authorized", "captured", "processing"):
                return None
        named = {
            "payment_method": call.ask.gateway.get("payment_method"),
            "customer": getattr(payment, "options", {}).get("customer"),
        }
        yield from forget_gone(call.gateway_id, named, problem, work)
        if isinstance(problem, Declined):
            yield from booked(order, work)
            fail_authorization(payment, problem.failure, call.ask.amount_cents, work)
            code = problem.failure.decline_code or problem.failure.code
            return not_placeable(problem.failure.message, code=code)
        return not_placeable(problem.message, code=problem.code)


def _keep(refusal: Refusal, order: Order, work: Work) -> Rule:
    """What the background was refused is kept with the order, since nobody waits to be told."""
    if order.status == "placing":
        yield from resource_errors.note(order, refusal, work)


class PlaceOrder(ConfirmPayment):
    """Place the order if its payment is authorized or being processed."""

    kind = "place_order"

    def judged(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot, work: Work) -> Rule:
        if order.status not in (("placing",) if call.ask.later else ("draft", "pending", "placing")):
            return order
        # The order may have changed while the gateway was asked, and its source been replaced.
        refreshed = yield from order.refresh(work, forced=True)
        refreshed, is_covered = yield from _covered(order, refreshed, work)
        wrong = yield from problems(order, work, is_covered=is_covered)
        if wrong:
            return Several(list(wrong))
        is_processing = answer.status == "processing" and order.payment_source_id == call.ask.payment
        if is_covered or is_processing:
            yield from _placed(order, refreshed, work, asked=call.ask.payment)
            return order
        return why_not(answer)


def why_not(answer: Snapshot) -> Invalid:
    """Why a payment that was looked up lets nobody place its order."""
    if answer.failure is not None:
        code = answer.failure.decline_code or answer.failure.code
        return not_placeable(answer.failure.message, code=code, value=answer.gateway_status)
    return not_placeable(_WAITING.get(answer.status, "is not authorized"), value=answer.gateway_status)


_WAITING = {
    "open": "is not authorized: the payment was not confirmed",
    "confirmable": "is not authorized: the payment was not confirmed",
    "action_needed": "is not authorized: the shopper has to confirm the payment",
    "canceled": "is not authorized: the payment was canceled",
}


def order_of(call: Journalled[Any]) -> Rule:
    """The order that a call is about, locked."""
    order = yield Find("orders", eq("id", call.subject_id), _PATHS, lock=True)
    return order


def payment_of(call: Journalled[ConfirmAsk | AmendToAuthorizeAsk]) -> Rule:
    """The payment that a call about its order asks for."""
    of_call = eq("id", call.ask.payment)
    payment = yield Find(call.ask.source, of_call, ("order.payment_source", "payment_gateway"))
    return payment


PLANS: tuple[Plan[Any], ...] = (PlaceLater(), PlaceOrder())
