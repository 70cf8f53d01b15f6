"""The documents that answer a request: one record, a page, a history, a linkage."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Any
from urllib.parse import quote

import orjson

from paydesk.base.actor import Actor
from paydesk.base.instants import Clock, instant
from paydesk.base.selection import Selection
from paydesk.jsonapi.documents.views import View, linkage_data

NOTHING: dict[str, Any] = {}


class Reading:
    """Who reads a document, and when: what derived attributes ask as `caller.is_sales_channel` or `caller.now`."""

    __slots__ = ("_actor", "_clock")

    def __init__(self, actor: Actor, clock: Clock) -> None:
        self._actor = actor
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actor, name)

    @property
    def now(self) -> str:
        return instant(self._clock())


class Frame:
    """What all documents of a request share: the base of links, the meta, and who reads."""

    __slots__ = ("base", "caller", "meta", "trace_id")

    def __init__(self, origin: str, caller: Actor, trace_id: str, clock: Clock) -> None:
        self.base = f"{origin}/api/".encode()
        self.caller = Reading(caller, clock)
        self.trace_id = trace_id
        self.meta = (
            f'{{"mode":"{caller.mode}","organization_id":"{caller.organization_id}","trace_id":"{trace_id}"}}'
        ).encode()

    def objects(self, view: View, rows: Selection) -> Iterator[bytes]:
        linkage = rows.linkage
        for of, row in zip(rows.views or repeat(view), rows.primary, strict=False):
            identity = (of.type, row[0])
            gathered = rows.gathered.get(identity, NOTHING)
            yield of.render(row, self.base, self.meta, linkage.get(identity), self.caller, gathered)

    def included(self, view: View, rows: Selection) -> bytes:
        if not view.asks_for_more:
            return b""
        primary = {(of.type, row[0]) for of, row in zip(rows.views or repeat(view), rows.primary, strict=False)}
        objects = (
            of.render(
                row,
                self.base,
                self.meta,
                rows.linkage.get(identity),
                self.caller,
                rows.gathered.get(identity, NOTHING),
            )
            for identity, (of, row) in rows.included.items()
            if identity not in primary
        )
        return b',"included":[' + b",".join(objects) + b"]"

    def document(self, view: View, rows: Selection) -> bytes:
        """A document of one resource, `data: null` when there is none."""
        data = next(self.objects(view, rows), b"null")
        return b'{"data":' + data + self.included(view, rows) + b"}"

    def location(self, view: View, rows: Selection) -> str:
        """The address of the record that was created."""
        return f"{self.base.decode()}{view.type}/{rows.primary[0][0]}"

    def many(self, view: View, rows: Selection, path: str, link_query: str, number: int, size: int) -> bytes:
        """A page of a list. `path` is the list's own under the base; links keep every other query parameter."""
        assert rows.total is not None
        pages = max(1, -(-rows.total // size))

        def link(page: int) -> str:
            kept = f"&{link_query}" if link_query else ""
            return f"{self.base.decode()}{path}?{quote('page[number]')}={page}{kept}"

        links: dict[str, str] = {"first": link(1)}
        if number > 1:
            links["prev"] = link(min(number - 1, pages))
        if rows.more:
            links["next"] = link(number + 1)
        links["last"] = link(pages)
        return b'{"data":[%b]%b,"meta":{"record_count":%d,"page_count":%d},"links":%b}' % (
            b",".join(self.objects(view, rows)),
            self.included(view, rows),
            rows.total,
            pages,
            orjson.dumps(links),
        )

    def nothing(self, path: str, link_query: str) -> bytes:
        """An empty list."""
        kept = f"&{link_query}" if link_query else ""
        page = f"{self.base.decode()}{path}?{quote('page[number]')}=1{kept}"
        meta, links = {"record_count": 0, "page_count": 1}, {"first": page, "last": page}
        return orjson.dumps({"data": [], "meta": meta, "links": links})

    def linkage(self, own_type: str, own_id: str, name: str, data: Any, next_query: str | None = None) -> bytes:
        """The answer of `GET …/relationships/{name}`."""
        own = self.base.decode() + f"{own_type}/{own_id}"
        links = {"self": f"{own}/relationships/{name}", "related": f"{own}/{name}"}
        if next_query:
            links["next"] = f"{own}/relationships/{name}?{next_query}"
        return b'{"links":%b,"data":%b}' % (orjson.dumps(links), linkage_data(data))

    def cursor(self, view: View, rows: Selection, path: str, next_query: str | None) -> bytes:
        """A page of a cursor-paged list: no counts, and a link to what follows (Commerce Layer, "Event stores")."""
        links = {"next": f"{self.base.decode()}{path}?{next_query}"} if next_query else {}
        return b'{"data":[%b],"meta":{},"links":%b}' % (b",".join(self.objects(view, rows)), orjson.dumps(links))
