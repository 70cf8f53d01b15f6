"""What stock costs: the same number of statements for any number of lines, and none where no stock is counted."""

from typing import Any

import pytest

from paydesk.base.actor import worker
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.inventory.stock_items import StockItem
from paydesk.commerce.orders.line_items import LineItem
from paydesk.desk.transactions import ORGANIZATION_SECONDS
from paydesk.rules.work import Work
from tests.acts.orders import ready
from tests.acts.stocked import counted, goods, in_stock
from tests.payments.conftest import Answer, Api


async def cart(api: Api, lines: int, location: Answer) -> Answer:
    """A cart of so many lines, each of other goods."""
    order = await ready(api, 0)
    (tenant,) = {tenant for (tenant,) in await api.rows("orders", "tenant")}
    category = (await api.create("shipping_categories", {"name": "Goods"})).id
    work = Work(worker(tenant, "acme", "test", ""), (await api.get(order))["created_at"])
    for at in range(lines):
        sku = work.create(Sku, code=f"G{lines}-{at}", name="Goods", do_not_ship=True, shipping_category_id=category)
        work.create(StockItem, sku_id=sku.id, sku_code=sku.code, stock_location_id=location.id, quantity=5)
        line = {"order_id": order.id, "item_id": sku.id, "item_type": "skus", "sku_code": sku.code, "name": "Goods"}
        line |= {"quantity": 1, "unit_amount_cents": 100, "total_amount_cents": 100, "price_fixed": True}
        work.create(LineItem, currency_code="EUR", **line)
    # Rows of one type in a row are inserted together.
    work.created.sort(key=lambda record: ("skus", "stock_items", "line_items").index(record.shape.type))
    await api.parts.database.write(lambda: api.parts.desk.writer.write(work))
    return await api.update(order, {"_refresh": True})


async def statements(api: Api, asking: Any) -> int:
    database: Any = api.parts.database
    known, until = api.parts.desk.transactions.organizations, api.app.clock() + ORGANIZATION_SECONDS
    known.update({id_: (until, record) for id_, (_, record) in known.items()})
    before = database.statements_run
    await asking
    return int(database.statements_run - before)


@pytest.mark.parametrize("is_counted", [False, True])
async def test_placing_approving_and_cancelling_cost_the_same_for_any_number_of_lines(
    api: Api, is_counted: bool
) -> None:
    await api.parts.oauth.stop()
    api.parts.desk.owing.flush_seconds = 3600.0
    (location,) = await counted(api)
    if not is_counted:
        await api.update(api.market, inventory_model=None)
    costs = []
    for lines in (1, 10, 100):
        order = await cart(api, lines, location)
        payment = await api.payment(order)
        await api.stripe.confirm(payment["stripe_id"])
        await api.update(payment, {"_refresh": True})
        cost = [await statements(api, api.update(order, {trigger: True})) for trigger in ("_place", "_approve")]
        assert (await api.get(order))["status"] == "approved"
        stock = await in_stock(api)
        assert stock[-lines:] == [(4 if is_counted else 5, 0)] * lines
        cost.append(await statements(api, api.update(order, {"_cancel": True})))
        assert set(await in_stock(api)) == {(5, 0)}
        costs.append(cost)
    assert costs[0] == costs[1] == costs[2], costs


async def test_a_line_costs_the_same_in_a_cart_of_any_size(api: Api) -> None:
    await api.parts.oauth.stop()
    api.parts.desk.owing.flush_seconds = 3600.0
    (location,) = await counted(api)
    sku = await goods(api, "MUG", 100, at=[location])
    given = {"quantity": 1, "unit_amount_cents": 1000}
    costs = []
    for lines in (1, 10, 48):
        order = await cart(api, lines, location)
        costs.append(await statements(api, api.create("line_items", given, order=order, item=sku)))
    await api.update(api.market, inventory_model=None)
    order = await cart(api, 2, location)
    without = await statements(api, api.create("line_items", given, order=order, item=sku))
    # The model with its locations, and what lies there.
    assert costs == [without + 3] * 3
