"""Markets, stores and stock locations, as a scope names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, select

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, ListOf


@dataclass(frozen=True, slots=True)
class MarketRow:
    """`group`: whose customers alone may enter, where it is private."""

    id: str
    code: str | None
    disabled: bool
    private: bool
    group: str | None
    allows_external_prices: bool


@dataclass(frozen=True, slots=True)
class StoreRow:
    id: str
    code: str | None
    market_id: str


@dataclass(frozen=True, slots=True)
class LocationRow:
    id: str
    code: str | None


def markets(type_: str, tenant: str, ids: list[str], codes: list[str]) -> Transaction[list[MarketRow]]:
    """The markets that have one of the ids or codes."""
    names = ("id", "code", "disabled_at", "private", "customer_group_id", "external_prices_url")
    rows = yield from _named(type_, names, tenant, ids, codes)
    return [MarketRow(row[0], row[1], row[2] is not None, bool(row[3]), row[4], bool(row[5])) for row in rows]


def stores(type_: str, tenant: str, ids: list[str], codes: list[str]) -> Transaction[list[StoreRow]]:
    """The stores that have one of the ids or codes."""
    rows = yield from _named(type_, ("id", "code", "market_id"), tenant, ids, codes)
    return [StoreRow(*row) for row in rows]


def locations(type_: str, tenant: str, ids: list[str], codes: list[str]) -> Transaction[list[LocationRow]]:
    """The stock locations that have one of the ids or codes."""
    rows = yield from _named(type_, ("id", "code"), tenant, ids, codes)
    return [LocationRow(*row) for row in rows]


def _named(type_: str, names: tuple[str, ...], tenant: str, ids: list[str], codes: list[str]) -> Transaction[Any]:
    def build() -> Any:
        c = METADATA.tables[type_].c
        wanted = (
            OneOf(c.id, bindparam("ids", type_=ListOf(Text()))),
            OneOf(c.code, bindparam("codes", type_=ListOf(Text()))),
        )
        found = select(*(c[name] for name in names))
        return found.where(c.tenant == bindparam("tenant"), wanted[0] | wanted[1])

    rows = yield Ask(("oauth", "scope", type_), build, {"tenant": tenant, "ids": ids, "codes": codes})
    return rows
