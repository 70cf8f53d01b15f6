"""`/api`: one mount for every type. The path is split, the type looked up, the verb checked, the desk asked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from paydesk.base.actor import Actor
from paydesk.base.errors import Denied, InvalidToken, NotFound, Refusal
from paydesk.commerce.history.event_stores import event_id, event_key
from paydesk.declare import ALWAYS, NEVER, AnyOf, Condition, Limited, Test, both, confined, eq, within
from paydesk.desk import Broken, Desk, Request, Response, Write
from paydesk.desk.owed_answers import Receipt, receipt_of
from paydesk.desk.requests import Permissions
from paydesk.http import bodies
from paydesk.http.known import nothing_in, nothing_of
from paydesk.http.limits import Caller, Limits, Unlisted
from paydesk.http.origin import BadHost, Network, Origin, Peer, links, origin, single
from paydesk.jsonapi import errors
from paydesk.jsonapi.body.decode import decode
from paydesk.jsonapi.documents.frame import Frame
from paydesk.jsonapi.documents.views import View, Views
from paydesk.jsonapi.query.parse import parse
from paydesk.jsonapi.query.query import EVERYTHING, Query
from paydesk.rules.asking import Change
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource
from paydesk.store.journal.idempotency import KeyOwner

T = TypeVar("T")

log = logging.getLogger("paydesk.http")

MEDIA_TYPE = "application/vnd.api+json"
_MEDIA = MEDIA_TYPE.encode()
CORS: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Location, Retry-After, Idempotent-Replayed, X-Ratelimit-Limit, X-Ratelimit-Interval, X-Ratelimit-Remaining",
    ),
)
PREFLIGHT: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD, POST, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept, Idempotency-Key"),
    (b"access-control-max-age", b"7200"),
    (b"allow", b"GET, HEAD, POST, PATCH, DELETE, OPTIONS"),
    (b"content-length", b"0"),
)
_JSON_HEADERS = ((b"content-type", _MEDIA), *CORS)
_REPLAYED = (b"idempotent-replayed", b"true")
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_COLLECTION = {"list": "GET, HEAD", "create": "POST"}
_MEMBER = {"retrieve": "GET, HEAD", "update": "PATCH", "delete": "DELETE"}
_RELATED = {"related": "GET, HEAD"}
"""By action, the methods that ask for it at an address of this kind."""
BAD_HOST = errors.problem("BAD_REQUEST", detail="The Host header is missing or malformed.", header="Host")


class Answer(Exception):
    """An answer other than the document asked for: raised to end a request early."""

    def __init__(self, *problems: errors.ApiError) -> None:
        super().__init__()
        self.problems = problems


class Guards(Protocol):
    """Limits what is limited whatever the settings say: see `oauth.guesses.Guesses.limited`."""

    async def limited(
        self, asked: Limited, tenant: str, peer: Peer, shopper: bool, make: Callable[[], Awaitable[T]], /
    ) -> T: ...


class Api:
    """The ASGI application below `/api/`."""

    def __init__(
        self,
        desk: Desk,
        registry: Registry,
        views: Views,
        permissions: Permissions,
        actor_of: Callable[[str, str | None], Any],
        *,
        public_domain: str | None,
        trusted_proxies: tuple[Network, ...],
        max_body_bytes: int,
        limits: Limits | None = None,
        unlisted: Unlisted | None = None,
        guesses: Guards | None = None,
    ) -> None:
        """`limits`: how often a client may ask; None for as often as it likes. `unlisted` is told of proxies; `guesses`
        limits what is limited always.
        """
        self.permissions = permissions
        self.guesses = guesses
        self.limits = limits
        self.unlisted = unlisted or Unlisted()
        self.desk = desk
        self.registry = registry
        self.views = views
        self.actor_of = actor_of
        self.public_domain = public_domain
        self.trusted = trusted_proxies
        self.max_body_bytes = max_body_bytes
        self.singletons = {one.shape.singular: name for name, one in registry.types.items() if one.shape.singleton}
        self.cacheable = {name for name, one in registry.types.items() if one.shape.cacheable}
        self._confidential = frozenset(
            name
            for name, one in registry.types.items()
            if any(field.confidential for field in one.shape.fields.values())
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        told = False
        try:
            status, headers, body = await self.answer(scope, receive)
            headers.extend(scope.get("paydesk.limits", ()))
            headers.extend(scope.get("paydesk.allow", ()))
            if scope["method"] == "HEAD":
                headers.append((b"content-length", str(len(body)).encode()))
                body = b""
            stands = not _is_gone(scope)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            told = stands and status < 500
        finally:
            receipt: Receipt | None = scope.get("paydesk.receipt")
            if receipt is not None:
                if (gone := scope.get("paydesk.gone")) is not None:
                    gone.cancel()
                self.desk.owing.end(receipt, told)

    async def answer(self, scope: Any, receive: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body for one request; every error becomes a document here."""
        trace_id = os.urandom(32).hex()
        try:
            if scope["method"] == "OPTIONS":
                return 204, list(PREFLIGHT), b""
            request = _Request(self, scope, receive, trace_id)
            return await request.handle()
        except Answer as early:
            return _told(list(early.problems))
        except errors.RequestProblems as bad:
            return _told(bad.errors)
        except Broken as broken:
            found = list(broken.problems)
            for refusal in broken.refusals:
                found.extend(errors.from_refusal(refusal, relationships=self._relationships(scope)))
            return _told(found)
        except Refusal as refusal:
            return _told(errors.from_refusal(refusal, relationships=self._relationships(scope)))
        except bodies.TooLarge:
            return _told(
                [errors.problem("PAYLOAD_TOO_LARGE", detail=f"The body is longer than {self.max_body_bytes} bytes.")]
            )
        except bodies.Unread:
            return _told([errors.problem("BAD_REQUEST", detail=bodies.INCOMPLETE)])
        except BadHost:
            return _told([BAD_HOST])
        except Exception:
            log.exception("a request failed", extra={"trace_id": trace_id})
            return _told([errors.problem("INTERNAL_SERVER_ERROR")])

    def _relationships(self, scope: Any) -> frozenset[str]:
        """The relationship names of the type a path names: errors point at them differently."""
        name = scope["path"].split("/")[2:3]
        resource = self.registry.types.get(name[0]) if name else None
        return frozenset(resource.shape.relationships) if resource is not None else frozenset()

    def view(self, actor: Actor, resource: type[Resource], asked: Query, in_list: bool) -> View:
        told = self._confidential if not (actor.is_sales_channel or actor.role != "admin") else frozenset[str]()
        return self.views.of(resource, asked.fields, asked.include, in_list=in_list, confidential=told)


