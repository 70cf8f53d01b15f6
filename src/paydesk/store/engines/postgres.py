"""PostgreSQL by asyncpg: one pool, READ COMMITTED, transactions run again when the database asks for it.

Nothing belongs to a session: no SET but SET LOCAL, no advisory lock but of a transaction, no LISTEN, no temporary
table. So a pooler such as pgbouncer may stand before the database, in session or in transaction mode. It is known by
the process id that it makes up; then no statement is prepared by name, and no start parameter sent that it might not
know.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg
import orjson

from paydesk.base.errors import Invalid, NotUnique, Unavailable
from paydesk.store.engines.postgres_activity import is_working, lock_holders
from paydesk.store.engines.postgres_connections import as_it_was, connect, lowering_of, prepare
from paydesk.store.engines.queues import Queues
from paydesk.store.sql.ask import Ask, Fill, Guess, Landed, Record, Rows, StillReferred, Transaction
from paydesk.store.sql.statements import statements_of
from paydesk.store.types import METADATA

T = TypeVar("T")

log = logging.getLogger(__name__)

TRIES = 6

READ_TRIES = 4

LANDING_SECONDS = 15.0
"""How long it is looked for whether a commit stands whose answer was lost, while the server restarts."""

CONNECTION_SECONDS = 10.0
"""How long a transaction waits for a connection."""

LOCK_SECONDS = 5.0
"""How long a transaction waits for a record that another one holds: in its queue, and then for the database."""

HASTY_SECONDS = 0.25
"""How long one waits in the database for a lock at first. Then it gives its connection back, and queues for the row."""

LOOK_SECONDS = 2.0
"""A writing transaction that takes longer may wait for a lock: who holds that is looked up and logged."""

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


def _documented(rows: Sequence[Sequence[Any]], documents: Sequence[int]) -> Iterator[list[Any]]:
    """Rows whose JSON is text already, as the driver's codec takes it."""
    for row in rows:
        made = list(row)
        for at in documents:
            if made[at] is not None:
                made[at] = orjson.Fragment(made[at])
        yield made


