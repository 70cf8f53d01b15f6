"""A portion is as large as its limit, whatever the planner knows of the table."""

import pytest

from paydesk.store.inbox import events
from paydesk.store.journal import idempotency
from paydesk.store.oauth import clearing
from paydesk.store.sql.ask import Database
from tests.store.rows import Asks, say

NOW, OVER, UNTIL = "2024-01-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z", "2024-03-01T00:01:00.000Z"
ROWS = 50

EVENTS = (
    "INSERT INTO gateway_events (tenant, gateway_id, event_id, type, about, ours, body, received_at, due_at, tries,"
    " worked_at) VALUES ('t/test', 'g', '{key}', 'x', 'payment', true, '', '{now}', '{now}', 0, {worked})"
)
KEYS = (
    "INSERT INTO idempotency_keys (tenant, application_id, owner_id, key, request, created_at)"
    " VALUES ('t/test', 'a', 'o', '{key}', 'r', '{now}')"
)
REVOKED = "INSERT INTO revocations (tenant, digest, until, revoked_at) VALUES ('t/test', '{key}', '{now}', '{now}')"


async def stored(database: Database, statement: str, table: str) -> None:
    """Fifty rows, in a table of which the planner has heard that it has one."""

    def some(keys: range) -> Asks:
        for key in keys:
            yield from say(statement.format(key=key, now=NOW, worked=f"'{NOW}'"))

    await database.write(lambda: some(range(1)))
    await database.write(lambda: say(f"ANALYZE {table}"))
    await database.write(lambda: some(range(1, ROWS)))


async def left(database: Database, table: str, where: str = "true") -> int:
    rows = await database.read(lambda: say(f"SELECT count(*) FROM {table} WHERE {where}"))
    return int(rows[0][0])


async def test_no_more_old_events_are_deleted_than_the_limit_says(database: Database) -> None:
    await stored(database, EVENTS, "gateway_events")
    assert await database.write(lambda: events.forget_worked(OVER, 1)) is True
    assert await left(database, "gateway_events") == 49


async def test_no_more_old_keys_are_deleted_than_the_limit_says(database: Database) -> None:
    await stored(database, KEYS, "idempotency_keys")
    assert await database.write(lambda: idempotency.forget_before(OVER, 3)) is True
    assert await left(database, "idempotency_keys") == 47


async def test_no_more_ended_credentials_are_deleted_than_the_limit_says(database: Database) -> None:
    await stored(database, REVOKED, "revocations")
    assert await database.write(lambda: clearing.clear(OVER, 1)) is True
    assert await left(database, "revocations") == 49


@pytest.mark.parametrize("limit", [1, 7])
async def test_no_more_events_are_taken_than_the_limit_says(database: Database, limit: int) -> None:
    await stored(database, EVENTS.replace("{worked}", "NULL"), "gateway_events")
    taken = await database.write(lambda: events.take(["g"], OVER, UNTIL, limit))
    assert len(taken) == limit
    assert await left(database, "gateway_events", f"due_at = '{UNTIL}'") == limit