def _told(problems: list[errors.ApiError]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    status, body = errors.document(problems)
    headers = list(_JSON_HEADERS)
    for one in problems:
        if one.retry_after is not None:
            headers.append((b"retry-after", str(one.retry_after).encode()))
            break
    return status, headers, body


class _Renderer:
    """Makes the answer to a write; see `desk.requests.Renderer`."""

    def __init__(self, frame: Frame, resource: type[Resource]) -> None:
        self.document, self.location = frame.document, frame.location
        self._relationships = frozenset(resource.shape.relationships)

    def refusal(self, refusal: Refusal) -> tuple[int, bytes]:
        return errors.document(errors.from_refusal(refusal, relationships=self._relationships))


class _Request:
    """One request on its way through."""

    def __init__(self, api: Api, scope: Any, receive: Any, trace_id: str) -> None:
        self.api = api
        self.scope = scope
        self.receive = receive
        self.trace_id = trace_id
        self.method: str = "GET" if scope["method"] == "HEAD" else scope["method"]
        self.headers = single(scope["headers"])

    async def handle(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        api, headers = self.api, self.headers
        came: Origin = origin(self.scope, headers, api.trusted)
        self.came = came
        actor = await self._actor()
        if came.forwarded_for is not None:
            api.unlisted.tell(came.client)
        if api.limits is not None:
            self._limit(api.limits, actor)
        accept = headers.get(b"accept")
        if accept is not None and accept not in (_MEDIA, b"*/*") and not _accepts(accept):
            raise Answer(errors.problem("NOT_ACCEPTABLE"))
        if self.method in ("POST", "PATCH") and headers.get(b"content-type") != _MEDIA and not _is_media(headers):
            raise Answer(errors.problem("UNSUPPORTED_MEDIA_TYPE"))
        if actor is None:
            raise InvalidToken
        self.actor = actor
        self.frame = Frame(links(came, self.actor.slug, api.public_domain), self.actor, self.trace_id)
        parts = self.scope["path"].split("/")[2:]
        return await self._route(parts)

    def _limit(self, limits: Limits, actor: Actor | None) -> None:
        """Count the request; raises Answer (429) past the limit. What is left is told in headers either way.

        Whatever is not served is one endpoint: a client cannot fill memory with names.
        """
        method, name = self.method, self.scope["path"].split("/")[2]
        if method not in _METHODS or not (name in self.api.registry.types or name in self.api.singletons):
            method, name = "", ""
        came, application, integration = self.came, None, False
        if actor is not None:
            application, integration = f"{actor.tenant}/{actor.application_id}", actor.kind == "integration"
        caller = Caller(came.address, came.forwarded_for, application, integration)
        cacheable = method == "GET" and name in self.api.cacheable
        verdict = limits.request(caller, method, name, actor is not None and actor.live, cacheable=cacheable)
        self.scope["paydesk.limits"] = verdict.headers()
        if verdict.retry_after is not None:
            raise Answer(errors.problem("TOO_MANY_REQUESTS"))

    async def _actor(self) -> Actor | None:
        """Who asks; None without a token that is good."""
        bearer = self.headers.get(b"authorization", b"")
        scheme, _, token = bearer.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            return None
        try:
            return await self.api.actor_of(token.decode("latin-1").strip(), self.came.label)  # type: ignore[no-any-return]
        except InvalidToken:
            return None

    async def _route(self, parts: list[str]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        types, method = self.api.registry.types, self.method
        if (kind := self.api.singletons.get(parts[0])) is not None:
            own = self.actor.organization_id if kind == "organizations" else self.actor.application_id
            return await self._member(types[kind], [kind, own, *parts[1:]])
        if parts[0] not in types:
            empty = nothing_of(parts, method, self.actor, self.scope["query_string"], self.api.registry, self.frame)
            if empty is None:
                raise self._not_allowed(_RELATED, _RELATED)
            return 200, list(_JSON_HEADERS), empty
        resource = types[parts[0]]
        if len(parts) == 1:
            actions = resource.shape.actions
            if method == "GET" and "list" in actions:
                return await self._list(resource)
            if method == "POST" and "create" in actions:
                return await self._change("create", resource, None)
            raise self._not_allowed(_COLLECTION, actions)
        return await self._member(resource, parts)

    async def _member(self, resource: type[Resource], parts: list[str]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        method, actions, raw_query = self.method, resource.shape.actions, self.scope["query_string"]
        if not is_id(parts[1]):
            raise NotFound(parts[1])
        if len(parts) == 2:
            if method == "GET" and "retrieve" in actions:
                return await self._one(resource, parts[1])
            if method == "PATCH" and "update" in actions:
                return await self._change("update", resource, parts[1])
            if method == "DELETE" and "delete" in actions:
                return await self._change("delete", resource, parts[1])
            raise self._not_allowed(_MEMBER, actions)
        name, shape = parts[-1], resource.shape
        relationship = shape.relationships.get(name) or shape.empty.get(name)
        linkage = len(parts) == 4 and parts[2] == "relationships"
        if relationship is None or relationship.hidden or not (len(parts) == 3 or linkage):
            raise NotFound(name)
        if method != "GET":
            raise self._not_allowed(_RELATED, _RELATED)
        if not self._may(resource, "show"):
            raise Denied(name)
        if name == "event_stores":
            return await self._event_stores(resource, parts[1], linkage)
        if name in shape.empty:
            at = (shape.type, parts[1], name)
            empty = nothing_in(relationship, at, linkage, self.actor, raw_query, self.api.registry, self.frame)
            await self.api.desk.reads.exists(self._desk_request(), resource, parts[1])
            return 200, list(_JSON_HEADERS), empty
        if linkage:
            parse(raw_query, resource, self.api.registry, purpose="write")
            data = await self._linkage(resource, parts[1], name)
            return 200, list(_JSON_HEADERS), self.frame.linkage(shape.type, parts[1], name, data)
        return await self._related(resource, parts[1], name)

    async def _linkage(self, owner: type[Resource], owner_id: str, name: str) -> Any:
        """The identities that a relationship holds."""
        fields = dict.fromkeys(self.api.registry.types, frozenset[str]()) | {owner.shape.type: frozenset({name})}
        view = self.api.views.of(owner, fields, {name: {}}, in_list=False)
        return await self.api.desk.reads.linkage(self._desk_request(), view, owner_id, name)

    def _not_allowed(self, methods: dict[str, str], actions: Iterable[str]) -> Answer:
        """What an address answers to another method than those it has, which are told in a header."""
        allowed = ", ".join([*(methods[action] for action in methods if action in actions), "OPTIONS"])
        self.scope["paydesk.allow"] = [(b"allow", allowed.encode())]
        return Answer(errors.problem("METHOD_NOT_ALLOWED"))

    def _may(self, resource: type[Resource], act: Any) -> bool:
        return self.api.permissions.may(self.actor, resource, act)

    def _desk_request(self, **more: Any) -> Request:
        return Request(
            self.actor,
            self.trace_id,
            ip_address=self.came.client or None,
            user_agent=self.headers.get(b"user-agent", b"").decode("latin-1")[:500] or None,
            origin=links(self.came, self.actor.slug, self.api.public_domain),
            **more,
        )

    # Reading.

    async def _one(self, resource: type[Resource], record_id: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if not self._may(resource, "show"):
            raise Denied(record_id)
        asked = parse(self.scope["query_string"], resource, self.api.registry, purpose="one")
        view = self.api.view(self.actor, resource, asked, in_list=False)
        if resource.shape.type == "event_stores":
            return await self._event_store(resource, view, record_id)
        rows = await self.api.desk.reads.one(self._desk_request(), view, record_id)
        return 200, list(_JSON_HEADERS), self.frame.document(view, rows)

    async def _list(self, resource: type[Resource]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if not self._may(resource, "list"):
            raise Denied(resource.shape.type)
        asked = parse(self.scope["query_string"], resource, self.api.registry, purpose="list")
        where = both(self._filter(asked, resource), self.api.permissions.lists(self.actor, resource))
        return await self._page(resource, asked, where, resource.shape.type, None)

    def _filter(self, asked: Query, resource: type[Resource]) -> Condition | None:
        """What the query asks of records, as far as this caller may know it."""
        if asked.where == ALWAYS:
            return None
        actor = self.actor
        if not actor.is_sales_channel and actor.market_ids is None:
            return asked.where
        types, permissions = self.api.registry.types, self.api.permissions

        def related(of: str, name: str, rest: str) -> tuple[str, ...]:
            relationship = types[of].shape.relationships[name]
            return () if relationship.stored and rest == "id" else relationship.types

        def seen(of: str) -> Condition | None:
            return permissions.sees(actor, types[of]) if permissions.may(actor, types[of], "show") else NEVER

        def untold(of: str, column: str) -> bool:
            field = types[of].shape.columns.get(column)
            return actor.is_sales_channel and field is not None and field.compute is not None

        return confined(asked.where, resource.shape.type, related, seen, untold)

    async def _page(
        self,
        resource: type[Resource],
        asked: Query,
        where: Condition | None,
        path: str,
        related_to: tuple[type[Resource], str, str] | None,
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        view = self.api.view(self.actor, resource, asked, in_list=True)
        sort = (*asked.sort, ("id", True)) if asked.sort else (("created_at", True), ("id", True))
        rows = await self.api.desk.reads.many(
            self._desk_request(),
            view,
            where=where,
            sort=sort,
            number=asked.page_number,
            size=asked.page_size,
            related_to=related_to,
            concrete=self._concrete(asked, related_to),
        )
        body = self.frame.many(view, rows, path, asked.link_query, asked.page_number, asked.page_size)
        return 200, list(_JSON_HEADERS), body

    def _concrete(self, asked: Query, related_to: tuple[type[Resource], str, str] | None) -> dict[str, View] | None:
        """A view of each type that a related list of several types holds; None for a list of one type."""
        types = related_to[0].shape.relationships[related_to[2]].types if related_to is not None else ()
        if len(types) < 2:
            return None
        return {name: self.api.view(self.actor, self.api.registry[name], asked, in_list=True) for name in types}

    async def _related(
        self, owner: type[Resource], owner_id: str, name: str
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        relationship = owner.shape.relationships[name]
        registry = self.api.registry
        target = _union(registry, relationship.types)
        if relationship.many:
            if not self._may(target, "show"):
                raise Denied(name)
            asked = parse(self.scope["query_string"], target, registry, purpose="related-many")
            where = self._filter(asked, target)
            path = f"{owner.shape.type}/{owner_id}/{name}"
            return await self._page(target, asked, where, path, (owner, owner_id, name))
        data = await self._linkage(owner, owner_id, name)
        if data is None:
            parse(self.scope["query_string"], target, registry, purpose="one")
            return 200, list(_JSON_HEADERS), b'{"data":null}'
        return await self._one(registry[data[0]], data[1])

    async def _event_store(
        self, resource: type[Resource], view: View, record_id: str
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        key = event_key(record_id)
        if key is None:
            raise NotFound(record_id)
        where = both(eq("ms", key[0]), eq("sequence", key[1]), within("event", ("create", "update")))
        rows = await self.api.desk.reads.many(self._desk_request(), view, where=where, number=1, size=1, counted=False)
        if not rows.primary:
            raise NotFound(record_id)
        return 200, list(_JSON_HEADERS), self.frame.document(view, rows)

    async def _event_stores(
        self, owner: type[Resource], owner_id: str, linkage: bool
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """A record's history: by cursor, newest first, without counts (Commerce Layer, "Event stores").

        linkage   only the identities, as the relationship itself answers; by cursor too, since a history has no end
        """
        resource = self.api.registry["event_stores"]
        if not self._may(resource, "show"):
            raise Denied(owner_id)
        asked = parse(self.scope["query_string"], resource, self.api.registry, purpose="cursor")
        where: Condition = within("event", ("create", "update"))
        if asked.after is not None:
            key = _cursor(asked.after)
            if key is None:
                raise Answer(errors.problem("INVALID_PAGE_VALUE", detail="is no cursor", parameter="page[after]"))
            earlier = AnyOf((Test("ms", "lt", key[0]), both(eq("ms", key[0]), Test("sequence", "lt", key[1]))))
            where = both(where, earlier)
        view = self.api.view(self.actor, resource, asked, in_list=True)
        size = asked.page_size
        rows = await self.api.desk.reads.many(
            self._desk_request(),
            view,
            where=where,
            sort=(("ms", True), ("sequence", True)),
            number=1,
            size=size + 1,
            related_to=(owner, owner_id, "event_stores"),
            counted=False,
        )
        following = None
        if len(rows.primary) > size:
            rows.primary = rows.primary[:size]
            last = rows.primary[-1]
            cursor = base64.urlsafe_b64encode(
                event_id(last[view.at["ms"]], last[view.at["sequence"]]).encode()
            ).decode()
            kept = f"&{asked.link_query}" if asked.link_query else ""
            following = f"{quote('page[after]')}={quote(cursor)}{kept}"
        if linkage:
            ms, sequence = view.at["ms"], view.at["sequence"]
            identities = [("event_stores", event_id(row[ms], row[sequence])) for row in rows.primary]
            body = self.frame.linkage(owner.shape.type, owner_id, "event_stores", identities, following)
            return 200, list(_JSON_HEADERS), body
        path = f"{owner.shape.type}/{owner_id}/event_stores"
        return 200, list(_JSON_HEADERS), self.frame.cursor(view, rows, path, following)

    # Changing.

    async def _change(
        self, verb: str, resource: type[Resource], record_id: str | None
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        actor, api = self.actor, self.api
        if not self._may(resource, verb):
            raise Denied(resource.shape.type)
        body = await bodies.read(self.receive, self.headers, api.max_body_bytes)
        asked_for, problems = EVERYTHING, list[errors.ApiError]()
        try:
            asked_for = parse(self.scope["query_string"], resource, api.registry, purpose="write")
        except errors.RequestProblems as bad:
            problems = bad.errors  # Told with those of the document's names, once its shape is seen to be right.
        write = Write(verb, resource, record_id, _nothing(resource))
        if verb != "delete":
            try:
                decoded = decode(
                    body,
                    resource,
                    api.registry,
                    verb="create" if verb == "create" else "update",
                    record_id=record_id,
                    prohibited=actor.is_sales_channel,
                )
                related = {**decoded.links, **{name: tuple(many) for name, many in decoded.many.items()}}
                write = Write(verb, resource, record_id, decoded.change, related, tuple(decoded.problems))
            except errors.RequestProblems as bad:
                if bad.names and problems:
                    raise errors.RequestProblems([*problems, *bad.errors]) from None
                raise
            except Denied:
                if not problems:
                    raise
        if problems:
            raise errors.RequestProblems(problems)
        view = api.view(actor, resource, asked_for, in_list=False)
        response = await self._limited(write, lambda: self._idempotently(write, view, body))
        if response.status == 204:
            return 204, list(CORS), b""
        headers = [*_JSON_HEADERS, *([_REPLAYED] if response.replayed else [])]
        headers.extend((name.encode(), value.encode()) for name, value in response.headers.items())
        return response.status, headers, response.body

    async def _limited(self, write: Write, make: Callable[[], Awaitable[Response]]) -> Response:
        """Make a change, which may be one of those that are limited whatever the settings say."""
        limited = write.resource.limited(write.verb, write.record_id, write.change)
        if limited is None or self.api.guesses is None:
            return await make()
        actor, came = self.actor, self.came
        peer = Peer(came.address, came.forwarded_for is not None, actor.is_confidential)
        return await self.api.guesses.limited(limited, actor.tenant, peer, actor.is_sales_channel, make)

    async def _idempotently(self, write: Write, view: View, body: bytes) -> Response:
        """Ask the desk, under the client's idempotency key when it sent one (POST and PATCH)."""
        renderer = _Renderer(self.frame, write.resource)
        given = self.headers.get(b"idempotency-key")
        if given is None or write.verb == "delete":
            request = self._desk_request(receipt=self._receipt(), renderer=renderer)
            return await self.api.desk.change(request, write, view)
        if not 1 <= len(given) <= 255 or not all(32 <= byte < 127 for byte in given):
            detail = "Idempotency-Key must be 1 to 255 printable ASCII characters."
            raise Answer(errors.problem("BAD_REQUEST", detail=detail, header="Idempotency-Key"))
        actor = self.actor
        key = KeyOwner(actor.tenant, actor.application_id, actor.key_owner, given.decode("ascii"))
        digest = hashlib.sha256(body).hexdigest()
        query_string = self.scope["query_string"].decode("latin-1")
        content = f"{self.scope['method']} {self.scope['path']}?{query_string} {digest}"
        receipt = self._receipt(key.key)
        request = self._desk_request(key=key, content=content, receipt=receipt, renderer=renderer)
        return await self.api.desk.change(request, write, view)

    def _receipt(self, key: str | None = None) -> Receipt:
        """What this request is owed, and whether its client is still there once it waits for a gateway."""
        receipt = receipt_of(self.actor, self.trace_id, key)
        receipt.on_wait, receipt.is_gone = self._watch, self._is_gone
        self.scope["paydesk.receipt"] = receipt
        return receipt

    def _is_gone(self) -> bool:
        return _is_gone(self.scope)

    def _watch(self) -> None:
        self.scope["paydesk.gone"] = asyncio.ensure_future(self._left())

    async def _left(self) -> bool:
        """Whether the client has gone away, once anything comes after its whole body."""
        return (await self.receive())["type"] == "http.disconnect"  # type: ignore[no-any-return]


def _is_gone(scope: Any) -> bool:
    """It is known that the client went away. A connection that cannot be asked any more is taken for gone."""
    gone: asyncio.Task[bool] | None = scope.get("paydesk.gone")
    if gone is None or not gone.done():
        return False
    return gone.cancelled() or gone.exception() is not None or gone.result()


def _union(registry: Registry, types: tuple[str, ...]) -> type[Resource]:
    """The type by which records of several types are listed: the one that reads what their family shares."""
    target = registry[types[0]]
    family = target.shape.family
    return registry[family] if len(types) > 1 and family in registry else target  # type: ignore[index]


def _nothing(resource: type[Resource]) -> Any:
    return Change(resource.shape.type)


def is_id(text: str) -> bool:
    """What may be an id: nothing else is looked up."""
    return 0 < len(text) <= 64 and text.isascii() and text.replace("-", "").isalnum()


def _accepts(accept: bytes) -> bool:
    """Some range of an Accept header admits our media type."""
    for part in accept.split(b","):
        kind = part.partition(b";")[0].strip().lower()
        if kind in (_MEDIA, b"*/*", b"application/*"):
            return True
    return False


def _is_media(headers: dict[bytes, bytes]) -> bool:
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == _MEDIA


def _cursor(text: str) -> tuple[int, int] | None:
    try:
        return event_key(base64.b64decode(text.encode(), b"-_", validate=True).decode("ascii"))
    except ValueError:
        return None
