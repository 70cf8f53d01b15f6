"""The traffic of one pair of key and account: how many calls at a time, and when to stop asking for a while.

Each set of credentials has a lane of its own: a merchant whose key is rate limited, or whose account hangs, holds up
nobody else. Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take. All in seconds but `concurrent` and `breaks_after`.

    budget             all attempts of one call together, when the caller names no other
    connect, read      one attempt's connection, and the silence between two pieces of its answer
    attempt_share      an attempt gets at most this part of what is left, so that a lost answer can still be asked for
                       again, under the same key, before the caller's time is up
    first_pause        before the second attempt; doubled for each further one up to `longest_pause`, then made
                       shorter by chance by up to a half
    concurrent         calls of one lane at a time; halved on every 429, down to 2, and won back one by one
    breaks_after       so many attempts in a row that told nothing open the breaker
    breaks_for         how long it stays open at first; doubled each time the next try fails, up to `breaks_longest`
    """

    budget: float = 20.0
    connect: float = 5.0
    read: float = 25.0
    attempt_share: float = 0.6
    first_pause: float = 0.5
    longest_pause: float = 4.0
    concurrent: int = 128
    breaks_after: int = 10
    breaks_for: float = 2.0
    breaks_longest: float = 20.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt` (from 0)."""
        pause = min(self.first_pause * 2.0**attempt, self.longest_pause)
        return pause * (0.5 + random.random() / 2)


class Lane:
    """The traffic of one set of credentials: at most so many calls at once, a pause after a 429, and a breaker.

    Used as: `await enter(...)`, and once that gave None the attempt, then exactly one of `answered` (Stripe answered,
    whatever it said), `limited` (429) or `unanswered` (it did not), or `left` when the attempt was called off.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._room = float(patience.concurrent)
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._not_before = 0.0
        self._unanswered = 0
        self._open_until: float | None = None
        self._opened = 0
        self._probing = False
        self.used_at = 0.0

    @property
    def busy(self) -> bool:
        return self._inside > 0 or bool(self._waiting)

    @property
    def breaker(self) -> str:
        """ "closed", "open" or "half-open", for the metrics."""
        if self._open_until is None:
            return "closed"
        return "open" if time.monotonic() < self._open_until else "half-open"

    def closed_for(self) -> float | None:
        """None when an attempt may be made now, else the seconds until it is worth asking again."""
        if self._open_until is None:
            return None
        left = self._open_until - time.monotonic()
        if left > 0:
            return left
        return 1.0 if self._probing else None

    async def enter(self, deadline: float) -> float | None:
        """Wait for a place, at most until `deadline`. None: take the attempt now; else the seconds to stay away for."""
        self.used_at = time.monotonic()
        waited = False
        while True:
            ahead = self._not_before - time.monotonic()
            if ahead > 0:
                if time.monotonic() + ahead >= deadline:
                    return ahead
                # All that wait for the same moment would start in it together: spread them.
                await asyncio.sleep(ahead * (1 + random.random() / 4))
                continue
            if (closed := self.closed_for()) is not None:
                self._wake()
                return closed
            if self._inside < int(self._room):
                self._inside += 1
                self._probing = self._open_until is not None
                return None
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._waiting.appendleft if waited else self._waiting.append)(place)
            waited = True
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    await place
            except TimeoutError:
                self._give_up(place)
                return self._patience.longest_pause
            except asyncio.CancelledError:
                self._give_up(place)
                raise

    def answered(self) -> None:
        """Stripe answered: the lane is in order, whatever the answer."""
        self._leave()
        self._unanswered = self._opened = 0
        self._open_until = None
        self._room = min(float(self._patience.concurrent), self._room + 1 / max(1.0, self._room))

    def limited(self, pause: float) -> None:
        """Stripe answered 429: fewer at a time from now on, and nobody for `pause` seconds."""
        self._leave()
        self._unanswered = self._opened = 0
        self._open_until = None
        self._room = max(2.0, self._room / 2)
        self._not_before = max(self._not_before, time.monotonic() + pause)

    def unanswered(self) -> None:
        """Nothing came back, or nothing that tells what happened. After enough of these the breaker opens."""
        half_open = self._probing
        self._leave()
        self._unanswered += 1
        if half_open or (self._open_until is None and self._unanswered >= self._patience.breaks_after):
            pause = min(self._patience.breaks_for * 2.0**self._opened, self._patience.breaks_longest)
            self._opened = min(self._opened + 1, 16)
            self._open_until = time.monotonic() + pause

    def left(self) -> None:
        """The attempt was called off: it says nothing about the lane."""
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._probing = False
        self._wake()

    def _wake(self) -> None:
        free = int(self._room) - self._inside
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1

    def _give_up(self, place: asyncio.Future[None]) -> None:
        if place in self._waiting:
            self._waiting.remove(place)
        else:
            self._wake()  # it was called in the same moment: the place goes to the next
