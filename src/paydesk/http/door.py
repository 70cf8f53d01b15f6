"""The door: what holds for every request's body, whoever reads it and wherever it goes.

A body has one time to arrive in, counted from its request. So many bodies may be on their way at once, of so many bytes
together; where one more begins, the oldest of them is sent away: a body that is meant arrives within moments, one that
is to keep others out stays as long as it may. Requests without a body never wait for any of this.
"""

from __future__ import annotations

import asyncio
from typing import Any

from paydesk.base.errors import Unavailable
from paydesk.http.bodies import TooSlow

MEBIBYTE = 1024 * 1024


class Door:
    """The bodies that are on their way into one process.

    seconds  for a whole body to arrive
    bodies   how many may be on their way
    size     of how many bytes together, as far as they have arrived
    """

    def __init__(self, seconds: float, *, bodies: int = 8192, size: int = 256 * MEBIBYTE) -> None:
        self.seconds = seconds
        self.bodies = bodies
        self.size = size
        self._arriving: dict[Body, None] = {}
        self._arrived = 0

    def body(self, receive: Any) -> Body:
        """What is to be called in the place of `receive`, by whoever reads the request that came just now."""
        return Body(self, receive)

    def enter(self, body: Body) -> None:
        self._arriving[body] = None
        if len(self._arriving) > self.bodies:
            next(iter(self._arriving)).send_away()

    def leave(self, body: Body) -> None:
        if body in self._arriving:
            del self._arriving[body]
            self._arrived -= body.size

    def grow(self, body: Body, size: int) -> None:
        body.size += size
        self._arrived += size
        while self._arrived > self.size and self._arriving:
            next(iter(self._arriving)).send_away()


class Body:
    """`receive` of one request, held to the door's measures until the body is whole; afterwards as it was.

    raises  TooSlow; Unavailable for one that was sent away
    """

    __slots__ = ("_door", "_ends", "_receive", "_sent_away", "_wait", "_whole", "size")

    def __init__(self, door: Door, receive: Any) -> None:
        self._door, self._receive = door, receive
        self._ends = asyncio.get_running_loop().time() + door.seconds
        self._wait: asyncio.Timeout | None = None
        self._whole = self._sent_away = False
        self.size = 0

    async def __call__(self) -> Any:
        if self._whole:
            return await self._receive()
        if self._sent_away:
            raise _crowded()
        if not self.size:
            self._door.enter(self)
        try:
            async with asyncio.timeout_at(self._ends) as self._wait:
                message = await self._receive()
        except TimeoutError:
            raise (_crowded() if self._sent_away else TooSlow()) from None
        finally:
            self._wait = None
        if self._sent_away:
            # Its next piece came in the same moment: it is counted nowhere any more.
            raise _crowded()
        if message["type"] == "http.request" and message.get("more_body"):
            self._door.grow(self, len(message.get("body", b"")))
        else:
            self._whole = True
            self._door.leave(self)
        return message

    def send_away(self) -> None:
        """There is no more room for it: whoever waits for the next piece is told so at once."""
        self._sent_away = True
        self.end()
        if self._wait is not None and not self._wait.expired():
            self._wait.reschedule(0)

    def end(self) -> None:
        """The request has its answer, whether its body was read or not."""
        self._door.leave(self)


def _crowded() -> Unavailable:
    return Unavailable("Too many requests are arriving at once.")
