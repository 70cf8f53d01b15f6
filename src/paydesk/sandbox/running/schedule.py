"""The schedule: it does each job when the sandbox's clock has come to it.

Jobs are authorizations that expire, refunds that finish or fail, and bank debits that are decided.
"""

import asyncio
import logging
from collections.abc import Callable

import apsw

from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.objects import refunds
from paydesk.sandbox.objects.payment_intents import cancel, pay

log = logging.getLogger("paydesk.sandbox")

JOBS: dict[str, tuple[str, Callable[[Call, Record], None]]] = {
    "expire_authorization": ("payment_intent", cancel.expire),
    "debit_settles": ("payment_intent", pay.settle_debit),
    "refund_succeeds": ("refund", refunds.succeed),
    "refund_fails": ("refund", refunds.fail),
}
"""Job → the kind of object it changes, and the function that does it; that changes nothing once the object moved on."""


class Schedule:
    """Does the jobs that are due."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.jobs = backend.jobs

    def run_due(self) -> int:
        """Do every job that is due, and return their number."""
        done = 0
        state, jobs = self.backend.state, self.jobs
        now = self.backend.clock.exact()
        while jobs.next_due <= now:
            for n, _, kind, account, identifier in state.rows(
                "select * from jobs where at <= ? order by at, n limit 500", (now,)
            ):
                self._run(kind, account, identifier)
                state.put("done_jobs", (n,))
                done += 1
            state.flush()
            jobs.find_next()
        return done

    def _run(self, kind: str, account: int, identifier: str) -> None:
        object_kind, work = JOBS[kind]
        call = Call(self.backend, self.backend.accounts.by_n[account])
        record = call.find(object_kind, identifier)
        if record is not None:
            work(call, record)
            call.finish()

    async def keep(self) -> None:
        """Do jobs as time goes by; runs until it is canceled."""
        clock, jobs = self.backend.clock, self.jobs
        while True:
            jobs.wake.clear()
            pause = min(max(jobs.next_due - clock.exact(), 0.0), 3600.0)
            try:
                try:
                    # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
                    async with asyncio.timeout(pause):
                        await jobs.wake.wait()
                except TimeoutError:
                    self.backend.state.forget_old(clock.now())
                self.run_due()
            except apsw.Error as failure:
                log.error("the jobs that are due were put off: %s", failure)
                await asyncio.sleep(1)
