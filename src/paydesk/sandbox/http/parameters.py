"""The table of every call's parameters, and the check of a request against it.

`parameters.json` is made from the official SDK's types (stripe 16.1.0) and holds one entry a parameter:

    integer  number  string  boolean      a plain value
    enum:a,b                              one of these words
    array:KIND                            a list
    map:string                            free keys, as in `metadata`
    hash:NAME                             a nested hash, described under `hashes`
    KIND|KIND                             either
    !  after it                           required
    ?  after it                           an empty string unsets it; the checked value is then ""

A parameter that is not in the table is refused as Stripe refuses it.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from paydesk.sandbox.core.errors import StripeError, invalid

Checker = Callable[[Any, str], Any]

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")

OLDER_VERSIONS = {"payment_method_types": "array:string"}
"""Taken on intents from requests with a Stripe-Version before the pinned one (stripe.md §15)."""

CLIENT_PARAMETERS = {
    "client_secret": "string",
    "key": "string",
    "_stripe_account": "string",
    "_stripe_version": "string",
    "client_attribution_metadata": "map:string",
    "expected_payment_method_type": "string",
    "guid": "string",
    "muid": "string",
    "sid": "string",
    "pasted_fields": "string",
    "payment_user_agent": "string",
    "radar_options": "map:string",
    "referrer": "string",
    "save_payment_method": "boolean",
    "set_as_default_payment_method": "boolean",
    "time_on_page": "string",
    "use_stripe_sdk": "boolean",
}
"""The parameters that Stripe.js sends beside the documented ones, with a publishable key (stripe.md §13)."""

_CONFIRM = "POST /v1/payment_intents/*/confirm"
_AS_IN_CONFIRM = "as in confirm"

OWN_CALLS: dict[str, dict[str, str]] = {
    "GET /v1/elements/sessions": {
        "key": "string",
        "_stripe_account": "string",
        "type": "string",
        "locale": "string",
        "client_secret": "string",
        "deferred_intent": "hash:deferred_intent",
        "currency": "string",
        "referrer_host": "string",
        "stripe_js_id": "string",
        "expand": "array:string",
    },
    "POST /v1/3ds2/authenticate": {
        "source": "string!",
        "key": "string",
        "_stripe_account": "string",
        "browser": "string",
        "frontend_origin": "string",
        "one_click_authn_device_support_options": "map:string",
        "outcome": "enum:succeed,fail",
    },
    "POST /v1/confirmation_tokens": {
        "payment_method": "string",
        "payment_method_data": _AS_IN_CONFIRM,
        "return_url": "string",
        "setup_future_usage": "enum:off_session,on_session?",
        "shipping": _AS_IN_CONFIRM,
        "expand": "array:string",
    },
    "GET /v1/account": {"expand": "array:string"},
}
"""Calls that the SDK has no types for: the ones that only Stripe.js makes, and `GET /v1/account`."""

_TYPED_BY_BROWSERS = {
    "card": "hash:typed_card",
    "client_attribution_metadata": "map:string",
    "guid": "string",
    "muid": "string",
    "sid": "string",
    "pasted_fields": "string",
    "payment_user_agent": "string",
    "referrer": "string",
    "time_on_page": "string",
}
"""The fields that Stripe.js adds to `payment_method_data`: the card, which the types leave out, and its origin."""

_OWN_HASHES = {
    "typed_card": {
        "number": "string",
        "exp_month": "integer",
        "exp_year": "integer",
        "cvc": "string",
        "token": "string",
        "networks": "map:string",
    },
    "deferred_intent": {
        "mode": "string",
        "amount": "integer",
        "currency": "string",
        "capture_method": "string",
        "setup_future_usage": "string",
        "payment_method_types": "array:string",
        "allowed_payment_method_types": "array:string",
    },
}


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = orjson.loads(Path(__file__).with_name("parameters.json").read_bytes())
    confirm = table["calls"][_CONFIRM]
    for call, fields in OWN_CALLS.items():
        table["calls"][call] = {
            name: confirm[name] if entry == _AS_IN_CONFIRM else entry for name, entry in fields.items()
        }
    table["hashes"].update(_OWN_HASHES)
    method = table["hashes"][confirm["payment_method_data"].removeprefix("hash:")]
    method.update(_TYPED_BY_BROWSERS, type=method["type"].replace("enum:", "enum:card,"))
    return table


class Hash:
    """The parameters of a call, or of one nested hash."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.checks: dict[str, Checker] = {}
        self.required: list[str] = []
        for name, entry in fields.items():
            if entry.endswith("!"):
                self.required.append(name)
                entry = entry[:-1]
            self.checks[name] = _checker(entry)

    def check(self, values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        """The values of a request, typed.

        raises   StripeError 400: parameter_unknown, parameter_missing, parameter_invalid_*
        """
        checks = self.checks
        result = {}
        unknown = []
        for name, value in values.items():
            check = checks.get(name)
            if check is None:
                unknown.append(f"{prefix}[{name}]" if prefix else name)
            else:
                result[name] = check(value, f"{prefix}[{name}]" if prefix else name)
        if unknown:
            word = "parameter" if len(unknown) == 1 else "parameters"
            message = f"Received unknown {word}: {', '.join(unknown)}"
            raise invalid(message, code="parameter_unknown", param=unknown[0])
        for name in self.required:
            if name not in values:
                full = f"{prefix}[{name}]" if prefix else name
                raise invalid(f"Missing required param: {full}.", code="parameter_missing", param=full)
        return result


@cache
def _hash(name: str) -> Hash:
    return Hash(_table()["hashes"][name])


@cache
def call_parameters(call: str, *, older: bool = False, client: bool = False) -> Hash | None:
    """The table of one call such as `POST /v1/refunds`; None where a call is not in it.

    older    the request's Stripe-Version came before the pinned one
    client   the request came with a publishable key
    """
    fields = _table()["calls"].get(call)
    if fields is None:
        return None
    fields = dict(fields)
    if older and "allowed_payment_method_types" in fields:
        fields.update(OLDER_VERSIONS)
    if client:
        fields = {**CLIENT_PARAMETERS, **fields}
    return Hash(fields)


@cache
def _checker(entry: str) -> Checker:
    """The check of one entry; made once, when the first request needs it."""
    unset = entry.endswith("?")
    if unset:
        entry = entry[:-1]
    if entry.startswith("array:"):
        check = _array(_checker(entry.removeprefix("array:")))
    else:
        kinds = [_kind(kind) for kind in entry.split("|")]
        check = kinds[0] if len(kinds) == 1 else _either(kinds)
    if unset:
        return lambda value, path: "" if value == "" else check(value, path)
    return check


def _kind(entry: str) -> Checker:
    kind, _, detail = entry.partition(":")
    if kind == "enum":
        return _enum(detail.split(","))
    if kind == "hash":
        return _nested(detail)
    return {"integer": _integer, "number": _number, "string": _string, "boolean": _boolean, "map": _map}[kind]


def empty(path: str) -> StripeError:
    """Stripe's refusal of an empty value where nothing can be unset."""
    return invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=path,
    )


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {_excerpt(value)}", code="parameter_invalid_string", param=path)
    if value == "":
        raise empty(path)
    if len(value) > 5000:
        raise invalid(
            f"Invalid string: {value[:15]}...{value[-5:]}; must be at most 5000 characters",
            code="parameter_invalid_string",
            param=path,
        )
    if "\0" in value:
        raise invalid(
            "Invalid string: it must not contain a NUL character", code="parameter_invalid_string", param=path
        )
    return value


