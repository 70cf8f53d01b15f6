"""The sandbox as a whole: its state, its clock, and what runs beside the requests."""

import asyncio
from collections import deque
from pathlib import Path
from typing import Any

from paydesk.sandbox.core.accounts import Account, Accounts
from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.faults import Faults
from paydesk.sandbox.core.search import LAG_SECONDS
from paydesk.sandbox.core.state import State
from paydesk.sandbox.objects.intents import blank
from paydesk.sandbox.objects.webhook_endpoints import Endpoints
from paydesk.sandbox.running.deliverer import Deliverer
from paydesk.sandbox.running.schedule import NEVER, Schedule

KEY_SECONDS = 86_400
"""How long an idempotency key is remembered (stripe.md §10)."""

LOGGED_REQUESTS = 10_000


class Sandbox:
    """Everything that requests share."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.state = State(folder)
        self.clock = clock or Clock()
        self.clock.offset = max(self.clock.offset, float(self.state.fact("clock_offset") or 0.0))
        self.search_lag = LAG_SECONDS
        self.requests: deque[dict[str, Any]] = deque(maxlen=LOGGED_REQUESTS)
        self.requests_seen = 0
        self.running_keys: set[tuple[int, str]] = set()
        self.faults = Faults()
        self.endpoints = Endpoints(self)
        self.accounts = Accounts(self)
        self.schedule = Schedule(self)
        self.deliverer = Deliverer(self)
        self.moving = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to send events and to do what comes due."""
        self.tidy()
        loop = asyncio.get_running_loop()
        self.tasks = [loop.create_task(self.schedule.keep()), loop.create_task(self.deliverer.keep())]

    async def stop(self) -> None:
        """Stop both and close the file."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.deliverer.close()
        await self.state.close()

    def furnish(self, account: Account) -> None:
        """Put the intent of the documented example into a new account (stripe.md §15)."""
        call = Call(self, account)
        body = blank("pi_1234XXX_secret_5678YYY", call.now, 15_400, "eur")
        body["capture_method"] = "manual"
        body["automatic_payment_methods"] = {"allow_redirects": "always", "enabled": True}
        call.add_as("payment_intent", "pi_1234XXX", body)
        call.finish()

    def tidy(self) -> None:
        """Forget idempotency keys of yesterday, and events of more than a month ago."""
        now = self.clock.now()
        state = self.state
        state.flush()
        state.connection.execute("delete from idempotency where created <= ?", (now - KEY_SECONDS,))
        state.connection.execute(
            "delete from deliveries where state <> 'pending' and due < ?", (now - 31 * KEY_SECONDS,)
        )
        state.connection.execute("delete from events where created < ?", (now - 31 * KEY_SECONDS,))

    async def advance(self, seconds: float) -> None:
        """Move the clock on, stopping wherever something comes due, so that each thing happens at its own time.

        Returns when all that came due was done and every webhook that came due was tried.
        """
        async with self.moving:
            await self.deliverer.run_due()
            target = self.clock.exact() + seconds
            while True:
                due = min(self.schedule.next_due, self.deliverer.next_due)
                if due == NEVER or due > target:
                    break
                self._move(due)
                await self._do_due()
            self._move(target)
            await self._do_due()

    async def _do_due(self) -> None:
        self.schedule.run_due()
        await self.state.written()
        await self.deliverer.run_due()

    def _move(self, moment: float) -> None:
        self.clock.move_to(moment)
        self.state.put("facts", ("clock_offset", repr(self.clock.offset)))
