"""Processes that tests start: a small application to serve, free ports, and waiting."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw

from paydesk.settings import Settings

T = TypeVar("T")


def create_app(settings: Settings) -> Any:
    """Answers `/slow` after a second, `/begun` with how many of these there were, `/pid` with the worker's process id,
    `/settings` with one of its settings.
    """
    state = {"lifespan": False}
    begun = {"slow": 0}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                state["lifespan"] = message["type"] == "lifespan.startup"
                await send({"type": message["type"] + ".complete"})
                if not state["lifespan"]:
                    return
        answer: dict[str, object] = {}
        if scope["path"] == "/begun":
            answer = dict(begun)
        elif scope["path"] == "/slow":
            begun["slow"] += 1
            await asyncio.sleep(1)
            answer = {"slow": True, "lifespan": state["lifespan"]}
        elif scope["path"] == "/pid":
            answer = {"pid": os.getpid()}
        elif scope["path"] == "/settings":
            answer = {"stripe_timeout": settings.stripe_timeout}
        else:
            answer = {"ok": True}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return application


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], T], seconds: float = 60.0) -> T:
    """The first true answer; what cannot be reached yet is asked again."""
    deadline = time.monotonic() + seconds
    while True:
        problem: Exception | None = None
        try:
            answer = what()
            if answer:
                return answer
        except (OSError, ValueError) as error:
            problem = error
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {problem}"
        time.sleep(0.02)


async def eventually(what: Callable[[], Awaitable[Any]], wanted: Any = True, seconds: float = 60.0) -> None:
    """Until it is so."""
    ends = asyncio.get_running_loop().time() + seconds
    while (found := await what()) != wanted:
        assert asyncio.get_running_loop().time() < ends, f"still {found}"
        await asyncio.sleep(0.02)


async def take_the_lock(connection: apsw.Connection) -> None:
    """Begin to write on SQLite beside a server, which may be writing at that moment."""
    ends = asyncio.get_running_loop().time() + 60
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            assert asyncio.get_running_loop().time() < ends, "somebody else writes all the time"
            await asyncio.sleep(0.01)
        else:
            return


def group(leader: int) -> list[int]:
    """The processes of a process group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state ppid pgrp: a name may hold spaces and brackets.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
