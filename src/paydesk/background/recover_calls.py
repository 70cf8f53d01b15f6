"""Work that nobody waits for: calls left open, gateway events not worked yet, orders and keys whose time is over.

One loop a process. The database shares the work between processes by leases, so each thing is done by one of them.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from paydesk.background.expire_orders import EVERY_SECONDS as LAPSING_SECONDS
from paydesk.background.expire_orders import Lapsing
from paydesk.background.mend_rows import Mending
from paydesk.background.work_events import Inbox
from paydesk.base.errors import Refusal
from paydesk.base.instants import Followed, instant, later, passed, seconds
from paydesk.desk import KEY_SECONDS, Desk
from paydesk.store import ahead, events, idempotency, journal

log = logging.getLogger("paydesk.recovery")

EVERY_SECONDS = 1.0
BEAT_SECONDS = 3.0
SWEEP_SECONDS = 600.0
AHEAD_SECONDS = 10.0
ROUND_SECONDS = 2.0
"""How long the next round waits for the end of one: a gateway that hangs holds up nothing but what it was asked in its
own. What one round took is left alone by the others.
"""


class Recovery:
    """The background loop of one process."""

    def __init__(self, desk: Desk, inbox: Inbox, every_seconds: float = EVERY_SECONDS) -> None:
        self.desk = desk
        self.inbox = inbox
        self.lapsing = Lapsing(desk)
        self.mending = Mending(desk)
        self.every_seconds = every_seconds
        self._tasks: list[asyncio.Task[None]] = []
        self._rounds: set[asyncio.Task[int]] = set()

    async def start(self) -> None:
        """Say that this process is at work, and begin."""
        await self.begin()
        self._tasks.append(asyncio.create_task(self._loop(), name="recovery"))

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
        self._tasks = [asyncio.create_task(self._keep_beating(), name="heartbeat")]

    async def stop(self) -> None:
        tasks: list[asyncio.Task[Any]] = [*self._tasks, *self._rounds]
        self._tasks = []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def once(self) -> int:
        """Finish what is due now; returns how many calls and events that were."""
        await self.bring_back()
        return await self._work()

    async def bring_back(self) -> int:
        """Have what is due only long after it can be due be due now; returns how much that was."""
        database, now, total = self.desk.database, instant(self.desk.clock()), 0
        for due in ahead.DUES:
            beyond = later(now, due.most + ahead.SKEW_SECONDS)
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
        seen_at: str = await self.desk.database.write(lambda: journal.beat(self.desk.holder, instant(clock())))
        if isinstance(clock, Followed):
            clock.set(seconds(seen_at), asked)

    async def _keep_beating(self) -> None:
        # Apart from the work, which may take longer than a silent process is taken to be alive.
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat()
            except Refusal as refusal:
                log.warning("the heartbeat was not written: %s", refusal)
            except Exception:
                log.exception("the heartbeat was not written")

    async def sweep(self) -> bool:
        """Drop the processes that ended, and a portion of the keys and events whose time is over; whether there may be
        more.
        """
        before = later(instant(self.desk.clock()), -KEY_SECONDS)
        await self.desk.database.write(lambda: journal.forget_holders(before))
        more: bool = await self.desk.database.write(lambda: idempotency.forget_before(before))
        return await self.inbox.forget() or more

    async def _loop(self) -> None:
        loop = asyncio.get_running_loop()
        swept = lapsed = loop.time()
        brought = -AHEAD_SECONDS
        while True:
            self.inbox.wake.clear()
            if passed() - brought >= AHEAD_SECONDS:
                brought = passed()
                try:
                    await self.bring_back()
                except Exception as error:
                    _tell(error)
            round_ = asyncio.create_task(self._work(), name="recovery round")
            self._rounds.add(round_)
            round_.add_done_callback(self._ended)
            await asyncio.wait([round_], timeout=ROUND_SECONDS)
            try:
                await self.mending.once()
                if loop.time() - lapsed >= LAPSING_SECONDS:
                    lapsed = loop.time()
                    await self.lapsing.once()
                if loop.time() - swept >= SWEEP_SECONDS:
                    swept = loop.time()
                    if await self.sweep():
                        # The next portion in the next round: all at once would hold up everybody else's writes.
                        swept -= SWEEP_SECONDS
            except Exception as error:
                _tell(error)
            try:
                # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(self.every_seconds):
                    await self.inbox.wake.wait()
            except TimeoutError:
                continue

    def _ended(self, round_: asyncio.Task[int]) -> None:
        self._rounds.discard(round_)
        if not round_.cancelled() and (error := round_.exception()) is not None:
            _tell(error)


def _tell(error: BaseException) -> None:
    if isinstance(error, Refusal):
        log.warning("background work pauses: %s", error)
    else:
        log.error("background work failed; it goes on with the next round", exc_info=error)
