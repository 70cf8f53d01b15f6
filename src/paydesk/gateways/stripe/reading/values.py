"""The small values that Stripe's objects are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Object = Mapping[str, Any]
"""One of Stripe's objects, as its JSON has it."""


def instant(seconds: int | float | None) -> str | None:
    """Unix seconds as "2026-11-22T10:00:00.000Z"."""
    if seconds is None:
        return None
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def identity(value: Any) -> str | None:
    """The id of a reference: an id, an expanded object, or nothing."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        found = value.get("id")
        return found if isinstance(found, str) else None
    return None


def texts(value: Any) -> dict[str, str]:
    """Metadata as text to text; values of other types are left out."""
    return {str(key): text for key, text in mapping(value).items() if isinstance(text, str)}


def mapping(value: Any) -> Object:
    """The value where it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def bears(value: Object, metadata: Mapping[str, str]) -> bool:
    """Whether an object carries all of this metadata."""
    carried = texts(value.get("metadata"))
    return all(carried.get(key) == text for key, text in metadata.items())
