"""The door for gateways' events: check the signature, keep the event, answer; work it later.

An event is a hint. What changes is what the gateway says when the payment is read afresh, so late, repeated or
reordered events end the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from typing import Any

from paydesk.background.gateway_events import EventsOfGateway
from paydesk.base.errors import NotFound
from paydesk.base.instants import instant, later
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.events import Forged, GatewayEvent, Malformed
from paydesk.gateways.port.gateway import Gateway
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.store.inbox import events, tallies
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session

log = logging.getLogger("paydesk.inbox")

RECEIVED = {"received": True}

KEPT_SECONDS = 90 * 24 * 3600.0
"""How long an event that is worked stays known. Stripe repeats a webhook for three days, and its list, from which we
read and a person may send again, goes back thirty; an event is worked after it was made, so nobody brings it later
than that. Three times as long, for clocks that are wrong, backups that are restored, and who looks back at a payment.
"""

TAKEN_SECONDS = 30.0
"""How long an event is left to who took it; one that hangs longer is worked twice, which does no harm."""

DOORS = {"sqlite": 64}
"""How many events are taken in at a time, 4 where not said: a burst of them leaves connections to everybody else. On
SQLite those that wait for the writer share a commit, so more of them are done sooner.
"""


class Inbox:
    """Takes events in and works them."""

    def __init__(
        self,
        desk: Desk,
        gateways: Mapping[str, Gateway],
        unseal: Callable[[Resource], Credentials],
    ) -> None:
        self.desk = desk
        self.gateways = gateways
        self.wake = asyncio.Event()
        self._doors = asyncio.Semaphore(DOORS.get(desk.database.name, 4))
        self._unseal = unseal
        self._came: defaultdict[tuple[str, str], tallies.Tally] = defaultdict(tallies.Tally)
        self._tallying = asyncio.Lock()
        self._served = ""  # the gateway whose events were taken last

    # Taking in.

    async def take(self, kind: str, gateway_id: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Keep an event for a gateway; returns what to answer.

        A self-test of ours is signed like any other event, and only noted: the answer names it and this installation,
        which nothing else that stands at the address could do.
        raises  NotFound; Forged or Malformed for what is no event of its gateway
        """
        account = self.gateways[kind].account if kind in self.gateways else None
        if account is None:
            raise NotFound(gateway_id)
        async with self._doors:
            return await self._take(account, kind, gateway_id, body, headers)

    async def _take(
        self, account: Account, kind: str, gateway_id: str, body: bytes, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        tenant, record = await self.desk.database.read(lambda: self._addressee(kind, gateway_id))
        now, credentials = self.desk.clock(), self._unseal(record)
        door = (tenant, gateway_id)
        try:
            event = account.event(body, headers, credentials=credentials, now=now)
        except Forged:
            came = self._came[door]
            came.forged_at = instant(now)
            came.forged_since += 1
            came.counts["forged_events"] += 1
            raise
        if not event.is_storable:
            raise Malformed("it has a character that cannot be stored")
        came = self._came[door]
        if event.about == "self_test":
            came.tested_at = instant(now)
            return {"received": True, "self_test": event.event_id, "installation": self.desk.installation}
        came.verified_at = instant(now)
        came.forged_since = 0
        if event.live != credentials.live or event.account != credentials.account:
            # Of the other mode, or of another account on the same platform.
            came.foreign_since += 1
            came.counts["foreign_events"] += 1
            return RECEIVED
        came.own, came.foreign_since = True, 0
        if await self.desk.database.write(lambda: self.keep(tenant, gateway_id, event, body, instant(now))):
            self.wake.set()
        return RECEIVED

    def _addressee(self, kind: str, gateway_id: str) -> Generator[Any, Any, tuple[str, Resource]]:
        tenant = yield from stored_gateways.gateway_tenant(PaymentGateway, gateway_id)
        if tenant is None:
            raise NotFound(gateway_id)
        find = Find(self.desk.registry[kind], eq("id", gateway_id))
        found = yield from self.desk.reader.records(Session(tenant, {}), find)
        if not found:
            raise NotFound(gateway_id)
        return tenant, found[0]

    def keep(
        self, tenant: str, gateway_id: str, event: GatewayEvent, body: bytes, now: str
    ) -> Generator[Any, Any, bool]:
        """Keep an event to be worked, in the transaction of the caller; False when it was kept before."""
        installation = self.desk.installation
        ours = event.metadata.get("paydesk") == installation or (event.key or "").startswith(f"paydesk/{installation}/")
        row = {
            "tenant": tenant,
            "gateway_id": gateway_id,
            "event_id": event.event_id,
            "type": event.type,
            "about": event.about,
            "payment_id": event.payment_id,
            "object_id": event.object_id,
            "ours": ours,
            "body": body,
            "received_at": now,
            "due_at": now,
            "tries": 0,
        }
        kept: bool = yield from events.keep(row)
        return kept

    # Working.

    async def work(self, limit: int = 100) -> int:
        """Work the events that are due and that no other process took; returns how many.

        Every gateway with events has its turn: one with thousands delays no other's.
        """
        await self._tally()
        now = instant(self.desk.clock())
        waiting = await self.desk.database.read(lambda: events.waiting_gateways(now))
        if not waiting:
            return 0
        # Where there are more than get a turn now, the others get theirs next.
        turns = [one for one in waiting if one > self._served] + [one for one in waiting if one <= self._served]
        self._served = turns[:limit][-1]
        rows = await self.desk.database.write(lambda: events.take(turns, now, later(now, TAKEN_SECONDS), limit))
        doors: defaultdict[tuple[str, str], list[events.Taken]] = defaultdict(list)
        for row in rows:
            doors[row.tenant, row.gateway_id].append(row)
        # Gateways side by side: one that hangs holds up its own events only.
        await asyncio.gather(*(self._of_gateway(door).work(group, now) for door, group in doors.items()))
        await self._tally()
        return len(rows)

    def _of_gateway(self, door: tuple[str, str]) -> EventsOfGateway:
        def count(name: str) -> None:
            self.count(door, name)

        return EventsOfGateway(self.desk, self.gateways, self._unseal, *door, count=count, wake=self.wake.set)

    async def forget(self) -> bool:
        """Drop a portion of the events that were worked long ago; whether there may be more."""
        before = later(instant(self.desk.clock()), -KEPT_SECONDS)
        more: bool = await self.desk.database.write(lambda: events.forget_worked(before))
        return more

    async def _tally(self) -> None:
        """Write down what was counted since; when this returns, that is written."""
        async with self._tallying:
            for door in list(self._came):
                came = self._came.pop(door)
                await self.desk.database.write(lambda: tallies.tally(*door, came))  # noqa: B023

    def count(self, door: tuple[str, str], name: str) -> None:
        self._came[door].counts[name] += 1


__all__ = ["Forged", "Inbox", "Malformed"]
