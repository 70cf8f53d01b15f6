"""Payments that no event brought to an end: looked at by the clock, so that none stays under way for ever.

When that is stands in `commerce.payments.watching`; who looks is whoever takes the turn first.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from paydesk.background.loop import Loop
from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Refusal, Unavailable
from paydesk.base.instants import SKEW_SECONDS, instant, later
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.watching import AFTERWARDS, is_expiring, next_look, overdue_at, remind
from paydesk.declare import eq
from paydesk.desk import Desk
from paydesk.rules.asking import Find
from paydesk.store import organizations
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import watch

log = logging.getLogger("paydesk.watching")

EVERY_SECONDS = 10.0
MORE_SECONDS = 0.1
AT_MOST = 100
INFORMED_SECONDS = 300.0
"""The list of events tells of a gateway's payments if it was read as recently as this."""


@dataclass
class Looked:
    """What a round of looking at payments came to.

    due      how many payments' time had come
    read     how many were read at their gateway; not those of which an event would have told
    silent   what each gateway said, by its id, that did not answer: the rest of its payments wait for their next turn
    refused  what was said of each payment, by its id, that could not be read
    """

    due: int = 0
    read: int = 0
    silent: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


class Watching:
    """The background loop of one process."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.kinds = [name for name, one in desk.registry.types.items() if "look_at" in one.shape.columns]
        self.types: list[type[PaymentSource]] = [desk.registry[name] for name in self.kinds]  # type: ignore[misc]
        self.loop = Loop("watching payments", self._turn, every_seconds=EVERY_SECONDS)

    async def _turn(self) -> float:
        return EVERY_SECONDS if await self.once() < AT_MOST else MORE_SECONDS

    async def once(self) -> int:
        """Look at the payments whose time has come; returns how many were found."""
        return (await self.round()).due

    async def round(self) -> Looked:
        """The same, told in full."""
        looked = Looked()
        for kind in self.kinds:
            await self._round(kind, looked)
        return looked

    async def _round(self, kind: str, looked: Looked) -> None:
        now = instant(self.desk.clock())
        rows = await self.desk.database.read(lambda: watch.due(kind, now, AT_MOST))
        if rows:
            looked.due += len(rows)
            taken = await self.desk.database.write(lambda: self._take(kind, rows, now))
            gateways: defaultdict[tuple[str, str], list[watch.Due]] = defaultdict(list)
            for row in taken:
                gateways[row.tenant, row.gateway_id].append(row)
            # Gateways side by side: one that hangs holds up its own payments only.
            await asyncio.gather(*(self._look_at(kind, group, now, looked) for group in gateways.values()))

    def _take(self, kind: str, rows: list[watch.Due], now: str) -> Generator[Any, Any, list[watch.Due]]:
        """Set when each is looked at next; returns those that are to be looked at now."""
        taken = []
        sources: Any = self.desk.registry[kind]
        for row in rows:
            news_at, capture_before, reached_at = row.news_at, row.capture_before, row.reached_at
            since, until = later(now, -INFORMED_SECONDS), later(now, SKEW_SECONDS)
            informed = reached_at is not None and since <= reached_at <= until
            overdue = overdue_at(min(news_at, now), capture_before)
            is_overdue = overdue <= now
            # A cart that nobody came back to pay for is not under way.
            ended = is_overdue and row.gateway_status == sources.untried
            look_at = next_look(now, news_at=news_at, capture_before=capture_before, informed=informed)
            mine = yield from watch.take(
                kind,
                row.tenant,
                row.id,
                row.look_at,
                None if ended else look_at,
                overdue if is_overdue and not ended else None,
            )
            expired = capture_before is not None and later(capture_before, AFTERWARDS) <= now
            if mine and (not informed or is_overdue or expired or is_expiring(now, capture_before)):
                taken.append(row)
        return taken

    async def _look_at(self, kind: str, rows: list[watch.Due], now: str, looked: Looked) -> None:
        """Read one gateway's payments, and say which authorizations end soon."""
        for row in rows:
            tenant, payment_id, gateway_id, capture_before = row.tenant, row.id, row.gateway_id, row.capture_before
            try:
                actor = await self._actor(tenant, payment_id)
                if is_expiring(now, capture_before):
                    await self.desk.operate(actor, lambda work: remind(kind, payment_id, work))  # noqa: B023
                find = Find(kind, eq("id", payment_id), ("payment_gateway",))
                found = await self.desk.database.read(lambda: self.desk.reader.records(Session(tenant, {}), find))  # noqa: B023
                if found:
                    await self.desk.refresh(actor, found[0])
                    looked.read += 1
            except Unavailable as silent:
                log.warning("gateway %s cannot be asked for its payments: %s", gateway_id, silent)
                looked.silent[gateway_id] = str(silent)
                return
            except Refusal as refusal:
                log.info("payment %s cannot be read: %s", payment_id, refusal)
                looked.refused[payment_id] = str(refusal)

    async def _actor(self, tenant: str, payment_id: str) -> Actor:
        return worker(
            tenant, await self.desk.database.read(lambda: organizations.slug_of(tenant)), "watching", payment_id
        )
