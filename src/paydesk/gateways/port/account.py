"""A gateway's account beside its payments: keys, webhook endpoints and events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from paydesk.gateways.port.events import EventPage, GatewayEvent, SelfTest
from paydesk.gateways.port.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to speak for one gateway record. Made for the moment of a call; its repr shows no secret.

    account           the connected account in whose name every call is made, or None
    webhook_secrets   every secret that may have signed an event, newest first; more than one during a change
    live              the record's mode; a key of the other mode is refused before anything is sent
    """

    secret_key: str = field(repr=False)
    publishable_key: str | None = None
    account: str | None = None
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    live: bool = False


MARK = "paydesk_owner"
"""The metadata of a webhook endpoint that tells which of several copies of an installation acts at the gateway."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A webhook endpoint at the gateway.

    secret      told once, in the answer to "register"; None ever after
    status      "enabled", "disabled" or "deleted"
    deaf_to     the kinds of events, of those that are handled, that it does not tell of
    version     of which version of the gateway's interface its events are, None where the gateway does not say
    current     that is the one that is read here; it is decided when it is registered, and for good
    account     the connected account whose events it brings, None for the credentials' own
    owner       the account of the credentials that registered it, where that was asked for and may be seen
    created_at  when it was registered, None where the gateway does not say
    """

    endpoint_id: str
    url: str | None
    status: str
    secret: str | None = field(default=None, repr=False)
    deaf_to: tuple[str, ...] = ()
    version: str | None = None
    current: bool = True
    account: str | None = None
    owner: str | None = None
    created_at: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None

    @property
    def hears(self) -> bool:
        """Whether it tells of everything that is handled."""
        return not self.deaf_to


class Account(Protocol):
    """What paydesk asks of an account at a gateway: keys may lack rights, and news come by events.

    Verbs of its own: register, move_endpoint, unregister.
    """

    async def probe(self, credentials: Credentials, *, seconds: float | None = None) -> list[str]:
        """The rights these credentials lack, by the gateway's names; empty when all is well.

        raises  Refused (401: the key itself is wrong), Unknown
        """
        ...

    async def tells_fees(self, credentials: Credentials, *, seconds: float | None = None) -> bool:
        """Whether the key may see what payments cost, which nothing but reports needs. Raises Refused, Unknown."""
        ...

    async def account_id(self, credentials: Credentials, *, seconds: float | None = None) -> str | None:
        """The gateway's name for the account whose key this is; None where the key may not see that.

        raises  Refused (401: the key itself is wrong), Unknown
        """
        ...

    def breakers(self) -> Mapping[str, int]:
        """How many sets of credentials are "closed", "open" and "half-open": asked, left alone, tried again."""
        ...

    async def find_endpoints(
        self, gateway_id: str, *, credentials: Credentials, seconds: float | None = None
    ) -> list[Registration]:
        """The webhook endpoints that were registered for this gateway record, newest first. Raises Refused, Unknown."""
        ...

    async def mark_endpoint(
        self, endpoint_id: str, mark: str, *, credentials: Credentials, seconds: float | None = None
    ) -> None:
        """Write into an endpoint's metadata, under `MARK`, who acts here. Raises Refused, Unknown."""
        ...

    def event(self, body: bytes, headers: Mapping[str, str], *, credentials: Credentials, now: float) -> GatewayEvent:
        """The event in a request, once its signature is found to be ours. Raises Forged, Malformed.

        now   unix seconds
        """
        ...

    def self_tests(self, *, credentials: Credentials, now: float) -> list[SelfTest]:
        """For each webhook secret an event of our own, signed with it as the gateway signs; `event` tells it apart.

        now   unix seconds
        """
        ...

    async def events_since(
        self, cursor: str | None, *, since: float, credentials: Credentials, seconds: float | None = None
    ) -> EventPage:
        """What happened after the event `cursor`, or, without one or once it is forgotten, after `since`.

        since   unix seconds
        raises  Refused, Unknown
        """
        ...

    def payments_made(
        self, since: float, until: float, *, credentials: Credentials, seconds: float | None = None
    ) -> AsyncIterator[Snapshot]:
        """Every payment that was opened from `since` to before `until`, newest first, whoever opened it.

        since, until   unix seconds
        seconds        for each page of the list

        The snapshots have id, status, amount, metadata and the sums authorized and received. They lack the charge's
        facts, so they are for finding payments, not for booking them.
        raises  Refused, Unknown
        """
        ...
