"""The one way to change anything: load, operate, commit, call, settle.

API, gateway webhook, recovery and command line all change things here. A change is one transaction; where it asks a
gateway for something, that call is written down in the same transaction, made with no transaction open, and settled
by a second one. The same code finishes a call for the request that asked, for an equal request that came later, and
for recovery after a crash.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, cast

import orjson

from paydesk.asks import Unreadable, document, fingerprint_of, waiting_of
from paydesk.base import crash
from paydesk.base.actor import Actor, Kind, tenant_of
from paydesk.base.errors import (
    Conflict,
    Denied,
    Guess,
    Invalid,
    KeyReused,
    Locked,
    NotFound,
    NotUnique,
    Refusal,
    Several,
    Unavailable,
)
from paydesk.base.instants import Clock, instant, later, passed, seconds
from paydesk.declare import Condition, Registry, Relationship, Resource, Test, both, eq, within
from paydesk.gateways.port import Credentials, Declined, Gateway, GatewayProblem, Refused, Snapshot, Unknown, gist
from paydesk.linking import relate_many
from paydesk.owing import OWED_SECONDS, Owing, Receipt
from paydesk.plans import AnyCall as Journalled
from paydesk.plans import AnyPlan as Plan
from paydesk.store import credentials, idempotency, journal, owed
from paydesk.store.ask import Database
from paydesk.store.idempotency import KeyOwner
from paydesk.store.numbers import Blocks, reach_number
from paydesk.store.reading import (
    NEWEST_FIRST,
    Reader,
    Session,
    Sort,
    bound,
    know_tables,
    own_paths,
)
from paydesk.store.sqlite import StillReferred
from paydesk.store.writing import Writer, last_attempt
from paydesk.waiting import PASSWORDS, Tried, Waiting
from paydesk.work import Call, Change, Find, Hold, Next, Work, new_id

log = logging.getLogger("paydesk.desk")

REPLAYABLE_SECONDS = 23 * 3600.0
"""How long a gateway surely keeps a key (Stripe prunes at 24 hours)."""

SKEW_SECONDS = 600.0
"""How far our clock may be ahead of the gateway's: what a call made is looked for from so long before it."""

UNDATED_SECONDS = 30 * 24 * 3600.0
"""From how long ago on it is looked for what a call made of which nobody knows when it was made."""

ORGANIZATION_SECONDS = 5.0
"""How long an organization's flags are kept without looking again."""

LEFT_SECONDS = 20.0
"""How long a call is left alone that only a later release can read."""

KEY_SECONDS = 24 * 3600.0
WAIT_SECONDS = 25.0
ROUNDS = 5


Reference = tuple[str, str]
"""Type and id of a record."""

Linked = Reference | tuple[Reference, ...] | None
"""What a request relates by one relationship: a record, none, or those of a to-many."""


class Permissions(Protocol):
    """Who may do what; see `paydesk.oauth.permissions`."""

    def may(self, actor: Actor, resource: type[Resource], act: str) -> bool: ...

    def sees(self, actor: Actor, resource: type[Resource]) -> Condition | None: ...

    def lists(self, actor: Actor, resource: type[Resource]) -> Condition | None: ...

    def writes(
        self, actor: Actor, resource: type[Resource], asks: frozenset[str] = frozenset()
    ) -> Condition | None: ...

    def caller_values(self, actor: Actor) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """One request as the desk sees it.

    key       the client's idempotency key, and `request` what it was sent for
    receipt   what it is owed; None for what no client waits for
    render    makes `(status, headers, body)` of what was found, for a kept answer
    tell      the same of a refusal
    """

    actor: Actor
    trace_id: str
    ip_address: str | None = None
    user_agent: str | None = None
    origin: str = ""
    key: KeyOwner | None = None
    request: str = ""
    receipt: Receipt | None = None
    render: Callable[[int, Any], tuple[int, dict[str, str], bytes]] | None = None
    tell: Callable[[Refusal], tuple[int, dict[str, str], bytes]] | None = None


@dataclass(frozen=True)
class Wanted:
    """A change as decoded: what to write, which records its relationships name, and what is wrong with its values.

    `problems` are told together with what the rules find, once the record is seen to be there and the caller's.
    """

    verb: str
    resource: type[Resource]
    record_id: str | None
    change: Change
    links: Mapping[str, Linked] = field(default_factory=dict)
    problems: tuple[Any, ...] = ()
    hashed: dict[str, str] = field(default_factory=dict, repr=False)


class Broken(Refusal):
    """Values that break rules: the decoder's problems and the rules' refusals together."""

    def __init__(self, problems: tuple[Any, ...], refusals: list[Refusal]) -> None:
        super().__init__("the request breaks rules")
        self.problems, self.refusals = problems, refusals


@dataclass(frozen=True)
class Kept:
    """An answer as bytes: one that was given before, to be sent again, or one that was just kept under its key."""

    status: int
    headers: dict[str, str]
    body: bytes
    replayed: bool = True


@dataclass
class _First:
    """How the first transaction ended: with a record to show, a call to make, or an answer kept from before.

    resume   the call that the client's key opened
    idle     triggers were asked for, and there was nothing to do
    """

    found: Any = None
    call: Journalled | None = None
    gateway: Resource | None = None
    kept: Kept | None = None
    resume: str | None = None
    idle: bool = False


@dataclass(frozen=True)
class _How:
    """How a call is settled that a write waits for.

    stores   the write is carried out with it
    onward   the write waits on, for the call that the settlement asks for
    refusal  what is told: no write is carried out, and only what the gateway did is booked
    alone    what the settlement asks for next is not asked: somebody else has begun something about the same
    """

    stores: bool = False
    onward: bool = False
    refusal: Refusal | None = None
    alone: bool = False


class _OpenCall(Exception):
    """The journal holds an open call of this lane about this subject."""

    def __init__(self, lane: str, subject_id: str, fingerprint: str) -> None:
        super().__init__(lane)
        self.lane, self.subject_id, self.fingerprint = lane, subject_id, fingerprint


class _Otherwise(Exception):
    """A settlement has to be done another way, from the beginning; see `_How`."""

    def __init__(self, how: _How) -> None:
        super().__init__(how)
        self.how = how


class _Owed(Exception):
    """What is asked for came about already, by equal requests some of which were not told so: these calls."""

    def __init__(self, call_ids: list[str]) -> None:
        super().__init__(*call_ids)
        self.call_ids = call_ids


class _Taken(Exception):
    """Another process makes the call now, or has made it."""


class _NeedNumbers(Exception):
    def __init__(self, asked: Next) -> None:
        super().__init__(asked.sequence)
        self.asked = asked


@dataclass(frozen=True)
class _Ended:
    """How a gateway call ended: the record it is about, or what the client is told.

    following   the call that its settlement asked for, and that is made next
    late        another process has settled it: how it stands in the journal
    """

    record_type: str | None = None
    record_id: str | None = None
    refusal: Refusal | None = None
    following: tuple[Journalled, Resource] | None = None
    late: journal.State | None = None


