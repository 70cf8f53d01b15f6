"""What both databases promise of a transaction."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import bindparam, insert, select

from paydesk.base.errors import NotUnique
from paydesk.base.instants import later
from paydesk.rules.asking import Next
from paydesk.store.inbox import events
from paydesk.store.journal import holders, idempotency
from paydesk.store.journal.idempotency import KeyOwner
from paydesk.store.records.numbers import next_number
from paydesk.store.sql.ask import Ask, Database
from paydesk.store.types import Instant
from tests.processes import eventually
from tests.store.rows import Asks, add, names, present, put, say, value_of

NOW = "2024-01-01T00:00:00.000Z"
DAY = 24 * 3600


class Mistake(Exception):
    pass


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def transaction() -> Asks:
        yield from put("one")
        yield from put("two")
        raise Mistake

    with pytest.raises(Mistake):
        await database.write(transaction)
    assert await present(database) == []


async def test_a_key_that_is_taken_is_told_and_leaves_nothing(database: Database) -> None:
    def transaction() -> Asks:
        yield from put("other")
        yield from put("one")

    await database.write(lambda: put("one"))
    with pytest.raises(NotUnique, match="sequences"):
        await database.write(transaction)
    assert await present(database) == ["one"]


async def test_one_of_many_that_fails_does_not_fail_the_others(database: Database) -> None:
    def broken(at: int) -> Asks:
        yield from put(f"broken {at}")
        raise Mistake

    def twice() -> Asks:
        yield from put("number 00", 7)

    jobs = [database.write(partial(put, f"number {at:02d}", at)) for at in range(30)]
    jobs += [database.write(partial(broken, at)) for at in range(15)]
    jobs += [database.write(twice) for _ in range(5)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    assert [one for one in outcomes[:30] if one is not None and not isinstance(one, NotUnique)] == []
    assert [type(one) for one in outcomes[30:45]] == [Mistake] * 15
    assert [isinstance(one, NotUnique) for one in [outcomes[0], *outcomes[45:]]].count(False) == 1
    assert await present(database) == [f"number {at:02d}" for at in range(30)]


async def test_no_addition_is_lost_among_many_writers(database: Database) -> None:
    await database.write(lambda: put("sum"))
    await asyncio.gather(*(database.write(partial(add, "sum", at)) for at in range(100)))
    assert await database.read(lambda: value_of("sum")) == sum(range(100))


async def test_a_read_sees_what_was_written_before_it(database: Database) -> None:
    for at in range(5):
        await database.write(partial(put, f"n{at}"))
        assert f"n{at}" in await present(database)


async def test_a_client_that_goes_away_does_not_undo_what_was_begun(database: Database) -> None:
    task = asyncio.ensure_future(database.write(lambda: put("begun")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: present(database), ["begun"])


async def test_numbers_of_a_sequence_are_distinct_and_begin_where_they_should(database: Database) -> None:
    asked = Next("orders.number", start=1001)
    numbers = await asyncio.gather(*(database.write(lambda: next_number("t/test", asked)) for _ in range(60)))
    assert sorted(numbers) == list(range(1001, 1061))
    assert await database.write(lambda: next_number("t/live", asked)) == 1001
    block = await asyncio.gather(*(database.write(lambda: next_number("t/test", asked, 50)) for _ in range(4)))
    assert sorted(block) == [1110, 1160, 1210, 1260]


# Idempotency keys.


OWNER = KeyOwner("t/test", "app", "", "key")


async def test_a_key_is_kept_for_its_owner_alone(database: Database) -> None:
    answer = {"status": 201, "headers": {"location": "x"}, "body": b'{"\xc3\xa9":1}'}
    await database.write(lambda: idempotency.write(OWNER, "POST /x", NOW, **answer))  # type: ignore[arg-type]
    since = later(NOW, -DAY)
    request, call, status, headers, body = await database.read(lambda: idempotency.kept(OWNER, since))
    assert (request, call, status, headers, bytes(body)) == ("POST /x", None, *answer.values())
    for other in (
        KeyOwner("t/live", "app", "", "key"),
        KeyOwner("t/test", "other", "", "key"),
        KeyOwner("t/test", "app", "customer", "key"),
        KeyOwner("t/test", "app", "", "Key"),
    ):
        assert await database.read(partial(idempotency.kept, other, since)) is None


async def test_a_key_lives_for_a_day_and_gives_way_afterwards(database: Database) -> None:
    await database.write(lambda: idempotency.write(OWNER, "first", NOW, status=200))
    for after, known in ((DAY - 1, True), (DAY, False), (DAY + 1, False)):
        since = later(NOW, after - DAY)
        found = await database.read(partial(idempotency.kept, OWNER, since))
        assert (found is not None) == known, after
    await database.write(lambda: idempotency.write(OWNER, "second", later(NOW, DAY + 1), status=201))
    found = await database.read(lambda: idempotency.kept(OWNER, NOW))
    assert found[0] == "second"
    await database.write(lambda: idempotency.forget_before(later(NOW, DAY)))
    assert await database.read(lambda: idempotency.kept(OWNER, NOW)) is not None
    await database.write(lambda: idempotency.forget_before(later(NOW, DAY + 1)))
    assert await database.read(lambda: idempotency.kept(OWNER, NOW)) is None


async def test_old_keys_go_a_portion_at_a_time_the_oldest_first(database: Database) -> None:
    for at in range(5):
        owner = KeyOwner("t/test", "app", "", f"key {at}")
        await database.write(partial(idempotency.write, owner, "r", later(NOW, -at), status=200))

    async def left() -> list[int]:
        owners = [KeyOwner("t/test", "app", "", f"key {at}") for at in range(5)]
        since = later(NOW, -DAY)
        return [
            at
            for at, one in enumerate(owners)
            if await database.read(partial(idempotency.kept, one, since)) is not None
        ]

    over = later(NOW, -1)
    assert await database.write(lambda: idempotency.forget_before(over, 3)) is True
    assert await left() == [0, 1]
    assert await database.write(lambda: idempotency.forget_before(over, 3)) is False
    assert await left() == [0]


async def test_processes_that_ended_are_forgotten_after_a_day(database: Database) -> None:
    def was_seen(holder: str, at: str) -> Asks:
        values = {"id": bindparam("id"), "seen_at": bindparam("at", type_=Instant())}
        yield Ask(("seen",), lambda: insert(holders.holders).values(values), {"id": holder, "at": at})

    for holder, seen in (("gone", -DAY - 1), ("quiet", -DAY), ("alive", 0)):
        await database.write(partial(was_seen, holder, later(NOW, seen)))
    await database.write(lambda: holders.forget_holders(later(NOW, -DAY)))

    def known() -> Asks:
        rows = yield Ask(("holders",), lambda: select(holders.holders.c.id).order_by(holders.holders.c.id))
        return [row[0] for row in rows]

    assert await database.read(known) == ["alive", "quiet"]


async def test_an_answer_is_put_to_a_key_written_before(database: Database) -> None:
    await database.write(lambda: idempotency.write(OWNER, "r", NOW, call_id="call"))
    await database.write(lambda: idempotency.answer(OWNER, 422, {"a": "b"}, b"no"))
    request, call, status, headers, body = await database.read(lambda: idempotency.kept(OWNER, later(NOW, -1)))
    assert (request, call, status, headers, bytes(body)) == ("r", "call", 422, {"a": "b"}, b"no")


# Gateways' events.


def event(at: int) -> dict[str, object]:
    told = {"tenant": "t/test", "gateway_id": "gate", "event_id": f"evt_{at}", "type": "charge.updated"}
    about = {"about": "payment", "payment_id": "pi", "object_id": None, "ours": True, "body": b"{}"}
    return {**told, **about, "received_at": NOW, "due_at": NOW, "tries": 0}


async def test_old_events_go_a_portion_at_a_time_and_never_one_that_is_not_worked(database: Database) -> None:
    for at in range(6):
        assert await database.write(partial(events.keep, event(at))) is True
        if at:
            await database.write(partial(events.worked, "t/test", "gate", f"evt_{at}", "read", later(NOW, -at)))

    async def left() -> list[int]:
        rows = await database.read(lambda: say("SELECT event_id FROM gateway_events ORDER BY event_id"))
        return [int(name.removeprefix("evt_")) for (name,) in rows]

    over = later(NOW, -2)
    assert await database.write(lambda: events.forget_worked(over, 2)) is True
    assert await left() == [0, 1, 2, 3]
    # Somebody else forgets at the same time: between them all goes that is over, and nothing else.
    await asyncio.gather(*(database.write(lambda: events.forget_worked(over, 2)) for _ in range(2)))
    assert await left() == [0, 1]
    assert await database.write(lambda: events.forget_worked(later(NOW, DAY), 2)) is False
    assert await left() == [0]
    # What is not known any more may come again.
    assert await database.write(partial(events.keep, event(5))) is True
    assert await database.write(partial(events.keep, event(0))) is False


async def test_a_closed_database_has_finished_what_it_took(database_url: str) -> None:
    from paydesk.store import open_database

    database = open_database(database_url)
    jobs = [asyncio.ensure_future(database.write(partial(put, f"{at}"))) for at in range(20)]
    await asyncio.sleep(0)
    await asyncio.gather(*jobs)
    await database.close()
    again = open_database(database_url)
    assert len(await again.read(names)) == 20
    await again.close()
