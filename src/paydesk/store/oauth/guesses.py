"""How often somebody was wrong about a password or client secret, for all processes together; see `oauth/guesses.py`.

Functions are transactions in the form of `paydesk.store.sql.ask`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Double, Index, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, Instant, ListOf

guesses = Table(
    "guesses",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("level", Double, nullable=False),
    Column("counted_at", Instant, nullable=False),
    Column("promised_at", Instant),
    Column("signed_in_at", Instant),
    Column("until", Instant, nullable=False),
)
"""Failures of an account from an address, of an account from everywhere, and of an address with every account; sign-ups
and password resets by an address, and password resets for an e-mail address. A client or customer is looked for by what
was typed, so no tenant stands here.

key           SHA-256 of account and address, so that no row tells what was typed, nor from where
level         failures or requests that are not forgotten yet, as of `counted_at`
promised_at   when this address may try this account, however often others were wrong about it
signed_in_at  when somebody at this address was right about this account last
until         when the row says nothing any more
"""
Index("ix_guesses_until", guesses.c.until)


@dataclass(frozen=True, slots=True)
class Tally:
    """One row."""

    key: str
    level: float
    counted_at: str
    promised_at: str | None = None
    signed_in_at: str | None = None
    until: str = ""


def tallies(keys: Iterable[str]) -> Transaction[dict[str, Tally]]:
    """Those that are there, by key."""

    def build() -> Any:
        return select(*guesses.c).where(OneOf(guesses.c.key, bindparam("keys", type_=ListOf(Text()))))

    rows = yield Ask(("guesses", "tallies"), build, {"keys": list(keys)})
    return {row[0]: Tally(*row) for row in rows}


def hold(keys: Iterable[str], now: str) -> Transaction[dict[str, Tally]]:
    """The same, made where they are not there, and held until the transaction ends; always in one order."""
    ordered = sorted(keys)

    def build() -> Any:
        values = {column.name: bindparam(column.name, type_=column.type) for column in guesses.c}
        return upsert(guesses).values(values).on_conflict_do_nothing()

    yield Ask(("guesses", "make"), build, [asdict(Tally(key, 0.0, now, until=now)) for key in ordered])

    def lock() -> Any:
        return select(*guesses.c).where(guesses.c.key == bindparam("key")).with_for_update()

    found: dict[str, Tally] = {}
    for key in ordered:
        rows = yield Ask(("guesses", "lock"), lock, {"key": key})
        found[key] = Tally(*rows[0]) if rows else Tally(key, 0.0, now, until=now)
    return found


def keep(changed: Iterable[Tally]) -> Transaction[None]:
    """Write rows that are held."""
    names = ("level", "counted_at", "promised_at", "signed_in_at", "until")

    def build() -> Any:
        values = {name: bindparam(name, type_=guesses.c[name].type) for name in names}
        return update(guesses).where(guesses.c.key == bindparam("at_key")).values(values)

    rows = []
    for each in changed:
        values = asdict(each)
        rows.append(values | {"at_key": values.pop("key")})
    yield Ask(("guesses", "keep"), build, rows)
