"""Scopes: which markets, store and stock locations a token is for.

`market:all`, or one or more of `market:id:{id}`, `market:code:{code}`, and the like of stock locations and of one
store, parted by spaces. A store brings its market. Source: Commerce Layer, "Authorization scopes".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paydesk.oauth.refusals import OAuthRefusal, invalid_scope
from paydesk.store.oauth import markets as stored_markets
from paydesk.store.oauth.markets import LocationRow, MarketRow, StoreRow
from paydesk.store.sql.ask import Database

EVERYTHING = "market:all"
MOST_PARTS = 64
LONGEST = 4096


MARKETS, STORES, LOCATIONS = "markets", "stores", "stock_locations"
"""The types that a scope names."""

_TYPES = {"market": MARKETS, "store": STORES, "stock_location": LOCATIONS}


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope whose markets were found.

    text                as it was asked for
    market_ids          in the order named, None for all markets
    stock_location_ids  that are named
    store_id            the store that is named
    groups              of customers: a shopper has to be in each of them, since the markets are theirs
    """

    text: str
    market_ids: tuple[str, ...] | None = None
    allows_external_prices: bool = False
    stock_location_ids: tuple[str, ...] = ()
    store_id: str | None = None
    groups: frozenset[str | None] = frozenset()

    def is_within(self, wider: Scope) -> bool:
        if wider.store_id not in (None, self.store_id):
            return False
        if wider.stock_location_ids and not {*wider.stock_location_ids} >= {*self.stock_location_ids} != set():
            return False
        if wider.market_ids is None:
            return True
        return self.market_ids is not None and set(self.market_ids) <= set(wider.market_ids)

    def is_for(self, group: str | None) -> bool:
        """Whether a shopper of this group, or of none, may enter all of its markets."""
        return not self.groups or (group is not None and self.groups == {group})


@dataclass(frozen=True, slots=True)
class _Named:
    """What a scope names: resource, `id` or `code`, and which."""

    text: str
    parts: tuple[tuple[str, str, str], ...] = ()

    def of(self, type_: str, by: str) -> list[str]:
        return [value for resource, how, value in self.parts if (_TYPES[resource], how) == (type_, by)]


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is of what scopes name."""

    markets: Sequence[MarketRow] = ()
    stores: Sequence[StoreRow] = ()
    locations: Sequence[LocationRow] = ()

    def one(self, type_: str, by: str, value: str) -> Any:
        rows: Iterable[Any] = {MARKETS: self.markets, STORES: self.stores, LOCATIONS: self.locations}[type_]
        return next((row for row in rows if getattr(row, by) == value), None)


def _parse(text: str) -> _Named:
    if len(text) > LONGEST:
        raise invalid_scope("The requested scope is too long.")
    parts = list(dict.fromkeys(text.split()))
    if not parts or parts == [EVERYTHING]:
        return _Named(EVERYTHING)
    if len(parts) > MOST_PARTS:
        raise invalid_scope("The requested scope names too many markets.")
    found: list[tuple[str, str, str]] = []
    for part in parts:
        resource, _, rest = part.partition(":")
        by, _, value = rest.partition(":")
        # A market's number alone (`market:1234`) has not been a scope since 2024.
        if resource not in _TYPES or by not in ("id", "code") or not value:
            raise _unknown(part)
        found.append((resource, by, value))
    return _Named(" ".join(parts), tuple(found))


def _unknown(part: str) -> OAuthRefusal:
    return invalid_scope(f"The requested scope is invalid, unknown, or malformed: {part}")


def _found(named: _Named, there: _Found) -> Scope:
    if not named.parts:
        return Scope(EVERYTHING)
    markets: dict[str, MarketRow] = {}
    stores: dict[str, StoreRow] = {}
    locations: dict[str, None] = {}
    for resource, by, value in named.parts:
        row = there.one(_TYPES[resource], by, value)
        market = row if resource == "market" else None
        if resource == "store" and row is not None:
            stores[row.id] = row
            market = there.one(MARKETS, "id", row.market_id)
        if row is None or (resource != "stock_location" and (market is None or market.disabled)):
            raise _unknown(f"{resource}:{by}:{value}")
        if market is not None:
            markets[market.id] = market
        elif resource == "stock_location":
            locations[row.id] = None
    if len(stores) > 1:
        raise invalid_scope("The requested scope names more than one store.")
    return Scope(
        named.text,
        tuple(markets) or None,
        bool(markets) and all(market.allows_external_prices for market in markets.values()),
        tuple(locations),
        next(iter(stores), None),
        frozenset(market.group for market in markets.values() if market.private),
    )


async def resolve(database: Database, tenant: str, asked: str | None, widest: str | None) -> Scope:
    """The scope that `asked` means, or `widest` (all markets, where that is not set either) where nothing is asked.

    raises  OAuthRefusal (`invalid_scope`): malformed, what it names unknown or disabled, or beyond `widest`
    """
    allowed = _parse(widest or "")
    wanted = _parse(asked) if asked and asked.strip() else allowed
    there = await _read(database, tenant, allowed, wanted)
    scope = _found(wanted, there)
    if wanted is not allowed:
        try:
            limit = _found(allowed, there)
        except OAuthRefusal:
            # One of the markets it was limited to is gone; what is left of them is not to be guessed here.
            raise invalid_scope("The requested scope exceeds what is granted.") from None
        if not scope.is_within(limit):
            raise invalid_scope("The requested scope exceeds what is granted.")
    return scope


async def _read(database: Database, tenant: str, *scopes: _Named) -> _Found:
    """What there is of what scopes name, the markets of stores among it."""

    def named(type_: str) -> tuple[list[str], list[str]]:
        ids, codes = ([value for one in scopes for value in one.of(type_, by)] for by in ("id", "code"))
        return ids, codes

    stores: list[StoreRow] = []
    locations: list[LocationRow] = []
    markets: list[MarketRow] = []
    ids, codes = named(STORES)
    if ids or codes:
        stores = await database.read(lambda: stored_markets.stores(STORES, tenant, *named(STORES)))
    ids, codes = named(LOCATIONS)
    if ids or codes:
        locations = await database.read(lambda: stored_markets.locations(LOCATIONS, tenant, *named(LOCATIONS)))
    ids, codes = named(MARKETS)
    ids += [store.market_id for store in stores]
    if ids or codes:
        markets = await database.read(lambda: stored_markets.markets(MARKETS, tenant, ids, codes))
    return _Found(markets, stores, locations)
