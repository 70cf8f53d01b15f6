"""`paydesk demo load`: what it fills a database with is what requests would have left there."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from paydesk.base.actor import worker
from paydesk.base.tenants import tenant_of
from paydesk.operations import staging
from paydesk.operations.loading.load import load
from paydesk.operations.undone import Undone
from paydesk.settings import Settings
from tests.payments.agreeing import books, history_replays, hold_together, table
from tests.payments.conftest import ADDRESS, Api, Running, Stripe

ORDERS, SKUS, CUSTOMERS = 150, 48, 24


@pytest_asyncio.fixture
async def demo(running: Running, account: Stripe, settings: Settings) -> AsyncIterator[tuple[Api, dict[str, Any]]]:
    """An application whose demo pays at the sandbox."""
    keyed = replace(settings, stripe_secret_key=account.key, stripe_publishable_key="pk_test_shop")
    async with running.api(account, settings=keyed) as api:
        made = await staging.ensure_demo(api.parts, stripe_api_base=account.base, base_url="http://localhost:8000")
        client = made["applications"]["integration"]
        answer = await api.http.post("/oauth/token", json={"grant_type": "client_credentials", **client})
        api.token = answer.json()["access_token"]
        yield api, made


async def everything(api: Api, path: str, size: int = 25) -> list[dict[str, Any]]:
    """All of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await api.get(
            path, f"{'&' if '?' in path else '?'}page[size]={size}&page[number]={len(found) // size + 1}"
        )
        found += answer.data
        if len(answer.data) < size:
            assert len(found) == answer.document["meta"]["record_count"]
            return found


async def test_a_database_that_was_filled_holds_together_and_sells_on(demo: tuple[Api, dict[str, Any]]) -> None:
    api, made = demo
    told: dict[str, tuple[int, int]] = {}
    given = {"skus": SKUS, "orders": ORDERS, "customers": CUSTOMERS}
    await load(api.parts, **given, told=lambda what, there, total: told.update({what: (there, total)}), beside=True)
    assert told == {name: (count, count) for name, count in given.items()}
    found = await books(api.parts.database)
    assert len(found.orders) == ORDERS + 1
    for order in found.orders:
        hold_together(found, order)
    lines = Counter(one["order_id"] for one in found.lines)
    assert set(lines) == set(found.orders) and max(lines.values()) == 5
    # Stripe has the models' payments alone, and is asked about no other.
    watched = await table(api.parts.database, "stripe_payments", "stripe_id", "look_at")
    assert 0 < sum(one["look_at"] is not None for one in watched) < 20 < len(watched)
    await _it_is_read_back(api)
    await _stock_is_what_orders_hold(api)
    await _customers_count_their_orders(api)
    await _its_history_replays(api)
    await _it_sells_on(api, made)


async def _it_is_read_back(api: Api) -> None:
    orders = [one["attributes"] for one in await everything(api, "orders?sort=number")]
    numbers = [int(one["number"]) for one in orders]
    assert numbers == sorted(set(numbers)) and numbers[0] == 10000001
    for one in orders:
        taxes = 0 if one["tax_included"] else one["total_tax_amount_cents"]
        assert one["total_amount_with_taxes_cents"] == one["total_amount_cents"] + taxes
        assert one["total_amount_cents"] == one["subtotal_amount_cents"] + one["shipping_amount_cents"]
        assert (one["placed_at"] or one["created_at"]) >= one["created_at"]
    assert {one["status"] for one in orders} == {
        "draft", "pending", "placing", "placed", "editing", "approved", "cancelled",
    }  # fmt: skip
    assert {one["payment_status"] for one in orders} == {
        "unpaid", "authorized", "paid", "voided", "refunded", "partially_refunded",
    }  # fmt: skip
    assert {one["fulfillment_status"] for one in orders} == {"unfulfilled", "in_progress", "fulfilled"}
    assert {one["currency_code"] for one in orders} == {"EUR", "USD"}
    cents: Counter[str] = Counter()
    for line in await everything(api, "line_items?include=order"):
        cents[line["relationships"]["order"]["data"]["id"]] += line["attributes"]["total_amount_cents"]
    for order in await everything(api, "orders"):
        assert order["attributes"]["total_amount_cents"] == cents[order["id"]]
    assert {one["attributes"]["status"] for one in await everything(api, "shipments")} == {
        "draft", "upcoming", "on_hold", "picking", "ready_to_ship", "shipped", "delivered", "cancelled",
    }  # fmt: skip


