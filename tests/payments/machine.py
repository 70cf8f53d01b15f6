"""What the money machine walks through: a shop on either database, the lives of its application, and what goes wrong.

The walks themselves stand in `test_money_machine.py`.
"""

import asyncio
import contextlib
import os
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from paydesk.app import Application
from paydesk.gateways.stripe import Patience, StripeGateway
from paydesk.settings import Settings
from tests.conftest import Postgres
from tests.payments.conftest import HOST, Answer, Api, Clock, Founded, Stripe

PATIENT = Patience(budget=20, first_pause=0.01, longest_pause=0.05, breaks_after=1000)
HASTY = Patience(budget=0.12, first_pause=0.01, longest_pause=0.05, breaks_after=1000)

FAULTS: dict[str, dict[str, Any]] = {
    "a connection lost before": {"drop": "before"},
    "a connection lost after": {"drop": "after"},
    "half an answer": {"cut": True},
    "500 before": {"status": 500},
    "500 after": {"status": 500, "when": "after"},
    "429": {"status": 429, "retry_after": 0},
    "409": {"status": 409},
}

TROUBLE = (
    *(f"once {name}" for name in FAULTS),
    *(f"for long {name}" for name in FAULTS),
    "asked twice at once",
    "killed before",
    "killed after",
    "killed unheard",
    "paused before",
    "paused after",
    "hung up before",
    "hung up after",
)
"""What goes wrong while something is asked for: at Stripe, with the process, with the client."""

QUIET = "none"


@dataclass
class Ground:
    """A database for every walk, with nothing in it but what was founded."""

    founded: Founded
    folder: Path
    postgresql: Postgres | None
    walks: int = 0

    @property
    def name(self) -> str:
        return "sqlite" if self.postgresql is None else "postgresql"

    def begin(self) -> str:
        """The URL of the next walk's database."""
        self.walks += 1
        if self.postgresql is not None:
            self.postgresql.empty()
            url: str = self.postgresql.url
        else:
            url = f"sqlite:///{self.folder / f'walk{self.walks}.sqlite3'}"
        self.founded.fill(url, self.postgresql)
        return url

    async def later(self, url: str, seconds: float) -> None:
        """Time goes by for PostgreSQL, too, by whose clock processes are at work and calls are theirs."""
        if self.postgresql is not None:
            connection = await asyncpg.connect(url)
            ago = f"- interval '{seconds} seconds'"
            await self._moved_back(connection, "holders", "seen_at", ago)
            await self._moved_back(connection, "gateway_calls", "lease_until", ago)
            await connection.close()

    async def _moved_back(self, connection: Any, table: str, column: str, ago: str) -> None:
        """The application may lock the same rows in another order just then; whoever has to give way begins anew."""
        while True:
            with contextlib.suppress(asyncpg.DeadlockDetectedError):
                await connection.execute(f"UPDATE {table} SET {column} = {column} {ago}")
                return

    def end(self) -> None:
        for file in self.folder.glob(f"walk{self.walks}.sqlite3*"):
            file.unlink()


