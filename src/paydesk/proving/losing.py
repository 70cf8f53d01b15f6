"""Refunds whose answers are lost: clients hang up, connections to the database are killed, and the same is sent again.

Every client asks again until it is told; each refund has to be made once. Stripe's answers take a while, so that who
hangs up does so before anything was written to him.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from paydesk.proving.asking import Answer, Link, NoAnswer, changing
from paydesk.proving.ground import Ground
from paydesk.proving.judging import paydesk_has, stripe_has
from paydesk.proving.processes import Server
from paydesk.proving.shop import Shop

EACH = 10
"""How many refunds a capture is asked for, one after the other."""

AT_ONCE = 8
KILL_SECONDS = 0.25
STRIPE_MS = 300
AGAIN_SECONDS = 0.6
"""After which a client asks again that was told nothing."""

TRIES = 60
LEAST_LOST = 0.2
"""Of the first answers, so many have to be lost, or nothing is proved."""


@dataclass
class Refunded:
    """One order and its refunds. `wrong` says in sentences what should not be."""

    order: Answer
    capture: Link
    cents: list[int]
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.cents)} refunds of order {self.order.id}"


@dataclass
class Losses:
    """What was tried. lost: of how many refunds the first answer did not come, or was a 503; kills: of connections."""

    refunds: int
    orders: list[Refunded] = field(default_factory=list)
    lost: int = 0
    kills: int = 0
    doubled: int = 0
    missing: int = 0
    at_stripe: int = 0
    in_paydesk: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        return [*self.wrong, *(f"{one}: {problem}" for one in self.orders for problem in one.wrong)]

    def to_json(self) -> dict[str, Any]:
        return {
            "count": self.refunds,
            "first_answers_lost": self.lost,
            "connections_killed": self.kills,
            "doubled": self.doubled,
            "missing": self.missing,
            "wrong": self.problems,
        }


async def run(
    ground: Ground, count: int, seed: int, servers: int, database_url: str | None, tell: Callable[[str], None]
) -> Losses:
    """Ask for so many refunds."""
    nodes = [ground.server, *(Server(ground.servers) for _ in range(servers - 1))]
    for node in nodes:
        await node.start()
    shop = await ground.shop("losing")
    losses = Losses(count)
    turns = asyncio.Semaphore(AT_ONCE)

    async def prepare(cents: list[int]) -> None:
        async with turns:
            order, _, capture = await shop.captured()
            losses.orders.append(Refunded(order, capture, cents))

    tell("preparing refunds")
    everything = [900 + at % EACH for at in range(count)]
    await asyncio.gather(*(prepare(everything[at : at + EACH]) for at in range(0, count, EACH)))
    await ground.quiet()
    tell("refunding, answers are lost")
    await shop.stripe.fault({"delay_ms": STRIPE_MS, "when": "after"}, times=0, method="POST", path="/v1/refunds")
    killing = asyncio.create_task(_kill(losses, ground)) if database_url is not None else None
    chance = random.Random(seed)

    async def refund(one: Refunded, drawn: random.Random) -> None:
        async with turns:
            for cents in one.cents:
                await _refund(one, cents, shop, nodes, drawn, losses)

    await asyncio.gather(*(refund(one, random.Random(chance.random())) for one in losses.orders))
    if killing is not None:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
    await shop.stripe.mend()
    await ground.quiet()
    tell("comparing refunds")
    at_stripe = await stripe_has(shop.stripe)
    for one in losses.orders:
        made = at_stripe[one.order.id]
        kept = await paydesk_has(shop.api, one.order.id)
        losses.at_stripe += made.money.refunded
        losses.in_paydesk += kept.money.refunded
        losses.doubled += max(made.refunds - len(one.cents), 0)
        losses.missing += max(len(one.cents) - made.refunds, 0)
        if (made.refunds, made.money.refunded) != (len(one.cents), sum(one.cents)):
            one.wrong.append(f"Stripe made {made.refunds} refunds")
        if (kept.refunds, kept.money.refunded) != (made.refunds, made.money.refunded):
            losses.missing += 1
            one.wrong.append(f"Stripe has {made.money}, paydesk has {kept.money}")
        one.wrong += kept.wrong
    if losses.lost < count * LEAST_LOST:
        losses.wrong.append(f"only {losses.lost} of {count} first answers were lost")
    for node in nodes:
        await node.kill()
    return losses


async def _refund(
    one: Refunded, cents: int, shop: Shop, nodes: Sequence[Server], chance: random.Random, losses: Losses
) -> None:
    """One refund, asked for until the client is told."""
    request = changing(one.capture, {"_refund": True, "_refund_amount_cents": cents})
    for attempt in range(TRIES):
        hangs_up = attempt == 0 and chance.random() < 0.5
        status: int | None = None
        with suppress(NoAnswer, TimeoutError):
            async with asyncio.timeout(chance.uniform(0.08, 0.2) if hangs_up else None):
                status = (await shop.api.send(request, base=chance.choice(nodes).base)).status
        if status == 200:
            return
        losses.lost += attempt == 0
        if status not in (None, 409, 503):
            one.wrong.append(f"the refund of {cents} was answered {status}")
            return
        await asyncio.sleep(AGAIN_SECONDS)
    one.wrong.append(f"the refund of {cents} was never answered")


async def _kill(losses: Losses, ground: Ground) -> None:
    """End all of paydesk's connections to PostgreSQL, again and again."""
    url: str = getattr(ground.database, "url")  # noqa: B009
    killer = await asyncpg.connect(url)
    try:
        while True:
            await asyncio.sleep(KILL_SECONDS)
            losses.kills += await killer.fetchval(_KILLING)
    finally:
        await killer.close()


_KILLING = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'paydesk'"
)
