"""WebhookEndpoints: the addresses to which events are sent. Source: stripe.md §11; Stripe, "Webhook endpoints"."""

from typing import Any
from urllib.parse import urlsplit

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata

MAXIMUM = 16


def _check_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", code="url_invalid", param="url"
        )
    if not parts.hostname:
        raise invalid(f"Invalid URL: {url[:200]}", code="url_invalid", param="url")
    return url


def create(call: Call) -> Record | dict[str, Any]:
    """POST /v1/webhook_endpoints: the only answer that has the secret"""
    params = call.params
    _check_url(params["url"])
    count = next(
        call.state.rows(
            "select count(*) from objects where account = ? and kind = 'webhook_endpoint'", (call.account.n,)
        )
    )[0]
    if count >= MAXIMUM:
        raise invalid(
            f"You have reached the maximum of {MAXIMUM} test webhook endpoints. Remove an endpoint before you add "
            "another one."
        )
    secret = f"whsec_{token(32)}"
    record = call.add(
        "webhook_endpoint",
        "we",
        {
            "object": "webhook_endpoint",
            "api_version": params.get("api_version"),
            "application": None,
            "created": call.now,
            "description": params.get("description") or None,
            "enabled_events": params["enabled_events"],
            "livemode": False,
            "metadata": merge_metadata({}, params.get("metadata")),
            "status": "enabled",
            "url": params["url"],
        },
        {"secret": secret, "connect": params.get("connect", False)},
    )
    call.backend.endpoints.forget(call.account.n)
    return {**record.body, "secret": secret}


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/webhook_endpoints/:id"""
    return call.get("webhook_endpoint", identifier)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/webhook_endpoints/:id"""
    params = call.params
    record = call.get("webhook_endpoint", identifier)
    body = record.body
    if "url" in params:
        body["url"] = _check_url(params["url"])
    if "enabled_events" in params:
        body["enabled_events"] = params["enabled_events"]
    if "description" in params:
        body["description"] = params["description"] or None
    if "disabled" in params:
        body["status"] = "disabled" if params["disabled"] else "enabled"
    body["metadata"] = merge_metadata(body["metadata"], params.get("metadata"))
    call.save(record)
    call.backend.endpoints.forget(call.account.n)
    return record


def delete(call: Call, identifier: str) -> Record:
    """DELETE /v1/webhook_endpoints/:id: events that wait for it are not sent"""
    record = call.get("webhook_endpoint", identifier)
    record.kind = "deleted_webhook_endpoint"
    record.body = {"id": identifier, "object": "webhook_endpoint", "deleted": True}
    record.inner = {}
    call.save(record)
    call.backend.endpoints.forget(call.account.n)
    return record


def listing(call: Call) -> bytes:
    """GET /v1/webhook_endpoints"""
    return page(call, "webhook_endpoint", "/v1/webhook_endpoints")
