"""Who may ask at all: where a request comes from, who sends it, how often, and in which media type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from paydesk.base.actor import Actor
from paydesk.base.errors import InvalidToken
from paydesk.http.answers import Rejected, check_media
from paydesk.http.challenges import MISSING
from paydesk.http.exchange import Exchange
from paydesk.http.limits import Caller, Limits, Unlisted
from paydesk.http.origin import Network, Origin, origin
from paydesk.jsonapi import errors
from paydesk.rules.registry import Registry

_METHODS = ("GET", "POST", "PATCH", "DELETE")


class Admission:
    """Lets requests in.

    actor_of   the actor of a token that came in under a host label; raises InvalidToken
    limits     how often a client may ask; None for as often as it likes
    unlisted   hears of proxies that are in no setting
    """

    def __init__(
        self,
        registry: Registry,
        actor_of: Callable[[str, str | None], Awaitable[Actor]],
        *,
        trusted_proxies: tuple[Network, ...],
        limits: Limits | None,
        unlisted: Unlisted | None,
    ) -> None:
        shapes = [resource.shape for resource in registry.types.values()]
        served = {shape.type for shape in shapes} | {shape.singular for shape in shapes if shape.singleton}
        self._endpoints = {*served, *registry.known}
        self._cacheable = {shape.type for shape in shapes if shape.cacheable}
        self._actor_of = actor_of
        self._trusted = trusted_proxies
        self._limits = limits
        self._unlisted = unlisted or Unlisted()

    async def admit(self, exchange: Exchange, headers: dict[bytes, bytes]) -> tuple[Origin, Actor]:
        """Where an admitted request comes from, and who sends it.

        raises   BadHost, Rejected, InvalidToken
        """
        came = origin(exchange.scope, headers, self._trusted)
        actor = await self._actor(headers.get(b"authorization", b""), came.label)
        if came.forwarded_for is not None:
            self._unlisted.tell(came.client)
        if self._limits is not None:
            self._count(self._limits, exchange, came, None if isinstance(actor, InvalidToken) else actor)
        check_media(headers, has_body=exchange.method in ("POST", "PATCH"))
        if isinstance(actor, InvalidToken):
            raise actor
        return came, actor

    async def _actor(self, authorization: bytes, label: str) -> Actor | InvalidToken:
        """Who sends the request, or why nobody knows: it is counted all the same."""
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            return InvalidToken(MISSING)
        try:
            return await self._actor_of(token.decode("latin-1").strip(), label)
        except InvalidToken as problem:
            return problem

    def _count(self, limits: Limits, exchange: Exchange, came: Origin, actor: Actor | None) -> None:
        """Count the request; raises Rejected (429) past the limit. Headers say what is left in either case.

        All addresses that the contract does not know count as one endpoint: a client cannot fill memory with names.
        """
        method, name = exchange.method, exchange.path.split("/")[2]
        if method not in _METHODS or name not in self._endpoints:
            method, name = "", ""
        application, is_integration = None, False
        if actor is not None:
            application, is_integration = f"{actor.tenant}/{actor.application_id}", actor.kind == "integration"
        caller = Caller(came.address, came.forwarded_for, application, is_integration)
        cacheable = method == "GET" and name in self._cacheable
        verdict = limits.request(caller, method, name, actor is not None and actor.live, cacheable=cacheable)
        exchange.more_headers.extend(verdict.headers())
        if verdict.retry_after is not None:
            raise Rejected(errors.problem("TOO_MANY_REQUESTS"))
