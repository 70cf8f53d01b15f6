"""The one loop that all background work goes round in: a turn every so many seconds, as long as the process serves."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from paydesk.base.errors import Refusal

log = logging.getLogger("paydesk.background")

SPREAD = 0.1
"""The part of a pause that is left to chance, so that nodes that were started together do not go on together."""


class Loop:
    """One kind of background work of one process. Where one node is to do the work of all, the turn itself takes that
    from the database: see `store.turns.take_turn`.

    name           says in the log which work failed
    turn           does what is due; returns the seconds until the next turn, or None for `every_seconds`
    every_seconds  the longest pause between two turns, also after one that failed
    first_seconds  the pause before the first turn
    hung_seconds   after so long the next turn begins beside one that has not ended; None: the next waits for the end
    wake           ends a pause when it is set
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], Awaitable[float | None]],
        *,
        every_seconds: float,
        first_seconds: float = 0.0,
        hung_seconds: float | None = None,
        wake: asyncio.Event | None = None,
    ) -> None:
        self.name = name
        self.every_seconds = every_seconds
        self._turn = turn
        self._first_seconds = first_seconds
        self._hung_seconds = hung_seconds
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._turns: set[asyncio.Task[float]] = set()

    def start(self, *, after: asyncio.Task[None] | None = None) -> None:
        """Begin, once `after` has ended, however it ends."""
        self._task = asyncio.create_task(self._go_round(after), name=self.name)

    async def stop(self) -> None:
        """End the loop and every turn of it. A loop that was not started, or was stopped, stays as it is."""
        tasks = [*([self._task] if self._task is not None else []), *self._turns]
        self._task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_round(self, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait([after])
        if self._first_seconds:
            await self._pause(self._first_seconds)
        while True:
            if self._wake is not None:
                self._wake.clear()
            turn = asyncio.create_task(self._take_turn(), name=f"{self.name}, a turn")
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
            await asyncio.wait([turn], timeout=self._hung_seconds)
            await self._pause(turn.result() if turn.done() else self.every_seconds)

    async def _take_turn(self) -> float:
        try:
            seconds = await self._turn()
            return self.every_seconds if seconds is None else seconds
        except Refusal as refusal:
            log.warning("%s: it pauses, since %s", self.name, refusal)
        except Exception:
            log.exception("%s: a turn failed; the next one goes on", self.name)
        return self.every_seconds

    async def _pause(self, seconds: float) -> None:
        seconds *= 1 - SPREAD * random.random()
        if self._wake is None:
            await asyncio.sleep(seconds)
            return
        try:
            # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