class Desk:
    """See the module."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        permissions: Permissions,
        gateways: Mapping[str, Gateway],
        plans: Mapping[str, Plan],
        *,
        unseal: Callable[[Resource], Credentials],
        clock: Clock,
        installation: str,
        views: Any,
        gather: Callable[[Any, list[Any], int | None], Any],
        hash_password: Callable[[str], Awaitable[str]],
        tools: Mapping[str, Any] | None = None,
        node: int = 0,
    ) -> None:
        """`unseal` opens a gateway record's credentials; `views` and `gather` are the renderer's (`jsonapi.render`).

        tools          what rules may use beside records: `seal` and `open` (secrets), `endpoint_url`
        hash_password  slow on purpose, and never on the event loop: rules are given what it made before them
        """
        self.database = database
        self.registry = registry
        self.permissions = permissions
        self.gateways = gateways
        self.plans = plans
        self.clock = clock
        self.installation = installation
        self.views = views
        self.holder = new_id()
        self.owing = Owing(database, self.holder, clock)
        self.reader = Reader(registry)
        self.writer = Writer(registry, node)
        self._gather = gather
        self._unseal = unseal
        self._hash_password = hash_password
        self.tools = dict(tools or {})
        self._running: dict[tuple[str, str], asyncio.Future[_Ended]] = {}
        self._keys: set[KeyOwner] = set()
        self._kept_back: deque[Callable[[], Generator[Any, Any, None]]] = deque()
        self._numbers = Blocks()
        self._organizations: dict[str, tuple[float, Resource]] = {}
        self.gateway_calls_made = 0
        self.may_act: Callable[[], Awaitable[None]] | None = None
        know_tables(registry)

    # Reading.

    async def one(self, asked: Asked, view: Any, record_id: str) -> Any:
        """One record for its document. Raises NotFound; Denied when it exists but not for this caller."""
        return await self.database.read(lambda: self._one(asked.actor, view, record_id))

    def _one(self, actor: Actor, view: Any, record_id: str, *, checked: bool = False) -> Generator[Any, Any, Any]:
        caller = self.permissions.caller_values(actor)
        allowed = None if checked else self.permissions.sees(actor, view.resource)
        row, seen = yield from self.reader.one(view, actor.tenant, record_id, allowed, caller)
        if row is None:
            raise NotFound(record_id)
        if not seen:
            raise Denied(record_id)
        found = self._gather(view, [row], None)
        yield from self.reader.include(view, [row], actor.tenant, self._gate(actor), caller, found)
        return found

    def _gate(self, actor: Actor) -> Callable[[type[Resource], Relationship], Condition | None]:
        permissions = self.permissions

        def gate(resource: type[Resource], relationship: Relationship) -> Condition | None:
            # What a caller may not even show is left out of what it includes.
            if not permissions.may(actor, resource, "show"):
                return Test("id", "never")
            return permissions.lists(actor, resource) if relationship.listed else permissions.sees(actor, resource)

        return gate

    async def many(
        self,
        asked: Asked,
        view: Any,
        *,
        where: Condition | None,
        sort: Sort = NEWEST_FIRST,
        number: int,
        size: int,
        related_to: tuple[type[Resource], str, str] | None = None,
        counted: bool = True,
        concrete: Mapping[str, Any] | None = None,
    ) -> Any:
        """A page of a list. `related_to` is (owning type, its id, relationship name) for a related list.

        concrete   a view of each type, where `view` is of the type that reads what they share
        """
        return await self.database.read(
            lambda: self._many(asked.actor, view, where, sort, number, size, related_to, counted, concrete)
        )

    def _many(
        self,
        actor: Actor,
        view: Any,
        where: Condition | None,
        sort: Sort,
        number: int,
        size: int,
        related_to: tuple[type[Resource], str, str] | None,
        counted: bool,
        concrete: Mapping[str, Any] | None,
    ) -> Generator[Any, Any, Any]:
        caller = self.permissions.caller_values(actor)
        condition = both(where, self.permissions.sees(actor, view.resource))
        if related_to is not None:
            if related_to[0].shape.relationships[related_to[2]].listed:
                condition = both(condition, self.permissions.lists(actor, view.resource))
            condition = both(condition, (yield from self._related(actor, view, *related_to)))
        rows = yield from self.reader.page(
            view, actor.tenant, where=condition, caller=caller, sort=sort, limit=size, offset=(number - 1) * size
        )
        total: int | None = None
        if counted:
            if number == 1 and len(rows) < size:
                total = len(rows)
            else:
                total = yield from self.reader.count(view.resource, actor.tenant, condition, caller)
        found = self._gather(view, rows, total)
        if concrete is not None:
            yield from self._told_apart(actor, found, concrete)
            return found
        yield from self.reader.include(view, rows, actor.tenant, self._gate(actor), caller, found)
        return found

    def _told_apart(self, actor: Actor, found: Any, concrete: Mapping[str, Any]) -> Generator[Any, Any, None]:
        """Read the rows of a page again, each as the type that it is of."""
        caller = self.permissions.caller_values(actor)
        ids = tuple(row[0] for row in found.rows)
        of_id: dict[str, tuple[Any, Any]] = {}
        for view in concrete.values() if ids else ():
            where = both(within("id", ids), self.permissions.sees(actor, view.resource))
            rows = yield from self.reader.page(view, actor.tenant, where=where, caller=caller, limit=len(ids))
            yield from self.reader.include(view, rows, actor.tenant, self._gate(actor), caller, found)
            of_id.update((row[0], (view, row)) for row in rows)
        kept = [of_id[one] for one in ids if one in of_id]
        found.views = [view for view, _ in kept]
        found.rows = [row for _, row in kept]

    def _related(
        self, actor: Actor, view: Any, owner: type[Resource], owner_id: str, name: str
    ) -> Generator[Any, Any, Condition]:
        """The condition that a related record fulfils, once the owning record is seen to be readable."""
        relationship = owner.shape.relationships[name]
        match = relationship.match if relationship.match is not None else eq("id", None)
        paths = ["id", *sorted(own_paths(match) - {"id"})]
        if relationship.stored:
            paths = ["id", f"{name}_id"] + ([f"{name}_type"] if relationship.polymorphic else [])
        own = _Columns(owner, tuple(paths))
        caller = self.permissions.caller_values(actor)
        row, seen = yield from self.reader.one(own, actor.tenant, owner_id, self.permissions.sees(actor, owner), caller)
        if row is None:
            raise NotFound(owner_id)
        if not seen:
            raise Denied(owner_id)
        values = dict(zip(paths, row, strict=False))
        if relationship.stored:
            held = values[f"{name}_id"]
            kind = values.get(f"{name}_type", view.resource.shape.type)
            return eq("id", held) if held is not None and kind == view.resource.shape.type else Test("id", "never")
        assert relationship.match is not None
        return bound(relationship.match, values)

    async def linkage(self, asked: Asked, owner: type[Resource], owner_id: str, name: str) -> Any:
        """The identities a relationship holds: a pair, None, or a list of pairs."""
        bare = {target: frozenset[str]() for target in self.registry.types}
        view = self.views.of(owner, {**bare, owner.shape.type: frozenset({name})}, {name: {}}, in_list=False)
        found = await self.one(asked, view, owner_id)
        return found.linkage[(owner.shape.type, owner_id)].get(name)

    # Changing.

    async def change(self, asked: Asked, wanted: Wanted, view: Any) -> tuple[int, Any]:
        """Carry a change out. Returns `(status, found)`, with `found` a `Kept` answer when the key was known.

        Raises what `paydesk.base.errors` has; nothing was written then, save what a gateway was asked for.
        """
        key = asked.key
        if key is not None:
            if key in self._keys:
                raise Conflict("A request with the same Idempotency-Key is still being worked on.")
            self._keys.add(key)
        if asked.receipt is not None:
            self.owing.begin(asked.receipt)
            if any(wanted.change.arguments.values()):
                asked.receipt.watch()
        # In a task of its own: a client that goes away between the first commit and the call does not stop it.
        task = asyncio.ensure_future(self._change(asked, wanted, view))
        task.add_done_callback(lambda done: self._changed(key, done))
        return await asyncio.shield(task)

    def _changed(self, key: KeyOwner | None, task: asyncio.Task[tuple[int, Any]]) -> None:
        if key is not None:
            self._keys.discard(key)
        if not task.cancelled():
            task.exception()  # Whoever asked may be gone.

    async def _change(self, asked: Asked, wanted: Wanted, view: Any) -> tuple[int, Any]:
        status = {"create": 201, "update": 200, "delete": 204}[wanted.verb]
        await self._hash_passwords(wanted)
        fingerprint = _fingerprint(wanted)
        for round_ in range(ROUNDS):
            try:
                first = await self._begin(asked, wanted, view, status, fingerprint)
            except _OpenCall as known:
                ended = await self._join(asked, known)
                if ended is None:
                    continue
                return await self._told(asked, view, status, ended)
            except _Owed as known:
                ended = await self._owed(asked, known.call_ids)
                if ended is None:
                    continue
                return await self._told(asked, view, status, ended)
            except (Invalid, Several):
                # It may be refused since it came about already.
                ended = await self._owed_about(asked, wanted, fingerprint)
                if ended is None:
                    raise
                return await self._told(asked, view, status, ended)
            except _NeedNumbers as need:
                await self._reserve(asked.actor.tenant, need.asked)
                continue
            except NotUnique as conflict:
                # Another type's key was taken meanwhile (an e-mail address by a customer of that moment): look again.
                mistake = _mistake(self.registry, conflict, wanted.resource)
                if mistake is None and round_ + 1 < ROUNDS:
                    continue
                raise mistake or conflict from None
            except StillReferred:
                if wanted.verb == "delete":
                    raise Locked("other records still refer to it") from None
                raise Conflict("A related record was deleted meanwhile.") from None
            if first.resume is not None and asked.receipt is not None:
                asked.receipt.wait_for(asked.actor.tenant, first.resume)
            if first.kept is not None:
                return first.kept.status, first.kept
            if first.resume is not None:
                ended = await self._resumed(asked.actor.tenant, first.resume)
                return await self._told(asked, view, status, ended)
            if first.call is None:
                told = await self._owed_about(asked, wanted, fingerprint) if first.idle else None
                return status, first.found if told is None else (await self._told(asked, view, status, told))[1]
            if asked.receipt is not None and self.plans[first.call.kind].owes:
                asked.receipt.wait_for(asked.actor.tenant, first.call.id)
            crash.place(first.call.kind, "journalled")
            ended = await self._here(first.call, first.gateway, asked)
            return await self._told(asked, view, status, ended)
        raise Conflict("Other requests keep changing the same record.")

    async def _begin(self, asked: Asked, wanted: Wanted, view: Any, status: int, fingerprint: str) -> _First:
        """The first transaction. A commit whose answer was lost is looked up by the call or the key that it wrote."""
        tenant, key = asked.actor.tenant, asked.key
        unsure: list[Journalled] = []

        def landed(first: _First) -> Callable[[], Generator[Any, Any, bool]] | None:
            if first.call is not None and self.plans[first.call.kind].journalled:
                unsure.append(first.call)
                return partial(journal.is_there, tenant, first.call.id)
            return partial(idempotency.is_kept, key) if key is not None and first.kept is None else None

        try:
            return await self.database.write(lambda: self._first(asked, wanted, view, status, fingerprint), landed)
        except Unavailable:
            for call in unsure:
                # It may be there, held by this process, and nobody makes it.
                if asked.receipt is not None:
                    asked.receipt.wait_for(tenant, call.id)
                self._hand_back_later(call, None)
            raise

    async def _hash_passwords(self, wanted: Wanted) -> None:
        """Hash a request's passwords before its transaction: that takes as long as a hundred transactions."""
        for name in PASSWORDS:
            password = wanted.change.arguments.get(name)
            if isinstance(password, str) and password:
                wanted.hashed[password] = await self._hash_password(password)

    async def _told(self, asked: Asked, view: Any, status: int, ended: _Ended) -> tuple[int, Any]:
        if ended.refusal is not None:
            if asked.key is not None and isinstance(ended.refusal, Conflict):
                owner = asked.key  # Told of somebody else's write: the same key tries anew.
                await self.database.write(lambda: idempotency.forget(owner))
            elif asked.key is not None and asked.tell is not None:
                # The gateway was asked, by this request or by the one it joined: the same key is told the same.
                key, told = asked.key, self._sealed(asked.key, asked.tell(ended.refusal))
                await self.database.write(lambda: idempotency.answer(key, *told))
            raise ended.refusal
        if status == 204:
            return 204, None
        if ended.record_id is None:
            raise NotFound("it was deleted meanwhile")
        record_id = ended.record_id
        found = await self.database.read(lambda: self._one(asked.actor, view, record_id, checked=True))
        if asked.key is not None:
            # Kept before it is sent, so that the same key is told the same bytes.
            assert asked.render is not None
            key, answer = asked.key, asked.render(status, found)
            kept = self._sealed(key, answer)
            await self.database.write(lambda: idempotency.answer(key, *kept))
            return status, Kept(*answer, replayed=False)
        return status, found

    def _work(self, asked: Asked, now: str) -> Work:
        settings = {
            **self.tools,
            "ip_address": asked.ip_address,
            "user_agent": asked.user_agent,
            "origin": asked.origin,
            "installation": self.installation,
        }
        return Work(asked.actor, now, trace_id=asked.trace_id, settings=settings)

    def _session(self, actor: Actor) -> Session:
        numbers = None
        if self.database.name != "sqlite":

            def numbers(asked: Next) -> int:
                number = self._numbers.take(actor.tenant, asked.sequence, self.clock())
                if number is None:
                    raise _NeedNumbers(asked)
                return number

        return Session(actor.tenant, self.permissions.caller_values(actor), numbers)

    async def _reserve(self, tenant: str, asked: Next) -> None:
        """Take numbers ahead in a transaction of their own, so that nobody waits for another's."""
        await self._numbers.fill(self.database, tenant, asked, self.clock())

    def go_on_behind(self, tenant: str, sequence: str, numbers: Mapping[int, str]) -> Generator[Any, Any, None]:
        """Hand out no number of a sequence up to these where what they belong to, by its id, is not here any more."""
        last = yield from reach_number(tenant, sequence, numbers)
        if last is not None:
            self._numbers.forget(tenant, sequence)
            log.warning("%s goes on behind %d, which is not here: is this database a restored one?", sequence, last)

    def _organization(self, actor: Actor) -> Generator[Any, Any, Any]:
        """The caller's organization, whose flags rules read; they change seldom and are kept for a few seconds."""
        kept = self._organizations.get(actor.organization_id)
        if kept is not None and kept[0] > self.clock():
            return kept[1]
        session = Session(actor.tenant, {})
        found = yield from self.reader.records(
            session, _find(self.registry["organizations"], eq("id", actor.organization_id))
        )
        if found:
            self._organizations[actor.organization_id] = (self.clock() + ORGANIZATION_SECONDS, found[0])
        return found[0] if found else None

    def _first(
        self, asked: Asked, wanted: Wanted, view: Any, status: int, fingerprint: str
    ) -> Generator[Any, Any, _First]:
        actor, resource = asked.actor, wanted.resource
        now = instant(self.clock())
        session = self._session(actor)
        work = self._work(asked, now)
        work.settings = {**work.settings, "organization": (yield from self._organization(actor))}
        if wanted.hashed:
            work.settings = {**work.settings, "hash_password": wanted.hashed.__getitem__}
        record: Any = None
        tried: Tried | None = None
        idle = False
        if wanted.record_id is not None:
            record = yield from self._record(session, actor, resource, wanted.record_id, _asks(wanted))
        if asked.key is not None:
            known = yield from idempotency.kept(asked.key, later(now, -KEY_SECONDS))
            if known is not None and (first := self._known(known, asked)) is not None:
                return first
        given = wanted.change
        change = Change(given.type, dict(given.values), dict(given.arguments), {}, record)
        yield from self._relate(session, work, wanted, change)
        if wanted.problems:
            raise Broken(wanted.problems, work.mistakes)
        if wanted.verb == "create":
            work.check()
            record = yield from self._run(session, resource.creating(change, work))
            yield from self._run(session, relate_many(resource, record, change, work))
        elif wanted.verb == "update":
            tried = yield from self._updated(session, work, record, change)
            idle = any(change.arguments.values()) and _is_idle(work)
        else:
            yield from self.reader.load(session, [record], resource.loads)
            yield from self._run(session, record.deleting(work))
        work.check()
        if any(not call.deferred for call in work.calls):
            waits = tried is not None and tried.assigned
            call, gateway = yield from self._begun(work, fingerprint, wanted, tried if waits else None, asked.receipt)
        else:
            call, gateway = yield from self._written(work, fingerprint)
        first = _First(call=call, gateway=gateway, idle=idle)
        if call is None and wanted.verb != "delete":
            first.found = yield from self._one(actor, view, record.id, checked=True)
        if asked.key is not None:
            assert asked.render is not None
            if call is not None:
                # What only reads is in no journal: the same key asks it again.
                call_id = call.id if self.plans[call.kind].journalled else None
                yield from idempotency.write(asked.key, asked.request, now, call_id=call_id)
            else:
                told, headers, body = self._sealed(asked.key, asked.render(status, first.found))
                yield from idempotency.write(asked.key, asked.request, now, status=told, headers=headers, body=body)
        if call is not None:
            crash.place(call.kind, "begun")
        return first

    def _known(self, known: Any, asked: Asked) -> _First | None:
        """How a request goes on whose key was seen before; None when it is to be done from the beginning."""
        request, call_id, status, headers, body = known
        if request != asked.request:
            raise KeyReused("Idempotency-Key")
        if status is not None:
            assert asked.key is not None
            opened = self.tools["open"](bytes(body).decode(), _place_of(asked.key)).encode()
            return _First(kept=Kept(status, headers or {}, opened), resume=call_id)
        return _First(resume=call_id) if call_id is not None else None

    def _record(
        self, session: Session, actor: Actor, resource: type[Resource], record_id: str, asks: frozenset[str]
    ) -> Generator[Any, Any, Resource]:
        """The record a request changes, locked; NotFound, or Denied where the caller may not write it.

        asks   all that it asks for: there is what may still be asked of a record that is no longer written
        """
        if self.database.name != "sqlite":
            yield from self.reader.lock_root(resource, actor.tenant, record_id)
        allowed = self.permissions.writes(actor, resource, asks)
        if allowed is not None:
            row, permitted = yield from self.reader.one(
                _Columns(resource, ("id",)), actor.tenant, record_id, allowed, session.caller
            )
            if row is not None and not permitted:
                raise Denied(record_id)
        found = yield from self.reader.records(session, _find(resource, eq("id", record_id)))
        if not found:
            raise NotFound(record_id)
        return found[0]  # type: ignore[no-any-return]

    def _relate(self, session: Session, work: Work, wanted: Wanted, change: Change) -> Generator[Any, Any, None]:
        """Load what the request's relationships name; one that is not there or not for this caller must exist."""
        resource, actor = wanted.resource, work.actor
        for name, link in wanted.links.items():
            relationship = resource.shape.relationships[name]
            if relationship.many:
                change.related[name] = yield from self._relate_many(session, work, relationship, link)
                continue
            if link is None:
                change.related[name] = None
                if relationship.stored:
                    change.values[f"{name}_id"] = None
                    if relationship.polymorphic:
                        change.values[f"{name}_type"] = None
                continue
            kind, record_id = cast(Reference, link)
            target = self.registry[kind]
            paths = [
                path.partition(".")[2]
                for path in resource.create_loads
                if wanted.verb == "create" and path.startswith(f"{name}.")
            ]
            locked = name == resource.root and self.database.name != "sqlite"
            seen = self.permissions.sees(actor, target)
            found = yield from self.reader.records(
                session, _find(target, both(eq("id", record_id), seen), tuple(paths), locked)
            )
            if not found:
                work.invalid(name, "blank")
                continue
            if name == resource.root and wanted.verb == "create":
                writes = self.permissions.writes(actor, target)
                if writes is not None:
                    _, permitted = yield from self.reader.one(
                        _Columns(target, ("id",)), actor.tenant, record_id, writes, session.caller
                    )
                    if not permitted:
                        raise Denied(record_id)
            change.related[name] = found[0]
            if relationship.stored:
                change.values[f"{name}_id"] = record_id
                if relationship.polymorphic:
                    change.values[f"{name}_type"] = kind

    def _relate_many(
        self, session: Session, work: Work, relationship: Relationship, link: Linked
    ) -> Generator[Any, Any, list[Resource]]:
        """The records that a request relates by a to-many. What comes to be its record's is changed itself."""
        found: list[Resource] = []
        references = cast(tuple[Reference, ...], link or ())
        for kind in dict.fromkeys(kind for kind, _ in references):
            target, actor = self.registry[kind], work.actor
            if relationship.tie is None and not self.permissions.may(actor, target, "update"):
                raise Denied(relationship.name)
            allows = self.permissions.sees if relationship.tie is not None else self.permissions.writes
            ids = tuple(one for of, one in references if of == kind)
            find = Find(target, both(within("id", ids), allows(actor, target)), many=True)
            found.extend((yield from self.reader.records(session, find)))
        if len(found) < len(references):
            work.invalid(relationship.name, "blank")
        return found

    def _run(self, session: Session, outcome: Any) -> Generator[Any, Any, Any]:
        """Bring a rule to its end, answering what it asks for."""
        if not isinstance(outcome, Generator):
            return outcome
        try:
            asked = next(outcome)
            while True:
                answer: Any = None
                if not isinstance(asked, Hold):
                    answer = yield from self.reader.answer(session, asked)
                elif self.database.name != "sqlite":
                    yield from self.reader.lock_root(self.registry[asked.type], session.tenant, asked.id)
                asked = outcome.send(answer)
        except StopIteration as stop:
            return stop.value

    def _written(
        self, work: Work, fingerprint: str, *, following: bool = False
    ) -> Generator[Any, Any, tuple[Journalled | None, Resource | None]]:
        """Write a work and journal its calls. Returns the call that the request itself makes, if any.

        following   it settles a call: what is open already is left to whoever opened it
        """
        inline: tuple[Journalled | None, Resource | None] = (None, None)
        yield from self._awaited(work, fingerprint)
        for kind, subject_id in work.withdrawn:
            lane = self.plans[kind].lane or kind
            if not (yield from journal.withdraw(work.actor.tenant, kind, lane, subject_id, work.now)):
                raise Conflict("Another operation on the same record is under way.")
        for call in work.calls:
            plan = self.plans[call.kind]
            lane = plan.lane or plan.kind
            if (call.deferred or following) and (
                yield from journal.open_call(work.actor.tenant, lane, call.subject_id)
            ):
                if not call.deferred and not plan.shared:
                    raise _Otherwise(_How(refusal=_blocked(call), alone=True))
                continue  # It is owed already, or what is under way makes it void.
            if not call.deferred and inline[0] is not None:
                raise Invalid(None, "invalid", "asks the payment gateway for two things at once")
            journalled = yield from self._journal(work, call, plan, "" if call.deferred else fingerprint, None)
            if not call.deferred:
                inline = (journalled, call.gateway)
        yield from self.writer.write(work)
        for owner_id, kept in work.signed_out:
            yield from credentials.end_grants_of(work.actor.tenant, owner_id, work.now, kept)
        return inline

    def _awaited(self, work: Work, fingerprint: str) -> Generator[Any, Any, None]:
        """Raises _OpenCall where something is under way that a work has to come after."""
        for kind, subject_id in work.awaited:
            if any((call.kind, call.subject_id) == (kind, subject_id) for call in work.calls):
                # Placed and cancelled by one request, an order would be left with money that nobody lets go.
                raise Invalid(None, "invalid", "asks at once for what has to come one after the other")
            lane = self.plans[kind].lane or kind
            open_ = yield from journal.open_call(work.actor.tenant, lane, subject_id)
            if open_ is not None and open_.kind == kind:
                raise _OpenCall(lane, subject_id, fingerprint)

    def _journal(
        self, work: Work, call: Call, plan: Plan, fingerprint: str, receipt: Receipt | None
    ) -> Generator[Any, Any, Journalled]:
        actor = work.actor
        assert isinstance(call.ask, plan.asks), f"{call.kind} asks a {plan.asks.__name__}"
        attempt = 1
        key, parameters = "", {}
        if plan.journalled:
            last, is_owed = yield from last_attempt(actor.tenant, call.kind, call.subject_id)
            attempt += last
            if plan.verb is not None:
                assert call.gateway is not None, "a verb is a gateway's"
                parameters = self._gateway(call.gateway).parameters(plan.verb, call.ask.gateway)
            if plan.exact:
                fingerprint = _digest([fingerprint, parameters])
            key = plan.key(call.ask) or self._key(call.id, attempt)
            waiting = None
            if plan.owes and receipt is not None:
                receipt.must_be_awaited()
                if is_owed:
                    yield from self._must_be_new(work, call, plan, fingerprint, receipt)
                waiting = [list(self.owing.debt(receipt))]
            holder = None if call.deferred else self.holder
            ask = document(call.ask, fingerprint, call.waiting)
            try:
                yield from self.writer.journal(
                    work, call, ask, plan.lane or plan.kind, parameters, key, attempt, holder=holder, owed=waiting
                )
            except NotUnique:
                raise _OpenCall(plan.lane or plan.kind, call.subject_id, fingerprint) from None
        return Journalled(
            call.id, actor.tenant, call.kind, call.subject_type, call.subject_id, call.record_id, attempt,
            call.gateway_id, key, call.ask, parameters, actor.who, 0, work.now, fingerprint, call.waiting,
        )  # fmt: skip

    def _key(self, call_id: str, attempt: int) -> str:
        """The idempotency key of a call. It is made of what no other row ever has, so that a database which is older
        than what it was restored from never says a key again for something else.
        """
        return f"paydesk/{self.installation}/{call_id}/{attempt}"

    def _gateway(self, record: Resource) -> Gateway:
        return self.gateways[record.shape.type]

    # What waits with a call.

    def _updated(
        self, session: Session, work: Work, record: Any, change: Change, *, without: str | None = None
    ) -> Generator[Any, Any, Tried]:
        """Run an update's rules: what is assigned, the triggers, what follows from both.

        without   the trigger that asked the gateway already
        """
        shape = record.shape
        yield from self.reader.load(session, [record], type(record).loads)
        work.check()
        change.record = record
        work.arguments = change.arguments
        tried = Tried(record, work)
        yield from self._run(session, record.updating(change, work))
        yield from self._run(session, relate_many(type(record), record, change, work))
        tried.step()
        for name, trigger in shape.triggers.items():
            value = change.arguments.get(name)
            if name == without or value is None or (trigger.kind == "boolean" and value is not True):
                continue
            yield from self.reader.load(session, [record], trigger.loads)
            yield from self._run(session, trigger.run(record, work, value))
            tried.step(name)
        yield from self._run(session, record.updated(change, work))
        tried.step(follows=True)
        return tried

    def _begun(
        self, work: Work, fingerprint: str, wanted: Wanted, tried: Tried | None, receipt: Receipt | None
    ) -> Generator[Any, Any, tuple[Journalled | None, Resource | None]]:
        """Journal the call that a request makes, and write nothing else: a no is to leave everything as it was.

        tried   how the request's rules went, where what they did waits for the answer
        """
        yield from self._awaited(work, fingerprint)
        inline = [call for call in work.calls if not call.deferred]
        if len(inline) > 1:
            raise Invalid(None, "invalid", "asks the payment gateway for two things at once")
        (call,) = inline
        if tried is not None:
            waiting = Waiting.of(wanted.change, wanted.links, wanted.hashed, tried, work.actor)
            self._wait(call, waiting, work.actor.tenant)
        journalled = yield from self._journal(work, call, self.plans[call.kind], fingerprint, receipt)
        for record in work.created:
            if (record.shape.type, record.id) == (call.subject_type, call.subject_id):
                # What a call is about is there with it, such as who a customer is at the gateway.
                about = Work(work.actor, work.now)
                about.created.append(record)
                yield from self.writer.write(about)
        return journalled, call.gateway

    def _wait(self, call: Call, waiting: Waiting, tenant: str) -> None:
        """Have a write wait with a call, sealed where the journal keeps it: it may hold what nobody is to read."""
        said: Any = waiting.as_json()
        if self.plans[call.kind].journalled:
            said = self.tools["seal"](orjson.dumps(said).decode(), f"waiting/{tenant}/{call.id}")
        call.waiting = said

    def _waiting(self, call: Journalled) -> Waiting | None:
        """The write that waits with a call, if one does."""
        said = call.waiting
        if isinstance(said, str):
            said = orjson.loads(self.tools["open"](said, f"waiting/{call.tenant}/{call.id}"))
        return Waiting(**said) if said is not None else None

    def _carry_out(
        self, waiting: Waiting, call: Journalled, asked: Asked | None, now: str
    ) -> Generator[Any, Any, None]:
        """Write what waited with a call, by the rules and on the record as it is now.

        raises   Conflict where another write came between, or where the rules would not have it any more
        """
        who = waiting.who
        by = replace(asked, actor=who) if asked is not None else Asked(who, "")
        resource, session, work = self.registry[waiting.type], self._session(who), self._work(by, now)
        work.settings = {**work.settings, "organization": (yield from self._organization(who))}
        if waiting.hashed:
            work.settings = {**work.settings, "hash_password": waiting.hashed.__getitem__}
        try:
            if self.database.name != "sqlite":
                yield from self.reader.lock_root(resource, who.tenant, waiting.id)
            found = yield from self.reader.records(session, _find(resource, eq("id", waiting.id)))
            if not found:
                raise NotFound(waiting.id)
            change = waiting.change()
            wanted = Wanted("update", resource, waiting.id, change, waiting.linked())
            yield from self._relate(session, work, wanted, change)
            # The rules see what was asked for already, and what they ask of it again is left out.
            work.calls.append(Call(call.kind, call.subject_type, call.subject_id, None, call.ask))
            tried = yield from self._updated(session, work, found[0], change, without=waiting.asker)
            work.check()
            work.calls = [one for one in work.calls if one.deferred]
            if waiting.is_overtaken_by(tried.replaced):
                raise Conflict("the record was written")
            yield from self._written(work, "")
        except NotUnique:
            raise
        except Refusal as refusal:
            log.info("a write that waited is not carried out: %s", refusal, extra={"call": call.id})
            raise Conflict(
                "Another request wrote the same record meanwhile. What the payment gateway did is booked, and nothing "
                "else of this request was written."
            ) from refusal

    # Answers that are owed.

    def _must_be_new(
        self, work: Work, call: Call, plan: Plan, fingerprint: str, receipt: Receipt
    ) -> Generator[Any, Any, None]:
        """Raises _Owed where an equal request of the same owner has had this call made, and was not told so."""
        since = later(work.now, -OWED_SECONDS)
        made = yield from owed.of_subject(work.actor.tenant, call.kind, call.subject_id, since)
        found = [
            one
            for one in self._equal(work.actor.tenant, made, fingerprint, receipt)
            if plan.repeats(call.ask, plan.asks.read(one.ask), one.record_id)
        ]
        if found:
            raise _Owed([one.call_id for one in found])

    def _equal(
        self, tenant: str, made: list[owed.Owing], fingerprint: str, receipt: Receipt
    ) -> Generator[owed.Owing, None, None]:
        """Those calls of equal requests of which this one's owner may still be owed an answer."""
        for one in made if not receipt.is_new else ():
            if fingerprint_of(one.ask) == fingerprint and any(
                debt.owner == receipt.owner for debt in self.owing.left(tenant, one.call_id, one.debts)
            ):
                yield one

    async def _owed_about(self, asked: Asked, wanted: Wanted, fingerprint: str) -> _Ended | None:
        """What came of an equal request about the same record, where this one's owner is owed that."""
        tenant, receipt, record_id = asked.actor.tenant, asked.receipt, wanted.record_id
        if receipt is None or receipt.is_new or record_id is None or not any(wanted.change.arguments.values()):
            return None
        since = later(instant(self.clock()), -OWED_SECONDS)
        made = await self.database.read(lambda: owed.of_record(tenant, record_id, since))
        return await self._owed(asked, [one.call_id for one in self._equal(tenant, made, fingerprint, receipt)])

    async def _owed(self, asked: Asked, call_ids: list[str]) -> _Ended | None:
        """Take over an answer that is owed, of the first of these calls; None where nothing is owed any more."""
        tenant, receipt = asked.actor.tenant, asked.receipt
        assert receipt is not None, "somebody waits"
        for call_id in call_ids:
            if not await self.owing.claim(receipt, tenant, call_id):
                continue
            ended = await self._followed(tenant, await self.database.read(lambda: journal.state_of(tenant, call_id)))  # noqa: B023
            if ended.refusal is None:
                return ended
            # It came to nothing in the end: this is a new try.
            await self.owing.drop(receipt, tenant, call_id)
        return None

    # Gateway calls.

    async def _join(self, asked: Asked, known: _OpenCall) -> _Ended | None:
        """Wait for the open call of an equal request; None when the change should be tried again.

        A different request is told Conflict, unless nobody held the call: then that is finished first.
        """
        tenant = asked.actor.tenant
        call: journal.Row | None
        call = await self.database.read(lambda: journal.open_call(tenant, known.lane, known.subject_id))
        if call is None:
            return None
        equal = fingerprint_of(call.ask) == known.fingerprint
        plan = self._plan(call.kind)
        task = self._running.get((tenant, call.id))
        if task is None:
            task = await self._take(tenant, call.id)
            if task is not None and not equal:
                await asyncio.shield(task)
                return None
        if plan.shared:
            await (asyncio.shield(task) if task is not None else self._elsewhere(tenant, call.id))
            return None
        if not equal:
            raise Conflict("Another operation on the same record is under way.")
        if asked.key is not None:
            key, request, call_id, now = asked.key, asked.request, call.id, instant(self.clock())
            since = later(now, -KEY_SECONDS)
            await self.database.write(lambda: idempotency.tie(key, request, now, since, call_id))
        if asked.receipt is not None and plan.owes:
            await self.owing.join(asked.receipt, tenant, call.id)
        return await asyncio.shield(task) if task is not None else await self._elsewhere(tenant, call.id)

    async def _resumed(self, tenant: str, call_id: str) -> _Ended:
        """Go on with the call that an idempotency key opened."""
        task = self._running.get((tenant, call_id)) or await self._take(tenant, call_id)
        return await asyncio.shield(task) if task is not None else await self._elsewhere(tenant, call_id)

    async def _take(self, tenant: str, call_id: str) -> asyncio.Future[_Ended] | None:
        """Take over a call that nobody holds."""
        await self._free()
        now = instant(self.clock())

        def landed(call: Journalled | None) -> Callable[[], Generator[Any, Any, bool]]:
            return partial(journal.is_held, tenant, call_id, self.holder)

        def taking() -> Generator[Any, Any, Journalled | None]:
            row = yield from journal.take(tenant, call_id, holder=self.holder, now=now)
            # One that cannot be read is not taken: nothing of this is written.
            return None if row is None else self._read(row)

        try:
            call = await self.database.write(taking, landed)
        except Unreadable:
            raise
        except Unavailable:
            self._kept_back.append(lambda: journal.hand_back(tenant, call_id, self.holder, now, None))
            raise
        return None if call is None else self._start(call, None, None)

    def _plan(self, kind: str) -> Plan:
        if kind not in self.plans:
            raise Unreadable(f"A later release of paydesk wrote this down ({kind}), and goes on with it.")
        return self.plans[kind]

    def _read(self, row: journal.Row) -> Journalled:
        """A call of the journal. Raises Unreadable where a later release wrote it."""
        ask = self._plan(row.kind).asks.read(row.ask)
        return Journalled(
            **row._replace(ask=ask)._asdict(), fingerprint=fingerprint_of(row.ask), waiting=waiting_of(row.ask)
        )

    async def _elsewhere(self, tenant: str, call_id: str) -> _Ended:
        """Wait for a call that another process makes."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + WAIT_SECONDS
        while loop.time() < ends:
            state = await self.database.read(lambda: journal.state_of(tenant, call_id))
            if state is None or state.state != "open":
                return await self._followed(tenant, state)
            task = await self._take(tenant, call_id)
            if task is not None:
                return await asyncio.shield(task)
            await asyncio.sleep(0.1)
        raise Unavailable("The payment gateway has not answered yet.")

    async def _followed(self, tenant: str, state: journal.State | None) -> _Ended:
        """How a settled call ended: as the one that its settlement asked for, where that was made."""
        following = (state.outcome or {}).get("next") if state is not None else None
        if following and await self.database.read(lambda: journal.state_of(tenant, following)):
            return await self._resumed(tenant, following)
        return self._ended(state)

    def _ended(self, state: journal.State | None) -> _Ended:
        if state is None:
            raise Conflict("The operation was withdrawn.")
        outcome = state.outcome
        if outcome and "error" in outcome:
            return _Ended(refusal=_refusal_of(outcome["error"]))
        return _Ended((outcome or {}).get("type", state.kind), (outcome or {}).get("id", state.record_id))

    async def _here(self, call: Journalled, gateway: Resource | None, asked: Asked | None) -> _Ended:
        """Make a call in a change's own task, which no client stops; others can wait for it."""
        identity = (call.tenant, call.id)
        ended: asyncio.Future[_Ended] = asyncio.get_running_loop().create_future()
        self._running[identity] = ended
        ended.add_done_callback(lambda done: self._done(identity, done))
        try:
            outcome = await self._make(call, gateway, asked)
        except asyncio.CancelledError:
            ended.cancel()
            raise
        except BaseException as error:
            ended.set_exception(error)
            raise
        ended.set_result(outcome)
        return outcome

    def _start(self, call: Journalled, gateway: Resource | None, asked: Asked | None) -> asyncio.Future[_Ended]:
        """Make a call in a task of its own: a client that goes away does not stop it half-way."""
        identity = (call.tenant, call.id)
        task = asyncio.ensure_future(self._make(call, gateway, asked))
        self._running[identity] = task
        task.add_done_callback(lambda done: self._done(identity, done))
        return task

    def _done(self, identity: tuple[str, str], task: asyncio.Future[_Ended]) -> None:
        self._running.pop(identity, None)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Refusal):
            log.error("a gateway call failed unexpectedly", exc_info=error, extra={"call": identity[1]})

    async def _make(self, call: Journalled, gateway: Resource | None, asked: Asked | None) -> _Ended:
        plan = self.plans[call.kind]
        try:
            return await self._made(call, plan, gateway, asked)
        except Exception as problem:
            # Whatever came between, the call stays open, for recovery to try again rather than to wait for its lease.
            if plan.journalled:
                await self._hand_back(call, problem.__cause__ if isinstance(problem.__cause__, Unknown) else None)
            raise

    async def _hand_back(self, call: Journalled, unknown: Unknown | None) -> None:
        self._hand_back_later(call, unknown)
        with suppress(Unavailable):
            await self._free()

    def _hand_back_later(self, call: Journalled, unknown: Unknown | None) -> None:
        due = later(instant(self.clock()), min(20.0, 2.0 * 2 ** min(call.tries, 8)))
        outcome = None if unknown is None else {"answer": gist(unknown)}

        def back() -> Generator[Any, Any, None]:
            return journal.hand_back(call.tenant, call.id, self.holder, due, outcome)

        self._kept_back.append(back)

    async def _free(self) -> None:
        """Hand back what is to be, also what could not be while the database was not there."""
        while self._kept_back:
            back = self._kept_back.popleft()
            try:
                await self.database.write(back)
            except Unavailable:
                self._kept_back.append(back)
                raise

    async def _made(self, call: Journalled, plan: Plan, gateway: Resource | None, asked: Asked | None) -> _Ended:
        if plan.local:
            return await self._settle(call, plan, None, asked)
        now = instant(self.clock())
        if gateway is None:
            gateway = plan.gateway(call) or await self._gateway_record(call)
        if gateway is None:
            gone = Refused("The payment gateway was deleted.", "gateway_deleted", http_status=404)
            return await self._settle(call, plan, gone, asked)
        try:
            answer = await self._perform(call, plan, gateway, now)
        except _Taken:
            await self._outlive()
            return await self._elsewhere(call.tenant, call.id)
        except (Declined, Refused) as problem:
            if not _is_answer(call, plan, problem):
                raise Unavailable(
                    "The payment gateway does not take the key; what was asked waits for another."
                ) from Unknown(problem.message, request_id=problem.request_id)
            await self._look(call, plan, gateway, problem)
            return await self._settle(call, plan, problem, asked)
        except Unknown as problem:
            log.warning("gateway outcome unknown: %s", problem.reason, extra={"call": call.id, "kind": call.kind})
            raise Unavailable(
                "The payment gateway did not answer; what was asked is finished as soon as it does.",
                max(1, round(problem.retry_after or 2)),
            ) from problem
        crash.place(call.kind, "asked")
        return await self._settle(call, plan, answer, asked)

    async def _look(self, call: Journalled, plan: Plan, record: Resource, problem: Declined | Refused) -> None:
        """After a no, see how things stand: it may say no since what was asked for is there already."""
        payment_id = plan.looks(call)
        if payment_id is not None:
            with suppress(GatewayProblem):
                credentials = self._unseal(record)
                problem.snapshot = await _looked(plan, self._gateway(record), payment_id, credentials)

    async def _gateway_record(self, call: Journalled) -> Resource | None:
        session = Session(call.tenant, {})
        found = await self.database.read(
            lambda: self.reader.records(session, _find(self.registry["payment_gateways"], eq("id", call.gateway_id)))
        )
        return found[0] if found else None

    def _opened(self, call: Journalled) -> dict[str, Any]:
        """A call's parameters as they are sent: what the journal keeps sealed is opened."""
        return {
            name: self.tools["open"](value["sealed"], value["about"])
            if isinstance(value, dict) and value.keys() == {"sealed", "about"}
            else value
            for name, value in call.parameters.items()
        }

    async def _perform(self, call: Journalled, plan: Plan, record: Resource, now: str) -> Any:
        gateway, credentials = self._gateway(record), self._unseal(record)
        self.gateway_calls_made += 1
        if plan.probes:
            assert gateway.account is not None, "only an account has keys to probe"
            lacks = await gateway.account.probe(credentials)
            if lacks:
                message = f"The key lacks rights: {', '.join(lacks)}."
                raise Refused(message, "missing_rights", http_status=403, lacks=tuple(lacks))
            owner: str | None = None
            # What is not told now is asked for by the background.
            with suppress(GatewayProblem):
                owner = await gateway.account.account_id(credentials)
            if plan.verb is None:
                return owner
            return replace(await self._ask(call, plan, gateway, credentials, now), owner=owner)
        return await self._ask(call, plan, gateway, credentials, now)

    async def _ask(self, call: Journalled, plan: Plan, gateway: Gateway, credentials: Credentials, now: str) -> Any:
        payment_id = plan.reads(call)
        if payment_id is not None:
            snapshot = await _looked(plan, gateway, payment_id, credentials, plan.closely(call))
            if plan.verb is None or not plan.proceeds(call, snapshot):
                return snapshot
            if call.tries and not await self._still(call, plan):
                return snapshot
        assert plan.verb is not None
        age = seconds(now) - seconds(call.created_at)
        # Of a call that a clock that ran ahead has dated nobody knows how old its key is.
        if not -SKEW_SECONDS <= age <= REPLAYABLE_SECONDS and plan.key(call.ask) is None:
            return await self._again(call, plan, gateway, credentials)
        await self._must_act(gateway)
        await self._must_hold(call)
        crash.place(call.kind, "asking")
        try:
            answer = await gateway.perform(plan.verb, self._opened(call), key=call.key, credentials=credentials)
        except Unknown as problem:
            if not problem.kept:
                raise
        except Refused as problem:
            if not problem.key_is_spent:
                raise
        else:
            # A key that several share may have been said of something that was undone since.
            replayed = isinstance(answer, Snapshot) and answer.replayed
            if plan.key(call.ask) is None or not replayed or not plan.proceeds(call, answer):
                return answer
        return await self._again(call, plan, gateway, credentials)

    async def _must_act(self, gateway: Gateway) -> None:
        """Before anything with an effect is asked of a gateway that others may act at, too: raises Unavailable where
        this is a copy that must not (`paydesk.background.keep_ownership`).
        """
        if gateway.account is not None and self.may_act is not None:
            await self.may_act()

    async def _must_hold(self, call: Journalled) -> None:
        """Before the gateway is asked: raises _Taken where this process was halted, and another one has taken the call
        over meanwhile.
        """
        if not self.plans[call.kind].journalled or passed() - call.held_at < journal.ALIVE_SECONDS / 2:
            return
        now = instant(self.clock())
        if not await self.database.write(lambda: journal.hold(call.tenant, call.id, self.holder, now)):
            raise _Taken

    async def _outlive(self) -> None:
        """Another process took this one for gone. It is not: whom it tells now was told, and does not ask in vain."""
        now = instant(self.clock())
        await self.database.write(lambda: journal.beat(self.holder, now))

    async def _still(self, call: Journalled, plan: Plan) -> bool:
        """Whether what was asked some time ago is still to be done, as our records are now."""
        session = Session(call.tenant, {})
        return bool(await self.database.read(lambda: self._run(session, plan.still(call))))

    async def _again(self, call: Journalled, plan: Plan, gateway: Gateway, credentials: Credentials) -> Any:
        """The key can tell nothing more: look whether the gateway did it, and only if not, ask under the next key."""
        payment_id = plan.looks(call)
        if payment_id is not None:
            snapshot = await _looked(plan, gateway, payment_id, credentials)
            if not plan.proceeds(call, snapshot):
                return snapshot
        metadata = plan.found(call.ask)
        if metadata:
            created, now_ = seconds(call.created_at), self.clock()
            since = (created if created <= now_ + SKEW_SECONDS else now_ - UNDATED_SECONDS) - SKEW_SECONDS
            found: Any = None
            if plan.about == "payment":
                found = await gateway.find(metadata, credentials=credentials, since=since)
            elif gateway.wallet is not None:
                found = await gateway.wallet.find_customer(metadata, credentials=credentials, since=since)
            if found is not None:
                return found
        attempt = call.attempt + 1
        shared = plan.key(call.ask)
        key = self._key(call.id, attempt) if shared is None else _after(call.key, shared)
        now = instant(self.clock())
        await self.database.write(lambda: journal.renumber(call.tenant, call.id, attempt, key, now))
        await self._must_act(gateway)
        await self._must_hold(call)
        crash.place(call.kind, "asking")
        try:
            return await gateway.perform(plan.verb, self._opened(call), key=key, credentials=credentials)  # type: ignore[arg-type]
        except Refused as problem:
            if not problem.key_is_spent or shared is not None:
                raise
            # No answer to what was asked: whoever comes back to the call takes the next key.
            raise Unknown("The gateway knows the key.", request_id=problem.request_id) from None

    async def _settle(self, call: Journalled, plan: Plan, answer: Any, asked: Asked | None) -> _Ended:
        waits = call.waiting is not None
        how = _How(stores=waits)
        for round_ in range(ROUNDS):
            try:
                ended: _Ended = await self.database.write(
                    partial(self._second, call, plan, answer, asked, how), partial(self._settled, call, plan)
                )
            except _Otherwise as otherwise:
                how = otherwise.how
                continue
            except _NeedNumbers as need:
                await self._reserve(call.tenant, need.asked)
                continue
            except _OpenCall:
                continue  # What is to follow was opened by somebody else in this moment.
            except NotUnique as conflict:
                if "versions" in conflict.constraint:
                    continue
                mistake = _mistake(self.registry, conflict)
                if how.stores and mistake is None and round_ + 2 < ROUNDS:
                    continue  # Somebody wrote the same just now: the rules find it the next time.
                refusal = mistake or Conflict("Another operation took the same payment meanwhile.")
                if how.stores:
                    how = _How(refusal=refusal)
                    continue
                return await self._withdraw(call, refusal)
            if ended.late is not None:
                await self._outlive()
                return await self._followed(call.tenant, ended.late)
            crash.place(call.kind, "settled")
            if ended.following is None:
                return ended
            following, gateway = ended.following
            crash.place(following.kind, "journalled")
            return await asyncio.shield(self._start(following, gateway, asked))
        raise Conflict("Other requests keep changing the same record.")

    def _settled(self, call: Journalled, plan: Plan, ended: _Ended) -> Callable[[], Generator[Any, Any, bool]] | None:
        """Whether a settlement stands, by the call that it asked for or else by the call itself."""
        if not plan.journalled:
            return None
        if ended.following is not None:
            return partial(journal.is_there, call.tenant, ended.following[0].id)
        return partial(journal.is_closed, call.tenant, call.id)

    async def _withdraw(self, call: Journalled, refusal: Refusal) -> _Ended:
        """Close a call whose answer cannot be booked."""
        if self.plans[call.kind].journalled:
            now = instant(self.clock())
            outcome = {"error": _refusal_to_json(refusal)}
            await self.database.write(lambda: journal.settle(call.tenant, call.id, "dropped", outcome, now))
        return _Ended(refusal=refusal)

    def _second(
        self, call: Journalled, plan: Plan, answer: Any, asked: Asked | None, how: _How
    ) -> Generator[Any, Any, _Ended]:
        """The second transaction: close the call and book its answer, all or nothing."""
        now = instant(self.clock())
        waiting = self._waiting(call)
        if waiting is not None and how.stores:
            try:
                yield from self._carry_out(waiting, call, asked, now)
            except Conflict as conflict:
                if not isinstance(answer, GatewayProblem) and (done := plan.done(call)):
                    conflict.retry_after, conflict.meta = None, {"done": done}
                raise _Otherwise(_How(refusal=conflict)) from conflict
        actor = asked.actor if asked is not None else self._signed(call)
        session = self._session(actor)
        work = self._work(asked or Asked(actor, ""), now)
        work.settings = {**work.settings, "organization": (yield from self._organization(actor))}
        problem = isinstance(answer, GatewayProblem)
        if how.refusal is not None:
            outcome = plan.apart(call, answer, is_no=problem, refusal=how.refusal, work=work)
        else:
            outcome = plan.refused(call, answer, work) if problem else plan.settle(call, answer, work)
        try:
            result = yield from self._run(session, outcome)
            work.check()
        except NotUnique:
            raise
        except Refusal as refusal:
            if how.refusal is not None:
                raise
            raise _Otherwise(_How(refusal=refusal)) from refusal
        if how.stores and isinstance(result, Refusal):
            raise _Otherwise(_How(refusal=result))
        if how.refusal is not None and not isinstance(result, Refusal):
            result = how.refusal
        if how.alone:
            work.calls = [one for one in work.calls if one.deferred]
        if waiting is not None and how.onward:
            for one in work.calls:
                if not one.deferred:
                    self._wait(one, waiting, call.tenant)
        ended = (
            _Ended(refusal=result)
            if isinstance(result, Refusal)
            else (
                _Ended(result.shape.type, result.id)
                if isinstance(result, Resource) and result not in work.deleted
                else _Ended()
            )
        )
        if plan.journalled:
            told: dict[str, Any] = {"type": ended.record_type, "id": ended.record_id}
            if ended.refusal is not None:
                told = {"error": _refusal_to_json(ended.refusal)}
            told.update(("next", one.id) for one in work.calls if not one.deferred)
            told["answer"] = gist(answer)
            state = "declined" if isinstance(answer, Declined) else "refused" if problem else "done"
            if work.adopted:
                state = "done"
            open_still = yield from journal.settle(call.tenant, call.id, state, told, now)
            if not open_still and how.stores:
                raise _Otherwise(_How(refusal=Conflict("Another process has booked the answer.")))
            if not open_still:
                return _Ended(late=(yield from journal.state_of(call.tenant, call.id)))
        following, gateway = yield from self._written(work, call.fingerprint, following=True)
        if waiting is not None and (following is not None) != how.onward:
            raise _Otherwise(_How(stores=how.onward, onward=not how.onward))
        if following is not None and gateway is not None:
            ended = replace(ended, following=(following, gateway))
            crash.place(following.kind, "begun")
        if asked is not None and asked.key is not None:
            yield from self._keep(asked, plan, ended)
        crash.place(call.kind, "settling")
        return ended

    def _keep(self, asked: Asked, plan: Plan, ended: _Ended) -> Generator[Any, Any, None]:
        """Keep a refusal that a gateway gave under the client's key; a success is rendered when it is told."""
        assert asked.key is not None and asked.tell is not None
        if ended.refusal is not None and plan.journalled and not isinstance(ended.refusal, Conflict):
            yield from idempotency.answer(asked.key, *self._sealed(asked.key, asked.tell(ended.refusal)))

    def _sealed(self, key: KeyOwner, answer: tuple[int, dict[str, str], bytes]) -> tuple[int, dict[str, str], bytes]:
        """An answer as it is kept: it may show what nobody is to read in the database, such as a webhook secret."""
        status, headers, body = answer
        return status, headers, self.tools["seal"](body.decode(), _place_of(key)).encode()

    def _signed(self, call: Journalled) -> Actor:
        """What recovery finishes is signed by who asked for it."""
        organization_id, _, mode = call.tenant.partition("/")
        return Actor(
            tenant=tenant_of(organization_id, mode == "live"),
            organization_id=organization_id,
            slug="",
            live=mode == "live",
            kind=cast(Kind, call.who.get("application", {}).get("kind", "worker")),
            who=call.who,
        )

    # Work without a client.

    async def operate(self, actor: Actor, rule: Callable[[Work], Any], *, trace_id: str = "") -> Any:
        """Run a rule of paydesk's own in a transaction; returns what it returns. Its calls are all deferred."""

        def transaction() -> Generator[Any, Any, Any]:
            work = self._work(Asked(actor, trace_id or os.urandom(32).hex()), instant(self.clock()))
            work.settings = {**work.settings, "organization": (yield from self._organization(actor))}
            result = yield from self._run(self._session(actor), rule(work))
            work.check()
            yield from self._written(work, "")
            return result

        for _ in range(ROUNDS):
            try:
                return await self.database.write(transaction)
            except _NeedNumbers as need:
                await self._reserve(actor.tenant, need.asked)
            except _OpenCall:
                raise Conflict("Another operation on the same record is under way.") from None
        raise Conflict("Other requests keep changing the same record.")

    async def consider(self, actor: Actor, rule: Callable[[Work], Any]) -> Any:
        """Run a rule on what is there and write nothing of it; returns what it returns."""

        def transaction() -> Generator[Any, Any, Any]:
            work = self._work(Asked(actor, ""), instant(self.clock()))
            work.settings = {**work.settings, "organization": (yield from self._organization(actor))}
            return (yield from self._run(self._session(actor), rule(work)))

        return await self.database.read(transaction)

    async def refresh(self, actor: Actor, record: Any, **how: Any) -> None:
        """Read at the gateway what a record stands for and bring it to that, in paydesk's own name; `how` is what its
        `read` takes.
        """
        work = self._work(Asked(actor, os.urandom(32).hex()), instant(self.clock()))
        record.read(work, **how)
        (call,) = work.calls
        plan = self.plans[call.kind]
        assert plan.verb is None, "only reading is done without a journal"
        asked = Asked(actor, work.trace_id)
        journalled = Journalled(
            call.id, actor.tenant, call.kind, call.subject_type, call.subject_id, call.record_id, 1,
            call.gateway_id, "", call.ask, {}, actor.who, 0, work.now,
        )  # fmt: skip
        ended = await self._make(journalled, call.gateway, asked)
        if ended.refusal is not None:
            raise ended.refusal

    async def finish_due(self, limit: int = 50, *, ahead: float = 0.0) -> int:
        """Take over open calls that are due and that nobody holds; returns how many were brought to their end.

        ahead   seconds: also those that would be due only then
        """
        await self._free()
        now = instant(self.clock())
        by = later(now, ahead)
        due = await self.database.read(lambda: journal.due(now, limit, by))
        taken = [task for one in due if (task := await self._take_if_readable(*one)) is not None]
        # All at once: one gateway that hangs does not hold up the others, and each has a lane of its own.
        ended = await asyncio.gather(*(asyncio.shield(task) for task in taken), return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Refusal):
                log.info("a gateway call stays open: %s", outcome)
        return sum(isinstance(outcome, _Ended) for outcome in ended)

    async def _take_if_readable(self, tenant: str, call_id: str) -> asyncio.Future[_Ended] | None:
        try:
            return await self._take(tenant, call_id)
        except Unreadable as unreadable:
            # Not before the others again, which this process can make.
            log.error("a gateway call is left to a later release: %s", unreadable, extra={"call": call_id})
            now = instant(self.clock())
            due = later(now, LEFT_SECONDS)
            await self.database.write(lambda: journal.postpone(tenant, call_id, due, now))
            return None

    async def finish(self, tenant: str, kind: str, subject_id: str) -> None:
        """Bring the open call of a kind about a subject to its end, due or not; nothing where there is none.

        Raises what was told instead of an answer that could be booked.
        """
        lane = self.plans[kind].lane or kind
        call = await self.database.read(lambda: journal.open_call(tenant, lane, subject_id))
        if call is not None and call.kind == kind:
            ended = await self._resumed(tenant, call.id)
            if ended.refusal is not None:
                raise ended.refusal

    async def close(self) -> None:
        """Wait for the gateway calls under way."""
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=30)
        await self.owing.close()


