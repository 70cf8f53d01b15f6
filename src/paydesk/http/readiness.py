"""Whether this process can serve requests, for `/readyz`: found out by doing what they do.

A connection that answers is not enough: requests write, and prepare statements. So a row of this process's own is
written, committed and read. All who ask within a few seconds share one trial, and nobody waits long: a database that
hangs is not ready.
"""

from __future__ import annotations

import asyncio
import logging

from paydesk.base.errors import Refusal, reason_of
from paydesk.base.instants import Clock, instant, passed
from paydesk.store import ownership
from paydesk.store.journal import holders
from paydesk.store.sql.ask import Database

log = logging.getLogger("paydesk")


class Readiness:
    """One process's. `holder` is its id among the processes at work.

    every_seconds     the outcome of a trial holds so long
    patience_seconds  a trial that takes longer counts as failed until it is done
    """

    def __init__(self, database: Database, holder: str, clock: Clock) -> None:
        self.every_seconds = 3.0
        self.patience_seconds = 2.0
        self._database, self._holder, self._clock = database, holder, clock
        self._ready: bool | None = None
        self._found_at = 0.0
        self._trial: asyncio.Task[None] | None = None
        self._began_at = 0.0

    async def is_ready(self) -> bool:
        now = passed()
        if self._trial is None and (self._ready is None or now - self._found_at >= self.every_seconds):
            self._began_at = now
            self._trial = asyncio.create_task(self._try(), name="readiness")
        trial = self._trial
        if trial is not None:
            left = self._began_at + self.patience_seconds - now
            done, _ = await asyncio.wait([trial], timeout=max(0.0, left))
            if not done:
                self._tell("the database does not answer in time")
        return self._ready is True

    async def stop(self) -> None:
        """Make no more trials. A trial that hangs ends when the database is closed."""
        trial, self._trial = self._trial, None
        if trial is not None:
            trial.cancel()
            await asyncio.wait([trial], timeout=self.patience_seconds)

    async def _try(self) -> None:
        problem: str | None
        try:
            await self._database.write(lambda: holders.beat(self._holder, instant(self._clock())))
            problem = None if await self._database.read(ownership.installation_id) else "the database has no schema"
        except Refusal as refusal:
            problem = reason_of(refusal)
        except Exception as error:
            # Of the driver, and none that a request would be answered for.
            problem = f"{type(error).__name__}: {error}"
        self._found_at, self._trial = passed(), None
        self._tell(problem)

    def _tell(self, problem: str | None) -> None:
        """Keep the outcome of a trial, and log it where it is new."""
        before, self._ready = self._ready, problem is None
        if problem is not None and before is not False:
            log.warning("not ready to serve: %s", problem)
        elif problem is None and before is False:
            log.warning("ready to serve again")
