"""Two real processes of which one is stopped by the kernel, or has a wrong clock, while the other settles its call."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.app import Application
from paydesk.http.serving import serve_alone
from paydesk.settings import Settings, read
from tests import forked
from tests.acts.crashes import environment_of, ready
from tests.acts.orders import at_stripe
from tests.acts.refunds import PART, ask, captured, refunds
from tests.payments.conftest import Api, Founded, Running, Stripe, furnish
from tests.processes import eventually, free_port, until


@pytest.fixture
def settings(postgresql_url: str, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    return Settings(database_url=postgresql_url, data_dir=tmp_path, stripe_api_base=sandbox, key_file=founded.keys)


def serve(port: int, off: float) -> None:
    """A node whose clock is `off` by so many seconds."""
    settings = read(log_level="error")
    serve_alone(Application(settings, lambda: time.time() + off), settings, port)


@dataclass
class Elsewhere:
    """A node that is a process of its own."""

    process: int
    url: str
    database_url: str
    api: Api

    async def stop(self) -> None:
        """Have the kernel stop it, wherever it is but inside a transaction, which would hold its rows."""
        connection = await asyncpg.connect(self.database_url)
        pause = 0.02
        try:
            while True:
                os.kill(self.process, signal.SIGSTOP)
                await asyncio.to_thread(until, self._is_stopped)
                # What this process itself writes ends within moments.
                for _ in range(20):
                    if not await connection.fetchval(_IN_TRANSACTIONS):
                        return
                    await asyncio.sleep(0.01)
                os.kill(self.process, signal.SIGCONT)
                # It does what it has missed first, in transactions as well.
                await asyncio.sleep(pause)
                pause = min(1.0, 2 * pause)
        finally:
            await connection.close()

    def _is_stopped(self) -> bool:
        stat = Path(f"/proc/{self.process}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    async def ages(self, here: Api) -> None:
        """It was stopped for 17 seconds, by the database's clock."""
        connection = await asyncpg.connect(self.database_url)
        aged = "UPDATE holders SET seen_at = seen_at - interval '17 seconds' WHERE id <> $1"
        assert await connection.execute(aged, here.parts.desk.holder) == "UPDATE 1"
        await connection.close()

    def go_on(self) -> None:
        os.kill(self.process, signal.SIGCONT)


TOO_LATE = (503, False)
"""The answer where the machine was so slow that a node was stopped for longer than a client is let wait."""

_IN_TRANSACTIONS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'paydesk' AND xact_start IS NOT NULL"
)
"""Of nodes only: the database's own cleaning (autovacuum) may be in one transaction after another for a minute."""


@contextmanager
def node(settings: Settings, off: float = 0) -> Iterator[tuple[int, str]]:
    port = free_port()
    env = environment_of(settings, PAYDESK_STRIPE_TIMEOUT="60")
    with forked.running(serve, port, off, env=env) as process:
        until(lambda: ready(port))
        yield process, f"http://127.0.0.1:{port}"


@pytest_asyncio.fixture
async def here(running: Running, account: Stripe) -> AsyncIterator[Api]:
    async with running.api(account) as api:
        await api.parts.recovery.begin()
        yield await furnish(api)


@pytest_asyncio.fixture(params=[0, -600, 600], ids=["right clock", "ten minutes behind", "ten minutes ahead"])
async def there(here: Api, settings: Settings, request: Any) -> AsyncIterator[Elsewhere]:
    with node(settings, request.param) as (process, url):
        async with httpx.AsyncClient(base_url=url, timeout=60, headers={"host": "127.0.0.1:9"}) as http:
            api = Api(here.app, http, here.founded, here.stripe)
            api.token = here.token
            yield Elsewhere(process, url, settings.database_url, api)


async def owed(api: Api) -> list[Any]:
    return [debts for (debts,) in await api.rows("gateway_calls", "owed") if debts is not None]


async def test_what_a_stopped_node_asked_for_is_settled_by_another_and_its_client_is_told_once_it_wakes(
    here: Api, there: Elsewhere
) -> None:
    order, payment, capture = await captured(here)
    held = await here.stripe.hold(path="/v1/refunds")
    first = asyncio.create_task(ask(there.api, capture, PART))
    await held.begun()
    await there.stop()
    await held.go()
    await there.ages(here)
    # A call of a node whose clock is ahead is due only then.
    await here.parts.desk.finish_due(ahead=900)
    assert await here.open_calls() == []
    assert (await at_stripe(here, payment), await refunds(here, order)) == (("succeeded", 15400, 900), [900])
    assert not first.done()
    there.go_on()
    if await first == TOO_LATE:
        assert await ask(there.api, capture, PART) == (200, True)
    else:
        assert await first == (200, False)
    assert (await at_stripe(here, payment), await refunds(here, order)) == (("succeeded", 15400, 900), [900])
    # The client was told, and every node knows: the next one is meant, at either node.
    await eventually(lambda: owed(here), [])
    assert await ask(here, capture, PART) == (200, False)
    assert await ask(there.api, capture, PART) == (200, False)
    assert (await at_stripe(here, payment), await refunds(here, order)) == (("succeeded", 15400, 2700), [900] * 3)


async def test_a_retry_at_another_node_while_the_first_is_stopped_moves_nothing(here: Api, there: Elsewhere) -> None:
    order, payment, capture = await captured(here)
    held = await here.stripe.hold(path="/v1/refunds", when="after")
    first = asyncio.create_task(ask(there.api, capture, PART))
    await held.begun()
    await there.stop()
    await held.go()
    await there.ages(here)
    # Nobody has settled the call by then: the retry takes it over.
    assert await ask(here, capture, PART) == (200, True)
    assert (await at_stripe(here, payment), await refunds(here, order)) == (("succeeded", 15400, 900), [900])
    there.go_on()
    assert await first in {TOO_LATE, (200, False)}
    # A node that is stopped for long asks again where it had no time to read the answer: under the same key.
    assert len({one["idempotency_key"] for one in await here.stripe.requests(path="/v1/refunds")}) == 1
    assert (await at_stripe(here, payment), await refunds(here, order)) == (("succeeded", 15400, 900), [900])
    assert await here.open_calls() == []
