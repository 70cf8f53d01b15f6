"""PostgreSQL: transactions that are run again, and connections that go away."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import bindparam, select

from paydesk.base.errors import Unavailable
from paydesk.store.engines.postgres import PostgreSQL
from paydesk.store.sql.ask import Ask
from paydesk.store.sql.statements import Lowered
from tests.conftest import with_database
from tests.processes import free_port
from tests.store.rows import Asks, add, names, present, put, say, value_of


@pytest_asyncio.fixture
async def database(postgresql_url: str) -> AsyncIterator[PostgreSQL]:
    opened = PostgreSQL(postgresql_url, connections=8)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def other(postgresql_url: str) -> AsyncIterator[Any]:
    """A connection beside the pool."""
    connection = await asyncpg.connect(postgresql_url)
    yield connection
    await connection.close()


ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'paydesk'"


async def test_a_deadlock_is_run_again_until_both_are_done(database: PostgreSQL) -> None:
    await database.write(lambda: put("a"))
    await database.write(lambda: put("b"))
    tries, held = [], []

    def both(first: str, second: str) -> Asks:
        tries.append(first)
        yield from add(first, 1)
        held.append(first)
        while len(held) < 2:
            yield from say("SELECT pg_sleep(0.02)")
        yield from add(second, 1)

    await asyncio.gather(database.write(lambda: both("a", "b")), database.write(lambda: both("b", "a")))
    assert [await database.read(partial(value_of, name)) for name in "ab"] == [2, 2]
    # How often depends on who is noticed first, and on how long each may wait for a row.
    assert len(tries) > 2


async def test_a_serialization_failure_is_run_again_from_the_top(database: PostgreSQL) -> None:
    await database.write(lambda: put("a"))
    tries, read = [], []

    def raised() -> Asks:
        tries.append(1)
        yield from say("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        value = yield from value_of("a")
        read.append(value)
        while len(read) < 2:
            yield from say("SELECT pg_sleep(0.02)")
        yield from add("a", 1)
        return value

    seen = await asyncio.gather(*(database.write(raised) for _ in range(4)))
    assert sorted(seen) == [0, 1, 2, 3]
    assert len(tries) > 4


async def test_what_fails_for_ever_is_given_up(database: PostgreSQL) -> None:
    tries = []

    def failing() -> Asks:
        tries.append(1)
        yield from say("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")

    with pytest.raises(Unavailable):
        await database.write(failing)
    assert len(tries) == 6


async def test_connections_that_were_ended_are_replaced(database: PostgreSQL, other: Any) -> None:
    await asyncio.gather(*(database.write(partial(put, f"n{at}")) for at in range(8)))
    for _ in range(2):
        await other.execute(ENDING)
        assert len(await present(database)) == 8
    await other.execute(ENDING)
    await asyncio.gather(*(database.write(partial(add, f"n{at}", 1)) for at in range(8)))
    assert [await database.read(partial(value_of, f"n{at}")) for at in range(8)] == [1] * 8


async def test_a_connection_lost_before_the_commit_is_a_transaction_run_again(database: PostgreSQL, other: Any) -> None:
    tries = []

    def interrupted() -> Asks:
        tries.append(1)
        yield from put("once")
        if len(tries) == 1:
            yield from say("SELECT pg_terminate_backend(pg_backend_pid())")

    await database.write(interrupted)
    assert len(tries) == 2
    assert await present(database) == ["once"]


async def test_a_commit_whose_answer_was_lost_is_not_run_again(
    database: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    execute = asyncpg.Connection.execute

    async def lost(self: Any, query: str, *arguments: Any, **options: Any) -> Any:
        answer = await execute(self, query, *arguments, **options)
        if query == "COMMIT":
            raise asyncpg.ConnectionDoesNotExistError("lost")
        return answer

    def once() -> Asks:
        tries.append(1)
        yield from put("once")

    await present(database)
    monkeypatch.setattr(asyncpg.Connection, "execute", lost)
    with pytest.raises(Unavailable):
        await database.write(once)
    monkeypatch.undo()
    assert (tries, await present(database)) == ([1], ["once"])


@pytest.mark.parametrize("state", ["57P01", "57P02", "57P03", "57014", "53100", "53200", "53300", "08006", "25006"])
async def test_a_server_that_cannot_now_is_unavailable(
    database: PostgreSQL, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shut down, crashed, starting, canceled, full, out of memory or connections, lost, a standby."""
    monkeypatch.setattr("paydesk.store.engines.postgres.TRIES", 2)

    def failing() -> Asks:
        yield from say(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")

    with pytest.raises(Unavailable):
        await database.read(failing)
    with pytest.raises(Unavailable):
        await database.write(failing)
    assert await present(database) == []


async def test_a_value_that_cannot_be_sent_is_a_mistake_and_no_lost_connection(database: PostgreSQL) -> None:
    for transaction in (lambda: put("large", 2**70), lambda: put("half \ud800")):
        with pytest.raises(asyncpg.DataError):
            await database.write(transaction)
    assert await present(database) == []


async def test_a_server_that_is_not_there_is_unavailable(postgresql_url: str) -> None:
    for url in (f"postgresql://nobody@127.0.0.1:{free_port()}/none", with_database(postgresql_url, "no_such_database")):
        database = PostgreSQL(url)
        with pytest.raises(Unavailable):
            await database.read(names)
        with pytest.raises(Unavailable):
            await database.write(lambda: put("x"))
        await database.close()


async def test_two_processes_do_not_change_one_row_at_once(database: PostgreSQL, postgresql_url: str) -> None:
    second = PostgreSQL(postgresql_url, connections=4)
    await database.write(lambda: put("sum"))

    def read_and_write(node: PostgreSQL) -> Any:
        def transaction() -> Asks:
            value = yield from value_of("sum", lock=True)
            yield from add("sum", value + 1 - value)

        return node.write(transaction)

    await asyncio.gather(*(read_and_write(node) for _ in range(20) for node in (database, second)))
    assert await second.read(lambda: value_of("sum")) == 40
    await second.close()


async def test_lower_case_is_that_of_every_alphabet_whatever_the_locale(database: PostgreSQL) -> None:
    def lowered() -> Asks:
        rows = yield Ask(("lowered",), lambda: select(Lowered(bindparam("text"))), {"text": "ÀΣЖ"})
        return rows[0][0]

    assert await database.read(lowered) == "àσж"
