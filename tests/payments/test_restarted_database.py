"""PostgreSQL really restarts while a commit is under way: whether it stands is looked up, and the client is told."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.settings import Settings
from paydesk.store import migrate
from tests.acts.orders import at_stripe
from tests.acts.refunds import PART, ask, captured, refunds
from tests.conftest import with_database
from tests.payments.conftest import Api, Founded, Running, Stripe, furnish
from tests.postgres import Server, server
from tests.processes import eventually


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that nobody else's tests use, with a migrated database to copy."""
    with server(durable=True) as running:
        asyncio.run(administrate(running, "CREATE DATABASE template"))
        migrate.upgrade(with_database(running.url, "template"))
        yield running


async def administrate(running: Server, *statements: str) -> None:
    connection = await asyncpg.connect(running.url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest_asyncio.fixture
async def settings(own_server: Server, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    name = f"restarted_{secrets.token_hex(4)}"
    await administrate(own_server, f"CREATE DATABASE {name} TEMPLATE template")
    url = with_database(own_server.url, name)
    return Settings(database_url=url, data_dir=tmp_path, stripe_api_base=sandbox, key_file=founded.keys)


class Commits:
    """The server's next commits stop in the middle, until it is started again."""

    def __init__(self, running: Server, database_url: str) -> None:
        self.server, self.database_url = running, database_url
        self.holds: Any = None

    async def stop_once_made(self) -> None:
        """They stand, and whoever made them is not told so: a standby that is not there is waited for."""
        await administrate(
            self.server, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()"
        )
        self.holds = await asyncpg.connect(self.database_url)
        await eventually(lambda: self.holds.fetchval("SHOW synchronous_standby_names"), "nobody")
        await self.holds.execute("ALTER SYSTEM RESET synchronous_standby_names")

    async def stop_before_they_are_made(self) -> None:
        """A check at the end of each transaction waits for a lock."""
        self.holds = await asyncpg.connect(self.database_url)
        await self.holds.execute(
            "CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';"
            "CREATE CONSTRAINT TRIGGER waits AFTER INSERT OR UPDATE ON gateway_calls"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION waits();"
            "SELECT pg_advisory_lock(1)"
        )

    async def is_under_way(self) -> bool:
        found: bool = await self.holds.fetchval(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'"
            " AND (wait_event = 'SyncRep' OR wait_event_type = 'Lock'))"
        )
        return found

    async def restart(self, how: signal.Signals) -> None:
        self.server.stop(how)
        self.holds.terminate()
        self.server.start()


@pytest.fixture
def commits(own_server: Server, settings: Settings) -> Commits:
    return Commits(own_server, settings.database_url)


@pytest_asyncio.fixture
async def api(running: Running, account: Stripe) -> AsyncIterator[Api]:
    async with running.api(account) as api:
        yield await furnish(api)


IMMEDIATE, FAST = signal.SIGQUIT, signal.SIGINT


@pytest.mark.parametrize(
    ("which", "made", "how"),
    [
        ("journalling", True, IMMEDIATE),
        ("journalling", False, FAST),
        ("settling", True, FAST),
        ("settling", False, IMMEDIATE),
    ],
)
async def test_a_refund_goes_on_though_the_database_restarts_in_the_middle_of_its_commit(
    api: Api, commits: Commits, which: str, made: bool, how: signal.Signals
) -> None:
    order, payment, capture = await captured(api)
    await api.parts.desk.owing.flush()
    arm = commits.stop_once_made if made else commits.stop_before_they_are_made
    if which == "journalling":
        await arm()
        asking = asyncio.create_task(ask(api, capture, PART))
    else:
        held = await api.stripe.hold(path="/v1/refunds")
        asking = asyncio.create_task(ask(api, capture, PART))
        await held.begun()
        await arm()
        await held.go()
    await eventually(commits.is_under_way)
    await commits.restart(how)
    # Had it waited for the lease, which lasts a minute, it had been told 503.
    assert await asking == (200, False)
    assert await api.open_calls() == []
    assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 900), [900])
    assert len(await api.stripe.requests(path="/v1/refunds")) == 1
    # It was told: the next one is meant.
    assert await ask(api, capture, PART) == (200, False)
    assert (await at_stripe(api, payment), await refunds(api, order)) == (("succeeded", 15400, 1800), [900, 900])
