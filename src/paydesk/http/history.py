"""The history of records: pages by cursor, newest first, without counts.

Source: Commerce Layer, "Event stores".
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from paydesk.base.errors import Denied, NotFound
from paydesk.commerce.history.event_stores import event_id, event_key
from paydesk.declare import AnyOf, Condition, Test, both, eq, within
from paydesk.http.answers import Answer, Rejected, found
from paydesk.http.request import ApiRequest
from paydesk.jsonapi import errors
from paydesk.jsonapi.documents.views import View
from paydesk.rules.resource import Resource


async def event(request: ApiRequest, view: View, record_id: str) -> Answer:
    """One event, by its id."""
    key = event_key(record_id)
    if key is None:
        raise NotFound(record_id)
    where = both(eq("ms", key[0]), eq("sequence", key[1]), within("event", ("create", "update")))
    reads = request.engine.desk.reads
    rows = await reads.many(request.to_desk(), view, where=where, number=1, size=1, counted=False)
    if not rows.primary:
        raise NotFound(record_id)
    return found(request.frame.document(view, rows))


async def events(
    request: ApiRequest, owner: tuple[type[Resource], str, str], resource: type[Resource], *, linkage: bool
) -> Answer:
    """A page of a record's history.

    linkage   only the identities, as the relationship itself answers; by cursor too, since a history has no end
    """
    of, owner_id, name = owner
    if not request.may(resource, "show"):
        raise Denied(owner_id)
    query = request.query(resource, "cursor")
    where: Condition = within("event", ("create", "update"))
    if query.after is not None:
        where = both(where, _earlier_than(query.after))
    view = request.view(resource, query, in_list=True)
    rows = await request.engine.desk.reads.many(
        request.to_desk(),
        view,
        where=where,
        sort=(("ms", True), ("sequence", True)),
        number=1,
        size=query.page_size + 1,
        related_to=owner,
        counted=False,
    )
    next_query = None
    if len(rows.primary) > query.page_size:
        # One row more than the page holds was read, to know that there are more.
        rows.primary = rows.primary[: query.page_size]
        cursor = base64.urlsafe_b64encode(_id_of(view, rows.primary[-1]).encode()).decode()
        rest = f"&{query.link_query}" if query.link_query else ""
        next_query = f"{quote('page[after]')}={quote(cursor)}{rest}"
    if linkage:
        identities = [(resource.shape.type, _id_of(view, row)) for row in rows.primary]
        return found(request.frame.linkage(of.shape.type, owner_id, name, identities, next_query))
    path = f"{of.shape.type}/{owner_id}/{name}"
    return found(request.frame.cursor(view, rows, path, next_query))


def _id_of(view: View, row: Any) -> str:
    return event_id(row[view.at["ms"]], row[view.at["sequence"]])


def _earlier_than(cursor: str) -> Condition:
    """The events before the one that a cursor names. Raises Rejected."""
    try:
        key = event_key(base64.b64decode(cursor.encode(), b"-_", validate=True).decode("ascii"))
    except ValueError:
        key = None
    if key is None:
        raise Rejected(errors.problem("INVALID_PAGE_VALUE", detail="is no cursor", parameter="page[after]"))
    return AnyOf((Test("ms", "lt", key[0]), both(eq("ms", key[0]), Test("sequence", "lt", key[1]))))
