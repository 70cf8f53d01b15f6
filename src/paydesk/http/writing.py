"""Writes: a body decoded, the desk asked, under the client's idempotency key where it sent one."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Literal

from paydesk.base.errors import Denied, Refusal
from paydesk.desk import Response, Write
from paydesk.desk.owed_answers import Receipt, receipt_of
from paydesk.desk.requests import Request as DeskRequest
from paydesk.http import bodies
from paydesk.http.answers import CORS, JSON_HEADERS, Answer, Rejected
from paydesk.http.origin import Peer
from paydesk.http.request import ApiRequest
from paydesk.jsonapi import errors
from paydesk.jsonapi.body.decode import decode
from paydesk.jsonapi.documents.frame import Frame
from paydesk.jsonapi.query.query import EVERYTHING
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.store.journal.idempotency import KeyOwner

Verb = Literal["create", "update", "delete"]

_REPLAYED = (b"idempotent-replayed", b"true")


class Renderer:
    """Makes the answer to a write; see `desk.requests.Renderer`."""

    def __init__(self, frame: Frame, resource: type[Resource]) -> None:
        self.document, self.location = frame.document, frame.location
        self._relationships = frozenset(resource.shape.relationships)

    def refusal(self, refusal: Refusal) -> tuple[int, bytes]:
        return errors.document(errors.from_refusal(refusal, relationships=self._relationships))


async def change(request: ApiRequest, verb: Verb, resource: type[Resource], record_id: str | None) -> Answer:
    """Create, update or delete a record."""
    if not request.may(resource, verb):
        raise Denied(resource.shape.type)
    body = await bodies.read(request.exchange.receive, request.headers, request.engine.max_body_bytes)
    query, problems = EVERYTHING, list[errors.ApiError]()
    try:
        query = request.query(resource, "write")
    except errors.RequestProblems as mistakes:
        problems = (
            mistakes.errors
        )  # They join the mistakes in the document's names, once its shape is seen to be right.
    write = _write(request, verb, resource, record_id, body, problems)
    view = request.view(resource, query, in_list=False)

    async def make() -> Response:
        return await request.engine.desk.change(_to_desk(request, write, body), write, view)

    response = await _limited(request, write, make)
    if response.status == 204:
        return 204, list(CORS), b""
    headers = [*JSON_HEADERS, *([_REPLAYED] if response.replayed else [])]
    headers.extend((name.encode(), value.encode()) for name, value in response.headers.items())
    return response.status, headers, response.body


def _write(
    request: ApiRequest,
    verb: Verb,
    resource: type[Resource],
    record_id: str | None,
    body: bytes,
    problems: list[errors.ApiError],
) -> Write:
    """The write that the body asks for.

    problems   of the query string: they are raised too
    raises     RequestProblems, Denied
    """
    write = Write(verb, resource, record_id, Change(resource.shape.type))
    if verb != "delete":
        try:
            decoded = decode(
                body,
                resource,
                request.engine.registry,
                verb=verb,
                record_id=record_id,
                prohibited=request.actor.is_sales_channel,
            )
            related = {**decoded.links, **{name: tuple(many) for name, many in decoded.many.items()}}
            write = Write(verb, resource, record_id, decoded.change, related, tuple(decoded.problems))
        except errors.RequestProblems as mistakes:
            if mistakes.names and problems:
                raise errors.RequestProblems([*problems, *mistakes.errors]) from None
            raise
        except Denied:
            if not problems:
                raise
    if problems:
        raise errors.RequestProblems(problems)
    return write


async def _limited(request: ApiRequest, write: Write, make: Callable[[], Awaitable[Response]]) -> Response:
    """Make a change, which may be one of those that are limited under all settings."""
    limited = write.resource.limited(write.verb, write.record_id, write.change)
    guesses = request.engine.guesses
    if limited is None or guesses is None:
        return await make()
    actor, came = request.actor, request.came
    peer = Peer(came.address, came.forwarded_for is not None, actor.is_confidential)
    return await guesses.limited(limited, actor.tenant, peer, actor.is_sales_channel, make)


def _to_desk(request: ApiRequest, write: Write, body: bytes) -> DeskRequest:
    """The request as the desk takes it, with the client's idempotency key where it sent one (POST and PATCH).

    raises   Rejected for a key that is none
    """
    renderer = Renderer(request.frame, write.resource)
    given = request.headers.get(b"idempotency-key")
    if given is None or write.verb == "delete":
        return request.to_desk(receipt=_receipt(request), renderer=renderer)
    if not 1 <= len(given) <= 255 or not all(32 <= byte < 127 for byte in given):
        detail = "Idempotency-Key must be 1 to 255 printable ASCII characters."
        raise Rejected(errors.problem("BAD_REQUEST", detail=detail, header="Idempotency-Key"))
    actor, exchange = request.actor, request.exchange
    key = KeyOwner(actor.tenant, actor.application_id, actor.key_owner, given.decode("ascii"))
    digest = hashlib.sha256(body).hexdigest()
    query_string = exchange.raw_query.decode("latin-1")
    content = f"{exchange.scope['method']} {exchange.path}?{query_string} {digest}"
    return request.to_desk(key=key, content=content, receipt=_receipt(request, key.key), renderer=renderer)


def _receipt(request: ApiRequest, key: str | None = None) -> Receipt:
    receipt = receipt_of(request.actor, request.exchange.trace_id, key)
    request.exchange.owe(receipt)
    return receipt
