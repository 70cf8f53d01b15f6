"""What comes of the events of one gateway: the gateway is asked what each is about, and that is settled.

An event is a hint. What changes is what the gateway says when the payment is read afresh.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping
from typing import Any

from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import instant, later
from paydesk.commerce.payments.lost import take_back
from paydesk.declare import both, eq
from paydesk.desk import Desk
from paydesk.gateways.port.account import Credentials
from paydesk.gateways.port.gateway import Gateway
from paydesk.gateways.port.problems import GatewayProblem, Refused
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.inbox import events
from paydesk.store.records.holders import holders_of
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup, lost

log = logging.getLogger("paydesk.inbox")

READ, UNKNOWN, ORPHANED, NOTHING, FAILED, DISABLED, HANDED_OVER = (
    "read", "unknown payment", "orphaned payment", "nothing to do", "failed", "gateway disabled", "handed over",
)  # fmt: skip
"""How an event ended."""

TRIES = 12
"""How often an event is looked at at most, with growing pauses over two hours."""

LOST_TRIES = 3
"""From the third look on, seconds after the first, what is of our making and not here is taken to be lost, unless an
open call may be about it.
"""

UNKNOWN_TRIES = 5
"""The same, over half a minute, where its payment is not known and not of our making: it may be being adopted."""

AT_ONCE = 16
"""How many payments of one gateway are read at a time."""

_HOLDS_MONEY = ("authorized", "captured", "processing")


class EventsOfGateway:
    """The events of one gateway that are worked in one round.

    count   is told, for each event that is counted, the name of `tallies.COUNTED`
    wake    is called where other gateways were given some
    """

    def __init__(
        self,
        desk: Desk,
        gateways: Mapping[str, Gateway],
        unseal: Callable[[Resource], Credentials],
        tenant: str,
        gateway_id: str,
        *,
        count: Callable[[str], None],
        wake: Callable[[], None],
    ) -> None:
        self.desk, self.gateways, self._unseal = desk, gateways, unseal
        self.tenant, self.gateway_id = tenant, gateway_id
        self._count, self._wake = count, wake
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
                self._count("foreign_events" if outcome == UNKNOWN else "orphaned_events")
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
            self._wake()
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
        credentials = self._unseal(gateway)
        try:
            snapshot = await self.gateways[gateway.shape.type].read(payment_id, credentials=credentials)
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
        account = None if gateway is None else self.gateways[gateway.shape.type].account
        if gateway is None or account is None or gateway.connected_account is None:
            return NOTHING
        try:
            lacks = await account.probe(self._unseal(gateway))
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
