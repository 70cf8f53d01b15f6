"""/readyz: ready is who can do what requests need, as far as trying it tells."""

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import apsw
import asyncpg
import pytest

from tests.payments.conftest import Api, on_sqlite
from tests.processes import eventually, take_the_lock

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def ready(api: Api) -> tuple[int, str]:
    answer = await api.http.get("/readyz")
    return answer.status_code, json.loads(answer.content)["status"]


READY, NOT = (200, "ready"), (503, "unavailable")


@pytest.fixture(autouse=True)
def impatient(api: Api) -> None:
    """Looks every time it is asked."""
    api.parts.readiness.every_seconds = 0


@contextmanager
def no_room() -> Iterator[None]:
    """The disk takes nothing beyond a file's first page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@on_sqlite
async def test_who_cannot_write_since_the_disk_is_full_is_not_ready(api: Api) -> None:
    order = await api.order()
    assert await ready(api) == READY
    with no_room():
        answer = await api.update(order, {"reference": "x"}, expect=503)
        found = await ready(api)
        read = await api.get(order)
    assert (answer.said, found, read["reference"]) == ([("", "SERVICE_UNAVAILABLE")], NOT, None)
    assert await ready(api) == READY
    assert (await api.update(order, {"reference": "x"}))["reference"] == "x"


@on_sqlite
async def test_an_sqlite_database_that_may_only_be_read_is_not_ready(api: Api) -> None:
    database = api.parts.database
    database._connection.pragma("query_only", 1)  # type: ignore[attr-defined]
    assert await ready(api) == NOT
    database._connection.pragma("query_only", 0)  # type: ignore[attr-defined]
    assert await ready(api) == READY


@asynccontextmanager
async def administrating(api: Api) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(api.app.settings.database_url)
    try:
        yield connection
    finally:
        await connection.close()


ANEW = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'paydesk'"""
"""Ends paydesk's connections, so that it opens others."""


@on_postgresql
async def test_a_postgresql_that_may_only_be_read_is_not_ready(api: Api) -> None:
    async with administrating(api) as connection:
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            await connection.execute(ANEW)
            assert await ready(api) == NOT
        finally:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await connection.execute(ANEW)
        await eventually(lambda: ready(api), READY)


@on_postgresql
async def test_whose_statements_are_refused_is_not_ready(api: Api) -> None:
    """With an error that no request answers for: its role lost its rights, or a pooler prepares no statements."""
    assert await ready(api) == READY
    async with administrating(api) as connection:
        name = await connection.fetchval("SELECT quote_ident(current_database())")
        role = await connection.fetchval("SELECT quote_ident('without rights in ' || current_database())")
        await connection.execute(f"CREATE ROLE {role}")
        try:
            await connection.execute(f"ALTER DATABASE {name} SET role = {role}")
            await connection.execute(ANEW)
            assert await ready(api) == NOT
        finally:
            await connection.execute(f"ALTER DATABASE {name} RESET role; DROP ROLE {role}")
        await connection.execute(ANEW)
    await eventually(lambda: ready(api), READY)


async def test_who_waits_for_a_lock_is_not_ready_and_is_told_so_soon(api: Api) -> None:
    api.parts.readiness.patience_seconds = 0.05
    url = api.app.settings.database_url
    if url.startswith("sqlite"):
        other = apsw.Connection(str(Path(url.removeprefix("sqlite:///"))))
        await take_the_lock(other)
        assert [await ready(api) for _ in range(3)] == [NOT] * 3
        other.execute("ROLLBACK")
        other.close()
    else:
        async with administrating(api) as connection, connection.transaction():
            await connection.execute("LOCK TABLE holders")
            assert [await ready(api) for _ in range(3)] == [NOT] * 3
    await eventually(lambda: ready(api), READY)


async def test_many_who_ask_share_one_trial_which_holds_for_a_while(api: Api) -> None:
    api.parts.readiness.every_seconds = 600
    before = api.parts.database.transactions_run  # type: ignore[attr-defined]
    assert await asyncio.gather(*(ready(api) for _ in range(10))) == [READY] * 10
    assert await ready(api) == READY
    assert api.parts.database.transactions_run - before == 1  # type: ignore[attr-defined]
