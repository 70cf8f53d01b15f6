"""What shipments cost: the same number of statements for any number of lines and shipments."""

from typing import Any

from paydesk.base.actor import worker
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.inventory.stock_items import StockItem
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.shipping.shipping_categories import ShippingCategory
from paydesk.desk.transactions import ORGANIZATION_SECONDS
from paydesk.rules.work import Work
from tests.acts.checkout import INC
from tests.acts.stocked import counted
from tests.payments.conftest import ADDRESS, Answer, Api


async def cart(api: Api, lines: int, categories: int, location: Answer) -> Answer:
    """A cart with an address and so many lines of goods of so many shipping categories, not refreshed yet."""
    address = await api.create("addresses", ADDRESS)
    order = await api.order(0, attributes={"customer_email": "ada@example.com"})
    await api.update(order, billing_address=address, shipping_address=address)
    (tenant,) = {tenant for (tenant,) in await api.rows("orders", "tenant")}
    work = Work(worker(tenant, "acme", "test", ""), (await api.get(order))["created_at"])
    kinds = [work.create(ShippingCategory, name=f"Category {at}").id for at in range(categories)]
    for at in range(lines):
        kind = kinds[at % categories]
        sku = work.create(Sku, code=f"G{order.id}-{at}", name="Goods", shipping_category_id=kind)
        work.create(StockItem, sku_id=sku.id, sku_code=sku.code, stock_location_id=location.id, quantity=5)
        line = {"order_id": order.id, "item_id": sku.id, "item_type": "skus", "sku_code": sku.code, "name": "Goods"}
        line |= {"quantity": 1, "unit_amount_cents": 100, "total_amount_cents": 100, "price_fixed": True}
        work.create(LineItem, currency_code="EUR", **line)
    # Rows of one type in a row are inserted together.
    kinds_of = ("shipping_categories", "skus", "stock_items", "line_items")
    work.created.sort(key=lambda record: kinds_of.index(record.shape.type))
    await api.parts.database.write(lambda: api.parts.desk.writer.write(work))
    return order


async def statements(api: Api, asking: Any) -> int:
    database: Any = api.parts.database
    known, until = api.parts.desk.transactions.organizations, api.app.clock() + ORGANIZATION_SECONDS
    known.update({id_: (until, record) for id_, (_, record) in known.items()})
    before = database.statements_run
    await asking
    return int(database.statements_run - before)


async def test_shipments_cost_the_same_for_any_number_of_lines_and_of_shipments(api: Api) -> None:
    await api.parts.oauth.stop()
    api.parts.desk.owing.flush_seconds = 3600.0
    (location,) = await counted(api, strategy="split_shipments")
    zone = await api.create("shipping_zones", {"name": "Italy", "country_code_regex": "IT"})
    given = {"name": "Post", "price_amount_cents": 500}
    post = await api.create("shipping_methods", given, market=api.market, shipping_zone=zone)
    await api.create("shipping_methods", {**given, "name": "Express"}, market=api.market, shipping_zone=zone)
    await api.update(api.market, default_shipping_method=post)
    calculator = await api.create("manual_tax_calculators", {"name": "Taxes"})
    await api.create("tax_rules", {"name": "All", "tax_rate": 0.22}, manual_tax_calculator=calculator)
    await api.update(api.market, tax_calculator=calculator)
    costs = []
    for lines, categories in ((2, 1), (10, 2), (40, 4)):
        order = await cart(api, lines, categories, location)
        # Built, refreshed without a change, and made fewer by a line.
        cost = [await statements(api, api.update(order, {"_refresh": True})) for _ in range(2)]
        found = await api.get(order)
        assert (found["shipments_count"], found["shipping_amount_cents"]) == (categories, 500 * categories)
        assert found["subtotal_tax_amount_cents"] == lines * 18  # 22 % of 100 / 1.22
        found = (await api.get(f"orders/{order.id}/line_items?filter[q][item_type_eq]=skus")).data
        cost.append(await statements(api, api.delete({"type": "line_items", "id": found[0]["id"]})))
        cost.append(await statements(api, api.get(order, f"?include={INC}")))
        payment = await api.payment(order)
        await api.stripe.confirm(payment["stripe_id"])
        await api.update(payment, {"_refresh": True})
        cost.append(await statements(api, api.update(order, {"_place": True})))
        cost.append(await statements(api, api.update(order, {"_cancel": True})))
        assert (await api.get(order))["status"] == "cancelled"
        costs.append(cost)
    assert costs[0] == costs[1] == costs[2], costs
