"""What the metrics tell, of every tenant: counts of small indexes, and a row for each gateway."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sqlalchemy import func, literal_column, select

from paydesk.store.ask import Ask, Rows
from paydesk.store.events import COUNTED
from paydesk.store.tables import gateway_calls, gateway_cursors, gateway_events, gateway_tallies
from paydesk.store.types import METADATA

Asks = Generator[Ask, Rows, Any]


def open_calls() -> Asks:
    """`(how many gateway calls are open, since when the oldest)`."""

    def build() -> Any:
        is_open = gateway_calls.c.state == literal_column("'open'")
        return select(func.count(), func.min(gateway_calls.c.created_at)).where(is_open)

    rows = yield Ask(("open calls measured",), build)
    return rows[0]


def waiting_events() -> Asks:
    """`(how many events wait to be worked, when the oldest came)`."""

    def build() -> Any:
        return select(func.count(), func.min(gateway_events.c.received_at)).where(gateway_events.c.worked_at.is_(None))

    rows = yield Ask(("waiting events measured",), build)
    return rows[0]


def doors() -> Asks:
    """Of every gateway: `(id, when an event was verified last, when the list was read last, since when events come by
    the list alone, counts of COUNTED)`.
    """

    def build() -> Any:
        gateways = METADATA.tables["payment_gateways"]

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
    return rows


def overdue_payments() -> Asks:
    """How many payments are still under way eight days after they should have ended."""

    def build() -> Any:
        payments = METADATA.tables["stripe_payments"]
        return select(func.count()).select_from(payments).where(payments.c.overdue_since.is_not(None))

    rows = yield Ask(("overdue payments",), build)
    return rows[0][0]
