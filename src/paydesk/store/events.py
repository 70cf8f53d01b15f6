"""The inbox of gateway events: kept before they are answered, worked afterwards, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, case, func, literal_column, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from paydesk.base.instants import later
from paydesk.base.tenants import organization_of
from paydesk.store.ahead import SKEW_SECONDS
from paydesk.store.ask import Ask, Rows
from paydesk.store.portions import PORTION, oldest, portion_of
from paydesk.store.tables import gateway_cursors as cursors
from paydesk.store.tables import gateway_events as events
from paydesk.store.tables import gateway_tallies as tallies
from paydesk.store.tables import installation
from paydesk.store.types import METADATA, Instant

COUNTED = ("foreign_events", "forged_events", "orphaned_events")

NEVER = "9999-12-31T00:00:00.000Z"

Asks = Generator[Ask, Rows, Any]


def installation_id() -> Asks:
    """The id that `migrate` gave this database, or None where it was never migrated."""
    rows = yield Ask(("installation",), lambda: select(installation.c.id))
    return rows[0][0] if rows else None


def keep(row: dict[str, Any]) -> Asks:
    """Keep an event; False when it was kept before."""

    def build() -> Any:
        made = insert(events).values({name: bindparam(name, type_=events.c[name].type) for name in row})
        return made.on_conflict_do_nothing(index_elements=["tenant", "gateway_id", "event_id"]).returning(
            events.c.event_id
        )

    rows = yield Ask(("keep event",), build, row)
    return bool(rows)


def waiting_gateways(now: str) -> Asks:
    """The ids of the gateways that have events to be worked, in their order.

    From one gateway's entry in the index to the next one's: how many events each has makes no difference.
    """

    def build() -> Any:
        first = select(func.min(events.c.gateway_id).label("id")).where(events.c.worked_at.is_(None))
        doors = first.cte("doors", recursive=True)
        other, due = events.alias("other"), events.alias("due")
        next_ = select(func.min(other.c.gateway_id)).where(other.c.worked_at.is_(None), other.c.gateway_id > doors.c.id)
        doors = doors.union_all(select(next_.scalar_subquery()).where(doors.c.id.is_not(None)))
        any_due: Any = select(literal_column("1")).select_from(due).where(due.c.gateway_id == doors.c.id, *_due(due))
        return select(doors.c.id).where(any_due.exists()).order_by(doors.c.id)

    rows = yield Ask(("waiting gateways",), build, {"now": now})
    return [row[0] for row in rows]


def _due(table: Any = events) -> tuple[Any, ...]:
    return table.c.worked_at.is_(None), table.c.due_at <= bindparam("now", type_=Instant())


class Taken(NamedTuple):
    """An event whose turn it is.

    about       what it is about: "payment", "fraud", "instrument", "customer", "setup" or "access"
    payment_id  the gateway's name for the payment; `object_id` for what it is about beside
    ours        it tells itself that it is about something of this installation's
    """

    tenant: str
    gateway_id: str
    event_id: str
    about: str | None
    payment_id: str | None
    ours: bool
    tries: int
    object_id: str | None


def take(gateways: Sequence[str], now: str, until: str, limit: int) -> Asks:
    """Take the events of these gateways that are due, each as a row of `_TAKEN`: of each the same share, oldest first,
    and what some do not need of theirs for those that have more.

    until   nobody else takes them before
    """
    taken: list[Any] = []
    longer: list[str] = []
    share = max(1, limit // max(1, len(gateways)))
    for gateway_id in gateways[:limit]:
        some = yield from _take(gateway_id, now, until, share)
        taken += some
        longer += [gateway_id] if len(some) == share else []
    for gateway_id in longer:
        if len(taken) >= limit:
            break
        taken += yield from _take(gateway_id, now, until, limit - len(taken))
    return [Taken(*row[:-1]) for row in sorted(taken, key=lambda row: row[-1])]


def _take(gateway_id: str, now: str, until: str, limit: int) -> Asks:
    def build() -> Any:
        due = (events.c.gateway_id == bindparam("gateway")) & and_(*_due())
        columns = (events.c[name] for name in (*Taken._fields, "received_at"))
        taken = (
            update(events)
            .where(portion_of(events, events.c.due_at, due))
            .values(due_at=bindparam("until", type_=Instant()))
        )
        return taken.returning(*columns)

    return (yield Ask(("take events",), build, {"gateway": gateway_id, "now": now, "until": until, "limit": limit}))


def hand_over(tenant: str, gateway_id: str, event_id: str, to: tuple[str, str], now: str) -> Asks:
    """Keep an event of one gateway for another, too, whose payment it is about; once, also where it came by itself.

    to   the tenant and the id of that gateway
    """
    names = ("event_id", "type", "about", "payment_id", "object_id", "ours", "body")

    def build() -> Any:
        return select(*(events.c[name] for name in names)).where(_at())

    rows = yield Ask(("event as kept",), build, _binds(tenant, gateway_id, event_id))
    for row in rows:
        copy = dict(zip(names, row, strict=True)) | {"tenant": to[0], "gateway_id": to[1]}
        yield from keep(copy | {"received_at": now, "due_at": now, "tries": 0})


def free_all(now: str) -> Asks:
    """Nobody works events now: those that somebody took may be worked at once."""

    def build() -> Any:
        return update(events).where(events.c.worked_at.is_(None)).values(due_at=bindparam("now", type_=Instant()))

    yield Ask(("free events",), build, {"now": now})


def waiting() -> Asks:
    """How many events are not worked yet."""

    def build() -> Any:
        return select(func.count()).select_from(events).where(events.c.worked_at.is_(None))

    rows = yield Ask(("waiting events",), build)
    return rows[0][0]


def _at() -> Any:
    return (
        (events.c.tenant == bindparam("at_tenant"))
        & (events.c.gateway_id == bindparam("at_gateway"))
        & (events.c.event_id == bindparam("at_event"))
    )


def _binds(tenant: str, gateway_id: str, event_id: str) -> dict[str, Any]:
    return {"at_tenant": tenant, "at_gateway": gateway_id, "at_event": event_id}


def worked(tenant: str, gateway_id: str, event_id: str, outcome: str, now: str) -> Asks:
    """An event is done with."""

    def build() -> Any:
        return (
            update(events)
            .where(_at())
            .values(worked_at=bindparam("now", type_=Instant()), outcome=bindparam("outcome"))
        )

    yield Ask(("worked",), build, {**_binds(tenant, gateway_id, event_id), "outcome": outcome, "now": now})


def put_off(tenant: str, gateway_id: str, event_id: str, due_at: str) -> Asks:
    """An event could not be worked now."""

    def build() -> Any:
        return (
            update(events)
            .where(_at())
            .values(due_at=bindparam("due", type_=Instant()), tries=events.c.tries + bindparam("one"))
        )

    yield Ask(("put off",), build, {**_binds(tenant, gateway_id, event_id), "due": due_at, "one": 1})


def forget_worked(before: str, limit: int = PORTION) -> Asks:
    """Drop events that were worked by then, the oldest first; whether there may be more than the limit let go."""

    def build() -> Any:
        return oldest(events, events.c.worked_at, events.c.worked_at <= bindparam("before", type_=Instant()))

    rows = yield Ask(("old events",), build, {"before": before, "limit": limit})
    return len(rows) == limit


@dataclass
class Tally:
    """What came to a gateway's door since it was written down last; the columns of `gateway_tallies`.

    counts     how many of each of `COUNTED`
    own        an event of the gateway's own account and mode was among it
    """

    counts: Counter[str] = field(default_factory=Counter)
    verified_at: str | None = None
    forged_at: str | None = None
    tested_at: str | None = None
    own: bool = False
    forged_since: int = 0
    foreign_since: int = 0


_LAST = ("verified_at", "forged_at", "tested_at")
_SINCE = ("forged_since", "foreign_since")


def tally(tenant: str, gateway_id: str, came: Tally) -> Asks:
    """Add to what came to a gateway's door."""

    def build() -> Any:
        made = insert(tallies).values(
            {name: bindparam(name, type_=tallies.c[name].type) for name in ("tenant", "gateway_id", *_LAST, *COUNTED)}
            | {name: bindparam(name, type_=tallies.c[name].type) for name in _SINCE}
        )
        heard = made.excluded.verified_at >= tallies.c.unheard_since
        heard |= tallies.c.unheard_since > bindparam("beyond", type_=Instant())
        return made.on_conflict_do_update(
            index_elements=["tenant", "gateway_id"],
            set_={
                **{name: func.coalesce(made.excluded[name], tallies.c[name]) for name in _LAST},
                **{name: tallies.c[name] + made.excluded[name] for name in COUNTED},
                # What was counted before a verified event counts no longer.
                **{
                    name: tallies.c[name] * bindparam(f"{name}_goes_on", type_=BigInteger()) + made.excluded[name]
                    for name in _SINCE
                },
                "unheard_since": case((heard, null()), else_=tallies.c.unheard_since),
            },
        )

    values = {"tenant": tenant, "gateway_id": gateway_id}
    values |= {name: getattr(came, name) for name in (*_LAST, *_SINCE)} | {name: came.counts[name] for name in COUNTED}
    goes_on = {"forged_since_goes_on": int(came.verified_at is None), "foreign_since_goes_on": int(not came.own)}
    values["beyond"] = later(came.verified_at, SKEW_SECONDS) if came.verified_at else NEVER
    yield Ask(("tally",), build, {**values, **goes_on})


