"""Captures that no client asks for, looked for by one process at a time: of authorizations that are about to end, and
of what shipments that have left come to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Refusal
from paydesk.base.instants import instant, later
from paydesk.base.tenants import tenant_of
from paydesk.commerce.orders.ending import meet_end
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.orders.queues import SENT
from paydesk.commerce.orders.sent_goods import capture_sent
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.commerce.payments.watching import ENDING
from paydesk.declare import Rule
from paydesk.desk import Desk
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.records.queues import waiting_until
from paydesk.store.turns import take_turn
from paydesk.store.upkeep import watch

log = logging.getLogger("paydesk.capturing")

EVERY_SECONDS = 60.0
AT_ONCE = 200
HOUR = 3600.0


class Capturing:
    """Asks for captures, each in a transaction of its own that looks at the order again once it is locked. The calls
    are made as any that are deferred.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def once(self, *, every_seconds: float = EVERY_SECONDS) -> int:
        """Ask for what is due by now, where nobody did since `every_seconds`; returns how many captures that were."""
        database, now = self.desk.database, instant(self.desk.clock())
        if not await database.write(lambda: take_turn("capturing", now, later(now, -every_seconds))):
            return 0
        asked = await self._sent(now)
        for id_, slug, hours in await database.read(organizations.capturing_before_the_end):
            until = later(now, hours * HOUR)
            for live in (False, True):
                asked += await self._tenant(tenant_of(id_, live), slug, until)
        return asked

    async def _sent(self, now: str) -> int:
        """The same of orders of which a shipment has left."""
        asked = 0
        while True:
            found = await self.desk.database.read(lambda: waiting_until(Order, SENT, now, AT_ONCE))
            met = 0
            for tenant, order_id in found:
                slug = await self.desk.database.read(lambda: organizations.slug_of(tenant))  # noqa: B023
                actor = worker(tenant, slug, "capturing", order_id)
                came = await self._operate(actor, lambda work: capture_sent(order_id, work))  # noqa: B023
                asked, met = asked + (came or 0), met + (came is not None)
            if len(found) < AT_ONCE or not met:
                return asked

    async def _tenant(self, tenant: str, slug: str, until: str) -> int:
        """The same of one tenant's authorizations that end by then."""
        asked = 0
        while True:
            found: list[str] = await self.desk.database.read(
                lambda: watch.ending(StripePayment, ENDING, Order, tenant, until, AT_ONCE)
            )
            met = 0
            for payment_id in found:
                actor = worker(tenant, slug, "capturing", payment_id)
                came = await self._operate(
                    actor,
                    lambda work: meet_end(StripePayment.shape.type, payment_id, until, work),  # noqa: B023
                )
                asked, met = asked + (came or 0), met + (came is not None)
            if len(found) < AT_ONCE or not met:
                return asked

    async def _operate(self, actor: Actor, rule: Callable[[Work], Rule]) -> int | None:
        """How many captures one order is asked for. None where that cannot be now: the next turn tries it again, and
        no other order waits for it.
        """
        about = {"about": actor.who["worker"]["id"]}
        try:
            return int(await self.desk.operate(actor, rule))
        except Refusal as refusal:
            # Another capture or void of it may be under way: the next turn sees what became of that.
            log.info("not captured now: %s", refusal, extra=about)
        except Exception:
            log.exception("not captured, as something is wrong with it", extra=about)
        return None
