"""Seeded interleavings: requests for one order at the same time, Stripe misbehaving, webhooks in any order, kill -9.

Everything that is decided is decided by the seed. How the processes then get on with it is up to the machine, so the
same seed asks the same things and may still take another turn.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from paydesk.base import crash
from paydesk.proving.acts import PART
from paydesk.proving.asking import Answer, Link, NoAnswer, Request, Unexpected, changing, creating
from paydesk.proving.ground import Ground, OpenCall
from paydesk.proving.judging import AtStripe, InPaydesk, Money, paydesk_has, stripe_has
from paydesk.proving.processes import Server
from paydesk.proving.shop import CARD, Shop

GROUP = 5
"""So many orders are worked on at the same time, and meet the same kill."""

AT_ONCE = 6
EVENTS_SECONDS = 60.0
HASTY_SECONDS = 3.0
"""How long a quick proof waits for events: what they tell is known by then, or missing and waited for."""
CONVERGES_SECONDS = 90.0
"""Within which Stripe's sums are paydesk's: what no webhook tells is fetched once a minute."""

TOLD = frozenset((200, 201, 204, 404, 409, 422, 423, 503))
"""What a client may be answered: done, not now, not any more."""

REQUESTS = {
    "open": ("place", "place", "place", "update", "refresh", "cancel", "confirm at Stripe"),
    "authorized": ("place", "place", "refresh", "cancel", "place"),
    "placed": (
        "capture", "capture", "capture part", "approve and capture", "approve and capture", "void", "cancel", "refresh",
        "capture at Stripe",
    ),
    "captured": ("refund part", "refund part", "refund part", "refund all", "cancel", "refresh", "refund at Stripe"),
}  # fmt: skip
"""What may be asked for at the same time, by how far the order is."""

PATHS = {"open": "/v1/payment_intents/{}", "authorized": "/v1/payment_intents/{}", "placed": "/v1/payment_intents/{}"}
"""Which calls go wrong; of captured orders, refunds."""

FAULTS: tuple[dict[str, object], ...] = (
    {"drop": "before"},
    {"drop": "after"},
    {"cut": True},
    {"status": 500, "when": "before"},
    {"status": 500, "when": "after"},
    {"status": 409},
    {"status": 429, "retry_after": 0},
    {"delay_ms": 150},
)

KINDS = ("place_order", "capture_payment", "void_payment", "refund_payment", "amend_payment")


@dataclass(frozen=True)
class Step:
    """One request: what, how many milliseconds after the others, to which server, with a key and once more if lost."""

    name: str
    after_ms: int
    server: int
    key: str | None
    again: bool

    @property
    def at_stripe(self) -> bool:
        """Whether it is done at Stripe, past paydesk."""
        return self.name.endswith("at Stripe")


@dataclass(frozen=True)
class Kill:
    """The end of a server: after some milliseconds, or at a crash point."""

    server: int
    after_ms: int = 0
    at: str = ""


@dataclass
class Interleaving:
    """One order's turn."""

    number: int
    stage: str
    steps: tuple[Step, ...]
    call_fault: dict[str, object] | None
    webhook_fault: dict[str, object] | None
    order: Answer | None = None
    payment: Answer | None = None
    part: Link | None = None
    answers: list[tuple[str, int | None]] = field(default_factory=list)
    stripe: AtStripe | None = None
    paydesk: InPaydesk | None = None
    moved_twice: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        names = ", ".join(step.name for step in self.steps)
        faults = [str(one) for one in (self.call_fault, self.webhook_fault) if one]
        return f"{self.number}: {self.stage}: {names}" + "".join(f"; {one}" for one in faults)


def drawn(seed: int, count: int, servers: int, *, patient: bool = True) -> list[tuple[list[Interleaving], Kill | None]]:
    """The groups that a seed stands for.

    patient   webhooks may be lost for good; then it takes up to a minute until they are missed and fetched
    """
    groups = []
    for first in range(0, count, GROUP):
        chance = random.Random(f"{seed}/{first}")
        group = [_one(chance, first + at, servers, patient) for at in range(min(GROUP, count - first))]
        groups.append((group, _kill(chance, servers)))
    return groups


