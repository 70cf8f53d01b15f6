"""What an order costs, for every order there could be."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paydesk.commerce.cart import PROMOTIONS, PURCHASABLE, Priced, line_total
from paydesk.commerce.limits import MOST_CENTS, MOST_PIECES
from paydesk.commerce.orders.refresh.totals import Totals, totals
from paydesk.commerce.taxes.amounts import Taxed, Taxing, rounded, taxed

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Other tests run beside these, so it is no matter how long one takes."""

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
    gift_card=st.booleans(),
    step=st.sampled_from([1, 10]),
)


def in_steps(lines: list[Priced], taxing: Taxing) -> list[Priced]:
    """Lines as they are kept in the currency: of amounts that can be paid."""
    by = taxing.step
    return [replace(one, total_cents=one.total_cents * by, discount_cents=one.discount_cents * by) for one in lines]


@unhurried
@given(orders, taxings, cents)
def test_what_is_charged_is_never_negative(lines: list[Priced], taxing: Taxing, balance: int) -> None:
    assert totals(lines, taxing, gift_card_balance_cents=balance).total_amount_with_taxes_cents >= 0


@unhurried
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


lines = st.builds(
    lambda kind, unit, quantity, options, each: Priced(
        kind, quantity, line_total(unit, quantity, sum(options)), pieces=quantity * (each if kind == "bundles" else 1)
    ),
    st.sampled_from(["skus", "bundles"]),
    cents,
    pieces,
    st.lists(cents, max_size=3),
    st.integers(1, 50),
)


@unhurried
@given(st.lists(lines, max_size=6), st.lists(adjustments, max_size=3), taxings)
def test_options_bundles_and_adjustments_sum_to_the_whole(
    goods: list[Priced], adjusted: list[Priced], taxing: Taxing
) -> None:
    made = totals([*goods, *adjusted], replace(taxing, included=True))
    assert made.subtotal_amount_cents == sum(line.total_cents for line in goods)
    assert made.adjustment_amount_cents == sum(line.total_cents for line in adjusted)
    assert made.total_amount_cents == made.subtotal_amount_cents + made.adjustment_amount_cents
    # However much is taken off, nothing is owed to the shopper.
    assert made.total_amount_with_taxes_cents == max(made.total_amount_cents, 0)
    assert made.skus_count == sum(line.pieces for line in goods)


@unhurried
@given(orders, taxings)
def test_discounts_take_no_more_than_what_they_are_on(lines: list[Priced], taxing: Taxing) -> None:
    made = totals(lines, taxing)
    assert -made.subtotal_amount_cents - made.shipping_amount_cents <= made.discount_amount_cents <= 0


@unhurried
@given(orders, taxings, cents)
def test_a_gift_card_pays_no_more_than_it_has_and_no_more_than_is_owed(
    lines: list[Priced], taxing: Taxing, balance: int
) -> None:
    bare, made = totals(lines, taxing), totals(lines, taxing, gift_card_balance_cents=balance)
    assert -balance <= made.gift_card_amount_cents <= 0
    assert made.total_amount_with_taxes_cents == bare.total_amount_with_taxes_cents + made.gift_card_amount_cents


@unhurried
@given(orders, taxings)
def test_what_is_paid_in_tens_is_taxed_in_tens(lines: list[Priced], taxing: Taxing) -> None:
    tens = [replace(one, total_cents=one.total_cents * 10, discount_cents=one.discount_cents * 10) for one in lines]
    made = totals(tens, replace(taxing, step=10))
    assert {name: cents % 10 for name, cents in made._asdict().items() if name.endswith("_cents") and cents % 10} == {}
    assert rounded(25, 2, 10) == 10
    assert (rounded(15, 1, 10), rounded(-15, 1, 10)) == (20, -20)


@unhurried
@given(st.lists(goods | costs, min_size=1, max_size=6), taxings)
def test_the_order_of_lines_is_no_matter(lines: list[Priced], taxing: Taxing) -> None:
    assert totals(lines, taxing) == totals(lines[::-1], taxing)


@unhurried
@given(orders)
def test_without_a_tax_calculator_nothing_is_taxed(lines: list[Priced]) -> None:
    made = totals(lines, Taxing())
    assert made.total_tax_amount_cents == 0
    assert made.subtotal_taxable_amount_cents == made.subtotal_amount_cents


@unhurried
@given(cents, st.fractions(0, 1, max_denominator=1000))
def test_an_included_tax_is_within_a_cent_of_the_tax_on_what_is_left(amount: int, rate: Fraction) -> None:
    tax, taxable = taxed(Priced("skus", 1, amount), Taxing(rate, included=True))
    assert tax + taxable == amount
    assert 0 <= tax <= amount
    assert abs((amount - tax) * rate - tax) <= 1


