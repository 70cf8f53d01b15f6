"""What is in stock for a market: the pieces at its inventory model's locations that are not reserved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paydesk.commerce.inventory.inventory_models import CUTOFF
from paydesk.commerce.inventory.inventory_stock_locations import InventoryStockLocation
from paydesk.commerce.inventory.lead_times import lead_times
from paydesk.commerce.inventory.lead_times import told as lead_times_told
from paydesk.commerce.inventory.stock_items import StockItem
from paydesk.declare import Rule, Test, both, eq, within
from paydesk.rules.asking import Find
from paydesk.rules.gathering import About


@dataclass(frozen=True, slots=True)
class Levels:
    """The stock of some skus, by their ids: their items at the locations that count, the first location first."""

    items: Mapping[str, list[StockItem]]

    def free(self, sku_id: str) -> int:
        """How many of a sku can be ordered."""
        return sum(item.free for item in self.items.get(sku_id, ()))


def levels(model_id: str, sku_ids: Collection[str]) -> Rule:
    """The `Levels` of skus in an inventory model, as they are without a lock."""
    return (yield from at((yield from counted_places(model_id)), sku_ids))


def counted_places(model_id: str) -> Rule:
    """The ids of the locations of a model that count, the first one first."""
    return [place.stock_location_id for place in (yield from places_of(model_id))]


def places_of(model_id: str) -> Rule:
    """The inventory stock locations of a model that count, one of each stock location, the first one first."""
    places: list[InventoryStockLocation] = yield Find(
        "inventory_stock_locations", eq("inventory_model_id", model_id), ("inventory_model",), many=True
    )
    of_location: dict[str, InventoryStockLocation] = {}
    for place in sorted(places, key=_rank):
        of_location.setdefault(place.stock_location_id, place)
    return [of_location[location] for location in _counted(places)]


def _rank(place: InventoryStockLocation) -> tuple[int, str, str]:
    return place.priority, place.created_at, place.id


def _counted(places: Iterable[InventoryStockLocation]) -> list[str]:
    """The ids of the locations that count: of each model the first, as many as it says."""
    of_model: dict[str, dict[str, int]] = {}
    for place in sorted(places, key=_rank):
        counted = of_model.setdefault(place.inventory_model_id, {})
        if len(counted) < (place.inventory_model.stock_locations_cutoff or CUTOFF):
            counted.setdefault(place.stock_location_id, place.priority)
    first: dict[str, int] = {}
    for counted in of_model.values():
        for location, priority in counted.items():
            first[location] = min(priority, first.get(location, priority))
    return sorted(first, key=first.__getitem__)


def at(locations: list[str], sku_ids: Collection[str]) -> Rule:
    """The `Levels` of skus at locations, the first location first."""
    if not locations or not sku_ids:
        return Levels({})
    where = both(within("stock_location_id", locations), within("sku_id", sorted(sku_ids)))
    return there((yield Find(StockItem, where, many=True)), locations)


def there(items: Iterable[StockItem], locations: list[str]) -> Levels:
    """Stock items by their skus, in the order of their locations; those at other locations come last."""
    order = {location: at for at, location in enumerate(locations)}
    of_sku: dict[str, list[StockItem]] = {}
    for item in sorted(items, key=lambda one: order.get(one.stock_location_id, len(order))):
        of_sku.setdefault(item.sku_id, []).append(item)
    return Levels(of_sku)


def inventories(skus: Mapping[str, tuple[bool, str | None]], about: About) -> Rule:
    """`skus.inventory`: by the market of the order that is read, otherwise by the markets of the token.

    skus     by id, whether their stock is not counted, and their shipping category
    source   Commerce Layer, "SKUs", `inventory`; a sku that is not counted has no `quantity`
    """
    told: dict[str, dict[str, Any]] = {
        sku: {"available": True, "levels": []} for sku, (uncounted, _) in skus.items() if uncounted
    }
    counted = skus.keys() - told.keys()
    if not counted or not (places := (yield from _places(about))):
        return told
    found: Levels = yield from at(_counted(places), counted)
    free = {sku: [item for item in found.items.get(sku, ()) if item.free] for sku in counted}
    times = yield from lead_times({item.stock_location_id for each in free.values() for item in each}, _markets(about))
    for sku, items in free.items():
        told[sku] = {
            "available": bool(items),
            "quantity": sum(item.free for item in items),
            "levels": [_level(item, times, skus[sku][1]) for item in items],
        }
    return told


def _level(item: StockItem, times: Mapping[str, list[Any]], category_id: str | None) -> dict[str, Any]:
    location = item.stock_location_id
    return {
        "quantity": item.free,
        "delivery_lead_times": lead_times_told(times.get(location, ()), category_id, location),
    }


def _markets(about: About) -> Collection[str] | None:
    """The markets that a document is read for; None for all."""
    return (about.told["market_id"],) if "market_id" in about.told else about.actor.market_ids


def _places(about: About) -> Rule:
    """The locations of the inventory models that a document is read for; none where no market of it has one."""
    if "market.inventory_model_id" in about.told:
        model = about.told["market.inventory_model_id"]
        where = eq("inventory_model_id", model)
        is_known = model is not None
    else:
        markets = about.actor.market_ids
        where = within("inventory_model.markets.id", markets) if markets is not None else Test("priority", "not_null")
        is_known = not about.written
    if not is_known:
        return []
    return (yield Find("inventory_stock_locations", where, ("inventory_model",), many=True))