def _one(chance: random.Random, number: int, servers: int, patient: bool) -> Interleaving:
    stage = chance.choice(tuple(REQUESTS))
    shared = f"{chance.getrandbits(64):x}"
    steps = tuple(
        Step(
            chance.choice(REQUESTS[stage]),
            chance.choice((0, 0, 0, chance.randrange(60))),
            chance.randrange(servers),
            chance.choice((None, None, "shared", "own")),
            chance.random() < 0.6,
        )
        for _ in range(chance.randrange(2, 5))
    )
    # A key is one request's: what is asked for is part of it. At Stripe itself there is none.
    steps = tuple(
        replace(
            one, key=f"{shared}/{one.name}/{at if one.key == 'own' else ''}" if one.key and not one.at_stripe else None
        )
        for at, one in enumerate(steps)
    )
    call_fault = chance.choice(FAULTS) if chance.random() < 0.5 else None
    webhook_fault: dict[str, object] | None = None
    if chance.random() < 0.4:
        mode = chance.choice(("twice", "late", "reversed", "lost" if patient else "twice"))
        webhook_fault = {"webhook": mode, "seconds": 1} if mode == "late" else {"webhook": mode}
    return Interleaving(number, stage, steps, call_fault, webhook_fault)


def _kill(chance: random.Random, servers: int) -> Kill | None:
    server = chance.randrange(servers)
    if chance.random() < 0.3:
        return None
    if chance.random() < 0.5:
        return Kill(server, after_ms=chance.randrange(300))
    return Kill(server, at=f"{chance.choice(KINDS)}.{chance.choice(crash.PLACES)}:{chance.randrange(1, 4)}")


async def run(
    ground: Ground,
    groups: Sequence[tuple[list[Interleaving], Kill | None]],
    tell: Callable[[str], None],
    servers: int,
    patient: bool,
) -> int:
    """Let the groups happen, one after the other; returns how many servers were killed.

    patient   wait for every event to be worked, whatever became of whoever had taken it
    """
    events_seconds = EVENTS_SECONDS if patient else HASTY_SECONDS
    nodes = [ground.server, *(Server(ground.servers) for _ in range(servers - 1))]
    for node in nodes:
        await node.start()
    shop = await ground.shop("interleavings")
    everything = [one for group, _ in groups for one in group]
    await _all(everything, lambda one: _prepare(one, shop, tell))
    await ground.quiet(events_seconds=events_seconds)
    kills = 0
    for number, (group, kill) in enumerate(groups):
        tell(f"interleavings {number * GROUP + 1} to {number * GROUP + len(group)}")
        kills += await _happen(group, kill, nodes, shop)
    tell("recovering")
    for node in nodes:
        # One that was to die at a place it did not come to might still come there.
        await node.kill()
        await node.start()
    await shop.stripe.mend()
    # What could not be delivered is delivered again after a minute of Stripe's.
    await shop.stripe.pass_time(61)
    left = await _converged(ground, everything, shop, tell, events_seconds)
    for one in everything:
        _judge(one, left)
    tell("finishing every order")
    await _all([one for one in everything if not one.wrong], lambda one: _finish(one, shop))
    left = await _converged(ground, everything, shop, tell, events_seconds)
    for one in everything:
        if not one.wrong:
            _judge(one, left)
    for node in nodes:
        await node.kill()
    return kills


async def _all(those: Iterable[Interleaving], do: Callable[[Interleaving], object]) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(each: Interleaving) -> None:
        async with turns:
            await do(each)  # type: ignore[misc]

    await asyncio.gather(*(one(each) for each in those))


async def _prepare(one: Interleaving, shop: Shop, tell: Callable[[str], None]) -> None:
    tell(f"preparing: interleaving {one.number + 1}")
    if one.stage == "open":
        one.order = await shop.order()
        one.payment = await shop.payment(one.order, payment_method=CARD)
    elif one.stage == "authorized":
        one.order, one.payment = await shop.authorized()
    elif one.stage == "placed":
        one.order, one.payment = await shop.placed()
        one.part = await shop.only(one.order, "authorizations")
    else:
        one.order, one.payment, one.part = await shop.captured()


