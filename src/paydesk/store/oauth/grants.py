"""Grants: what a customer or an administrator allowed an application, and its family of tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam, select, update

from paydesk.base.instants import SKEW_SECONDS, later
from paydesk.store.oauth.revocations import revoke
from paydesk.store.oauth.tokens import (
    AccessToken,
    RefreshToken,
    access_tokens,
    grant_of_access_token,
    refresh_token,
    refresh_tokens,
)
from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.sql.rows import insert_row
from paydesk.store.types import METADATA, Document, Instant

grants = Table(
    "grants",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("application_id", Text, nullable=False),
    Column("owner_id", Text),
    Column("owner_type", Text),
    Column("scope", Text, nullable=False),
    Column("custom_claim", Document),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("trusted_at", Instant),
)
"""What a customer or user allowed an application: the family of all refresh and access tokens that follow from it.

Whoever changes a family locks this row first.
expires_at  when its newest refresh token ends
trusted_at  as `Actor.trusted_at`, for every token of the family
"""
Index("ix_grants_expires_at", grants.c.expires_at)
Index("ix_grants_owner_id", grants.c.tenant, grants.c.owner_id)


@dataclass(frozen=True, slots=True)
class Grant:
    tenant: str
    id: str
    application_id: str
    owner_id: str | None
    owner_type: str | None
    scope: str
    custom_claim: dict[str, Any] | None
    expires_at: str
    revoked_at: str | None = None
    trusted_at: str | None = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """How a refresh token's use ended.

    outcome  `rotated`: a new one stands in its place; `repeated`: it was used a moment ago, and the answer of then is
             due again; `dead`: unknown, ended or revoked; `reused`: used twice, so its whole family was ended
    salt     what the next token is made with (rotated, repeated)
    revoked  access tokens that ended with the family (reused)
    """

    outcome: str
    salt: str = ""
    revoked: tuple[AccessToken, ...] = ()


def _grant_select() -> Any:
    c = grants.c
    columns = (
        c.tenant,
        c.id,
        c.application_id,
        c.owner_id,
        c.owner_type,
        c.scope,
        c.custom_claim,
        c.expires_at,
        c.revoked_at,
        c.trusted_at,
    )
    return select(*columns).where(c.tenant == bindparam("tenant"), c.id == bindparam("id"))


def _locked(tenant: str, grant_id: str) -> Transaction[Grant | None]:
    """The family's row, held until the transaction ends."""
    ask = Ask(("oauth", "lock grant"), lambda: _grant_select().with_for_update(), {"tenant": tenant, "id": grant_id})
    rows = yield ask
    return Grant(*rows[0]) if rows else None


def grant_of_refresh_token(digest: str) -> Transaction[Grant | None]:
    """What a refresh token belongs to, be it alive or not."""
    token = yield from refresh_token(digest)
    if token is None:
        return None
    rows = yield Ask(("oauth", "grant"), _grant_select, {"tenant": token.tenant, "id": token.grant_id})
    return Grant(*rows[0]) if rows else None


def _refresh_row(token: RefreshToken, now: str) -> dict[str, Any]:
    return asdict(token) | {"created_at": now}


def _access_row(grant: Grant, token: AccessToken) -> dict[str, Any]:
    return {"tenant": grant.tenant, "digest": token.digest, "grant_id": grant.id, "until": token.until}


def open_grant(grant: Grant, refresh: RefreshToken, access: AccessToken, now: str) -> Transaction[None]:
    """A new family with its first tokens."""
    yield from insert_row(grants, asdict(grant) | {"created_at": now})
    yield from insert_row(refresh_tokens, _refresh_row(refresh, now))
    yield from insert_row(access_tokens, _access_row(grant, access))


