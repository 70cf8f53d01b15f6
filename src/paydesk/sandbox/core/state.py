"""The state: one SQLite file, written in groups.

All changes of a request (objects, events, deliveries, jobs, its idempotency record) go to disk in one
transaction, and its answer waits for that transaction. Requests that finish in the same turn of the event loop share
one: a commit costs as much as the rest of a request. With `synchronous=NORMAL` a killed process loses nothing
acknowledged, since the operating system holds the written pages; only a power cut may take the last moments.

Bodies are kept as the JSON that was last sent, so a retrieval renders nothing.
"""

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw

log = logging.getLogger("paydesk.sandbox")

SCHEMA_VERSION = "2"

SCHEMA = """
create table if not exists facts (name text primary key, value text not null) without rowid;
create table if not exists accounts (
    n integer primary key, id text not null, platform integer, deauthorized integer not null default 0
);
create unique index if not exists accounts_id on accounts (id, coalesce(platform, 0));
create table if not exists keys (
    digest text primary key, account integer not null, kind text not null, masked text not null, without text not null,
    revoked integer not null
) without rowid;
create table if not exists objects (
    seq integer primary key, account integer not null, kind text not null, id text not null,
    created integer not null, updated integer not null,
    customer text, intent text, charge text, body blob not null, inner blob
);
create unique index if not exists objects_id on objects (account, id);
create index if not exists objects_kind on objects (account, kind, seq);
create index if not exists objects_customer on objects (account, customer, kind, seq) where customer is not null;
create index if not exists objects_intent on objects (account, intent, kind, seq) where intent is not null;
create index if not exists objects_charge on objects (account, charge, kind, seq) where charge is not null;
create table if not exists events (
    seq integer primary key, account integer not null, id text not null, type text not null,
    created integer not null, body blob not null
);
create unique index if not exists events_id on events (account, id);
create index if not exists events_account on events (account, seq);
create table if not exists deliveries (
    n integer primary key, account integer not null, event integer not null, endpoint text not null,
    attempts integer not null, due real not null, state text not null, order_key integer not null
);
create index if not exists deliveries_event on deliveries (event);
create index if not exists deliveries_due on deliveries (state, due);
create table if not exists idempotency (
    n integer primary key, account integer not null, key text not null, call text not null, fingerprint blob not null,
    status integer not null, request text not null, created integer not null, body blob not null
);
create unique index if not exists idempotency_key on idempotency (account, key);
create table if not exists jobs (
    n integer primary key, at real not null, kind text not null, account integer not null, object text not null
);
create index if not exists jobs_at on jobs (at, n);
"""

PUT = {
    "objects": (
        "insert into objects values (?,?,?,?,?,?,?,?,?,?,?) on conflict (seq) do update set kind = excluded.kind, "
        "updated = excluded.updated, customer = excluded.customer, intent = excluded.intent, charge = excluded.charge, "
        "body = excluded.body, inner = excluded.inner"
    ),
    "events": "insert or ignore into events values (?,?,?,?,?,?)",
    "deliveries": "insert or replace into deliveries values (?,?,?,?,?,?,?,?)",
    "idempotency": "insert or replace into idempotency values (?,?,?,?,?,?,?,?,?)",
    "jobs": "insert or ignore into jobs values (?,?,?,?,?)",
    "done_jobs": "delete from jobs where n = ?",
    "done_deliveries": "delete from deliveries where n = ?",
    "accounts": "insert or replace into accounts values (?,?,?,?)",
    "keys": "insert or replace into keys values (?,?,?,?,?,?)",
    "facts": "insert or replace into facts values (?,?)",
}
"""The statements that write, in the order in which a group's rows are written."""

NUMBERED = {
    "objects": "seq",
    "events": "seq",
    "deliveries": "n",
    "idempotency": "n",
    "jobs": "n",
    "accounts": "n",
}
"""Table → the column that numbers its rows; all draw from one sequence."""

BUSY_MS = 1000
"""How long another process may hold the file; meanwhile nothing is answered."""

IDEMPOTENCY_SECONDS = 86_400
"""How long an idempotency key is remembered (stripe.md §10)."""