async def _happen(group: Sequence[Interleaving], kill: Kill | None, nodes: Sequence[Server], shop: Shop) -> int:
    """One group. Returns whether a server was killed."""
    for number, node in enumerate(nodes):
        at = kill.at if kill is not None and kill.server == number else ""
        if at or not await node.runs():
            await node.kill()
            await node.start(crash_at=at)
    await shop.stripe.mend()
    for one in group:
        await _misbehave(one, shop)
    steps = [(one, step) for one in group for step in one.steps]
    working = [asyncio.create_task(_step(one, step, nodes, shop)) for one, step in steps]
    if kill is not None and not kill.at:
        await asyncio.sleep(kill.after_ms / 1000)
        await nodes[kill.server].kill()
    done = await asyncio.gather(*working)
    killed = 0
    for node in nodes:
        if not await node.runs():
            killed += 1
            await node.kill()
            await node.start()
    again = [(one, step) for (one, step), answered in zip(steps, done, strict=True) if not answered and step.again]
    await asyncio.gather(*(_step(one, step, nodes, shop) for one, step in again))
    return killed


async def _misbehave(one: Interleaving, shop: Shop) -> None:
    assert one.payment is not None and one.order is not None, "it was prepared"
    if one.call_fault is not None:
        path = PATHS.get(one.stage, "/v1/refunds").format(one.payment["stripe_id"])
        await shop.stripe.fault(one.call_fault, method="POST", path=path)
    if one.webhook_fault is not None:
        await shop.stripe.fault(one.webhook_fault, times=2)


async def _step(one: Interleaving, step: Step, nodes: Sequence[Server], shop: Shop) -> bool:
    """Whether there was an answer."""
    await asyncio.sleep(step.after_ms / 1000)
    assert one.order is not None and one.payment is not None, "it was prepared"
    intent = one.payment["stripe_id"]
    if step.at_stripe:
        try:
            if step.name.startswith("confirm"):
                await shop.stripe.call("POST", f"/v1/payment_intents/{intent}/confirm", payment_method=CARD)
            elif step.name.startswith("capture"):
                await shop.stripe.call("POST", f"/v1/payment_intents/{intent}/capture")
            else:
                await shop.stripe.call("POST", "/v1/refunds", payment_intent=intent, amount=PART)
            one.answers.append((step.name, 200))
        except (Unexpected, NoAnswer):
            one.answers.append((step.name, None))
        return True
    request = replace(_request(one, step.name), key=step.key)
    try:
        answer = await shop.api.send(request, base=nodes[step.server].base)
    except NoAnswer:
        one.answers.append((step.name, None))
        return False
    one.answers.append((step.name, answer.status))
    if answer.status not in TOLD:
        one.wrong.append(f"{step.name} was answered {answer.status}")
    return True


def _request(one: Interleaving, name: str) -> Request:
    assert one.order is not None and one.payment is not None, "it was prepared"
    order, payment, part = one.order.link, one.payment.link, one.part or {}
    return {
        "place": lambda: changing(order, {"_place": True}),
        "update": lambda: changing(payment, {"_update": True}),
        "refresh": lambda: changing(payment, {"_refresh": True}),
        "cancel": lambda: changing(order, {"_cancel": True}),
        "capture": lambda: changing(part, {"_capture": True}),
        "capture part": lambda: changing(part, {"_capture": True, "_capture_amount_cents": PART}),
        "approve and capture": lambda: changing(order, {"_approve_and_capture": True}),
        "void": lambda: changing(part, {"_void": True}),
        "refund part": lambda: changing(part, {"_refund": True, "_refund_amount_cents": PART}),
        "refund all": lambda: changing(order, {"_refund": True}),
    }[name]()


