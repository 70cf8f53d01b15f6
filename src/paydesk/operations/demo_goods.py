"""What the demo sells: each thing with its picture and its price in both markets, and how much of it lies where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paydesk.operations.doing import Do, Find, first

PICTURES = "/pictures/"
"""Below which address this server shows the pictures."""

IN_STOCK = 1_000_000
"""How many there are of each digital thing, which is not counted anyway."""


@dataclass(frozen=True)
class Thing:
    """Something to buy, by its code.

    cents    its price in the currency of each market
    grams    what it weighs; None where nothing is shipped
    pieces   how many there are in each market's warehouse
    """

    code: str
    name: str
    description: str
    cents: tuple[int, int]
    grams: float | None = None
    pieces: tuple[int, int] = (IN_STOCK, IN_STOCK)

    @property
    def picture(self) -> str:
        return f"{PICTURES}{self.code.lower()}.svg"


THINGS = (
    Thing(
        "BACKPACK-PATTERN",
        "Backpack sewing pattern",
        "Cut and sew a small rucksack of your own: 14 pages to print.",
        (2900, 3200),
    ),
    Thing("FIELD-GUIDE", "Field guide to alpine flowers", "240 flowers from 800 m up, as an e-book.", (4500, 4900)),
    Thing("SOUND-LIBRARY", "Library of forest sounds", "Nine hours of woods without people.", (5100, 5600)),
    Thing(
        "TENT-LANTERN",
        "Camping lantern",
        "A lantern for tent and porch that burns for twelve hours.",
        (4500, 4900),
        420.0,
        (180, 120),
    ),
    Thing("TIN-MUG", "Enamel mug", "Holds 350 ml and survives every fall.", (1600, 1800), 180.0, (600, 400)),
    Thing("TRAIL-COMPASS", "Brass compass", "Points north, in a case of solid brass.", (3900, 4200), 95.0, (240, 160)),
    Thing(
        "TRAIL-PACK",
        "Canvas rucksack",
        "22 litres of waxed canvas, with straps of leather.",
        (8900, 9900),
        1150.0,
        (90, 60),
    ),
    Thing(
        "WATER-FLASK",
        "Steel flask",
        "750 ml, cold for a day and hot for half a one.",
        (2800, 3100),
        340.0,
        (400, 300),
    ),
    Thing("WOOL-HAT", "Knitted wool hat", "Merino wool with a bobble, one size.", (3400, 3700), 110.0, (300, 200)),
)

DIGITAL, GOODS = "demo", "demo-goods"
"""The codes of the shipping categories."""


async def ensure_skus(do: Do, find: Find, price_lists: Sequence[Any], base_url: str) -> tuple[Any, ...]:
    """Every thing as a sku with its prices. One of an earlier version is given its picture and description, and a
    picture of this server is looked for where the server is now; what else is changed of a sku stays.
    """
    categories = {}
    for code, name in ((DIGITAL, "Digital goods"), (GOODS, "Goods")):
        categories[code] = await first(find, "shipping_categories", "code", code) or await do(
            "shipping_categories", "create", {"name": name, "code": code}, {}
        )
    skus = []
    for thing in THINGS:
        sku = await first(find, "skus", "code", thing.code)
        picture = base_url + thing.picture
        if sku is None:
            ships = thing.grams is not None
            given: dict[str, Any] = {"code": thing.code, "name": thing.name, "description": thing.description}
            given |= {"image_url": picture, "do_not_ship": not ships, "do_not_track": not ships}
            if ships:
                given |= {"weight": thing.grams, "unit_of_weight": "gr"}
            sku = await do("skus", "create", given, {"shipping_category": categories[GOODS if ships else DIGITAL]})
        elif sku.image_url is None:
            given = {"image_url": picture, "description": sku.description or thing.description}
            sku = await do("skus", "update", given, {}, id=sku.id)
        elif sku.image_url != picture and sku.image_url.endswith(thing.picture):
            sku = await do("skus", "update", {"image_url": picture}, {}, id=sku.id)
        priced = {price.price_list_id for price in await find("prices", "sku_id", sku.id)}
        for price_list, amount in zip(price_lists, thing.cents, strict=True):
            if price_list.id not in priced:
                await do("prices", "create", {"amount_cents": amount}, {"price_list": price_list, "sku": sku})
        skus.append(sku)
    return tuple(skus)


async def ensure_stock(
    do: Do, find: Find, at: int, market: Any, skus: Sequence[Any], address: Mapping[str, Any], names: tuple[str, str]
) -> Any:
    """A warehouse of the market's own with pieces of everything, and the inventory model that sells from it. The
    market of an earlier version is told of it, once; what is changed of it later stays.

    at      which of the markets it is, in the order of `Thing.pieces`
    names   of the warehouse, and of the inventory model
    """
    location = await first(find, "stock_locations", "code", market.code)
    if location is None:
        made = await do("addresses", "create", address, {})
        given = {"name": names[0], "code": market.code}
        location = await do("stock_locations", "create", given, {"address": made})
    pieces = {thing.code: thing.pieces[at] for thing in THINGS}
    for sku in skus:
        if all(item.stock_location_id != location.id for item in await find("stock_items", "sku_id", sku.id)):
            related = {"sku": sku, "stock_location": location}
            await do("stock_items", "create", {"quantity": pieces[sku.code]}, related)
    model = await first(find, "inventory_models", "reference", market.code) or await do(
        "inventory_models", "create", {"name": names[1], "reference": market.code}, {}
    )
    related = {"inventory_model": model, "stock_location": location}
    for kind in ("inventory_return_locations", "inventory_stock_locations"):
        if not await find(kind, "inventory_model_id", model.id):
            await do(kind, "create", {"priority": 1}, related)
            if kind == "inventory_stock_locations" and market.inventory_model_id is None:
                market = await do("markets", "update", {}, {"inventory_model": model}, id=market.id)
    return market
