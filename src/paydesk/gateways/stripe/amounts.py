"""Our minor units and Stripe's. They are the same but for the currencies of this table.

Source: Stripe, "Supported currencies": zero-decimal, special-case and three-decimal currencies. The least amount of
each currency is not kept here: Stripe says it itself (`amount_too_small`), in the settlement currency.
"""

from __future__ import annotations

from paydesk.base.currencies import CURRENCIES, TENS, UnknownCurrency, exponent

# Counted by Stripe in whole units. ISO agrees on all of them but MGA, of which `money` has the same view as Stripe.
ZERO_DECIMAL = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)

# Without minor unit in ISO, yet counted in hundredths by Stripe, for history's sake; the last two digits are always 00.
HUNDREDTHS = frozenset(("ISK", "UGX"))

# Counted in thousandths by both, but Stripe takes only whole hundredths: the last digit has to be 0.
THOUSANDTHS = TENS


def to_stripe(cents: int, currency: str) -> int:
    """What Stripe calls an amount of ours. `currency` upper case; raises UnknownCurrency."""
    if currency in HUNDREDTHS:
        return cents * 100
    if currency not in CURRENCIES:
        raise UnknownCurrency(currency)
    return cents


def from_stripe(amount: int, currency: str) -> int:
    """Our minor units of what Stripe calls `amount`. `currency` in either case; raises UnknownCurrency.

    Of ISK and UGX Stripe keeps the last two digits 00. Should they ever be others, the whole units below are taken:
    what was received is then never overstated.
    """
    code = currency.upper()
    if code in HUNDREDTHS:
        return amount // 100
    if code not in CURRENCIES:
        raise UnknownCurrency(code)
    return amount


def chargeable(amount: int, currency: str) -> bool:
    """Whether Stripe can move this amount (in Stripe's units) at all: three-decimal amounts end in 0, and so on.

    currency   in either case
    """
    code = currency.upper()
    if code in THOUSANDTHS:
        return amount % 10 == 0
    if code in HUNDREDTHS:
        return amount % 100 == 0
    return True


def decimals(currency: str) -> int:
    """How many digits of Stripe's amount stand after the decimal mark. Raises UnknownCurrency."""
    return 2 if currency in HUNDREDTHS else exponent(currency)
