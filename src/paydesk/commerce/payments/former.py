"""Values as earlier releases stored them, and how each is brought to its present form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.gateways.port import as_texts


def instrument(stored: Any) -> Any:
    """A `payment_instrument`: the first release kept numbers and unknown members (null) in it."""
    return as_texts(stored) if isinstance(stored, dict) else stored


def record(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a call that the first release journalled asks to be stored."""
    return {name: instrument(value) if name == "payment_instrument" else value for name, value in asked.items()}


def mended_instrument(column: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row with an instrument is to be written anew."""
    stored = row[column]
    told = instrument(stored)
    return {} if told == stored else {column: told}
