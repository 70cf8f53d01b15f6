"""Reads: one record, a list, the records at the other end of a relationship."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Denied
from paydesk.declare import ALWAYS, NEVER, Condition, both, confined
from paydesk.http import history
from paydesk.http.answers import Answer, found
from paydesk.http.request import ApiRequest
from paydesk.jsonapi.documents.views import View
from paydesk.jsonapi.query.query import Query
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

_EXACTLY = b"count=exact"

Owner = tuple[type[Resource], str, str]
"""A record by type and id, and the name of a relationship of its."""


async def record(request: ApiRequest, resource: type[Resource], record_id: str) -> Answer:
    """One record."""
    if not request.may(resource, "show"):
        raise Denied(record_id)
    view = request.view(resource, request.query(resource, "one"), in_list=False)
    if resource.shape.cursor_paged:
        return await history.event(request, view, record_id)
    rows = await request.engine.desk.reads.one(request.to_desk(), view, record_id)
    return found(request.frame.document(view, rows))


async def collection(request: ApiRequest, resource: type[Resource]) -> Answer:
    """A page of the records of a type."""
    if not request.may(resource, "list"):
        raise Denied(resource.shape.type)
    query = request.query(resource, "list")
    where = both(_filter(request, query, resource), request.engine.permissions.lists(request.actor, resource))
    return await _page(request, resource, query, where, resource.shape.type, None)


async def related(request: ApiRequest, owner: type[Resource], owner_id: str, name: str) -> Answer:
    """The records at the other end of a relationship."""
    relationship = owner.shape.relationships[name]
    registry = request.engine.registry
    target = _union(registry, relationship.types)
    if relationship.many:
        if not request.may(target, "show"):
            raise Denied(name)
        query = request.query(target, "related-many")
        where = _filter(request, query, target)
        path = f"{owner.shape.type}/{owner_id}/{name}"
        return await _page(request, target, query, where, path, (owner, owner_id, name))
    identity = await _identities(request, owner, owner_id, name)
    if identity is None:
        request.query(target, "one")
        return found(b'{"data":null}')
    return await record(request, registry[identity[0]], identity[1])


async def linkage(request: ApiRequest, owner: type[Resource], owner_id: str, name: str) -> Answer:
    """The identities at the other end of a relationship."""
    request.query(owner, "write")
    identities = await _identities(request, owner, owner_id, name)
    return found(request.frame.linkage(owner.shape.type, owner_id, name, identities))


async def _identities(request: ApiRequest, owner: type[Resource], owner_id: str, name: str) -> Any:
    engine = request.engine
    fields = dict.fromkeys(engine.registry.types, frozenset[str]()) | {owner.shape.type: frozenset({name})}
    view = engine.views.of(owner, fields, {name: {}}, in_list=False)
    return await engine.desk.reads.linkage(request.to_desk(), view, owner_id, name)


async def _page(
    request: ApiRequest,
    resource: type[Resource],
    query: Query,
    where: Condition | None,
    path: str,
    related_to: Owner | None,
) -> Answer:
    view = request.view(resource, query, in_list=True)
    sort = (*query.sort, ("id", True)) if query.sort else (("created_at", True), ("id", True))
    exactly = _counts_exactly(request)
    rows = await request.engine.desk.reads.many(
        request.to_desk(),
        view,
        where=where,
        sort=sort,
        number=query.page_number,
        size=query.page_size,
        related_to=related_to,
        exactly=exactly,
        concrete=_views_by_type(request, query, related_to),
    )
    answer = found(request.frame.many(view, rows, path, query.link_query, query.page_number, query.page_size))
    if exactly:
        answer[1].append((b"preference-applied", _EXACTLY))
    return answer


def _counts_exactly(request: ApiRequest) -> bool:
    """Whether the client prefers an exact count to a quick one (RFC 7240)."""
    preferences = request.headers.get(b"prefer", b"")
    return any(one.partition(b";")[0].strip().lower().replace(b'"', b"") == _EXACTLY for one in preferences.split(b","))


def _views_by_type(request: ApiRequest, query: Query, related_to: Owner | None) -> dict[str, View] | None:
    """A view of each type that a related list of several types holds; None for a list of one type."""
    types = related_to[0].shape.relationships[related_to[2]].types if related_to is not None else ()
    if len(types) < 2:
        return None
    return {name: request.view(request.engine.registry[name], query, in_list=True) for name in types}


def _union(registry: Registry, types: tuple[str, ...]) -> type[Resource]:
    """The type by which records of several types are listed: the one that reads what their family shares."""
    target = registry[types[0]]
    family = target.shape.family
    return registry[family] if len(types) > 1 and family in registry else target  # type: ignore[index]


def _filter(request: ApiRequest, query: Query, resource: type[Resource]) -> Condition | None:
    """The condition of a query's filters, as far as this caller may learn from it."""
    if query.where == ALWAYS:
        return None
    actor = request.actor
    if not actor.is_sales_channel and actor.market_ids is None:
        return query.where
    types, permissions = request.engine.registry.types, request.engine.permissions

    def related(of: str, name: str, rest: str) -> tuple[str, ...]:
        relationship = types[of].shape.relationships[name]
        return () if relationship.stored and rest == "id" else relationship.types

    def seen(of: str, name: str, target: str) -> Condition | None:
        if not permissions.may(actor, types[target], "show"):
            return NEVER
        return permissions.sees_by(actor, types[of].shape.relationships[name], types[target])

    def hidden(of: str, column: str) -> bool:
        field = types[of].shape.columns.get(column)
        return actor.is_sales_channel and field is not None and field.compute is not None

    return confined(query.where, resource.shape.type, related, seen, hidden)
