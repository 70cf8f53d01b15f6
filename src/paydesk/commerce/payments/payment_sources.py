"""What all payment sources share, whatever gateway stands behind them, and the calls that are made about any of them.

A type of its own for each kind of gateway says how a payment is opened there and what a client sees of it; placing,
capturing, voiding, refunding and reconciling know payment sources as what is said here and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from paydesk.base.errors import GatewayRefused, Invalid, Locked, Refusal
from paydesk.base.money import Money
from paydesk.commerce.payable import EDITABLE, ORDER_ACCESS
from paydesk.commerce.payments.asks import AmendAsk, DiscardAsk, OpenAsk, ReadAsk, ReleaseAsk
from paydesk.commerce.payments.forgetting import forget_gone
from paydesk.commerce.payments.gateway_customers import GatewayCustomer
from paydesk.commerce.payments.options import connected
from paydesk.commerce.payments.reconciling import UNCONFIRMED, assign, reconcile
from paydesk.commerce.payments.transactions import Transaction, booked
from paydesk.declare import SORT, WRITE, Condition, Rule, both, eq, hidden, to_one
from paydesk.gateways.port.problems import Declined
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import ConfirmFacts, OpenRequest, Reversal
from paydesk.rules.asking import Change, Find, Hold, Holders, Load
from paydesk.rules.asks import Ask
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

A = TypeVar("A", bound=Ask)
D = TypeVar("D", bound=DiscardAsk)

SOURCE_ACCESS = ORDER_ACCESS.via("order", guest="CSUD", customer="CSUD")
"""A payment source is seen and changed by whoever sees and changes its order."""

ORDER_PATHS = ("payment_method.payment_gateway", "shipping_address", "customer", "payment_source.payment_gateway")
"""What creating a payment source finds loaded of its order."""


class PaymentSource(Resource):
    """What an order is paid with.

    named_by          the column that keeps the gateway's name for the payment
    finality          the gateway's own words for what a payment never comes back from; a snapshot that ranks lower is
                      older
    by_hand           no gateway stands behind it: what it holds is what our own books say
    takes_any_amount  it is for whatever is authorized with it, so nothing has to be amended and no amount mismatches
    untried           the gateway's own word for a payment that nobody tried to pay, or whose last try failed
    undecided         its word for one that was paid, and of which the bank decides later
    """

    root = "order"
    loads: ClassVar[tuple[str, ...]] = ("order.payment_source", "payment_gateway")
    create_loads: ClassVar[tuple[str, ...]] = tuple(f"order.{path}" for path in ORDER_PATHS)
    named_by: ClassVar[str]
    finality: ClassVar[Mapping[str, int]] = {"authorized": 1, "captured": 2, "canceled": 2}

    by_hand: ClassVar[bool] = False
    takes_any_amount: ClassVar[bool] = False
    untried: ClassVar[str] = "open"
    undecided: ClassVar[str] = "processing"

    intended_cents = hidden("integer", doc="What the payment was opened for, in minor units.")
    intended_currency = hidden("string", doc="Its currency.")
    gateway_status = hidden("string", doc="How it stands, in the gateway's own word.")
    method_id = hidden("string", doc="The order's payment method that it was made for.")

    order = to_one("orders", WRITE | SORT, required=True, doc="The order it pays.")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _TYPES[cls.shape.type] = cls

    # At its gateway.

    @property
    def payment_id(self) -> str:
        """The gateway's name for the payment."""
        return str(getattr(self, self.named_by))

    @classmethod
    def known_as(cls, payment_id: str, gateway_id: str) -> Condition:
        """What the source of a gateway's payment fulfils."""
        return both(eq(cls.named_by, payment_id), eq("payment_gateway_id", gateway_id))

    @classmethod
    def holders(cls, payment_id: str) -> Holders:
        """Asks which sources there are of a gateway's payment, in whichever tenant."""
        return Holders(cls.shape.type, cls.named_by, payment_id)

    @classmethod
    def is_of_our_making(cls, snapshot: Snapshot, installation: str) -> bool:
        """This installation opened the payment, as that tells itself: one that was adopted names the order alone."""
        told = snapshot.metadata
        return told.get("paydesk") == installation and f"{cls.shape.singular}_id" in told

    @classmethod
    def opened(cls, answer: Snapshot) -> dict[str, Any]:
        """The columns of a new source that its gateway's answer fills."""
        return {cls.named_by: answer.payment_id}

    @classmethod
    def again(cls, gateway: Any) -> dict[str, Any]:
        """The columns of a source that is made anew of what its gateway has, beside those that every source has."""
        return {}

    @classmethod
    def gateway_for(cls, order: Any) -> Any:
        """The enabled gateway of the order's payment method that makes such sources, None where there is none."""
        method = order.payment_method
        if method is None or method.payment_source_type != cls.shape.type or method.disabled_at is not None:
            return None
        gateway = method.payment_gateway
        return gateway if gateway is not None and gateway.disabled_at is None else None

    @property
    def method_type(self) -> str:
        """How it is paid with, as transactions tell it: "credit card"."""
        return self.shape.singular.replace("_", " ")

    @property
    def is_canceled(self) -> bool:
        """Nothing can be paid with it any more."""
        return bool(self.gateway_status == "canceled")

    @property
    def is_over(self) -> bool:
        """Nothing can come of it any more: it was captured or canceled."""
        return self.finality.get(self.gateway_status or "", 0) == 2

    @property
    def is_undecided(self) -> bool:
        """It was paid with, and whether the money comes is not known yet."""
        return bool(self.gateway_status == self.undecided)

    @property
    def intended(self) -> list[Any]:
        """What it was opened or last amended for: minor units and their currency (JSON)."""
        return [self.intended_cents, self.intended_currency]

    def is_mismatched(self, order: Any) -> bool:
        """It was opened for something else than what the order costs now."""
        return not self.takes_any_amount and bool(
            self.intended_cents != order.total_amount_with_taxes_cents or self.intended_currency != order.currency_code
        )

    @property
    def instrument_id(self) -> str | None:
        """The gateway's name for the payment method that it was confirmed with, None before."""
        return None

    @property
    def is_reusable(self) -> bool:
        """The payment method was set up to be used again."""
        return False

    @property
    def details(self) -> dict[str, Any] | None:
        """What may be told of it to whoever is told of its order; None until it is known how it is paid.

        source   Commerce Layer, "Orders", `payment_source_details`
        """
        return {"type": self.shape.singular}

    def confirmation(self, order: Any, amount_cents: int, work: Work) -> ConfirmFacts:
        """What its gateway needs to be told, beside the payment, to confirm it from the server for this amount."""
        return {}

    def reversal(self) -> Reversal:
        """What is to be taken back of others, beside the payment, when a part of it is given back."""
        return {}

    def absorb(self, snapshot: Snapshot, work: Work) -> bool:
        """Bring its fields to what the gateway says. Run twice, or with the same snapshot, it changes nothing more.

        returns   False for a snapshot that is older than what is known, which is never taken back
        """
        if self.finality.get(snapshot.gateway_status, 0) < self.finality.get(self.gateway_status or "", 0):
            return False
        work.change(
            self,
            intended_cents=snapshot.amount.cents,
            intended_currency=snapshot.amount.currency,
            gateway_status=snapshot.gateway_status,
        )
        return True

    def read(self, work: Work, *, closely: bool = False) -> None:
        """Ask the gateway how the payment stands, after this work is written; `closely`: also whether it is watched
        for fraud.
        """
        work.call(
            "read_payment",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            ask=ReadAsk(payment_id=self.payment_id, closely=closely, intended=self.intended),
        )

    # With its order.

    def attach(self, order: Any, work: Work) -> Rule:
        """Become the order's source. The one that was is released."""
        former = order.payment_source
        if former is None or former.id != self.id:
            self.keep(work)
        assign(order, self, work)
        if former is not None and former.id != self.id:
            former.release(work)
            if former.by_hand or self.by_hand:
                # What is only our bookkeeping counts as long as it is the order's source.
                yield from order.settle(work)

    @property
    def is_needed(self) -> bool:
        """Its order, which is loaded, is paid with it, or may be."""
        order = self.order
        return order is not None and order.payment_source_id == self.id and not order.needs_no_payment

    def release(self, work: Work, *, of: str | None = None, held: bool = False) -> None:
        """No order's source any more: cancel the payment soon, unless money is held or taken by then.

        of     only what this installation opened, as the payment itself tells at its gateway
        held   also where money is held by then: there is no order to keep it for
        """
        if self.is_over:
            return
        if held:
            # One that was to leave alone what holds money, as of a source that was replaced, would stand in the way.
            self.keep(work)
        work.call(
            "release_payment",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            deferred=True,
            ask=ReleaseAsk(
                payment_id=self.payment_id,
                of=of,
                held=held,
                gateway={"payment_id": self.payment_id, "reason": "abandoned"},
            ),
        )

    def keep(self, work: Work) -> None:
        """An order's source, perhaps again: the payment is not to be canceled any more."""
        if self not in work.created:
            work.withdraw("release_payment", self)

    def updating(self, change: Change, work: Work) -> Rule:
        values = dict(change.values)
        if "order" in change.related and values.get("order_id") != self.order_id:
            yield from self._move(change.related["order"], work)
        values.pop("order_id", None)
        work.change(self, **values)

    def _move(self, order: Any, work: Work) -> Rule:
        """Make it another order's payment source: an editable order of the same currency, to be paid that way."""
        if order is None:
            work.invalid("order", "blank")
            work.check()
        order.takes_source(work)
        if self.order is not None and self.order.status not in EDITABLE:
            work.invalid("order", "not_editable", "can't be changed: its order is placed on it")
        elif (yield from self.has_moved()):
            work.invalid("order", "not_editable", "can't be changed: money was moved")
        if self.intended_currency not in (None, order.currency_code):
            work.invalid("order", "currency_mismatch", "has another currency")
        work.check()
        yield Load(order, ("payment_method.payment_gateway", "payment_source.payment_gateway"))
        gateway = self.gateway_for(order)
        if gateway is None or gateway.id != self.payment_gateway_id:
            work.invalid("order", "invalid", "is to be paid another way")
            work.check()
        if self.order is not None and self.order.payment_source_id == self.id:
            assign(self.order, None, work)
        work.change(self, order_id=order.id)
        self.__dict__["order"] = order
        yield from self.attach(order, work)

    def has_moved(self) -> Rule:
        """Whether an attempt to pay with it was ever booked."""
        paid = both(eq("order_id", self.order_id), eq("payment_source_id", self.id))
        found = yield Find(Transaction, paid, many=True)
        new = self.order.__dict__.get("booked", ()) if self.order is not None else ()
        return bool(found) or any(one.payment_source_id == self.id for one in new)

    def deleting(self, work: Work) -> Any:
        order = self.order
        if order is not None and order.status not in ("draft", "pending"):
            raise Locked("its order is placed")
        if order is not None:
            # It is not canceled in the moment in which its order is placed on it.
            for kind in ("place_order", "authorize_order", "amend_to_authorize"):
                work.comes_after(kind, order)
        work.call(
            "discard_payment",
            self,
            gateway=self.payment_gateway,
            record_id=self.id,
            ask=DiscardAsk(payment_id=self.payment_id, gateway={"payment_id": self.payment_id, "reason": "abandoned"}),
        )


