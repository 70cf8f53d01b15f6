"""Behind a connection pooler, whichever connection of the database a transaction gets."""

from collections.abc import Iterator

import pytest

from paydesk.store import migrate, schema
from paydesk.store.engines.postgres import PostgreSQL
from tests.acts.orders import at_stripe, authorized, moved, only, ready, stands
from tests.conftest import Postgres, with_database
from tests.payments.conftest import Api
from tests.pgbouncer import MISSING, PROGRAM, pgbouncer
from tests.store.rows import present, put, say

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

behind_both = pytest.mark.parametrize("database_url", ["pooled_by_session", "pooled_by_transaction"], indirect=True)
MODES = ["session", "transaction"]


@pytest.fixture
def pooled_by_session_url(postgresql: Postgres) -> Iterator[str]:
    postgresql.empty()
    with pgbouncer(postgresql.url, "session") as url:
        yield url


@pytest.fixture
def pooled_by_transaction_url(postgresql: Postgres) -> Iterator[str]:
    postgresql.empty()
    with pgbouncer(postgresql.url, "transaction") as url:
        yield url


@behind_both
async def test_an_order_is_placed_captured_and_refunded_behind_a_pooler(api: Api) -> None:
    order, payment = await authorized(api)
    await api.update(order, {"_place": True})
    await api.update(order, {"_approve": True})
    await api.update(await only(api, order, "authorizations"), {"_capture": True})
    capture = await only(api, order, "captures")
    await api.update(capture, {"_refund": True, "_refund_amount_cents": 5400})
    assert await stands(api, order) == ("approved", "partially_refunded", "not_required")
    assert await moved(api, order) == [
        ("authorizations", 15400, True),
        ("captures", 15400, True),
        ("refunds", 5400, True),
    ]
    assert await at_stripe(api, payment) == ("succeeded", 15400, 5400)
    assert len((await api.get(f"orders/{order.id}/versions")).data) > 3


@behind_both
async def test_a_webhook_is_kept_and_worked_behind_a_pooler(api: Api) -> None:
    order = await ready(api)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    for event in await api.stripe.events(payment["stripe_id"]):
        assert (await api.deliver(event)).status_code == 200
    await api.recover()
    assert (await stands(api, order))[1] == "authorized"
    assert await moved(api, order) == [("authorizations", 15400, True)]


@behind_both
async def test_recovery_finishes_what_lost_its_answer_behind_a_pooler(api: Api) -> None:
    order = await ready(api)
    await api.stripe.faults(times=0, drop="after")
    await api.payment(order, expect=503)
    await api.stripe.mend()
    await api.recover(after=120)
    (intent,) = await api.stripe.live()
    assert intent.amount == 15400
    assert await api.open_calls() == []


@pytest.mark.parametrize("mode", MODES)
def test_a_database_is_migrated_and_checked_behind_a_pooler(postgresql: Postgres, mode: str) -> None:
    import asyncpg

    async def administrate(*statements: str) -> None:
        database = await asyncpg.connect(postgresql.url)
        for statement in statements:
            await database.execute(statement)
        await database.close()

    name = "paydesk_test_pooled"
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    postgresql.run(administrate(drop, f"CREATE DATABASE {name}"))
    try:
        with pgbouncer(with_database(postgresql.url, name), mode) as url:
            with pytest.raises(schema.NotMigrated):
                schema.check(url)
            for _ in range(2):
                assert migrate.upgrade(url) == schema.head()
                schema.check(url)
    finally:
        postgresql.run(administrate(drop))


@behind_both
async def test_a_commit_is_looked_up_by_the_servers_own_process_behind_a_pooler(database_url: str) -> None:
    database = PostgreSQL(database_url)
    await database.write(lambda: put("one"))
    pool = await database._opened()
    async with pool.acquire() as connection:
        assert await database._process(connection) != connection.get_server_pid()
    assert await present(database) == ["one"]
    (settings,) = await database.write(
        lambda: say("SELECT current_setting('lock_timeout'), current_setting('jit'), current_setting('server_version')")
    )
    assert settings[:2] == ("250ms", "off")
    (left,) = await database.read(lambda: say("SELECT current_setting('lock_timeout')"))
    assert left[0] == "0"
    await database.close()
