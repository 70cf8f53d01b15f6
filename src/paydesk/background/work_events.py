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

from paydesk.base.actor import Actor, worker
from paydesk.base.errors import NotFound, Refusal, Unavailable
from paydesk.base.instants import instant, later
from paydesk.commerce.payments.lost import take_back
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import both, eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import Account, Credentials
from paydesk.gateways.port.events import Forged, GatewayEvent, Malformed
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.inbox import events, tallies
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.holders import holders_of
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup, lost

log = logging.getLogger("paydesk.inbox")

READ, UNKNOWN, ORPHANED, NOTHING, FAILED, DISABLED, HANDED_OVER = (
    "read", "unknown payment", "orphaned payment", "nothing to do", "failed", "gateway disabled", "handed over",
)  # fmt: skip
"""How an event ended."""

RECEIVED = {"received": True}

TRIES = 12
"""How often an event is looked at at most, with growing pauses over two hours."""

LOST_TRIES = 3
"""From the third look on, seconds after the first, what is of our making and not here is taken to be lost, unless an
open call may be about it.
"""

UNKNOWN_TRIES = 5
"""The same, over half a minute, where its payment is not known and not of our making: it may be being adopted."""

KEPT_SECONDS = 90 * 24 * 3600.0
"""How long an event that is worked stays known. Stripe repeats a webhook for three days, and its list, from which we
read and a person may send again, goes back thirty; an event is worked after it was made, so nobody brings it later
than that. Three times as long, for clocks that are wrong, backups that are restored, and who looks back at a payment.
"""

TAKEN_SECONDS = 30.0
"""How long an event is left to who took it; one that hangs longer is worked twice, which does no harm."""

AT_ONCE = 16
"""How many payments of one gateway are read at a time."""

DOORS = {"sqlite": 64}
"""How many events are taken in at a time, 4 where not said: a burst of them leaves connections to everybody else. On
SQLite those that wait for the writer share a commit, so more of them are done sooner.
"""

_HOLDS_MONEY = ("authorized", "captured", "processing")


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
        await asyncio.gather(*(_Door(self, *door).work(group, now) for door, group in doors.items()))
        await self._tally()
        return len(rows)

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

    def credentials(self, record: Resource) -> Credentials:
        return self._unseal(record)


