"""Every call of Stripe's API that the sandbox answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import StripeError, missing
from paydesk.sandbox.objects import (
    balance,
    charges,
    confirmation_tokens,
    customers,
    disputes,
    events,
    intents,
    payment_methods,
    refunds,
    reviews,
    setup_intents,
    webhook_endpoints,
)

Result = Record | dict[str, Any] | bytes


class Route(NamedTuple):
    """One call: its name in the parameter table, its work, the right a restricted key needs, and who may make it.

    public   a publishable key may make it, too
    """

    name: str
    work: Callable[..., Result]
    right: str
    public: bool = False


def _account(call: Call) -> Result:
    """GET /v1/account"""
    return {
        "id": call.account.id,
        "object": "account",
        "business_profile": {"mcc": None, "name": None, "url": None},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account" if call.account.platform is None else "application"},
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def _elements_session(call: Call) -> Result:
    """GET /v1/elements/sessions: what Stripe.js asks before it draws the Payment Element."""
    params = call.params
    deferred = params.get("deferred_intent") or {}
    kind = params.get("type", "deferred_intent")
    session: dict[str, Any] = {
        "session_id": f"elements_session_{call.request}",
        "business_name": "Sandbox",
        "config_id": None,
        "link_settings": {"link_enabled": False, "link_funding_sources": []},
        "merchant_country": "US",
        "merchant_currency": deferred.get("currency", "usd"),
        "merchant_id": call.account.id,
        "ordered_payment_method_types_and_wallets": ["card"],
        "payment_method_preference": {
            "object": "payment_method_preference",
            "country_code": "US",
            "ordered_payment_method_types": ["card"],
            "type": kind,
        },
        "unactivated_payment_method_types": [],
    }
    secret = params.get("client_secret")
    if secret is not None:
        identifier = secret.partition("_secret_")[0]
        noun = "setup_intent" if identifier.startswith("seti_") else "payment_intent"
        intent = call.get(noun, identifier, "client_secret")
        if intent.body["client_secret"] != secret:
            raise missing(noun, identifier, "client_secret", status=400)
        shown = intents.reduced(intent.body) if noun == "payment_intent" else setup_intents.reduced(intent.body)
        session["payment_method_preference"][noun] = shown
    return session


def _authenticate(call: Call) -> Result:
    """POST /v1/3ds2/authenticate: Stripe.js reports the customer through; `outcome=fail` plays a customer who fails."""
    source = call.params["source"]
    for account, identifier in call.state.rows(
        "select account, id from objects where account = ? and kind in ('payment_intent', 'setup_intent') "
        "and json_extract(inner, '$.action.source') = ?",
        (call.account.n, source),
    ):
        assert account == call.account.n, "the statement asks for this account's intents"
        act(call, identifier, success=call.params.get("outcome") != "fail")
        return {
            "id": source.replace("payatt", "threeds2"),
            "object": "three_d_secure_2",
            "ares": None,
            "created": call.now,
            "error": None,
            "fallback_redirect_url": None,
            "livemode": False,
            "source": source,
            "state": "succeeded" if call.params.get("outcome") != "fail" else "failed",
        }
    raise missing("source", source, "source", status=400)


def act(call: Call, identifier: str, *, success: bool) -> str:
    """Take an intent that waits for its customer on; `succeeded` or `failed`, as `redirect_status` tells the shop."""
    try:
        if identifier.startswith("seti_"):
            setup_intents.acted(call, call.get("setup_intent", identifier), success=success)
        else:
            intents.acted(call, call.get("payment_intent", identifier), success=success)
    except StripeError as refused:
        if not refused.keeps:
            raise
        return "failed"
    return "succeeded"


_TABLE: list[tuple[str, Callable[..., Result], str, bool]] = [
    ("GET /v1/payment_intents", intents.listing, "payment_intent", False),
    ("POST /v1/payment_intents", intents.create, "payment_intent", False),
    ("GET /v1/payment_intents/search", intents.search, "payment_intent", False),
    ("GET /v1/payment_intents/*", intents.retrieve, "payment_intent", True),
    ("POST /v1/payment_intents/*", intents.update, "payment_intent", False),
    ("POST /v1/payment_intents/*/confirm", intents.confirm, "payment_intent", True),
    ("POST /v1/payment_intents/*/capture", intents.capture, "payment_intent", False),
    ("POST /v1/payment_intents/*/cancel", intents.cancel, "payment_intent", False),
    ("POST /v1/payment_intents/*/increment_authorization", intents.increment, "payment_intent", False),
    ("GET /v1/setup_intents", setup_intents.listing, "setup_intent", False),
    ("POST /v1/setup_intents", setup_intents.create, "setup_intent", False),
    ("GET /v1/setup_intents/*", setup_intents.retrieve, "setup_intent", True),
    ("POST /v1/setup_intents/*", setup_intents.update, "setup_intent", False),
    ("POST /v1/setup_intents/*/confirm", setup_intents.confirm, "setup_intent", True),
    ("POST /v1/setup_intents/*/cancel", setup_intents.cancel, "setup_intent", False),
    ("GET /v1/customers", customers.listing, "customer", False),
    ("POST /v1/customers", customers.create, "customer", False),
    ("GET /v1/customers/search", customers.search, "customer", False),
    ("GET /v1/customers/*", customers.retrieve, "customer", False),
    ("POST /v1/customers/*", customers.update, "customer", False),
    ("DELETE /v1/customers/*", customers.delete, "customer", False),
    ("GET /v1/customers/*/payment_methods", payment_methods.of_customer, "payment_method", False),
    ("GET /v1/customers/*/payment_methods/*", payment_methods.one_of_customer, "payment_method", False),
    ("GET /v1/payment_methods", payment_methods.listing, "payment_method", False),
    ("POST /v1/payment_methods", payment_methods.create, "payment_method", True),
    ("GET /v1/payment_methods/*", payment_methods.retrieve, "payment_method", False),
    ("POST /v1/payment_methods/*", payment_methods.update, "payment_method", False),
    ("POST /v1/payment_methods/*/attach", payment_methods.attach, "payment_method", False),
    ("POST /v1/payment_methods/*/detach", payment_methods.detach, "payment_method", False),
    ("GET /v1/charges", charges.listing, "charge", False),
    ("GET /v1/charges/search", charges.search, "charge", False),
    ("GET /v1/charges/*", charges.retrieve, "charge", False),
    ("POST /v1/charges/*", charges.update, "charge", False),
    ("POST /v1/charges/*/capture", charges.capture, "charge", False),
    ("GET /v1/charges/*/refunds", refunds.of_charge, "charge", False),
    ("GET /v1/refunds", refunds.listing, "charge", False),
    ("POST /v1/refunds", refunds.create, "charge", False),
    ("GET /v1/refunds/*", refunds.retrieve, "charge", False),
    ("POST /v1/refunds/*", refunds.update, "charge", False),
    ("POST /v1/refunds/*/cancel", refunds.cancel, "charge", False),
    ("GET /v1/disputes", disputes.listing, "dispute", False),
    ("GET /v1/disputes/*", disputes.retrieve, "dispute", False),
    ("POST /v1/disputes/*", disputes.update, "dispute", False),
    ("POST /v1/disputes/*/close", disputes.close, "dispute", False),
    ("GET /v1/radar/early_fraud_warnings", disputes.warnings, "early_fraud_warning", False),
    ("GET /v1/reviews", reviews.listing, "review", False),
    ("GET /v1/reviews/*", reviews.retrieve, "review", False),
    ("POST /v1/reviews/*/approve", reviews.approve, "review", False),
    ("GET /v1/webhook_endpoints", webhook_endpoints.listing, "webhook", False),
    ("POST /v1/webhook_endpoints", webhook_endpoints.create, "webhook", False),
    ("GET /v1/webhook_endpoints/*", webhook_endpoints.retrieve, "webhook", False),
    ("POST /v1/webhook_endpoints/*", webhook_endpoints.update, "webhook", False),
    ("DELETE /v1/webhook_endpoints/*", webhook_endpoints.delete, "webhook", False),
    ("GET /v1/events", events.listing, "event", False),
    ("GET /v1/events/*", events.retrieve, "event", False),
    ("GET /v1/balance", balance.balance, "balance", False),
    ("GET /v1/balance_transactions", balance.listing, "balance_transaction_source", False),
    ("GET /v1/balance_transactions/*", balance.retrieve, "balance_transaction_source", False),
    ("GET /v1/account", _account, "accounts_kyc_basic", False),
    ("POST /v1/confirmation_tokens", confirmation_tokens.create, "confirmation_token", True),
    ("GET /v1/confirmation_tokens/*", confirmation_tokens.retrieve, "confirmation_token", True),
    ("GET /v1/elements/sessions", _elements_session, "payment_intent", True),
    ("POST /v1/3ds2/authenticate", _authenticate, "payment_intent", True),
]

ROUTES = {name: Route(name, work, right, public) for name, work, right, public in _TABLE}


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The call for a method and a path such as `/v1/refunds/re_1`, with the ids in it."""
    route = ROUTES.get(f"{method} {path}")
    if route is not None:
        return route, ()
    parts = path.split("/")[2:]
    if len(parts) == 2:
        route, found = ROUTES.get(f"{method} /v1/{parts[0]}/*"), (parts[1],)
    elif len(parts) == 3:
        route, found = ROUTES.get(f"{method} /v1/{parts[0]}/*/{parts[2]}"), (parts[1],)
    elif len(parts) == 4:
        route = ROUTES.get(f"{method} /v1/{parts[0]}/*/{parts[2]}/*")
        found = (parts[1], parts[3])  # type: ignore[assignment]
    else:
        return None
    return (route, found) if route is not None and all(found) else None


def rendered(result: Result) -> bytes:
    """A result as JSON."""
    if isinstance(result, bytes):
        return result
    return result.json() if isinstance(result, Record) else orjson.dumps(result)