async def _stock_is_what_orders_hold(api: Api) -> None:
    items = await table(api.parts.database, "stock_items", "id", "quantity", "reserved_quantity", "sku_code")
    held: Counter[tuple[str, str]] = Counter()
    for one in await table(api.parts.database, "stock_holdings", "stock_item_id", "status", "quantity"):
        held[one["stock_item_id"], one["status"]] += one["quantity"]
    loaded = [one for one in items if one["sku_code"].count("-") > 2]
    assert len(loaded) == 2 * SKUS
    for item in loaded:
        assert item["reserved_quantity"] == held[item["id"], "reserved"], item
        assert item["quantity"] == 100_000 - held[item["id"], "taken"], item
    assert sum(held.values()) > ORDERS


async def _customers_count_their_orders(api: Api) -> None:
    placed = Counter(
        one["customer_id"]
        for one in await table(api.parts.database, "orders", "customer_id", "placed_at")
        if one["placed_at"] is not None
    )
    customers = await everything(api, "customers")
    assert len(customers) == CUSTOMERS + 2
    for one in customers:
        count = placed[one["id"]]
        assert one["attributes"]["total_orders_count"] == count
        assert one["attributes"]["status"] == ("prospect", "acquired", "repeat")[min(count, 2)]
    first = [one for one in await table(api.parts.database, "orders", "customer_type", "placed_at") if one["placed_at"]]
    assert sum(one["customer_type"] == "new" for one in first) == len(placed)


async def _its_history_replays(api: Api) -> None:
    for status in ("fulfillment_status_eq]=fulfilled", "payment_status_eq]=refunded", "status_eq]=editing"):
        for order in (await api.get("orders", f"?filter[q][{status}&sort=-number")).data[:2]:
            await history_replays(api, {"type": "orders", "id": order["id"]})
    for customer in (await everything(api, "customers?sort=-total_orders_count"))[:4]:
        await history_replays(api, {"type": "customers", "id": customer["id"]})
    items = await table(api.parts.database, "stock_items", "id", "quantity")
    for item in sorted(items, key=lambda one: str(one["id"]))[:10]:
        await history_replays(api, {"type": "stock_items", "id": item["id"]})


async def _it_sells_on(api: Api, made: dict[str, Any]) -> None:
    (sku,) = (await api.get("skus", "?sort=-code&page[size]=1")).data
    method = {"type": "payment_methods", "id": made["payment_method"]["id"]}
    market = {"type": "markets", "id": made["market"]["id"]}
    order = await api.create("orders", {"customer_email": "new@example.com"}, market=market, payment_method=method)
    await api.create("line_items", {"quantity": 2, "sku_code": sku["attributes"]["code"]}, order=order)
    address = await api.create("addresses", ADDRESS)
    await api.update(order, billing_address=address, shipping_address=address)
    (shipment,) = (await api.get(f"orders/{order.id}/shipments")).data
    (way, *_) = (await api.get(f"shipments/{shipment['id']}/available_shipping_methods")).data
    chosen = {"type": "shipping_methods", "id": way["id"]}
    await api.update({"type": "shipments", "id": shipment["id"]}, shipping_method=chosen)
    payment = await api.create("stripe_payments", order=order)
    await api.stripe.confirm(payment["stripe_id"])
    placed = await api.update(order, {"_place": True})
    assert (placed["status"], placed["payment_status"]) == ("placed", "authorized")
    with_it = Counter(one["number"] for one in await table(api.parts.database, "orders", "number"))
    assert with_it[placed["number"]] == 1
    assert (await api.update(order, {"_approve_and_capture": True}))["payment_status"] == "paid"


async def test_nothing_is_filled_up_where_money_could_be_real(demo: tuple[Api, dict[str, Any]]) -> None:
    api, made = demo
    load_one = partial(load, api.parts, skus=1, orders=1, told=lambda *_: None)
    before = len(await table(api.parts.database, "skus", "id"))
    settings = api.parts.settings
    for changed in ({"stripe_api_base": None}, {"stripe_secret_key": "sk_test_" + "0" * 24}):
        object.__setattr__(api.parts, "settings", replace(settings, **changed))
        with pytest.raises(Undone, match="real Stripe key"):
            await load_one()
    object.__setattr__(api.parts, "settings", settings)
    organization = made["organization"]["id"]
    live = worker(tenant_of(organization, True), "demo", "demo", organization)
    await staging.Doing(api.parts, live)("manual_gateways", "create", {"name": "By hand"}, {})
    with pytest.raises(Undone, match="in live mode"):
        await load_one()
    assert len(await table(api.parts.database, "skus", "id")) == before
