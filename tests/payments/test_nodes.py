"""Two processes on one PostgreSQL: what one does the other does not do again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.settings import Settings
from tests.acts.lapsing import ahead
from tests.acts.orders import ready
from tests.payments.conftest import Api, Clock, Founded, Running, Stripe, furnish
from tests.processes import eventually


@pytest.fixture
def settings(postgresql_url: str, sandbox: str, founded: Founded, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    commerce.registry()
    folder = tmp_path_factory.mktemp("nodes")
    return Settings(database_url=postgresql_url, data_dir=folder, stripe_api_base=sandbox, key_file=founded.keys)


@pytest_asyncio.fixture
async def nodes(running: Running, account: Stripe) -> AsyncIterator[tuple[Api, Api]]:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.gateway, two.method = one.gateway, one.method
        yield one, two


async def test_eight_equal_creates_on_two_nodes_open_one_intent(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    order = await one.order()
    held = await one.stripe.hold()
    answers = await held.together(nodes, *((one, two)[at % 2].payment(order) for at in range(8)))
    assert len({answer.id for answer in answers}) == 1
    (intent,) = await one.stripe.intents()
    assert answers[0]["stripe_id"] == intent.id
    assert await two.source_of(order) == answers[0].id
    assert len(await one.stripe.requests()) == 1


async def test_a_race_without_pause_leaves_one_live_intent_in_the_end(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    order = await one.order()
    answers = await asyncio.gather(*((one, two)[at % 2].payment(order) for at in range(8)))
    assert {answer.status for answer in answers} == {201}
    await asyncio.gather(one.recover(), two.recover())
    await one.recover()
    (intent,) = await one.stripe.live()
    source = await one.source_of(order)
    assert (await two.get(f"stripe_payments/{source}"))["stripe_id"] == intent.id
    assert await one.open_calls() == []


async def test_another_request_on_the_other_node_is_told_to_wait(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    order = await one.order()
    held = await one.stripe.hold()
    first = asyncio.create_task(one.payment(order))
    await held.begun()
    assert (await two.payment(order, {"return_url": "https://a.example"}, expect=409)).said == [("", "CONFLICT")]
    assert await one.source_of(order) is None
    await held.go()
    await first


async def test_one_key_on_two_nodes_is_one_operation(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    order = await one.order()
    held = await one.stripe.hold()
    first, second = await held.together(nodes, one.payment(order, key="once"), two.payment(order, key="once"))
    assert first.id == second.id
    assert (await two.payment(order, key="once")).id == first.id
    assert len(await one.stripe.intents()) == 1


async def test_a_call_that_a_living_node_makes_is_left_to_it(running: Running, account: Stripe, clock: Clock) -> None:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        order = await one.order()
        held = await one.stripe.hold()
        creating = asyncio.create_task(one.payment(order))
        await held.begun()
        await two.recover()
        assert len(await one.stripe.requests()) == 0
        assert await two.open_calls() == ["open_payment"]
        # A node whose heart still beats keeps what it holds, however long that takes.
        clock.advance(11)
        await one.parts.recovery._beat()
        await two.recover()
        await held.go()
        payment = await creating
        assert await two.source_of(order) == payment.id
        assert len(await one.stripe.requests()) == 1


async def test_a_hanging_round_of_work_does_not_stop_the_heart(running: Running, account: Stripe) -> None:
    from paydesk.background import recover_calls as recovery

    beat = recovery.BEAT_SECONDS
    recovery.BEAT_SECONDS = 0.05
    try:
        async with running.api(account, background=True) as one:
            await furnish(one)
            order = await one.order()
            await one.payment(order)
            held = await one.stripe.hold("GET")
            await one.payment(order)
            await held.begun()
            ((before,),) = await one.rows("holders", "seen_at")

            async def beats() -> bool:
                ((now,),) = await one.rows("holders", "seen_at")
                return bool(now > before)

            await eventually(beats)
            assert await held.waiting() == 1
    finally:
        recovery.BEAT_SECONDS = beat


async def test_two_nodes_work_one_event_to_one_end(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    payment = await one.payment()
    await one.stripe.confirm(payment["stripe_id"])
    events = await one.stripe.events(payment["stripe_id"])
    await asyncio.gather(*((one, two)[at % 2].deliver(events[-1], one.gateway) for at in range(6)))
    await asyncio.gather(one.recover(), two.recover())
    assert len(await one.rows("gateway_events", "event_id")) == 1
    history = (await one.get(f"stripe_payments/{payment.id}/event_stores")).data
    assert [each["attributes"]["event"] for each in history] == ["update", "create"]


async def test_of_two_nodes_one_ends_what_is_over(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    orders = [await ready(one, attributes={"expires_at": ahead(1)}) for _ in range(3)]
    one.app.clock.advance(7200)  # type: ignore[attr-defined]
    ended = await asyncio.gather(*(each.parts.recovery.lapsing.once() for each in (one, two, one, two)))
    assert sorted(ended) == [0, 0, 0, 3]
    one.token = await one.log_in()
    for order in orders:
        assert (await one.get(order))["status"] == "cancelled"


@pytest_asyncio.fixture
async def raw(settings: Settings) -> AsyncIterator[list["asyncpg.Connection[Any]"]]:
    """Connections of another program to the same database: two to hold rows with, the last one to look."""
    opened = [await asyncpg.connect(settings.database_url) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def waits(looking: "asyncpg.Connection[Any]") -> bool:
    """Whether a transaction waits for a row that another one holds."""
    found: bool = await looking.fetchval(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return found


async def test_a_payment_is_not_moved_to_an_order_that_is_placed_in_this_moment(
    nodes: tuple[Api, Api], raw: list["asyncpg.Connection[Any]"]
) -> None:
    (one, _), (places, _, looks) = nodes, raw
    payment, order = await one.payment(), await one.order()
    async with places.transaction():
        await places.execute("UPDATE orders SET status = 'placed' WHERE id = $1", order.id)
        moving = asyncio.create_task(one.update(payment, order=order, expect=422))
        await eventually(lambda: waits(looks))
    assert (await moving).said == [("/data/relationships/order", "not_editable")]
    assert await one.source_of(order) is None


async def test_what_changes_a_payment_waits_for_the_order_that_it_was_moved_to(
    nodes: tuple[Api, Api], raw: list["asyncpg.Connection[Any]"]
) -> None:
    (one, _), (moves, holds, looks) = nodes, raw
    former, order = await one.order(), await one.order()
    payment = await one.payment(former)
    async with holds.transaction():
        await holds.execute("SELECT 1 FROM orders WHERE id = $1 FOR NO KEY UPDATE", order.id)
        async with moves.transaction():
            await moves.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", former.id)
            changing = asyncio.create_task(one.update(payment, {"reference": "late"}))
            await eventually(lambda: waits(looks))
            await moves.execute("UPDATE stripe_payments SET order_id = $1 WHERE id = $2", order.id, payment.id)
        holder = await holds.fetchval("SELECT pg_backend_pid()")
        await eventually(
            lambda: looks.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", holder
            ),
            1,
        )
    assert (await changing)["reference"] == "late"
