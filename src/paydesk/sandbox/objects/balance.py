"""Balance transactions: one for each movement of money, and the balance that is their sum.

Fees are 2.9 % and 30 minor units of a captured card payment, which is one of Stripe's published prices; they are not
returned with a refund. A dispute costs 15 units, also one that is won. Every account settles in the currency of the
payment. Source: Stripe, "Balance transaction types", "Dispute fees".
"""

from typing import Any

import orjson

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.currencies import THREE_DECIMAL, ZERO_DECIMAL
from paydesk.sandbox.core.lists import page

AVAILABLE_AFTER = 7 * 86400

PERCENT, FIXED = 29, 30
"""Fee in thousandths of the amount, and minor units on top."""

DISPUTE_FEE = 15
"""In whole units."""


def fee_of(amount: int) -> int:
    """What a captured amount costs."""
    return min(amount, (amount * PERCENT + 500) // 1000 + FIXED)


def dispute_fee(currency: str) -> int:
    return DISPUTE_FEE * (1 if currency in ZERO_DECIMAL else 1000 if currency in THREE_DECIMAL else 100)


def post(
    call: Call,
    kind: str,
    source: Record,
    amount: int,
    *,
    fee: int = 0,
    fee_for: str = "Stripe processing fees",
    category: str | None = None,
    description: str | None = None,
) -> str:
    """Book `amount` (negative: out of the balance) and its fee for a source; the id of the balance transaction."""
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": source.body["currency"],
            "description": fee_for,
            "type": "stripe_fee",
        }
    ]
    record = call.add(
        "balance_transaction",
        "txn",
        {
            "object": "balance_transaction",
            "amount": amount,
            "available_on": call.now + AVAILABLE_AFTER,
            "balance_type": "payments",
            "created": call.now,
            "currency": source.body["currency"],
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source.id,
            "status": "pending",
            "type": kind,
        },
    )
    return record.id


def listing(call: Call) -> bytes:
    """GET /v1/balance_transactions"""
    fields: dict[str, Any] = {name: call.params[name] for name in ("type", "source", "currency") if name in call.params}
    return page(call, "balance_transaction", "/v1/balance_transactions", fields=fields)


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/balance_transactions/:id"""
    return call.get("balance_transaction", identifier)


def balance(call: Call) -> bytes:
    """GET /v1/balance: the sums for each currency; money is pending for its first seven days."""
    sums: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    rows = call.state.rows(
        "select json_extract(body, '$.currency') as currency, json_extract(body, '$.available_on') <= ? as available, "
        "sum(json_extract(body, '$.net')) from objects where account = ? and kind = 'balance_transaction' "
        "group by currency, available order by currency",
        (call.now, call.account.n),
    )
    for currency, available, net in rows:
        sums[bool(available)].append({"amount": net, "currency": currency, "source_types": {"card": net}})
    return orjson.dumps({"object": "balance", "available": sums[True], "livemode": False, "pending": sums[False]})
