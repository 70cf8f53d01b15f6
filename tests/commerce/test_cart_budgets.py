"""What adding a line costs: the same number of statements in a cart of 1, 10 and 100 lines, whatever these hold."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from paydesk.base.instants import instant
from paydesk.commerce.catalog.bundles import Bundle
from paydesk.commerce.catalog.price_volume_tiers import PriceVolumeTier
from paydesk.commerce.catalog.prices import Price
from paydesk.commerce.catalog.sku_list_items import SkuListItem
from paydesk.commerce.catalog.sku_lists import SkuList
from paydesk.commerce.catalog.sku_options import SkuOption
from paydesk.commerce.catalog.skus import Sku
from paydesk.commerce.orders.line_item_options import LineItemOption
from paydesk.commerce.orders.line_items import LineItem
from paydesk.rules.work import Work
from tests.commerce.conftest import NOW, Record, Shop

ORDER = (
    *("skus", "prices", "price_volume_tiers", "sku_options", "sku_lists", "sku_list_items", "bundles"),
    *("line_items", "line_item_options"),
)
"""Rows of one type in a row are inserted together, after those that they name."""


async def cart(shop: Shop, lines: int, put: Callable[[Work, Sku, Price, LineItem], None]) -> Record:
    """A cart of so many lines, each of another sku that costs 1.00, with what `put` adds to it."""
    order = await shop.integration.create("orders", {"market": shop.market})
    category = await shop.integration.create("shipping_categories", name="Goods")
    work = Work(shop.actors[shop.integration.token], instant(NOW))
    for at in range(lines):
        code = f"G{lines}-{at}"
        sku = work.create(Sku, code=code, name=code, do_not_ship=True, shipping_category_id=category.id)
        of_sku = {"sku_id": sku.id, "sku_code": code, "price_list_id": shop.price_list.id}
        price = work.create(Price, **of_sku, currency_code="EUR", amount_cents=100)
        line = {"order_id": order.id, "item_id": sku.id, "item_type": "skus", "sku_code": code, "name": code}
        line |= {"quantity": 1, "unit_amount_cents": 100, "total_amount_cents": 100, "currency_code": "EUR"}
        put(work, sku, price, work.create(LineItem, **line))
    work.created.sort(key=lambda record: ORDER.index(record.shape.type))
    await shop.write(work)
    await shop.integration.update(order, autorefresh=True, _refresh=True)
    return order


async def statements(shop: Shop, asking: Awaitable[Any]) -> int:
    database: Any = shop.desk.database
    before = database.statements_run
    await asking
    return int(database.statements_run - before)


def nothing(work: Work, sku: Sku, price: Price, line: LineItem) -> None:
    """A plain line."""


def tiers(work: Work, sku: Sku, price: Price, line: LineItem) -> None:
    price.tiers_changed_at = work.now
    for up_to, cents in ((5, 90), (None, 80)):
        work.create(
            PriceVolumeTier,
            name="Some",
            type="price_volume_tiers",
            price_id=price.id,
            up_to=up_to,
            price_amount_cents=cents,
        )


def options(work: Work, sku: Sku, price: Price, line: LineItem) -> None:
    option = work.create(SkuOption, name="Embossing", currency_code="EUR", price_amount_cents=7)
    line.options_count = 2
    chosen = {"line_item_id": line.id, "sku_option_id": option.id, "order_id": line.order_id, "currency_code": "EUR"}
    work.create(LineItemOption, **chosen, quantity=2, options={"text": "Ciao"}, unit_amount_cents=0)


def bundles(work: Work, sku: Sku, price: Price, line: LineItem) -> None:
    held = work.create(SkuList, name="Pair")
    work.create(SkuListItem, sku_list_id=held.id, sku_id=sku.id, sku_code=sku.code, quantity=2)
    given = {"code": sku.code, "name": "Pair", "currency_code": "EUR", "price_amount_cents": 150}
    made = work.create(Bundle, **given, sku_list_id=held.id, contents={sku.id: 2}, skus_count=2)
    line.item_type, line.item_id, line.bundle_code = "bundles", made.id, made.code
    line.contents = {sku.id: 1}


async def scheduled(shop: Shop) -> None:
    times = {"starts_at": instant(NOW - 60), "expires_at": instant(NOW + 60)}
    related = {"market": shop.market, "price_list": shop.price_list}
    await shop.integration.create("price_list_schedulers", related, name="The same", **times)


MORE = {"plain": (nothing, 0, 100), "tiers": (tiers, 1, 90), "options": (options, 2, 114), "bundles": (bundles, 1, 150)}
"""What the lines hold, how many statements that costs beside those of plain lines, and what each costs."""


@pytest.mark.parametrize("what", MORE)
async def test_adding_a_line_costs_the_same_in_a_cart_of_any_size(shop: Shop, what: str) -> None:
    put, more, cents = MORE[what]
    await shop.put(Record({"type": "organizations", "id": "shop"}), orders_autorefresh_cutoff_test=500)
    shop.desk.transactions.organizations.clear()
    await shop.sku("HAT", 1000)
    empty = await shop.integration.create("orders", {"market": shop.market})
    given = {"sku_code": "HAT", "quantity": 1}
    await shop.integration.create("line_items", {"order": empty}, **given)
    plain = await statements(shop, shop.integration.create("line_items", {"order": empty}, **given))
    costs = []
    for lines in (1, 10, 100):
        order = await cart(shop, lines, put)
        costs.append(await statements(shop, shop.integration.create("line_items", {"order": order}, **given)))
        total = (await shop.integration.update(order, _refresh=True))["total_amount_cents"]
        assert total == 1000 + lines * cents
    assert costs == [plain + more] * 3


async def test_a_scheduler_costs_one_statement_for_each_look_at_prices(shop: Shop) -> None:
    await shop.sku("HAT", 1000)
    order = await shop.integration.create("orders", {"market": shop.market})
    given = {"sku_code": "HAT", "quantity": 1}
    await shop.integration.create("line_items", {"order": order}, **given)
    plain = await statements(shop, shop.integration.create("line_items", {"order": order}, **given))
    await scheduled(shop)
    # When the line is written, and when its order is refreshed.
    assert await statements(shop, shop.integration.create("line_items", {"order": order}, **given)) == plain + 2
