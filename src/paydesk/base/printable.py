"""Text as a terminal may be shown it: what the terminal would obey is spelled out instead."""

from __future__ import annotations

import re

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""All that controls a terminal or turns the direction of writing, and what is no character; not tab and newline."""
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def printable(text: str) -> str:
    """With `\\u001b` in place of an escape and so on, as JSON spells it; lines and tabs stay."""
    return text if text.isascii() and text.isprintable() else _OBEYED.sub(_spelled, text)


def one_line(text: str) -> str:
    """The same in one line: others' words never begin a line that could pass for ours."""
    return printable(_BREAKS.sub(" ", text))


def _spelled(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
