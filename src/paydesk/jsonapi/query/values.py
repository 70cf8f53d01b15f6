"""The values of filters: text of a query string, typed as the columns it is compared with."""

from __future__ import annotations

import re
from typing import Any

from paydesk.base.instants import parse as parse_instant
from paydesk.jsonapi.body import strict
from paydesk.jsonapi.query.mistakes import Mistake, shown

_MOST_VALUES = 1000
_MOST_TEXT = 1000

INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_FLOAT = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_LOST_PLUS = re.compile(r"(.*[0-9]) ([0-9]{2}:?[0-9]{2})", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def _invalid(text: str) -> Mistake:
    return Mistake("INVALID_FILTER_VALUE", f"{shown(text)} is not a valid value for this filter.")


def value_of(text: str, kind: str) -> Any:
    """A value as the columns of this kind hold it.

    raises   Mistake
    """
    if kind == "string":
        if len(text) > _MOST_TEXT:
            raise _invalid(text)
        return text
    if kind == "integer":
        if INTEGER.fullmatch(text) and -strict.INTEGER_MAXIMUM - 1 <= (number := int(text)) <= strict.INTEGER_MAXIMUM:
            return number
    elif kind == "datetime":
        if len(text) <= 64:
            moment = parse_instant(text)
            if moment is None and (lost := _LOST_PLUS.fullmatch(text)):
                # A plus sign that was not percent-encoded means a space: `12:00:00+02:00`.
                moment = parse_instant(f"{lost[1]}+{lost[2]}")
            if moment is not None:
                return moment
    elif kind == "boolean":
        if text in _BOOLEANS:
            return _BOOLEANS[text]
    elif kind == "float" and _FLOAT.fullmatch(text):
        fraction = float(text)
        if abs(fraction) < float("inf"):
            return fraction
    raise _invalid(text)


def values_of(text: str, kind: str) -> list[Any]:
    """The values of a comma list."""
    parts = text.split(",")
    if len(parts) > _MOST_VALUES:
        raise Mistake("INVALID_FILTER_VALUE", f"A list has at most {_MOST_VALUES} values.")
    return [value_of(part, kind) for part in parts]


def switch(text: str) -> bool:
    """The value of a filter that is on or off."""
    if text not in _BOOLEANS:
        raise _invalid(text)
    return _BOOLEANS[text]


def pattern_of(text: str, frame: str) -> str:
    r"""A LIKE pattern. `\` escapes `%`, `_` and itself; before anything else it stands for itself, doubled, so that
    no pattern ends in half an escape.
    """
    if frame == "{}":
        return re.sub(r"\\([%_\\])?", lambda match: match[0] if match[1] else r"\\", text)
    return frame.replace("{}", text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))


def document_of(text: str) -> dict[str, Any]:
    """The JSON object that `jcont` looks for."""
    try:
        value = strict.read(text.encode()).value
    except strict.NotJson:
        raise _invalid(text) from None
    if type(value) is not dict or not strict.storable(value):
        raise _invalid(text)
    return value
