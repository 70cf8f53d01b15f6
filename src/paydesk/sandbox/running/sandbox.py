"""The sandbox as a whole: its backend, and the two tasks that run beside the requests."""

import asyncio
from pathlib import Path

from paydesk.sandbox.core.backend import Backend
from paydesk.sandbox.core.clock import Clock
from paydesk.sandbox.core.jobs import NEVER
from paydesk.sandbox.objects.payment_intents.create import furnish
from paydesk.sandbox.running.deliverer import Deliverer
from paydesk.sandbox.running.schedule import Schedule


class Sandbox:
    """A backend with the schedule that does its jobs and the deliverer that sends its events."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.backend = Backend(folder, clock, furnish)
        self.schedule = Schedule(self.backend)
        self.deliverer = Deliverer(self.backend)
        self.moving = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to send events and to do jobs."""
        self.backend.state.forget_old(self.backend.clock.now())
        loop = asyncio.get_running_loop()
        self.tasks = [loop.create_task(self.schedule.keep()), loop.create_task(self.deliverer.keep())]

    async def stop(self) -> None:
        """Stop both and close the file."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.deliverer.close()
        await self.backend.state.close()

    async def advance(self, seconds: float) -> None:
        """Move the clock on, stopping wherever something comes due, so that each thing happens at its own time.

        Returns when every job that came due was done and every webhook that came due was tried.
        """
        async with self.moving:
            await self.deliverer.run_due()
            target = self.backend.clock.exact() + seconds
            while True:
                due = min(self.backend.jobs.next_due, self.backend.deliveries.next_due)
                if due == NEVER or due > target:
                    break
                self._move(due)
                await self._run_due()
            self._move(target)
            await self._run_due()

    async def _run_due(self) -> None:
        self.schedule.run_due()
        await self.backend.state.written()
        await self.deliverer.run_due()

    def _move(self, moment: float) -> None:
        self.backend.clock.move_to(moment)
        self.backend.state.put("facts", ("clock_offset", repr(self.backend.clock.offset)))
