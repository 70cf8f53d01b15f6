"""Access tokens that were revoked before their time was up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam
from sqlalchemy.dialects.postgresql import insert as upsert

from paydesk.store.oauth.tokens import AccessToken
from paydesk.store.sql.ask import Ask, Asks, Transaction
from paydesk.store.types import METADATA, Instant

revocations = Table(
    "revocations",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("revoked_at", Instant, nullable=False),
)
"""Access tokens that no longer count although their time is not up. All processes re-read what is new here."""
Index("ix_revocations_revoked_at", revocations.c.revoked_at)
Index("ix_revocations_until", revocations.c.until)


def revoke(tenant: str, tokens: Iterable[AccessToken], now: str) -> Asks:
    rows: list[Mapping[str, Any]] = [
        {"tenant": tenant, "digest": one.digest, "until": one.until, "revoked_at": now} for one in tokens
    ]

    def build() -> Any:
        values = {column.name: bindparam(column.name, type_=column.type) for column in revocations.c}
        return upsert(revocations).values(values).on_conflict_do_nothing()

    if rows:
        yield Ask(("oauth", "revoke"), build, rows)


def revoke_access_token(tenant: str, token: AccessToken, now: str) -> Transaction[tuple[AccessToken, ...]]:
    """Revoke one that came without a refresh token."""
    yield from revoke(tenant, (token,), now)
    return (token,)
