"""The key pairs that tokens are signed with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, select, update

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.rows import insert_row
from paydesk.store.types import METADATA, Instant

signing_keys = Table(
    "signing_keys",
    METADATA,
    Column("kid", Text, primary_key=True),
    Column("serial", Integer, nullable=False),
    Column("private_key", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)
"""The server's RSA key pairs: the private half sealed by the vault, the public one as PEM.

serial  1, 2, 3, ...: unique, so that two processes that start together make one first key
"""
Index("uq_signing_keys_serial", signing_keys.c.serial, unique=True)


@dataclass(frozen=True, slots=True)
class KeyRow:
    kid: str
    serial: int
    private_key: str
    public_key: str
    created_at: str
    retired_at: str | None


def keys() -> Transaction[list[KeyRow]]:
    """All key pairs, oldest first."""

    def build() -> Any:
        return select(*signing_keys.c).order_by(signing_keys.c.serial)

    rows = yield Ask(("oauth", "keys"), build)
    return [KeyRow(*row) for row in rows]


def add_key(key: KeyRow, retire_others_at: str | None) -> Transaction[None]:
    """raises NotUnique when another process took the serial number first."""

    def build() -> Any:
        return (
            update(signing_keys)
            .where(signing_keys.c.retired_at.is_(None))
            .values(retired_at=bindparam("until", type_=signing_keys.c.retired_at.type))
        )

    if retire_others_at is not None:
        yield Ask(("oauth", "retire keys"), build, {"until": retire_others_at})
    yield from insert_row(signing_keys, asdict(key))


def reseal_key(kid: str, former: str, sealed: str) -> Transaction[None]:
    """Keep a private key as it is sealed now, where nobody else has done so."""

    def build() -> Any:
        at = (signing_keys.c.kid == bindparam("at_kid")) & (signing_keys.c.private_key == bindparam("former"))
        return update(signing_keys).where(at).values(private_key=bindparam("sealed"))

    yield Ask(("oauth", "reseal key"), build, {"at_kid": kid, "former": former, "sealed": sealed})
