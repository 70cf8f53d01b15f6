"""Amounts on the way to Stripe and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydesk.base.currencies import CURRENCIES, UnknownCurrency, exponent
from paydesk.gateways.stripe.amounts import ZERO_DECIMAL, chargeable, decimals, from_stripe, to_stripe


@pytest.mark.parametrize(
    ("cents", "currency", "amount"),
    [
        (15400, "EUR", 15400),
        (15400, "USD", 15400),
        (500, "JPY", 500),
        (500, "MGA", 500),
        (500, "ISK", 50000),
        (500, "UGX", 50000),
        (17500, "HUF", 17500),
        (17500, "TWD", 17500),
        (1230, "KWD", 1230),
    ],
)
def test_an_amount_in_stripes_units(cents, currency, amount):
    assert to_stripe(cents, currency) == amount
    assert from_stripe(amount, currency) == cents
    assert from_stripe(amount, currency.lower()) == cents


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(sorted(CURRENCIES)))
def test_every_amount_of_every_currency_comes_back_as_it_went(cents, currency):
    assert from_stripe(to_stripe(cents, currency), currency.lower()) == cents


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_stripe_counts_every_currency_as_we_write_it(currency):
    """A factor that is not one of the table's would show here: what we call one unit has to be one unit there."""
    assert to_stripe(10 ** exponent(currency), currency) == 10 ** decimals(currency)
    assert decimals(currency) == (0 if currency in ZERO_DECIMAL else decimals(currency))


@pytest.mark.parametrize("currency", sorted(ZERO_DECIMAL))
def test_zero_decimal_currencies_are_sent_as_they_are(currency):
    assert to_stripe(1234, currency) == 1234
    assert exponent(currency) == 0


@pytest.mark.parametrize(
    ("amount", "currency", "goes"),
    [
        (1230, "KWD", True),
        (1234, "kwd", False),
        (1231, "TND", False),
        (50000, "isk", True),
        (50001, "ISK", False),
        (1, "eur", True),
    ],
)
def test_what_stripe_can_move(amount, currency, goes):
    assert chargeable(amount, currency) is goes


def test_odd_hundredths_are_rounded_down():
    assert from_stripe(50099, "isk") == 500


def test_an_unknown_currency_is_not_guessed():
    with pytest.raises(UnknownCurrency):
        to_stripe(1, "XXX")
    with pytest.raises(UnknownCurrency):
        from_stripe(1, "xxx")
