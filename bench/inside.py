"""The application inside this process: to see what statements one request writes, and to profile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson

from bench.cases import CASES, Requests
from bench.data import Data, settings_of
from paydesk.app import Application, create_app
from paydesk.store.engines import sqlite_file

Statement = tuple[str, dict[str, Any]]
WRITES = ("INSERT", "UPDATE", "DELETE")
OWN = ("holders", "gateway_cursors")
"""Tables that the server writes by itself, whatever is asked of it."""


async def ask(application: Any, request: bytes) -> tuple[int, bytes]:
    """What the application answers to a request as it stands on the wire."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, target, _ = first.decode().split(" ")
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [tuple(line.split(b": ", 1)) for line in lines],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@asynccontextmanager
async def running(data: Data, stripe_api_base: str) -> AsyncIterator[tuple[Application, Requests]]:
    """The application on `data`, with a token, and the requests of its cases."""
    application = create_app(settings_of(data.directory, stripe_api_base))
    await application.start()
    try:
        requests = Requests(data, 80)
        status, body = await ask(application, requests.token_request())
        assert status == 200, body
        requests.token = orjson.loads(body)["access_token"]
        yield application, requests
    finally:
        await application.stop()


@contextmanager
def traced(seen: list[Statement]) -> Iterator[None]:
    """Note what connections opened from now on write."""
    opened = sqlite_file.connect

    def connect(*given: Any, **named: Any) -> Any:
        connection = opened(*given, **named)
        wrote = False

        def trace(_: Any, sql: str, values: Any) -> bool:
            nonlocal wrote
            writes = sql.startswith(WRITES) and not any(name in sql for name in OWN)
            if writes or (sql == "COMMIT" and wrote):
                seen.append((sql, dict(values or {})))
                wrote = writes
            return True

        connection.exec_trace = trace
        return connection

    sqlite_file.connect = connect
    try:
        yield
    finally:
        sqlite_file.connect = opened


async def prepare(application: Any, requests: Requests, name: str, count: int) -> None:
    """Make what `count` requests of a case need."""
    for case, lacking in requests.lacking(name, count):
        for one in requests.of(case.name, lacking):
            status, body = await ask(application, one)
            assert status == case.status, body
        requests.look()


async def writes_of(data: Data, stripe_api_base: str, names: list[str]) -> dict[str, list[list[Statement]]]:
    """The statements that one request of each of these cases writes, transaction by transaction."""
    seen: list[Statement] = []
    found = {}
    with traced(seen):
        async with running(data, stripe_api_base) as (application, requests):
            await asyncio.sleep(0.1)
            for name in names:
                await prepare(application, requests, name, 1)
                (one,) = requests.of(name, 1)
                del seen[:]
                status, body = await ask(application, one)
                assert status == CASES[name].status, body
                found[name] = _transactions(list(seen))
    return found


def _transactions(written: list[Statement]) -> list[list[Statement]]:
    transactions: list[list[Statement]] = [[]]
    for sql, values in written:
        if sql != "COMMIT":
            transactions[-1].append((sql, values))
        elif transactions[-1]:
            transactions.append([])
    return [one for one in transactions if one]
