"""The tokens of a grant. Refresh tokens are kept as SHA-256 digests alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam, select

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.types import METADATA, Instant

refresh_tokens = Table(
    "refresh_tokens",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("grant_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("salt", Text),
    Column("successor", Text),
)
"""Found by digest alone, since a token is what tells the tenant.

salt, successor  what the next token was made with, and its digest, once this one is used
"""
Index("ix_refresh_tokens_expires_at", refresh_tokens.c.expires_at)

access_tokens = Table(
    "access_tokens",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("grant_id", Text, nullable=False),
    Column("until", Instant, nullable=False),
)
"""Access tokens that came with a refresh token, so that the end of one is the end of all."""
Index("ix_access_tokens_grant_id", access_tokens.c.tenant, access_tokens.c.grant_id)
Index("ix_access_tokens_until", access_tokens.c.until)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    digest: str
    tenant: str
    grant_id: str
    expires_at: str
    used_at: str | None = None
    salt: str | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`digest` is that of what is signed, `until` when it ends."""

    digest: str
    until: str


def refresh_token(digest: str) -> Transaction[RefreshToken | None]:
    def build() -> Any:
        c = refresh_tokens.c
        columns = (c.digest, c.tenant, c.grant_id, c.expires_at, c.used_at, c.salt, c.successor)
        return select(*columns).where(c.digest == bindparam("digest"))

    rows = yield Ask(("oauth", "refresh token"), build, {"digest": digest})
    return RefreshToken(*rows[0]) if rows else None


def grant_of_access_token(tenant: str, digest: str) -> Transaction[str | None]:
    """The id of the grant that an access token came from, None for those without a refresh token."""

    def build() -> Any:
        c = access_tokens.c
        return select(c.grant_id).where(c.tenant == bindparam("tenant"), c.digest == bindparam("digest"))

    rows = yield Ask(("oauth", "access token"), build, {"tenant": tenant, "digest": digest})
    return rows[0][0] if rows else None