def _is_answer(call: Journalled, plan: Plan, problem: Declined | Refused) -> bool:
    """Whether a no settles the call.

    A key that was rolled says nothing of what a former try with it has done. The call is kept for the key that takes
    its place (`paydesk gateways rekey`). An account that has left its platform will never be asked again.
    """
    if plan.tries_key or not plan.journalled or call.tries == 0 or not isinstance(problem, Refused):
        return True
    return not problem.unauthorized or problem.code == "account_invalid"


async def _looked(plan: Plan, gateway: Gateway, name: str, credentials: Credentials, closely: bool = False) -> Any:
    """What a call is about, as it is at the gateway now."""
    if plan.about == "payment":
        return await gateway.read(name, credentials=credentials, closely=closely)
    assert gateway.wallet is not None, "only what keeps payment methods is asked for one"
    if plan.about == "setup":
        return await gateway.wallet.read_setup(name, credentials=credentials)
    return await gateway.wallet.read_instrument(name, credentials=credentials)


class _Columns:
    """A bare view: some columns of a type, without includes."""

    __slots__ = ("at", "columns", "includes", "resource", "serial")

    def __init__(self, resource: type[Resource], columns: tuple[str, ...]) -> None:
        self.resource = resource
        self.columns = list(columns)
        self.at = {name: at for at, name in enumerate(columns)}
        self.includes: dict[str, dict[str, Any]] = {}
        self.serial: Any = ("columns", resource.shape.type, columns)