@unhurried
@given(orders, taxings)
def test_an_orders_taxes_are_those_of_its_lines(lines: list[Priced], taxing: Taxing) -> None:
    lines = in_steps(lines, taxing)
    made = totals(lines, taxing)
    each = [taxed(line, taxing) for line in lines]
    assert made.total_tax_amount_cents == sum(one.tax for one in each)
    parts: dict[str, tuple[int, int]] = {
        "goods": (made.subtotal_tax_amount_cents, made.subtotal_taxable_amount_cents),
        "shipping": (made.shipping_tax_amount_cents, made.shipping_taxable_amount_cents),
        "fees": (made.payment_method_tax_amount_cents, made.payment_method_taxable_amount_cents),
        "adjustments": (made.adjustment_tax_amount_cents, made.adjustment_taxable_amount_cents),
    }
    for part, sums in parts.items():
        own = [one for line, one in zip(lines, each, strict=True) if line.part == part]
        assert sums == (sum(one.tax for one in own), sum(one.taxable for one in own))
    assert made.total_taxable_amount_cents == sum(taxable for _, taxable in parts.values())
    assert {cents % taxing.step for name, cents in made._asdict().items() if name.endswith("_cents")} == {0}


@unhurried
@given(orders, taxings, st.data())
def test_taxes_are_the_same_in_any_order_of_lines(lines: list[Priced], taxing: Taxing, data: st.DataObject) -> None:
    mixed = data.draw(st.permutations(lines))
    assert totals(mixed, taxing) == totals(lines, taxing)


@unhurried
@given(orders, taxings)
def test_what_is_included_is_not_added_again(lines: list[Priced], taxing: Taxing) -> None:
    made, bare = totals(lines, replace(taxing, included=True)), totals(lines, Taxing())
    assert made.total_amount_with_taxes_cents == bare.total_amount_with_taxes_cents
    added = totals(lines, replace(taxing, included=False))
    assert added.total_amount_with_taxes_cents == max(added.total_amount_cents + added.total_tax_amount_cents, 0)
    assert added.total_taxable_amount_cents == bare.total_taxable_amount_cents


def kinds_of(made: Totals) -> tuple[int, int, int, int]:
    return (
        made.subtotal_tax_amount_cents,
        made.shipping_tax_amount_cents,
        made.payment_method_tax_amount_cents,
        made.adjustment_tax_amount_cents,
    )


def test_a_part_is_taxed_where_its_switch_is_on() -> None:
    kinds = ("skus", "gift_cards", "shipments", "payment_methods", "adjustments")
    lines = [Priced(kind, 1, 1000 * 2**at) for at, kind in enumerate(kinds)]
    plain = Taxing(Fraction(1, 10), included=False)
    assert kinds_of(totals(lines, plain)) == (100, 0, 0, 0)
    assert kinds_of(totals(lines, replace(plain, gift_card=True))) == (300, 0, 0, 0)
    assert kinds_of(totals(lines, replace(plain, freight=True))) == (100, 400, 0, 0)
    assert kinds_of(totals(lines, replace(plain, payment_method=True))) == (100, 0, 800, 0)
    assert kinds_of(totals(lines, replace(plain, adjustment=True))) == (100, 0, 0, 1600)
    # What is not taxed contains no tax, so all of it stands there as it is.
    made = totals(lines, replace(plain, included=True))
    assert kinds_of(made) == (91, 0, 0, 0)
    assert (made.subtotal_taxable_amount_cents, made.shipping_taxable_amount_cents) == (909 + 2000, 4000)


def test_a_line_is_taxed_on_what_the_discounts_leave() -> None:
    line = Priced("skus", 2, 12200, -2440)
    assert taxed(line, Taxing(Fraction(22, 100), included=True)) == Taxed(1760, 10000)
    assert taxed(line, Taxing(Fraction(22, 100), included=False)) == Taxed(2147, 12200)
    assert taxed(Priced("percentage_discount_promotions", 1, -2440), Taxing(Fraction(22, 100))) == Taxed(0, -2440)


@unhurried
@given(cents, pieces, st.integers(0, MOST_CENTS))
def test_a_line_fits_into_64_bits_five_hundred_times(unit: int, quantity: int, options: int) -> None:
    assert line_total(unit, quantity, options) * 500 < 2**63


def test_halves_are_rounded_up() -> None:
    assert [rounded(half, 2) for half in (1, 3, -1, -3)] == [1, 2, -1, -2]


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
