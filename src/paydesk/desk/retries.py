"""Requests that were made before: an equal request whose call is open, or whose client was not told the outcome.

Such a request is no new one. It waits for the call that the first one opened, or is told the outcome that it is owed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from paydesk.desk.journalled import plan_of
from paydesk.desk.kept_answers import KeptAnswers
from paydesk.desk.leases import Leases
from paydesk.desk.outcomes import Ended
from paydesk.desk.owed_answers import Owing
from paydesk.desk.refusals import under_way
from paydesk.desk.requests import Request, Write
from paydesk.desk.writing import OpenCall
from paydesk.rules.asks import fingerprint_of
from paydesk.rules.plans import AnyPlan
from paydesk.store.journal import calls as journal
from paydesk.store.sql.ask import Database


class Retries:
    """See the module."""

    def __init__(
        self, database: Database, plans: Mapping[str, AnyPlan], leases: Leases, answers: KeptAnswers, owing: Owing
    ) -> None:
        self._database = database
        self._plans = plans
        self._leases = leases
        self._answers = answers
        self._owing = owing

    async def join(self, request: Request, open_: OpenCall) -> Ended | None:
        """Wait for the open call of an equal request; None when the change should be tried again.

        A different request is told Conflict, unless nobody held the call: then that is finished first.
        """
        tenant = request.actor.tenant
        call: journal.Row | None = await self._database.read(
            lambda: journal.open_call(tenant, open_.lane, open_.subject_id)
        )
        if call is None:
            return None
        is_equal, plan = fingerprint_of(call.ask) == open_.fingerprint, plan_of(self._plans, call.kind)
        task = self._leases.running(tenant, call.id)
        if task is None:
            task = await self._leases.take(tenant, call.id)
            if task is not None and not is_equal:
                await asyncio.shield(task)
                return None
        if is_equal and not plan.shared:
            await self._answers.tie(request, call.id)
            if request.receipt is not None and plan.owes:
                await self._owing.join(request.receipt, tenant, call.id)
        elif not plan.shared:
            raise under_way()
        ended = await (asyncio.shield(task) if task is not None else self._leases.elsewhere(tenant, call.id))
        return None if plan.shared else ended

    async def about(self, request: Request, write: Write, fingerprint: str) -> Ended | None:
        """The outcome of an equal request about the same record, where this one's owner is owed that."""
        receipt, record_id = request.receipt, write.record_id
        if receipt is None or receipt.is_new or record_id is None or not any(write.change.arguments.values()):
            return None
        return await self.owed(request, await self._owing.about(request.actor.tenant, record_id, fingerprint, receipt))

    async def owed(self, request: Request, call_ids: list[str]) -> Ended | None:
        """Take over an answer that is owed, of the first of these calls; None where nothing is owed any more."""
        tenant, receipt = request.actor.tenant, request.receipt
        assert receipt is not None, "a client waits"
        for call_id in call_ids:
            if not await self._owing.claim(receipt, tenant, call_id):
                continue
            ended = await self._leases.ended(tenant, call_id)
            if ended.refusal is None:
                return ended
            # It came to nothing in the end: this is a new try.
            await self._owing.drop(receipt, tenant, call_id)
        return None
