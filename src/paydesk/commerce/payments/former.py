"""Values as earlier releases stored them, and how each is brought to its present form.

The functions that begin with `mended` take columns of a row and give those that are to be written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paydesk.commerce.returning import SEALED_FOR, masked, masked_options
from paydesk.gateways.port.snapshots import as_texts

Row = Mapping[str, Any]
Seal = Callable[[str, str], str]

_ENDED = ("succeeded", "canceled")
"""Words of Stripe's for a payment that came to its end: nothing is confirmed any more."""


def instrument(stored: Any) -> Any:
    """A `payment_instrument`: the first release kept numbers and unknown members (null) in it."""
    return as_texts(stored) if isinstance(stored, dict) else stored


def record(asked: Row) -> dict[str, Any]:
    """What a call that the first release journalled asks to be stored."""
    return {name: instrument(value) if name == "payment_instrument" else value for name, value in asked.items()}


def mended_instrument(column: str, row: Row) -> dict[str, Any]:
    return _changed(row, {column: instrument(row[column])})


def mended_payment(seal: Seal, row: Row) -> dict[str, Any]:
    """Tokens in the addresses of a payment; the whole ones are kept while it may be confirmed with them."""
    options: dict[str, Any] = row["options"] or {}
    told: dict[str, Any] = {"return_url": _masked(row["return_url"]), "options": _options(options)}
    sealed = dict(row["sealed_urls"] or {})
    if row["gateway_status"] not in _ENDED:
        for place, whole, shown in (
            ("return_url", row["return_url"], told["return_url"]),
            ("options", options.get("return_url"), told["options"].get("return_url")),
        ):
            if isinstance(whole, str) and whole != shown:
                sealed[place] = seal(whole, SEALED_FOR)
    return _changed(row, {**told, "sealed_urls": sealed or None})


def mended_order(seal: Seal, row: Row) -> dict[str, Any]:
    """The same of an order that is not placed yet."""
    told: dict[str, Any] = {name: _masked(row[name]) for name in ("return_url", "cart_url")}
    if told["return_url"] != row["return_url"] and row["placed_at"] is None and row["cancelled_at"] is None:
        told["sealed_return_url"] = seal(row["return_url"], SEALED_FOR)
    return _changed(row, told)


def mended_version(row: Row) -> dict[str, Any]:
    """Tokens in what the history of orders and payments tells."""
    changes = dict(row["changes"] or {})
    if row["resource_type"] not in ("orders", "stripe_payments"):
        return {}
    for name in ("return_url", "cart_url"):
        if name in changes:
            changes[name] = [_masked(value) for value in changes[name]]
    if "options" in changes:
        changes["options"] = [_options(value) for value in changes["options"]]
    return _changed(row, {"changes": changes})


def mended_call(row: Row) -> dict[str, Any]:
    """Tokens in what a settled call asked for; what an open one sends has to stay to the letter."""
    if row["state"] == "open":
        return {}
    return _changed(row, {"ask": _deep(row["ask"]), "parameters": _deep(row["parameters"])})


def _masked(value: Any) -> Any:
    return masked(value) if isinstance(value, str) else value


def _options(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    named = {"return_url": _masked(value["return_url"])} if "return_url" in value else {}
    return {**masked_options(value), **named}


def _deep(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _deep(member, key) for key, member in value.items()}
    return _masked(value) if name == "return_url" else value


def _changed(row: Row, told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value != row.get(name)}
