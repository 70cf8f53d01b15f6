"""Scopes: which markets a token is for.

`market:all`, or one or more of `market:id:{id}` and `market:code:{code}` parted by spaces. Source: Commerce Layer,
"Authorization scopes".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paydesk.oauth.refusals import OAuthRefusal, invalid_scope
from paydesk.store.oauth import markets as stored_markets
from paydesk.store.oauth.markets import MarketRow
from paydesk.store.sql.ask import Database

EVERYTHING = "market:all"
MOST_PARTS = 64
LONGEST = 4096


MARKETS = "markets"
"""The type that a scope names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope whose markets were found.

    text        as it was asked for
    market_ids  in the order named, None for all markets
    """

    text: str
    market_ids: tuple[str, ...] | None = None
    allows_external_prices: bool = False

    def is_within(self, wider: Scope) -> bool:
        if wider.market_ids is None:
            return True
        return self.market_ids is not None and set(self.market_ids) <= set(wider.market_ids)


@dataclass(frozen=True, slots=True)
class _Named:
    text: str
    ids: tuple[str, ...]
    codes: tuple[str, ...]


def _parse(text: str) -> _Named:
    if len(text) > LONGEST:
        raise invalid_scope("The requested scope is too long.")
    parts = list(dict.fromkeys(text.split()))
    if not parts or parts == [EVERYTHING]:
        return _Named(EVERYTHING, (), ())
    if len(parts) > MOST_PARTS:
        raise invalid_scope("The requested scope names too many markets.")
    ids: list[str] = []
    codes: list[str] = []
    for part in parts:
        resource, _, rest = part.partition(":")
        by, _, value = rest.partition(":")
        # Stores and stock locations are not served, so none that could be named exists. A market's number alone
        # (`market:1234`) has not been a scope since 2024.
        if resource != "market" or by not in ("id", "code") or not value:
            raise invalid_scope(f"The requested scope is invalid, unknown, or malformed: {part}")
        (ids if by == "id" else codes).append(value)
    return _Named(" ".join(parts), tuple(ids), tuple(codes))


def _found(named: _Named, markets: Iterable[MarketRow], kind: str) -> Scope:
    if not named.ids and not named.codes:
        return Scope(EVERYTHING)
    # A private market is for the customers of its group, and no group is served: no shopper is in one.
    enabled = [market for market in markets if not market.disabled and (kind != "sales_channel" or not market.private)]
    by_id = {market.id: market for market in enabled}
    by_code = {market.code: market for market in enabled if market.code}
    chosen: dict[str, MarketRow] = {}
    for part in named.text.split(" "):
        _, by, value = part.split(":", 2)
        market = by_id.get(value) if by == "id" else by_code.get(value)
        if market is None:
            raise invalid_scope(f"The requested scope is invalid, unknown, or malformed: {part}")
        chosen[market.id] = market
    return Scope(named.text, tuple(chosen), all(market.allows_external_prices for market in chosen.values()))


async def resolve(database: Database, tenant: str, kind: str, asked: str | None, widest: str | None) -> Scope:
    """The scope that `asked` means, or `widest` (all markets, where that is not set either) where nothing is asked.

    raises  OAuthRefusal (`invalid_scope`): malformed, a market unknown, disabled or private, or beyond `widest`
    """
    allowed = _parse(widest or "")
    wanted = _parse(asked) if asked and asked.strip() else allowed
    ids, codes = [*allowed.ids, *wanted.ids], [*allowed.codes, *wanted.codes]
    markets = await database.read(lambda: stored_markets.markets(MARKETS, tenant, ids, codes)) if ids or codes else []
    scope = _found(wanted, markets, kind)
    if wanted is not allowed:
        try:
            limit = _found(allowed, markets, kind)
        except OAuthRefusal:
            # One of the markets it was limited to is gone; what is left of them is not to be guessed here.
            raise invalid_scope("The requested scope exceeds what is granted.") from None
        if not scope.is_within(limit):
            raise invalid_scope("The requested scope exceeds what is granted.")
    return scope
