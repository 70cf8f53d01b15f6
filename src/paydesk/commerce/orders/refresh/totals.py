"""What an order costs: pure functions from line items to amounts of their order.

All amounts are integers of minor units. Source: Commerce Layer, "Orders" and "Line items", the amount attributes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from paydesk.commerce.cart import Line, Part, Priced
from paydesk.commerce.orders.order import Order
from paydesk.commerce.taxes.amounts import Taxing, taxed, taxing_of
from paydesk.declare import Rule
from paydesk.rules.work import Work


class Totals(NamedTuple):
    """The amounts of an order, named as its columns are."""

    subtotal_amount_cents: int
    shipping_amount_cents: int
    payment_method_amount_cents: int
    discount_amount_cents: int
    adjustment_amount_cents: int
    gift_card_amount_cents: int
    total_amount_cents: int
    subtotal_tax_amount_cents: int
    shipping_tax_amount_cents: int
    payment_method_tax_amount_cents: int
    adjustment_tax_amount_cents: int
    total_tax_amount_cents: int
    subtotal_taxable_amount_cents: int
    shipping_taxable_amount_cents: int
    payment_method_taxable_amount_cents: int
    adjustment_taxable_amount_cents: int
    total_taxable_amount_cents: int
    total_amount_with_taxes_cents: int
    skus_count: int


def totals_of(order: Order, lines: Iterable[Line]) -> Totals:
    """The amounts of an order that holds these line items: each line counts with what it costs by itself."""
    return totals((line.priced() for line in lines), taxing_of(order), duty_cents=order.duty_amount_cents)


def add_up(order: Order, work: Work) -> Rule:
    """Write what the order costs now, and in which currency there is anything to pay."""
    amounts = totals_of(order, order.line_items)
    payable = amounts.total_amount_with_taxes_cents > 0
    work.change(order, **amounts._asdict(), payable_in=order.currency_code if payable else None)
    yield from ()


def totals(
    lines: Iterable[Priced], taxing: Taxing, *, duty_cents: int | None = None, gift_card_balance_cents: int = 0
) -> Totals:
    """Add up an order.

    Discounts take no more than the goods cost, free shipping no more than shipping costs, and a gift card no more
    than is left to pay, so nothing is ever owed to the shopper by paying.
    """
    own: dict[Part, list[Priced]] = defaultdict(list)
    for line in lines:
        own[line.part].append(line)
    goods = _part(own["goods"], taxing)
    shipping = _part(own["shipping"], taxing)
    fees = _part(own["fees"], taxing)
    adjustments = _part(own["adjustments"], taxing)
    parts = (goods, shipping, fees, adjustments)
    # Neither takes more than there is: discounts not more than the goods cost, free shipping not more than shipping.
    discount = max(_sum(own["discounts"]), -max(goods.amount, 0))
    discount += max(_sum(own["free shipping"]), -max(shipping.amount, 0))
    total = sum(part.amount for part in parts) + discount
    tax = sum(part.tax for part in parts)
    owed = total + (0 if taxing.included else tax) + (duty_cents or 0)
    gift_card = min(gift_card_balance_cents, max(owed, 0))
    return Totals(
        subtotal_amount_cents=goods.amount,
        shipping_amount_cents=shipping.amount,
        payment_method_amount_cents=fees.amount,
        discount_amount_cents=discount,
        adjustment_amount_cents=adjustments.amount,
        gift_card_amount_cents=-gift_card,
        total_amount_cents=total,
        subtotal_tax_amount_cents=goods.tax,
        shipping_tax_amount_cents=shipping.tax,
        payment_method_tax_amount_cents=fees.tax,
        adjustment_tax_amount_cents=adjustments.tax,
        total_tax_amount_cents=tax,
        subtotal_taxable_amount_cents=goods.taxable,
        shipping_taxable_amount_cents=shipping.taxable,
        payment_method_taxable_amount_cents=fees.taxable,
        adjustment_taxable_amount_cents=adjustments.taxable,
        total_taxable_amount_cents=sum(part.taxable for part in parts),
        total_amount_with_taxes_cents=max(owed - gift_card, 0),
        skus_count=sum(line.pieces for line in own["goods"] if line.item_type in ("skus", "bundles")),
    )


class _Part(NamedTuple):
    """One of the parts that an order's total is made of: goods, shipping, fees or adjustments."""

    amount: int
    tax: int
    taxable: int


def _part(lines: list[Priced], taxing: Taxing) -> _Part:
    tax = taxable = 0
    for line in lines:
        of_line, from_line = taxed(line, taxing)
        tax += of_line
        taxable += from_line
    return _Part(_sum(lines), tax, taxable)


def _sum(lines: list[Priced]) -> int:
    return sum(line.total_cents for line in lines)
