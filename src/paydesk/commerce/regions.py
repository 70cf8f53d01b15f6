"""Regions: the addresses that a record of a shop's applies to, by regular expressions of their codes."""

from __future__ import annotations

from typing import Any, Protocol

from paydesk.commerce.patterns import LONGEST_PATTERN, matches, must_be_patterns
from paydesk.declare import WRITE, string
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

PLACES = ("country_code", "state_code", "zip_code")
"""The parts of an address that regions look at."""


class Placed(Protocol):
    """What regions know of an address."""

    @property
    def country_code(self) -> str | None: ...
    @property
    def state_code(self) -> str | None: ...
    @property
    def zip_code(self) -> str | None: ...


def _pattern(place: str, example: str, *, wanted: bool) -> Any:
    said = "has to match" if wanted else "must not match"
    doc = f"A regular expression (RE2) that the address's {place} {said}, in part at least; null: any will do."
    return string(WRITE, max_length=LONGEST_PATTERN, example=example, doc=doc)


class Region(Resource):
    """A record with the six expressions, all of which that are set have to hold for an address."""

    country_code_regex = _pattern("country code", "AT|BE|BG|CZ|DK|EE|DE|HU|LV|LT", wanted=True)
    not_country_code_regex = _pattern("country code", "AT|BE|BG|CZ|DK|EE|DE", wanted=False)
    state_code_regex = _pattern("state code", "A[KLRZ]|C[AOT]|D[CE]|FL", wanted=True)
    not_state_code_regex = _pattern("state code", "A[KLRZ]|C[AOT]", wanted=False)
    zip_code_regex = _pattern("zip code", "(?i)(JE1|JE2|JE3|JE4|JE5)", wanted=True)
    not_zip_code_regex = _pattern("zip code", "(?i)(JE1|JE2|JE3)", wanted=False)

    def applies_to(self, address: Placed | None) -> bool:
        """Whether an address is in it. What the address does not say, or no address, is the empty text."""
        for place in PLACES:
            text = getattr(address, place, None) or ""
            wanted, unwanted = getattr(self, f"{place}_regex"), getattr(self, f"not_{place}_regex")
            if (wanted and not matches(wanted, text)) or (unwanted and matches(unwanted, text)):
                return False
        return True


def must_be_region(change: Change, work: Work) -> None:
    """Refuse what a request writes to the expressions and is none."""
    must_be_patterns([f"{no}{place}_regex" for place in PLACES for no in ("", "not_")], change, work)
    work.check()
