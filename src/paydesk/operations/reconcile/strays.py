"""Finds the payments of this installation that a gateway has and nobody here knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from paydesk.base.instants import seconds
from paydesk.base.tenants import mode_of
from paydesk.commerce.payments.lost import take_back
from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED
from paydesk.declare import eq
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.operations.reconcile.report import Finding
from paydesk.operations.reconcile.scope import ComparedGateway, Scope
from paydesk.rules.asking import Find
from paydesk.store.upkeep import lookup


class Stray(NamedTuple):
    """A payment that only its gateway knows."""

    gateway: ComparedGateway
    snapshot: Snapshot

    @property
    def tenant(self) -> str:
        """Whose payment it is by its metadata: several tenants may share an account."""
        metadata = self.snapshot.metadata
        named = f"{metadata.get('organization_id')}/{metadata.get('mode')}"
        return named if named.count("/") == 1 and "None" not in named else self.gateway.actor.tenant

    @property
    def is_over(self) -> bool:
        """It was canceled and holds nothing: done with, known here or not."""
        return self.snapshot.status == "canceled" and not self.snapshot.received

    @property
    def holds_money(self) -> bool:
        return bool(self.snapshot.received or self.snapshot.authorized)


class Strays:
    """Finds and judges them. `found` has each by the gateway's name for it."""

    def __init__(self, scope: Scope) -> None:
        self.found: dict[str, Stray] = {}
        self.listed = 0
        self._scope = scope

    async def look(self, gateway: ComparedGateway) -> None:
        """Go through all payments that the gateway has of the period, and keep those of ours that nobody here knows."""
        scope = self._scope
        since, until = seconds(scope.since), seconds(scope.until)
        credentials = scope.parts.credentials(gateway.record)
        try:
            async for snapshot in gateway.account.payments_made(since, until, credentials=credentials):
                self.listed += 1
                stray = Stray(gateway, snapshot)
                mine = snapshot.metadata.get("paydesk") == scope.parts.desk.installation
                if not mine or stray.is_over or not await self._is_unknown(stray):
                    continue
                # Several tenants may share an account: the one whose payment it is comes first.
                if snapshot.payment_id not in self.found or stray.tenant == gateway.actor.tenant:
                    self.found[snapshot.payment_id] = stray
        except GatewayProblem as problem:
            if isinstance(problem, Refused) and problem.unauthorized:
                scope.unreadable.setdefault(gateway.record.id, gateway.key_refused(problem))
                return
            do = "run `paydesk reconcile` again: what is there and not here could not be found"
            theirs = f"no answer: {problem.message.rstrip('.')}"
            scope.unreadable.setdefault(gateway.record.id, gateway.finding("list of payments", None, theirs, do))

    async def findings(self) -> list[Finding]:
        every = [await self._finding(stray) for stray in self.found.values()]
        return [finding for finding in every if finding is not None]

    async def has_taken(self, stray: Stray, do: Callable[..., Any]) -> bool:
        """Whether a payment's order takes it back: `do` tries that, or only considers it."""
        gateway = stray.gateway
        if stray.tenant != gateway.actor.tenant or await self._is_awaited(stray):
            return False
        try:
            snapshot = await self._scope.snapshot(gateway, stray.snapshot.payment_id)
        except GatewayProblem:
            return False
        return await do(gateway.actor, lambda work: take_back(gateway.record.id, snapshot, work)) is not None

    async def is_idle(self, stray: Stray) -> bool:
        """It can still be paid, holds nothing, is of this installation and tenant, and neither here nor on its way."""
        gateway, snapshot = stray.gateway, stray.snapshot
        metadata = snapshot.metadata
        return (
            snapshot.status in UNCONFIRMED
            and not stray.holds_money
            and gateway.record.makes.is_of_our_making(snapshot, self._scope.parts.desk.installation)
            and f"{metadata.get('organization_id')}/{metadata.get('mode')}" == gateway.actor.tenant
            and self._is_within_reach(stray)
            # In this order: what is no longer on its way is here.
            and not await self._is_awaited(stray)
            and await self._is_unknown(stray)
        )

    async def _finding(self, stray: Stray) -> Finding | None:
        """What there is to say of a payment that only the gateway knows; None when an open call is about it."""
        if stray.is_over or await self._is_awaited(stray) or not await self._is_unknown(stray):
            return None
        snapshot, tenant = stray.snapshot, stray.tenant
        metadata = snapshot.metadata
        idle = await self.is_idle(stray)
        do = await self._advice(stray, idle)
        return Finding(
            self._scope.slugs[tenant],
            mode_of(tenant),
            stray.gateway.record.id,
            "unknown payment",
            None,
            f"{snapshot.gateway_status}, {snapshot.amount}",
            do,
            order=metadata.get("order_id"),
            number=metadata.get("order_number") or None,
            payment_id=snapshot.payment_id,
            idle=idle,
        )

    async def _advice(self, stray: Stray, idle: bool) -> str:
        """What a person does about it."""
        snapshot = stray.snapshot
        name, metadata = snapshot.payment_id, snapshot.metadata
        order_id = metadata.get("order_id")
        is_here = bool(await self._scope.records(stray.tenant, Find("orders", eq("id", order_id))))
        if is_here and await self.has_taken(stray, self._scope.parts.desk.consider):
            return "run `paydesk reconcile --fix`, which books it for its order"
        if not is_here and stray.holds_money:
            shopper = metadata.get("paydesk_email") or "a shopper whose address it does not tell"
            return (
                f"{shopper} paid it, and the order is not here: run `paydesk payments make-order {name}`, which makes "
                "it again, with --give-back to give the money back"
            )
        if idle:
            return "run `paydesk reconcile --fix`, which cancels it: nobody here waits for it"
        if stray.holds_money:
            return (
                f"adopt it (POST {stray.gateway.payment_type} with its id and client secret, for order {order_id}), or "
                "give the money back at the gateway"
            )
        if snapshot.status in UNCONFIRMED and not self._is_within_reach(stray):
            return (
                "leave it where this database is a copy of another; otherwise run `paydesk reconcile --fix` after the "
                "next change: nothing was changed here since it was made"
            )
        if snapshot.status in UNCONFIRMED:
            return f"cancel {name} at the gateway: nobody here waits for it"
        return f"look at {name} at the gateway: nobody here waits for it"

    async def _is_unknown(self, stray: Stray) -> bool:
        """Its tenant is looked at, and has no record of it."""
        if stray.tenant not in self._scope.slugs:
            return False
        makes = stray.gateway.record.makes
        find = Find(makes, eq(makes.named_by, stray.snapshot.payment_id))
        return not await self._scope.records(stray.tenant, find)

    async def _is_awaited(self, stray: Stray) -> bool:
        """An open call is about it, of whichever gateway (two may have one account): it is being opened, or let go."""
        about = {call["record_id"] for call in await self._scope.parts.database.read(lookup.open_calls)}
        record_id = stray.snapshot.metadata.get(f"{stray.gateway.record.makes.shape.singular}_id")
        return record_id in about or stray.snapshot.payment_id in about

    def _is_within_reach(self, stray: Stray) -> bool:
        """This database was at work after the payment was made. One that was not may be an old copy, which would take
        the carts that shoppers fill at the original for nobody's.
        """
        last, created_at = self._scope.last_written[stray.gateway.actor.tenant], stray.snapshot.created_at
        return last is not None and created_at is not None and created_at < last
