"""How far each gateway's own list of events was read."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, null, or_, update
from sqlalchemy.dialects.postgresql import insert

from paydesk.base.instants import SKEW_SECONDS, later
from paydesk.store.inbox.tables import gateway_cursors as cursors
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import Instant


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
