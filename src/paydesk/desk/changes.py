"""A change, from the request to its answer, phase by phase.

    locate → replay a kept answer → relate → decide → write and journal → commit → call → settle → answer

The phases up to the commit are one transaction (`Changes._transaction`). Where it journals a gateway call, it writes
nothing else: the call is made with no transaction open, and settled by a second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from paydesk.base import crash
from paydesk.base.errors import Conflict, Denied, Invalid, Locked, NotFound, NotUnique, Refusal, Several, Unavailable
from paydesk.base.selection import Selection
from paydesk.declare import eq
from paydesk.desk.decisions import Decisions
from paydesk.desk.kept_answers import KeptAnswers
from paydesk.desk.leases import Leases
from paydesk.desk.outcomes import Ended
from paydesk.desk.owed_answers import Owed, Owing
from paydesk.desk.reads import Reads
from paydesk.desk.refusals import Broken, keeps_changing, taken_by
from paydesk.desk.requests import PASSWORDS, Request, Response, Write
from paydesk.desk.retries import Retries
from paydesk.desk.transactions import ROUNDS, NeedNumbers, Transactions
from paydesk.desk.writing import OpenCall, Opened, WorkWriter
from paydesk.rules.asking import Change, Find
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.rules.work import Work
from paydesk.store.journal import calls as journal
from paydesk.store.journal.idempotency import KeyOwner
from paydesk.store.records.sessions import Session
from paydesk.store.sql.ask import StillReferred


@dataclass
class _Begun:
    """How the first transaction ended: with a record to show, a call to make, or an answer.

    response  the answer that is kept under the client's key
    resume    the call that the client's key opened
    idle      triggers were asked for, and there was nothing to do
    """

    rows: Selection | None = None
    opened: Opened | None = None
    response: Response | None = None
    resume: str | None = None
    idle: bool = False

    @property
    def replays(self) -> bool:
        """The client's key was seen before."""
        return self.resume is not None or (self.response is not None and self.response.replayed)


