"""A row that another client of the database holds keeps nobody from anything else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tests.payments.conftest import Answer, Api
from tests.processes import eventually
from tests.store.rows import say

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for only shortly."""
    monkeypatch.setattr("paydesk.store.postgres.LOCK_SECONDS", 0.3)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for as long as a test may take."""
    monkeypatch.setattr("paydesk.store.postgres.LOCK_SECONDS", 100.0)


@asynccontextmanager
async def held(url: str, *orders: Answer) -> AsyncIterator[Any]:
    """Another client's transaction has locked orders; gives that client's connection."""
    other = await asyncpg.connect(url, server_settings={"application_name": "somebody's psql"})
    try:
        await other.execute("BEGIN")
        for order in orders:
            await other.execute(f"SELECT 1 FROM orders WHERE id = '{order.id}' FOR UPDATE")
        yield other
        await other.execute("ROLLBACK")
    finally:
        await other.close()


def patches(api: Api, order: Answer, count: int) -> list[asyncio.Task[Answer]]:
    def sent(at: int) -> Any:
        body = {"data": {"type": "orders", "id": order.id, "attributes": {"reference": f"r{at}"}}}
        return api.send("PATCH", f"orders/{order.id}", body)

    return [asyncio.create_task(sent(at)) for at in range(count)]


@pytest.mark.usefixtures("patient")
async def test_writes_of_a_held_order_wait_on_one_connection_and_all_else_goes_on(api: Api, database_url: str) -> None:
    order, free = await api.order(), await api.order()
    async with held(database_url, order):

        async def waiting() -> Any:
            # By another connection: a transaction sees what goes on as it was when it looked first.
            return (await api.parts.database.read(lambda: say(WAITING)))[0][0]

        tasks = patches(api, order, 12)
        await eventually(waiting, 1)
        for at in range(5):
            reads = await asyncio.gather(*(api.get(order) for _ in range(12)))
            assert [one["reference"] for one in reads] == [None] * 12
            assert (await api.update(free, {"reference": f"f{at}"}))["reference"] == f"f{at}"
        assert await waiting() == 1
        assert [one.done() for one in tasks] == [False] * 12
    answers = await asyncio.gather(*tasks)
    assert [one.status for one in answers] == [200] * 12
    assert [one["reference"] for one in answers] == [f"r{at}" for at in range(12)]
    assert (await api.get(order))["reference"] in [f"r{at}" for at in range(12)]


@pytest.mark.usefixtures("impatient")
async def test_a_lock_that_is_not_let_go_is_503_and_changes_nothing(api: Api, database_url: str) -> None:
    order = await api.order()
    async with held(database_url, order):
        answers = await asyncio.gather(*patches(api, order, 12))
    assert [one.status for one in answers] == [503] * 12
    assert {one.headers["retry-after"] for one in answers} == {"2"}
    assert (await api.get(order))["reference"] is None
    assert (await api.update(order, {"reference": "free"}))["reference"] == "free"


@pytest.mark.usefixtures("patient")
async def test_the_log_says_who_holds_a_lock(
    api: Api, database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydesk.store.postgres.LOOK_SECONDS", 0.1)
    caplog.set_level(logging.WARNING)
    order = await api.order()

    async def told() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.name == "paydesk.store.postgres"]

    async def is_told() -> bool:
        if not await told():
            # A look that came before the server waited found nobody.
            api.parts.database._look()  # type: ignore[attr-defined]
        return bool(await told())

    async with held(database_url, order) as other:
        tasks = patches(api, order, 1)
        await eventually(is_told)
        process = other.get_server_pid()
    assert [one.status for one in await asyncio.gather(*tasks)] == [200]
    assert (await told())[0].startswith(
        "writes wait for a lock that another client of the database holds: "
        f'process {process}, application "somebody\'s psql", idle in transaction, last query begun at 20'
    )


@pytest.mark.usefixtures("patient")
async def test_writes_of_many_held_records_leave_connections_to_reads(api: Api, database_url: str) -> None:
    orders = [await api.order() for _ in range(12)]
    async with held(database_url, *orders):

        async def waiting() -> Any:
            # By another connection: a transaction sees what goes on as it was when it looked first.
            return (await api.parts.database.read(lambda: say(WAITING)))[0][0]

        tasks = [task for order in orders for task in patches(api, order, 1)]
        await eventually(waiting, 8)
        reads = await asyncio.gather(*(api.get(order) for order in orders))
        assert [one["reference"] for one in reads] == [None] * 12
        assert await waiting() == 8
    assert [one.status for one in await asyncio.gather(*tasks)] == [200] * 12
