"""What an order costs: pure functions from line items to amounts of their order.

All amounts are integers of minor units. Source: Commerce Layer, "Orders" and "Line items", the amount attributes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import NamedTuple

from paydesk.base.currencies import step
from paydesk.commerce.cart import Line, Part, Priced
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


@dataclass(frozen=True, slots=True)
class Taxing:
    """How an order is taxed.

    rate       None where no tax calculator works for the market: then nothing is taxed
    included   prices contain taxes already
    step       the smallest difference between two amounts that can be paid; taxes are rounded to it, line by line
    ...        shipping, payment method and adjustments are taxed where their switch is on
    """

    rate: Fraction | None = None
    included: bool = True
    freight: bool = False
    payment_method: bool = False
    adjustment: bool = False
    step: int = 1


@dataclass(frozen=True, slots=True)
class Totals:
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
    taxing = Taxing(
        included=bool(order.tax_included),
        freight=order.freight_taxable,
        payment_method=order.payment_method_taxable,
        adjustment=order.adjustment_taxable,
        step=step(order.currency_code),
    )
    return totals((line.priced() for line in lines), taxing, duty_cents=order.duty_amount_cents)


def add_up(order: Order, work: Work) -> Rule:
    """Write what the order costs now, and in which currency there is anything to pay."""
    amounts = totals_of(order, order.line_items)
    payable = amounts.total_amount_with_taxes_cents > 0
    work.change(order, **asdict(amounts), payable_in=order.currency_code if payable else None)
    yield from ()


def rounded(amount: Fraction, step: int = 1) -> int:
    """To the nearest minor unit, or the nearest `step` of them, halves away from zero."""
    whole = int(abs(amount) / step + Fraction(1, 2)) * step
    return whole if amount >= 0 else -whole


def tax_of(cents: int, discount_cents: int, taxing: Taxing) -> int:
    """The tax on an amount less its share of the discounts."""
    if taxing.rate is None:
        return 0
    base = cents + discount_cents
    if taxing.included:
        return base - rounded(base / (1 + taxing.rate), taxing.step)
    return rounded(base * taxing.rate, taxing.step)


def taxable_of(cents: int, taxing: Taxing) -> int:
    """What of an amount is taxed; discounts are left out of it."""
    if taxing.rate is None or not taxing.included:
        return cents
    return rounded(cents / (1 + taxing.rate), taxing.step)


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
    goods = _part(own["goods"], taxing, is_taxed=True)
    shipping = _part(own["shipping"], taxing, is_taxed=taxing.freight)
    fees = _part(own["fees"], taxing, is_taxed=taxing.payment_method)
    adjustments = _part(own["adjustments"], taxing, is_taxed=taxing.adjustment)
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
        skus_count=sum(line.quantity for line in own["goods"] if line.item_type == "skus"),
    )


class _Part(NamedTuple):
    """One of the parts that an order's total is made of: goods, shipping, fees or adjustments."""

    amount: int
    tax: int
    taxable: int


def _part(lines: list[Priced], taxing: Taxing, *, is_taxed: bool) -> _Part:
    amount = _sum(lines)
    if taxing.rate is None:
        return _Part(amount, 0, amount)
    return _Part(
        amount,
        sum(tax_of(line.total_cents, line.discount_cents, taxing) for line in lines) if is_taxed else 0,
        sum(taxable_of(line.total_cents, taxing) for line in lines),
    )


def _sum(lines: list[Priced]) -> int:
    return sum(line.total_cents for line in lines)
