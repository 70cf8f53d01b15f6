"""Where a case spends its time: the application inside this process, under the standard library's profiler.

Profiling makes calls of small functions dearer than they are: trust the order and the counts, and measure a change by
`python -m bench`.
"""

from __future__ import annotations

import asyncio
import cProfile
import io
import pstats
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from bench import inside
from bench.cases import CASES
from bench.data import Data, seed, settings_of
from bench.processes import Server
from bench.run import launched
from paydesk.store.engines.sqlite import SQLite
from paydesk.store.engines.sqlite_file import connect

T = TypeVar("T")

WITHOUT = ("create-100ms", "create-sandbox", "read-held", "read-signups")
CLIENTS = 16


def profile(name: str, count: int, top: int) -> str:
    """The functions of a case that take the most time of their own, in microseconds a request; commits are made on
    another thread and left out.
    """
    case = CASES[name]
    with prepared() as (data, stand_in):
        profile = cProfile.Profile(time.thread_time)

        async def whole() -> float:
            async with inside.running(data, stand_in.base) as (application, requests):
                for request in requests.create(200):
                    requests.see((await inside.ask(application, request))[1])
                await inside.prepare(application, requests, name, 200 + count)
                await _all(application, list(requests.of(name, 200)), case.status)
                made = list(requests.of(name, count))
                begun = time.process_time()
                profile.enable()
                await _all(application, made, case.status)
                profile.disable()
                return time.process_time() - begun

        used = _run(whole())
    parts = [f"{case.title}: {1e6 * used / count:,.0f} µs of processor time a request, profiler included\n"]
    return "\n".join([*parts, _table(profile, count, top)])


def _run(whole: Coroutine[Any, Any, T]) -> T:
    """On the kind of event loop that serves."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(whole)


async def _all(application: Any, made: list[bytes], status: int) -> None:
    left = iter(made)

    async def client() -> None:
        for one in left:
            told, body = await inside.ask(application, one)
            assert told == status, body

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def _table(profile: cProfile.Profile, count: int, top: int) -> str:
    stats: Any = pstats.Stats(profile, stream=io.StringIO())
    rows = [(own, whole, calls, place) for place, (_, calls, own, whole, _) in stats.stats.items()]
    rows.sort(reverse=True)
    lines = ["    own    whole  calls  function"]
    for own, whole, calls, (file, line, function) in rows[:top]:
        where = f"{'/'.join(Path(file).parts[-3:])}:{line} " if line else ""
        lines.append(f"{1e6 * own / count:7.1f} {1e6 * whole / count:8.1f} {calls / count:6.2f}  {where}{function}")
    return "\n".join(lines) + "\n"


def explain(name: str, count: int) -> str:
    """The statements that a case runs: how often, how many microseconds each, and how SQLite goes about it."""
    case = CASES[name]
    seen: dict[str, list[float]] = {}
    last: dict[str, dict[str, Any]] = {}
    run = SQLite._run

    def timed(self: Any, cursor: Any, ask: Any) -> Any:
        begun = time.thread_time()
        try:
            return run(self, cursor, ask)
        finally:
            used = time.thread_time() - begun
            statement = self._statements.get(ask.key, ask.build)
            seen.setdefault(statement.text, []).append(used)
            last[statement.text] = statement.named(ask.values[0] if isinstance(ask.values, list) else ask.values)

    async def whole(data: Any, stripe_api_base: str) -> list[str]:
        async with inside.running(data, stripe_api_base) as (application, requests):
            for one in requests.create(100):
                requests.see((await inside.ask(application, one))[1])
            await inside.prepare(application, requests, name, 50 + count)
            await _all(application, list(requests.of(name, 50)), case.status)
            seen.clear()
            await _all(application, list(requests.of(name, count)), case.status)
            asked = dict(seen)
        told = []
        connection = connect(settings_of(data.directory, "").sqlite_file)
        for text, each in sorted(asked.items(), key=lambda one: -sum(one[1])):
            plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", last[text]).fetchall()
            told.append(f"{1e6 * sum(each) / count:8.1f} µs  {len(each) / count:5.2f} times  {' '.join(text.split())}")
            told.extend(f"{'':24}{line[3]}" for line in plan)
        connection.close()
        return told

    SQLite._run = timed  # type: ignore[method-assign]
    try:
        with prepared() as (data, stand_in):
            return "\n".join(_run(whole(data, stand_in.base)))
    finally:
        SQLite._run = run  # type: ignore[method-assign]


@contextmanager
def prepared() -> Iterator[tuple[Data, Server]]:
    """Data of 20,000 orders, and a Stripe."""
    with (
        tempfile.TemporaryDirectory(prefix="paydesk-bench-") as folder,
        launched("stand-in", "bench.stand_in:create_app") as stand_in,
    ):
        yield asyncio.run(seed(Path(folder), stand_in.base, 20_000)), stand_in
