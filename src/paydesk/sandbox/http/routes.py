"""Every call of Stripe's API that the sandbox answers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from paydesk.sandbox.core.call import Record
from paydesk.sandbox.objects import (
    authentication,
    balance,
    charges,
    confirmation_tokens,
    customer_payment_methods,
    customers,
    disputes,
    elements_sessions,
    events,
    own_account,
    payment_methods,
    refunds,
    reviews,
    setup_intents,
    webhook_endpoints,
)
from paydesk.sandbox.objects.payment_intents import cancel, capture, confirm, create, intent

Result = Record | dict[str, Any] | bytes


class Route(NamedTuple):
    """One call: its name in the parameter table, its work, the right a restricted key needs, and who may make it.

    public   a publishable key may make it, too
    """

    name: str
    work: Callable[..., Result]
    right: str
    public: bool = False


_TABLE: list[tuple[str, Callable[..., Result], str, bool]] = [
    ("GET /v1/payment_intents", intent.listing, "payment_intent", False),
    ("POST /v1/payment_intents", create.create, "payment_intent", False),
    ("GET /v1/payment_intents/search", intent.search, "payment_intent", False),
    ("GET /v1/payment_intents/*", intent.retrieve, "payment_intent", True),
    ("POST /v1/payment_intents/*", create.update, "payment_intent", False),
    ("POST /v1/payment_intents/*/confirm", confirm.confirm, "payment_intent", True),
    ("POST /v1/payment_intents/*/capture", capture.capture, "payment_intent", False),
    ("POST /v1/payment_intents/*/cancel", cancel.cancel, "payment_intent", False),
    ("POST /v1/payment_intents/*/increment_authorization", capture.increment, "payment_intent", False),
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
    ("GET /v1/customers/*/payment_methods", customer_payment_methods.of_customer, "payment_method", False),
    ("GET /v1/customers/*/payment_methods/*", customer_payment_methods.one_of_customer, "payment_method", False),
    ("GET /v1/payment_methods", payment_methods.listing, "payment_method", False),
    ("POST /v1/payment_methods", payment_methods.create, "payment_method", True),
    ("GET /v1/payment_methods/*", payment_methods.retrieve, "payment_method", False),
    ("POST /v1/payment_methods/*", payment_methods.update, "payment_method", False),
    ("POST /v1/payment_methods/*/attach", customer_payment_methods.attach, "payment_method", False),
    ("POST /v1/payment_methods/*/detach", customer_payment_methods.detach, "payment_method", False),
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
    ("GET /v1/account", own_account.retrieve, "accounts_kyc_basic", False),
    ("POST /v1/confirmation_tokens", confirmation_tokens.create, "confirmation_token", True),
    ("GET /v1/confirmation_tokens/*", confirmation_tokens.retrieve, "confirmation_token", True),
    ("GET /v1/elements/sessions", elements_sessions.retrieve, "payment_intent", True),
    ("POST /v1/3ds2/authenticate", authentication.authenticate, "payment_intent", True),
]

ROUTES = {name: Route(name, work, right, public) for name, work, right, public in _TABLE}


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a method and a path such as `/v1/refunds/re_1`, with the ids that stand in the path."""
    route = ROUTES.get(f"{method} {path}")
    if route is not None:
        return route, ()
    parts = path.split("/")[2:]
    ids: tuple[str, ...]
    if len(parts) == 2:
        route, ids = ROUTES.get(f"{method} /v1/{parts[0]}/*"), (parts[1],)
    elif len(parts) == 3:
        route, ids = ROUTES.get(f"{method} /v1/{parts[0]}/*/{parts[2]}"), (parts[1],)
    elif len(parts) == 4:
        route, ids = ROUTES.get(f"{method} /v1/{parts[0]}/*/{parts[2]}/*"), (parts[1], parts[3])
    else:
        return None
    return (route, ids) if route is not None and all(ids) else None


def rendered(result: Result) -> bytes:
    """A result as JSON."""
    if isinstance(result, bytes):
        return result
    return result.json() if isinstance(result, Record) else orjson.dumps(result)