_TYPES: dict[str, type[PaymentSource]] = {}


def is_by_hand(type_: str) -> bool:
    """Whether sources of this type have no gateway behind them."""
    return type_ in _TYPES and _TYPES[type_].by_hand


def sources_of(order: Any) -> Rule:
    """Every source that was ever made for an order, its gateway loaded."""
    found: list[PaymentSource] = []
    for kind in _TYPES.values():
        found.extend((yield Find(kind, eq("order_id", order.id), ("payment_gateway",), many=True)))
    return found


def refusal(problem: Any) -> Refusal:
    """What a client is told when a gateway says no to a payment: the gateway's own message and code."""
    if isinstance(problem, Declined):
        code = problem.failure.decline_code or problem.failure.code or "card_error"
        return GatewayRefused(problem.failure.message, code)
    return GatewayRefused(problem.message, problem.code or "invalid_request_error")


class OpenPayment(Plan[OpenAsk]):
    """Open a payment for an order; the record is stored with the gateway's answer, so until then no answer shows it."""

    kind = "open_payment"
    asks = OpenAsk
    verb = "open"
    owes = True

    def repeats(self, ask: OpenAsk, former: OpenAsk, record_id: str | None) -> bool:
        # It is still what its order is to be paid with, and for as much.
        asked, had = ask.gateway, former.gateway
        is_source = record_id is not None and ask.replaces == record_id
        return is_source and (asked["amount_cents"], asked["currency"]) == (had["amount_cents"], had["currency"])

    def found(self, ask: OpenAsk) -> Mapping[str, str]:
        name = f"{_TYPES[ask.source].shape.singular}_id"
        return {name: ask.gateway["metadata"][name]}

    def settle(self, call: Journalled[OpenAsk], answer: Snapshot, work: Work) -> Rule:
        ask = call.ask
        kind = _TYPES[ask.source]
        order = yield Find("orders", eq("id", call.subject_id), ("payment_source.payment_gateway",), lock=True)
        if order is None:
            # It was deleted meanwhile: nobody can pay for it, so the payment must not stay live.
            gateway = yield Find("payment_gateways", eq("id", call.gateway_id))
            late = kind(id=call.record_id, **kind.opened(answer), payment_gateway=gateway, gateway_status=None)
            late.release(work)
            return Invalid("order", "blank")
        payment = work.create(
            kind,
            id=call.record_id,
            **ask.record,
            order_id=call.subject_id,
            **kind.opened(answer),
        )
        payment.__dict__["order"] = order
        work.change(order, connect=connected(order, ask.connect) or None)
        wanted = (
            order.status in EDITABLE
            and order.payment_source_id == ask.replaces
            and order.payment_method_id == ask.payment_method_id
            and order.currency_code == answer.amount.currency
        )
        if wanted and ask.chooses is not None:
            wanted = yield from order.takes_method(ask.chooses, work)
        if wanted:
            if ask.behind:
                yield from order.refresh(work, forced=True)
            yield from payment.attach(order, work)
        else:
            # The order has moved on while the gateway was asked: the late payment must not stay live.
            yield Load(payment, ("payment_gateway",))
            payment.release(work)
        yield from reconcile(payment, answer, work)
        return order if ask.about == "orders" else payment

    def refused(self, call: Journalled[OpenAsk], problem: Any, work: Work) -> Any:
        if call.ask.known is not None and getattr(problem, "param", None) == "customer":
            return self._without_customer(call, work)
        return self._no(call, problem, work)

    def _no(self, call: Journalled[OpenAsk], problem: Any, work: Work) -> Rule:
        yield from forget_gone(call.gateway_id, call.ask.gateway.get("options") or {}, problem, work)
        return refusal(problem)

    def _without_customer(self, call: Journalled[OpenAsk], work: Work) -> Rule:
        """The gateway knows the customer no more, who was deleted there: forget it, and open the payment for nobody."""
        order = yield Find("orders", eq("id", call.subject_id), lock=True)
        known = yield Find(GatewayCustomer, eq("id", call.ask.known), ("payment_gateway",))
        if order is None or known is None:
            return Invalid("order", "blank")
        asked = call.ask.gateway
        if known.token == asked["options"]["customer"]:
            work.change(known, token=None)
        options = {name: value for name, value in asked["options"].items() if name != "customer"}
        gateway: OpenRequest = {**asked, "options": options}
        again = replace(call.ask, known=None, gateway=gateway)
        work.call(self.kind, order, gateway=known.payment_gateway, record_id=call.record_id, ask=again)
        return None


