"""JSON as a payment desk must read it: one meaning for every byte sequence, or none.

`orjson` reads it; what `orjson` lets pass (a key twice in one object, integers beyond 64 bits, any depth up to its own
limit) is found here, by counting for the common body and by a second, exact reading for the rare one.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

MAXIMUM_DEPTH = 32
INTEGER_MAXIMUM = 2**63 - 1

# What a body is reduced to before it is looked through: lower case, every digit `0`, no spaces, dashes, underscores.
_PLAIN = bytes(48 if 48 <= byte <= 57 else byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))
# Digits enough for a card number or an integer beyond 64 bits, or a name of a card's secret: reason to look closer.
_DIGITS = b"0" * 13
_ESCAPED = re.compile(rb"\\u(?:00|[dD][89a-fA-F])")


class NotJson(ValueError):
    """Why a body is no JSON that paydesk reads. The text is for the client and repeats nothing of the body."""


class Read:
    """A value that was read, and what is known of its bytes.

    suspect  strings may hold card data; NUL or lone surrogates are possible only when `escaped` is set
    """

    __slots__ = ("escaped", "suspect", "value")

    def __init__(self, value: Any, suspect: bool, escaped: bool) -> None:
        self.value = value
        self.suspect = suspect
        self.escaped = escaped


def read(body: bytes) -> Read:
    """The one value that `body` says.

    raises   NotJson for malformed JSON, what is not UTF-8, a byte order mark, a key twice in one object, more than 32
             levels, an integer beyond 64 bits, a number beyond a finite double
    """
    escaped = b"\\" in body and _ESCAPED.search(body) is not None
    plain = body.translate(_PLAIN, b" -_")
    suspect = escaped or _DIGITS in plain or b"cv" in plain or b"csc" in plain or b"ritycode" in plain
    if not suspect:
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Read(_exactly(body), suspect, escaped)
        # Every object member has one colon outside strings. So the body and the text of what was read of it have the
        # same number of colons when no member was lost, and a key given twice loses one at least. (An escaped colon
        # would upset the count, but that is a `\u00..`.)
        shallow = body.count(b"{") + body.count(b"[") <= MAXIMUM_DEPTH
        if (shallow or _depth_within(value, MAXIMUM_DEPTH)) and body.count(b":") == orjson.dumps(value).count(b":"):
            return Read(value, False, False)
    return Read(_exactly(body), suspect, escaped)


def _depth_within(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        inner: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is dict:
                inner.extend([part for part in one.values() if type(part) is dict or type(part) is list])
            elif kind is list:
                inner.extend([part for part in one if type(part) is dict or type(part) is list])
        if not inner:
            return True
        level = inner
    return False


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson("The same key stands twice in one object.")
    return members


def _integer(digits: str) -> int:
    # The length first: making an integer of a hundred thousand digits takes longer than refusing it.
    if len(digits) <= 20 and -INTEGER_MAXIMUM - 1 <= (number := int(digits)) <= INTEGER_MAXIMUM:
        return number
    raise NotJson("An integer is beyond 64 bits.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson("A number is beyond a finite double.")
    return number


def _constant(_: str) -> Any:
    raise NotJson("The body is not valid JSON.")


_EXACT = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _exactly(body: bytes) -> Any:
    """Read by the standard library, which tells of every key and number as it stands in the text."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
    try:
        value = _EXACT.decode(text)
    except NotJson:
        raise
    except ValueError:
        raise NotJson("The body is not valid JSON.") from None
    except RecursionError:
        raise NotJson(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.") from None
    if not _depth_within(value, MAXIMUM_DEPTH):
        raise NotJson(f"The body is nested more than {MAXIMUM_DEPTH} levels deep.")
    return value


def storable(value: Any) -> bool:
    """No string of `value`, keys included, holds NUL or half a surrogate pair: no database keeps those."""
    kind = type(value)
    if kind is str:
        if "\0" in value:
            return False
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True
    if kind is dict:
        return all(storable(key) and storable(inner) for key, inner in value.items())
    if kind is list:
        return all(storable(inner) for inner in value)
    return True
