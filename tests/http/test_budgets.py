"""How many statements a request costs: exactly, so that one more is noticed."""

from functools import partial

import pytest

from tests.http.world import GOODS, World

READS = [
    ("shop/test", "orders/ordFull", 1),
    ("shop/test", "orders/ordFull?fields[orders]=number", 1),
    ("shop/test", "orders/nonexistent", 1),
    ("shop/test", "orders/ordFull?include=market", 2),
    ("shop/test", "orders/ordFull?include=market,customer,billing_address,shipping_address", 5),
    ("shop/test", "orders/ordFull?include=line_items.item.prices", 4),
    ("shop/test", "orders/ordFull?include=market.price_list.prices", 4),
    ("shop/test", "orders/ordLone?include=market.price_list.prices,line_items.item", 2),
    ("shop/test", "orders/ordFull?include=available_payment_methods", 2),
    ("shop/test", "orders", 1),
    ("shop/test", "orders?page[size]=2", 2),
    ("shop/test", "orders?page[size]=2&page[number]=2&sort=-total_amount_cents&filter[q][market_name_start]=E", 1),
    ("shop/test", "orders?include=line_items,market", 3),
    ("shop/test", "orders?page[size]=3&include=line_items.item,customer,market.price_list", 6),
    ("shop/test", "orders/ordFull/line_items", 2),
    ("shop/test", "orders/ordFull/market", 3),
    ("shop/test", "orders/ordLone/market", 1),
    ("shop/test", "orders/ordFull/relationships/line_items", 2),
    ("shop/test", "orders/ordFull/event_stores", 2),
    ("shop/test", "organization", 1),
    ("guest", "orders/ordDraft", 1),
    ("guest", "orders/ordDraft?include=line_items.item,market,customer", 3),
    ("guest", "orders/ordFull", 1),
    ("guest", "orders", 0),
    ("guest", "skus", 1),
    ("guest", "skus?include=prices", 2),
    ("guest", "skus/skuAlpha?include=prices", 3),
    ("ada", "orders", 1),
    ("ada", "orders?include=line_items,customer", 3),
]


@pytest.mark.parametrize(("token", "path", "statements"), READS)
def test_what_a_read_costs(world: World, token: str, path: str, statements: int) -> None:
    assert world.counting(lambda: world.ask("GET", f"/api/{path}", token=token)) == statements


def test_a_page_of_many_costs_what_a_page_of_one_does(world: World) -> None:
    include = "include=line_items.item,market,customer&sort=number"
    few, many = (world.counting(partial(world.get, f"orders?{include}&page[size]={size}")) for size in (2, 25))
    assert many <= few


CHANGES = {
    # On PostgreSQL a change locks its record first, by a statement of its own.
    "PATCH orders": (lambda world: world.send("PATCH", "orders/ordFull", {"return_url": "x"}, expect=200), 8, 9),
    "PATCH orders, nothing": (lambda world: world.send("PATCH", "orders/ordFull", {}, expect=200), 8, 9),
    "PATCH skus": (lambda world: world.send("PATCH", "skus/skuAlpha", {"name": "x"}, expect=200), 4, 5),
    "POST shipping_categories": (
        lambda world: world.send("POST", "shipping_categories", {"name": "n"}, expect=201), 3, 3
    ),
    "POST skus": (lambda world: world.send("POST", "skus", {"code": "n", "name": "n"}, **GOODS, expect=201), 4, 4),
    "DELETE skus": (lambda world: world.ask("DELETE", "/api/skus/skuPlain"), 7, 8),
    "a refused POST": (lambda world: world.send("POST", "skus", {"code": "n"}, expect=422), 0, 0),
    "an unreadable POST": (lambda world: world.ask("POST", "/api/skus", b"{"), 0, 0),
    "a guest's PATCH": (
        lambda world: world.send("PATCH", "orders/ordDraft", {"return_url": "x"}, token="guest", expect=200), 7, 8
    ),
    "a guest's line": (
        lambda world: world.send("POST", "line_items", {"sku_code": "ALPHA", "quantity": 1}, token="guest",
                                 order=("orders", "ordDraft"), expect=201), 11, 11
    ),
    "a POST with a key": (
        lambda world: world.send("POST", "shipping_categories", {"name": "n"}, headers={"idempotency-key": "k"}), 6, 6
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_change_costs(fresh: World, name: str) -> None:
    change, sqlite, postgresql = CHANGES[name]
    # The organization's settings are read once in a few seconds.
    fresh.send("PATCH", "markets/mktUsa", {"name": "USA"}, expect=200)
    spent = fresh.counting(lambda: change(fresh))
    assert spent == (sqlite if fresh.database.name == "sqlite" else postgresql)
