"""Reads the parameters of Stripe's calls out of the SDK's types, in the notation of the sandbox's parameter table.

The table `src/paydesk/sandbox/http/parameters.json` is this module's output, so that the sandbox itself needs no SDK:

    python tests/sandbox/sdk_parameters.py > src/paydesk/sandbox/http/parameters.json

The notation is described in `paydesk.sandbox.http.parameters`. Source: stripe 16.1.0, `stripe.params`.
"""

import importlib
import json
import sys
import types
import typing
from typing import Any, Literal, Union

import typing_extensions

CALLS = {
    "GET /v1/payment_intents": "payment_intent_list",
    "POST /v1/payment_intents": "payment_intent_create",
    "GET /v1/payment_intents/search": "payment_intent_search",
    "GET /v1/payment_intents/*": "payment_intent_retrieve",
    "POST /v1/payment_intents/*": "payment_intent_update",
    "POST /v1/payment_intents/*/confirm": "payment_intent_confirm",
    "POST /v1/payment_intents/*/capture": "payment_intent_capture",
    "POST /v1/payment_intents/*/cancel": "payment_intent_cancel",
    "POST /v1/payment_intents/*/increment_authorization": "payment_intent_increment_authorization",
    "GET /v1/setup_intents": "setup_intent_list",
    "POST /v1/setup_intents": "setup_intent_create",
    "GET /v1/setup_intents/*": "setup_intent_retrieve",
    "POST /v1/setup_intents/*": "setup_intent_update",
    "POST /v1/setup_intents/*/confirm": "setup_intent_confirm",
    "POST /v1/setup_intents/*/cancel": "setup_intent_cancel",
    "GET /v1/customers": "customer_list",
    "POST /v1/customers": "customer_create",
    "GET /v1/customers/search": "customer_search",
    "GET /v1/customers/*": "customer_retrieve",
    "POST /v1/customers/*": "customer_update",
    "DELETE /v1/customers/*": "customer_delete",
    "GET /v1/customers/*/payment_methods": "customer_payment_method_list",
    "GET /v1/customers/*/payment_methods/*": "customer_payment_method_retrieve",
    "GET /v1/payment_methods": "payment_method_list",
    "POST /v1/payment_methods": "payment_method_create",
    "GET /v1/payment_methods/*": "payment_method_retrieve",
    "POST /v1/payment_methods/*": "payment_method_update",
    "POST /v1/payment_methods/*/attach": "payment_method_attach",
    "POST /v1/payment_methods/*/detach": "payment_method_detach",
    "GET /v1/charges": "charge_list",
    "GET /v1/charges/search": "charge_search",
    "GET /v1/charges/*": "charge_retrieve",
    "POST /v1/charges/*": "charge_update",
    "POST /v1/charges/*/capture": "charge_capture",
    "GET /v1/charges/*/refunds": "charge_list_refunds",
    "GET /v1/refunds": "refund_list",
    "POST /v1/refunds": "refund_create",
    "GET /v1/refunds/*": "refund_retrieve",
    "POST /v1/refunds/*": "refund_update",
    "POST /v1/refunds/*/cancel": "refund_cancel",
    "GET /v1/disputes": "dispute_list",
    "GET /v1/radar/early_fraud_warnings": "radar.early_fraud_warning_list",
    "GET /v1/disputes/*": "dispute_retrieve",
    "POST /v1/disputes/*": "dispute_update",
    "POST /v1/disputes/*/close": "dispute_close",
    "GET /v1/reviews": "review_list",
    "GET /v1/reviews/*": "review_retrieve",
    "POST /v1/reviews/*/approve": "review_approve",
    "GET /v1/webhook_endpoints": "webhook_endpoint_list",
    "POST /v1/webhook_endpoints": "webhook_endpoint_create",
    "GET /v1/webhook_endpoints/*": "webhook_endpoint_retrieve",
    "POST /v1/webhook_endpoints/*": "webhook_endpoint_update",
    "DELETE /v1/webhook_endpoints/*": "webhook_endpoint_delete",
    "GET /v1/events": "event_list",
    "GET /v1/events/*": "event_retrieve",
    "GET /v1/balance_transactions": "balance_transaction_list",
    "GET /v1/balance_transactions/*": "balance_transaction_retrieve",
    "GET /v1/balance": "balance_retrieve",
    "GET /v1/account": "account_retrieve_current",
    "GET /v1/confirmation_tokens/*": "confirmation_token_retrieve",
}
"""Call → name of its parameters' module in `stripe.params`."""

