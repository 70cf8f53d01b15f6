"""The regular expressions of a shop, matched by an engine whose time grows with the text alone (RE2).

It knows neither lookarounds nor backreferences. A pattern that backtracks, such as `^(a+)+$`, cannot stall a server.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from paydesk.rules.asking import Change
from paydesk.rules.work import Work

LONGEST_PATTERN = 1000
_LONGEST_TEXT = 32
"""No code of a country, state or postal area is longer; of a longer one its beginning counts."""

_BYTES = 1 << 17
"""What a compiled expression may take."""


@cache
def _engine() -> Any:
    """The engine, which only shops with such rules have to load."""
    import re2

    return re2


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = _engine().Options()
    options.log_errors = False
    options.max_mem = _BYTES
    return _engine().compile(pattern, options)


def is_pattern(text: str) -> bool:
    """Whether it is a regular expression that this engine takes."""
    try:
        _compiled(text)
    except _engine().error:
        return False
    return True


@lru_cache(maxsize=4096)
def matches(pattern: str, text: str, longest: int = _LONGEST_TEXT) -> bool:
    """Whether the pattern, a valid one, is found anywhere in the text, or in the beginning of one that is longer."""
    return _compiled(pattern).search(text[:longest]) is not None


def must_be_patterns(names: Iterable[str], change: Change, work: Work) -> None:
    """Refuse what a request writes to these attributes and is no expression."""
    for name in names:
        pattern = change.values.get(name)
        if pattern and not is_pattern(pattern):
            work.invalid(name, "invalid", "is no regular expression, or one with lookarounds or backreferences")
