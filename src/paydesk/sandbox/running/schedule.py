"""What comes due on the sandbox's clock: authorizations that expire, refunds that finish or fail, bank debits."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import apsw

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.objects import intents, refunds

if TYPE_CHECKING:
    from paydesk.sandbox.running.sandbox import Sandbox

log = logging.getLogger("paydesk.sandbox")

JOBS: dict[str, tuple[str, Callable[[Call, Record], None]]] = {
    "expire_authorization": ("payment_intent", intents.expired),
    "debit_settles": ("payment_intent", intents.debit_settled),
    "refund_succeeds": ("refund", refunds.succeed),
    "refund_fails": ("refund", refunds.fail),
}
"""Job → the kind of object it looks at again, and what it does with it: nothing when the object has moved on."""

NEVER = float("inf")


class Schedule:
    """The jobs on disk, and when the next one is due."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.next_due = self._first()
        self.wake = asyncio.Event()

    def _first(self) -> float:
        rows = self.sandbox.state.rows("select min(at) from jobs")
        first = next(rows)[0]
        return NEVER if first is None else float(first)

    def add(self, at: float, kind: str, account: int, identifier: str) -> None:
        """Have a job done at a moment of the sandbox's clock."""
        self.sandbox.state.put("jobs", (self.sandbox.state.next(), at, kind, account, identifier))
        if at < self.next_due:
            self.next_due = at
            self.wake.set()

    def run_due(self) -> int:
        """Do everything that is due; how much that was."""
        done = 0
        state = self.sandbox.state
        now = self.sandbox.clock.exact()
        while self.next_due <= now:
            for n, _, kind, account, identifier in state.rows(
                "select * from jobs where at <= ? order by at, n limit 500", (now,)
            ):
                self._run(kind, account, identifier)
                state.put("done_jobs", (n,))
                done += 1
            state.flush()
            self.next_due = self._first()
        return done

    def _run(self, kind: str, account: int, identifier: str) -> None:
        noun, work = JOBS[kind]
        call = Call(self.sandbox, self.sandbox.accounts.by_n[account])
        record = call.find(noun, identifier)
        if record is not None:
            work(call, record)
            call.finish()

    async def keep(self) -> None:
        """Do what comes due as time goes by; runs until it is canceled."""
        while True:
            self.wake.clear()
            pause = min(max(self.next_due - self.sandbox.clock.exact(), 0.0), 3600.0)
            try:
                try:
                    # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
                    async with asyncio.timeout(pause):
                        await self.wake.wait()
                except TimeoutError:
                    self.sandbox.tidy()
                self.run_due()
            except apsw.Error as failure:
                log.error("what is due was put off: %s", failure)
                await asyncio.sleep(1)
