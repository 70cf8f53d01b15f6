"""Addresses that a shopper comes back to, which may bear a token: what is shown of them, and where the whole is kept.

The official checkout gives the address of its own page, `…?accessToken=eyJ…`: a token that still counts, and that every
integration would read. So it is shown, versioned and logged as "…", and the whole is kept sealed beside it for as long
as a payment may have to be confirmed with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from paydesk.rules.work import Work

HIDDEN = "…"

SEALED_FOR = "return_url"
"""What a whole address is sealed for (see `paydesk.vault`)."""

_JWT = re.compile(r"eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?", re.ASCII)
_PAIR = re.compile(r"([?&;#])([^=&;#?]*)=([^&;#]*)")
_TELLING = re.compile(r"(?:token|secret|jwt|bearer|authorization|password)$")
_DEEP = 5


def masked(address: str, _depth: int = 0) -> str:
    """The address without what looks like a bearer token: a JWT anywhere, and the value of a parameter whose name says
    that it is one, also within an address that is a parameter itself.
    """

    def shown(pair: re.Match[str]) -> str:
        name, value = re.sub(r"[^a-z]", "", unquote(pair[2]).lower()), unquote(pair[3])
        if not value or value == HIDDEN:
            return pair[0]
        if _TELLING.search(name) or (_depth < _DEEP and masked(value, _depth + 1) != value):
            return f"{pair[1]}{pair[2]}={HIDDEN}"
        return pair[0]

    return _JWT.sub(HIDDEN, _PAIR.sub(shown, address))


def masked_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a payment, each address among them masked, however deep it stands."""
    return {name: _masked_within(value) for name, value in options.items()}


def _masked_within(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value) if value.startswith("http") else value
    if isinstance(value, dict):
        return masked_options(value)
    return [_masked_within(one) for one in value] if isinstance(value, list) else value


def kept(given: Any, stored: Any, sealed: str | None, work: Work) -> tuple[Any, str | None]:
    """What is stored of an address that a client gives, and the whole of it, sealed where it has to be.

    stored, sealed   the same of the address that is there already: a client that sends back what it was shown changes
                     nothing
    """
    if not isinstance(given, str):
        return given, None
    shown = masked(given)
    if sealed is not None and stored is not None and shown == stored:
        is_shown_back = unquote(given) == unquote(stored)
        if is_shown_back or work.settings["open"](sealed, SEALED_FOR) == given:
            return stored, sealed
    return shown, work.settings["seal"](given, SEALED_FOR) if shown != given else None


def whole(stored: Any, sealed: str | None) -> Any:
    """An address as a gateway's call has it, to be opened when the call is made; None where there is none."""
    if not isinstance(stored, str) or not stored:
        return None
    return {"sealed": sealed, "about": SEALED_FOR} if sealed is not None else stored
