"""The parameters of a query string: names taken apart, values decoded."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from paydesk.jsonapi.errors import RequestProblems, problem
from paydesk.jsonapi.query.mistakes import Mistakes, shown

_MOST_PARAMETERS = 200
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Parameter(NamedTuple):
    """One parameter.

    name   as sent, percent-decoded: `filter[q][code_eq]`
    keys   the name's parts: `filter`, `q`, `code_eq`
    text   the value
    """

    name: str
    keys: tuple[str, ...]
    text: str

    def link(self) -> str:
        """The parameter as a pagination link repeats it."""
        return f"{quote(self.name, safe='')}={quote(self.text, safe='')}"


def parameters(raw_query: bytes, mistakes: Mistakes) -> list[Parameter]:
    """The parameters that can be read; the others are mistakes.

    raises   RequestProblems when there are too many
    """
    raw_pairs = [raw for raw in raw_query.split(b"&") if raw]
    if len(raw_pairs) > _MOST_PARAMETERS:
        detail = f"A query has at most {_MOST_PARAMETERS} parameters."
        raise RequestProblems([problem("BAD_REQUEST", detail=detail, parameter="")])
    readable: dict[str, Parameter] = {}
    for raw in raw_pairs:
        raw_name, _, raw_text = raw.partition(b"=")
        try:
            name = _text(raw_name)
        except ValueError:
            mistakes.add("BAD_REQUEST", raw_name.decode("ascii", "replace"), "The query string could not be read.")
            continue
        try:
            text = _text(raw_text)
        except ValueError:
            mistakes.add("BAD_REQUEST", name, "The value could not be read: it is not percent-encoded UTF-8.")
            continue
        split = _NAME.fullmatch(name)
        if split is None or "\0" in name:
            mistakes.add("PARAM_NOT_ALLOWED", name)
        elif "\0" in text:
            code = "INVALID_FILTER_VALUE" if name.startswith("filter") else "BAD_REQUEST"
            mistakes.add(code, name, "The value has a character that is not allowed.")
        elif name in readable:
            mistakes.add("BAD_REQUEST", name, f"{shown(name)} is given more than once.")
        else:
            keys = (split[1], *split[2][1:-1].split("][")) if split[2] else (split[1],)
            readable[name] = Parameter(name, keys, text)
    return list(readable.values())


def _text(raw: bytes) -> str:
    """Percent-decoded text.

    raises   ValueError for a bad escape, or what is not UTF-8
    """
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BAD_PERCENT.search(raw):
            raise ValueError
        raw = unquote_to_bytes(raw)
    return raw.decode()
