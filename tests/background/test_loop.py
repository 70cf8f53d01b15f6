"""The one loop of background work: turns, pauses, and what goes wrong in a turn."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from paydesk.background.loop import SPREAD, Loop
from paydesk.base.errors import Unavailable

PATIENCE = 30.0


@asynccontextmanager
async def running(loop: Loop, **options: asyncio.Task[None]) -> AsyncIterator[None]:
    loop.start(**options)
    try:
        yield
    finally:
        await loop.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that loops make, which take no time."""
    lengths: list[float] = []
    sleep = asyncio.sleep

    async def paused(self: Loop, seconds: float) -> None:
        lengths.append(seconds)
        await sleep(0)

    monkeypatch.setattr(Loop, "_pause", paused)
    return lengths


def counted(turns: list[int], *answers: float | BaseException | None) -> Callable[[], Awaitable[float | None]]:
    """A turn that counts itself and answers one thing after the other, then None."""

    async def turn() -> float | None:
        turns.append(len(turns))
        answer = answers[len(turns) - 1] if len(turns) <= len(answers) else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return turn


async def test_a_turn_is_followed_by_the_pause_it_asks_for_or_the_usual_one(pauses: list[float]) -> None:
    turns: list[int] = []
    async with running(Loop("work", counted(turns, 0.5, None, 0.0), every_seconds=60.0)):
        await until(lambda: len(turns) >= 4)
    assert pauses[:3] == [0.5, 60.0, 0.0]


async def test_the_first_turn_waits_where_it_is_told_to(pauses: list[float]) -> None:
    turns: list[int] = []
    async with running(Loop("work", counted(turns), every_seconds=60.0, first_seconds=7.0)):
        await until(lambda: len(turns) >= 1)
    assert pauses[0] == 7.0


async def test_no_turn_is_taken_before_another_task_has_ended(pauses: list[float]) -> None:
    turns: list[int] = []
    open_ = asyncio.Event()

    async def waits() -> None:
        await open_.wait()

    async with running(Loop("work", counted(turns), every_seconds=60.0), after=asyncio.create_task(waits())):
        for _ in range(50):
            await asyncio.sleep(0)
        assert turns == []
        open_.set()
        await until(lambda: len(turns) >= 1)


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (Unavailable("the database is gone"), logging.WARNING, "work: it pauses, since the database is gone"),
        (ValueError("a mistake of ours"), logging.ERROR, "work: a turn failed; the next one goes on"),
    ],
)
async def test_a_turn_that_fails_is_told_and_the_next_one_goes_on(
    pauses: list[float], caplog: pytest.LogCaptureFixture, error: Exception, level: int, said: str
) -> None:
    turns: list[int] = []
    async with running(Loop("work", counted(turns, error), every_seconds=60.0)):
        await until(lambda: len(turns) >= 2)
    assert [(one.levelno, one.getMessage()) for one in caplog.records if one.name == "paydesk.background"] == [
        (level, said)
    ]
    assert pauses[0] == 60.0


async def test_a_turn_that_hangs_holds_up_no_other_and_ends_with_its_loop(pauses: list[float]) -> None:
    hangs, ended = asyncio.Event(), []
    turns: list[int] = []

    async def turn() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            try:
                await hangs.wait()
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

    async with running(Loop("work", turn, every_seconds=60.0, hung_seconds=0.001)):
        await until(lambda: len(turns) >= 3)
        assert ended == []
    assert ended == ["cancelled"]


async def test_a_loop_without_patience_for_hanging_turns_takes_one_at_a_time(pauses: list[float]) -> None:
    hangs = asyncio.Event()
    turns: list[int] = []

    async def turn() -> None:
        turns.append(len(turns))
        await hangs.wait()

    async with running(Loop("work", turn, every_seconds=60.0)):
        await until(lambda: len(turns) >= 1)
        for _ in range(50):
            await asyncio.sleep(0)
        assert turns == [0]
        hangs.set()
        await until(lambda: len(turns) >= 2)


async def test_a_wake_ends_the_pause_and_pauses_are_left_to_chance_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    wake = asyncio.Event()
    async with running(Loop("work", counted(turns), every_seconds=3600.0, wake=wake)):
        await until(lambda: len(turns) == 1)
        wake.set()
        await until(lambda: len(turns) == 2)
        assert not wake.is_set()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("paydesk.background.loop.asyncio.sleep", sleep)
    loop = Loop("work", counted(turns), every_seconds=100.0)
    for _ in range(200):
        await loop._pause(100.0)
    assert all(100.0 * (1 - SPREAD) <= one <= 100.0 for one in slept)
    assert len(set(slept)) > 100


async def test_a_stopped_loop_takes_no_turn_and_stopping_twice_does_no_harm(pauses: list[float]) -> None:
    turns: list[int] = []
    loop = Loop("work", counted(turns), every_seconds=60.0)
    await loop.stop()
    loop.start()
    await until(lambda: len(turns) >= 1)
    await loop.stop()
    taken = len(turns)
    await loop.stop()
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(turns) == taken