def _blocked(call: Call) -> Conflict:
    """What is told where the next of several calls cannot begin: what was done before it."""
    done = call.ask.done
    message = "Another operation on the same record is under way."
    return Conflict(message, meta={"done": done} if done else None)


def _after(key: str, shared: str) -> str:
    """The key after one that several calls share, the same whoever of them is told that one says nothing any more."""
    return f"{shared}/{int(key.removeprefix(shared).removeprefix('/') or 1) + 1}"


def _place_of(key: KeyOwner) -> str:
    """What a kept answer is sealed for."""
    return f"answers/{key.tenant}/{key.application_id}/{key.owner_id}/{key.key}"


def _asks(wanted: Wanted) -> frozenset[str]:
    """All that a change asks for, by name; of an object its members by path (`options.return_url`)."""
    names = {name for name, value in wanted.change.arguments.items() if value}
    names.update(wanted.links)
    for name, value in wanted.change.values.items():
        if isinstance(value, dict) and value:
            names.update(f"{name}.{member}" for member in value)
        else:
            names.add(name)
    return frozenset(names)


def _is_idle(work: Work) -> bool:
    """There was nothing to do: what a request asked for is so already."""
    changed = {name for before in work.changed.values() for name in before}
    return not (work.created or work.calls or work.noted) and changed <= {"refreshed_at"}


