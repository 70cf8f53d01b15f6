"""PostgreSQL by asyncpg: one pool, READ COMMITTED, transactions run again when the database asks for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

import asyncpg
import orjson
from sqlalchemy import text

from paydesk.errors import NotUnique, Unavailable
from paydesk.instants import instant_of
from paydesk.store.ask import Ask, Landed, Rows, Transaction
from paydesk.store.sqlite import StillReferred
from paydesk.store.statements import statements_of

T = TypeVar("T")

TRIES = 6
READ_TRIES = 4
LANDING_SECONDS = 15.0
"""How long it is looked for whether a commit stands whose answer was lost, while the server restarts."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_MS = int(_EPOCH.timestamp()) * 1000

_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""The connection is gone, or the server is stopping, starting or failing over. The driver calls it an internal error
where an idle connection was ended and it has not yet seen the end of the stream.
"""

_SHORT = (TimeoutError, asyncpg.InsufficientResourcesError, asyncpg.ReadOnlySQLTransactionError)
"""The server is there and cannot do it now: full, too busy, or a standby."""

_PROCESS = "SELECT 1 FROM pg_stat_activity WHERE pid = :pid"
_COLLATIONS = ("pg_c_utf8", "und-x-icu", "C.utf8", "C.UTF-8", "en_US.utf8")
"""Collations whose `lower` knows every alphabet, for databases whose own does not."""


def _works(process: int) -> Transaction[bool]:
    """Whether this process of the server is still there."""
    return bool((yield Ask(("server process",), lambda: text(_PROCESS), {"pid": process})))


def _encode_instant(text: str) -> tuple[int]:
    delta = datetime.fromisoformat(text) - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds,)


def _decode_instant(value: tuple[int]) -> str:
    return instant_of(_EPOCH_MS + value[0] // 1000)


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    # jsonb's binary form is a version byte before the text.
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    await connection.set_type_codec(
        "timestamptz", schema="pg_catalog", format="tuple", encoder=_encode_instant, decoder=_decode_instant
    )


async def _lowering(pool: Any) -> str | None:
    """The collation to lower texts by; None where the database's own knows more than ASCII."""
    if await pool.fetchval("SELECT lower('É') = 'é'"):
        return None
    names = "SELECT collname FROM pg_collation WHERE collencoding IN (-1, pg_char_to_encoding('UTF8'))"
    found = {row[0] for row in await pool.fetch(names)}
    return next((name for name in _COLLATIONS if name in found), None)


class PostgreSQL:
    """A database of many processes. See `paydesk.store.ask.Database`."""

    name = "postgresql"

    def __init__(self, url: str, *, connections: int = 16, statement_seconds: float = 30.0) -> None:
        self.url = url
        self.statements_run = 0
        self.transactions_run = 0  # those that write
        self._connections = connections
        self._statement_seconds = statement_seconds
        self._statements = statements_of("postgresql")
        self._pool: asyncpg.Pool[Any] | None = None
        self._opening = asyncio.Lock()

    async def _opened(self) -> asyncpg.Pool[Any]:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    try:
                        pool = await asyncpg.create_pool(
                            self.url,
                            min_size=1,
                            max_size=self._connections,
                            init=_prepare,
                            statement_cache_size=1000,
                            timeout=5,
                            command_timeout=self._statement_seconds,
                            server_settings={"application_name": "paydesk", "jit": "off"},
                        )
                        self._statements = statements_of("postgresql", await _lowering(pool))
                        self._pool = pool
                    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                        raise Unavailable("the database cannot be reached") from error
        return self._pool

    async def read(self, transaction: Callable[[], Transaction[T]]) -> T:
        pool = await self._opened()
        for attempt in range(READ_TRIES):
            try:
                async with pool.acquire(timeout=10) as connection:
                    return await self._drive(connection, transaction())
            except _SHORT as error:
                raise Unavailable("the database is slow") from error
            except _LOST as error:
                if attempt + 1 == READ_TRIES:
                    raise Unavailable("the database cannot be reached") from error
                await asyncio.sleep(0.05 * attempt)  # The pool's other connections are seen to be gone meanwhile.
        raise AssertionError("unreachable")

    async def write(self, transaction: Callable[[], Transaction[T]], landed: Landed[T] | None = None) -> T:
        # What was begun is brought to its end: a client that goes away cancels its wait, not the write.
        return await asyncio.shield(asyncio.ensure_future(self._write(transaction, landed)))

    async def _write(self, transaction: Callable[[], Transaction[T]], landed: Landed[T] | None) -> T:
        pool = await self._opened()
        for attempt in range(TRIES):
            committing, process = False, 0
            try:
                async with pool.acquire(timeout=10) as connection:
                    await connection.execute("BEGIN")
                    try:
                        result = await self._drive(connection, transaction())
                    except BaseException:
                        if not connection.is_closed():
                            await connection.execute("ROLLBACK")
                        raise
                    committing, process = True, connection.get_server_pid()
                    await connection.execute("COMMIT")
                    return result
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                if attempt + 1 == TRIES:
                    raise Unavailable("the database is too busy with the same records") from None
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
            except (*_SHORT, *_LOST) as error:
                # A commit whose answer was lost may stand: never run again blindly.
                if committing and isinstance(error, (TimeoutError, *_LOST)):
                    looks = landed(result) if landed is not None else None
                    if looks is None:
                        raise Unavailable("the database cannot be reached") from error
                    if await self._landed(looks, process):
                        return result
                elif isinstance(error, _SHORT):
                    raise Unavailable("the database cannot be written at present") from error
                if attempt + 1 == TRIES:
                    raise Unavailable("the database cannot be reached") from error
                await asyncio.sleep(0.1 * 2**attempt)
            finally:
                self.transactions_run += 1
        raise AssertionError("unreachable")

    async def _landed(self, looks: Callable[[], Transaction[bool]], process: int) -> bool:
        """Whether a commit whose answer was lost stands. That `process` of the server may still make it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LANDING_SECONDS
        while True:
            with suppress(Unavailable, asyncpg.PostgresError):
                works = await self.read(lambda: _works(process))
                if await self.read(looks):
                    return True
                if not works:
                    return False
            if loop.time() > ends:
                raise Unavailable("the database cannot be reached")
            await asyncio.sleep(0.1)

    async def _drive(self, connection: Any, generator: Transaction[T]) -> T:
        try:
            ask = next(generator)
            while True:
                try:
                    rows = await self._run(connection, ask)
                except asyncpg.UniqueViolationError as error:
                    ask = generator.throw(NotUnique(f"{error.table_name}.{error.constraint_name}"))
                    continue
                except asyncpg.ForeignKeyViolationError as error:
                    ask = generator.throw(StillReferred(str(error)))
                    continue
                ask = generator.send(rows)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            generator.close()

    async def _run(self, connection: Any, ask: Ask) -> Rows:
        statement = self._statements.get(ask.key, ask.build)
        self.statements_run += 1
        values = ask.values
        if type(values) is list:
            if len(values) == 1:
                values = values[0]
            elif values:
                await connection.executemany(statement.text, [statement.positional(one) for one in values])
                return []
            else:
                return []
        return await connection.fetch(statement.text, *statement.positional(values))  # type: ignore[arg-type, no-any-return]

    async def close(self) -> None:
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 10)
            except TimeoutError:
                self._pool.terminate()
