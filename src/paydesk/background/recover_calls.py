"""Work that nobody waits for: calls left open, gateway events not worked yet, orders and keys whose time is over.

The database shares the work between processes by leases, so each thing is done by one of them.
"""

from __future__ import annotations

import asyncio
import logging

from paydesk.background.capture_by_itself import EVERY_SECONDS as CAPTURE_SECONDS
from paydesk.background.capture_by_itself import Capturing
from paydesk.background.expire_orders import EVERY_SECONDS as EXPIRE_SECONDS
from paydesk.background.expire_orders import Lapsing
from paydesk.background.loop import Loop
from paydesk.background.mend_rows import Mending
from paydesk.background.work_events import Inbox
from paydesk.base import instants
from paydesk.base.instants import Followed, instant, later, passed, seconds
from paydesk.desk import Desk
from paydesk.desk.kept_answers import KEY_SECONDS
from paydesk.store.inbox import events
from paydesk.store.journal import calls as journal
from paydesk.store.journal import holders, idempotency
from paydesk.store.upkeep import ahead

log = logging.getLogger("paydesk.recovery")

EVERY_SECONDS = 1.0
BEAT_SECONDS = 3.0
SWEEP_SECONDS = 600.0
AHEAD_SECONDS = 10.0
HUNG_SECONDS = 2.0
"""How long the next round waits for the end of one: a gateway that hangs holds up nothing but what it was asked in its
own. What one round took is left alone by the others.
"""


class Recovery:
    """What one process does of the work that nobody waits for."""

    def __init__(self, desk: Desk, inbox: Inbox, every_seconds: float = EVERY_SECONDS) -> None:
        self.desk = desk
        self.inbox = inbox
        self.lapsing = Lapsing(desk)
        self.capturing = Capturing(desk)
        self.mending = Mending(desk)
        self.every_seconds = every_seconds
        self._heartbeat = Loop("the heartbeat", self._beat, every_seconds=BEAT_SECONDS, first_seconds=BEAT_SECONDS)
        self._loops = (
            Loop("bringing back what is due too late", self._bring_back, every_seconds=AHEAD_SECONDS),
            Loop(
                "recovering calls and working events",
                self._round,
                every_seconds=every_seconds,
                hung_seconds=HUNG_SECONDS,
                wake=inbox.wake,
            ),
            Loop("mending rows", self._mend, every_seconds=every_seconds),
            Loop("expiring orders", self._expire, every_seconds=EXPIRE_SECONDS, first_seconds=EXPIRE_SECONDS),
            Loop("capturing by itself", self._capture, every_seconds=CAPTURE_SECONDS, first_seconds=CAPTURE_SECONDS),
            Loop("dropping what is over", self._drop, every_seconds=SWEEP_SECONDS, first_seconds=SWEEP_SECONDS),
        )

    async def start(self) -> None:
        """Say that this process is at work, and begin."""
        await self.begin()
        for loop in self._loops:
            loop.start()

    async def begin(self, *, beside: bool = False) -> None:
        """Say that this process is at work, and keep saying so; `once` is left to the caller.

        beside   another process serves the database: what that holds is left to it
        """
        if self.desk.database.name == "sqlite" and not beside:
            # One process owns the file: whoever held a lease is gone.
            now = instant(self.desk.clock())
            await self.desk.database.write(journal.free_all)
            await self.desk.database.write(lambda: events.free_all(now))
        await self._beat()
        self._heartbeat.start()

    async def stop(self) -> None:
        for loop in (*self._loops, self._heartbeat):
            await loop.stop()

    async def once(self) -> int:
        """Finish what is due now; returns how many calls and events that were."""
        await self.bring_back()
        return await self._work()

    async def bring_back(self) -> int:
        """Have what is due only long after it can be due be due now; returns how much that was."""
        database, now, total = self.desk.database, instant(self.desk.clock()), 0
        for due in ahead.dues(self.desk.registry):
            beyond = later(now, due.most + instants.SKEW_SECONDS)
            found: int = await database.read(lambda: ahead.count(due, beyond))  # noqa: B023
            if found:
                await database.write(lambda: ahead.bring_back(due, beyond, now))  # noqa: B023
                log.warning(
                    "%d rows of %s were due long from now: the clock once ran ahead; they are due now", found, due.table
                )
            total += found
        return total

    async def _work(self) -> int:
        # Side by side: a gateway that hangs with the one holds up nothing of the other.
        done = await asyncio.gather(self.desk.finish_due(), self.inbox.work(), return_exceptions=True)
        total = 0
        for each in done:
            if isinstance(each, BaseException):
                raise each
            total += each
        return total

    async def _beat(self) -> None:
        clock, asked = self.desk.clock, passed()
        seen_at: str = await self.desk.database.write(lambda: holders.beat(self.desk.holder, instant(clock())))
        if isinstance(clock, Followed):
            clock.set(seconds(seen_at), asked)

    async def sweep(self) -> bool:
        """Drop the processes that ended, and a portion of the keys and events whose time is over; whether there may be
        more.
        """
        before = later(instant(self.desk.clock()), -KEY_SECONDS)
        await self.desk.database.write(lambda: holders.forget_holders(before))
        more: bool = await self.desk.database.write(lambda: idempotency.forget_before(before))
        return await self.inbox.forget() or more

    async def _bring_back(self) -> None:
        await self.bring_back()

    async def _round(self) -> None:
        await self._work()

    async def _mend(self) -> None:
        await self.mending.once()

    async def _expire(self) -> None:
        await self.lapsing.once()

    async def _capture(self) -> None:
        await self.capturing.once()

    async def _drop(self) -> float | None:
        # The next portion a little later: all at once would hold up everybody else's writes.
        return self.every_seconds if await self.sweep() else None
