"""Figures for the metrics, of all tenants: counts read from small indexes, and a row for each gateway."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import func, literal_column, select

from paydesk.rules.record import Record
from paydesk.store.inbox.tables import gateway_cursors, gateway_events, gateway_tallies
from paydesk.store.inbox.tallies import COUNTED
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.tables import table_of


class Waiting(NamedTuple):
    """How many of something wait, and since when the oldest does."""

    number: int
    since: str | None


class Door(NamedTuple):
    """What came to a gateway's door.

    verified_at    when an event was verified last; `reached_at`: when the list of events was read to its end last
    unheard_since  since when events come by the list alone
    counts         of `events.COUNTED`
    """

    gateway_id: str
    verified_at: str | None
    reached_at: str | None
    unheard_since: str | None
    counts: tuple[int, ...]


def open_calls() -> Asks:
    """The gateway calls that are open."""

    def build() -> Any:
        is_open = gateway_calls.c.state == literal_column("'open'")
        return select(func.count(), func.min(gateway_calls.c.created_at)).where(is_open)

    rows = yield Ask(("open calls measured",), build)
    return Waiting(*rows[0])


def waiting_events() -> Asks:
    """The events that are not worked yet."""

    def build() -> Any:
        return select(func.count(), func.min(gateway_events.c.received_at)).where(gateway_events.c.worked_at.is_(None))

    rows = yield Ask(("waiting events measured",), build)
    return Waiting(*rows[0])


def doors(gateways_: type[Record]) -> Asks:
    """The `Door` of every gateway."""

    def build() -> Any:
        gateways = table_of(gateways_)

        def of_gateway(table: Any) -> Any:
            return (table.c.tenant == gateways.c.tenant) & (table.c.gateway_id == gateways.c.id)

        tallied = gateways.outerjoin(gateway_tallies, of_gateway(gateway_tallies))
        found = tallied.outerjoin(gateway_cursors, of_gateway(gateway_cursors))
        return (
            select(
                gateways.c.id,
                gateway_tallies.c.verified_at,
                gateway_cursors.c.reached_at,
                gateway_tallies.c.unheard_since,
                *(func.coalesce(gateway_tallies.c[name], 0) for name in COUNTED),
            )
            .select_from(found)
            .order_by(gateways.c.created_at, gateways.c.id)
        )

    rows = yield Ask(("doors measured",), build)
    return [Door(row[0], row[1], row[2], row[3], tuple(row[4:])) for row in rows]


def overdue(payments_: type[Record]) -> Asks:
    """How many payments are still under way eight days after they should have ended."""

    def build() -> Any:
        payments = table_of(payments_)
        return select(func.count()).select_from(payments).where(payments.c.overdue_since.is_not(None))

    rows = yield Ask(("overdue", payments_.shape.type), build)
    return rows[0][0]
