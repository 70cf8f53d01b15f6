"""SQLite: everything runs on the event loop, except the wait for the disk, which many writers share.

A writing transaction runs whole (load, rules, write) before the next one begins, so every row that a rule has read is
still true when it writes. Several transactions form a group with one commit. A thread makes the commit while the loop
goes on, and no caller has its result before that. So `synchronous=FULL` costs no more than NORMAL. Rules on a thread of
their own would gain nothing: one thread at a time has the interpreter, and passing it on costs as much as the rules.
Checkpoints run on another thread, apart from writes. Where writes never pause and the write-ahead log outgrows its
bound, the log is copied and begun anew between two groups (`sqlite_log`).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from paydesk.base import private
from paydesk.base.errors import NotUnique, Unavailable
from paydesk.store.engines import sqlite_file
from paydesk.store.engines.sqlite_log import Log
from paydesk.store.sql.ask import Ask, Fill, Guess, Landed, Rows, StillReferred, Transaction
from paydesk.store.sql.statements import statements_of

T = TypeVar("T")

GROUP_JOBS = 8
"""The most transactions that share a commit: the members of a group wait for each other."""

GROUP_SECONDS = 0.004

IDLE_SECONDS = 0.00005
"""A turn of the event loop that takes less had nothing to do."""

BUSY_SECONDS = 10.0
"""How long another process may write before ours are refused."""

AGAIN_SECONDS = 0.005

FILLING_KIB = 256 * 1024
"""How much of the file is kept in memory while very many rows are written."""

READ_SECONDS = 2.0
"""What a reading transaction may take before it is given up."""

STEPS = 50_000
"""How many steps of SQLite's machine lie between two looks at the time."""


