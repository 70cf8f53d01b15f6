"""Money: exact sums, and amounts as each currency writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydesk.base.currencies import CURRENCIES, TENS, UnknownCurrency, exponent, step, to_step
from paydesk.base.money import CurrencyMismatch, Money, as_float, formatted

currencies = st.sampled_from(sorted(CURRENCIES))
cents = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        (123456, "EUR", "€1.234,56"),
        (123456, "USD", "$1,234.56"),
        (123456, "GBP", "£1,234.56"),
        (-5000, "EUR", "-€50,00"),
        (-5, "EUR", "-€0,05"),
        (0, "EUR", "€0,00"),
        (100, "USD", "$1.00"),
        (99, "USD", "$0.99"),
        (123456789012, "EUR", "€1.234.567.890,12"),
        (1234567, "JPY", "¥1,234,567"),
        (-1, "JPY", "-¥1"),
        (1234567, "KWD", "KWD 1,234.567"),
        (5, "KWD", "KWD 0.005"),
        (123456, "CHF", "CHF 1,234.56"),
        (123456, "PLN", "PLN 1.234,56"),
        (123456, "BRL", "R$1.234,56"),
        (12345, "CLP", "$12.345"),
        (1234, "ISK", "ISK 1.234"),
        (123456, "CLF", "UF12,3456"),
        (123456, "INR", "₹1,234.56"),
    ],
)
def test_an_amount_is_written_as_its_currency_writes_it(amount, currency, written):
    assert formatted(amount, currency) == written
    assert str(Money(amount, currency)) == written


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("ISK", 0),
        ("UGX", 0),
        ("HUF", 2),
        ("MGA", 0),
    ],
)
def test_exponents_are_those_of_iso_4217_but_for_the_ariary(currency, digits):
    assert exponent(currency) == digits


def test_every_currency_has_a_code_of_three_capitals():
    assert len(CURRENCIES) == 159
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["eur", "", "XXX", "XTS", "EURO"])
def test_what_is_no_currency_is_said_so(code):
    for asked in (lambda: exponent(code), lambda: formatted(1, code), lambda: as_float(1, code)):
        with pytest.raises(UnknownCurrency):
            asked()


@given(cents, currencies)
def test_what_is_written_reads_back_to_the_same_amount(amount, currency):
    digits = "".join(character for character in formatted(amount, currency) if character in "0123456789")
    assert int(digits) == abs(amount)
    assert formatted(amount, currency).startswith("-") == (amount < 0)


@given(cents, currencies)
def test_a_float_is_the_nearest_one(amount, currency):
    assert round(as_float(amount, currency) * 10 ** exponent(currency)) == amount
    assert as_float(15400, "EUR") == 154.0


def test_two_currencies_do_not_mix():
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    for mixed in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: euro > dollar,
        lambda: euro >= dollar,
    ):
        with pytest.raises(CurrencyMismatch):
            mixed()
    assert euro != dollar


def test_sums_and_comparisons():
    assert Money(150, "EUR") + Money(50, "EUR") == Money(200, "EUR")
    assert Money(150, "EUR") - Money(200, "EUR") == Money(-50, "EUR")
    assert -Money(5, "EUR") == Money(-5, "EUR")
    assert Money(1, "EUR") < Money(2, "EUR") <= Money(2, "EUR")
    assert Money(3, "EUR") > Money(2, "EUR") >= Money(2, "EUR")
    assert not Money(0, "EUR")
    assert Money(1, "EUR")
    with pytest.raises(AttributeError):
        Money(1, "EUR").cents = 2


@pytest.mark.parametrize(
    ("whole", "parts", "shares"),
    [
        (100, 3, [34, 33, 33]),
        (-100, 3, [-34, -33, -33]),
        (2, 3, [1, 1, 0]),
        (100, [1, 1, 1], [34, 33, 33]),
        (100, [1, 2], [33, 67]),
        (10, [0, 1, 0, 1], [0, 5, 0, 5]),
        (1, [1, 3], [0, 1]),
        (0, 2, [0, 0]),
    ],
)
def test_a_split_hands_out_what_does_not_divide_cent_by_cent(whole, parts, shares):
    assert [share.cents for share in Money(whole, "EUR").split(parts)] == shares


def test_what_is_paid_in_tens_is_split_and_rounded_to_tens():
    assert [share.cents for share in Money(100, "KWD").split(3)] == [40, 30, 30]
    assert [share.cents for share in Money(-105, "KWD").split([0, 1, 1])] == [0, -55, -50]
    rounded = {18604: 18600, 18605: 18610, 18610: 18610, -18605: -18610, 4: 0, 0: 0}
    for currency in ("BHD", "JOD", "KWD", "OMR", "TND"):
        assert {cents: to_step(cents, currency) for cents in rounded} == rounded
    assert {currency for currency in CURRENCIES if step(currency) != 1} == TENS
    assert (to_step(18605, "EUR"), to_step(18605, None)) == (18605, 18605)


@given(cents, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=30), currencies)
def test_the_parts_add_up_to_the_whole(amount, weights, currency):
    if sum(weights) == 0:
        weights[0] = 1
    shares = Money(amount, currency).split(weights)
    assert sum(share.cents for share in shares) == amount
    unpaid = abs(amount) % step(currency)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.cents * sum(weights) - amount * weight) < sum(weights) * (step(currency) + unpaid)
    assert sum(share.cents % step(currency) != 0 for share in shares) <= (unpaid != 0)


@pytest.mark.parametrize("parts", [0, -1, [], [0, 0], [1, -1], [3, -1]])
def test_nothing_is_split_into_no_parts(parts):
    with pytest.raises(ValueError, match="split"):
        Money(100, "EUR").split(parts)
