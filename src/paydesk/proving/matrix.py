"""The crash matrix: a process is killed at every point of the journal, of every act, and what follows is looked at.

No event of Stripe's reaches paydesk here, neither by webhook nor by the list of events: what is put right afterwards is
put right by the journal alone.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from paydesk.base import crash
from paydesk.proving.acts import ACTS, Act
from paydesk.proving.asking import Answer, NoAnswer, Request, Unexpected
from paydesk.proving.ground import Ground, OpenCall
from paydesk.proving.judging import AtStripe, InPaydesk, paydesk_has, stripe_has
from paydesk.proving.shop import Shop

AT_ONCE = 6

POINTS = {
    "begun": "before the first commit",
    "journalled": "after the first commit",
    "asking": "before Stripe is asked",
    "asked": "after Stripe acted",
    "settling": "before the second commit",
    "settled": "after the second commit",
}
assert tuple(POINTS) == crash.PLACES, "every place has its words"

RETRIES = {
    "none": "no",
    "equal": "sent again",
    "key": "same key",
}
"""What the client does after the restart: nothing, send the same request again, or so with the same Idempotency-Key."""


@dataclass
class Cell:
    """One death and what became of it. `wrong` says in sentences what should not be."""

    act: Act
    point: str
    retry: str
    order: Answer | None = None
    request: Request | None = None
    stripe: AtStripe | None = None
    paydesk: InPaydesk | None = None
    answered: int | None = None
    moved_twice: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def happens(self) -> bool:
        """What was begun comes about; before the first commit there is nothing, unless the client asks again."""
        return self.point != "begun" or self.retry != "none"

    def __str__(self) -> str:
        return f"{self.act.name}, killed {POINTS[self.point]}, retry: {RETRIES[self.retry]}"


def whole() -> list[Cell]:
    """Every cell. A part of a refund, done and sent again without a key, is meant twice: nothing tells it from that."""
    return [
        Cell(act, point, retry)
        for act in ACTS
        for point in POINTS
        for retry in RETRIES
        if not (act.repeats and point == "settled" and retry == "equal")
    ]


_CHOSEN = (
    ("create a payment", "begun", "none"),
    ("create a payment", "asking", "key"),
    ("create a payment", "asked", "none"),
    ("adopt a payment", "asked", "none"),
    ("adopt a payment", "settling", "equal"),
    ("update its amount", "asked", "equal"),
    ("delete it", "journalled", "none"),
    ("place", "asked", "none"),
    ("charge a saved card", "settling", "key"),
    ("capture", "asking", "none"),
    ("approve and capture", "asked", "none"),
    ("void", "asked", "equal"),
    ("cancel", "settled", "key"),
    ("refund a part", "asked", "none"),
    ("refund a part", "settling", "equal"),
    ("refund all", "settled", "none"),
)


def chosen() -> list[Cell]:
    """A cross-section that meets every act and every point."""
    return [cell for cell in whole() if (cell.act.name, cell.point, cell.retry) in _CHOSEN]


async def run(ground: Ground, cells: Sequence[Cell], tell: Callable[[str], None]) -> None:
    """Fill the cells in. `tell` is told of each step."""
    server = ground.server
    await server.start()
    shop = await ground.shop("matrix")
    await shop.stripe.fault({"webhook": "lost"}, times=0)
    await shop.stripe.fault({"status": 403}, times=0, method="GET", path="/v1/events")
    await _all(cells, lambda cell: _prepare(cell, shop, tell))
    await server.kill()
    for cell in cells:
        tell(f"killed {POINTS[cell.point]}: {cell.act.name}")
        await _die(cell, ground, shop)
    # Before the background of the new process has looked at anything, so that the request meets what was left open.
    again = [cell for cell in cells if cell.retry == "equal"]
    if again:
        await server.start(background=False)
        await _all(again, lambda cell: _ask_again(cell, shop, tell))
        await server.kill()
    await server.start()
    await _all([cell for cell in cells if cell.retry == "key"], lambda cell: _ask_again(cell, shop, tell))
    tell("recovering")
    left = await ground.quiet()
    await _look(cells, shop, tell)
    for cell in cells:
        _judge(cell, left)
    # What did not come about can be asked for as if nothing had happened.
    undone = [cell for cell in cells if not cell.happens and not cell.wrong]
    await _all(undone, lambda cell: _ask_again(cell, shop, tell))
    await ground.quiet()
    later = [replace(cell, retry="equal", wrong=[]) for cell in undone]
    await _look(later, shop, tell)
    for cell, after in zip(undone, later, strict=True):
        _judge(after, ())
        if after.wrong:
            cell.wrong += [f"asked for afterwards: {one}" for one in after.wrong]
            cell.lost += 1
    await server.kill()


async def _all(cells: Iterable[Cell], do: Callable[[Cell], object]) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(cell: Cell) -> None:
        async with turns:
            await do(cell)  # type: ignore[misc]

    await asyncio.gather(*(one(cell) for cell in cells))


async def _prepare(cell: Cell, shop: Shop, tell: Callable[[str], None]) -> None:
    tell(f"preparing: {cell.act.name}")
    cell.order, request = await cell.act.prepare(shop)
    has_key = cell.retry == "key" and request.method != "DELETE"
    cell.request = replace(request, key=secrets.token_hex(8)) if has_key else request


async def _die(cell: Cell, ground: Ground, shop: Shop) -> None:
    """Send the request to a process that dies of it."""
    assert cell.request is not None, "it was prepared"
    await ground.server.start(crash_at=f"{cell.act.kind}.{cell.point}", background=False)
    try:
        answer = await shop.api.send(cell.request)
        cell.wrong.append(f"the process lived and answered {answer.status}")
        await ground.server.kill()
    except NoAnswer:
        if not await ground.server.death():
            cell.wrong.append("the process did not die there")


async def _ask_again(cell: Cell, shop: Shop, tell: Callable[[str], None]) -> None:
    tell(f"asking again: {cell.act.name}")
    assert cell.request is not None, "it was prepared"
    try:
        answer = await shop.api.send(cell.request)
    except NoAnswer as problem:
        cell.wrong.append(f"asked again, there was no answer: {problem}")
        return
    cell.answered = answer.status
    # Done already, it may be refused; the same key is always told how it ended.
    was_done = cell.point == "settled" or (cell.request.key is None and cell.retry == "key")
    may = (200, 201, 204, 404, 422) if was_done and cell.request.key is None else (200, 201, 204)
    if answer.status not in may:
        cell.wrong.append(f"asked again, the answer was {answer.status}")


async def _look(cells: Sequence[Cell], shop: Shop, tell: Callable[[str], None]) -> None:
    at_stripe = await stripe_has(shop.stripe)

    async def look(cell: Cell) -> None:
        assert cell.order is not None, "it was prepared"
        tell(f"comparing: {cell.act.name}")
        cell.stripe = at_stripe.get(cell.order.id, AtStripe(type(cell.act.before)()))
        try:
            cell.paydesk = await paydesk_has(shop.api, cell.order.id)
        except (NoAnswer, Unexpected) as problem:
            cell.wrong.append(str(problem))

    await _all(cells, look)


def _judge(cell: Cell, left: Iterable[OpenCall]) -> None:
    stripe, paydesk = cell.stripe, cell.paydesk
    if stripe is None or paydesk is None or cell.order is None:
        cell.lost += 1
        return
    wanted = cell.act.after if cell.happens else cell.act.before
    over = stripe.money.over(wanted)
    if over and stripe.money != cell.act.before:
        cell.moved_twice += 1
        cell.wrong.append(f"moved twice at Stripe: {', '.join(over)}")
    elif stripe.money != wanted:
        cell.lost += 1
        cell.wrong.append(f"Stripe should have {wanted}")
    if len(stripe.live) > 1:
        cell.moved_twice += not over
        cell.wrong.append(f"{len(stripe.live)} live intents")
    if paydesk.money != stripe.money or paydesk.refunds != stripe.refunds:
        booked_twice = paydesk.money.over(stripe.money) and not over
        cell.moved_twice += bool(booked_twice)
        cell.lost += not booked_twice
        cell.wrong.append(f"paydesk has {paydesk.money}")
    if cell.happens and paydesk.status != cell.act.ends:
        cell.lost += 1
        cell.wrong.append(f"the order is {paydesk.status} instead of {cell.act.ends}")
    still = [one.kind for one in left if one.subject_id in paydesk.ids]
    if still:
        cell.lost += 1
        cell.wrong.append(f"still open: {', '.join(still)}")
    cell.wrong += paydesk.wrong
