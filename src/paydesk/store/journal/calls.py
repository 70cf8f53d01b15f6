"""The journal of gateway calls: who holds an open call, how it ended, and which ones nobody finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    true,
    update,
)

from paydesk.base.instants import SKEW_SECONDS
from paydesk.store.journal.holders import _instant, _now, _seen, holders
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import Document

LEASE_SECONDS = 60.0
"""Longer than a gateway call with all its tries, so that a request and recovery never make the same call at once."""


def _is_open() -> Any:
    """In the very words of the partial indexes, which no bound value can use."""
    return gateway_calls.c.state == literal_column("'open'")


_CALL = (
    "id", "tenant", "kind", "subject_type", "subject_id", "record_id", "attempt", "gateway_id", "idempotency_key",
    "ask", "parameters", "who", "tries", "created_at",
)  # fmt: skip


def _columns() -> list[Any]:
    return [gateway_calls.c[name] for name in _CALL]


def _free() -> Any:
    """Nobody holds the call: no lease, a lease that ran out, or a holder that is gone."""
    at_work = exists(
        select(1).select_from(holders).where(holders.c.id == gateway_calls.c.lease_holder, _seen())
    ).correlate(gateway_calls)
    until = gateway_calls.c.lease_until
    is_over = or_(until <= _now(), until > _now(LEASE_SECONDS + SKEW_SECONDS))
    return or_(gateway_calls.c.lease_holder.is_(None), is_over, ~at_work)


def _at() -> Any:
    return and_(gateway_calls.c.tenant == bindparam("at_tenant"), gateway_calls.c.id == bindparam("at_id"))


class Row(NamedTuple):
    """An open call as it is kept; its plan makes a `plans.Journalled` of it."""

    id: str
    tenant: str
    kind: str
    subject_type: str
    subject_id: str
    record_id: str | None
    attempt: int
    gateway_id: str
    key: str
    ask: dict[str, Any]
    parameters: dict[str, Any]
    who: dict[str, Any]
    tries: int
    created_at: str


class State(NamedTuple):
    """How a call stands: "open", "done", "declined", "refused" or "dropped"."""

    state: str
    outcome: dict[str, Any] | None
    record_id: str | None
    kind: str


class OpenCall(NamedTuple):
    tenant: str
    id: str
    kind: str
    subject_type: str
    subject_id: str
    tries: int
    created_at: str


def open_call(tenant: str, lane: str, subject_id: str) -> Asks:
    """The open call of a lane about a subject, or None."""

    def build() -> Any:
        return select(*_columns()).where(
            gateway_calls.c.tenant == bindparam("tenant"),
            gateway_calls.c.lane == bindparam("lane"),
            gateway_calls.c.subject_id == bindparam("subject_id"),
            _is_open(),
        )

    rows = yield Ask(("open call",), build, {"tenant": tenant, "lane": lane, "subject_id": subject_id})
    return Row(*rows[0]) if rows else None


def state_of(tenant: str, call_id: str) -> Asks:
    """The `State` of a call, or None."""

    def build() -> Any:
        return select(
            gateway_calls.c.state, gateway_calls.c.outcome, gateway_calls.c.record_id, gateway_calls.c.kind
        ).where(_at())

    rows = yield Ask(("call state",), build, {"at_tenant": tenant, "at_id": call_id})
    return State(*rows[0]) if rows else None


def _is(tenant: str, call_id: str, what: str, condition: Any, **binds: Any) -> Asks:
    def build() -> Any:
        return select(gateway_calls.c.id).where(_at(), condition)

    rows = yield Ask(("call is", what), build, {"at_tenant": tenant, "at_id": call_id, **binds})
    return bool(rows)


def is_there(tenant: str, call_id: str) -> Asks:
    """Whether a call was written down."""
    return _is(tenant, call_id, "there", true())


def is_closed(tenant: str, call_id: str) -> Asks:
    """Whether a call is settled."""
    return _is(tenant, call_id, "closed", gateway_calls.c.state != literal_column("'open'"))


def is_held(tenant: str, call_id: str, holder: str) -> Asks:
    """Whether a process holds a call."""
    return _is(tenant, call_id, "held", gateway_calls.c.lease_holder == bindparam("holder"), holder=holder)


def take(tenant: str, call_id: str, *, holder: str, now: str) -> Asks:
    """Take an open call that no process holds. Returns it, or None where one holds it or it is settled."""

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(_at(), _is_open(), _free())
            .values(
                lease_holder=bindparam("holder"),
                lease_until=_now(LEASE_SECONDS),
                tries=gateway_calls.c.tries + bindparam("one"),
            )
            .returning(*_columns())
        )

    binds = {"at_tenant": tenant, "at_id": call_id, "holder": holder, "now": now, "one": 1}
    rows = yield Ask(("take call",), build, binds)
    return Row(*rows[0]) if rows else None


def hold(tenant: str, call_id: str, holder: str, now: str) -> Asks:
    """Go on holding an open call; False when it is settled, or another process has taken it."""

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(_at(), _is_open(), gateway_calls.c.lease_holder == bindparam("holder"))
            .values(lease_until=_now(LEASE_SECONDS))
            .returning(gateway_calls.c.id)
        )

    binds = {"at_tenant": tenant, "at_id": call_id, "holder": holder, "now": now}
    return bool((yield Ask(("hold call",), build, binds)))


def due(now: str, limit: int, by: str | None = None) -> Asks:
    """`(tenant, id)` of open calls that are due, or will be `by` then, and that nobody holds, oldest first."""

    def build() -> Any:
        return (
            select(gateway_calls.c.tenant, gateway_calls.c.id)
            .where(_is_open(), gateway_calls.c.due_at <= _instant("by"), _free())
            .order_by(gateway_calls.c.due_at)
            .limit(bindparam("limit"))
        )

    rows = yield Ask(("due calls",), build, {"now": now, "limit": limit, "by": by or now})
    return rows


def still_open() -> Asks:
    """Every open call, an `OpenCall` each, oldest first."""

    def build() -> Any:
        columns = [gateway_calls.c[name] for name in OpenCall._fields]
        return select(*columns).where(_is_open()).order_by(gateway_calls.c.created_at)

    rows = yield Ask(("open calls",), build)
    return [OpenCall(*row) for row in rows]


def postpone(tenant: str, call_id: str, due_at: str, now: str) -> Asks:
    """Have an open call that nobody holds be due later, for a process that can make it."""

    def build() -> Any:
        return update(gateway_calls).where(_at(), _is_open(), _free()).values(due_at=_instant("due"))

    yield Ask(("postpone call",), build, {"at_tenant": tenant, "at_id": call_id, "due": due_at, "now": now})


def hand_back(tenant: str, call_id: str, holder: str, due_at: str, outcome: Mapping[str, Any] | None) -> Asks:
    """Give up an open call for now; it may be taken at once, and recovery takes it when it is due.

    outcome   why, as far as it is known, for those who look at the call meanwhile
    """

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(_at(), _is_open(), gateway_calls.c.lease_holder == bindparam("holder"))
            .values(
                lease_holder=None,
                lease_until=None,
                due_at=_instant("due"),
                outcome=bindparam("outcome", type_=Document()),
            )
        )

    binds = {"at_tenant": tenant, "at_id": call_id, "holder": holder, "due": due_at, "outcome": outcome}
    yield Ask(("hand back",), build, binds)


def settle(tenant: str, call_id: str, state: str, outcome: Mapping[str, Any] | None, now: str) -> Asks:
    """Close an open call; False when it was closed already, and then nothing may be booked.

    What did not come about is owed to nobody: the next equal request is a new try.
    """
    came_about = state == "done" and "error" not in (outcome or {})

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(_at(), _is_open())
            .values(
                state=bindparam("state"),
                outcome=bindparam("outcome", type_=Document()),
                settled_at=_instant("now"),
                lease_holder=None,
                lease_until=None,
                **({} if came_about else {"owed": None}),
            )
            .returning(gateway_calls.c.id)
        )

    binds = {"at_tenant": tenant, "at_id": call_id, "state": state, "outcome": outcome, "now": now}
    rows = yield Ask(("settle call", came_about), build, binds)
    return bool(rows)


def withdraw(tenant: str, kind: str, lane: str, subject_id: str, now: str) -> Asks:
    """Close the open call of a kind about a subject without making it; False when somebody is making it."""

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(
                gateway_calls.c.tenant == bindparam("at_tenant"),
                gateway_calls.c.kind == bindparam("at_kind"),
                gateway_calls.c.subject_id == bindparam("at_subject"),
                _is_open(),
                _free(),
            )
            .values(state="dropped", settled_at=_instant("now"), lease_holder=None, lease_until=None, owed=None)
        )

    binds = {"at_tenant": tenant, "at_kind": kind, "at_subject": subject_id, "now": now}
    yield Ask(("withdraw",), build, binds)
    left = yield from open_call(tenant, lane, subject_id)
    return left is None or left.kind != kind


def renumber(tenant: str, call_id: str, attempt: int, key: str, now: str) -> Asks:
    """Give an open call its next attempt and key: only once the gateway was seen to have done nothing under the old."""

    def build() -> Any:
        return (
            update(gateway_calls)
            .where(_at(), _is_open())
            .values(attempt=bindparam("attempt"), idempotency_key=bindparam("key"), created_at=_instant("now"))
        )

    yield Ask(("renumber",), build, {"at_tenant": tenant, "at_id": call_id, "attempt": attempt, "key": key, "now": now})


def free_all() -> Asks:
    """Void every lease: for a database that one process owns, at its start."""
    yield Ask(
        ("free all",),
        lambda: update(gateway_calls).where(_is_open()).values(lease_holder=None, lease_until=None),
    )
