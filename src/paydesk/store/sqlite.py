"""SQLite: reads on the event loop, writes on one thread that commits them in groups.

A writing transaction is run whole (load, rules, write) on the writer's thread. Transactions are serial there, so
every row a rule read is still true when it writes; and many clients share one commit, so `synchronous=FULL` costs
no more than NORMAL. Checkpoints run on a thread of their own, apart from writes.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw
import orjson
from sqlalchemy.dialects import sqlite as sqlite_dialect

from paydesk.errors import NotUnique, Unavailable
from paydesk.store.ask import Ask, Rows, Transaction
from paydesk.store.statements import Statements, json_contains

T = TypeVar("T")

BATCH_JOBS = 64
BATCH_SECONDS = 0.012
CROWD_SECONDS = 0.003
CHECKPOINT_SECONDS = 1.0
READ_SECONDS = 2.0
"""What a reading transaction may take before it is given up."""

STEPS = 50_000
"""How many steps of SQLite's machine lie between two looks at the time."""


class StillReferred(Exception):
    """A row cannot go, or its parent is not there: a foreign key says so."""


def _lower(*values: Any) -> str | None:
    """Lower case letter by letter, as PostgreSQL has it: Python's own looks at what stands beside a sigma."""
    if values[0] is None:
        return None
    text = str(values[0])
    return text.lower() if text.isascii() else text.replace("Σ", "σ").replace("İ", "i").lower()


def _contains(*values: Any) -> bool:
    whole, part = values
    return whole is not None and json_contains(orjson.loads(whole), orjson.loads(part))


def connect(path: Path, *, vfs: str | None = None) -> apsw.Connection:
    """A connection with the settings every one of ours has: WAL, FULL, foreign keys, the functions of our own."""
    connection = apsw.Connection(str(path), vfs=vfs, statementcachesize=1000)
    connection.set_busy_timeout(10_000)
    # Statements are compiled once and kept: without this a changed value may have a plan made anew at every run.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=0",
        "cache_size=-32768",
        "temp_store=MEMORY",
        "journal_size_limit=67108864",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.create_scalar_function("lower_text", _lower, 1, deterministic=True)
    connection.create_scalar_function("json_contains", _contains, 2, deterministic=True)
    return connection


class _Job:
    __slots__ = ("error", "future", "loop", "result", "transaction")

    def __init__(self, transaction: Callable[[], Transaction[Any]], loop: asyncio.AbstractEventLoop) -> None:
        self.transaction = transaction
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None


def _translated(error: apsw.Error) -> Exception:
    """What a driver's error means to the rest of paydesk."""
    if isinstance(error, apsw.ConstraintError):
        text = str(error)
        if "UNIQUE constraint failed: " in text:
            columns = text.split("UNIQUE constraint failed: ", 1)[1]
            return NotUnique(columns)
        if "FOREIGN KEY" in text:
            return StillReferred(text)
    if isinstance(error, apsw.FullError | apsw.IOError | apsw.BusyError | apsw.ReadOnlyError | apsw.CantOpenError):
        return Unavailable("the database cannot be written at present")
    if isinstance(error, apsw.InterruptError):
        return Unavailable("the database took too long over it")
    return error


