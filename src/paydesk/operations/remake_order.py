"""An order that is gone, made again from what its payment tells at the gateway.

Its lines are not known any more: it has one, of the whole amount less what its payment method costs. It has the id,
the number (where no other order took that meanwhile) and the e-mail address it had, and its payment; it is placed by
whoever knows what was bought. With `--give-back` it is cancelled at once, as any order is: what is held is voided, what
was captured given back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.background.keep_ownership import TOLD
from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Refusal
from paydesk.base.money import Money
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.lost import take_back
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import Rule, eq
from paydesk.desk import Request, Write
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.operations.parts import Parts
from paydesk.operations.undone import Undone
from paydesk.rules.asking import Change, Find
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.inbox import gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lost


@dataclass(frozen=True)
class Remade:
    """The order that a payment has again, and how it stands."""

    id: str
    number: str
    amount: str
    status: str
    payment_status: str
    payment_id: str


async def remake(
    parts: Parts, payment_id: str, *, market: str | None = None, give_back: bool = False, beside: bool = False
) -> Remade:
    """Make the order of a payment again. Raises Undone where there is nothing to be made again.

    market   the id of the market, where the payment does not tell it
    beside   another process serves the database
    """
    await parts.recovery.begin(beside=beside)
    # A copy of an installation that acts elsewhere is told so before it takes anything back.
    await parts.owner.look()
    if parts.owner.stopped is not None:
        raise Undone(TOLD)
    try:
        return await _Remaking(parts, payment_id).go(market, give_back)
    except Refusal as refusal:
        raise Undone(f"{payment_id}: {refusal}") from refusal


class _Remaking:
    """One payment, and the order that it is given again."""

    def __init__(self, parts: Parts, payment_id: str) -> None:
        self._parts, self._desk, self._name = parts, parts.desk, payment_id

    async def go(self, market: str | None, give_back: bool) -> Remade:
        actor, gateway, snapshot = await self._found()
        told = snapshot.metadata
        if snapshot.status not in ("authorized", "captured", "processing") or snapshot.refunded:
            raise Undone(f"{self._name} is {snapshot.gateway_status}: there is nothing to make an order of.")
        order_id = told.get("order_id")
        if not order_id:
            raise Undone(f"{self._name} does not tell which order it was for.")
        find = Find(Order, eq("id", order_id))
        if not await self._records(actor, find):
            await self._desk.operate(
                actor, lambda work: _make(gateway, snapshot, market or told.get("paydesk_market"), work)
            )
        if await self._desk.operate(actor, lambda work: take_back(gateway.id, snapshot, work)) is None:
            raise Undone(
                f"Order {order_id} is here, and does not take {self._name}: see `paydesk payments show {order_id}`."
            )
        await self._parts.database.write(lambda: lost.forget(actor.tenant, self._name))
        if give_back:
            await self._cancel(actor, order_id)
        (order,) = await self._records(actor, find)
        amount = str(Money(snapshot.amount.cents, snapshot.amount.currency))
        return Remade(order.id, order.number, amount, order.status, order.payment_status, self._name)

    async def _found(self) -> tuple[Actor, Any, Snapshot]:
        """The payment, as this installation's gateway reads it whose tenant it says it is of."""
        for tenant, kind, gateway_id in await self._parts.database.read(lambda: gateways.every_gateway(PaymentGateway)):
            if self._desk.gateways[kind].account is None:
                continue
            slug = await self._parts.database.read(lambda: organizations.slug_of(tenant))  # noqa: B023
            actor = worker(tenant, slug, "payments make-order", self._name)
            (gateway,) = await self._records(actor, Find(kind, eq("id", gateway_id)))
            try:
                credentials = self._parts.credentials(gateway)
                snapshot = await self._desk.gateways[kind].read(self._name, credentials=credentials)
            except Refused:
                continue
            except GatewayProblem as problem:
                raise Undone(f"{self._name} could not be read: {problem.message}", "Try again.") from problem
            told = snapshot.metadata
            mine = f"{told.get('organization_id')}/{told.get('mode')}" == tenant
            if mine and told.get("paydesk") == self._desk.installation:
                return actor, gateway, snapshot
        raise Undone(f"No gateway here has a payment {self._name} that says it is of this installation.")

    async def _records(self, actor: Actor, find: Find) -> list[Any]:
        session = Session(actor.tenant, {})
        found: list[Any] = await self._parts.database.read(lambda: self._desk.reader.records(session, find))
        return found

    async def _cancel(self, actor: Actor, order_id: str) -> None:
        view = self._parts.views.of(Order, {}, {}, in_list=False)
        write = Write("update", Order, order_id, Change("orders", {}, {"_cancel": True}))
        await self._desk.change(Request(actor, ""), write, view)


def _make(gateway: Any, snapshot: Snapshot, market_id: str | None, work: Work) -> Rule:
    """An order with one line that costs what the payment is for."""
    told, amount = snapshot.metadata, snapshot.amount
    market = yield Find("markets", eq("id", market_id), ("price_list",))
    if market is None:
        raise Undone(f"{snapshot.payment_id} does not tell its market.", hint="Name it with --market.")
    methods = yield Find("payment_methods", eq("payment_gateway_id", gateway.id), ("payment_gateway",), many=True)
    # What a method costs is part of what was paid: the line has the rest.
    payable = [
        one
        for one in methods
        if one.disabled_at is None
        and one.currency_code in (None, amount.currency)
        and one.market_id in (None, market.id)
        and (one.price_amount_cents or 0) < amount.cents
    ]
    if not payable:
        raise Undone(f"No enabled payment method for {amount} goes through gateway {gateway.id}.", "Make one first.")
    method = min(payable, key=lambda one: one.price_amount_cents or 0)
    given = Change(
        "orders",
        {"customer_email": told.get("paydesk_email") or None, "metadata": {"made_again_of": snapshot.payment_id}},
        {"id": told["order_id"]},
        {"market": market, "payment_method": method},
    )
    order = yield from Order.creating(given, work)
    number = told.get("order_number")
    if number and (yield Find(Order, eq("number", number))) is None:
        work.change(order, number=number)
    name = f"Order {number or told['order_id']}"
    cents = amount.cents - (method.price_amount_cents or 0)
    line = {"name": name, "quantity": 1, "unit_amount_cents": cents, "order_id": order.id}
    yield from LineItem.creating(Change("line_items", line, {}, {"order": order}), work)
    yield from order.refresh(work, forced=True)
    due = order.due()
    if (due.cents, due.currency) != (amount.cents, amount.currency):
        raise Undone(f"An order in market {market_id} would cost {due}, and the payment is for {amount}.")
