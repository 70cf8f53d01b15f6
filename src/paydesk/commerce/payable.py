"""What payments know of an order: something payable. Payments sit below orders and never import them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, TypedDict

from paydesk.base.money import Money
from paydesk.commerce.owning import OWN_ORDER
from paydesk.declare import Access, Caller, Rule, both, either, eq, within
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

SOURCES = (
    "adyen_payments",
    "axerve_payments",
    "braintree_payments",
    "checkout_com_payments",
    "external_payments",
    "klarna_payments",
    "paypal_payments",
    "satispay_payments",
    "stripe_payments",
    "wire_transfers",
)
"""Every type a payment source may be of, served or not (Commerce Layer, "Payment sources")."""

READABLE = ("draft", "pending", "placing", "placed")
WRITABLE = ("draft", "pending")
EDITABLE = ("draft", "pending", "placing", "editing")
"""Statuses in which an order takes a payment source."""

ORDER_ACCESS = Access(
    guest="CSU",
    customer="CSLU",
    guest_sees=both(within("status", READABLE), eq("guest", True)),
    guest_writes=both(within("status", WRITABLE), eq("guest", True)),
    customer_sees=either(OWN_ORDER, both(within("status", READABLE), eq("guest", True))),
    customer_writes=both(within("status", WRITABLE), either(OWN_ORDER, eq("guest", True))),
    customer_lists=OWN_ORDER,
    scope=within("market_id", Caller("market_ids")),
    store_scope=within("store_id", Caller("store_ids")),
)
"""Who reaches an order, and what belongs to one.

A guest reaches guest orders, by id alone: knowing the id is what lets a shopper in. A customer's token reaches them as
well, since signing in while a cart is open claims it; the customer's lists hold own orders only.
Source: Commerce Layer, "Roles and permissions", "Customers"; `orders_sales_channel_guest_only` is on.
"""

GUEST_PLACED = both(eq("status", "placed"), eq("guest", True))
CUSTOMER_PLACED = both(eq("status", "placed"), either(OWN_ORDER, eq("guest", True)))
"""The orders of which a sales channel may still ask what official front ends send around placing: a webhook, another
tab or `auto_place` may have placed them a moment ago (Commerce Layer's components, `setPlaceOrder`).
"""

_OF_ORDER = ORDER_ACCESS.via("order", guest="")
MONEY_ACCESS = Access(scope=_OF_ORDER.scope, store_scope=_OF_ORDER.store_scope)
"""Who reaches what happened to an order's money: no sales channel, and others within the markets and the store of their
token.
"""


class Step(TypedDict):
    """One step of an act, as clients are told of it: `step` is capture, void or refund, of the transaction that
    `type` and `id` name.
    """

    step: str
    type: str
    id: str
    amount_cents: int


@dataclass(frozen=True)
class Act:
    """What an order does by several calls, one after the other.

    what   "capture", "approve", "refund" or "cancel"
    done   the steps that were taken
    """

    what: str
    done: list[Step] = field(default_factory=list)


class Payable(Resource):
    """An order, as far as payments go: `orders` makes it a type.

    booked   all of its transactions, oldest first, once `transactions.booked` has loaded them
    """

    number: str
    status: str
    payment_status: str
    currency_code: str
    customer_id: str | None
    payment_method: Any
    payment_method_id: str | None
    payment_source: Any
    payment_source_id: str | None
    transactions_count: int
    booked: list[Any]

    @property
    @abstractmethod
    def needs_no_payment(self) -> bool:
        """Nobody is to pay for it any more."""

    @property
    @abstractmethod
    def editable_now(self) -> bool:
        """It can still be changed."""

    @property
    @abstractmethod
    def is_owned(self) -> bool:
        """It is its customer's own, and does not merely name the customer (`owning`)."""

    @abstractmethod
    def due(self) -> Money:
        """What is to be paid: the total with taxes, net of gift cards."""

    @abstractmethod
    def refresh(self, work: Work, *, forced: bool = False) -> Rule:
        """Bring prices, amounts and status up to what the order holds; `forced`: also where it does not by itself."""

    @abstractmethod
    def catch_up(self, work: Work) -> Rule:
        """Bring `due` up to what it costs by now, before a payment is opened or amended for it. Returns whether it was
        behind.
        """

    @abstractmethod
    def takes_source(self, work: Work) -> None:
        """Note with `work.invalid` why this order takes no payment source now, if it does not."""

    @abstractmethod
    def takes_method(self, method_id: str, work: Work) -> Rule:
        """Take this payment method, where it is still offered. Returns whether it was taken."""

    @abstractmethod
    def settle(self, work: Work, authorized: Any = None) -> Rule:
        """Bring the order to what its transactions sum up to; `authorized`: the authorization that has just come."""

    @abstractmethod
    def paid_with(self, payment: Any, work: Work) -> Rule:
        """Take a payment that has just come to hold money back as the source, if another has its place."""

    @abstractmethod
    def follows(self, what: str, work: Work) -> Rule:
        """Do what was asked for beside moving money. Raises where it cannot be."""

    @abstractmethod
    def goes_on(self, act: Act, work: Work) -> Rule:
        """Take the next step of an act that moves money, or end it. Returns a refusal where it cannot be."""

    @abstractmethod
    def left_of(self, act: Act, work: Work) -> Rule:
        """The steps of an act that were not begun (JSON)."""

    @abstractmethod
    def placed_by_hand(self, work: Work) -> Rule:
        """Place the order, whose authorization an integration vouches for."""

    @abstractmethod
    def for_intent(self, organization: Any) -> dict[str, Any]:
        """What the gateway is told beside the amount: description, shipping, setup_future_usage, account, in_parts."""
