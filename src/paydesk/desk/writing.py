"""Writing a Work down, together with the gateway calls that it asks for: the last phase before the commit."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from paydesk.base.errors import Conflict, Invalid, NotUnique
from paydesk.desk.owed_answers import Owing, Receipt
from paydesk.desk.refusals import UNDER_WAY, under_way
from paydesk.desk.requests import Write, digest
from paydesk.desk.transactions import Transactions
from paydesk.desk.waiting import Tried, Waiting, WaitingWrites
from paydesk.gateways.port.gateway import Gateway
from paydesk.rules.asking import Call
from paydesk.rules.asks import document
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.rules.record import Record
from paydesk.rules.work import Work
from paydesk.store.journal import calls as journal
from paydesk.store.oauth import grants
from paydesk.store.records.writing import last_attempt

Opened = tuple[AnyCall, Record | None]
"""A call that a request makes itself, and the record of the gateway that is asked."""


class OpenCall(Exception):
    """The journal holds an open call of this lane about this subject."""

    def __init__(self, lane: str, subject_id: str, fingerprint: str) -> None:
        super().__init__(lane)
        self.lane, self.subject_id, self.fingerprint = lane, subject_id, fingerprint


class Blocked(Exception):
    """A settlement asks for a call that cannot begin: another one is open about the same."""

    def __init__(self, refusal: Conflict) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class WorkWriter:
    """See the module. `holder` names this process in the journal."""

    def __init__(
        self,
        transactions: Transactions,
        plans: Mapping[str, AnyPlan],
        gateways: Mapping[str, Gateway],
        waiting: WaitingWrites,
        owing: Owing,
        holder: str,
    ) -> None:
        self._writer = transactions.writer
        self._installation = transactions.installation
        self._plans = plans
        self._gateways = gateways
        self._waiting = waiting
        self._owing = owing
        self._holder = holder

    def write(self, work: Work, fingerprint: str, *, following: bool = False) -> Generator[Any, Any, Opened | None]:
        """Write a Work and journal its calls. Returns the call that the request itself makes, if any.

        following   it settles a call: calls that are open already are left to whoever opened them
        """
        opened: Opened | None = None
        yield from self._awaited(work, fingerprint)
        yield from self._withdraw(work)
        for call in work.calls:
            plan = self._plans[call.kind]
            if call.deferred or following:
                open_ = yield from journal.open_call(work.actor.tenant, plan.lane or plan.kind, call.subject_id)
                if open_ is not None and not call.deferred and not plan.shared:
                    raise Blocked(_blocked(call))
                if open_ is not None and call.alone:
                    raise OpenCall(plan.lane or plan.kind, call.subject_id, "")
                if open_ is not None:
                    continue  # It is owed already, or the call under way makes it void.
            if not call.deferred and opened is not None:
                raise Invalid(None, "invalid", "asks the payment gateway for two things at once")
            journalled = yield from self._journal(work, call, "" if call.deferred else fingerprint, None)
            if not call.deferred:
                opened = journalled, call.gateway
        yield from self._writer.write(work)
        for owner_id, kept in work.signed_out:
            yield from grants.end_grants_of(work.actor.tenant, owner_id, work.now, kept)
        return opened

    def write_call(
        self, work: Work, fingerprint: str, write: Write, tried: Tried | None, receipt: Receipt | None
    ) -> Generator[Any, Any, Opened]:
        """Journal the call that a request makes, and write nothing else: a refusal must leave everything as it was.

        tried   how the request's rules went, where the rest of the write waits for the answer
        """
        yield from self._awaited(work, fingerprint)
        inline = [call for call in work.calls if not call.deferred]
        if len(inline) > 1:
            raise Invalid(None, "invalid", "asks the payment gateway for two things at once")
        (call,) = inline
        if tried is not None:
            self._waiting.attach(Waiting.of(write, tried, work.actor), call, work.actor.tenant)
        journalled = yield from self._journal(work, call, fingerprint, receipt)
        for record in work.created:
            if (record.shape.type, record.id) == (call.subject_type, call.subject_id):
                # The subject of a call is stored with it, such as who a customer is at the gateway.
                subject = Work(work.actor, work.now)
                subject.created.append(record)
                yield from self._writer.write(subject)
        return journalled, call.gateway

    def _awaited(self, work: Work, fingerprint: str) -> Generator[Any, Any, None]:
        """Raises OpenCall where a call is under way that a work has to come after."""
        for kind, subject_id in work.awaited:
            if any((call.kind, call.subject_id) == (kind, subject_id) for call in work.calls):
                # Placed and cancelled by one request, an order would be left with money that nobody releases.
                raise Invalid(None, "invalid", "asks at once for what has to come one after the other")
            lane = self._plans[kind].lane or kind
            open_ = yield from journal.open_call(work.actor.tenant, lane, subject_id)
            if open_ is not None and open_.kind == kind:
                raise OpenCall(lane, subject_id, fingerprint)

    def _withdraw(self, work: Work) -> Generator[Any, Any, None]:
        for kind, subject_id in work.withdrawn:
            lane = self._plans[kind].lane or kind
            if not (yield from journal.withdraw(work.actor.tenant, kind, lane, subject_id, work.now)):
                raise under_way()

    def _journal(
        self, work: Work, call: Call, fingerprint: str, receipt: Receipt | None
    ) -> Generator[Any, Any, AnyCall]:
        """Write a call down; one that only reads is in no journal."""
        actor, plan = work.actor, self._plans[call.kind]
        assert isinstance(call.ask, plan.asks), f"{call.kind} asks a {plan.asks.__name__}"
        attempt, key, parameters = 1, "", dict[str, Any]()
        if plan.journalled:
            last, is_owed = yield from last_attempt(actor.tenant, call.kind, call.subject_id)
            attempt += last
            if plan.verb is not None:
                assert call.gateway is not None, "a verb is a gateway's"
                gateway = self._gateways[call.gateway.shape.type]
                parameters = gateway.parameters(plan.verb, call.ask.gateway)
            if plan.exact:
                fingerprint = digest([fingerprint, parameters])
            key = plan.key(call.ask) or key_of(self._installation, call.id, attempt)
            debts = None
            if plan.owes and receipt is not None:
                receipt.must_be_awaited()
                if is_owed:
                    yield from self._owing.must_be_new(actor.tenant, call, plan, fingerprint, receipt, work.now)
                debts = [list(self._owing.debt(receipt))]
            holder = None if call.deferred else self._holder
            ask = document(call.ask, fingerprint, call.waiting)
            try:
                yield from self._writer.journal(
                    work, call, ask, plan.lane or plan.kind, parameters, key, attempt, holder=holder, owed=debts
                )
            except NotUnique:
                raise OpenCall(plan.lane or plan.kind, call.subject_id, fingerprint) from None
        return AnyCall(
            call.id, actor.tenant, call.kind, call.subject_type, call.subject_id, call.record_id, attempt,
            call.gateway_id, key, call.ask, parameters, actor.who, 0, work.now, fingerprint, call.waiting,
        )  # fmt: skip


def key_of(installation: str, call_id: str, attempt: int) -> str:
    """The idempotency key of a call. It is made of the call's own random id, so that a database which is older than
    what it was restored from never uses a key again for another call.
    """
    return f"paydesk/{installation}/{call_id}/{attempt}"


def _blocked(call: Call) -> Conflict:
    """The refusal where the next of several calls cannot begin: it tells what was done before."""
    done = call.ask.done
    return Conflict(UNDER_WAY, meta={"done": done} if done else None)
