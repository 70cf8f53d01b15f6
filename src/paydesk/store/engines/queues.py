"""Writers of one record wait for one another in the process, without a connection to the database."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable


class Queues:
    """A queue for each record that a transaction of this process has locked or waits for."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def take(self, record: Hashable) -> bool:
        """Whether nobody of this process had the record; then the caller has it, until it leaves it."""
        if record in self._queues:
            return False
        self._queues[record] = deque()
        return True

    async def wait(self, record: Hashable, until: float) -> None:
        """Take the record when its turn comes. Raises TimeoutError at `until` of the event loop's time."""
        if self.take(record):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._queues[record]
        queue.append(turn)
        try:
            async with asyncio.timeout_at(until):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._leave(record)
            else:
                queue.remove(turn)
            raise

    def leave(self, records: Iterable[Hashable]) -> None:
        """The next of each queue has its turn."""
        for record in records:
            self._leave(record)

    def _leave(self, record: Hashable) -> None:
        queue = self._queues[record]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._queues[record]