class SQLite:
    """A database of one process in one file. See `paydesk.store.ask.Database`."""

    name = "sqlite"

    def __init__(self, path: Path, *, vfs: str | None = None, reading: bool = False) -> None:
        """`reading`: only that, as beside the process whose file it is."""
        self.path = path
        self.statements_run = 0
        self.transactions_run = 0  # those that write
        self._vfs = vfs
        self._statements = Statements(sqlite_dialect.dialect(paramstyle="named"))
        self._reader = connect(path, vfs=vfs)
        self._read_until = 0.0
        # Reads are on the event loop: one that never ends would hold up everybody.
        self._reader.set_progress_handler(lambda: time.monotonic() > self._read_until, STEPS)
        self._stop = threading.Event()
        self._reading = reading
        if reading:
            self._reader.execute("PRAGMA query_only=ON")
            return
        self._connection = connect(path, vfs=vfs)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._crowded = False
        self._writer = threading.Thread(target=self._write_loop, name="paydesk-writer", daemon=True)
        self._writer.start()
        self._checkpointer = threading.Thread(target=self._checkpoint_loop, name="paydesk-checkpoint", daemon=True)
        self._checkpointer.start()

    # Reads: on the caller's thread, in one snapshot.

    async def read(self, transaction: Callable[[], Transaction[T]]) -> T:
        return self.read_now(transaction)

    def read_now(self, transaction: Callable[[], Transaction[T]]) -> T:
        """Run a reading transaction at once; only from the thread that opened the database."""
        generator = transaction()
        try:
            ask = next(generator)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        cursor = self._reader.cursor()
        self._read_until = time.monotonic() + READ_SECONDS
        cursor.execute("BEGIN")
        try:
            return self._drive(cursor, generator, ask)
        except apsw.Error as error:
            raise _translated(error) from error
        finally:
            if self._reader.in_transaction:
                cursor.execute("COMMIT")

    def _drive(self, cursor: apsw.Cursor, generator: Transaction[T], ask: Ask) -> T:
        while True:
            try:
                rows = self._run(cursor, ask)
            except apsw.ConstraintError as error:
                # The transaction may answer for a conflict itself.
                try:
                    ask = generator.throw(_translated(error))
                except StopIteration as stop:
                    return stop.value  # type: ignore[no-any-return]
                continue
            try:
                ask = generator.send(rows)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]

    def _run(self, cursor: apsw.Cursor, ask: Ask) -> Rows:
        statement = self._statements.get(ask.key, ask.build)
        self.statements_run += 1
        values = ask.values
        if type(values) is list:
            if values:
                # Drained at once: the driver stops at the first row of RETURNING until it is asked for more.
                return cursor.executemany(statement.text, [statement.named(one) for one in values]).fetchall()
            return []
        rows = cursor.execute(statement.text, statement.named(values)).fetchall()  # type: ignore[arg-type]
        decode = statement.decode
        return [decode(row) for row in rows] if decode else rows

    # Writes: on one thread, many in one commit.

    async def write(self, transaction: Callable[[], Transaction[T]]) -> T:
        if self._reading:
            raise Unavailable("the database was opened for reading only")
        if self._stop.is_set():
            raise Unavailable("paydesk is stopping")
        job = _Job(transaction, asyncio.get_running_loop())
        self._jobs.put(job)
        # What was begun is brought to its end: a client that goes away cancels its wait, not the write.
        result: T = await job.future
        return result

    def _write_loop(self) -> None:
        connection = self._connection
        while True:
            job = self._jobs.get()
            if job is None:
                break
            batch = self._write_batch(connection, job)
            self._tell(batch)
            if batch and batch[-1] is None:
                break
        connection.close()

    def _write_batch(self, connection: apsw.Connection, first: _Job) -> list[_Job | None]:
        batch: list[_Job | None] = []
        cursor = connection.cursor()
        job: _Job | None = first
        lost: BaseException | None = None
        try:
            cursor.execute("BEGIN IMMEDIATE")
            ends = time.monotonic() + BATCH_SECONDS
            while job is not None:
                batch.append(job)
                self._write_one(cursor, job)
                self.transactions_run += 1
                if not connection.in_transaction:
                    # A full disk rolls back the whole transaction, released savepoints too.
                    lost = job.error or Unavailable("the database cannot be written at present")
                    break
                if len(batch) >= BATCH_JOBS or time.monotonic() >= ends:
                    break
                try:
                    # Where writers come in crowds, the next one is on its way: a commit costs more than a short wait.
                    job = self._jobs.get(timeout=CROWD_SECONDS) if self._crowded else self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    batch.append(None)
            self._crowded = len(batch) > 1
            if lost is None:
                cursor.execute("COMMIT")
        except apsw.Error as error:
            lost = _translated(error)
            if first not in batch:
                batch.append(first)
        if lost is not None:
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
            for one in batch:
                if one is not None and one.error is None:
                    one.error = lost
        return batch

    def _write_one(self, cursor: apsw.Cursor, job: _Job) -> None:
        cursor.execute("SAVEPOINT job")
        try:
            generator = job.transaction()
            try:
                ask = next(generator)
            except StopIteration as stop:
                job.result = stop.value
            else:
                job.result = self._drive(cursor, generator, ask)
        except BaseException as error:
            job.error = _translated(error) if isinstance(error, apsw.Error) else error
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK TO job")
        if cursor.connection.in_transaction:
            cursor.execute("RELEASE job")

    def _tell(self, batch: list[_Job | None]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in batch:
            if job is not None:
                loops.setdefault(job.loop, []).append(job)
        for loop, jobs in loops.items():
            try:
                loop.call_soon_threadsafe(_settle, jobs)
            except RuntimeError:
                continue  # That loop is closed; nobody waits any more.

    def _checkpoint_loop(self) -> None:
        connection: apsw.Connection | None = None
        while not self._stop.wait(CHECKPOINT_SECONDS):
            try:
                connection = connection or connect(self.path, vfs=self._vfs)
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error:
                continue  # Busy or full: the next second tries again; writes tell clients what is wrong.
        if connection:
            connection.close()

    async def close(self) -> None:
        """Finish the writes that were taken and close the file."""
        self._stop.set()
        if not self._reading:
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            await asyncio.to_thread(self._checkpointer.join)
        self._reader.close()


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.cancelled():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
            # Whoever asked may be gone.
            job.future.exception()
        else:
            job.future.set_result(job.result)