async def _converged(
    ground: Ground, those: Sequence[Interleaving], shop: Shop, tell: Callable[[str], None], events_seconds: float
) -> list[OpenCall]:
    """Look until Stripe and paydesk say the same of every order, or the time is up."""
    deadline = time.monotonic() + CONVERGES_SECONDS
    apart = list(those)
    while True:
        left = await ground.quiet(events_seconds=events_seconds)
        at_stripe = await stripe_has(shop.stripe)

        async def look(one: Interleaving, at_stripe: dict[str, AtStripe] = at_stripe) -> None:
            assert one.order is not None, "it was prepared"
            one.stripe = at_stripe.get(one.order.id, AtStripe(Money()))
            one.paydesk = await paydesk_has(shop.api, one.order.id)

        tell("comparing")
        await _all(apart, look)
        apart = [one for one in apart if one.stripe and one.paydesk and one.stripe.money != one.paydesk.money]
        if not apart or left or time.monotonic() > deadline:
            return left
        await asyncio.sleep(1)


def _judge(one: Interleaving, left: Iterable[OpenCall]) -> None:
    stripe, paydesk = one.stripe, one.paydesk
    assert stripe is not None and paydesk is not None, "it was looked at"
    if len(stripe.live) > 1:
        one.moved_twice += 1
        one.wrong.append(f"{len(stripe.live)} live intents")
    if stripe.refunds > _refunds_asked(one):
        one.moved_twice += 1
        one.wrong.append(f"{stripe.refunds} refunds, {_refunds_asked(one)} asked for")
    if paydesk.money != stripe.money or paydesk.refunds != stripe.refunds:
        booked_twice = paydesk.money.over(stripe.money)
        one.moved_twice += bool(booked_twice)
        one.lost += not booked_twice
        one.wrong.append(f"Stripe has {stripe.money}, paydesk has {paydesk.money}")
    for name in _unkept(one):
        one.lost += 1
        one.wrong.append(f"{name} was answered with success and is not there")
    still = [each.kind for each in left if each.subject_id in paydesk.ids]
    if still:
        one.lost += 1
        one.wrong.append(f"still open: {', '.join(still)}")
    one.wrong += paydesk.wrong


def _refunds_asked(one: Interleaving) -> int:
    """How many refunds may have been meant: one for each request, with a key one for each key."""
    counted: set[str] = set()
    for step in one.steps:
        if step.name.startswith("refund") or step.name == "cancel":
            counted.add(step.key or secrets.token_hex(4))
    return len(counted) + sum(
        step.again and step.key is None for step in one.steps if step.name in ("refund part", "refund all", "cancel")
    )


def _unkept(one: Interleaving) -> list[str]:
    """What was acknowledged and is not so."""
    paydesk = one.paydesk
    assert paydesk is not None, "it was looked at"
    money = paydesk.money
    kept = {
        "place": paydesk.status in ("placed", "approved", "cancelled"),
        "cancel": paydesk.status == "cancelled",
        "approve and capture": money.captured > 0,
        "refund all": money.refunded > 0 and money.refunded == money.captured,
    }
    return [name for name, status in one.answers if status == 200 and not kept.get(name, True)]


async def _finish(one: Interleaving, shop: Shop) -> None:
    """No order is stuck: whatever happened to it, it goes on from there."""
    paydesk, order = one.paydesk, one.order
    assert paydesk is not None and order is not None, "it was looked at"
    if paydesk.status == "pending" and (paydesk.money.held or paydesk.money.open):
        request = changing(order.link, {"_place": True})
    elif paydesk.status == "pending":
        request = creating("stripe_payments", order=order.link)
    elif paydesk.status in ("placed", "approved") and paydesk.money.held:
        request = changing(order.link, {"_approve_and_capture": True})
    else:
        return
    try:
        answer = await shop.api.send(request)
    except NoAnswer as problem:
        one.lost += 1
        one.wrong.append(f"it cannot go on: {problem}")
        return
    if answer.status not in (200, 201):
        one.lost += 1
        one.wrong.append(f"{paydesk.status} and stuck: it cannot go on ({answer.status})")
