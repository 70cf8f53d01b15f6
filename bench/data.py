"""What is measured on: a migrated SQLite database with an organization, its gateway and thousands of orders.

The organization is the demo's, made by the rules clients meet. The orders are copies of the demo's order, each with a
line and a version; beside them are some that ship (`bench.shipped`).
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from bench.shipped import shipped
from paydesk.app import Parts
from paydesk.base.actor import worker
from paydesk.base.instants import instant, wall
from paydesk.base.tenants import tenant_of
from paydesk.operations import staging
from paydesk.operations.demo import ORDER_ID
from paydesk.rules.asking import new_id
from paydesk.settings import Settings
from paydesk.store import migrate
from paydesk.store.engines import sqlite_file

SECRET_KEY = "sk_test_" + "b3" * 24
PUBLISHABLE_KEY = "pk_test_" + "b3" * 16
ORDERS_A_CUSTOMER = 100
ORDERS_A_SHIPPED_ONE = 60
LEAST_SHIPPED = 10
DAYS = 90
FIRST_NUMBER = 90_000_000
LINES_OF_A_CART = 10
SKUS = 100
SKU = "FIELD-GUIDE"
"""What the others are copies of. It is not counted, so every cart can hold one more."""
ORDER = {
    "id": "order",
    "number": "number",
    "token": "token",
    "customer_email": "email",
    "subtotal_amount_cents": "cents",
    "subtotal_taxable_amount_cents": "cents",
    "total_amount_cents": "cents",
    "total_taxable_amount_cents": "cents",
    "total_amount_with_taxes_cents": "cents",
    "skus_count": "quantity",
    "status": "status",
    "placed_at": "placed_at",
    "created_at": "made_at",
    "updated_at": "made_at",
}
LINE = {
    "id": "line",
    "order_id": "order",
    "quantity": "quantity",
    "total_amount_cents": "cents",
    "created_at": "made_at",
    "updated_at": "made_at",
}
THING = {"id": "sku", "code": "code", "created_at": "made_at", "updated_at": "made_at"}
PRICE = {"id": "price", "sku_id": "sku", "sku_code": "code", "created_at": "made_at", "updated_at": "made_at"}
LINE_OF_A_CART = {"id": "line", "order_id": "order", "created_at": "made_at", "updated_at": "made_at"}
VERSION = {
    "id": "version",
    "sequence": "sequence",
    "resource_id": "order",
    "created_at": "made_at",
    "updated_at": "made_at",
}
"""What a copy has of its own, by column: the name of its value."""


@dataclass(frozen=True)
class Data:
    """What requests are made of.

    orders      ids of pending orders without a payment source, oldest first
    carts       the newest tenth of them, which hold ten lines each
    shipped     pending orders of two shipments whose payment waits for its card
    customers   e-mail addresses; each stands on about a hundred orders
    recent      the instant after which the newest tenth of the orders was made
    """

    directory: Path
    organization_id: str
    client_id: str
    client_secret: str
    orders: list[str]
    carts: list[str]
    shipped: list[str]
    customers: list[str]
    recent: str


def settings_of(directory: Path, stripe_api_base: str) -> Settings:
    return Settings(
        data_dir=directory,
        stripe_api_base=stripe_api_base,
        stripe_secret_key=SECRET_KEY,
        stripe_publishable_key=PUBLISHABLE_KEY,
    )


async def seed(directory: Path, stripe_api_base: str, orders: int) -> Data:
    """Make the data in an empty directory. Stripe is asked for the gateway's webhook endpoint."""
    settings = settings_of(directory, stripe_api_base)
    await asyncio.to_thread(migrate.upgrade, settings.database_url)
    parts = await Parts.open(settings)
    try:
        demo = await staging.ensure_demo(parts, stripe_api_base=stripe_api_base, base_url="http://localhost:8000")
        organization_id = demo["organization"]["id"]
        ships = await _shipped(parts, demo, max(LEAST_SHIPPED, orders // ORDERS_A_SHIPPED_ONE))
    finally:
        await parts.close()
    begins = wall() - DAYS * 86_400
    emails = [f"buyer{number}@example.com" for number in range(max(1, orders // ORDERS_A_CUSTOMER))]
    connection = sqlite_file.connect(settings.sqlite_file)
    first_line = "SELECT unit_amount_cents FROM line_items WHERE order_id = ? LIMIT 1"
    price = int(connection.execute(first_line, (ORDER_ID,)).get)
    copies = [_copy(number, orders, begins, emails, price) for number in range(orders)]
    pending = [one["order"] for one in copies if one["status"] == "pending"]
    carts = pending[-len(pending) // 10 :]
    made_at = {one["order"]: one["made_at"] for one in copies}
    lines = [
        {"order": cart, "line": new_id(), "made_at": made_at[cart]}
        for cart in carts
        for _ in range(LINES_OF_A_CART - 1)
    ]
    skus = [
        {"sku": new_id(), "price": new_id(), "code": f"{SKU}-{number:03}", "made_at": instant(begins)}
        for number in range(SKUS)
    ]
    with connection:
        tenant = tenant_of(organization_id, False)
        for table, where, model, chosen, each in (
            ("orders", "id", ORDER_ID, ORDER, copies),
            ("line_items", "order_id", ORDER_ID, LINE, copies),
            ("line_items", "order_id", ORDER_ID, LINE_OF_A_CART, lines),
            ("versions", "resource_id", ORDER_ID, VERSION, copies),
            ("skus", "code", SKU, THING, skus),
            ("prices", "sku_code", SKU, PRICE, skus),
        ):
            rows = [{**one, "tenant": tenant, "model": model} for one in each]
            connection.executemany(_copying(connection, table, where, chosen), rows)
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()
    credentials = demo["applications"]["integration"]
    return Data(
        directory,
        organization_id,
        credentials["client_id"],
        credentials["client_secret"],
        pending,
        carts,
        ships,
        emails,
        instant(begins + DAYS * 86_400 * 0.9),
    )


async def _shipped(parts: Parts, demo: dict[str, Any], count: int) -> list[str]:
    organization = demo["organization"]
    tenant = tenant_of(organization["id"], False)
    actor = worker(tenant, organization["slug"], "bench", organization["id"])
    do, find = staging.Doing(parts, actor), staging.Finding(parts, actor)
    (market,) = await find("markets", "id", demo["market"]["id"])
    (method,) = await find("payment_methods", "id", demo["payment_method"]["id"])
    return await shipped(do, find, market, method, count)


def _copy(number: int, of: int, begins: float, emails: list[str], price: int) -> dict[str, Any]:
    """Order `number` of so many, spread evenly over the days; every fifth is placed. Its line costs `price` apiece."""
    quantity = 1 + number * 7919 % 89
    made_at = instant(begins + DAYS * 86_400 * number / of)
    placed = number % 5 == 4
    return {
        "order": new_id(),
        "line": new_id(),
        "version": new_id(),
        "sequence": FIRST_NUMBER + number,
        "number": str(FIRST_NUMBER + number),
        "token": secrets.token_hex(16),
        "email": emails[number * 7919 % len(emails)],
        "quantity": quantity,
        "cents": quantity * price,
        "status": "placed" if placed else "pending",
        "placed_at": made_at if placed else None,
        "made_at": made_at,
    }


def _copying(connection: Any, table: str, where: str, chosen: dict[str, str]) -> str:
    """A statement that copies a row of the demo's, with what is `chosen` in the place of its own values."""
    columns = [column for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = [f":{chosen[column]}" if column in chosen else column for column in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table} "
        f"WHERE tenant = :tenant AND {where} = :model LIMIT 1"
    )
