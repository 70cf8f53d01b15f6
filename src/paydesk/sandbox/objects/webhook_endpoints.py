"""WebhookEndpoints: where events are sent, and which. Source: stripe.md §11; Stripe, "Webhook endpoints"."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merged

if TYPE_CHECKING:
    from paydesk.sandbox.core.accounts import Account
    from paydesk.sandbox.running.sandbox import Sandbox

MAXIMUM = 16


@dataclass(slots=True)
class Endpoint:
    """What delivery needs to know. `connect` endpoints get the events of connected accounts, others their own."""

    id: str
    url: str
    secret: str
    events: frozenset[str]
    connect: bool
    api_version: str | None


class Endpoints:
    """The enabled endpoints of each account, read once and again after every change."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self.of_account: dict[int, dict[str, Endpoint]] = {}

    def enabled(self, account: int) -> dict[str, Endpoint]:
        """An account's own endpoints that are enabled."""
        known = self.of_account.get(account)
        if known is None:
            known = {}
            for row in self.sandbox.state.objects("account = ? and kind = 'webhook_endpoint' order by seq", (account,)):
                body, inner = orjson.loads(row.body), orjson.loads(row.inner or b"{}")
                if body["status"] == "enabled":
                    known[row.id] = Endpoint(
                        row.id,
                        body["url"],
                        inner["secret"],
                        frozenset(body["enabled_events"]),
                        inner["connect"],
                        body["api_version"],
                    )
            self.of_account[account] = known
        return known

    def wanting(self, account: "Account", kind: str) -> list[str]:
        """The ids of the endpoints that an event of an account goes to."""
        own = self.enabled(account.n if account.platform is None else account.platform)
        if not own:
            return []
        connected = account.platform is not None
        return [
            each.id
            for each in own.values()
            if each.connect == connected and (kind in each.events or "*" in each.events)
        ]

    def forget(self, account: int) -> None:
        """An account's endpoints have changed."""
        self.of_account.pop(account, None)


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
            "metadata": merged({}, params.get("metadata")),
            "status": "enabled",
            "url": params["url"],
        },
        {"secret": secret, "connect": params.get("connect", False)},
    )
    call.sandbox.endpoints.forget(call.account.n)
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
    body["metadata"] = merged(body["metadata"], params.get("metadata"))
    call.save(record)
    call.sandbox.endpoints.forget(call.account.n)
    return record


def delete(call: Call, identifier: str) -> Record:
    """DELETE /v1/webhook_endpoints/:id: what waits for it is not sent"""
    record = call.get("webhook_endpoint", identifier)
    record.kind = "deleted_webhook_endpoint"
    record.body = {"id": identifier, "object": "webhook_endpoint", "deleted": True}
    record.inner = {}
    call.save(record)
    call.sandbox.endpoints.forget(call.account.n)
    return record


def listing(call: Call) -> bytes:
    """GET /v1/webhook_endpoints"""
    return page(call, "webhook_endpoint", "/v1/webhook_endpoints")
