"""What `--fix` does: books what the gateway knows, and cancels what can still be paid and no order needs.

A payment is canceled by the journalled call that lets any payment go. That looks at it first, so one that holds money
stays. A refusal is swallowed everywhere here: what could not be mended is compared again, and told.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from paydesk.base.errors import Refusal
from paydesk.commerce.payments.acts.release import let_go, let_stray_go
from paydesk.declare import Rule
from paydesk.gateways.port.problems import GatewayProblem
from paydesk.operations.reconcile.payments import Compared, Payments
from paydesk.operations.reconcile.scope import ComparedGateway, Scope
from paydesk.operations.reconcile.strays import Stray, Strays
from paydesk.rules.work import Work
from paydesk.store.upkeep import lost


class Fix:
    """Mends, and counts what it mended and canceled.

    beside   another process serves the database
    """

    def __init__(self, scope: Scope, payments: Payments, strays: Strays, *, beside: bool) -> None:
        self.mended = 0
        self.canceled = 0
        self.fees_kept = 0
        self._scope = scope
        self._payments = payments
        self._strays = strays
        self._beside = beside

    async def all(self, compared: list[Compared]) -> list[Compared]:
        """Mend what can be mended; returns what is to be said of the payments afterwards."""
        compared = await self._mend(compared)
        await self._take_back()
        return await self._cancel(compared)

    async def _mend(self, compared: list[Compared]) -> list[Compared]:
        """Bring what can be brought to what the gateway says, and compare that again."""
        mended: list[Compared] = []
        kept: list[Compared] = []
        for one in compared:
            differs = any(finding.mended for finding in one.findings)
            if differs or one.lacks_fees:
                payment = await self._scope.payment(one.gateway, one.id)
                with suppress(Refusal):
                    await self._scope.parts.desk.refresh(one.gateway.actor, payment)
                    self.mended += differs
                    self.fees_kept += one.lacks_fees
                mended.append(one)
            else:
                kept.append(one)
        return kept + await self._payments.again(mended)

    async def _take_back(self) -> None:
        """Book for its order each payment that names one that is here, lacks it, and costs as much."""
        parts = self._scope.parts
        for name, stray in list(self._strays.found.items()):
            with suppress(Refusal):
                if await self._strays.has_taken(stray, parts.desk.operate):
                    del self._strays.found[name]
                    self.mended += 1
                    tenant = stray.gateway.actor.tenant
                    await parts.database.write(lambda: lost.forget(tenant, name))  # noqa: B023

    async def _cancel(self, compared: list[Compared]) -> list[Compared]:
        """Cancel what is idle, of the strays as well, and look at it again."""
        idle = [one for one in compared if any(finding.idle for finding in one.findings)]
        strays = [stray for stray in self._strays.found.values() if await self._strays.is_idle(stray)]
        if not idle and not strays:
            return compared
        # The calls are this process's now, and nobody takes them over while it lives.
        await self._scope.parts.recovery.begin(beside=self._beside)
        for gateway, id_, *_ in idle:
            kind = gateway.payment_type
            await self._let_go(gateway, id_, lambda work: let_go(kind, id_, work))  # noqa: B023
            payment = await self._scope.payment(gateway, id_)
            self.canceled += payment is not None and payment.is_canceled
        for stray in strays:
            await self._cancel_stray(stray)
        kept = [one for one in compared if one not in idle]
        return kept + await self._payments.again(idle)

    async def _cancel_stray(self, stray: Stray) -> None:
        gateway, name = stray.gateway, stray.snapshot.payment_id
        await self._let_go(
            gateway, name, lambda work: let_stray_go(gateway.payment_type, name, gateway.record.id, work)
        )
        with suppress(GatewayProblem):
            snapshot = await self._scope.snapshot(gateway, name)
            self._strays.found[name] = Stray(gateway, snapshot)
            self.canceled += snapshot.status == "canceled"

    async def _let_go(self, gateway: ComparedGateway, subject: str, rule: Callable[[Work], Rule]) -> None:
        with suppress(Refusal):
            await self._scope.parts.desk.operate(gateway.actor, rule)
            await self._scope.parts.desk.finish(gateway.actor.tenant, "release_payment", subject)
