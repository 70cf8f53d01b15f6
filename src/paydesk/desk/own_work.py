"""Work that no client asks for: changes by the background, a webhook or the command line, by rules of paydesk's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from typing import Any

from paydesk.base.actor import Actor
from paydesk.desk.leases import Leases
from paydesk.desk.refusals import keeps_changing, under_way
from paydesk.desk.requests import Request
from paydesk.desk.transactions import ROUNDS, NeedNumbers, Transactions
from paydesk.desk.writing import OpenCall, WorkWriter
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.work import Work


class OwnWork:
    """See the module."""

    def __init__(
        self, transactions: Transactions, plans: Mapping[str, AnyPlan], writer: WorkWriter, leases: Leases
    ) -> None:
        self._transactions = transactions
        self._plans = plans
        self._writer = writer
        self._leases = leases

    async def operate(self, actor: Actor, rule: Callable[[Work], Any], trace_id: str = "") -> Any:
        """Run a rule in a transaction; returns its result. Its calls are all deferred."""

        def transaction() -> Generator[Any, Any, Any]:
            request = Request(actor, trace_id or os.urandom(32).hex())
            session, work = yield from self._transactions.begin(request, self._transactions.now())
            result = yield from self._transactions.run(session, rule(work))
            work.check()
            yield from self._writer.write(work, "")
            return result

        for _ in range(ROUNDS):
            try:
                return await self._transactions.database.write(transaction)
            except NeedNumbers as need:
                await self._transactions.reserve(actor.tenant, need.next)
            except OpenCall:
                raise under_way() from None
        raise keeps_changing()

    async def consider(self, actor: Actor, rule: Callable[[Work], Any]) -> Any:
        """Run a rule and write nothing of it; returns its result."""

        def transaction() -> Generator[Any, Any, Any]:
            session, work = yield from self._transactions.begin(Request(actor, ""), self._transactions.now())
            return (yield from self._transactions.run(session, rule(work)))

        return await self._transactions.database.read(transaction)

    async def refresh(self, actor: Actor, record: Any, **how: Any) -> None:
        """Read at the gateway what a record stands for and bring it to that; `how` is what its `read` takes."""
        request = Request(actor, os.urandom(32).hex())
        work = self._transactions.work(request, self._transactions.now())
        record.read(work, **how)
        (call,) = work.calls
        assert self._plans[call.kind].verb is None, "only reading is done without a journal"
        journalled = AnyCall(
            call.id, actor.tenant, call.kind, call.subject_type, call.subject_id, call.record_id, 1,
            call.gateway_id, "", call.ask, {}, actor.who, 0, work.now,
        )  # fmt: skip
        ended = await self._leases.run(journalled, call.gateway, request)
        if ended.refusal is not None:
            raise ended.refusal
