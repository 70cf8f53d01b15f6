"""`/api`: one mount for every type. The path is split, the type looked up, the method checked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from paydesk.base.actor import Actor
from paydesk.base.errors import Denied, NotFound, Refusal
from paydesk.desk import Broken, Desk
from paydesk.desk.requests import Permissions
from paydesk.http import bodies, history, pages, reading, writing
from paydesk.http.admission import Admission
from paydesk.http.answers import BAD_HOST, PREFLIGHT, Answer, Rejected, failed, found
from paydesk.http.exchange import Exchange
from paydesk.http.known import nothing_in, nothing_of
from paydesk.http.limits import Guards, Limits, Unlisted
from paydesk.http.origin import BadHost, Network, single
from paydesk.http.request import ApiRequest, Engine
from paydesk.jsonapi import errors
from paydesk.jsonapi.documents.views import Views
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

log = logging.getLogger("paydesk.http")

_COLLECTION = {"list": "GET, HEAD", "create": "POST"}
_MEMBER = {"retrieve": "GET, HEAD", "update": "PATCH", "delete": "DELETE"}
_RELATED = {"related": "GET, HEAD"}
"""By action, the methods that ask for it at an address of this kind."""


class Api:
    """The ASGI application below `/api/`."""

    def __init__(
        self,
        desk: Desk,
        registry: Registry,
        views: Views,
        permissions: Permissions,
        actor_of: Callable[[str, str | None], Awaitable[Actor]],
        *,
        public_domain: str | None,
        trusted_proxies: tuple[Network, ...],
        max_body_bytes: int,
        limits: Limits | None = None,
        unlisted: Unlisted | None = None,
        guesses: Guards | None = None,
    ) -> None:
        """`actor_of`, `limits` and `unlisted` as `Admission` has them, `guesses` as `Engine`."""
        self._admission = Admission(
            registry, actor_of, trusted_proxies=trusted_proxies, limits=limits, unlisted=unlisted
        )
        types = registry.types
        confidential = frozenset(
            name for name, one in types.items() if any(field.confidential for field in one.shape.fields.values())
        )
        self._engine = Engine(desk, registry, views, permissions, public_domain, max_body_bytes, guesses, confidential)
        self._singletons = {one.shape.singular: name for name, one in types.items() if one.shape.singleton}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange = Exchange(scope, receive)
        was_told = False
        try:
            answer = await self._answer(exchange)
            if answer[0] >= 400 and pages.wanted(scope):
                answer = pages.instead_of(answer, exchange.path)
            was_told = await exchange.send(answer, send)
        finally:
            if exchange.receipt is not None:
                exchange.stop_watching()
                self._engine.desk.owing.end(exchange.receipt, was_told)

    async def _answer(self, exchange: Exchange) -> Answer:
        """The answer to one request; every error becomes a document here."""
        try:
            if exchange.method == "OPTIONS":
                return 204, list(PREFLIGHT), b""
            headers = single(exchange.scope["headers"])
            came, actor = await self._admission.admit(exchange, headers)
            return await self._route(ApiRequest(self._engine, exchange, headers, came, actor))
        except Rejected as rejected:
            return failed(rejected.problems)
        except errors.RequestProblems as mistakes:
            return failed(mistakes.errors)
        except Broken as broken:
            return failed([*broken.problems, *self._problems(exchange, broken.refusals)])
        except Refusal as refusal:
            return failed(self._problems(exchange, [refusal]))
        except bodies.TooLarge:
            detail = f"The body is longer than {self._engine.max_body_bytes} bytes."
            return failed([errors.problem("PAYLOAD_TOO_LARGE", detail=detail)])
        except bodies.Unread:
            return failed([errors.problem("BAD_REQUEST", detail=bodies.INCOMPLETE)])
        except BadHost:
            return failed([BAD_HOST])
        except Exception:
            log.exception("a request failed, trace %s", exchange.trace_id, extra={"trace_id": exchange.trace_id})
            return failed([errors.problem("INTERNAL_SERVER_ERROR")])

    def _problems(self, exchange: Exchange, refusals: Iterable[Refusal]) -> list[errors.ApiError]:
        """Refusals as errors, which point at attributes and relationships of the type that the path names."""
        name = exchange.path.split("/")[2:3]
        resource = self._engine.registry.types.get(name[0]) if name else None
        relationships = frozenset(resource.shape.relationships) if resource is not None else frozenset[str]()
        return [
            problem for refusal in refusals for problem in errors.from_refusal(refusal, relationships=relationships)
        ]

    async def _route(self, request: ApiRequest) -> Answer:
        exchange, types = request.exchange, self._engine.registry.types
        parts = exchange.path.split("/")[2:]
        if (kind := self._singletons.get(parts[0])) is not None:
            actor = request.actor
            own = types[kind].shape.tenancy == "organization"
            own_id = actor.organization_id if own else actor.application_id
            return await self._member(request, types[kind], [kind, own_id, *parts[1:]])
        if parts[0] not in types:
            nothing = nothing_of(
                parts, exchange.method, request.actor, exchange.raw_query, self._engine.registry, request.frame
            )
            if nothing is None:
                raise _not_allowed(exchange, _RELATED, _RELATED, f"This version does not serve {parts[0]} yet.")
            return found(nothing)
        resource = types[parts[0]]
        if len(parts) > 1:
            return await self._member(request, resource, parts)
        method, actions = exchange.method, resource.shape.actions
        if method == "GET" and "list" in actions:
            return await reading.collection(request, resource)
        if method == "POST" and "create" in actions:
            return await writing.change(request, "create", resource, None)
        raise _not_allowed(exchange, _COLLECTION, actions)

    async def _member(self, request: ApiRequest, resource: type[Resource], parts: list[str]) -> Answer:
        """A record, and what is below its address."""
        exchange, actions, record_id = request.exchange, resource.shape.actions, parts[1]
        if not is_id(record_id):
            raise NotFound(record_id)
        if len(parts) > 2:
            return await self._below(request, resource, parts)
        method = exchange.method
        if method == "GET" and "retrieve" in actions:
            return await reading.record(request, resource, record_id)
        if method == "PATCH" and "update" in actions:
            return await writing.change(request, "update", resource, record_id)
        if method == "DELETE" and "delete" in actions:
            return await writing.change(request, "delete", resource, record_id)
        raise _not_allowed(exchange, _MEMBER, actions)

    async def _below(self, request: ApiRequest, resource: type[Resource], parts: list[str]) -> Answer:
        """A relationship of a record: what is related, or the linkage."""
        shape, record_id, name = resource.shape, parts[1], parts[-1]
        relationship = shape.relationships.get(name) or shape.empty.get(name)
        linkage = len(parts) == 4 and parts[2] == "relationships"
        if relationship is None or relationship.hidden or not (len(parts) == 3 or linkage):
            raise NotFound(name)
        exchange, engine = request.exchange, self._engine
        if exchange.method != "GET":
            raise _not_allowed(exchange, _RELATED, _RELATED)
        if not request.may(resource, "show"):
            raise Denied(name)
        target = engine.registry.types.get(next(iter(relationship.types), ""))
        if target is not None and target.shape.cursor_paged:
            return await history.events(request, (resource, record_id, name), target, linkage=linkage)
        if name in shape.empty:
            at = (shape.type, record_id, name)
            nothing = nothing_in(
                relationship, at, linkage, request.actor, exchange.raw_query, engine.registry, request.frame
            )
            await engine.desk.reads.exists(request.to_desk(), resource, record_id)
            return found(nothing)
        read = reading.linkage if linkage else reading.related
        return await read(request, resource, record_id, name)


def _not_allowed(
    exchange: Exchange, methods: dict[str, str], actions: Iterable[str], detail: str | None = None
) -> Rejected:
    """The answer to a method that an address does not take; a header names those it takes."""
    exchange.allow(methods[action] for action in methods if action in actions)
    return Rejected(errors.problem("METHOD_NOT_ALLOWED", detail=detail))


def is_id(text: str) -> bool:
    """Whether a text may be an id: nothing else is looked up."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()