class Settled(Plan[A]):
    """Whatever a payment's gateway was asked, the payment is brought to what that says."""

    def settle(self, call: Journalled[A], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            yield from reconcile(payment, answer, work)
        return payment

    def refused(self, call: Journalled[A], problem: Any, work: Work) -> Any:
        return refusal(problem)


class ReadPayment(Settled[ReadAsk]):
    """Look at a payment: `_refresh`, an event, recovery."""

    kind = "read_payment"
    asks = ReadAsk

    def reads(self, call: Journalled[ReadAsk]) -> str | None:
        return call.ask.payment_id

    def closely(self, call: Journalled[ReadAsk]) -> bool:
        return call.ask.closely

    def settle(self, call: Journalled[ReadAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
        return payment


def not_before(intended: list[Any], payment: PaymentSource, answer: Snapshot) -> Snapshot:
    """A reading without the amount it may have seen before an amendment that was settled meanwhile.

    intended   what the payment was for when the reading was asked for
    """
    if payment.intended == intended or [answer.amount.cents, answer.amount.currency] != intended:
        return answer
    return replace(answer, amount=Money(*payment.intended))


def read_of(call: Journalled[Any]) -> Rule:
    """The payment a call is about, its order held before it: whoever changes both comes in that order."""
    yield Hold(call.subject_type, call.subject_id)
    payment = yield Find(call.subject_type, eq("id", call.subject_id), PaymentSource.loads)
    return payment


class AmendPayment(Settled[AmendAsk]):
    """Bring a payment to the order's present amount."""

    kind = "amend_payment"
    asks = AmendAsk
    verb = "amend"
    exact = True

    def settle(self, call: Journalled[AmendAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from super().settle(call, answer, work)
        if payment is not None and payment.order is not None and call.ask.behind:
            yield from payment.order.refresh(work, forced=True)
        return payment


class CancelPayment(Settled[D]):
    """Cancel a payment, after looking: what holds money stays."""

    verb = "cancel"

    def reads(self, call: Journalled[D]) -> str | None:
        return call.ask.payment_id

    def proceeds(self, call: Journalled[D], snapshot: Snapshot) -> bool:
        return snapshot.status in UNCONFIRMED


class ReleasePayment(CancelPayment[ReleaseAsk]):
    """Cancel a payment that is no order's source any more."""

    kind = "release_payment"
    asks = ReleaseAsk

    def proceeds(self, call: Journalled[ReleaseAsk], snapshot: Snapshot) -> bool:
        ask = call.ask
        ours = ask.of is None or _TYPES[call.subject_type].is_of_our_making(snapshot, ask.of)
        return ours and (super().proceeds(call, snapshot) or (snapshot.status == "authorized" and ask.held))


def let_go(kind: str, payment_id: str, work: Work) -> Rule:
    """Release a payment of this installation's that no order needs, its order held."""
    yield Hold(kind, payment_id)
    payment = yield Find(kind, eq("id", payment_id), PaymentSource.loads)
    if payment is not None and not payment.is_needed:
        payment.release(work, of=work.settings["installation"])


def let_stray_go(kind: str, name: str, gateway_id: str, work: Work) -> Rule:
    """Release a payment of this installation's that a gateway knows by `name`, and no record here."""
    sources = _TYPES[kind]
    gateway = yield Find("payment_gateways", eq("id", gateway_id))
    if gateway is None or (yield Find(sources, eq(sources.named_by, name))) is not None:
        return
    # Its own name stands for the record that there is not: so it is let go once, whoever finds it, and no record whose
    # id the gateway may tell is touched.
    stray = sources(id=name, **{sources.named_by: name}, payment_gateway=gateway, gateway_status=None)
    stray.release(work, of=work.settings["installation"])


class DiscardPayment(CancelPayment[DiscardAsk]):
    """Delete a source together with its payment; one that holds money is locked."""

    kind = "discard_payment"
    asks = DiscardAsk

    def settle(self, call: Journalled[DiscardAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is None:
            return None
        yield from reconcile(payment, answer, work)
        own = []
        if payment.order is not None:
            own = [one for one in (yield from booked(payment.order, work)) if one.payment_source_id == payment.id]
        is_taken = any(one.one_of("captures") and one.succeeded for one in own)
        if answer.status not in (*UNCONFIRMED, "canceled") or is_taken:
            return Locked("its payment holds money, or is being processed")
        for one in own:
            # What a shopper confirmed in this very moment was let go with the payment: it counts for nothing.
            if one.succeeded:
                work.change(one, excluded=True)
        if own:
            yield from payment.order.settle(work)
        _delete(payment, work)
        return payment

    def refused(self, call: Journalled[DiscardAsk], problem: Any, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            # The gateway does not know the payment any more: there is nothing left to cancel.
            return self._gone(call, work)
        return refusal(problem)

    def _gone(self, call: Journalled[DiscardAsk], work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            _delete(payment, work)
        return payment


def _delete(payment: PaymentSource, work: Work) -> None:
    order = payment.order
    if order is not None and order.payment_source_id == payment.id:
        assign(order, None, work)
    work.delete(payment)


PLANS: tuple[Plan[Any], ...] = (OpenPayment(), AmendPayment(), ReadPayment(), ReleasePayment(), DiscardPayment())