class Life:
    """One life of the application: an event loop, and everything that runs in it."""

    api: Api

    def __init__(self, ground: Ground, url: str, clock: Clock, sandbox: str, key: str | None) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = clock
        settings = Settings(
            database_url=url,
            data_dir=ground.folder,
            stripe_api_base=sandbox,
            key_file=ground.founded.keys,
            database_connections=4,
        )
        self.api = self.run(self._start(ground, settings, sandbox, key))

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self, ground: Ground, settings: Settings, sandbox: str, key: str | None) -> Api:
        application = Application(settings, self.clock)
        await application.start()
        parts = application.parts
        assert parts is not None, "it was started"
        await parts.recovery.stop()
        await parts.endpoints.loop.stop()
        await parts.catching_up.loop.stop()
        await parts.watching.loop.stop()
        account = Stripe(sandbox, httpx.AsyncClient(timeout=120), key)
        self.gateway = StripeGateway(account.base, patience=PATIENT)
        parts.gateways["stripe_gateways"] = self.gateway
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url=HOST, timeout=60)
        api = Api(application, http, ground.founded, account)
        api.token = ground.founded.token if self.clock.ahead < 3600 else await api.log_in()
        return api

    def stop(self) -> None:
        self.run(self._stop())
        self.loop.close()

    async def _stop(self) -> None:
        await self.api.stripe.close()
        await self.api.stripe.http.aclose()
        await self.api.app.stop()
        await self.api.http.aclose()

    def kill(self) -> None:
        """From here on nothing of it goes on: what was committed is left, and what was sent is on its way."""
        database: Any = self.api.parts.database
        if database.name == "postgresql":
            for holder in database._pool._holders if database._pool is not None else ():
                connection = holder._con
                if connection is not None and not connection.is_closed():
                    # The server sees the end of the stream, as it does of a process that is gone.
                    own = os.dup(connection._transport.get_extra_info("socket").fileno())
                    with socket.socket(fileno=own) as stream:
                        stream.shutdown(socket.SHUT_RDWR)
            return
        database._stopping = True
        database._wait_no_longer()
        database._committer.shutdown()
        database._log.stop()
        database._connection.close()
        database._reader.close()

    def bury(self) -> None:
        """Let go of what a life that was killed still holds."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.run(asyncio.sleep(0.01))
        self.run(self._let_go())
        self.loop.close()

    async def _let_go(self) -> None:
        await self.api.stripe.http.aclose()
        await self.api.stripe._sdk.close_async()
        await self.gateway.close()
        database: Any = self.api.parts.database
        if database.name == "postgresql" and database._pool is not None:
            database._pool.terminate()
            await asyncio.sleep(0)


@dataclass
class Tally:
    """How often each rule was asked for and did something, and each fault struck, in all walks on a database."""

    asked: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)

    def rarest(self, chance: random.Random, names: list[str], counted: Counter[str]) -> str:
        """One of these, the likelier the more seldom it came so far."""
        fresh = [name for name in names if not counted[name]]
        if fresh and chance.random() < 0.6:
            return chance.choice(fresh)
        return chance.choices(names, [1.0 / (1 + counted[name]) ** 3 for name in names])[0]

    def missing(self) -> list[str]:
        """Rules that never did anything, and faults that never struck."""
        never = [name for name in RULES if not self.done[name]]
        return never + [name for name in TROUBLE if not self.struck[name]]

    def __str__(self) -> str:
        lines = ["rule: asked for, done"]
        lines += [f"  {name}: {self.asked[name]}, {self.done[name]}" for name in sorted(self.asked)]
        lines += ["fault: struck"]
        lines += [f"  {name}: {times}" for name, times in sorted(self.struck.items())]
        return "\n".join(lines)


@dataclass
class Order:
    """What a walk knows of an order: its id, how it is paid, and the amounts of its transactions."""

    link: dict[str, str]
    tenant: str
    token: str
    amounts: dict[str, int] = field(default_factory=dict)
    is_placed: bool = False


@dataclass(frozen=True)
class Rule:
    """Something that somebody does.

    act      does it to an order; whether it did something
    likely   in which states of the order it does something; now and then it is tried in others
    """

    name: str
    act: Callable[[Any, Order], bool]
    likely: Callable[[dict[str, Any]], bool]


RULES: dict[str, Rule] = {}


def rule(name: str, likely: Callable[[dict[str, Any]], bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a rule; its function is given the walk and the order."""

    def declare(act: Callable[..., Any]) -> Callable[..., Any]:
        assert name not in RULES, name
        RULES[name] = Rule(name, act, likely)
        return act

    return declare


__all__ = [
    "FAULTS", "HASTY", "PATIENT", "QUIET", "RULES", "TROUBLE", "Answer", "Ground", "Life", "Order", "Rule", "Tally",
    "rule",
]  # fmt: skip
