"""What time alone ends, looked for by one process every minute: orders that expired, carts that nobody owns."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from paydesk.base.actor import worker
from paydesk.base.errors import Refusal
from paydesk.base.instants import instant, later, months_before
from paydesk.commerce.orders import lapsing
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.orders.queues import EXPIRING, NOBODYS
from paydesk.desk import Desk
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.records.queues import waiting_until
from paydesk.store.sql.ask import StillReferred
from paydesk.store.turns import take_turn

log = logging.getLogger("paydesk.lapsing")

EVERY_SECONDS = 60.0
AT_ONCE = 200


class Lapsing:
    """Ends orders, each in a transaction of its own that looks at it again once it is locked."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def once(self, *, every_seconds: float = EVERY_SECONDS) -> int:
        """End what is over by now, where nobody did since `every_seconds`; returns how many orders that were."""
        database, now = self.desk.database, instant(self.desk.clock())
        if not await database.write(lambda: take_turn("lapsing", now, later(now, -every_seconds))):
            return 0
        before = months_before(now, lapsing.KEPT_MONTHS)
        ended = await self._all(lambda: waiting_until(Order, EXPIRING, now, AT_ONCE), lapsing.expire)
        return ended + await self._all(
            lambda: waiting_until(Order, NOBODYS, before, AT_ONCE, unchanged=True),
            lambda order_id, work: lapsing.purge(order_id, before, work),
        )

    async def _all(self, look: Callable[[], Any], rule: Callable[[str, Work], Any]) -> int:
        """Find orders and end them until none is left, or none of those found can be ended now."""
        total = 0
        while True:
            found = await self.desk.database.read(look)
            ended = 0
            for tenant, order_id in found:
                ended += await self._end(tenant, order_id, rule)
            total += ended
            if len(found) < AT_ONCE or not ended:
                return total

    async def _end(self, tenant: str, order_id: str, rule: Callable[[str, Work], Any]) -> bool:
        slug = await self.desk.database.read(lambda: organizations.slug_of(tenant))
        actor = worker(tenant, slug, "lapsing", order_id)
        try:
            return bool(await self.desk.operate(actor, lambda work: rule(order_id, work)))
        except (Refusal, StillReferred) as refusal:
            log.info("an order whose time is over stays for now: %s", refusal, extra={"order": order_id})
            return False