def rotate(
    digest: str, following: RefreshToken, salt: str, access: AccessToken, now: str, grace_seconds: float
) -> Transaction[Rotation]:
    """Use a refresh token: `following`, made with `salt`, takes its place, and `access` comes with it.

    Of two uses at the same time one comes second, and finds the first one's.
    """
    token = yield from refresh_token(digest)
    grant = (yield from _locked(token.tenant, token.grant_id)) if token else None
    # Read again: what was read before the lock may have been used since.
    token = (yield from refresh_token(digest)) if grant else None
    if token is None or grant is None or grant.revoked_at is not None:
        return Rotation("dead")
    if not now < token.expires_at <= later(following.expires_at, SKEW_SECONDS):
        # Over; or made by a clock that ran ahead.
        return Rotation("dead")
    if token.used_at is not None:
        next_one = yield from refresh_token(token.successor or "")
        recent = now <= later(token.used_at, grace_seconds)
        if recent and next_one is not None and next_one.used_at is None:
            yield from insert_row(access_tokens, _access_row(grant, access))
            return Rotation("repeated", token.salt or "")
        revoked = yield from _end(grant, now)
        return Rotation("reused", revoked=revoked)

    def build() -> Any:
        names = ("used_at", "salt", "successor")
        values = {name: bindparam(name, type_=refresh_tokens.c[name].type) for name in names}
        return update(refresh_tokens).where(refresh_tokens.c.digest == bindparam("at_digest")).values(values)

    used = {"used_at": now, "salt": salt, "successor": following.digest, "at_digest": digest}
    yield Ask(("oauth", "use refresh token"), build, used)
    yield from insert_row(refresh_tokens, _refresh_row(following, now))
    yield from insert_row(access_tokens, _access_row(grant, access))

    def prolong() -> Any:
        c = grants.c
        found = update(grants).where(c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"))
        return found.values(expires_at=bindparam("expires_at", type_=c.expires_at.type))

    until = {"at_tenant": grant.tenant, "at_id": grant.id, "expires_at": following.expires_at}
    yield Ask(("oauth", "prolong grant"), prolong, until)
    return Rotation("rotated", salt)


def end_grant(tenant: str, grant_id: str, now: str) -> Transaction[tuple[AccessToken, ...]]:
    """End a family: no refresh token of it is good any more, and its access tokens are revoked; those are returned."""
    grant = yield from _locked(tenant, grant_id)
    if grant is None:
        return ()
    return (yield from _end(grant, now))


def end_grants_of(tenant: str, owner_id: str, now: str, kept: str | None = None) -> Transaction[None]:
    """Sign an owner out everywhere: every family of tokens that was given to this customer or user is ended.

    kept   the digest of an access token whose family goes on
    """

    def alive() -> Any:
        c = grants.c
        found = select(c.id).where(c.tenant == bindparam("tenant"), c.owner_id == bindparam("owner_id"))
        return found.where(c.revoked_at.is_(None)).order_by(c.id)

    kept_id = (yield from grant_of_access_token(tenant, kept)) if kept is not None else None
    rows = yield Ask(("oauth", "owner's grants"), alive, {"tenant": tenant, "owner_id": owner_id})
    for (grant_id,) in rows:
        if grant_id != kept_id:
            yield from end_grant(tenant, grant_id, now)


def _end(grant: Grant, now: str) -> Transaction[tuple[AccessToken, ...]]:
    def end() -> Any:
        c = grants.c
        found = update(grants).where(c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"))
        return found.where(c.revoked_at.is_(None)).values(revoked_at=bindparam("now", type_=c.revoked_at.type))

    yield Ask(("oauth", "end grant"), end, {"at_tenant": grant.tenant, "at_id": grant.id, "now": now})

    def alive() -> Any:
        c = access_tokens.c
        found = select(c.digest, c.until).where(c.tenant == bindparam("tenant"), c.grant_id == bindparam("grant_id"))
        return found.where(c.until > bindparam("now", type_=c.until.type))

    asked = {"tenant": grant.tenant, "grant_id": grant.id, "now": now}
    rows = yield Ask(("oauth", "grant's access tokens"), alive, asked)
    tokens = tuple(AccessToken(*row) for row in rows)
    yield from revoke(grant.tenant, tokens, now)
    return tokens
