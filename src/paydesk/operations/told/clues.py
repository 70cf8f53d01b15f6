"""Clues: what a customer can say of a payment, and all that it may mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from paydesk.base.currencies import CURRENCIES, WRITTEN, exponent

_AMOUNT = re.compile(
    r"([A-Za-z]{3}|[^\w\s.,'’-]{1,4}|[A-Za-z.]{0,4}\$)?\s*(\d[\d.,'’\s]*)\s*([A-Za-z]{3}|[^\w\s.,'’-]{1,4})?"
)
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_TRANSACTION = re.compile(r"(.+)/T/\d+")
_LONGEST = 15
"""Digits of an amount: more are no amount, and would not fit."""


@dataclass
class Clue:
    """What a text may mean; what it cannot mean is empty.

    number     an order's; `id`: of an order, a payment or a transaction
    digits     the last four of a card
    amounts    minor units, each with the currencies that it is of
    at_stripe  the gateway's name for a payment, charge, refund or dispute, by its beginning (`pi`, `ch`, `re`, `du`)
    """

    text: str
    number: str = ""
    id: str = ""
    email: str = ""
    digits: str = ""
    amounts: dict[int, frozenset[str]] = field(default_factory=dict)
    at_stripe: str = ""


def clue(text: str) -> Clue:
    """Read what an operator typed. "#4242" is an order's number and nothing else."""
    text = text.strip()
    begins = text.partition("_")
    if begins[1] and begins[0] in KINDS:
        name = text.partition("_secret_")[0]
        return Clue(name, at_stripe=KINDS[begins[0]])
    if "@" in text:
        return Clue(text, email=text)
    if text.startswith("#"):
        return Clue(text[1:], number=text[1:])
    transaction = _TRANSACTION.fullmatch(text)
    found = Clue(text, number=transaction[1] if transaction else text)
    if _ID.fullmatch(text):
        found.id = text
    if re.fullmatch(r"[0-9]{4}", text):
        found.digits = text
    found.amounts = amounts(text)
    return found


KINDS = {
    "pi": "payment",
    "ch": "charge",
    "py": "charge",
    "re": "refund",
    "pyr": "refund",
    "du": "dispute",
    "dp": "dispute",
}
"""By the beginning of Stripe's names, what they are of."""


def amounts(text: str) -> dict[int, frozenset[str]]:
    """The minor units that "154", "154,00", "€1.234,56" or "154 EUR" may be, and the currencies in which; of a mark
    that may group or part ("1.234") both.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or len(re.findall(r"\d", match[2])) > _LONGEST:
        return {}
    meant = CURRENCIES
    for mark in (one for one in (match[1], match[3]) if one):
        meant = meant & _currencies(mark)
    found: dict[int, set[str]] = {}
    for value in _values(re.sub(r"[\s'’]", "", match[2])):
        for currency in meant:
            cents = value.scaleb(exponent(currency))
            if cents == cents.to_integral_value():
                found.setdefault(int(cents), set()).add(currency)
    return {cents: frozenset(currencies) for cents, currencies in found.items()}


def _currencies(mark: str) -> frozenset[str]:
    """The currencies that are written so: by their code, or by a symbol that several may share."""
    if mark.upper() in CURRENCIES:
        return frozenset({mark.upper()})
    return frozenset(code for code, written in WRITTEN.items() if written[0].strip() == mark)


def _values(number: str) -> set[Decimal]:
    marks = [one for one in number if one in ".,"]
    if number[-1] in ".,":
        return set()
    whole = Decimal(re.sub(r"[.,]", "", number))
    if not marks:
        return {whole}
    part = re.split(r"[.,]", number)[-1]
    parted = whole.scaleb(-len(part))
    if len(set(marks)) == 2:
        return {parted} if marks.count(marks[-1]) == 1 else set()
    if len(marks) > 1:
        return {whole}
    return {whole, parted} if len(part) == 3 else {parted}