class _Job:
    __slots__ = ("error", "future", "loop", "result", "transaction")

    def __init__(self, transaction: Callable[[], Transaction[Any]], loop: asyncio.AbstractEventLoop) -> None:
        self.transaction = transaction
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def tell(self) -> None:
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)
            # Whoever asked may be gone.
            self.future.exception()


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
    """A database of one process in one file. See `paydesk.store.sql.ask.Database`."""

    name = "sqlite"

    def __init__(self, path: Path, *, vfs: str | None = None, reading: bool = False) -> None:
        """`reading`: only that, as beside the process whose file it is."""
        self.path = path
        self.statements_run = 0
        self.transactions_run = 0  # those that write
        self._vfs = vfs
        self._statements = statements_of("sqlite")
        self._read_until = 0.0
        if not reading:
            for end in ("", "-wal", "-shm"):
                private.close_file(path.with_name(path.name + end))
            sqlite_file.analyze(path, vfs=vfs)
        self._reader = self._for_reading()
        self._log = Log(path, vfs)
        self._stopping = False
        self._reading = reading
        if reading:
            self._reader.execute("PRAGMA query_only=ON")
            return
        self._connection = sqlite_file.connect(path, vfs=vfs)
        self._connection.set_busy_timeout(0)
        self._cursor = self._connection.cursor()
        self._waiting: deque[_Job] = deque()
        self._group: list[_Job] = []
        self._loop: Any = None  # that worked here last
        self._handle: asyncio.Handle | None = None
        """What is to happen soon: a commit, or another try to begin."""
        self._busy_since = 0.0
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="paydesk-commit")
        self._committing: Future[None] | None = None
        self._log.start()

    def _for_reading(self) -> apsw.Connection:
        reader = sqlite_file.connect(self.path, vfs=self._vfs)
        # Reads are on the event loop: one that never ends would hold up everybody.
        reader.set_progress_handler(lambda: time.monotonic() > self._read_until, STEPS)
        return reader

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
        if self._log.reads_by_old_statistics:
            # A connection reads the statistics when it is opened.
            self._log.reads_by_old_statistics = False
            with suppress(apsw.Error):
                old, self._reader = self._reader, self._for_reading()
                old.close()
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
        if type(ask) is Guess:
            self.statements_run += 1
            # Rows are numbered as they come: the last number is no less than how many there are.
            return cursor.execute(f'SELECT coalesce(max(rowid), 0) FROM "{ask.table}"').fetchall()
        statement = self._statements.get(ask.key, ask.build)
        self.statements_run += 1
        if type(ask) is Fill:
            # Indexes of random ids are written all over: they are kept at hand as far as they go.
            cursor.execute(f"PRAGMA cache_size=-{FILLING_KIB}")
            # The names in the statement stand in the order of the columns.
            cursor.executemany(statement.text, ask.rows)
            return []
        values = ask.values
        if type(values) is list:
            if values:
                # Drained at once: the driver stops at the first row of RETURNING until it is asked for more.
                return cursor.executemany(statement.text, [statement.named(one) for one in values]).fetchall()
            return []
        rows = cursor.execute(statement.text, statement.named(values)).fetchall()  # type: ignore[arg-type]
        decode = statement.decode
        return [decode(row) for row in rows] if decode else rows

    # Writes: at once, on the caller's thread; many in one commit, on a thread that waits for the disk.

    async def write(self, transaction: Callable[[], Transaction[T]], landed: Landed[T] | None = None) -> T:
        # The file is here: the answer to a commit is never lost.
        if self._reading:
            raise Unavailable("the database was opened for reading only")
        if self._stopping:
            raise Unavailable("paydesk is stopping")
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._moved_to(loop)
        job = _Job(transaction, loop)
        self._waiting.append(job)
        self._work_off()
        # What was begun is brought to its end: a client that goes away cancels its wait, not the write.
        result: T = await job.future
        return result

    def _moved_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Another event loop works here now; what the former one had still to do is done by this one."""
        self._loop = loop
        self._wait_no_longer()
        if self._committing is not None:
            self._committing.add_done_callback(self._wake)

    def _work_off(self) -> None:
        """Run what waits, as far as one commit takes it, and commit as soon as that is worth it."""
        if self._committing is not None or (not self._group and not (self._waiting and self._begin())):
            return
        while self._waiting and len(self._group) < GROUP_JOBS:
            job = self._waiting.popleft()
            self._group.append(job)
            self._run_job(job)
            self.transactions_run += 1
            if not self._connection.in_transaction:
                # A full disk rolls back the whole transaction, released savepoints too.
                self._told(Unavailable("the database cannot be written at present"))
                if self._waiting:
                    self._handle = self._loop.call_soon(self._again)
                return
        if len(self._group) >= GROUP_JOBS:
            self._commit()
        elif self._handle is None:
            now = time.monotonic()
            self._handle = self._loop.call_soon(self._turn, now, now + GROUP_SECONDS)

    def _turn(self, last: float, ends: float) -> None:
        """Commit as soon as the event loop has nothing else to do: until then the next writer may be on its way, and a
        commit costs more than a short wait.
        """
        now = time.monotonic()
        if now - last < IDLE_SECONDS or now >= ends:
            self._commit()
        else:
            self._handle = self._loop.call_soon(self._turn, now, ends)

    def _begin(self) -> bool:
        """Open a group's transaction; while another process writes, try again soon, and nothing waits meanwhile."""
        if self._handle is not None:
            return False
        if self._log.too_long:
            self._log.too_long = False
            self._committing = self._committer.submit(self._log.begin_anew, self._connection)
            self._committing.add_done_callback(self._wake)
            return False
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            if self._log.writes_by_old_statistics:
                self._log.writes_by_old_statistics = False
                self._cursor.execute("ANALYZE sqlite_schema")  # reads the statistics again
        except apsw.Error as error:
            now = time.monotonic()
            self._busy_since = self._busy_since or now
            if isinstance(error, apsw.BusyError) and now < self._busy_since + BUSY_SECONDS:
                self._handle = self._loop.call_later(AGAIN_SECONDS, self._again)
                return False
            self._busy_since = 0.0
            self._group.extend(self._waiting)
            self._waiting.clear()
            self._told(_translated(error))
            return False
        self._busy_since = 0.0
        return True

    def _again(self) -> None:
        self._handle = None
        self._work_off()

    def _wait_no_longer(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _run_job(self, job: _Job) -> None:
        try:
            self._run_within(job, self._cursor)
        except apsw.Error as error:
            # What it wrote cannot be told from what the others of the group wrote: none of it may stay.
            job.error = job.error or _translated(error)
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")

    def _run_within(self, job: _Job, cursor: apsw.Cursor) -> None:
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

    def _commit(self) -> None:
        self._wait_no_longer()
        self._committing = self._committer.submit(self._sync)
        self._committing.add_done_callback(self._wake)

    def _sync(self) -> None:
        """On the thread of its own, which has the connection for itself meanwhile."""
        try:
            self._cursor.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
            raise

    def _wake(self, _: Future[None]) -> None:
        with suppress(RuntimeError):  # That loop is closed; the next one goes on.
            self._loop.call_soon_threadsafe(self._committed)

    def _committed(self) -> None:
        if self._committing is None or not self._committing.done():
            return
        error = self._committing.exception()
        self._committing = None
        self._told(_translated(error) if isinstance(error, apsw.Error) else error)
        self._work_off()

    def _told(self, lost: BaseException | None) -> None:
        """Tell everybody of the group how it ended; where `lost` says so, what was to be committed is not there."""
        self._wait_no_longer()
        group, self._group = self._group, []
        for job in group:
            if lost is not None and job.error is None:
                job.error = lost
            with suppress(RuntimeError):  # Its loop is closed; nobody waits any more.
                job.tell()

    async def close(self) -> None:
        """Finish the writes that were taken and close the file."""
        self._stopping = True
        if not self._reading:
            loop = asyncio.get_running_loop()
            if loop is not self._loop:
                self._moved_to(loop)
            while self._group or self._waiting:
                self._work_off()
                if self._group and self._committing is None:
                    self._commit()
                await asyncio.sleep(0.001)
            await asyncio.to_thread(self._committer.shutdown)
            await asyncio.to_thread(self._log.stop)
            self._connection.close()
        self._reader.close()
