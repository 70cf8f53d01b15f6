"""What taxes come to: pure functions from a line's price to its tax.

All amounts are integers of minor units. Source: Commerce Layer, "Orders" and "Line items", the tax attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from paydesk.base.currencies import step
from paydesk.commerce.cart import Cart, Part, Priced

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Taxing:
    """How an order is taxed.

    rate       None where no tax calculator works for the market: then nothing is taxed
    included   prices contain taxes already
    step       the smallest difference between two amounts that can be paid; taxes are rounded to it, line by line
    ...        shipping, payment method, adjustments and bought gift cards are taxed where their switch is on
    """

    rate: Fraction | None = None
    included: bool = True
    freight: bool = False
    payment_method: bool = False
    adjustment: bool = False
    gift_card: bool = False
    step: int = 1

    def rate_of(self, line: Priced) -> Fraction | None:
        """The rate of one line: zero where its switch is off, None for discounts, which are taken from other lines."""
        if self.rate is None:
            return None
        part: Part = line.part
        if part == "goods":
            is_taxed = self.gift_card or line.item_type != "gift_cards"
        elif part == "shipping":
            is_taxed = self.freight
        elif part == "fees":
            is_taxed = self.payment_method
        elif part == "adjustments":
            is_taxed = self.adjustment
        else:
            return None
        return self.rate if is_taxed else _NOTHING


class Taxed(NamedTuple):
    """The tax on a line, and what of its price is taxed, discounts left out."""

    tax: int
    taxable: int


def taxing_of(cart: Cart) -> Taxing:
    """How an order is taxed, by what its last refresh has kept with it."""
    rate = cart.tax_rate
    return Taxing(
        rate=None if rate is None else _exact(rate),
        included=bool(cart.tax_included),
        freight=cart.freight_taxable,
        payment_method=cart.payment_method_taxable,
        adjustment=cart.adjustment_taxable,
        gift_card=cart.gift_card_taxable,
        step=step(cart.currency_code),
    )


@lru_cache(maxsize=1024)
def _exact(rate: float) -> Fraction:
    """A rate as people write it: 0.22 is 22 hundredths, and not the nearest number of 53 bits."""
    return Fraction(repr(rate))


def taxed(line: Priced, taxing: Taxing) -> Taxed:
    """What one line is taxed."""
    return taxed_at(line, taxing.rate_of(line), taxing)


def taxed_at(line: Priced, rate: Fraction | None, taxing: Taxing) -> Taxed:
    """The same where its rate, `taxing.rate_of(line)`, is in hand."""
    total, discount = line.total_cents, line.discount_cents
    part, whole = (0, 1) if rate is None else (rate.numerator, rate.denominator)
    if not part:
        return Taxed(0, total)
    if taxing.included:
        net = rounded((total + discount) * whole, whole + part, taxing.step)
        taxable = rounded(total * whole, whole + part, taxing.step) if discount else net
        return Taxed(total + discount - net, taxable)
    return Taxed(rounded((total + discount) * part, whole, taxing.step), total)


def rounded(numerator: int, denominator: int, step: int = 1) -> int:
    """A quotient to the nearest minor unit, or the nearest `step` of them, halves away from zero.

    Of integers alone: an order's lines are taxed at each write, and arithmetic of fractions took half of its time.
    """
    unit = denominator * step
    whole = (2 * abs(numerator) + unit) // (2 * unit) * step
    return whole if numerator >= 0 else -whole
