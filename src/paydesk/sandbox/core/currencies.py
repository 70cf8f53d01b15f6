"""Currencies: those that Stripe supports, their minor units, and the smallest charge in each.

Sources: stripe.md §3; Stripe, "Supported currencies", "Minimum charge amounts".
"""

from paydesk.sandbox.core.errors import StripeError, invalid


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUPPORTED = _words(
    """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf
    chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf
    idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop
    mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd
    scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof
    xpf yer zar zmw
    """
)
ZERO_DECIMAL = _words("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = _words("bhd jod kwd omr tnd")
WHOLE_UNITS_ONLY = _words("isk ugx")
"""Two decimals on the wire though they have no minor unit: the last two digits are 00."""

MAXIMUM = 99_999_999

MINIMUM = {
    **dict.fromkeys(_words("usd aud brl cad chf eur inr nzd sgd"), 50),
    **dict.fromkeys(_words("pln ron bgn aed myr"), 200),
    **{"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "czk": 1500, "mxn": 1000, "thb": 1000, "hkd": 400},
    **{"huf": 17500, "jpy": 50},
}
"""Smallest charge in minor units; other currencies are converted by Stripe, here they start at 1."""

SYMBOLS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "inr": "₹",
    "brl": "R$",
    "cad": "$",
    "aud": "$",
    "nzd": "$",
    "sgd": "$",
}


def format_amount(amount: int, currency: str) -> str:
    """An amount in the words of an error message: $0.50."""
    if currency in ZERO_DECIMAL:
        text = f"{amount:,}"
    elif currency in THREE_DECIMAL:
        text = f"{amount / 1000:,.3f}"
    else:
        text = f"{amount / 100:,.2f}"
    return SYMBOLS.get(currency, "") + text


def check_currency(currency: str) -> str:
    """The currency in lower case; Stripe tolerates upper case.

    raises   StripeError for one that is not supported
    """
    lower = currency.lower()
    if lower not in SUPPORTED:
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}",
            param="currency",
        )
    return lower


def check_amount(amount: int, currency: str, param: str = "amount") -> None:
    """Check that an amount can be charged.

    raises   StripeError: parameter_invalid_integer, amount_too_small, amount_too_large
    """
    check_positive(amount, param)
    minimum = MINIMUM.get(currency, 1)
    if amount < minimum:
        raise invalid(
            f"Amount must be at least {format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
            param=param,
        )
    if amount > MAXIMUM:
        raise invalid(
            f"Amount must be no more than {format_amount(MAXIMUM, currency)} {currency}",
            code="amount_too_large",
            param=param,
        )
    check_digits(amount, currency, param)


def check_positive(amount: int, param: str) -> None:
    """raises   StripeError parameter_invalid_integer below 1"""
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=param
        ).unstored()


def check_digits(amount: int, currency: str, param: str = "amount") -> None:
    """raises   StripeError where the currency's last digits must be zeros"""
    if currency in THREE_DECIMAL and amount % 10:
        raise _digits(amount, currency, param, "the last digit must be 0, because networks settle two decimals")
    if currency in WHOLE_UNITS_ONLY and amount % 100:
        raise _digits(amount, currency, param, "the last two digits must be 00, because the currency has no minor unit")


def _digits(amount: int, currency: str, param: str, reason: str) -> StripeError:
    return invalid(f"Invalid amount: {amount} {currency}; {reason}.", code="parameter_invalid_integer", param=param)