def _find(resource: type[Resource], where: Condition, paths: tuple[str, ...] = (), lock: bool = False) -> Find:
    return Find(resource, where, paths, lock=lock)


def _fingerprint(wanted: Wanted) -> str:
    """Tells equal requests from different ones. It is kept, so it tells nothing of a password but that there is one:
    who has an account by one request keeps it whatever an equal one says.
    """
    hidden = {name: True for name in PASSWORDS if wanted.change.arguments.get(name)}
    said = [
        wanted.verb,
        wanted.resource.shape.type,
        wanted.record_id,
        {name: value for name, value in wanted.change.values.items() if value is not None and value != {}},
        wanted.change.arguments | hidden,
        {name: list(link) if link else None for name, link in wanted.links.items()},
    ]
    return _digest(said)


def _digest(said: Any) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _mistake(registry: Registry, conflict: NotUnique, asked_for: type[Resource] | None = None) -> Refusal | None:
    """Which field of a request took something that is taken; None when the change may simply be tried again."""
    for resource in registry.types.values():
        shape = resource.shape
        if shape.table == "versions" or (asked_for is not None and shape.table != asked_for.shape.table):
            continue
        for columns in shape.unique:
            names = [f"{shape.table}.{column}" for column in columns]
            index = f"uq_{shape.table}_{'_'.join(columns)}"[:63]
            if index in conflict.constraint or set(names) <= set(conflict.constraint.split(", ")):
                # What a client says comes before what only we know.
                said = [one for one in columns if one in shape.fields and shape.fields[one].on_wire]
                hidden = columns[-1] in shape.fields and not shape.fields[columns[-1]].on_wire
                column = (said[-1] if hidden and said else columns[-1]).removesuffix("_key")
                for name, relationship in shape.relationships.items():
                    if relationship.stored and columns[-1] == f"{name}_id":
                        column = name
                return Guess(column, "taken")
    return None


def _refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, Several):
        return {"class": "Several", "refusals": [_refusal_to_json(one) for one in refusal.refusals]}
    return {
        "class": type(refusal).__name__,
        **{name: value for name, value in vars(refusal).items()},
        "text": str(refusal),
    }


def _refusal_of(said: dict[str, Any]) -> Refusal:
    from paydesk.base import errors

    kind = said["class"]
    if kind == "Several":
        return Several([_refusal_of(one) for one in said["refusals"]])
    if kind in ("Invalid", "Guess"):
        return Invalid(said["field"], said["error"], said["message"], **said["meta"])
    if kind == "GatewayRefused":
        return errors.GatewayRefused(said["message"], said["code"], said.get("field"), said.get("meta"))
    if kind == "Conflict":
        return Conflict(said["text"], said.get("retry_after", 1), said.get("meta"))
    made: Refusal = getattr(errors, kind)(said["text"])
    return made
