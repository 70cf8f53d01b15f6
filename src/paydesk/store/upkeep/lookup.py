"""What operators look up beside the API: a payment's calls and events, a period's payments.

Everything is read by an index that begins with the tenant, so that looking costs a busy database little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, literal_column, or_, select

from paydesk.store.inbox.tables import gateway_cursors, gateway_events, gateway_tallies
from paydesk.store.inbox.tallies import COUNTED
from paydesk.store.journal import holders
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, Instant, ListOf

PAGE = 500

_CALL = (
    "id", "kind", "subject_type", "subject_id", "record_id", "attempt", "gateway_id", "idempotency_key", "ask",
    "parameters", "who", "state", "outcome", "tries", "due_at", "created_at", "settled_at",
)  # fmt: skip

_EVENT = ("event_id", "type", "gateway_id", "payment_id", "received_at", "worked_at", "tries", "outcome")


def _among(column: Any, name: str) -> Any:
    return OneOf(column, bindparam(name, type_=ListOf(column.type)))


def calls_about(tenant: str, kinds: Sequence[str], subjects: Sequence[str]) -> Asks:
    """Every gateway call of these kinds about these records, oldest first, as a dict of its columns.

    kinds   all there are: the index begins with them
    """

    def build() -> Any:
        return (
            select(*(gateway_calls.c[name] for name in _CALL))
            .where(
                gateway_calls.c.tenant == bindparam("tenant"),
                _among(gateway_calls.c.kind, "kinds"),
                _among(gateway_calls.c.subject_id, "subjects"),
            )
            .order_by(gateway_calls.c.created_at)
        )

    values = {"tenant": tenant, "kinds": list(kinds), "subjects": list(subjects)}
    rows = yield Ask(("calls about",), build, values)
    return [dict(zip(_CALL, row, strict=True)) for row in rows]


def open_calls_about(tenant: str, subjects: Sequence[str]) -> Asks:
    """`(kind, subject)` of the open gateway calls about these records, oldest first."""

    def build() -> Any:
        return (
            select(gateway_calls.c.kind, gateway_calls.c.subject_id)
            .where(
                gateway_calls.c.tenant == bindparam("tenant"),
                gateway_calls.c.state == literal_column("'open'"),
                _among(gateway_calls.c.subject_id, "subjects"),
            )
            .order_by(gateway_calls.c.created_at)
        )

    rows = yield Ask(("open calls about",), build, {"tenant": tenant, "subjects": list(subjects)})
    return rows


def events_about(tenant: str, payments: Sequence[str]) -> Asks:
    """Every event of these payments (by the gateway's ids), oldest first, as a dict of its columns without the body."""

    def build() -> Any:
        return (
            select(*(gateway_events.c[name] for name in _EVENT))
            .where(gateway_events.c.tenant == bindparam("tenant"), _among(gateway_events.c.payment_id, "payments"))
            .order_by(gateway_events.c.received_at)
        )

    rows = yield Ask(("events about",), build, {"tenant": tenant, "payments": list(payments)})
    return [dict(zip(_EVENT, row, strict=True)) for row in rows]


def made_between(
    table_name: str, columns: Sequence[str], tenant: str, since: str, until: str, after: tuple[str, str]
) -> Asks:
    """`(created at, id, *columns)` of up to `PAGE` rows made in a period, oldest first, those behind `after` alone."""
    table = METADATA.tables[table_name]

    def build() -> Any:
        at, behind = table.c.created_at, bindparam("after_at", type_=Instant())
        return (
            select(at, table.c.id, *(table.c[name] for name in columns))
            .where(
                table.c.tenant == bindparam("tenant"),
                at >= behind,
                at < bindparam("until", type_=Instant()),
                or_(at > behind, table.c.id > bindparam("after_id")),
            )
            .order_by(at, table.c.id)
            .limit(bindparam("most"))
        )

    values = {"tenant": tenant, "until": until, "after_at": after[0] or since, "after_id": after[1], "most": PAGE}
    rows = yield Ask(("made between", table_name, tuple(columns)), build, values)
    return rows


def newest_payments(table_name: str, columns: Sequence[str], tenant: str, gateway_id: str, most: int) -> Asks:
    """`columns` of the newest payments of a gateway, the newest first."""
    table = METADATA.tables[table_name]

    def build() -> Any:
        return (
            select(*(table.c[name] for name in columns))
            .where(table.c.tenant == bindparam("tenant"), table.c.payment_gateway_id == bindparam("gateway"))
            .order_by(table.c.created_at.desc())
            .limit(bindparam("most"))
        )

    values = {"tenant": tenant, "gateway": gateway_id, "most": most}
    rows = yield Ask(("newest payments", table_name, tuple(columns)), build, values)
    return rows


def open_calls() -> Asks:
    """Every open gateway call, oldest first, as a dict of some of its columns."""
    names = ("tenant", "id", "kind", "gateway_id", "subject_type", "subject_id", "record_id", "tries", "created_at")

    def build() -> Any:
        is_open = gateway_calls.c.state == literal_column("'open'")
        return select(*(gateway_calls.c[name] for name in names)).where(is_open).order_by(gateway_calls.c.created_at)

    rows = yield Ask(("open calls", *names), build)
    return [dict(zip(names, row, strict=True)) for row in rows]


_DOOR = (
    "verified_at", "forged_at", "tested_at", "unheard_since", "forged_since", "foreign_since", *COUNTED,
)  # fmt: skip


def door(tenant: str, gateway_id: str) -> Asks:
    """What came to a gateway's door, and when its list of events was read last: a dict of `gateway_tallies`' columns,
    `asked_at` and `reached_at`. What never happened is None, or 0 where it is counted.
    """

    def tallied() -> Any:
        at = (gateway_tallies.c.tenant == bindparam("tenant")) & (gateway_tallies.c.gateway_id == bindparam("gateway"))
        return select(*(gateway_tallies.c[name] for name in _DOOR)).where(at)

    def listed() -> Any:
        at = (gateway_cursors.c.tenant == bindparam("tenant")) & (gateway_cursors.c.gateway_id == bindparam("gateway"))
        return select(gateway_cursors.c.asked_at, gateway_cursors.c.reached_at).where(at)

    values = {"tenant": tenant, "gateway": gateway_id}
    came = yield Ask(("door",), tallied, values)
    asked = yield Ask(("door's list",), listed, values)
    nothing = tuple(None if name.endswith(("_at", "unheard_since")) else 0 for name in _DOOR)
    told = dict(zip(_DOOR, came[0] if came else nothing, strict=True))
    return told | dict(zip(("asked_at", "reached_at"), asked[0] if asked else (None, None), strict=True))


def last_written(tenant: str) -> Asks:
    """When anything of a tenant was changed last, None when nothing ever was."""

    def build() -> Any:
        versions = METADATA.tables["versions"]
        return select(func.max(versions.c.created_at, type_=Instant())).where(versions.c.tenant == bindparam("tenant"))

    rows = yield Ask(("last written",), build, {"tenant": tenant})
    return rows[0][0]


def somebody_works(now: str) -> Asks:
    """Whether a process that serves this database is at work."""
    return bool((yield from holders.alive(now)))
