"""What is read for a document: one record, a page of a list, the identities that a relationship holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any

from paydesk.base.actor import Actor
from paydesk.base.errors import Denied, NotFound
from paydesk.base.selection import COUNTED, Selection
from paydesk.declare import Condition, Relationship, Test, both, eq, within
from paydesk.desk.requests import Request
from paydesk.desk.transactions import Columns, Transactions
from paydesk.rules.gathering import About
from paydesk.rules.record import Record
from paydesk.store.records.matches import bound, own_paths
from paydesk.store.records.views import NEWEST_FIRST, Sort

Related = tuple[type[Record], str, str]
"""The owning type, the owner's id and the relationship's name of a related list."""


class Reads:
    """See the module."""

    def __init__(self, transactions: Transactions) -> None:
        self.counted_to = COUNTED
        self._transactions = transactions
        self._database = transactions.database
        self._documents = transactions.documents
        self._permissions = transactions.permissions

    async def one(self, request: Request, view: Any, record_id: str) -> Selection:
        """One record for its document. Raises NotFound; Denied when it exists but not for this caller."""
        allowed = self._permissions.sees(request.actor, view.resource)
        rows: Selection = await self._database.read(lambda: self.record(request.actor, view, record_id, allowed))
        return rows

    async def exists(self, request: Request, resource: type[Record], record_id: str) -> None:
        """Raises NotFound; Denied when it exists but not for this caller."""
        await self.one(request, Columns(resource, ("id",)), record_id)

    def record(
        self, actor: Actor, view: Any, record_id: str, allowed: Condition | None = None, *, written: bool = False
    ) -> Generator[Any, Any, Selection]:
        """The same in a transaction, of a record for which `allowed` is true. `written`: to answer a write."""
        caller = {**self._transactions.caller(actor), "document_id": record_id}
        row, seen = yield from self._documents.one(view, actor.tenant, record_id, allowed, caller)
        if row is None:
            raise NotFound(record_id)
        if not seen:
            raise Denied(record_id)
        rows = Selection([row])
        yield from self._documents.include(view, [row], actor.tenant, self._gate(actor), caller, rows)
        if view.gathers_any:
            about = About(actor, {path: row[view.at[path]] for path in view.resource.tells}, written)
            yield from self._gather(view, rows, about)
        return rows

    def _gather(self, view: Any, rows: Selection, about: About) -> Generator[Any, Any, None]:
        """Read what the attributes of the document's records need beside their rows: once for each attribute."""
        inputs: dict[tuple[str, str], tuple[Any, dict[str, tuple[Any, ...]]]] = {}
        for of, row in ((view, rows.primary[0]), *rows.included.values()):
            for field in of.gathers:
                _, found = inputs.setdefault((of.type, field.name), (field, {}))
                found[row[0]] = tuple(row[of.at[path]] for path in field.inputs)
        session = self._transactions.session(about.actor)
        for (type_, name), (field, found) in inputs.items():
            values = yield from self._transactions.run(session, field.gather(found, about))
            for record_id, value in values.items():
                rows.gathered.setdefault((type_, record_id), {})[name] = value

    def _gate(self, actor: Actor) -> Callable[[type[Record], Relationship], Condition | None]:
        permissions = self._permissions

        def gate(resource: type[Record], relationship: Relationship) -> Condition | None:
            # Types that a caller may not even show are left out of what it includes.
            if not permissions.may(actor, resource, "show"):
                return Test("id", "never")
            if relationship.listed:
                return permissions.lists(actor, resource)
            return permissions.sees_by(actor, relationship, resource)

        return gate

    async def many(
        self,
        request: Request,
        view: Any,
        *,
        where: Condition | None,
        sort: Sort = NEWEST_FIRST,
        number: int,
        size: int,
        related_to: Related | None = None,
        counted: bool = True,
        exactly: bool = False,
        concrete: Mapping[str, Any] | None = None,
    ) -> Selection:
        """A page of a list. `related_to` is (owning type, its id, relationship name) for a related list.

        exactly    count all records, however many there are
        concrete   a view of each type, where `view` is of the type that reads what they share
        """
        rows: Selection = await self._database.read(
            lambda: self._many(request.actor, view, where, sort, number, size, related_to, counted, exactly, concrete)
        )
        return rows

    def _many(
        self,
        actor: Actor,
        view: Any,
        where: Condition | None,
        sort: Sort,
        number: int,
        size: int,
        related_to: Related | None,
        counted: bool,
        exactly: bool,
        concrete: Mapping[str, Any] | None,
    ) -> Generator[Any, Any, Selection]:
        caller = self._transactions.caller(actor)
        if related_to is not None:
            caller["document_id"] = related_to[1]
        if related_to is None:
            condition = both(where, self._permissions.sees(actor, view.resource))
        else:
            relationship = related_to[0].shape.relationships[related_to[2]]
            condition = both(where, self._permissions.sees_by(actor, relationship, view.resource))
            if relationship.listed:
                condition = both(condition, self._permissions.lists(actor, view.resource))
            condition = both(condition, (yield from self._related(actor, view, *related_to)))
        offset = (number - 1) * size
        # One more than the page holds: whether there is a next page is known by that alone.
        limit = size + 1 if counted else size
        primary = yield from self._documents.page(
            view, actor.tenant, where=condition, caller=caller, sort=sort, limit=limit, offset=offset
        )
        rows = Selection(primary[:size])
        if counted:
            rows.more = len(primary) > size
            up_to = offset + len(primary)
            rows.total = up_to
            if rows.more or (offset and not primary):
                rows.total = yield from self._total(
                    view.resource, actor.tenant, condition, caller, up_to, rows, exactly
                )
        primary = rows.primary
        if concrete is not None:
            yield from self._read_concrete(actor, rows, concrete)
            return rows
        yield from self._documents.include(view, primary, actor.tenant, self._gate(actor), caller, rows)
        return rows

    def _total(
        self,
        resource: type[Record],
        tenant: str,
        where: Condition | None,
        caller: Mapping[str, Any],
        up_to: int,
        page: Selection,
        exactly: bool,
    ) -> Generator[Any, Any, int]:
        """How many records a list has, of which `up_to` are known: those up to this page and one that follows it.

        Exact where they are no more than are counted, where all are to be counted, and beyond the last page.
        """
        count = partial(self._documents.count, resource, tenant, where, caller)
        total: int
        if not page.more:
            total = yield from count()
            return min(up_to, total)  # Nothing is there at this offset, so there are no more.
        if exactly:
            total = yield from count()
            return max(up_to, total)
        most = self.counted_to
        if up_to <= most:
            total = yield from count(most + 1)
            if total <= most:
                return max(up_to, total)
        total = yield from self._documents.guess(resource, tenant, where, caller)
        return max(up_to, most + 1, total)

    def _read_concrete(self, actor: Actor, rows: Selection, concrete: Mapping[str, Any]) -> Generator[Any, Any, None]:
        """Read the rows of a page again, each as its own type."""
        caller = self._transactions.caller(actor)
        ids = tuple(row[0] for row in rows.primary)
        of_id: dict[str, tuple[Any, Any]] = {}
        for view in concrete.values() if ids else ():
            where = both(within("id", ids), self._permissions.sees(actor, view.resource))
            of_type = yield from self._documents.page(view, actor.tenant, where=where, caller=caller, limit=len(ids))
            yield from self._documents.include(view, of_type, actor.tenant, self._gate(actor), caller, rows)
            of_id.update((row[0], (view, row)) for row in of_type)
        pairs = [of_id[one] for one in ids if one in of_id]
        rows.views = [view for view, _ in pairs]
        rows.primary = [row for _, row in pairs]

    def _related(
        self, actor: Actor, view: Any, owner: type[Record], owner_id: str, name: str
    ) -> Generator[Any, Any, Condition]:
        """The condition of a related record, once the owning record is known to be readable."""
        relationship = owner.shape.relationships[name]
        match = relationship.match if relationship.match is not None else eq("id", None)
        paths = ["id", *sorted(own_paths(match) - {"id"})]
        if relationship.stored:
            paths = ["id", f"{name}_id"] + ([f"{name}_type"] if relationship.polymorphic else [])
        caller = self._transactions.caller(actor)
        allowed = self._permissions.sees(actor, owner)
        row, seen = yield from self._documents.one(
            Columns(owner, tuple(paths)), actor.tenant, owner_id, allowed, caller
        )
        if row is None:
            raise NotFound(owner_id)
        if not seen:
            raise Denied(owner_id)
        values = dict(zip(paths, row, strict=False))
        if relationship.stored:
            related_id = values[f"{name}_id"]
            kind = values.get(f"{name}_type", view.resource.shape.type)
            is_there = related_id is not None and kind == view.resource.shape.type
            return eq("id", related_id) if is_there else Test("id", "never")
        assert relationship.match is not None
        return bound(relationship.match, values)

    async def linkage(self, request: Request, view: Any, owner_id: str, name: str) -> Any:
        """The identities that a relationship holds: a pair, None, or a list of pairs. `view` includes it alone."""
        rows = await self.one(request, view, owner_id)
        return rows.linkage[(view.type, owner_id)].get(name)