class Changes:
    """See the module. `hash_password` is slow on purpose: rules are given its results made beforehand."""

    def __init__(
        self,
        transactions: Transactions,
        plans: Mapping[str, AnyPlan],
        reads: Reads,
        decisions: Decisions,
        writer: WorkWriter,
        leases: Leases,
        answers: KeptAnswers,
        owing: Owing,
        retries: Retries,
        hash_password: Callable[[str], Awaitable[str]],
    ) -> None:
        self._transactions = transactions
        self._database = transactions.database
        self._plans = plans
        self._reads = reads
        self._decisions = decisions
        self._writer = writer
        self._leases = leases
        self._answers = answers
        self._owing = owing
        self._retries = retries
        self._hash_password = hash_password
        self._keys: set[KeyOwner] = set()

    async def change(self, request: Request, write: Write, view: Any) -> Response:
        """Carry a change out, and show its record by `view`.

        Raises what `paydesk.base.errors` has; nothing was written then, save what a gateway was asked for.
        """
        key = request.key
        if key is not None:
            if key in self._keys:
                raise Conflict("A request with the same Idempotency-Key is still being worked on.")
            self._keys.add(key)
        if request.receipt is not None:
            self._owing.begin(request.receipt)
            if any(write.change.arguments.values()):
                request.receipt.watch()
        # In a task of its own: a client that goes away between the first commit and the call does not stop it.
        task = asyncio.ensure_future(self._carry_out(request, write, view))
        task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)

    def _done(self, key: KeyOwner | None, task: asyncio.Task[Response]) -> None:
        if key is not None:
            self._keys.discard(key)
        if not task.cancelled():
            task.exception()  # The client may be gone.

    async def _carry_out(self, request: Request, write: Write, view: Any) -> Response:
        """All the phases, from the beginning again where another request came between."""
        await self._hash_passwords(write)
        fingerprint = write.fingerprint()
        for round_ in range(ROUNDS):
            begun = await self._begin(request, write, view, fingerprint, is_last=round_ + 1 == ROUNDS)
            if begun is None:
                continue
            if isinstance(begun, Ended):
                return await self._answer(request, write, view, begun)
            if begun.replays:
                return await self._resume(request, write, view, begun)
            if begun.opened is not None:
                ended = await self._call(request, *begun.opened)
                return await self._answer(request, write, view, ended)
            if begun.idle and (earlier := await self._retries.about(request, write, fingerprint)) is not None:
                return await self._answer(request, write, view, earlier)
            return begun.response or _response(request, write, view, begun.rows)
        raise keeps_changing()

    async def _hash_passwords(self, write: Write) -> None:
        """Hash a request's passwords before its transaction: that takes as long as a hundred transactions."""
        for name in PASSWORDS:
            password = write.change.arguments.get(name)
            if isinstance(password, str) and password:
                write.hashed[password] = await self._hash_password(password)

    async def _begin(
        self, request: Request, write: Write, view: Any, fingerprint: str, *, is_last: bool
    ) -> _Begun | Ended | None:
        """The phases up to the commit. Returns None where they are to be tried again, and an Ended where the request is
        the retry of an earlier one.
        """
        try:
            return await self._commit(request, write, view, fingerprint)
        except OpenCall as open_:
            return await self._retries.join(request, open_)
        except Owed as owed:
            return await self._retries.owed(request, owed.call_ids)
        except (Invalid, Several):
            # It may be refused because it was done already.
            ended = await self._retries.about(request, write, fingerprint)
            if ended is None:
                raise
            return ended
        except NeedNumbers as need:
            await self._transactions.reserve(request.actor.tenant, need.next)
            return None
        except NotUnique as conflict:
            # Another type's key was taken meanwhile (an e-mail address by a customer of that moment): look again.
            mistake = taken_by(self._transactions.registry, conflict, write.resource)
            if mistake is None and not is_last:
                return None
            raise mistake or conflict from None
        except StillReferred:
            if write.verb == "delete":
                raise Locked("other records still refer to it") from None
            raise Conflict("A related record was deleted meanwhile.") from None

    async def _commit(self, request: Request, write: Write, view: Any, fingerprint: str) -> _Begun:
        """Run the first transaction. A commit whose answer was lost is looked up by the call or the key it wrote."""
        unsure: list[AnyCall] = []

        def landed(begun: _Begun) -> Callable[[], Generator[Any, Any, bool]] | None:
            if begun.opened is not None and self._plans[begun.opened[0].kind].journalled:
                unsure.append(begun.opened[0])
                return partial(journal.is_there, request.actor.tenant, begun.opened[0].id)
            return None if begun.response is not None and begun.response.replayed else self._answers.is_kept(request)

        try:
            return await self._database.write(lambda: self._transaction(request, write, view, fingerprint), landed)
        except Unavailable:
            for call in unsure:
                # It may be there, held by this process, and nobody makes it.
                if request.receipt is not None:
                    request.receipt.wait_for(request.actor.tenant, call.id)
                self._leases.hand_back_later(call, None)
            raise

    def _transaction(self, request: Request, write: Write, view: Any, fingerprint: str) -> Generator[Any, Any, _Begun]:
        now = self._transactions.now()
        session, work = yield from self._transactions.begin(request, now, write.hashed)
        # Locate.
        record = None if write.record_id is None else (yield from self._locate(session, work, write, write.record_id))
        # Replay a kept answer.
        known = yield from self._answers.known(request, now)
        if known is not None:
            return _Begun(response=known.response, resume=known.call_id)
        # Relate.
        given = write.change
        change = Change(given.type, dict(given.values), dict(given.arguments), {}, record)
        yield from self._decisions.relate(session, work, write, change)
        if write.problems:
            raise Broken(write.problems, work.mistakes)
        # Decide.
        tried, begun = None, _Begun()
        if write.verb == "create":
            record = yield from self._decisions.create(session, work, write.resource, change)
        elif write.verb == "update":
            tried = yield from self._decisions.update(session, work, record, change)
            begun.idle = any(change.arguments.values()) and _is_idle(work)
        else:
            yield from self._decisions.delete(session, work, record)
        # Write and journal.
        if any(not call.deferred for call in work.calls):
            waits = tried if tried is not None and tried.assigned else None
            begun.opened = yield from self._writer.write_call(work, fingerprint, write, waits, request.receipt)
        else:
            yield from self._writer.write(work, fingerprint)
        # Keep the answer, or the call that it waits for.
        if begun.opened is not None:
            (call, _), plan = begun.opened, self._plans[begun.opened[0].kind]
            # A call that only reads is in no journal: the same key makes it again.
            yield from self._answers.keep_call(request, now, call.id if plan.journalled else None)
            crash.place(call.kind, "begun")
            return begun
        if record is not None and write.verb != "delete":
            begun.rows = yield from self._reads.record(request.actor, view, record.id, written=True)
        if request.key is not None:
            begun.response = _response(request, write, view, begun.rows)
            yield from self._answers.keep(request, now, begun.response)
        return begun

    def _locate(self, session: Session, work: Work, write: Write, record_id: str) -> Generator[Any, Any, Record]:
        """The record that a request changes, locked; NotFound, or Denied where the caller may not write it."""
        resource = write.resource
        yield from self._transactions.lock(session, resource, record_id)
        # By all that is asked for: some things may still be asked of a record that is no longer written.
        allowed = self._transactions.permissions.writes(work.actor, resource, write.names())
        if allowed is not None and (
            (yield from self._transactions.holds(session, resource, record_id, allowed)) is False
        ):
            raise Denied(record_id)
        records = yield from self._transactions.reader.records(session, Find(resource, eq("id", record_id)))
        if not records:
            raise NotFound(record_id)
        return records[0]  # type: ignore[no-any-return]

    async def _resume(self, request: Request, write: Write, view: Any, begun: _Begun) -> Response:
        """Answer a request whose key was seen before: with the kept answer, or as the call ends that it opened."""
        tenant = request.actor.tenant
        if begun.resume is not None and request.receipt is not None:
            request.receipt.wait_for(tenant, begun.resume)
        if begun.response is not None:
            return begun.response
        assert begun.resume is not None
        return await self._answer(request, write, view, await self._leases.resumed(tenant, begun.resume))

    async def _call(self, request: Request, call: AnyCall, gateway: Record | None) -> Ended:
        """Call and settle."""
        if request.receipt is not None and self._plans[call.kind].owes:
            request.receipt.wait_for(request.actor.tenant, call.id)
        crash.place(call.kind, "journalled")
        return await self._leases.here(call, gateway, request)

    async def _answer(self, request: Request, write: Write, view: Any, ended: Ended) -> Response:
        """Answer as a call ended; the answer is kept before it is sent, so that the same key gets the same bytes."""
        if ended.refusal is not None:
            await self._keep_refusal(request, ended.refusal)
            raise ended.refusal
        if write.verb == "delete":
            return Response(204)
        if ended.record_id is None:
            raise NotFound("it was deleted meanwhile")
        record_id = ended.record_id
        rows: Selection = await self._database.read(
            lambda: self._reads.record(request.actor, view, record_id, written=True)
        )
        response = _response(request, write, view, rows)
        if request.key is not None:
            await self._answers.answer(request.key, response)
        return response

    async def _keep_refusal(self, request: Request, refusal: Refusal) -> None:
        if request.key is not None and isinstance(refusal, Conflict):
            # Somebody else's write came between: the same key tries anew.
            await self._answers.forget(request.key)
        else:
            # The gateway was asked, by this request or by the one it joined: the same key is told the same.
            await self._answers.refuse(request, refusal)


def _response(request: Request, write: Write, view: Any, rows: Selection | None) -> Response:
    """The answer that shows a record; one without a record where it was deleted."""
    if rows is None:
        return Response(write.status)
    renderer, record_id = request.renderer, rows.primary[0][0]
    if renderer is None:
        return Response(write.status, record_id=record_id)
    headers = {"location": renderer.location(view, rows)} if write.status == 201 else {}
    replayed = request.receipt is not None and request.receipt.replayed
    return Response(write.status, headers, renderer.document(view, rows), record_id, replayed)


def _is_idle(work: Work) -> bool:
    """There was nothing to do: the record is already as the request asks."""
    changed = {name for before in work.changed.values() for name in before}
    return not (work.created or work.calls or work.noted) and changed <= {"refreshed_at"}
