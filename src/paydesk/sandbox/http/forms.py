"""Form-encoded parameters with bracket nesting, as Stripe's clients send them: `a[b][0]=c`.

Source: stripe.md §4 ("Wire format"): arrays as `name[0]` or `name[]`, booleans `true`/`false`, an empty string unsets.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from paydesk.sandbox.core.errors import StripeError, invalid

MAXIMUM_FIELDS = 5000
MAXIMUM_DEPTH = 10


def _text(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise invalid("Invalid request: parameters must be valid UTF-8.") from None


@lru_cache(maxsize=4096)
def _path(raw: bytes) -> tuple[str, ...]:
    """The keys in a field's name: `a[b][]` is a, b and an empty one. The same names come with every request.

    raises   StripeError 400 for too deep a nesting
    """
    name = _text(raw)
    if "[" not in name:
        return (name,)
    parts = name.replace("]", "").split("[")
    if len(parts) > MAXIMUM_DEPTH:
        raise invalid(f"Parameters are nested too deeply: {name[:60]}")
    return tuple(parts)


def parse(raw: bytes) -> dict[str, Any]:
    """Nested dictionaries and lists with strings as leaves.

    `a[]=1&a[]=2` gives a list; `a[0]=1` gives `{"0": "1"}`, which the parameter table reads as a list where it wants
    one.

    raises   StripeError (400) for bytes that are no UTF-8, names that clash, too many fields or too deep a nesting
    """
    result: dict[str, Any] = {}
    if not raw:
        return result
    pairs = raw.split(b"&")
    if len(pairs) > MAXIMUM_FIELDS:
        raise invalid(f"Too many parameters: at most {MAXIMUM_FIELDS} are read.")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if not name:
            continue
        path = _path(name)
        if len(path) == 1:
            head = path[0]
            if isinstance(result.get(head), (dict, list)):
                raise _clash(head)
            result[head] = _text(value)
        else:
            _place(result, path[0], path[1:], _text(value))
    return result


def _place(target: dict[str, Any], head: str, rest: tuple[str, ...], value: str) -> None:
    """Put `value` at `head[rest...]` under `target`."""
    for position, key in enumerate(rest):
        if key == "":
            _append(target, head, rest[position + 1 :], value)
            return
        inner = target.setdefault(head, {})
        if not isinstance(inner, dict):
            raise _clash(head)
        target, head = inner, key
    if isinstance(target.get(head), (dict, list)):
        raise _clash(head)
    target[head] = value


def _append(target: dict[str, Any], head: str, rest: tuple[str, ...], value: str) -> None:
    """Put `value` at the end of the list `head[]`; hashes in it fill up until a key would repeat, as in Rack."""
    items = target.setdefault(head, [])
    if not isinstance(items, list):
        raise _clash(head)
    if not rest:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or (len(rest) == 1 and rest[0] in items[-1]):
        items.append({})
    _place(items[-1], rest[0], rest[1:], value)


def _clash(name: str) -> StripeError:
    return invalid(f"Invalid request: the parameter {name[:60]} is given in two forms.", param=name)