EVENT_SECONDS = 31 * 86_400
"""How long an event is kept."""

CACHED_ROWS = 20_000
CHECKPOINT_PAGES = 8_000

GROUP_SECONDS = 0.002
"""How long a group stays open for more once several clients write at the same time; alone nobody waits."""


class Row(NamedTuple):
    """One object as it is kept: `body` is what Stripe's clients see, `inner` what only the sandbox needs."""

    seq: int
    account: int
    kind: str
    id: str
    created: int
    updated: int
    customer: str | None
    intent: str | None
    charge: str | None
    body: bytes
    inner: bytes | None


class Answer(NamedTuple):
    """The answer to the first request with an idempotency key."""

    n: int
    account: int
    key: str
    call: str
    fingerprint: bytes
    status: int
    request: str
    created: int
    body: bytes


class Delivery(NamedTuple):
    """One event on its way to one endpoint. `state` is pending, done, failed or lost; `due` in sandbox seconds."""

    n: int
    account: int
    event: int
    endpoint: str
    attempts: int
    due: float
    state: str
    order_key: int


class State:
    """The file, a cache of its objects, and the group of rows that waits to be written.

    raises   apsw errors out of `written()` when a group could not be committed: its rows stay in the group and are
             tried with the next one, so memory and disk never part
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / "sandbox.db"
        # Only this user may read the file. Its log gets the same mode from SQLite.
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600))
        for file in folder.glob("sandbox.db*"):
            file.chmod(0o600)
        self.connection = self._open()
        self.connection.execute(SCHEMA)
        self.execute = self.connection.cursor().execute
        version = self.fact("schema") or SCHEMA_VERSION
        if version != SCHEMA_VERSION:
            raise RuntimeError(f"{self.path} was written by another version of the sandbox (schema {version}).")
        self.cache: dict[tuple[int, str], Row] = {}
        self.waiting: dict[str, list[tuple[Any, ...]]] = {name: [] for name in PUT}
        self.group_open = False
        self.waiters: list[asyncio.Future[None]] = []
        self.crowded = False
        self.behind = False
        self.last: int = max(
            int(next(self.rows(f"select coalesce(max({column}), 0) from {table}"))[0])
            for table, column in NUMBERED.items()
        )
        self.unchecked_pages = 0
        self.checkpoint: asyncio.Task[None] | None = None
        self.connection.set_wal_hook(self._note_pages)
        if self.fact("schema") is None:
            self.put("facts", ("schema", SCHEMA_VERSION))
            self.flush()

    def _open(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path))
        connection.set_busy_timeout(BUSY_MS)
        for pragma in ("journal_mode=wal", "synchronous=normal", "wal_autocheckpoint=0", "cache_size=-16000"):
            connection.execute(f"pragma {pragma}").fetchall()
        return connection

    def next(self) -> int:
        """A number larger than all before it; orders objects, events and jobs."""
        self.last += 1
        return self.last

    # Writing

    def put(self, table: str, row: tuple[Any, ...]) -> None:
        """Add a row to the group that is written next."""
        self.waiting[table].append(row)
        if not self.group_open:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:  # before the loop runs, the caller flushes
                return
            self.group_open = True
            if self.crowded:
                loop.call_later(GROUP_SECONDS, self._flush_group)
            else:
                loop.call_soon(self._flush_group)

    def put_object(self, row: Row) -> None:
        """Write an object, and serve it from now on."""
        cache = self.cache
        cache[row.account, row.id] = row
        self.put("objects", row)
        if len(cache) > CACHED_ROWS:
            self._evict()

    def _evict(self) -> None:
        """Drop the older half of the cache, after the rows that wait have been written."""
        self.flush()
        for key in list(self.cache)[: CACHED_ROWS // 2]:
            del self.cache[key]

    def _flush_group(self) -> None:
        self.group_open = False
        waiters, self.waiters = self.waiters, []
        self.crowded = len(waiters) > 1
        try:
            self.flush()
        except apsw.Error as failure:
            log.error("the sandbox's state could not be written: %s", failure)
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(failure)
            return
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def flush(self) -> None:
        """Write the rows that wait, in one transaction."""
        waiting = self.waiting
        if not any(waiting.values()):
            return
        connection = self.connection
        execute = connection.execute
        try:
            execute("begin immediate")
            for name, rows in waiting.items():
                if rows:
                    connection.executemany(PUT[name], rows)
            execute("commit")
        except apsw.Error:
            self.behind = True
            if connection.in_transaction:
                execute("rollback")
            raise
        self.behind = False
        for rows in waiting.values():
            rows.clear()

    async def written(self) -> None:
        """Wait until everything put so far is in the file.

        raises   apsw.Error when the file did not take it
        """
        if self.group_open:
            waiter = asyncio.get_running_loop().create_future()
            self.waiters.append(waiter)
            await waiter

    def _note_pages(self, connection: apsw.Connection, name: str, pages: int) -> int:
        if pages > CHECKPOINT_PAGES and self.checkpoint is None and pages > self.unchecked_pages + CHECKPOINT_PAGES:
            self.unchecked_pages = pages
            try:
                self.checkpoint = asyncio.get_running_loop().create_task(self._checkpoint())
            except RuntimeError:
                return 0
        elif pages < self.unchecked_pages:
            self.unchecked_pages = 0
        return 0

    async def _checkpoint(self) -> None:
        """Move the log into the file on a thread, so that its fsync holds nobody up.

        The first pass moves nearly all of it beside the writer. The second has the writer wait for the few pages
        written meanwhile, after which the log begins anew: else it would grow for as long as the load lasts. It waits
        for nobody who still reads, since the writer would wait along; the next checkpoint comes soon.
        """

        def run() -> None:
            connection = self._open()
            try:
                connection.execute("pragma wal_checkpoint(passive)").fetchall()
                connection.set_busy_timeout(0)
                connection.execute("pragma wal_checkpoint(restart)").fetchall()
            finally:
                connection.close()

        try:
            await asyncio.to_thread(run)
        except apsw.Error as failure:
            log.warning("checkpoint put off: %s", failure)
        finally:
            self.checkpoint = None

    def forget_old(self, now: int) -> None:
        """Delete the idempotency keys of yesterday, and the events of more than a month ago."""
        self.flush()
        execute = self.connection.execute
        execute("delete from idempotency where created <= ?", (now - IDEMPOTENCY_SECONDS,))
        execute("delete from deliveries where state <> 'pending' and due < ?", (now - EVENT_SECONDS,))
        execute("delete from events where created < ?", (now - EVENT_SECONDS,))

    async def close(self) -> None:
        """Write the rows that wait, and close the file."""
        self._flush_group()
        if self.checkpoint is not None:
            await self.checkpoint
        self.connection.close()

    # Reading

    def fact(self, name: str) -> str | None:
        """A single remembered value, for instance the clock's offset."""
        rows = self.connection.execute("select value from facts where name = ?", (name,)).fetchall()
        return str(rows[0][0]) if rows else None

    def object(self, account: int, identifier: str) -> Row | None:
        """One object by id."""
        row = self.cache.get((account, identifier))
        if row is None:
            for values in self.execute("select * from objects where account = ? and id = ?", (account, identifier)):
                row = self.cache[account, identifier] = Row._make(values)
        return row

    def objects(self, where: str, values: tuple[Any, ...]) -> list[Row]:
        """The objects that a `where` clause, with its order and limit, selects."""
        self.flush()
        return [Row._make(row) for row in self.connection.execute(f"select * from objects where {where}", values)]

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of any other statement; the rows that wait are written first."""
        self.flush()
        return iter(self.connection.execute(statement, values).fetchall())

    def answer(self, account: int, key: str) -> Answer | None:
        """The answer that is kept under an idempotency key. A request that still runs has none yet."""
        if self.behind:  # after a failed write the answer may still wait for the next one
            for waiting in self.waiting["idempotency"]:
                if waiting[1:3] == (account, key):
                    return Answer._make(waiting)
        # The rows are read to their end: a checkpoint waits for a reader that is left open, and every writer behind it.
        rows = self.execute("select * from idempotency where account = ? and key = ?", (account, key)).fetchall()
        return Answer._make(rows[0]) if rows else None
