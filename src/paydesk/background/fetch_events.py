"""Events that did not come by themselves, fetched from the gateway's own list.

Stripe gives a webhook up after three days, and none comes where the server cannot be reached from outside; its list
of events goes back thirty days. What is found there goes through the same inbox as a webhook, which knows an event it
has seen.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from paydesk.background.loop import Loop
from paydesk.background.work_events import Inbox
from paydesk.base.actor import worker
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import SKEW_SECONDS, instant, later, seconds
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.declare import eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.events import EventPage
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.store import organizations
from paydesk.store.inbox import cursors, tallies
from paydesk.store.inbox import gateways as stored_gateways
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep.watch import of_gateway

log = logging.getLogger("paydesk.catching_up")

EVERY_SECONDS = 60.0
SETTLED_SECONDS = 120.0
"""The list is asked again from the last event this old: a younger one may appear before one already seen."""
KEPT_SECONDS = 30 * 24 * 3600.0
"""How far back a gateway's list goes."""
AT_ONCE = 8
PAGE = 100
"""So many of a gateway's payments are looked at before it is written down how far that has come."""
NUMBERS = "orders.number"
"""The sequence whose numbers payments tell. After a restore it goes on behind the highest of them."""


@dataclass
class Fetched:
    """What a round of asking gateways for their events brought.

    asked    how many gateways were asked; not those whose turn it was not
    events   how many events were new
    silent   what each gateway said, by its id, whose list could not be read to its end
    """

    asked: int = 0
    events: int = 0
    silent: dict[str, str] = field(default_factory=dict)


