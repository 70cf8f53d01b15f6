"""What an older release stored in a form of its own is mended in the background, a portion at a time.

A migration cannot do it: it would hold up a large shop's upgrade, and the older release goes on writing beside it while
nodes are exchanged one by one. So each table is walked until a whole walk finds nothing to mend, and once more an hour
later; then it is noted that this is done, for good.
"""

from __future__ import annotations

from functools import partial

from paydesk.base.instants import instant
from paydesk.commerce.payments import former
from paydesk.desk import Desk
from paydesk.store.sql.portions import PORTION
from paydesk.store.upkeep.mending import START, Key, Mend, Portion, done, is_done, portion

EXCHANGED_SECONDS = 3600.0
"""By then no node of the older release writes any more."""


def mends(seal: former.Seal) -> tuple[Mend, ...]:
    """All that is mended: months and years of cards were numbers, and what was unknown of one was null; addresses that
    shoppers come back to were stored, versioned and journalled with the tokens they bear.
    """
    return (
        Mend(
            "stripe_payments.return_url",
            "stripe_payments",
            ("return_url", "options", "sealed_urls", "gateway_status"),
            partial(former.mended_payment, seal),
        ),
        Mend(
            "orders.return_url",
            "orders",
            ("return_url", "cart_url", "sealed_return_url", "placed_at", "cancelled_at"),
            partial(former.mended_order, seal),
        ),
        *(
            Mend(f"{table}.{column}", table, (column,), partial(former.mended_instrument, column))
            for table, column in (("stripe_payments", "payment_instrument"), ("customer_payment_sources", "instrument"))
        ),
        Mend("versions.return_url", "versions", ("resource_type", "changes"), former.mended_version),
        Mend("gateway_calls.return_url", "gateway_calls", ("state", "ask", "parameters"), former.mended_call),
    )


class Mending:
    """The walks of one process through what is to be mended. Two processes that walk at once do no harm."""

    def __init__(self, desk: Desk, given: tuple[Mend, ...] | None = None) -> None:
        self.desk = desk
        self._mends = mends(desk.tools["seal"]) if given is None else given
        self._left: list[Mend] | None = None
        self._walk: list[Mend] = []
        self._began = self._walk_began = self._next_walk = 0.0
        self._at: Key = START
        self._clean = True

    async def once(self) -> bool:
        """Mend a portion; whether there may be more to mend now."""
        database, now = self.desk.database, self.desk.clock()
        if self._left is None:
            self._left = [mend for mend in self._mends if not await database.read(lambda: is_done(mend))]  # noqa: B023
            self._began = self._next_walk = now
        if not self._walk:
            if not self._left or now < self._next_walk:
                return False
            self._walk, self._walk_began = list(self._left), now
        mend = self._walk[0]
        went: Portion = await database.write(lambda: portion(mend, self._at, PORTION))
        self._clean = self._clean and went.clean
        if went.next is not None:
            self._at = went.next
            return True
        if self._clean:
            self._walk.pop(0)
            self._next_walk = now + EXCHANGED_SECONDS
            if self._walk_began >= self._began + EXCHANGED_SECONDS:
                await database.write(lambda: done(mend, instant(now)))
                self._left.remove(mend)
        self._at, self._clean = START, True
        return bool(self._walk)
