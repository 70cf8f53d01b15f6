"""The bodies on their way into a process are counted exactly, whatever happens in the same moment."""

import asyncio
from typing import Any

import pytest

from paydesk.base.errors import Unavailable
from paydesk.http.door import Door

PIECE = {"type": "http.request", "body": b"x" * 1000, "more_body": True}


async def test_a_body_whose_next_piece_comes_as_it_is_sent_away_takes_no_room() -> None:
    door = Door(30.0, bodies=1)
    arriving: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def receive() -> Any:
        return await arriving

    slow = door.body(receive)
    reading = asyncio.ensure_future(slow())
    await asyncio.sleep(0)
    arriving.set_result(PIECE)
    door.enter(door.body(receive))
    with pytest.raises(Unavailable):
        await reading
    with pytest.raises(Unavailable):
        await slow()
    assert door._arrived == 0