def unheard(tenant: str, gateway_id: str, now: str) -> Asks:
    """A gateway's list brought an event that no webhook has brought, which would have by now."""

    def build() -> Any:
        names = ("tenant", "gateway_id", "unheard_since", *COUNTED, *_SINCE)
        made = insert(tallies).values({name: bindparam(name, type_=tallies.c[name].type) for name in names})
        # Of two times the sooner: the one kept may be of a clock that ran ahead.
        kept, new = tallies.c.unheard_since, made.excluded.unheard_since
        return made.on_conflict_do_update(
            index_elements=["tenant", "gateway_id"],
            set_={"unheard_since": case((kept <= new, kept), else_=new)},
        )

    values = {"tenant": tenant, "gateway_id": gateway_id, "unheard_since": now}
    yield Ask(("unheard",), build, values | dict.fromkeys((*COUNTED, *_SINCE), 0))


class Turn(NamedTuple):
    """How far a gateway's list was read.

    event_id      the last event
    reached_at    when it was read to its end last
    gap_began_at  since when the payments are looked at instead, where it did not go back to that
    gap_after     the last of them that was, by its name at the gateway
    """

    event_id: str | None
    reached_at: str | None
    gap_began_at: str | None
    gap_after: str | None


def take_turn(tenant: str, gateway_id: str, now: str, before: str) -> Asks:
    """A `Turn` where nobody has asked the gateway for its events since `before`; else None."""

    def build() -> Any:
        made = insert(cursors).values(
            {name: bindparam(name, type_=cursors.c[name].type) for name in ("tenant", "gateway_id", "asked_at")}
        )
        return made.on_conflict_do_update(
            index_elements=["tenant", "gateway_id"],
            set_={"asked_at": made.excluded.asked_at},
            # A turn that was taken long from now was taken by a clock that ran ahead.
            where=or_(
                cursors.c.asked_at <= bindparam("before", type_=Instant()),
                cursors.c.asked_at > bindparam("beyond", type_=Instant()),
            ),
        ).returning(*(cursors.c[name] for name in Turn._fields))

    values = {"tenant": tenant, "gateway_id": gateway_id, "asked_at": now, "before": before}
    values["beyond"] = later(now, SKEW_SECONDS)
    rows = yield Ask(("take turn",), build, values)
    return Turn(*rows[0]) if rows else None