class CatchingUp:
    """Asks every gateway in turn for what happened since it was asked last; processes share the gateways by the clock.

    unseal   what a gateway record's calls are made with
    """

    def __init__(
        self,
        desk: Desk,
        inbox: Inbox,
        gateways: Mapping[str, Gateway],
        unseal: Callable[[Resource], Credentials],
    ) -> None:
        self.desk = desk
        self.inbox = inbox
        self.gateways = gateways
        self._unseal = unseal
        self.loop = Loop("fetching events", self._turn, every_seconds=EVERY_SECONDS)

    async def _turn(self) -> None:
        await self.once()

    async def once(self) -> int:
        """Ask every gateway whose turn it is; returns how many events were new."""
        return (await self.round()).events

    async def round(self, *, every_seconds: float = EVERY_SECONDS) -> Fetched:
        """Ask every gateway that was not asked for so many seconds."""
        gateways = await self.desk.database.read(lambda: stored_gateways.every_gateway(PaymentGateway))
        fetched = Fetched()
        # Side by side: one that hangs holds up no other.
        turns = asyncio.Semaphore(AT_ONCE)

        async def ask(tenant: str, kind: str, gateway_id: str) -> None:
            async with turns:
                await self._ask(tenant, kind, gateway_id, every_seconds, fetched)

        await asyncio.gather(*(ask(*one) for one in gateways))
        if fetched.events:
            self.inbox.wake.set()
        return fetched

    async def _ask(self, tenant: str, kind: str, gateway_id: str, every_seconds: float, fetched: Fetched) -> None:
        account = self.gateways[kind].account if kind in self.gateways else None
        if account is None:
            return
        database, now = self.desk.database, instant(self.desk.clock())
        find = Find(kind, eq("id", gateway_id))
        records = await database.read(lambda: self.desk.reader.records(Session(tenant, {}), find))
        if not records or records[0].disabled_at is not None:
            return
        turn = await database.write(lambda: cursors.take_turn(tenant, gateway_id, now, later(now, -every_seconds)))
        if turn is None:
            return
        fetched.asked += 1
        credentials = self._unseal(records[0])
        made, oldest = records[0].created_at, later(now, -KEPT_SECONDS)
        since = made if oldest < made <= later(now, SKEW_SECONDS) else oldest
        if (turn.reached_at or made) < oldest and not await self._close(tenant, records[0], turn, oldest, fetched):
            return
        cursor, more = turn.event_id, True
        while more:
            try:
                page = await account.events_since(cursor, since=seconds(since), credentials=credentials)
            except GatewayProblem as problem:
                log.warning("gateway %s cannot be asked for its events: %s", gateway_id, problem.message)
                fetched.silent[gateway_id] = problem.message
                break
            # Awaited before it is added: the other gateways add theirs meanwhile.
            new = await database.write(lambda: self._keep(tenant, gateway_id, page, now))  # noqa: B023
            fetched.events += new
            more, cursor = page.more and page.cursor != cursor, page.cursor

    def _number(self, told: Mapping[str, str], tenant: str) -> int:
        """The number of the order that a payment of ours is for, 0 for none that a sequence made."""
        number = told.get("order_number") or ""
        ours = told.get("paydesk") == self.desk.installation
        mine = f"{told.get('organization_id')}/{told.get('mode')}" == tenant
        return int(number) if ours and mine and re.fullmatch(r"[1-9]\d{7}", number) else 0

    async def _close(self, tenant: str, gateway: Any, turn: cursors.Turn, oldest: str, fetched: Fetched) -> bool:
        """Look at every payment of a gateway that money may have moved with: its list does not go back to where it was
        read last. False where the gateway does not answer: the next round goes on from there, as does another process
        where this one dies. What was looked at longer ago than the list goes back is looked at anew.
        """
        database, sources = self.desk.database, gateway.makes
        now = instant(self.desk.clock())
        began, after = turn.gap_began_at or now, turn.gap_after or ""
        if not oldest < began <= later(now, SKEW_SECONDS):
            began, after = now, ""
        log.warning(
            "the list of events of gateway %s was read last at %s, and goes back %d days: each of its payments is "
            "looked at%s",
            gateway.id,
            turn.reached_at or gateway.created_at,
            KEPT_SECONDS / 86400,
            f", from behind {after} on" if after else "",
        )
        slug = await database.read(lambda: organizations.slug_of(tenant))
        actor = worker(tenant, slug, "catching up", gateway.id)
        while True:
            kind, named_by = sources.shape.type, sources.named_by
            rows = await database.read(lambda: of_gateway(kind, named_by, tenant, gateway.id, after, PAGE))  # noqa: B023
            for payment_id, name in rows:
                find = Find(kind, eq("id", payment_id), ("payment_gateway",))
                found = await database.read(lambda: self.desk.reader.records(Session(tenant, {}), find))  # noqa: B023
                try:
                    if found:
                        await self.desk.refresh(actor, found[0])
                except Unavailable as silent:
                    fetched.silent[gateway.id] = str(silent)
                    await database.write(lambda: cursors.in_gap(tenant, gateway.id, began, after, now))  # noqa: B023
                    return False
                except Refusal as refusal:
                    log.info("payment %s cannot be read: %s", payment_id, refusal)
                after = name
            now = instant(self.desk.clock())
            # Still at it: no other process is to begin the same, save where this one dies.
            await database.write(lambda: cursors.in_gap(tenant, gateway.id, began, after, now))  # noqa: B023
            if len(rows) < PAGE:
                return True

    def _keep(self, tenant: str, gateway_id: str, page: EventPage, now: str) -> Generator[Any, Any, int]:
        """Keep what concerns a payment, and how far the list is settled, in one transaction."""
        settled, new, unheard = None, 0, False
        for event in page.events:
            young = event.created_at > later(now, -SETTLED_SECONDS)
            if not young:
                settled = event.event_id
            if event.payment_id is None and event.about == "payment":
                continue
            kept = yield from self.inbox.keep(tenant, gateway_id, event, orjson.dumps(event.to_json()), now)
            new += kept
            # An older one may have come while no server was there to hear of it.
            unheard |= kept and young and event.heard
        told = [event.metadata for event in page.events]
        numbers = {number: one.get("order_id") or "" for one in told if (number := self._number(one, tenant))}
        if numbers:
            yield from self.desk.go_on_behind(tenant, NUMBERS, numbers)
        if unheard:
            yield from tallies.unheard(tenant, gateway_id, now)
        if settled is not None:
            yield from cursors.move_cursor(tenant, gateway_id, settled)
        if not page.more:
            yield from cursors.reached(tenant, gateway_id, now)
        return new
