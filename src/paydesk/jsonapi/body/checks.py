"""The checks of attribute values: each takes a JSON value and gives the value to keep, or the rule that it breaks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from paydesk.base.instants import parse as parse_instant
from paydesk.declare import Field
from paydesk.jsonapi.body import strict

MAXIMUM_METADATA_KEYS = 50
MAXIMUM_METADATA_BYTES = 16_384

_NUMERIC = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


class Broken:
    """The answer of a check for a value that breaks a rule. The value itself stands in `meta` where it is short."""

    __slots__ = ("error", "meta")

    def __init__(self, error: str, **meta: Any) -> None:
        self.error = error
        self.meta = meta


Check = Callable[[Any], Any]
"""The value to keep, or a `Broken`. Null never reaches a check."""

_BLANK = Broken("blank")
_INVALID = Broken("invalid")
_NOT_A_NUMBER = Broken("not_a_number")
_NOT_AN_INTEGER = Broken("not_an_integer")


def _string_check(maximum: int, enum: tuple[str, ...] | None, required: bool) -> Check:
    if enum is not None:
        allowed = frozenset(enum)

        def choice(value: Any) -> Any:
            if type(value) is str and value in allowed:
                return value
            if value == "" and required:
                return _BLANK
            if type(value) in (str, int, float, bool):
                return Broken("inclusion", value=_short(value))
            return Broken("inclusion")

        return choice

    def text(value: Any) -> Any:
        if type(value) is not str:
            return _INVALID
        if required and not value:
            return _BLANK
        if len(value) > maximum:
            return Broken("too_long", count=maximum)
        return value

    return text


def _short(value: Any) -> Any:
    return value[:100] if type(value) is str else value


def _bounds(value: int | float, minimum: int | None, maximum: int | None) -> Any:
    if minimum is not None and value < minimum:
        return Broken("greater_than_or_equal_to", value=value, count=minimum)
    if maximum is not None and value > maximum:
        return Broken("less_than_or_equal_to", value=value, count=maximum)
    return value


def _integer_check(minimum: int | None, maximum: int | None) -> Check:
    def integer(value: Any) -> Any:
        kind = type(value)
        if kind is not int:
            if kind is str and _NUMERIC.fullmatch(value):
                value = int(value)
                if not -strict.INTEGER_MAXIMUM <= value <= strict.INTEGER_MAXIMUM:
                    return _NOT_A_NUMBER
            elif kind is float:
                # JSON has one kind of number: 5.0 is 5.
                if not value.is_integer() or abs(value) > 2**53:
                    return _NOT_AN_INTEGER
                value = int(value)
            else:
                return _NOT_A_NUMBER
        if minimum is None and maximum is None:
            return value
        return _bounds(value, minimum, maximum)

    return integer


def _float_check(minimum: int | None, maximum: int | None) -> Check:
    def number(value: Any) -> Any:
        kind = type(value)
        if kind is not int and kind is not float and not (kind is str and _DECIMAL.fullmatch(value)):
            return _NOT_A_NUMBER
        result = float(value)
        if not math.isfinite(result):
            return _NOT_A_NUMBER
        return _bounds(result, minimum, maximum)

    return number


_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def _boolean(value: Any) -> Any:
    kind = type(value)
    if kind is bool:
        return value
    if kind is int and (value == 0 or value == 1):
        return value == 1
    if kind is str:
        return _BOOLEANS.get(value, _INVALID)
    return _INVALID


def _moment(value: Any) -> Any:
    if type(value) is not str or len(value) > 64:
        return _INVALID
    return parse_instant(value) or _INVALID


def _object(value: Any) -> Any:
    return value if type(value) is dict else _INVALID


def _metadata(value: Any) -> Any:
    if type(value) is not dict:
        return _INVALID
    if len(value) > MAXIMUM_METADATA_KEYS:
        return Broken("too_many", count=MAXIMUM_METADATA_KEYS)
    if value and len(orjson.dumps(value)) > MAXIMUM_METADATA_BYTES:
        return Broken("too_large", count=MAXIMUM_METADATA_BYTES)
    return value


def _array(value: Any) -> Any:
    return value if type(value) is list else _INVALID


def check_of(name: str, field: Field) -> Check:
    """The check of an attribute's values."""
    if field.kind == "string":
        return _string_check(field.max_length, field.enum, field.required)
    if field.kind == "integer":
        return _integer_check(field.minimum, field.maximum)
    if field.kind == "float":
        return _float_check(field.minimum, field.maximum)
    if field.kind == "object":
        return _metadata if name == "metadata" else _object
    return {"boolean": _boolean, "datetime": _moment, "array": _array}[field.kind]