class _Door:
    """The events of one gateway that are worked in one round."""

    def __init__(self, inbox: Inbox, tenant: str, gateway_id: str) -> None:
        self.inbox, self.desk = inbox, inbox.desk
        self.tenant, self.gateway_id = tenant, gateway_id
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._silent: Unavailable | None = None

    async def work(self, rows: list[events.Taken], now: str) -> None:
        """A payment is read once for all of its events: they came before that."""
        subjects: defaultdict[tuple[str, str | None], list[events.Taken]] = defaultdict(list)
        for row in rows:
            if row.about in ("instrument", "customer", "setup"):
                subjects[row.about, row.object_id].append(row)
            else:
                subjects["access" if row.about == "access" else "payment", row.payment_id].append(row)
        await asyncio.gather(*(self._work(what, about, group, now) for (what, about), group in subjects.items()))

    async def _work(self, what: str, name: str | None, rows: list[events.Taken], now: str) -> None:
        tries = max(row.tries for row in rows)
        outcome: str | None
        async with self._turns:
            try:
                if self._silent is not None:
                    raise self._silent
                actor = await self._actor(rows[0].event_id)
                if what == "access":
                    outcome = await self._look_for_access(actor)
                elif name is None:
                    outcome = NOTHING
                elif what == "instrument":
                    outcome = await self._read_entry(actor, name)
                elif what == "customer":
                    outcome = await self._read_wallet(actor, name)
                elif what == "setup":
                    outcome = await self._read_setup(actor, name)
                else:
                    outcome = await self._read(actor, name, rows, tries)
            except Unavailable as unavailable:
                self._silent = unavailable
                outcome = None
            except Refusal as refusal:
                outcome = FAILED if tries + 1 >= TRIES else None
                if outcome is not None:
                    log.warning("an event cannot be worked: %s", refusal, extra={"event": rows[0].event_id})
        if outcome in (UNKNOWN, ORPHANED):
            for _ in rows:
                self.inbox.count(
                    (self.tenant, self.gateway_id), "foreign_events" if outcome == UNKNOWN else "orphaned_events"
                )
        await self.desk.database.write(lambda: self._note(rows, outcome, now))

    def _note(self, rows: list[events.Taken], outcome: str | None, now: str) -> Generator[Any, Any, None]:
        """Write down how events ended, or when they are looked at again."""
        for row in rows:
            if outcome is not None:
                yield from events.worked(self.tenant, self.gateway_id, row.event_id, outcome, now)
            else:
                due = later(now, min(3600.0, 2.0 ** (min(row.tries, 20) + 1)))
                yield from events.put_off(self.tenant, self.gateway_id, row.event_id, due)

    async def _actor(self, event_id: str) -> Actor:
        slug = await self.desk.database.read(lambda: organizations.slug_of(self.tenant))
        return worker(self.tenant, slug, "webhooks", event_id)

    async def _read(self, actor: Actor, payment_id: str, rows: list[events.Taken], tries: int) -> str | None:
        (gateway,) = await self._gateway() or (None,)
        if gateway is None:
            return NOTHING
        sources = gateway.makes
        found = await self._records(Find(sources, sources.known_as(payment_id, self.gateway_id), ("payment_gateway",)))
        if found:
            await self.desk.refresh(actor, found[0], closely=any(row.about == "fraud" for row in rows))
            return READ
        holders = await self.desk.database.read(lambda: holders_of(sources.holders(payment_id)))
        elsewhere = {(one.tenant, one.gateway_id) for one in holders if one.is_of(gateway.account)}
        if elsewhere and (self.tenant, self.gateway_id) not in elsewhere:
            await self.desk.database.write(lambda: self._hand_over(rows, elsewhere))
            self.inbox.wake.set()
            return HANDED_OVER
        if any(row.ours for row in rows):
            # Ours, and perhaps just being opened: parked until that is settled.
            return await self._lost(actor, gateway, payment_id, tries) if tries + 1 >= LOST_TRIES else None
        # Another program's payment on the same account, or one that is just being adopted.
        return UNKNOWN if tries + 1 >= UNKNOWN_TRIES else None

    def _hand_over(self, rows: list[events.Taken], to: set[tuple[str, str]]) -> Generator[Any, Any, None]:
        """Give events to the gateways of the same account, of whichever tenant, whose payment they are about."""
        now = instant(self.desk.clock())
        for row in rows:
            for whose in to:
                yield from events.hand_over(self.tenant, self.gateway_id, row.event_id, whose, now)

    async def _read_entry(self, actor: Actor, token: str) -> str:
        """A payment method: whoever keeps it in a wallet is to see what became of it."""
        kept = both(eq("payment_source_token", token), eq("payment_gateway_id", self.gateway_id))
        found = await self._records(Find("customer_payment_sources", kept, ("payment_gateway",)))
        if not found:
            # Nobody asked for it to be kept. What is being kept in this moment is looked at for that.
            return NOTHING
        await self.desk.refresh(actor, found[0])
        return READ

    async def _read_wallet(self, actor: Actor, customer: str) -> str:
        """A customer was deleted: whatever is kept of that customer's is nobody's any more, if Stripe says so, too."""
        of_theirs = both(eq("customer_token", customer), eq("payment_gateway_id", self.gateway_id))
        found = await self._records(Find("customer_payment_sources", of_theirs, ("payment_gateway",), many=True))
        for entry in found:
            await self.desk.refresh(actor, entry)
        return READ if found else NOTHING

    async def _read_setup(self, actor: Actor, setup_id: str) -> str:
        """A payment method was set up apart from any payment, perhaps for a customer of ours."""
        (gateway,) = await self._gateway() or (None,)
        if gateway is None:
            return NOTHING
        await self.desk.refresh(actor, gateway, setup=setup_id)
        return READ

    async def _lost(self, actor: Actor, gateway: Any, payment_id: str, tries: int) -> str | None:
        """A payment of our making that is not here, as after a restore: taken back where its order is here and lacks
        it, or kept for a person where it holds money.
        """
        credentials = self.inbox.credentials(gateway)
        try:
            snapshot = await self.inbox.gateways[gateway.shape.type].read(payment_id, credentials=credentials)
        except GatewayProblem:
            return NOTHING if tries + 1 >= TRIES else None
        named = snapshot.metadata.get(f"{gateway.makes.shape.singular}_id")
        about = {call["record_id"] for call in await self.desk.database.read(lookup.open_calls)}
        if tries + 1 < TRIES and {named, payment_id} & about - {None}:
            return None
        taken = await self.desk.operate(actor, lambda work: take_back(self.gateway_id, snapshot, work))
        money = snapshot.status in _HOLDS_MONEY and not (snapshot.received and snapshot.refunded >= snapshot.received)
        if taken is not None or not money:
            await self.desk.database.write(lambda: lost.forget(self.tenant, payment_id))
        if taken is not None:
            log.warning("payment %s was not here, and is its order's again: was a database restored?", payment_id)
            return READ
        if not money:
            return NOTHING
        told = snapshot.metadata
        if f"{told.get('organization_id')}/{told.get('mode')}" == self.tenant and "order_id" in told:
            row = {
                "tenant": self.tenant,
                "payment_id": payment_id,
                "gateway_id": self.gateway_id,
                "order_id": told["order_id"],
                "number": told.get("order_number") or None,
                "email": told.get("paydesk_email") or None,
                "amount_cents": (snapshot.received or snapshot.authorized or snapshot.amount.cents) - snapshot.refunded,
                "currency_code": snapshot.amount.currency,
                "found_at": instant(self.desk.clock()),
            }
            await self.desk.database.write(lambda: lost.keep(row))
        log.error("gateway %s has money for payment %s, which is not here", self.gateway_id, payment_id)
        return ORPHANED

    async def _look_for_access(self, actor: Actor) -> str:
        """A connected account may have taken its access back: see, and if so, let nobody pay through it."""
        (gateway,) = await self._gateway() or (None,)
        account = None if gateway is None else self.inbox.gateways[gateway.shape.type].account
        if gateway is None or account is None or gateway.connected_account is None:
            return NOTHING
        try:
            lacks = await account.probe(self.inbox.credentials(gateway))
        except Refused:
            lacks = ["all"]
        except GatewayProblem as problem:
            raise Unavailable(problem.message) from problem
        if not lacks:
            return NOTHING

        def rule(work: Work) -> Any:
            record = yield Find(gateway.shape.type, eq("id", self.gateway_id), lock=True)
            if record is not None:
                record.lost(work)

        await self.desk.operate(actor, rule)
        log.warning("gateway %s is disabled: its account took the access back", self.gateway_id)
        return DISABLED

    async def _gateway(self) -> list[Any]:
        return await self._records(Find("payment_gateways", eq("id", self.gateway_id)))

    async def _records(self, find: Find) -> list[Any]:
        found: list[Any] = await self.desk.database.read(
            lambda: self.desk.reader.records(Session(self.tenant, {}), find)
        )
        return found


__all__ = ["Forged", "Inbox", "Malformed"]
