"""Authorization codes, each exchanged once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam, select, update

from paydesk.store.oauth.grants import Grant, end_grant, open_grant
from paydesk.store.oauth.tokens import AccessToken, RefreshToken
from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.rows import insert_row
from paydesk.store.types import METADATA, Instant

authorization_codes = Table(
    "authorization_codes",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("redirect_uri", Text),
    Column("scope", Text, nullable=False),
    Column("challenge", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("grant_id", Text),
)
"""redirect_uri  as the authorization request gave it, null where it gave none; challenge  PKCE, S256."""
Index("ix_authorization_codes_expires_at", authorization_codes.c.expires_at)


@dataclass(frozen=True, slots=True)
class Code:
    digest: str
    tenant: str
    application_id: str
    user_id: str
    redirect_uri: str | None
    scope: str
    challenge: str | None
    expires_at: str
    used_at: str | None = None
    grant_id: str | None = None


def add_code(code: Code, now: str) -> Transaction[None]:
    yield from insert_row(authorization_codes, asdict(code) | {"created_at": now})


def code(digest: str) -> Transaction[Code | None]:
    def build() -> Any:
        c = authorization_codes.c
        columns = (c.digest, c.tenant, c.application_id, c.user_id, c.redirect_uri, c.scope, c.challenge)
        found = select(*columns, c.expires_at, c.used_at, c.grant_id)
        return found.where(c.digest == bindparam("digest"))

    rows = yield Ask(("oauth", "code"), build, {"digest": digest})
    return Code(*rows[0]) if rows else None


def use_code(
    digest: str, grant: Grant, refresh: RefreshToken, access: AccessToken, now: str
) -> Transaction[tuple[AccessToken, ...] | None]:
    """Exchange a code for the first tokens of `grant`.

    None when that is done. A code used twice was stolen: what its first use gave is ended (RFC 6749, section 4.1.2),
    and the access tokens that ended are returned.
    """

    def build() -> Any:
        c = authorization_codes.c
        values = {name: bindparam(name, type_=c[name].type) for name in ("used_at", "grant_id")}
        unused = update(authorization_codes).where(c.digest == bindparam("at_digest"), c.used_at.is_(None))
        return unused.values(values).returning(c.digest)

    used = yield Ask(("oauth", "use code"), build, {"at_digest": digest, "used_at": now, "grant_id": grant.id})
    if used:
        yield from open_grant(grant, refresh, access, now)
        return None
    spent = yield from code(digest)
    if spent is None or spent.grant_id is None:
        return ()
    return (yield from end_grant(spent.tenant, spent.grant_id, now))
