"""Events of gateways: kept before they are answered, worked afterwards, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from paydesk.store.inbox.tables import gateway_events as events
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.portions import PORTION, oldest, portion_of
from paydesk.store.types import Instant


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
    ours        its metadata say that it is about something of this installation
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
    """Take due events of these gateways, oldest first, each a `Taken`. Every gateway has the same share; what some do
    not need goes to those with more events.

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
    """Keep an event of one gateway for another one as well, whose payment it is about; once, also where that one was
    sent it too.

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
