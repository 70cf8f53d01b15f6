"""Answers that clients are owed, kept with the gateway call that they tell of (`gateway_calls.owed`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Text, and_, bindparam, literal_column, select, update

from paydesk.store.journal.tables import gateway_calls as calls
from paydesk.store.sql.ask import Ask, Asks, Rows
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import Document, Instant, ListOf


class Debt(NamedTuple):
    """One answer that is owed.

    id      of the request that waits for it
    owner   digest of the application and owner who asked
    holder  the process that the request waits at; empty once its client is known to be gone
    """

    id: str
    owner: str
    holder: str


class Owing(NamedTuple):
    """A call that came about and of which answers are owed."""

    call_id: str
    kind: str
    record_id: str | None
    ask: dict[str, Any]
    debts: list[Debt]


def _at() -> Any:
    return and_(calls.c.tenant == bindparam("at_tenant"), calls.c.id == bindparam("at_id"))


def _is_done() -> Any:
    return and_(
        calls.c.tenant == bindparam("tenant"),
        calls.c.state == literal_column("'done'"),
        calls.c.owed.is_not(None),
        calls.c.created_at > bindparam("since", type_=Instant()),
    )


def _columns() -> list[Any]:
    return [calls.c.id, calls.c.kind, calls.c.record_id, calls.c.ask, calls.c.owed]


def _owing(rows: Rows) -> list[Owing]:
    return [Owing(row[0], row[1], row[2], row[3], [Debt(*one) for one in row[4]]) for row in rows]


def of_subject(tenant: str, kind: str, subject_id: str, since: str) -> Asks:
    """What came about of a kind about a subject and is owed to somebody, oldest first."""

    def build() -> Any:
        at = and_(calls.c.kind == bindparam("kind"), calls.c.subject_id == bindparam("subject_id"), _is_done())
        return select(*_columns()).where(at).order_by(calls.c.attempt)

    binds = {"tenant": tenant, "kind": kind, "subject_id": subject_id, "since": since}
    return _owing((yield Ask(("owed of subject",), build, binds)))


def of_record(tenant: str, record_id: str, since: str) -> Asks:
    """What came about by changes of a record and is owed to somebody, oldest first."""

    def build() -> Any:
        at = and_(calls.c.record_id == bindparam("record_id"), _is_done())
        return select(*_columns()).where(at).order_by(calls.c.created_at)

    binds = {"tenant": tenant, "record_id": record_id, "since": since}
    return _owing((yield Ask(("owed of record",), build, binds)))


def of_call(tenant: str, call_id: str) -> Asks:
    """`(state, debts)` of a call, held until the transaction ends; None where there is no such call."""

    def build() -> Any:
        return select(calls.c.state, calls.c.owed).where(_at()).with_for_update()

    rows = yield Ask(("owed of call",), build, {"at_tenant": tenant, "at_id": call_id})
    return (rows[0][0], [Debt(*one) for one in rows[0][1] or ()]) if rows else None


def write(tenant: str, debts: Mapping[str, Iterable[Debt]]) -> Asks:
    """Keep what is owed of calls from now on."""

    def build() -> Any:
        return update(calls).where(_at()).values(owed=bindparam("owed", type_=Document()))

    yield Ask(
        ("owe",),
        build,
        [
            {"at_tenant": tenant, "at_id": call_id, "owed": [list(one) for one in left] or None}
            for call_id, left in debts.items()
        ],
    )


def end(ended: Iterable[tuple[str, str, str, bool]]) -> Asks:
    """Take off, or mark as lost, what ended: `(tenant, call id, request's id, whether it was told)`."""
    of_tenants: dict[str, dict[str, dict[str, bool]]] = {}
    for tenant, call_id, request_id, told in ended:
        of_tenants.setdefault(tenant, {}).setdefault(call_id, {})[request_id] = told

    def build() -> Any:
        at = and_(calls.c.tenant == bindparam("tenant"), OneOf(calls.c.id, bindparam("ids", type_=ListOf(Text()))))
        owing = select(calls.c.id, calls.c.owed).where(at, calls.c.owed.is_not(None))
        return owing.order_by(calls.c.id).with_for_update()

    for tenant, of_calls in sorted(of_tenants.items()):
        rows = yield Ask(("owed of calls",), build, {"tenant": tenant, "ids": sorted(of_calls)})
        left = {call_id: after([Debt(*one) for one in owed], of_calls[call_id]) for call_id, owed in rows}
        changed = {call_id: debts for call_id, debts in left.items() if debts is not None}
        if changed:
            yield from write(tenant, changed)


def after(debts: list[Debt], told_of: Mapping[str, bool]) -> list[Debt] | None:
    """What is left of debts once requests ended; None where that is no change."""
    left = [one._replace(holder="") if one.id in told_of else one for one in debts if not told_of.get(one.id)]
    return left if left != debts else None
