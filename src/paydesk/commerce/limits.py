"""How large numbers may be, so that no sum of an order ever leaves 64 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.base.currencies import step
from paydesk.base.errors import Invalid
from paydesk.rules.work import Work

MOST_CENTS = 10_000_000_000
"""One amount that a client gives: a hundred million euros."""

MOST_PIECES = 100_000
"""The quantity of one line item."""


def unpayable(name: str, cents: int | None, currency: str | None) -> Invalid | None:
    """What is wrong with an amount of `currency` that a client gives and nobody could pay to the last digit: cards pay
    dinars and rials in tens of their thousandths. None when nothing is.

    source   Stripe, "Currencies", three-decimal currencies
    """
    one = step(currency)
    if cents is None or cents % one == 0:
        return None
    message = f"must be a multiple of {one}: nothing smaller can be paid in {currency}"
    return Invalid(name, "not_a_multiple_of", message, value=cents, count=one)


def must_be_payable(values: Mapping[str, Any], currency: str | None, work: Work) -> None:
    """Note each amount among `values` that nobody could pay."""
    for name, value in values.items():
        if name.endswith("amount_cents") and (wrong := unpayable(name, value, currency)) is not None:
            work.mistakes.append(wrong)
