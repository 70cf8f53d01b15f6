"""What an order costs, for every order there could be."""

from dataclasses import asdict, replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from paydesk.commerce.cart import PROMOTIONS, PURCHASABLE, Priced, line_total
from paydesk.commerce.limits import MOST_CENTS, MOST_PIECES
from paydesk.commerce.orders.refresh.totals import (
    Taxing,
    rounded,
    tax_of,
    totals,
)

cents = st.integers(0, MOST_CENTS)
pieces = st.integers(1, MOST_PIECES)
goods = st.builds(
    lambda kind, unit, quantity, share: Priced(kind, quantity, unit * quantity, -(unit * quantity * share // 100)),
    st.sampled_from(sorted(PURCHASABLE)),
    cents,
    pieces,
    st.integers(0, 100),
)
costs = st.builds(Priced, st.sampled_from(["shipments", "payment_methods"]), st.just(1), cents)
discounts = st.builds(Priced, st.sampled_from(sorted(PROMOTIONS)), st.just(1), cents.map(lambda amount: -amount))
adjustments = st.builds(Priced, st.just("adjustments"), st.just(1), st.integers(-MOST_CENTS, MOST_CENTS))
orders = st.lists(goods | costs | discounts | adjustments, max_size=12)
taxings = st.builds(
    Taxing,
    rate=st.none() | st.fractions(0, 1, max_denominator=1000),
    included=st.booleans(),
    freight=st.booleans(),
    payment_method=st.booleans(),
    adjustment=st.booleans(),
)


@given(orders, taxings, cents)
def test_what_is_charged_is_never_negative(lines: list[Priced], taxing: Taxing, balance: int) -> None:
    assert totals(lines, taxing, gift_card_balance_cents=balance).total_amount_with_taxes_cents >= 0


@given(orders, taxings, cents)
def test_the_parts_add_up_to_the_total(lines: list[Priced], taxing: Taxing, balance: int) -> None:
    made = totals(lines, taxing, gift_card_balance_cents=balance)
    parts = (
        made.subtotal_amount_cents
        + made.shipping_amount_cents
        + made.payment_method_amount_cents
        + made.discount_amount_cents
        + made.adjustment_amount_cents
    )
    added = 0 if taxing.included else made.total_tax_amount_cents
    assert made.total_amount_cents == parts
    assert made.total_amount_with_taxes_cents == max(parts + added + made.gift_card_amount_cents, 0)
    assert made.total_tax_amount_cents == (
        made.subtotal_tax_amount_cents
        + made.shipping_tax_amount_cents
        + made.payment_method_tax_amount_cents
        + made.adjustment_tax_amount_cents
    )


@given(orders, taxings)
def test_discounts_take_no_more_than_what_they_are_on(lines: list[Priced], taxing: Taxing) -> None:
    made = totals(lines, taxing)
    assert -made.subtotal_amount_cents - made.shipping_amount_cents <= made.discount_amount_cents <= 0


@given(orders, taxings, cents)
def test_a_gift_card_pays_no_more_than_it_has_and_no_more_than_is_owed(
    lines: list[Priced], taxing: Taxing, balance: int
) -> None:
    bare, made = totals(lines, taxing), totals(lines, taxing, gift_card_balance_cents=balance)
    assert -balance <= made.gift_card_amount_cents <= 0
    assert made.total_amount_with_taxes_cents == bare.total_amount_with_taxes_cents + made.gift_card_amount_cents


@given(orders, taxings)
def test_what_is_paid_in_tens_is_taxed_in_tens(lines: list[Priced], taxing: Taxing) -> None:
    tens = [replace(one, total_cents=one.total_cents * 10, discount_cents=one.discount_cents * 10) for one in lines]
    made = totals(tens, replace(taxing, step=10))
    assert {name: cents % 10 for name, cents in asdict(made).items() if name.endswith("_cents") and cents % 10} == {}
    assert rounded(Fraction(25, 2), 10) == 10
    assert (rounded(Fraction(15), 10), rounded(Fraction(-15), 10)) == (20, -20)


@given(st.lists(goods | costs, min_size=1, max_size=6), taxings)
def test_the_order_of_lines_is_no_matter(lines: list[Priced], taxing: Taxing) -> None:
    assert totals(lines, taxing) == totals(lines[::-1], taxing)


@given(orders)
def test_without_a_tax_calculator_nothing_is_taxed(lines: list[Priced]) -> None:
    made = totals(lines, Taxing())
    assert made.total_tax_amount_cents == 0
    assert made.subtotal_taxable_amount_cents == made.subtotal_amount_cents


@given(cents, st.fractions(0, 1, max_denominator=1000))
def test_an_included_tax_is_within_a_cent_of_the_tax_on_what_is_left(amount: int, rate: Fraction) -> None:
    tax = tax_of(amount, 0, Taxing(rate, included=True))
    assert 0 <= tax <= amount
    assert abs((amount - tax) * rate - tax) <= 1


@given(cents, pieces, st.integers(0, MOST_CENTS))
def test_a_line_fits_into_64_bits_five_hundred_times(unit: int, quantity: int, options: int) -> None:
    assert line_total(unit, quantity, options) * 500 < 2**63


def test_halves_are_rounded_up() -> None:
    assert [rounded(Fraction(half, 2)) for half in (1, 3, -1, -3)] == [1, 2, -1, -2]


def test_the_published_orders_add_up() -> None:
    """Commerce Layer's own fixtures: an order of 254.00 with a gift card of 100.00, and one with ten per cent off."""
    lines = [Priced("skus", 2, 24400), Priced("payment_methods", 1, 1000)]
    made = totals(lines, Taxing(), gift_card_balance_cents=10000)
    assert (made.total_amount_cents, made.gift_card_amount_cents) == (25400, -10000)
    assert made.total_amount_with_taxes_cents == 15400
    lines = [Priced("skus", 1, 84300), Priced("payment_methods", 1, 1000), Priced("flex_promotions", 1, -8430)]
    made = totals(lines, Taxing(), gift_card_balance_cents=5000)
    assert made.total_amount_with_taxes_cents == 71870


def test_taxes_are_added_line_by_line_where_prices_do_not_contain_them() -> None:
    lines = [Priced("skus", 1, 1005), Priced("skus", 1, 1005), Priced("shipments", 1, 500)]
    made = totals(lines, Taxing(Fraction(22, 100), included=False))
    assert (made.subtotal_tax_amount_cents, made.shipping_tax_amount_cents) == (442, 0)
    assert made.total_amount_with_taxes_cents == 2510 + 442
    taxed = totals(lines, Taxing(Fraction(22, 100), included=False, freight=True))
    assert taxed.shipping_tax_amount_cents == 110
