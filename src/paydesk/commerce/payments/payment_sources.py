"""The common part of all payment sources, whatever their gateway.

Each kind of gateway has a type of its own, which says how a payment is opened there and what a client sees of it.
Placing, capturing, voiding, refunding and reconciling know nothing of a payment source but the members of this class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paydesk.base.errors import Locked
from paydesk.commerce.payable import EDITABLE, ORDER_ACCESS, Payable
from paydesk.commerce.payments.asks import DiscardAsk, ReadAsk, ReleaseAsk
from paydesk.commerce.payments.transactions import AnyTransaction
from paydesk.declare import SORT, WRITE, Condition, Rule, both, eq, hidden, to_one
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import ConfirmFacts, Reversal
from paydesk.rules.asking import Change, Find, Holders, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

SOURCE_ACCESS = ORDER_ACCESS.via("order", guest="CSUD", customer="CSUD")
"""A payment source is seen and changed by whoever sees and changes its order."""

ORDER_PATHS = ("payment_method.payment_gateway", "shipping_address", "customer", "payment_source.payment_gateway")
"""The records of its order that are loaded when a payment source is created."""


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

    payment_gateway: Any

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
        """The condition that finds the source of a gateway's payment."""
        return both(eq(cls.named_by, payment_id), eq("payment_gateway_id", gateway_id))

    @classmethod
    def holders(cls, payment_id: str) -> Holders:
        """Asks for the sources of a gateway's payment in all tenants."""
        return Holders(cls.shape.type, cls.named_by, payment_id)

    @classmethod
    def is_of_our_making(cls, snapshot: Snapshot, installation: str) -> bool:
        """Whether this installation opened the payment, by its metadata: an adopted payment names only the order."""
        told = snapshot.metadata
        return told.get("paydesk") == installation and f"{cls.shape.singular}_id" in told

    @classmethod
    def opened(cls, answer: Snapshot) -> dict[str, Any]:
        """The columns of a new source that its gateway's answer fills."""
        return {cls.named_by: answer.payment_id}

    @classmethod
    def again(cls, gateway: Any) -> dict[str, Any]:
        """The columns of a source that is made again from its gateway's payment, beside those that every source has."""
        return {}

    @classmethod
    def gateway_for(cls, order: Payable) -> Any:
        """The enabled gateway of the order's payment method that makes such sources, None where there is none."""
        method = order.payment_method
        if method is None or method.payment_source_type != cls.shape.type or method.disabled_at is not None:
            return None
        gateway = method.payment_gateway
        return gateway if gateway is not None and gateway.disabled_at is None else None

    @property
    def method_type(self) -> str:
        """The method as transactions show it: "credit card"."""
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
        """It was confirmed, and its bank has yet to decide."""
        return bool(self.gateway_status == self.undecided)

    @property
    def intended(self) -> list[Any]:
        """The amount that it was opened or last amended for: minor units and their currency (JSON)."""
        return [self.intended_cents, self.intended_currency]

    def is_mismatched(self, order: Payable) -> bool:
        """It was opened for another amount than the order's present total."""
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
        """Facts that everybody may see who sees its order; None until its payment method is known.

        source   Commerce Layer, "Orders", `payment_source_details`
        """
        return {"type": self.shape.singular}

    def confirmation(self, order: Payable, amount_cents: int, work: Work) -> ConfirmFacts:
        """The facts that its gateway needs, beside the payment, to confirm it from the server for this amount."""
        return {}

    def reversal(self) -> Reversal:
        """The parts of a refund that other accounts give back: a transfer, an application fee."""
        return {}

    def absorb(self, snapshot: Snapshot, work: Work) -> bool:
        """Take its fields from the gateway's snapshot. The same snapshot again changes nothing.

        returns   False for a snapshot that is older than the known state, which is never taken back
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

    def attach(self, order: Payable, work: Work) -> Rule:
        """Become the order's source. The one that was is released."""
        former = order.payment_source
        if former is None or former.id != self.id:
            self.keep(work)
        assign(order, self, work)
        if former is not None and former.id != self.id:
            former.release(work)
            if former.by_hand or self.by_hand:
                # A payment in our books alone counts only as long as it is the order's source.
                yield from order.settle(work)

    @property
    def is_needed(self) -> bool:
        """Its order, which is loaded, is paid with it, or may be."""
        order = self.order
        return order is not None and order.payment_source_id == self.id and not order.needs_no_payment

    def release(self, work: Work, *, of: str | None = None, held: bool = False) -> None:
        """Cancel the payment in the background, since no order needs it; not if it holds or received money by then.

        of     only if this installation opened it, by its metadata at the gateway
        held   also if it holds money by then: there is no order to keep it for
        """
        if self.is_over:
            return
        if held:
            # A release that was asked for before, and would leave held money alone, would stand in the way.
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

    def _move(self, order: Payable | None, work: Work) -> Rule:
        """Make it another order's payment source: an editable order of the same currency, to be paid that way."""
        if order is None:
            work.invalid("order", "blank")
            work.check()
            return
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
        self.order = order
        yield from self.attach(order, work)

    def has_moved(self) -> Rule:
        """Whether a transaction of it was ever booked."""
        paid = both(eq("order_id", self.order_id), eq("payment_source_id", self.id))
        found = yield Find(AnyTransaction, paid, many=True)
        new = self.order.booked if self.order is not None and self.order.loaded("booked") else ()
        return bool(found) or any(one.payment_source_id == self.id for one in new)

    def deleting(self, work: Work) -> Any:
        order = self.order
        if order is not None and order.status not in ("draft", "pending"):
            raise Locked("its order is placed")
        if order is not None:
            # Not while its order is being placed on it.
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


def source_type(name: str) -> type[PaymentSource]:
    """The payment sources of this wire type."""
    return _TYPES[name]


def assign(order: Payable, payment: PaymentSource | None, work: Work) -> None:
    """Set the order's source, or none, and the order's `payment_source_details`."""
    work.relate(order, "payment_source", payment)
    work.change(order, payment_source_details=payment.details if payment is not None else None)


def sources_of(order: Payable) -> Rule:
    """All sources that were ever made for an order, their gateways loaded."""
    found: list[PaymentSource] = []
    for kind in _TYPES.values():
        found.extend((yield Find(kind, eq("order_id", order.id), ("payment_gateway",), many=True)))
    return found
