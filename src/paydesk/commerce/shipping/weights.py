"""Weights in several units, compared exactly: an ounce and a pound are defined by grams to the last digit."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

UNITS = ("gr", "oz", "lb")

_GRAMS = {"gr": Decimal(1), "oz": Decimal("28.349523125"), "lb": Decimal("453.59237")}


class Weighed(Protocol):
    """What one piece weighs: a sku, as far as its weight goes."""

    @property
    def weight(self) -> float | None: ...
    @property
    def unit_of_weight(self) -> str | None: ...


def grams(weight: float, unit: str | None) -> Decimal:
    """A weight in grams; without a unit it is in grams already. A float counts as the digits that it is written with,
    so that three times 0.1 is 0.3.
    """
    return Decimal(repr(float(weight))) * _GRAMS[unit or "gr"]


def weight_of(pieces: Iterable[tuple[Weighed, int]]) -> Decimal:
    """What skus, each so many times, weigh together in grams. A sku whose weight is not known, or that would make
    others lighter, weighs nothing.
    """
    each = (grams(max(one.weight or 0, 0), one.unit_of_weight) * count for one, count in pieces)
    return sum(each, Decimal(0))
