"""What an order costs: pure functions from line items to amounts of their order.

All amounts are integers of minor units. Source: Commerce Layer, "Orders" and "Line items", the amount attributes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from paydesk.base.currencies import step
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work

PURCHASABLE = ("skus", "bundles", "gift_cards")
"""Items that are goods: they make the subtotal, and an order with one of them can become pending."""

PROMOTIONS = (
    "discount_engine_items",
    "percentage_discount_promotions",
    "free_shipping_promotions",
    "buy_x_pay_y_promotions",
    "free_gift_promotions",
    "fixed_price_promotions",
    "external_promotions",
    "fixed_amount_promotions",
    "flex_promotions",
)


@dataclass(frozen=True, slots=True)
class Priced:
    """What of a line item counts in its order. `discount_cents` is its share of the discounts, zero or less."""

    item_type: str | None
    quantity: int
    total_cents: int
    discount_cents: int = 0


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


def totals_of(order: Order, lines: Iterable[Any]) -> Totals:
    """The amounts of an order that holds these line items: each line counts with what it costs by itself."""
    priced = [
        Priced(
            line.item_type,
            line.quantity,
            line_total(line.unit_amount_cents or 0, line.quantity, line.options_amount_cents or 0),
            line.discount_cents or 0,
        )
        for line in lines
    ]
    taxing = Taxing(
        included=bool(order.tax_included),
        freight=order.freight_taxable,
        payment_method=order.payment_method_taxable,
        adjustment=order.adjustment_taxable,
        step=step(order.currency_code),
    )
    return totals(priced, taxing, duty_cents=order.duty_amount_cents)


def add_up(order: Order, work: Work) -> Rule:
    """Write what the order costs now, and in which currency there is anything to pay."""
    amounts = totals_of(order, order.line_items)
    payable = amounts.total_amount_with_taxes_cents > 0
    work.change(order, **asdict(amounts), payable_in=order.currency_code if payable else None)
    yield from ()


def line_total(unit_cents: int, quantity: int, options_cents: int) -> int:
    return unit_cents * quantity + options_cents


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
    goods: list[Priced] = []
    shipping: list[Priced] = []
    fees: list[Priced] = []
    adjustments: list[Priced] = []
    discounts = free_shipping = 0
    for line in lines:
        if line.item_type in PURCHASABLE:
            goods.append(line)
        elif line.item_type == "shipments":
            shipping.append(line)
        elif line.item_type == "payment_methods":
            fees.append(line)
        elif line.item_type == "free_shipping_promotions":
            free_shipping += line.total_cents
        elif line.item_type in PROMOTIONS:
            discounts += line.total_cents
        else:
            adjustments.append(line)

    subtotal, shipping_amount, fee, adjustment = _sum(goods), _sum(shipping), _sum(fees), _sum(adjustments)
    discount = max(discounts, -max(subtotal, 0)) + max(free_shipping, -max(shipping_amount, 0))
    total = subtotal + shipping_amount + fee + discount + adjustment

    taxes = [
        _taxes(goods, taxing, True),
        _taxes(shipping, taxing, taxing.freight),
        _taxes(fees, taxing, taxing.payment_method),
        _taxes(adjustments, taxing, taxing.adjustment),
    ]
    taxables = [_taxables(part, taxing) for part in (goods, shipping, fees, adjustments)]
    tax = sum(taxes)
    owed = total + (0 if taxing.included else tax) + (duty_cents or 0)
    gift_card = min(gift_card_balance_cents, max(owed, 0))
    return Totals(
        subtotal_amount_cents=subtotal,
        shipping_amount_cents=shipping_amount,
        payment_method_amount_cents=fee,
        discount_amount_cents=discount,
        adjustment_amount_cents=adjustment,
        gift_card_amount_cents=-gift_card,
        total_amount_cents=total,
        subtotal_tax_amount_cents=taxes[0],
        shipping_tax_amount_cents=taxes[1],
        payment_method_tax_amount_cents=taxes[2],
        adjustment_tax_amount_cents=taxes[3],
        total_tax_amount_cents=tax,
        subtotal_taxable_amount_cents=taxables[0],
        shipping_taxable_amount_cents=taxables[1],
        payment_method_taxable_amount_cents=taxables[2],
        adjustment_taxable_amount_cents=taxables[3],
        total_taxable_amount_cents=sum(taxables),
        total_amount_with_taxes_cents=max(owed - gift_card, 0),
        skus_count=sum(line.quantity for line in goods if line.item_type == "skus"),
    )


def _sum(lines: list[Priced]) -> int:
    return sum(line.total_cents for line in lines)


def _taxes(lines: list[Priced], taxing: Taxing, taxed: bool) -> int:
    return sum(tax_of(line.total_cents, line.discount_cents, taxing) for line in lines) if taxed else 0


def _taxables(lines: list[Priced], taxing: Taxing) -> int:
    return sum(taxable_of(line.total_cents, taxing) for line in lines)