def _integer(value: Any, path: str) -> int:
    if value == "":
        raise empty(path)
    if not isinstance(value, str) or not _INTEGER.match(value):
        raise invalid(f"Invalid integer: {_excerpt(value)}", code="parameter_invalid_integer", param=path)
    return int(value)


def _number(value: Any, path: str) -> str:
    if value == "":
        raise empty(path)
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise invalid(f"Invalid decimal: {_excerpt(value)}", code="parameter_invalid_decimal", param=path)
    return value


def _boolean(value: Any, path: str) -> bool:
    if value == "":
        raise empty(path)
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise invalid(f"Invalid boolean: {_excerpt(value)}", code="parameter_invalid_boolean", param=path)


def _map(value: Any, path: str) -> dict[str, str]:
    if value == "":
        raise empty(path)
    if not isinstance(value, dict):
        raise invalid("Invalid object", code="parameter_invalid_object", param=path)
    for key, member in value.items():
        if not isinstance(member, str):
            full = f"{path}[{key}]"
            raise invalid(f"Invalid string: {_excerpt(member)}", code="parameter_invalid_string", param=full)
    return value


def _enum(words: list[str]) -> Checker:
    allowed = frozenset(words)

    def check(value: Any, path: str) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        if value == "":
            raise empty(path)
        shown = words if len(words) <= 60 else [*words[:60], "..."]
        choice = shown[0] if len(shown) == 1 else f"one of {', '.join(shown[:-1])}, or {shown[-1]}"
        raise invalid(f"Invalid {path}: must be {choice}", param=path)

    return check


def _nested(name: str) -> Checker:
    def check(value: Any, path: str) -> dict[str, Any]:
        if value == "":
            raise empty(path)
        if not isinstance(value, dict):
            raise invalid("Invalid object", code="parameter_invalid_object", param=path)
        return _hash(name).check(value, path)

    return check


def _array(item: Checker) -> Checker:
    def check(value: Any, path: str) -> list[Any]:
        if value == "":
            raise empty(path)
        if isinstance(value, dict) and all(key.isdigit() for key in value):
            value = [value[key] for key in sorted(value, key=int)]
        if not isinstance(value, list):
            raise invalid("Invalid array", code="parameter_invalid_array", param=path)
        return [item(member, f"{path}[{position}]") for position, member in enumerate(value)]

    return check


def _either(checks: list[Checker]) -> Checker:
    def check(value: Any, path: str) -> Any:
        error: StripeError | None = None
        for check_kind in checks:
            try:
                return check_kind(value, path)
            except StripeError as refused:
                # The last kind speaks for all, unless the value is a hash and one kind reads hashes.
                if error is None or not isinstance(value, dict):
                    error = refused
        assert error is not None, "a parameter has at least one kind"
        raise error

    return check


def _excerpt(value: Any) -> str:
    return value[:100] if isinstance(value, str) else orjson.dumps(value).decode()[:100]
