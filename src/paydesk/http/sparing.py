"""Log lines that anybody can cause, in portions: the first at once, and how many more there were once a minute."""

from __future__ import annotations

import asyncio
import logging


class Sparing:
    """Warnings of one kind.

    more  tells of those that were not logged: `%d` their number, `%d` within how many seconds
    """

    def __init__(self, log: logging.Logger, more: str, *, seconds: float = 60.0) -> None:
        self._log, self._more, self._seconds = log, more, seconds
        self._waiting: asyncio.TimerHandle | None = None
        self._count = 0

    def warning(self, text: str, *given: object) -> None:
        if self._waiting is None:
            self._log.warning(text, *given)
            self._wait()
        else:
            self._count += 1

    def _wait(self) -> None:
        self._waiting = asyncio.get_running_loop().call_later(self._seconds, self._tell)

    def _tell(self) -> None:
        self._waiting = None
        count, self._count = self._count, 0
        if count:
            self._log.warning(self._more, count, round(self._seconds))
            self._wait()
