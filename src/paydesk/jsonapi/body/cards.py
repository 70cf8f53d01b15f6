"""Finding card data where none may be: what a client sends is looked through before it is kept, logged or passed on.

A number is a card's when a known issuer prefix has its length and the check digit is right, also written with spaces
or dashes. Article numbers (EAN, GTIN), phone numbers and digits inside longer ids are not.
Source: ISO/IEC 7812 (prefixes, Luhn), GS1 General Specifications (article numbers), PCI DSS 3 (what is card data).
"""

from __future__ import annotations

import re
from typing import Any

_RUN = re.compile(r"[0-9](?:[ -]?[0-9]){12,}", re.ASCII)
_SECRET_KEY = re.compile(r"(?i)^(?:card[_ -]?)?(?:cvc2?|cvv2?|csc|cvn|security[_ -]?code)$")
_CARD_KEY = re.compile(r"(?i)^(?:(?:credit|debit|payment)?[_ -]?card(?:[_ -]?(?:number|no))?|number|pan|ccnum|cc)$")
_PHONE_KEY = re.compile(r"(?i)(?:^|_)(?:phone|mobile|telephone|tel|fax)(?:_number)?$")
_SECRET = re.compile(r"[0-9]{3,4}", re.ASCII)

# First digits, from and to, with the lengths that cards beginning so have.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, 16})),  # Diners Club
    ("36", "36", frozenset({14, 16, 19})),
    ("38", "39", frozenset({14, 16})),
    ("3528", "3589", frozenset({16, 17, 18, 19})),  # JCB
    ("6011", "6011", frozenset({16, 17, 18, 19})),  # Discover
    ("644", "649", frozenset({16, 17, 18, 19})),
    ("65", "65", frozenset({16, 17, 18, 19})),
    ("62", "62", frozenset({16, 17, 18, 19})),  # UnionPay
    ("50", "50", frozenset({13, 14, 15, 16, 17, 18, 19})),  # Maestro
    ("56", "58", frozenset({13, 14, 15, 16, 17, 18, 19})),
    ("63", "63", frozenset({13, 14, 15, 16, 17, 18, 19})),
    ("67", "67", frozenset({13, 14, 15, 16, 17, 18, 19})),
    ("2200", "2204", frozenset({16, 17, 18, 19})),  # Mir
)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def _article(digits: str) -> bool:
    """An EAN-13 or GTIN-14 with the right check digit, weighed 1 and 3 from the right."""
    if len(digits) not in (13, 14):
        return False
    return sum((ord(digit) - 48) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))) % 10 == 0


def _issued(digits: str) -> bool:
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths and len(low) == len(high)
        for low, high, lengths in _ISSUERS
    )


def _is_card(digits: str, *, certain: bool) -> bool:
    """`certain`: the key says that it is a card, so neither a known prefix nor a doubt about articles matters."""
    if not 13 <= len(digits) <= 19 or not _luhn(digits) or digits == "0" * len(digits):
        return False
    return certain or (_issued(digits) and not _article(digits))


def _groups_hold_card(groups: list[str], *, certain: bool) -> bool:
    if _is_card("".join(groups), certain=certain):
        return True
    # A card among other numbers ("2024-05-01 4242 4242 4242 4242"): neighbouring groups of three digits or more.
    for first in range(len(groups)):
        digits = ""
        for group in groups[first : first + 6]:
            if len(group) < 3:
                break
            digits += group
            if len(digits) > 19:
                break
            if _is_card(digits, certain=certain):
                return True
    return False


def _text_holds_card(text: str, *, certain: bool) -> bool:
    for run in _RUN.finditer(text):
        start, end = run.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        # Beside a letter the digits are part of an id, after a plus sign of a phone number.
        if not certain and (before == "+" or before == "_" or before.isalpha() or after.isalpha() or after == "_"):
            continue
        if _groups_hold_card(re.split("[ -]", run.group()), certain=certain):
            return True
    return False


def holds_card(value: Any, key: str = "") -> bool:
    """Whether a JSON value, given under `key`, has a card number or a card's secret code anywhere in it."""
    kind = type(value)
    if kind is dict:
        return any(holds_card(inner, name) or _text_holds_card(name, certain=False) for name, inner in value.items())
    if kind is list:
        return any(holds_card(inner, key) for inner in value)
    if kind is int:
        value = str(value)
    elif kind is not str:
        return False
    if _SECRET_KEY.match(key):
        return _SECRET.fullmatch(value.strip()) is not None
    if _PHONE_KEY.search(key) or len(value) < 13:
        return False
    return _text_holds_card(value, certain=_CARD_KEY.match(key) is not None)
