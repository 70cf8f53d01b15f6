"""A request that was admitted, with what it takes to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.base.actor import Actor
from paydesk.desk import Desk
from paydesk.desk.requests import Permissions
from paydesk.desk.requests import Request as DeskRequest
from paydesk.http.exchange import Exchange
from paydesk.http.limits import Guards
from paydesk.http.origin import Origin, links
from paydesk.jsonapi.documents.frame import Frame
from paydesk.jsonapi.documents.views import View, Views
from paydesk.jsonapi.query.parse import parse
from paydesk.jsonapi.query.query import Purpose, Query
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that answer every request.

    confidential   the types that have attributes which only some callers see
    guesses        limits requests that are limited under all settings
    """

    desk: Desk
    registry: Registry
    views: Views
    permissions: Permissions
    public_domain: str | None
    max_body_bytes: int
    guesses: Guards | None
    confidential: frozenset[str]


class ApiRequest:
    """One admitted request.

    frame   what all documents of its answer share
    """

    __slots__ = ("_links", "actor", "came", "engine", "exchange", "frame", "headers")

    def __init__(
        self, engine: Engine, exchange: Exchange, headers: dict[bytes, bytes], came: Origin, actor: Actor
    ) -> None:
        self.engine = engine
        self.exchange = exchange
        self.headers = headers
        self.came = came
        self.actor = actor
        self._links = links(came, actor.slug, engine.public_domain)
        self.frame = Frame(self._links, actor, exchange.trace_id, engine.desk.transactions.clock)

    def may(self, resource: type[Resource], act: Any) -> bool:
        return self.engine.permissions.may(self.actor, resource, act)

    def query(self, resource: type[Resource], purpose: Purpose) -> Query:
        """The query string, read for records of a type. Raises RequestProblems."""
        return parse(self.exchange.raw_query, resource, self.engine.registry, purpose=purpose)

    def view(self, resource: type[Resource], query: Query, *, in_list: bool) -> View:
        """The view of a type that this caller wants, and may have."""
        actor, engine = self.actor, self.engine
        confidential = engine.confidential if engine.permissions.reads_confidential(actor) else frozenset[str]()
        return engine.views.of(resource, query.fields, query.include, in_list=in_list, confidential=confidential)

    def to_desk(self, **more: Any) -> DeskRequest:
        """The request as the desk takes it; `more` as the desk's own says."""
        return DeskRequest(
            self.actor,
            self.exchange.trace_id,
            ip_address=self.came.client or None,
            user_agent=self.headers.get(b"user-agent", b"").decode("latin-1")[:500] or None,
            origin=self._links,
            **more,
        )
