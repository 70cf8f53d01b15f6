"""Verbs about webhook endpoints. Source: Stripe, "Webhook Endpoints"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from paydesk.gateways.port.account import Registration
from paydesk.gateways.stripe.reading.endpoints import ACCOUNT, registration
from paydesk.gateways.stripe.reading.events import EVENTS
from paydesk.gateways.stripe.reading.values import Object
from paydesk.gateways.stripe.verbs.verb import StripeVerb
from paydesk.gateways.stripe.version import API_VERSION

PATH: Final = "/v1/webhook_endpoints"


def _register(ask: Mapping[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "url": ask["url"],
        "enabled_events": list(EVENTS),
        "api_version": API_VERSION,
        "description": "paydesk",
        "metadata": {"paydesk_gateway": ask["gateway_id"], "paydesk_installation": ask["installation"]},
    }
    if ask.get("account"):
        # The platform's own endpoint, which hears of all its connected accounts.
        parameters["connect"] = True
        parameters["metadata"][ACCOUNT] = ask["account"]
    return parameters


def _move_endpoint(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["endpoint_id"], "url": ask["url"], "enabled_events": list(EVENTS), "disabled": False}


def _unregister(ask: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": ask["endpoint_id"]}


def _read(value: Object, request_id: str | None, replayed: bool) -> Registration:
    return registration(value, request_id)


def _gone(endpoint_id: str) -> Registration:
    return Registration(endpoint_id=endpoint_id, url=None, status="deleted")


VERBS: Final[Mapping[str, StripeVerb]] = {
    "register": StripeVerb(
        path=PATH,
        needs=frozenset(("url", "gateway_id", "installation")),
        takes=frozenset(("account",)),
        make=_register,
        read=_read,
        of_the_platform=True,
    ),
    "move_endpoint": StripeVerb(
        path=f"{PATH}/{{}}",
        needs=frozenset(("endpoint_id", "url")),
        make=_move_endpoint,
        read=_read,
        of_the_platform=True,
    ),
    "unregister": StripeVerb(
        method="delete",
        path=f"{PATH}/{{}}",
        needs=frozenset(("endpoint_id",)),
        make=_unregister,
        read=_read,
        missing=_gone,
        of_the_platform=True,
    ),
}
