"""Where a proof takes place: a throw-away database, a folder, servers to kill and a sandbox that lives."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg

from paydesk.operations import founding
from paydesk.proving.asking import PATIENCE_SECONDS, Api, Stripe
from paydesk.proving.processes import Failed, Sandbox, Server, Servers
from paydesk.proving.shop import Shop
from paydesk.settings import Settings
from paydesk.store import migrate, open_database
from paydesk.store.inbox import events
from paydesk.store.journal import calls as journal
from paydesk.store.sql.ask import Database

CONVERGES_SECONDS = 60.0
"""Within which nothing is open any more: thirty seconds are promised, and the machine may be busy."""


@dataclass(frozen=True)
class OpenCall:
    """A gateway call that nobody brought to its end."""

    kind: str
    subject_id: str


class Ground:
    """See the module. Servers are started by those who use them."""

    def __init__(self, database: Database, servers: Servers, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        self.database, self.servers, self.sandbox, self.http = database, servers, sandbox, http
        self.server = Server(servers)
        self.api = Api(http, self.server.base)
        self.client: tuple[str, str]

    async def shop(self, name: str) -> Shop:
        """A shop with an account of its own at Stripe; the server runs."""
        if not self.api.token:
            await self.api.log_in(*self.client)
        shop = Shop(self.api, Stripe(self.http, self.sandbox.base), name)
        await shop.open()
        return shop

    async def quiet(self, *, events_seconds: float = CONVERGES_SECONDS) -> list[OpenCall]:
        """Wait until no gateway call is open and every event worked; returns the calls open after that time.

        events_seconds   how long events are waited for: those that a killed process had taken rest half a minute
        """
        begun = time.monotonic()
        while True:
            left = await self.database.read(journal.still_open)
            waited = time.monotonic() - begun
            if not left and (waited > events_seconds or not await self.database.read(events.waiting)):
                return []
            if waited > CONVERGES_SECONDS:
                return [OpenCall(one.kind, one.subject_id) for one in left]
            await asyncio.sleep(0.05)


@asynccontextmanager
async def ground(database_url: str | None) -> AsyncIterator[Ground]:
    """Everything up, to the end of the block; then it is gone without a trace.

    database_url   of a PostgreSQL server in which a database may be made; None for SQLite
    """
    with tempfile.TemporaryDirectory(prefix="paydesk-prove-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sandbox = Sandbox(folder)
        try:
            async with (
                _database(database_url, folder) as url,
                aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=100, force_close=True),
                    timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
                ) as http,
            ):
                settings = Settings(database_url=url, data_dir=folder)
                servers = Servers(
                    {
                        "PAYDESK_DATABASE_URL": url,
                        "PAYDESK_DATA_DIR": str(folder),
                        "PAYDESK_STRIPE_API_BASE": sandbox.base,
                        "PAYDESK_LOG_LEVEL": "error",
                    },
                    folder / "servers.log",
                )
                await servers.start()
                await asyncio.to_thread(migrate.upgrade, url)
                founded = await founding.found_organization(settings, name="Proof", slug="proof")
                await sandbox.ready()
                database = open_database(url, connections=2)
                try:
                    made = Ground(database, servers, sandbox, http)
                    client = next(
                        one for one in founded.applications if (one.mode, one.kind) == ("test", "integration")
                    )
                    made.client = client.client_id, client.client_secret
                    yield made
                finally:
                    await database.close()
                    await servers.stop()
        finally:
            sandbox.stop()


@asynccontextmanager
async def _database(url: str | None, folder: Path) -> AsyncIterator[str]:
    """A database of our own, dropped at the end."""
    if url is None:
        yield f"sqlite:///{folder}/paydesk.sqlite3"
        return
    name = f"paydesk_prove_{secrets.token_hex(4)}"
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError, ValueError) as problem:
        raise Failed(f"PostgreSQL cannot be reached: {problem}") from problem
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()
