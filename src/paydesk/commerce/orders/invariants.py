"""The invariants of every placed order, checked by its lines and its transactions alone.

Pure: it reads records, changes nothing and raises nothing, so that rows of any age can be checked. `paydesk reconcile`
prints the violations, and `attention` counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from paydesk.base.currencies import CURRENCIES
from paydesk.base.money import formatted
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.refresh.totals import totals_of
from paydesk.commerce.payments.transactions import Transaction
from paydesk.commerce.taxes.amounts import taxed, taxing_of

Rule = Literal["line", "amount", "currency", "balance"]
"""
line       a line costs unit × quantity and its options, and is taxed by the order's rate
amount     every amount of the order follows from its lines, and it costs no more than when it was placed
currency   lines and transactions are of the order's currency
balance    no more is captured than was authorized, and no more given back than was captured
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that is not as it has to be.

    rule     which kind
    what     where, in a few words: "total amount with taxes", "line ABCdefGHIj", "captured of 1/T/001"
    stored   what stands in the books
    right    what would be right
    """

    rule: Rule
    what: str
    stored: str
    right: str


def broken(order: Order, lines: Sequence[Any], transactions: Iterable[Transaction]) -> list[Broken]:
    """The violations of an order; [] if it was never placed, or is as it has to be.

    lines          its line items
    transactions   all of its transactions, failed ones included
    """
    if order.placed_at is None:
        return []
    booked = list(transactions)
    return [
        *_of_lines(order, lines),
        *_of_amounts(order, lines),
        *_of_currency(order, lines, booked),
        *_of_sums(booked),
    ]


def broken_sums(order: Order, transactions: Iterable[Transaction]) -> list[Broken]:
    """The violations that the transactions alone show, where the lines are not in hand."""
    booked = list(transactions)
    return [*_of_currency(order, (), booked), *_of_sums(booked)] if order.placed_at is not None else []


def _of_lines(order: Order, lines: Sequence[Any]) -> Iterator[Broken]:
    taxing = taxing_of(order)
    for line in lines:
        right = line.priced().total_cents
        if line.total_amount_cents != right:
            currency = line.currency_code
            yield Broken("line", f"line {line.id}", _told(line.total_amount_cents, currency), _told(right, currency))
        tax = taxed(line.priced(), taxing).tax
        if (line.tax_amount_cents or 0) != tax:
            stored = _told(line.tax_amount_cents, line.currency_code)
            yield Broken("line", f"tax on line {line.id}", stored, _told(tax, line.currency_code))


def _of_amounts(order: Order, lines: Sequence[Any]) -> Iterator[Broken]:
    currency = order.currency_code
    for name, right in totals_of(order, lines)._asdict().items():
        stored = getattr(order, name)
        if stored != right and name.endswith("_cents"):
            yield Broken("amount", _words(name), _told(stored, currency), _told(right, currency))
        elif stored != right:
            yield Broken("amount", _words(name), str(stored), str(right))
    total, placed = order.total_amount_with_taxes_cents, order.place_total_amount_cents
    if order.status in ("placed", "approved") and placed is not None and total > placed:
        right = f"at most {_told(placed, currency)}"
        yield Broken("amount", "total amount above the one that was placed", _told(total, currency), right)


def _of_currency(order: Order, lines: Sequence[Any], booked: Sequence[Transaction]) -> Iterator[Broken]:
    for line in lines:
        if line.currency_code != order.currency_code:
            yield Broken("currency", f"line {line.id}", str(line.currency_code), str(order.currency_code))
    for one in booked:
        if one.counts and one.currency_code != order.currency_code:
            told = _told(one.amount_cents, one.currency_code)
            yield Broken("currency", f"{one.shape.singular} {one.number}", told, f"an amount in {order.currency_code}")


def _of_sums(booked: Sequence[Transaction]) -> Iterator[Broken]:
    came = [one for one in booked if one.succeeded]
    for kind, by, said in (
        ("authorizations", "reference_authorization_id", "captured of"),
        ("captures", "reference_capture_id", "refunded of"),
    ):
        below = "captures" if kind == "authorizations" else "refunds"
        for one in (each for each in booked if each.one_of(kind)):
            taken = sum(each.amount_cents for each in came if each.one_of(below) and getattr(each, by) == one.id)
            most = one.amount_cents if one.succeeded else 0
            if taken > most:
                currency = one.currency_code
                yield Broken(
                    "balance", f"{said} {one.number}", _told(taken, currency), f"at most {_told(most, currency)}"
                )


def _words(column: str) -> str:
    return column.removesuffix("_cents").replace("_", " ")


def _told(cents: int | None, currency: str | None) -> str:
    """An amount as people write it; of an old row that says none, or no currency that we know, what stands there."""
    return formatted(cents, currency) if cents is not None and currency in CURRENCIES else f"{cents} {currency}"
