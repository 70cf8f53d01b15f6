"""The goods that are made up: a few models by the rules clients meet, and copies of each in other colours."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from paydesk.operations.demo_goods import THINGS
from paydesk.operations.doing import Do
from paydesk.rules.asking import new_id

PIECES = 100_000
"""How many of each lie in each market's warehouse at first."""

COLOURS = "amber ash blue brick cherry coal cream fern gold green ivory jade lemon lilac moss navy olive plum red rose"
MODELS = 24


@dataclass(slots=True)
class Made:
    """A sku: its id, code and name, its stock item in each market, and how many pieces are left there.

    told   when pieces were taken last, in milliseconds since 1970
    """

    id: str
    code: str
    name: str
    items: tuple[str, str]
    left: list[int] = field(default_factory=lambda: [PIECES, PIECES])
    told: int = 0

    @property
    def names(self) -> tuple[str, str, str, str, str]:
        return (self.id, self.code, self.name, *self.items)


def names_of(run: str, model: int) -> Iterator[tuple[str, str]]:
    """Code and name of each sku of a model, the model's own first. `run` tells this load's codes from others'."""
    things = [thing for thing in THINGS if thing.grams]
    thing = things[model % len(things)]
    colours = COLOURS.split()
    at = 0
    while True:
        series, colour = divmod(at, len(colours))
        yield f"{thing.code}-{run}{model:02d}-{at:04d}", f"{thing.name} {run}{model:02d}.{series}, {colours[colour]}"
        at += 1


async def made_model(
    do: Do,
    run: str,
    model: int,
    like: Any,
    category: Any,
    price_lists: Sequence[Any],
    locations: Sequence[Any],
    chance: random.Random,
) -> tuple[Any, Made]:
    """The sku that the others of its model are copied from. `like` is the demo's sku of the same kind."""
    code, name = next(names_of(run, model))
    given = {"code": code, "name": name, "description": like.description, "image_url": like.image_url}
    given |= {"weight": like.weight, "unit_of_weight": "gr"}
    sku = await do("skus", "create", given, {"shipping_category": category})
    cents = chance.randrange(900, 9_900, 50)
    for price_list, more in zip(price_lists, (0, 300), strict=True):
        await do("prices", "create", {"amount_cents": cents + more}, {"price_list": price_list, "sku": sku})
    items = []
    for location in locations:
        item = await do("stock_items", "create", {"quantity": PIECES}, {"sku": sku, "stock_location": location})
        items.append(item.id)
    return sku, Made(sku.id, code, name, (items[0], items[1]))


def another(code: str, name: str) -> Made:
    return Made(new_id(), code, name, (new_id(), new_id()))
