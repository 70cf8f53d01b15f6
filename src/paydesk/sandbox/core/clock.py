"""The sandbox's time: wall time plus an offset that only grows."""

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970 as the sandbox's objects see them.

    `created`, `capture_before`, the expiry of idempotency keys, webhook retries and everything that comes due follow
    this clock. The `t` of a webhook signature does not: a receiver would refuse every event after a move.
    """

    def __init__(self, wall: Callable[[], float] | None = None) -> None:
        self.wall = wall or time.time
        self.offset = 0.0

    def now(self) -> int:
        """The present second."""
        return int(self.wall() + self.offset)

    def exact(self) -> float:
        """The present moment with its fraction."""
        return self.wall() + self.offset

    def move_to(self, moment: float) -> None:
        """Set the clock forward to `moment`; a moment that has passed changes nothing."""
        self.offset = max(self.offset, moment - self.wall())
