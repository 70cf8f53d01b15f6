"""Two nodes of which one is halted, or has a wrong clock: the other settles its calls, and money moves once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.base.instants import passed
from paydesk.settings import Settings
from tests.acts.orders import at_stripe
from tests.acts.refunds import PART, ask, captured, refunds
from tests.payments.conftest import Api, Founded, Running, Stripe, furnish


@pytest.fixture
def settings(postgresql_url: str, sandbox: str, founded: Founded, tmp_path: Path) -> Settings:
    commerce.registry()
    return Settings(database_url=postgresql_url, data_dir=tmp_path, stripe_api_base=sandbox, key_file=founded.keys)


@pytest_asyncio.fixture
async def nodes(running: Running, account: Stripe) -> AsyncIterator[tuple[Api, Api]]:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.gateway, two.method = one.gateway, one.method
        yield one, two


async def silent(node: Api, settings: Settings, seconds: int) -> None:
    """The node's heart has not beaten for so long."""
    connection = await asyncpg.connect(settings.database_url)
    holder = node.parts.desk.holder
    await connection.execute(f"UPDATE holders SET seen_at = now() - interval '{seconds} seconds' WHERE id = $1", holder)
    await connection.close()


class Halted:
    """A node is halted before a step of a call, until `go`."""

    def __init__(self, part: Any, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.there, self._goes_on = asyncio.Event(), asyncio.Event()
        goes_on = getattr(part, step)

        async def halting(*given: Any) -> Any:
            self.there.set()
            await self._goes_on.wait()
            return await goes_on(*given)

        monkeypatch.setattr(part, step, halting)

    def go(self) -> None:
        self._goes_on.set()


async def test_the_first_client_of_a_halted_node_is_told_and_its_retry_elsewhere_moves_nothing(
    nodes: tuple[Api, Api], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = nodes
    order, payment, capture = await captured(one)
    halted = Halted(one.parts.desk.calls, "_settle", monkeypatch)
    first = asyncio.create_task(ask(one, capture, PART))
    await halted.there.wait()
    await silent(one, settings, 17)
    await two.recover()
    assert await two.open_calls() == []
    assert await ask(two, capture, PART) == (200, True)
    halted.go()
    assert await first == (200, False)
    assert (await at_stripe(one, payment), await refunds(one, order)) == (("succeeded", 15400, 900), [900])
    assert await ask(two, capture, PART) == (200, False)
    assert await refunds(one, order) == [900, 900]


async def test_a_node_that_was_halted_before_it_asked_looks_whether_the_call_is_still_its_own(
    nodes: tuple[Api, Api], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = nodes
    order, payment, capture = await captured(one)
    halted = Halted(one.parts.desk.leases, "_make", monkeypatch)
    first = asyncio.create_task(ask(one, capture, PART))
    await halted.there.wait()
    await silent(one, settings, 17)
    await two.recover()
    assert await refunds(two, order) == [900]
    monkeypatch.setattr("paydesk.desk.calls.passed", lambda: passed() + 17)
    halted.go()
    assert await first == (200, False)
    assert len(await one.stripe.requests(path="/v1/refunds")) == 1
    assert (await at_stripe(one, payment), await refunds(one, order)) == (("succeeded", 15400, 900), [900])


@pytest.mark.parametrize("off", [-600, 600])
async def test_a_node_whose_clock_is_ten_minutes_off_keeps_its_calls_and_leaves_others_theirs(
    running: Running, account: Stripe, off: int
) -> None:
    async with running.api(account) as one, running.api(account) as two:
        await furnish(one)
        two.parts.desk.transactions.clock = lambda: time.time() + off
        await asyncio.gather(one.parts.recovery.begin(), two.parts.recovery.begin())
        for asks, other in ((one, two), (two, one)):
            order, payment, capture = await captured(one)
            held = await one.stripe.hold(path="/v1/refunds")
            first = asyncio.create_task(ask(asks, capture, PART))
            await held.begun()
            await other.recover()
            assert await held.waiting() == 1
            await held.go()
            assert await first == (200, False)
            assert await refunds(one, order) == [900]
            # Both are meant, whichever node is asked.
            assert await ask(other, capture, PART) == (200, False)
            assert (await at_stripe(one, payment), await refunds(one, order)) == (
                ("succeeded", 15400, 1800),
                [900, 900],
            )


async def test_two_intended_equal_refunds_stay_two_across_two_nodes(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    await asyncio.gather(one.parts.recovery.begin(), two.parts.recovery.begin())
    order, _, capture = await captured(one)
    assert [await ask(node, capture, PART) for node in (one, two, one, two)] == [(200, False)] * 4
    assert await refunds(one, order) == [900] * 4


async def test_what_one_node_lost_is_told_by_the_other(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    await asyncio.gather(one.parts.recovery.begin(), two.parts.recovery.begin())
    order, _, capture = await captured(one)
    await one.stripe.faults(path="/v1/refunds", times=0, drop="after")
    assert await ask(one, capture, PART) == (503, False)
    await one.stripe.mend()
    await two.recover(after=3)
    assert await ask(two, capture, PART) == (200, True)
    assert await ask(one, capture, PART) == (200, False)
    assert await refunds(one, order) == [900, 900]
