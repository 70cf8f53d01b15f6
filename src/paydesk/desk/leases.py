"""Who makes a gateway call: this process under its lease, alone; everybody else waits for it.

A call runs in a task of its own, so that a client that goes away does not stop it half-way. The same code brings it to
its end for the request that asked, for an equal request that came later, and for recovery after a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from paydesk.base import crash
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import later
from paydesk.desk.journalled import call_of
from paydesk.desk.outcomes import Ended, of_state
from paydesk.desk.requests import Request
from paydesk.desk.transactions import Transactions
from paydesk.gateways.port.problems import Unknown, gist
from paydesk.rules.asks import Unreadable
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.store.journal import calls as journal
from paydesk.store.journal import holders
from paydesk.store.journal.calls import State

log = logging.getLogger("paydesk.desk")

WAIT_SECONDS = 25.0

LEFT_SECONDS = 20.0
"""How long a call is left alone that only a later release can read."""

Make = Callable[[AnyCall, Record | None, Request | None], Awaitable[Ended]]


class Leases:
    """See the module. `make` makes a call and has it settled; `holder` names this process in the journal."""

    def __init__(self, transactions: Transactions, plans: Mapping[str, AnyPlan], *, make: Make, holder: str) -> None:
        self._transactions = transactions
        self._database = transactions.database
        self._plans = plans
        self._make = make
        self._holder = holder
        self._running: dict[tuple[str, str], asyncio.Future[Ended]] = {}
        self._kept_back: deque[Callable[[], Generator[Any, Any, None]]] = deque()

    # Making a call.

    async def here(self, call: AnyCall, gateway: Record | None, request: Request | None) -> Ended:
        """Make a call in the task of the change that asks for it, which no client stops; others can wait for it."""
        identity = (call.tenant, call.id)
        future: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._running[identity] = future
        future.add_done_callback(lambda done: self._done(identity, done))
        try:
            ended = await self.run(call, gateway, request)
        except asyncio.CancelledError:
            future.cancel()
            raise
        except BaseException as error:
            future.set_exception(error)
            raise
        future.set_result(ended)
        return ended

    def start(self, call: AnyCall, gateway: Record | None, request: Request | None) -> asyncio.Future[Ended]:
        """Make a call in a task of its own."""
        identity = (call.tenant, call.id)
        task = asyncio.ensure_future(self.run(call, gateway, request))
        self._running[identity] = task
        task.add_done_callback(lambda done: self._done(identity, done))
        return task

    def _done(self, identity: tuple[str, str], task: asyncio.Future[Ended]) -> None:
        self._running.pop(identity, None)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Refusal):
            log.error("a gateway call failed unexpectedly", exc_info=error, extra={"call": identity[1]})

    async def run(self, call: AnyCall, gateway: Record | None, request: Request | None) -> Ended:
        """Bring a call to its end, and the one that its settlement asks for."""
        try:
            ended = await self._make(call, gateway, request)
            if ended.elsewhere:
                await self._outlive()
                return await self.elsewhere(call.tenant, call.id)
            if ended.late is not None:
                await self._outlive()
                return await self._followed(call.tenant, ended.late)
            if ended.following is None:
                return ended
            following, gateway = ended.following
            crash.place(following.kind, "journalled")
            return await asyncio.shield(self.start(following, gateway, request))
        except Exception as problem:
            # The call stays open whatever came between: recovery tries it again rather than wait for its lease.
            if self._plans[call.kind].journalled:
                cause = problem.__cause__
                self.hand_back_later(call, cause if isinstance(cause, Unknown) else None)
                with suppress(Unavailable):
                    await self.free()
            raise

    async def _outlive(self) -> None:
        """Another process took this one for gone. It beats again, so that no client it answers now counts as lost."""
        now = self._transactions.now()
        await self._database.write(lambda: holders.beat(self._holder, now))

    # Waiting for one.

    def running(self, tenant: str, call_id: str) -> asyncio.Future[Ended] | None:
        """A call that this process makes."""
        return self._running.get((tenant, call_id))

    async def resumed(self, tenant: str, call_id: str) -> Ended:
        """Go on with a call that an earlier request opened."""
        task = self.running(tenant, call_id) or await self.take(tenant, call_id)
        return await asyncio.shield(task) if task is not None else await self.elsewhere(tenant, call_id)

    async def elsewhere(self, tenant: str, call_id: str) -> Ended:
        """Wait for a call that another process makes."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + WAIT_SECONDS
        while loop.time() < ends:
            state = await self._database.read(lambda: journal.state_of(tenant, call_id))
            if state is None or state.state != "open":
                return await self._followed(tenant, state)
            task = await self.take(tenant, call_id)
            if task is not None:
                return await asyncio.shield(task)
            await asyncio.sleep(0.1)
        raise Unavailable("The payment gateway has not answered yet.")

    async def ended(self, tenant: str, call_id: str) -> Ended:
        """How a settled call ended."""
        return await self._followed(tenant, await self._database.read(lambda: journal.state_of(tenant, call_id)))

    async def _followed(self, tenant: str, state: State | None) -> Ended:
        """How a settled call ended: as the one that its settlement asked for, where that was made."""
        following = (state.outcome or {}).get("next") if state is not None else None
        if following and await self._database.read(lambda: journal.state_of(tenant, following)):
            return await self.resumed(tenant, following)
        return of_state(state)

    # Leases.

    async def take(self, tenant: str, call_id: str) -> asyncio.Future[Ended] | None:
        """Take over a call that nobody holds, and make it."""
        await self.free()
        now = self._transactions.now()

        def landed(call: AnyCall | None) -> Callable[[], Generator[Any, Any, bool]]:
            return partial(journal.is_held, tenant, call_id, self._holder)

        def transaction() -> Generator[Any, Any, AnyCall | None]:
            row = yield from journal.take(tenant, call_id, holder=self._holder, now=now)
            # A call that cannot be read is not taken: nothing of this is written.
            return None if row is None else call_of(self._plans, row)

        try:
            call = await self._database.write(transaction, landed)
        except Unreadable:
            raise
        except Unavailable:
            self._kept_back.append(lambda: journal.hand_back(tenant, call_id, self._holder, now, None))
            raise
        return None if call is None else self.start(call, None, None)

    def hand_back_later(self, call: AnyCall, unknown: Unknown | None) -> None:
        """Have a lease handed back as soon as the database is there; see `free`."""
        due = later(self._transactions.now(), min(20.0, 2.0 * 2 ** min(call.tries, 8)))
        outcome = None if unknown is None else {"answer": gist(unknown)}

        def back() -> Generator[Any, Any, None]:
            return journal.hand_back(call.tenant, call.id, self._holder, due, outcome)

        self._kept_back.append(back)

    async def free(self) -> None:
        """Hand back leases, also those that could not be while the database was not there."""
        while self._kept_back:
            back = self._kept_back.popleft()
            try:
                await self._database.write(back)
            except Unavailable:
                self._kept_back.append(back)
                raise

    # For the background.

    async def finish_due(self, limit: int = 50, *, ahead: float = 0.0) -> int:
        """Take over open calls that are due and that nobody holds; returns how many were brought to their end.

        ahead   seconds: also those that would be due only then
        """
        await self.free()
        now = self._transactions.now()
        by = later(now, ahead)
        due = await self._database.read(lambda: journal.due(now, limit, by))
        taken = [task for one in due if (task := await self._take_if_readable(*one)) is not None]
        # All at once: one gateway that hangs does not hold up the others, and each has a lane of its own.
        outcomes = await asyncio.gather(*(asyncio.shield(task) for task in taken), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Refusal):
                log.info("a gateway call stays open: %s", outcome)
        return sum(isinstance(outcome, Ended) for outcome in outcomes)

    async def _take_if_readable(self, tenant: str, call_id: str) -> asyncio.Future[Ended] | None:
        try:
            return await self.take(tenant, call_id)
        except Unreadable as unreadable:
            # Not before the others again, which this process can make.
            log.error("a gateway call is left to a later release: %s", unreadable, extra={"call": call_id})
            now = self._transactions.now()
            due = later(now, LEFT_SECONDS)
            await self._database.write(lambda: journal.postpone(tenant, call_id, due, now))
            return None

    async def finish(self, tenant: str, kind: str, subject_id: str) -> None:
        """Bring the open call of a kind about a subject to its end, due or not; nothing where there is none.

        Raises the refusal where its answer could not be booked.
        """
        lane = self._plans[kind].lane or kind
        call = await self._database.read(lambda: journal.open_call(tenant, lane, subject_id))
        if call is not None and call.kind == kind:
            ended = await self.resumed(tenant, call.id)
            if ended.refusal is not None:
                raise ended.refusal

    async def close(self) -> None:
        """Wait for the gateway calls under way."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=30)