UNIONS: tuple[Any, ...] = (Union, types.UnionType)
WRAPPERS = (typing_extensions.NotRequired, typing_extensions.Required, typing.NotRequired, typing.Required)


class Reader:
    """Turns the SDK's typed dictionaries into table entries; equal hashes share one definition."""

    def __init__(self) -> None:
        self.hashes: dict[str, dict[str, str]] = {}
        self.names: dict[str, str] = {}

    def fields(self, cls: Any) -> dict[str, str]:
        """The entries of one typed dictionary, in the order of the SDK without what its options add."""
        module = {**vars(typing), "StripeContext": object, **vars(sys.modules[cls.__module__])}
        hints = typing_extensions.get_type_hints(cls, globalns=module, include_extras=True)
        options = importlib.import_module("stripe._request_options").RequestOptions.__annotations__
        table = {}
        for name, hint in sorted(hints.items()):
            if name in options:
                continue
            origin: Any = typing_extensions.get_origin(hint)
            required = origin not in WRAPPERS
            table[name] = self.entry(hint) + ("!" if required else "")
        return table

    def entry(self, hint: Any) -> str:
        """One type in the table's notation."""
        kinds: list[str] = []
        unset = self.collect(hint, kinds)
        if any(kind.startswith("enum:") for kind in kinds):  # the SDK's enums are open, the API's are not
            kinds = [kind for kind in kinds if kind != "string"]
        return "|".join(dict.fromkeys(kinds)) + ("?" if unset else "")

    def collect(self, hint: Any, kinds: list[str]) -> bool:
        """Add the kinds of `hint`; true when an empty string unsets the parameter."""
        origin: Any = typing_extensions.get_origin(hint)
        arguments = typing_extensions.get_args(hint)
        if origin in WRAPPERS:
            return self.collect(arguments[0], kinds)
        if origin in UNIONS:
            return any([self.collect(each, kinds) for each in arguments])
        if origin is Literal or origin is typing_extensions.Literal:
            values = [value for value in arguments if value != ""]
            if values:
                kinds.append("enum:" + ",".join(str(value) for value in values))
            return "" in arguments
        if origin is list:
            kinds.append("array:" + self.entry(arguments[0]))
        elif origin is dict:
            kinds.append("map:string")
        elif hint in (str, int, bool, float):
            kinds.append({str: "string", int: "integer", bool: "boolean", float: "number"}[hint])
        elif getattr(hint, "__name__", "") == "Decimal":
            kinds.append("number")
        elif typing_extensions.is_typeddict(hint):
            kinds.append("hash:" + self.name(hint))
        elif hint is not type(None) and getattr(origin or hint, "__name__", "") != "UntypedStripeObject":
            raise TypeError(f"no notation for {hint!r}")
        return False

    def name(self, cls: Any) -> str:
        """The definition's name; the first of several equal ones gives it."""
        fields = self.fields(cls)
        key = json.dumps(fields)
        if key not in self.names:
            self.names[key] = f"h{len(self.names) + 1}"
            self.hashes[self.names[key]] = fields
        return self.names[key]


def read() -> dict[str, Any]:
    """The whole table, as `parameters.json` holds it."""
    reader = Reader()
    calls = {}
    for call, stem in CALLS.items():
        package, _, own = stem.rpartition(".")
        module = importlib.import_module(f"stripe.params.{package + '.' if package else ''}_{own}_params")
        name = "".join(part.capitalize() for part in own.split("_")) + "Params"
        calls[call] = reader.fields(getattr(module, name))
    return {"calls": calls, "hashes": reader.hashes}


if __name__ == "__main__":
    json.dump(read(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
