"""Compares each payment of ours with what its gateway says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from paydesk.base.tenants import mode_of, organization_of
from paydesk.commerce.payments.balance_transactions import BalanceTransaction
from paydesk.commerce.payments.reconcile.compare import Difference, compare
from paydesk.declare import Rule, eq
from paydesk.gateways.port.problems import GatewayProblem
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.operations.reconcile.report import Finding
from paydesk.operations.reconcile.scope import ComparedGateway, Scope
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.records.holders import holders_of

AT_ONCE = 16


class Compared(NamedTuple):
    """A payment of ours, and how it differs.

    lacks_fees   the gateway tells of balance transactions that are not kept here: no difference of money
    """

    gateway: ComparedGateway
    id: str
    findings: list[Finding]
    lacks_fees: bool = False


class Payments:
    """Compares them. `orders` are those of all payments that were compared, each as `(tenant, id)`."""

    def __init__(self, scope: Scope) -> None:
        self.orders: dict[tuple[str, str], None] = {}
        self._scope = scope

    async def of(self, gateway: ComparedGateway) -> list[str]:
        """The ids of a gateway's payments that were opened, or had a transaction booked, in the period."""
        table, type_ = gateway.record.makes.shape.table, gateway.payment_type
        opened = await self._scope.made(gateway.actor.tenant, table, ("payment_gateway_id",))
        columns = ("payment_source_type", "payment_source_id")
        moved = await self._scope.made(gateway.actor.tenant, "transactions", columns)
        ids = {id_: None for id_, gateway_id in opened if gateway_id == gateway.record.id}
        ids |= {source: None for _, kind, source in moved if kind == type_}
        return list(ids)

    async def compare(self, gateway: ComparedGateway, ids: Iterable[str]) -> list[Compared]:
        every = list(ids)
        compared: list[Compared] = []
        for at in range(0, len(every), AT_ONCE):
            some = every[at : at + AT_ONCE]
            each = await asyncio.gather(*(self._compare(gateway, id_) for id_ in some))
            compared += [Compared(gateway, id_, *told) for id_, told in zip(some, each, strict=True)]
        return compared

    async def again(self, compared: list[Compared]) -> list[Compared]:
        """Compare once more what differed."""
        anew = [one for one in compared if not one.findings]
        for gateway in self._scope.gateways:
            differing = [one.id for one in compared if one.gateway is gateway and one.findings]
            anew += await self.compare(gateway, differing)
        return anew

    async def _compare(self, gateway: ComparedGateway, id_: str) -> tuple[list[Finding], bool]:
        payment = await self._scope.payment(gateway, id_)
        is_ours = payment is not None and payment.payment_gateway_id == gateway.record.id
        if not is_ours or gateway.record.id in self._scope.unreadable:
            return [], False
        if payment.order_id is not None:
            self.orders[(gateway.actor.tenant, payment.order_id)] = None
        known: dict[str, Any] = {
            "order": payment.order_id,
            "number": payment.order.number if payment.order is not None else None,
            "payment": f"{payment.shape.type}/{id_}",
            "payment_id": payment.payment_id,
        }
        try:
            snapshot = await self._scope.snapshot(gateway, payment.payment_id)
        except GatewayProblem as problem:
            return self._scope.unread(gateway, problem, payment.gateway_status, known), False
        differences, lacks_fees = await self._scope.parts.desk.consider(
            gateway.actor, lambda work: _differences(work, id_, gateway, snapshot)
        )
        shared = await self._shared(gateway, payment, known)
        return [*shared, *(_finding(gateway, difference, known) for difference in differences)], lacks_fees

    async def _shared(self, gateway: ComparedGateway, payment: Any, known: Mapping[str, Any]) -> list[Finding]:
        """The other orders of this server, of whichever tenant, that have the same payment."""
        read = self._scope.parts.database.read
        account = payment.account or gateway.record.account
        holders = await read(lambda: holders_of(payment.holders(payment.payment_id)))
        own = (gateway.actor.tenant, payment.order_id)
        others = [one for one in holders if one.is_of(account) and (one.tenant, one.order_id) != own]
        if not others:
            return []
        named = []
        for other in others:
            slug = await read(lambda: organizations.slug_of(other.tenant))  # noqa: B023
            named.append(f"{slug or organization_of(other.tenant)}/{mode_of(other.tenant)} order {other.order_id}")
        do = (
            "see whose order the money is for, and have the others paid another way; neither cancel nor refund any of "
            "them before, which would give the money of the right one back"
        )
        what, mine = "payment of several orders", f"order {payment.order_id}"
        return [gateway.finding(what, mine, f"one payment for {', '.join(sorted(named))}, too", do, **known)]


def _differences(work: Work, id_: str, gateway: ComparedGateway, snapshot: Snapshot) -> Rule:
    payment = yield Find(gateway.record.makes, eq("id", id_), ("order", "payment_gateway"))
    if payment is None:
        return [], False
    differences = yield from compare(payment, snapshot, work)
    return differences, any(isinstance(one, BalanceTransaction) for one in work.created)


def _finding(gateway: ComparedGateway, difference: Difference, known: Mapping[str, Any]) -> Finding:
    do = difference.do or f'run `paydesk reconcile --fix`, or PATCH {known["payment"]} with "_refresh": true'
    if difference.idle:
        do = "run `paydesk reconcile --fix`, which cancels it: it can still be paid"
    return gateway.finding(
        difference.what,
        difference.ours,
        difference.theirs,
        do,
        mended=difference.mended,
        idle=difference.idle,
        marked=difference.marked,
        **known,
    )
