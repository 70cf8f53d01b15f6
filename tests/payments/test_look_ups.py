"""What operators look for is found by an index, however much is stored."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from paydesk import commerce
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.disputes import UNANSWERED, Dispute
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.commerce.payments.transactions import AnyTransaction
from paydesk.commerce.payments.wire_transfers import WireTransfer
from paydesk.operations.told.browsing import TYPES
from paydesk.store.records import tables
from paydesk.store.sql.statements import statements_of
from paydesk.store.upkeep import contested, found, lookup
from paydesk.store.upkeep.listed import Standing, Wanted, listed

AT = "2026-11-30T00:00:00.000Z"
TENANTS = ["acme/test", "acme/live"]
PERIOD = Wanted(tuple(TENANTS), AT, AT)


def look_ups() -> Iterator[tuple[str, Any]]:
    """Each with the index that finds its rows."""
    by = found.by_column
    yield "uq_orders_number", by(Order, "number", "id", TENANTS, "1", 9)
    yield "sqlite_autoindex_orders_1", by(Order, "id", "id", TENANTS, "1", 9)
    yield "ix_orders_customer_email", by(Order, "customer_email", "id", TENANTS, "1", 9)
    yield "ix_stripe_payments_stripe_id", by(StripePayment, "stripe_id", "order_id", TENANTS, "1", 9)
    yield "ix_stripe_payments_charge_id", by(StripePayment, "charge_id", "order_id", TENANTS, "1", 9)
    digits = by(StripePayment, "card_last_digits", "order_id", TENANTS, "1", 9, many=True)
    yield "ix_stripe_payments_card_last_digits_created_at", digits
    yield "uq_customers_email_key", found.by_customer(Order, Customer, TENANTS, "a@b.c", 9)
    intended = ("intended_cents", "intended_currency")
    yield (
        "ix_stripe_payments_intended_cents_created_at",
        found.by_amount(StripePayment, intended, TENANTS, 9, ["EUR"], 9),
    )
    moved = ("amount_cents", "currency_code")
    yield "ix_transactions_amount_cents_created_at", found.by_amount(AnyTransaction, moved, TENANTS, 9, ["EUR"], 9)
    yield "uq_transactions_type_object_key", found.by_object(AnyTransaction, "refunds", TENANTS, "re_1", 9)
    yield "ix_disputes_dispute_id", found.by_dispute(Dispute, StripePayment, TENANTS, "du_1", 9)
    yield "sqlite_autoindex_lost_payments_1", found.lost_named(TENANTS, "pi_1")
    waiting = contested.unanswered(Dispute, StripePayment, Order, UNANSWERED, TENANTS, 9)
    yield "ix_disputes_contested", waiting
    yield "uq_gateway_calls_open", lookup.open_calls_about("acme/test", ["1"])
    for wanted in (
        PERIOD,
        replace(PERIOD, after=(AT, "1")),
        replace(PERIOD, markets=("1",), methods=("1",), kind="card"),
        replace(PERIOD, standing=Standing(("placed",), ("paid",), ("succeeded",), attention=True, giving=True)),
    ):
        yield "ix_stripe_payments_created_at_id", listed(StripePayment, TYPES, wanted, 9)
        if wanted.kind is None:
            yield "ix_wire_transfers_created_at_id", listed(WireTransfer, TYPES, wanted, 9)
    wanted = replace(PERIOD, digits="4242")
    yield "ix_stripe_payments_card_last_digits_created_at", listed(StripePayment, TYPES, wanted, 9)
    wanted = replace(PERIOD, amounts=((15400, ("EUR",)),))
    yield "ix_stripe_payments_intended_cents_created_at", listed(StripePayment, TYPES, wanted, 9)


def test_every_look_up_is_by_an_index(sqlite_url: str) -> None:
    tables.build(commerce.registry())
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.create_function("json_contains", 2, lambda *_: True)
        for index, question in look_ups():
            ask = next(question)
            statement = statements_of("sqlite").get(("explained", *ask.key), ask.build)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.named(ask.values)).fetchall()
            steps = [str(step[3]) for step in plan]
            assert any(f"INDEX {index} (" in step for step in steps), (index, steps)
            assert [one for one in steps if one.startswith("SCAN") and "json_each" not in one] == [], (index, steps)