class _Held(Exception):
    """Another transaction of this process has the record, or waits for it."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.record = record


class _Locked(_Held):
    """The database was waited for, and the lock not had in time."""


_TUPLE = re.compile(r"\(\d+,\d+\)")


def _row_of(error: asyncpg.LockNotAvailableError, ask: Ask) -> Record:
    """The row that was waited for, as the server tells it in whatever language: by its place in a table. Where it tells
    of none, all that run the statement count as one row.
    """
    line = next((one for one in str(error.context or "").splitlines() if _TUPLE.search(one)), "")
    if not line:
        return ("statement", repr(ask.key), "")
    tables = (word for word in re.findall(r"\w+", line) if word in METADATA.tables)
    return ("row", next(tables, line), _TUPLE.findall(line)[0])


class PostgreSQL:
    """A database of many processes. See `paydesk.store.sql.ask.Database`."""

    name = "postgresql"

    def __init__(self, url: str, *, connections: int = 16, statement_seconds: float = 30.0) -> None:
        self.url = url
        self.statements_run = 0
        self.transactions_run = 0  # those that write
        self._connections = connections
        self._statement_seconds = statement_seconds
        self._statements = statements_of("postgresql")
        self._pool: asyncpg.Pool[Any] | None = None
        self._pooled = False
        self._opening = asyncio.Lock()
        # A few connections are kept for reads: writes that wait for locks cannot take them all.
        writers = connections - connections // 5 if connections > 4 else max(1, connections - 1)
        self._writers = asyncio.Semaphore(writers)
        # Of these, some are kept for writes that find nothing locked.
        self._patient = asyncio.Semaphore(max(1, writers // 2))
        self._queues = Queues()
        self._begin = "BEGIN"
        self._looking: asyncio.Task[None] | None = None

    async def _opened(self) -> asyncpg.Pool[Any]:
        if self._pool is None:
            async with self._opening:
                if self._pool is None:
                    try:
                        self._pool = await self._open()
                    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                        log.warning("the database cannot be reached: %s", str(error) or "it does not answer in time")
                        raise Unavailable("the database cannot be reached") from error
        return self._pool

    async def _open(self) -> asyncpg.Pool[Any]:
        first = await connect(self.url)
        try:
            # A pooler tells its clients a process id of its own making, since theirs changes.
            self._pooled = await first.fetchval("SELECT pg_backend_pid()") != first.get_server_pid()
            lowering = await lowering_of(first)
        finally:
            await first.close(timeout=5)
        settings = {"application_name": "paydesk"}
        self._begin = "BEGIN; SET LOCAL lock_timeout = {}"
        if self._pooled:
            log.info("a connection pooler stands before the database: statements are not prepared")
            self._begin += "; SET LOCAL jit = off"
        else:
            settings["jit"] = "off"
        pool = await asyncpg.create_pool(
            self.url,
            min_size=1,
            max_size=self._connections,
            init=prepare,
            reset=as_it_was,
            statement_cache_size=0 if self._pooled else 1000,
            timeout=5,
            command_timeout=self._statement_seconds,
            server_settings=settings,
        )
        self._statements = statements_of("postgresql", lowering)
        return pool

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
        held: set[Record] = set()
        wanted: set[Record] = set()
        patient = False
        until = asyncio.get_running_loop().time() + LOCK_SECONDS
        try:
            while True:
                try:
                    return await self._write_holding(held, transaction, landed, patient)
                except _Held as other:
                    if isinstance(other, _Locked):
                        if patient:
                            raise TimeoutError from other
                        patient = True
                        if other.record in held:
                            continue  # Nobody else of this process waits for it in the database.
                    # Nothing is held while waiting, and what is known to be needed is taken in one order.
                    self._queues.leave(held)
                    held.clear()
                    wanted.add(other.record)
                    for record in sorted(wanted):
                        await self._queues.wait(record, until)
                        held.add(record)
        except TimeoutError as error:
            raise Unavailable("another client of the database holds the record") from error
        finally:
            self._queues.leave(held)

    async def _write_holding(
        self,
        held: set[Record],
        transaction: Callable[[], Transaction[T]],
        landed: Landed[T] | None,
        patient: bool,
    ) -> T:
        """Run a transaction, again where the database asks for that. Records that it locks come to be `held`, until the
        caller leaves them.

        patient   whether it waits for locks as long as any may
        raises    _Held; TimeoutError where too many others wait so long
        """
        pool = await self._opened()
        begin = self._begin.format(int((LOCK_SECONDS if patient else HASTY_SECONDS) * 1000))
        for attempt in range(TRIES):
            committing, process = False, 0
            await self._room(patient)
            look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
            try:
                async with pool.acquire(timeout=CONNECTION_SECONDS) as connection:
                    await connection.execute(begin)
                    try:
                        result = await self._drive(connection, transaction(), held)
                        if landed is not None:
                            process = await self._process(connection)
                    except BaseException:
                        if not connection.is_closed():
                            await connection.execute("ROLLBACK")
                        raise
                    committing = True
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
                look.cancel()
                self._writers.release()
                if patient:
                    self._patient.release()
                self.transactions_run += 1
        raise AssertionError("unreachable")

    async def _room(self, patient: bool) -> None:
        """Wait for a connection that a write may take. Raises TimeoutError where too many wait for locks."""
        if patient:
            async with asyncio.timeout(LOCK_SECONDS if self._patient.locked() else None):
                await self._patient.acquire()
        try:
            async with asyncio.timeout(CONNECTION_SECONDS if self._writers.locked() else None):
                await self._writers.acquire()
        except BaseException as error:
            if patient:
                self._patient.release()
            if isinstance(error, TimeoutError):
                raise Unavailable("the database cannot be written at present") from error
            raise

    async def _process(self, connection: Any) -> int:
        """The server's process that makes the commit; a pooler has to be asked for it."""
        if self._pooled:
            return int(await connection.fetchval("SELECT pg_backend_pid()"))
        return int(connection.get_server_pid())

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._tell_holders())

    async def _tell_holders(self) -> None:
        with suppress(Unavailable, asyncpg.PostgresError):
            for process, application, state, since in await self.read(lock_holders):
                log.warning(
                    "writes wait for a lock that another client of the database holds: process %s, application %r, %s,"
                    " last query begun at %s",
                    *(process, application, state or "its state is not shown to this user", since or "?"),
                )

    async def _landed(self, looks: Callable[[], Transaction[bool]], process: int) -> bool:
        """Whether a commit whose answer was lost stands. That `process` of the server may still make it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LANDING_SECONDS
        while True:
            with suppress(Unavailable, asyncpg.PostgresError):
                works = await self.read(lambda: is_working(process))
                if await self.read(looks):
                    return True
                if not works:
                    return False
            if loop.time() > ends:
                raise Unavailable("the database cannot be reached")
            await asyncio.sleep(0.1)

    async def _drive(self, connection: Any, generator: Transaction[T], held: set[Record] | None = None) -> T:
        try:
            ask = next(generator)
            while True:
                if held is not None and ask.locks is not None and ask.locks not in held:
                    if not self._queues.take(ask.locks):
                        raise _Held(ask.locks)
                    held.add(ask.locks)
                try:
                    rows = await self._run(connection, ask)
                except asyncpg.LockNotAvailableError as error:
                    raise _Locked(ask.locks or _row_of(error, ask)) from error
                except asyncpg.UniqueViolationError as error:
                    ask = generator.throw(NotUnique(f"{error.table_name}.{error.constraint_name}"))
                    continue
                except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
                    # Whoever reads what comes from outside refuses it; this is for the one that forgets to.
                    raise Invalid(None, "invalid", "has a character that cannot be stored") from error
                except asyncpg.ForeignKeyViolationError as error:
                    ask = generator.throw(StillReferred(str(error)))
                    continue
                if held is not None and ask.has_locked is not None and rows:
                    # Others of this process wait for it without a connection from here on.
                    found = (*ask.has_locked, rows[0][0])
                    if self._queues.take(found):
                        held.add(found)
                ask = generator.send(rows)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            generator.close()

    async def _run(self, connection: Any, ask: Ask) -> Rows:
        if type(ask) is Fill:
            self.statements_run += 1
            rows = _documented(ask.rows, ask.documents)
            await connection.copy_records_to_table(ask.table, records=rows, columns=list(ask.columns))
            return []
        statement = self._statements.get(ask.key, ask.build)
        self.statements_run += 1
        values = ask.values
        if type(ask) is Guess:
            # What the planner expects of these very values.
            plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement.text}", *statement.positional(values))  # type: ignore[arg-type]
            return [(int(orjson.loads(plan)[0]["Plan"]["Plan Rows"]),)]
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
        if self._looking is not None:
            self._looking.cancel()
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 10)
            except TimeoutError:
                self._pool.terminate()
