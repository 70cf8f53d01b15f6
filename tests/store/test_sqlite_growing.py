"""SQLite with many rows, and with writes that never pause."""

import asyncio
import os
from functools import partial
from pathlib import Path

import apsw
import pytest

from paydesk.store import open_database
from paydesk.store.engines.sqlite import SQLite
from paydesk.store.sql.ask import Database
from tests.processes import eventually
from tests.store.rows import names, put, say

VERSIONS_OF_ONE = (
    "EXPLAIN QUERY PLAN SELECT id FROM versions WHERE tenant = 'o/test' AND resource_type = 'orders'"
    " AND resource_id = 'order00077' ORDER BY created_at DESC, id LIMIT 10"
)
BY_RECORD = "SEARCH versions USING INDEX ix_versions_resource_id_resource_type"
BY_TIME = "SEARCH versions USING INDEX ix_versions_created_at_id"


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def fill(file: Path, rows: int) -> None:
    """Versions of many orders of one tenant, by SQL alone, so that nobody knows anything of them."""
    connection = apsw.Connection(str(file))
    connection.set_busy_timeout(10_000)
    needed = connection.execute("SELECT name, type FROM pragma_table_info('versions') WHERE \"notnull\"").fetchall()
    values = {str(name): "0" if kind in ("INTEGER", "BIGINT", "BOOLEAN") else "'{}'" for name, kind in needed}
    values |= {
        "tenant": "'o/test'",
        "id": "printf('version%07d', n)",
        "resource_type": "'orders'",
        "resource_id": f"printf('order%05d', n % {rows // 2})",
        "created_at": "printf('2026-01-01T00:%02d:%02d.000Z', n / 60 % 60, n % 60)",
    }
    connection.execute(
        f"WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows})"
        f" INSERT INTO versions ({', '.join(values)}) SELECT {', '.join(values.values())} FROM counted"
    )
    connection.close()


async def plan(database: Database) -> str:
    """The first step of how the versions of one record are found."""
    rows = await database.read(lambda: say(VERSIONS_OF_ONE))
    return str(rows[0][-1]).partition(" (")[0]


async def written_plan(database: Database) -> str:
    rows = await database.write(lambda: say(VERSIONS_OF_ONE))
    return str(rows[0][-1]).partition(" (")[0]


async def test_the_history_of_one_record_is_found_by_its_index_from_the_start_on(sqlite_url: str) -> None:
    file = file_of(sqlite_url)
    fill(file, 40_000)
    database = open_database(sqlite_url)
    assert (await plan(database), await written_plan(database)) == (BY_RECORD, BY_RECORD)
    await database.close()


async def test_statistics_are_made_while_a_database_grows(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.CHECKPOINT_SECONDS", 0.02)
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.STATISTICS_SECONDS", 0.1)
    database = open_database(sqlite_url)
    assert await plan(database) == BY_TIME
    fill(file_of(sqlite_url), 40_000)
    await eventually(lambda: plan(database), BY_RECORD)
    await eventually(lambda: written_plan(database), BY_RECORD)
    await database.close()


async def test_the_log_is_begun_anew_while_writes_never_pause(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = 128 * 1024
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.CHECKPOINT_SECONDS", 0.01)
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.LOG_BYTES", bound)
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.LOG_AGAIN_SECONDS", 0.0)
    database = SQLite(file_of(sqlite_url))
    log = Path(f"{database.path}-wal")
    acknowledged: list[str] = []
    again = 0
    length = 0

    async def write(client: int) -> None:
        # Sixteen clients, each with its next write ready when it is told of the one before.
        nonlocal again, length
        while again < 3:
            name = f"{client}/{len(acknowledged)}/" + "x" * 2000
            await database.write(partial(put, name))
            acknowledged.append(name)
            now = os.path.getsize(log)  # noqa: ASYNC240
            again += now < length
            length = now

    async with asyncio.timeout(60):
        await asyncio.gather(*(write(client) for client in range(16)))
    assert await database.read(names) == sorted(acknowledged)
    await database.close()
    reopened = SQLite(file_of(sqlite_url))
    assert await reopened.read(names) == sorted(acknowledged)
    await reopened.close()


async def test_a_reader_that_stays_in_the_log_stops_no_writes(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.CHECKPOINT_SECONDS", 0.01)
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.LOG_BYTES", 64 * 1024)
    monkeypatch.setattr("paydesk.store.engines.sqlite_log.LOG_BUSY_MILLISECONDS", 5)
    database = SQLite(file_of(sqlite_url))
    await database.write(partial(put, "before"))
    reader = apsw.Connection(str(database.path))
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM sequences").fetchall() == [(1,)]
    for at in range(100):
        await database.write(partial(put, f"{at:03d}/" + "x" * 2000))
    assert reader.execute("SELECT count(*) FROM sequences").fetchall() == [(1,)]
    reader.close()
    assert len(await database.read(names)) == 101
    await database.close()
