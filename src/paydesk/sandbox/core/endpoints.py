"""The webhook endpoints of each account, as the delivery of events needs them."""

from dataclasses import dataclass

import orjson

from paydesk.sandbox.core.accounts import Account
from paydesk.sandbox.core.state import State


@dataclass(slots=True)
class Endpoint:
    """One endpoint. `connect` endpoints get the events of connected accounts, the others those of their own account."""

    id: str
    url: str
    secret: str
    events: frozenset[str]
    connect: bool
    api_version: str | None


class Endpoints:
    """The enabled endpoints of each account; they are read once, and again after every change."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.of_account: dict[int, dict[str, Endpoint]] = {}

    def enabled(self, account: int) -> dict[str, Endpoint]:
        """An account's own endpoints that are enabled."""
        endpoints = self.of_account.get(account)
        if endpoints is None:
            endpoints = {}
            for row in self.state.objects("account = ? and kind = 'webhook_endpoint' order by seq", (account,)):
                body, inner = orjson.loads(row.body), orjson.loads(row.inner or b"{}")
                if body["status"] == "enabled":
                    endpoints[row.id] = Endpoint(
                        row.id,
                        body["url"],
                        inner["secret"],
                        frozenset(body["enabled_events"]),
                        inner["connect"],
                        body["api_version"],
                    )
            self.of_account[account] = endpoints
        return endpoints

    def subscribed(self, account: Account, kind: str) -> list[str]:
        """The ids of the endpoints that an event of an account goes to."""
        endpoints = self.enabled(account.n if account.platform is None else account.platform)
        if not endpoints:
            return []
        connected = account.platform is not None
        return [
            endpoint.id
            for endpoint in endpoints.values()
            if endpoint.connect == connected and (kind in endpoint.events or "*" in endpoint.events)
        ]

    def forget(self, account: int) -> None:
        """Read an account's endpoints again when they are next needed: they have changed."""
        self.of_account.pop(account, None)
