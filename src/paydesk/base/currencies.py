"""Currencies: the minor units of each, the smallest step that can be paid, and how an amount is written.

The exponents are those of ISO 4217 with one exception, said at `MGA`. How an amount is written follows its currency,
never the reader: a euro is written "€1.234,56" for everybody (Commerce Layer, "Currencies").
"""

from __future__ import annotations

# Every currency of ISO 4217 that money is paid in; funds, metals and test codes are left out.
# One line each: code, digits after the decimal mark, symbol, how the number is written. A symbol of "-" means that
# there is none in common use and the code stands in its place, a space after it. Ways of writing: "," groups by comma
# with a decimal point (1,234.56), "." the other way round (1.234,56).
_TABLE = """
AED 2 - ,
AFN 2 ؋ ,
ALL 2 - ,
AMD 2 ֏ ,
ANG 2 ƒ .
AOA 2 Kz .
ARS 2 $ .
AUD 2 $ ,
AWG 2 ƒ ,
AZN 2 ₼ ,
BAM 2 - .
BBD 2 $ ,
BDT 2 ৳ ,
BGN 2 - ,
BHD 3 - ,
BIF 0 - ,
BMD 2 $ ,
BND 2 $ ,
BOB 2 Bs. ,
BRL 2 R$ .
BSD 2 $ ,
BTN 2 - ,
BWP 2 P ,
BYN 2 Br .
BZD 2 $ ,
CAD 2 $ ,
CDF 2 - ,
CHF 2 - ,
CLF 4 UF .
CLP 0 $ .
CNY 2 ¥ ,
COP 2 $ .
CRC 2 ₡ .
CUP 2 $ ,
CVE 2 $ ,
CZK 2 - .
DJF 0 - ,
DKK 2 - .
DOP 2 $ ,
DZD 2 - ,
EGP 2 - ,
ERN 2 - ,
ETB 2 Br ,
EUR 2 € .
FJD 2 $ ,
FKP 2 £ ,
GBP 2 £ ,
GEL 2 ₾ ,
GHS 2 ₵ ,
GIP 2 £ ,
GMD 2 D ,
GNF 0 - ,
GTQ 2 Q ,
GYD 2 $ ,
HKD 2 $ ,
HNL 2 L ,
HTG 2 G ,
HUF 2 - .
IDR 2 Rp .
ILS 2 ₪ ,
INR 2 ₹ ,
IQD 3 - ,
IRR 2 ﷼ ,
ISK 0 - .
JMD 2 $ ,
JOD 3 - ,
JPY 0 ¥ ,
KES 2 - ,
KGS 2 - ,
KHR 2 ៛ ,
KMF 0 - ,
KPW 2 ₩ ,
KRW 0 ₩ ,
KWD 3 - ,
KYD 2 $ ,
KZT 2 ₸ ,
LAK 2 ₭ ,
LBP 2 - ,
LKR 2 ₨ ,
LRD 2 $ ,
LSL 2 - ,
LYD 3 - ,
MAD 2 - ,
MDL 2 - ,
MGA 0 Ar ,
MKD 2 - ,
MMK 2 K ,
MNT 2 ₮ ,
MOP 2 - ,
MRU 2 - ,
MUR 2 ₨ ,
MVR 2 - ,
MWK 2 - ,
MXN 2 $ ,
MYR 2 - ,
MZN 2 - .
NAD 2 $ ,
NGN 2 ₦ ,
NIO 2 C$ ,
NOK 2 - .
NPR 2 ₨ ,
NZD 2 $ ,
OMR 3 - ,
PAB 2 - ,
PEN 2 - ,
PGK 2 K ,
PHP 2 ₱ ,
PKR 2 ₨ ,
PLN 2 - .
PYG 0 ₲ .
QAR 2 - ,
RON 2 - .
RSD 2 - .
RUB 2 ₽ .
RWF 0 - ,
SAR 2 - ,
SBD 2 $ ,
SCR 2 ₨ ,
SDG 2 £ ,
SEK 2 - .
SGD 2 $ ,
SHP 2 £ ,
SLE 2 - ,
SOS 2 - ,
SRD 2 $ ,
SSP 2 £ ,
STN 2 - ,
SVC 2 ₡ ,
SYP 2 £ ,
SZL 2 - ,
THB 2 ฿ ,
TJS 2 - ,
TMT 2 - ,
TND 3 - ,
TOP 2 T$ ,
TRY 2 ₺ .
TTD 2 $ ,
TWD 2 $ ,
TZS 2 - ,
UAH 2 ₴ ,
UGX 0 - ,
USD 2 $ ,
UYU 2 $ .
UYW 4 - .
UZS 2 - ,
VED 2 Bs. .
VES 2 Bs. .
VND 0 ₫ .
VUV 0 - ,
WST 2 T ,
XAF 0 - ,
XCD 2 $ ,
XCG 2 - .
XOF 0 - ,
XPF 0 - ,
YER 2 - ,
ZAR 2 R ,
ZMW 2 - ,
ZWG 2 - ,
"""
# MGA: ISO gives the ariary two digits, but its only part is a fifth and nobody counts in it. Unicode's CLDR and Stripe
# both have none, and so have we: with two, an amount handed on unchanged would be a hundred times too large.


TENS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""Currencies of thousandths in which cards pay tens of them only (Stripe, "Currencies", three-decimal currencies)."""


class UnknownCurrency(ValueError):
    """Not a code of `CURRENCIES`."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"unknown currency {currency!r}")
        self.currency = currency


_EXPONENTS: dict[str, int] = {}
WRITTEN: dict[str, tuple[str, int, str, str]] = {}
"""How an amount of each currency is written: prefix, minor units in one, grouping mark, decimal mark."""
for _line in _TABLE.split("\n"):
    if _line:
        _code, _digits, _symbol, _way = _line.split(" ")
        _EXPONENTS[_code] = int(_digits)
        _marks = (",", ".") if _way == "," else (".", ",")
        WRITTEN[_code] = (f"{_code} " if _symbol == "-" else _symbol, 10 ** int(_digits), *_marks)

CURRENCIES = frozenset(_EXPONENTS)


def exponent(currency: str) -> int:
    """How many digits `currency` has after the decimal mark: 2 for EUR, 0 for JPY, 3 for KWD. Or UnknownCurrency."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def step(currency: str | None) -> int:
    """The smallest difference between two amounts that can be paid: 10 minor units of `TENS`, 1 of all others."""
    return 10 if currency in TENS else 1


def to_step(cents: int, currency: str | None) -> int:
    """The nearest amount that can be paid, halves away from zero: KWD 18605 → 18610, EUR 18605 → 18605."""
    one = step(currency)
    if one == 1:
        return cents
    whole = (abs(cents) + one // 2) // one * one
    return whole if cents >= 0 else -whole
