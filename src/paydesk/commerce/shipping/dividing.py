"""How an order's goods are divided among shipments: a pure function of what is wanted and of what lies where.

Source: Commerce Layer, "Inventory models", `strategy`; "Shipments".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Place(Protocol):
    """Where a market sells from: an inventory stock location."""

    @property
    def id(self) -> str: ...
    @property
    def stock_location_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many pieces of a sku that a line of the order sends.

    counted   its stock is counted, so that it is known where the pieces lie
    """

    line_id: str
    sku_id: str
    sku_code: str | None
    category_id: str | None
    quantity: int
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Lot:
    """Pieces of a sku that lie at one place. `stock_item_id` is None where that is not known, or nothing is left."""

    line_id: str
    sku_id: str
    sku_code: str | None
    category_id: str | None
    quantity: int
    stock_item_id: str | None


@dataclass(slots=True)
class Share:
    """What is sent together: from one place, which is None where stock is not counted, and of one shipping category
    where the strategy divides by them.
    """

    place: Place | None
    category_id: str | None
    lots: list[Lot] = field(default_factory=list)

    @property
    def key(self) -> tuple[str | None, str | None]:
        """By what it is known for the same at the next time."""
        return (self.place.stock_location_id if self.place is not None else None, self.category_id)


class Stock:
    """What can be taken for the order: pieces by sku and stock location, each with its stock item."""

    def __init__(self, items: Iterable[tuple[str, str, str, int]]) -> None:
        """`items` are sku, stock location, stock item and how many pieces of it."""
        self._left: dict[tuple[str, str], tuple[str, int]] = {
            (sku, location): (item, pieces) for sku, location, item, pieces in items
        }

    def at(self, sku_id: str, place: Place) -> int:
        return self._left.get((sku_id, place.stock_location_id), ("", 0))[1]

    def take(self, wanted: Wanted, quantity: int, place: Place) -> Lot | None:
        """Take up to so many pieces from a place; None where there is none."""
        key = (wanted.sku_id, place.stock_location_id)
        item, left = self._left.get(key, ("", 0))
        pieces = min(left, quantity)
        if pieces <= 0:
            return None
        self._left[key] = (item, left - pieces)
        return Lot(wanted.line_id, wanted.sku_id, wanted.sku_code, wanted.category_id, pieces, item)


def divide(wanted: Sequence[Wanted], places: Sequence[Place], stock: Stock, strategy: str) -> list[Share]:
    """The shares of an order, in the order of the places and then of its lines; [] where nothing is wanted.

    places     where the market sells from, the first one first; none: all is one share, from nowhere in particular
    strategy   no_split: one share, from the first place that has all of it, otherwise from the first one
               ship_from_first_available_or_primary: the same, divided by shipping category
               ship_from_primary: from the first place, divided by shipping category
               split_shipments: each piece from the first place that has it, divided by place and shipping category

    Pieces that lie elsewhere than where their share is sent from keep the stock item that they are taken from.
    """
    if not wanted:
        return []
    if not places:
        return [Share(None, None, [_unplaced(one, one.quantity) for one in wanted])]
    by_category = strategy != "no_split"
    shares: dict[tuple[str | None, str | None], Share] = {}
    origin = None if strategy == "split_shipments" else _origin(wanted, places, stock, strategy)
    for one in wanted:
        for place, lot in _lots(one, places, stock, origin):
            share = Share(place, one.category_id if by_category else None)
            shares.setdefault(share.key, share).lots.append(lot)
    rank = {place.stock_location_id: at for at, place in enumerate(places)}
    return sorted(shares.values(), key=lambda share: rank[share.place.stock_location_id] if share.place else 0)


def _origin(wanted: Sequence[Wanted], places: Sequence[Place], stock: Stock, strategy: str) -> Place:
    """The one place that all is sent from."""
    if strategy == "ship_from_primary":
        return places[0]
    needs: dict[str, int] = {}
    for one in wanted:
        if one.counted:
            needs[one.sku_id] = needs.get(one.sku_id, 0) + one.quantity
    return next((place for place in places if all(stock.at(sku, place) >= n for sku, n in needs.items())), places[0])


def _lots(one: Wanted, places: Sequence[Place], stock: Stock, origin: Place | None) -> Iterator[tuple[Place, Lot]]:
    """What is wanted of one line, with the place that each lot is sent from: its own, or `origin`."""
    left = one.quantity
    for place in _nearest(places, origin) if one.counted else ():
        lot = stock.take(one, left, place)
        if lot is not None:
            left -= lot.quantity
            yield origin or place, lot
    if left:
        yield origin or places[0], _unplaced(one, left)


def _nearest(places: Sequence[Place], origin: Place | None) -> list[Place]:
    return list(places) if origin is None else [origin, *(place for place in places if place is not origin)]


def _unplaced(one: Wanted, quantity: int) -> Lot:
    return Lot(one.line_id, one.sku_id, one.sku_code, one.category_id, quantity, None)


def relocated(lots: Sequence[tuple[str | None, int]], held: Mapping[str, int]) -> list[list[tuple[str | None, int]]]:
    """From which stock items the pieces of each lot of one sku come, once it is certain how many of each are held.

    lots   the stock item that each was to come from, and its pieces

    What is held where it was to be stays; the rest comes from where more is held than was to come from there.
    """
    left, parts = dict(held), list[list[tuple[str | None, int]]]()
    for item, quantity in lots:
        here = min(left.get(item, 0), quantity) if item is not None else 0
        if item is not None and here:
            left[item] -= here
        parts.append([(item, here)] if here else [])
    for own, (item, quantity) in zip(parts, lots, strict=True):
        missing = quantity - sum(pieces for _, pieces in own)
        for other, free in left.items():
            more = min(free, missing)
            if more:
                left[other] -= more
                missing -= more
                own.append((other, more))
        if missing:
            own.append((item, missing))
    return parts
