"""Two processes on one PostgreSQL sell the same goods."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from paydesk import commerce
from paydesk.settings import Settings
from tests.acts.orders import at_stripe, moved, ready
from tests.acts.stocked import counted, goods, in_stock, line
from tests.payments.conftest import Answer, Api, Founded, Running, Stripe, furnish


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


async def held(api: Api, skus: list[Answer]) -> tuple[Answer, Answer]:
    """An order for one of each, whose card is authorized."""
    order = await ready(api, 0)
    for sku in skus:
        await line(api, order, sku, 1)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return order, payment


async def ask(api: Api, order: Answer, trigger: str) -> tuple[int, Any]:
    answer = await api.send("PATCH", f"orders/{order.id}", {"data": {**order.link, "attributes": {trigger: True}}})
    return answer.status, [error["meta"]["error"] for error in answer.errors] if answer.status != 200 else []


async def test_of_two_shoppers_exactly_one_gets_the_last_one(nodes: tuple[Api, Api]) -> None:
    one, two = nodes
    sku = await goods(one, "MUG", 1, at=await counted(one))
    orders = [await held(one, [sku]) for _ in range(2)]
    # Both have been found placeable, and ask Stripe, before either is placed.
    stripe = await one.stripe.hold("GET", "/v1/payment_intents/*", calls=2)
    placing = [asyncio.create_task(ask(api, order, "_place")) for api, (order, _) in zip(nodes, orders, strict=True)]
    await stripe.begun(2)
    await stripe.go()
    answers = await asyncio.gather(*placing)
    assert sorted(answers) == [(200, []), (422, ["out_of_stock"])]
    assert await in_stock(two) == [(1, 1)]
    for (status, _), (order, payment) in zip(answers, orders, strict=True):
        assert (await two.get(order))["status"] == ("placed" if status == 200 else "pending")
        assert await at_stripe(one, payment) == ("requires_capture", 0, 0)
        assert await moved(two, order) == [("authorizations", 1000, True)]
    lost = next(order for (status, _), (order, _) in zip(answers, orders, strict=True) if status != 200)
    won = next(order for (status, _), (order, _) in zip(answers, orders, strict=True) if status == 200)
    await two.update(won, {"_cancel": True})
    assert await in_stock(one) == [(1, 0)]
    assert (await two.update(lost, {"_place": True}))["status"] == "placed"
    assert await in_stock(one) == [(1, 1)]


async def test_orders_of_the_same_goods_in_any_order_neither_wait_for_each_other_nor_lose_a_piece(
    nodes: tuple[Api, Api],
) -> None:
    one, _ = nodes
    (location,) = await counted(one)
    skus = [await goods(one, code, 5, at=[location]) for code in ("MUG", "CUP", "JUG")]
    orders = [await held(one, skus if at % 2 else skus[::-1]) for at in range(6)]
    answers = await asyncio.gather(*(ask(nodes[at % 2], order, "_place") for at, (order, _) in enumerate(orders)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [422]
    assert await in_stock(one) == [(5, 5)] * 3
    placed = [order for (status, _), (order, _) in zip(answers, orders, strict=True) if status == 200]
    triggers = ["_approve", "_cancel", "_approve", "_cancel", "_approve"]
    answers = await asyncio.gather(
        *(ask(nodes[at % 2], order, trigger) for at, (order, trigger) in enumerate(zip(placed, triggers, strict=True)))
    )
    assert [status for status, _ in answers] == [200] * 5
    assert await in_stock(one) == [(2, 0)] * 3
