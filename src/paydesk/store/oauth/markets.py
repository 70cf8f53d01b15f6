"""Markets, as a scope names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, select

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, ListOf


@dataclass(frozen=True, slots=True)
class MarketRow:
    id: str
    code: str | None
    disabled: bool
    private: bool
    allows_external_prices: bool


def markets(type_: str, tenant: str, ids: list[str], codes: list[str]) -> Transaction[list[MarketRow]]:
    """The markets that have one of the ids or codes."""

    def build() -> Any:
        c = METADATA.tables[type_].c
        wanted = (
            OneOf(c.id, bindparam("ids", type_=ListOf(Text()))),
            OneOf(c.code, bindparam("codes", type_=ListOf(Text()))),
        )
        found = select(c.id, c.code, c.disabled_at, c.private, c.external_prices_url)
        return found.where(c.tenant == bindparam("tenant"), wanted[0] | wanted[1])

    rows = yield Ask(("oauth", "scope", type_), build, {"tenant": tenant, "ids": ids, "codes": codes})
    return [MarketRow(row[0], row[1], row[2] is not None, bool(row[3]), bool(row[4])) for row in rows]
