"""Settling a gateway call: the second transaction closes the call and books its answer, all or nothing.

A write that waits with the call is carried out first, in the same transaction, by the rules and on the record as it is
then. Where that or the booking is refused, the transaction is tried another way, from the beginning: see `_Way`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from paydesk.base import crash
from paydesk.base.actor import Actor, Kind
from paydesk.base.errors import Conflict, NotFound, NotUnique, Refusal
from paydesk.base.tenants import is_live, organization_of
from paydesk.declare import eq
from paydesk.desk.decisions import Decisions
from paydesk.desk.kept_answers import KeptAnswers
from paydesk.desk.outcomes import Ended
from paydesk.desk.refusals import as_json, keeps_changing, taken_by
from paydesk.desk.requests import Request
from paydesk.desk.transactions import ROUNDS, NeedNumbers, Transactions
from paydesk.desk.waiting import Waiting, WaitingWrites
from paydesk.desk.writing import Blocked, OpenCall, WorkWriter
from paydesk.gateways.port.problems import Declined, GatewayProblem, gist
from paydesk.rules.asking import Call, Find
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.rules.work import Work
from paydesk.store.journal import calls as journal
from paydesk.store.records.sessions import Session

log = logging.getLogger("paydesk.desk")


@dataclass(frozen=True)
class _Way:
    """How a call is settled with which a write waits.

    stores   the write is carried out with it
    onward   the write waits on, for the call that the settlement asks for
    refusal  the client is told this: no write is carried out, and only what the gateway did is booked
    alone    the settlement's next call is not made: somebody else has begun something about the same
    """

    stores: bool = False
    onward: bool = False
    refusal: Refusal | None = None
    alone: bool = False


class _Otherwise(Exception):
    """A settlement has to be done another way, from the beginning."""

    def __init__(self, way: _Way) -> None:
        super().__init__(way)
        self.way = way


class Settlements:
    """See the module."""

    def __init__(
        self,
        transactions: Transactions,
        plans: Mapping[str, AnyPlan],
        decisions: Decisions,
        writer: WorkWriter,
        waiting: WaitingWrites,
        answers: KeptAnswers,
    ) -> None:
        self._transactions = transactions
        self._database = transactions.database
        self._plans = plans
        self._decisions = decisions
        self._writer = writer
        self._waiting = waiting
        self._answers = answers

    async def settle(self, call: AnyCall, plan: AnyPlan, answer: Any, request: Request | None) -> Ended:
        """Book an answer, which may be a refusal, and close the call."""
        way = _Way(stores=call.waiting is not None)
        for round_ in range(ROUNDS):
            try:
                ended: Ended = await self._database.write(
                    partial(self._transaction, call, plan, answer, request, way), partial(_landed, call, plan)
                )
            except _Otherwise as otherwise:
                way = otherwise.way
                continue
            except NeedNumbers as need:
                await self._transactions.reserve(call.tenant, need.next)
                continue
            except OpenCall:
                continue  # The call that is to follow was opened by somebody else in this moment.
            except NotUnique as conflict:
                if "versions" in conflict.constraint:
                    continue
                mistake = taken_by(self._transactions.registry, conflict)
                if way.stores and mistake is None and round_ + 2 < ROUNDS:
                    continue  # Somebody wrote the same just now: the rules find it the next time.
                refusal = mistake or Conflict("Another operation took the same payment meanwhile.")
                if way.stores:
                    way = _Way(refusal=refusal)
                    continue
                return await self._drop(call, plan, refusal)
            if ended.late is None:
                crash.place(call.kind, "settled")
            return ended
        raise keeps_changing()

    def _transaction(
        self, call: AnyCall, plan: AnyPlan, answer: Any, request: Request | None, way: _Way
    ) -> Generator[Any, Any, Ended]:
        waiting = self._waiting.of(call)
        if waiting is not None and way.stores:
            yield from self._carry_out(waiting, call, plan, answer, request)
        by = request or Request(_signed(call), "")
        session, work = yield from self._transactions.begin(by, self._transactions.now())
        result = yield from self._book(session, work, call, plan, answer, way)
        if way.alone:
            work.calls = [one for one in work.calls if one.deferred]
        if waiting is not None and way.onward:
            for one in work.calls:
                if not one.deferred:
                    self._waiting.attach(waiting, one, call.tenant)
        ended = _ended_by(result, work)
        if plan.journalled and not (yield from self._close(work, call, answer, ended)):
            if way.stores:
                raise _Otherwise(_Way(refusal=Conflict("Another process has booked the answer.")))
            return Ended(late=(yield from journal.state_of(call.tenant, call.id)))
        try:
            opened = yield from self._writer.write(work, call.fingerprint, following=True)
        except Blocked as blocked:
            raise _Otherwise(_Way(refusal=blocked.refusal, alone=True)) from None
        if waiting is not None and (opened is not None) != way.onward:
            raise _Otherwise(_Way(stores=way.onward, onward=not way.onward))
        if opened is not None and opened[1] is not None:
            ended = replace(ended, following=(opened[0], opened[1]))
            crash.place(opened[0].kind, "begun")
        if ended.refusal is not None and plan.journalled and not isinstance(ended.refusal, Conflict) and request:
            # A success is kept when it is rendered.
            yield from self._answers.keep_refusal(request, ended.refusal)
        crash.place(call.kind, "settling")
        return ended

    def _carry_out(
        self, waiting: Waiting, call: AnyCall, plan: AnyPlan, answer: Any, request: Request | None
    ) -> Generator[Any, Any, None]:
        """Carry out the write that waits, or have the call settled without it."""
        who = waiting.who
        by = replace(request, actor=who) if request is not None else Request(who, "")
        session, work = yield from self._transactions.begin(by, self._transactions.now(), waiting.hashed)
        try:
            yield from self._write_waiting(session, work, waiting, call)
        except NotUnique:
            raise
        except Refusal as refusal:
            log.info("a write that waited is not carried out: %s", refusal, extra={"call": call.id})
            conflict = Conflict(
                "Another request wrote the same record meanwhile. What the payment gateway did is booked, and nothing "
                "else of this request was written."
            )
            if not isinstance(answer, GatewayProblem) and (done := plan.done(call)):
                conflict.retry_after, conflict.meta = None, {"done": done}
            raise _Otherwise(_Way(refusal=conflict)) from refusal

    def _write_waiting(
        self, session: Session, work: Work, waiting: Waiting, call: AnyCall
    ) -> Generator[Any, Any, None]:
        """Write what waited with a call, by the rules and on the record as it is now.

        raises   a Refusal where another write came between, or where the rules refuse it now
        """
        write = waiting.write(self._transactions.registry)
        yield from self._transactions.lock(session, write.resource, waiting.id)
        records = yield from self._transactions.reader.records(session, Find(write.resource, eq("id", waiting.id)))
        if not records:
            raise NotFound(waiting.id)
        yield from self._decisions.relate(session, work, write, write.change)
        # The rules see that its call was asked for already; the calls that they ask for again are left out.
        work.calls.append(Call(call.kind, call.subject_type, call.subject_id, None, call.ask))
        tried = yield from self._decisions.update(session, work, records[0], write.change, without=waiting.asker)
        work.calls = [one for one in work.calls if one.deferred]
        if waiting.is_overtaken_by(tried.replaced):
            raise Conflict("the record was written")
        yield from self._writer.write(work, "")

    def _book(
        self, session: Session, work: Work, call: AnyCall, plan: AnyPlan, answer: Any, way: _Way
    ) -> Generator[Any, Any, Any]:
        """Run the rules that book an answer; returns the record that the call is about, or a Refusal."""
        is_no = isinstance(answer, GatewayProblem)
        if way.refusal is not None:
            outcome = plan.apart(call, answer, is_no=is_no, refusal=way.refusal, work=work)
        else:
            outcome = plan.refused(call, answer, work) if is_no else plan.settle(call, answer, work)
        try:
            result = yield from self._transactions.run(session, outcome)
            work.check()
        except NotUnique:
            raise
        except Refusal as refusal:
            if way.refusal is not None:
                raise
            raise _Otherwise(_Way(refusal=refusal)) from refusal
        if way.stores and isinstance(result, Refusal):
            raise _Otherwise(_Way(refusal=result))
        if way.refusal is not None and not isinstance(result, Refusal):
            return way.refusal
        return result

    def _close(self, work: Work, call: AnyCall, answer: Any, ended: Ended) -> Generator[Any, Any, bool]:
        """Close the call in the journal; False where another process has done so."""
        outcome: dict[str, Any] = {"type": ended.record_type, "id": ended.record_id}
        if ended.refusal is not None:
            outcome = {"error": as_json(ended.refusal)}
        outcome.update(("next", one.id) for one in work.calls if not one.deferred)
        outcome["answer"] = gist(answer)
        state = "done"
        if isinstance(answer, GatewayProblem) and not work.adopted:
            state = "declined" if isinstance(answer, Declined) else "refused"
        is_ours: bool = yield from journal.settle(call.tenant, call.id, state, outcome, work.now)
        return is_ours

    async def _drop(self, call: AnyCall, plan: AnyPlan, refusal: Refusal) -> Ended:
        """Close a call whose answer cannot be booked."""
        if plan.journalled:
            now, outcome = self._transactions.now(), {"error": as_json(refusal)}
            await self._database.write(lambda: journal.settle(call.tenant, call.id, "dropped", outcome, now))
        return Ended(refusal=refusal)


def _landed(call: AnyCall, plan: AnyPlan, ended: Ended) -> Callable[[], Generator[Any, Any, bool]] | None:
    """The transaction that looks whether a settlement stands, by the call that it asked for or else by the call."""
    if not plan.journalled:
        return None
    if ended.following is not None:
        return partial(journal.is_there, call.tenant, ended.following[0].id)
    return partial(journal.is_closed, call.tenant, call.id)


def _ended_by(result: Any, work: Work) -> Ended:
    if isinstance(result, Refusal):
        return Ended(refusal=result)
    if isinstance(result, Record) and result not in work.deleted:
        return Ended(result.shape.type, result.id)
    return Ended()


def _signed(call: AnyCall) -> Actor:
    """Who asked for a call, in whose name recovery finishes it."""
    return Actor(
        tenant=call.tenant,
        organization_id=organization_of(call.tenant),
        slug="",
        live=is_live(call.tenant),
        kind=cast(Kind, call.who.get("application", {}).get("kind", "worker")),
        who=call.who,
    )
