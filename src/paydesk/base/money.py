"""Amounts of money, exact, and how the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from paydesk.base.currencies import WRITTEN, UnknownCurrency, step


class CurrencyMismatch(ValueError):
    """Two currencies where there can be only one."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} do not go together")
        self.left, self.right = left, right


@lru_cache(maxsize=16384)
def formatted(cents: int, currency: str) -> str:
    """The amount as people write it in its currency.

    EUR 123456 → "€1.234,56", USD → "$1,234.56", JPY → "¥123,456", KWD → "KWD 123.456", EUR -5000 → "-€50,00"
    raises  UnknownCurrency
    """
    try:
        prefix, one, grouping, decimal = WRITTEN[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), one)
    grouped = f"{whole:,}" if grouping == "," else f"{whole:,}".replace(",", grouping)
    if one == 1:
        return f"{sign}{prefix}{grouped}"
    return f"{sign}{prefix}{grouped}{decimal}{str(one + part)[1:]}"


def as_float(cents: int, currency: str) -> float:
    """The amount in whole units, as the nearest float. For showing only: nothing computes with it.

    raises  UnknownCurrency
    """
    try:
        return cents / WRITTEN[currency][1]
    except KeyError:
        raise UnknownCurrency(currency) from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency. `cents` counts minor units: 1 cent, 1 yen, 1 fils.

    currency   ISO 4217, upper case
    raises     CurrencyMismatch wherever two amounts of different currencies meet, other than at `==`
    """

    cents: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __lt__(self, other: Money) -> bool:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return self.cents < other.cents

    def __le__(self, other: Money) -> bool:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return self.cents <= other.cents

    def __gt__(self, other: Money) -> bool:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return self.cents > other.cents

    def __ge__(self, other: Money) -> bool:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return self.cents >= other.cents

    def __str__(self) -> str:
        return formatted(self.cents, self.currency)

    def split(self, parts: int | Sequence[int]) -> list[Money]:
        """Shares that add up to the whole: `parts` equal ones, or one for each weight.

        What does not divide is handed out cent by cent, or ten by ten where the currency is paid in tens: to the shares
        that lost most by rounding, the first of them where it is a tie. A weight of 0 gets nothing. A negative amount
        is split like its opposite.

        raises  ValueError for no parts, a negative weight, or weights that are all 0
        """
        weights = [1] * parts if isinstance(parts, int) else list(parts)
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("an amount is split into at least one part, by weights of 0 and more")
        sign = -1 if self.cents < 0 else 1
        one = step(self.currency)
        whole, rest = divmod(abs(self.cents), one)
        shares = [whole * weight // total for weight in weights]
        lost = sorted(range(len(weights)), key=lambda index: -(whole * weights[index] % total))
        for index in lost[: whole - sum(shares)]:
            shares[index] += 1
        shares = [share * one for share in shares]
        shares[next(index for index in lost if weights[index])] += rest
        return [Money(sign * share, self.currency) for share in shares]