def in_gap(tenant: str, gateway_id: str, began_at: str, after: str, now: str) -> Asks:
    """The payments of a gateway were looked at up to this one, and go on to be: it is still this one's turn."""

    def build() -> Any:
        at = (cursors.c.tenant == bindparam("at_tenant")) & (cursors.c.gateway_id == bindparam("at_gateway"))
        values = {name: bindparam(f"new_{name}", type_=cursors.c[name].type) for name in ("gap_began_at", "gap_after")}
        return update(cursors).where(at).values(**values, asked_at=bindparam("now", type_=Instant()))

    values = {"at_tenant": tenant, "at_gateway": gateway_id, "now": now}
    yield Ask(("in gap",), build, {**values, "new_gap_began_at": began_at, "new_gap_after": after})


def move_cursor(tenant: str, gateway_id: str, event_id: str) -> Asks:
    """A gateway's list was read up to this event."""

    def build() -> Any:
        at = (cursors.c.tenant == bindparam("at_tenant")) & (cursors.c.gateway_id == bindparam("at_gateway"))
        return update(cursors).where(at).values(event_id=bindparam("event"))

    yield Ask(("move cursor",), build, {"at_tenant": tenant, "at_gateway": gateway_id, "event": event_id})


def reached(tenant: str, gateway_id: str, now: str) -> Asks:
    """A gateway's list was read to its end."""

    def build() -> Any:
        at = (cursors.c.tenant == bindparam("at_tenant")) & (cursors.c.gateway_id == bindparam("at_gateway"))
        return (
            update(cursors)
            .where(at)
            .values(reached_at=bindparam("now", type_=Instant()), gap_began_at=null(), gap_after=null())
        )

    yield Ask(("reached",), build, {"at_tenant": tenant, "at_gateway": gateway_id, "now": now})


def gateway_tenant(gateway_id: str) -> Asks:
    """The tenant of a gateway, whose id in a callback address is all there is to find it by."""

    def build() -> Any:
        table = METADATA.tables["payment_gateways"]
        return select(table.c.tenant).where(table.c.id == bindparam("id"))

    rows = yield Ask(("gateway tenant",), build, {"id": gateway_id})
    return rows[0][0] if rows else None


def gateways_with_endpoints() -> Asks:
    """`(tenant, type, id)` of every gateway that takes events."""

    def build() -> Any:
        table = METADATA.tables["payment_gateways"]
        return select(table.c.tenant, table.c.type, table.c.id).order_by(table.c.created_at)

    rows = yield Ask(("gateways",), build)
    return rows


def slug_of(tenant: str) -> Asks:
    """The slug of a tenant's organization; empty where that is not there."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        return select(table.c.slug).where(table.c.id == bindparam("id"))

    rows = yield Ask(("slug",), build, {"id": organization_of(tenant)})
    return rows[0][0] if rows else ""
