"""What oauth keeps: signing keys, grants and their tokens, codes, revocations, administrators; and how it is asked.

Secrets of ours (refresh tokens, codes, client secrets) stand here as SHA-256 digests alone. Functions are transactions
in the form of `paydesk.store.ask`: generators that yield statements and are sent rows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from paydesk.base.instants import later
from paydesk.base.tenants import organization_of
from paydesk.store.ahead import SKEW_SECONDS
from paydesk.store.ask import Ask, Row, Rows, Transaction
from paydesk.store.guesses import guesses
from paydesk.store.portions import PORTION, oldest
from paydesk.store.statements import OneOf
from paydesk.store.types import METADATA, Document, Instant, ListOf

Statements = Generator[Ask, Rows, Any]

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

users = Table(
    "users",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("password_hash", Text),
    Column("role", Text, nullable=False),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("time_zone", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""People who may let a web application in. The tenant is the organization's id: they belong to both environments.

role      `admin` or `read_only`
password  argon2id, null for one who cannot log in
"""
Index("uq_users_email_key", users.c.tenant, users.c.email_key, unique=True)

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


@dataclass(frozen=True, slots=True)
class KeyRow:
    kid: str
    serial: int
    private_key: str
    public_key: str
    created_at: str
    retired_at: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """An application that is not revoked, and its organization."""

    tenant: str
    id: str
    name: str
    kind: str
    client_id: str
    secret_hash: str | None
    redirect_uri: str | None
    scopes: str | None
    lifetime_seconds: int | None
    role: str | None
    slug: str
    organization_name: str

    @property
    def organization_id(self) -> str:
        return organization_of(self.tenant)

    @property
    def live(self) -> bool:
        return self.tenant.endswith("/live")


@dataclass(frozen=True, slots=True)
class User:
    """An administrator."""

    organization_id: str
    id: str
    email: str
    role: str
    first_name: str | None
    last_name: str | None
    time_zone: str
    password_hash: str | None = None


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


@dataclass(frozen=True, slots=True)
class MarketRow:
    id: str
    code: str | None
    disabled: bool
    private: bool
    allows_external_prices: bool


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


@dataclass(frozen=True, slots=True)
class State:
    """What every process re-reads every few seconds, so that no request pays a query for it.

    revoked   access tokens revoked since the instant asked for
    gone      client ids of applications revoked since, and those asked about that have no application any more
    """

    keys: list[KeyRow]
    revoked: list[AccessToken]
    slugs: frozenset[str]
    users: list[User]
    gone: frozenset[str]


def _inserted(table: Table) -> Any:
    return insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c})


def _insert(table: Table, values: dict[str, Any]) -> Statements:
    yield Ask(("credentials", "insert", table.name), lambda: _inserted(table), values)


# Keys.


def keys() -> Transaction[list[KeyRow]]:
    """All key pairs, oldest first."""

    def build() -> Any:
        return select(*signing_keys.c).order_by(signing_keys.c.serial)

    rows = yield Ask(("credentials", "keys"), build)
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
        yield Ask(("credentials", "retire keys"), build, {"until": retire_others_at})
    yield from _insert(signing_keys, asdict(key))


def reseal_key(kid: str, former: str, sealed: str) -> Transaction[None]:
    """Keep a private key as it is sealed now, where nobody else has done so."""

    def build() -> Any:
        at = (signing_keys.c.kid == bindparam("at_kid")) & (signing_keys.c.private_key == bindparam("former"))
        return update(signing_keys).where(at).values(private_key=bindparam("sealed"))

    yield Ask(("credentials", "reseal key"), build, {"at_kid": kid, "former": former, "sealed": sealed})


# What processes keep in memory.


def state(since: str, client_ids: Iterable[str]) -> Transaction[State]:
    """See `State`; `client_ids` are those of the tokens that a process keeps verified."""
    found = yield from keys()

    def newly_revoked() -> Any:
        return select(revocations.c.digest, revocations.c.until).where(revocations.c.revoked_at >= bindparam("since"))

    revoked = yield Ask(("credentials", "revoked"), newly_revoked, {"since": since})

    def every_slug() -> Any:
        return select(METADATA.tables["organizations"].c.slug)

    slugs = yield Ask(("credentials", "slugs"), every_slug)
    everyone = yield Ask(("credentials", "users"), lambda: select(*_user_columns()))
    asked = list(client_ids)

    def told() -> Any:
        c = METADATA.tables["applications"].c
        wanted = OneOf(c.uid, bindparam("uids", type_=ListOf(Text())))
        return select(c.uid, c.revoked_at).where(wanted | (c.revoked_at >= bindparam("since")))

    applications = yield Ask(("credentials", "told applications"), told, {"uids": asked, "since": since})
    alive = {row[0] for row in applications if row[1] is None}
    ended = {row[0] for row in applications if row[1] is not None}
    return State(
        found,
        [AccessToken(*row) for row in revoked],
        frozenset(row[0] for row in slugs if row[0]),
        [User(*row) for row in everyone],
        frozenset(ended | (set(asked) - alive)),
    )


def clear(now: str, limit: int = PORTION) -> Transaction[bool]:
    """Delete what has ended, so many rows at most; whether there may be more. Codes stay a day longer, so that a second
    use is still known for one.
    """
    left = limit
    for table, column, until in (
        (revocations, "until", later(now, -3600)),
        (access_tokens, "until", later(now, -3600)),
        (refresh_tokens, "expires_at", now),
        (grants, "expires_at", now),
        (authorization_codes, "expires_at", later(now, -86_400)),
        (guesses, "until", now),
        (signing_keys, "retired_at", later(now, -3600)),
    ):

        def build(table: Table = table, column: str = column) -> Any:
            over = table.c[column] < bindparam("until", type_=table.c[column].type)
            return oldest(table, table.c[column], over)

        rows = yield Ask(("credentials", "clear", table.name), build, {"until": until, "limit": left})
        left -= len(rows)
        if not left:
            return True
    return False


# Applications, owners, markets.


def application(client_id: str) -> Transaction[Application | None]:
    """The application that has this client id, unless it is revoked."""

    def build() -> Any:
        table = METADATA.tables["applications"]
        names = ("tenant", "id", "name", "kind", "uid", "secret_hash", "redirect_uri", "scopes", "lifetime_seconds")
        columns = [table.c[name] for name in (*names, "role")]
        return select(*columns).where(table.c.uid == bindparam("uid"), table.c.revoked_at.is_(None))

    rows = yield Ask(("credentials", "application"), build, {"uid": client_id})
    if not rows:
        return None
    organization = yield from organization_with_id(organization_of(rows[0][0]))
    if organization is None:
        return None
    slug, organization_name = organization
    return Application(*(*rows[0], slug, organization_name))


def organization_with_id(organization_id: str) -> Transaction[tuple[str, str] | None]:
    """Slug and name."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        named = select(table.c.slug, table.c.name)
        return named.where(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))

    rows = yield Ask(("credentials", "organization"), build, {"tenant": organization_id, "id": organization_id})
    return (rows[0][0], rows[0][1] or "") if rows else None


def _user_columns() -> list[Any]:
    c = users.c
    return [c.tenant, c.id, c.email, c.role, c.first_name, c.last_name, c.time_zone]


def user(organization_id: str, user_id: str) -> Transaction[User | None]:
    def build() -> Any:
        return select(*_user_columns()).where(users.c.tenant == bindparam("tenant"), users.c.id == bindparam("id"))

    rows = yield Ask(("credentials", "user"), build, {"tenant": organization_id, "id": user_id})
    return User(*rows[0]) if rows else None


def user_with_email(organization_id: str, email_key: str) -> Transaction[User | None]:
    """With the password's hash."""

    def build() -> Any:
        found = select(*_user_columns(), users.c.password_hash)
        return found.where(users.c.tenant == bindparam("tenant"), users.c.email_key == bindparam("email_key"))

    rows = yield Ask(("credentials", "user by email"), build, {"tenant": organization_id, "email_key": email_key})
    return User(*rows[0]) if rows else None


def first_administrator(organization_id: str) -> Transaction[User | None]:
    """The oldest administrator."""

    def build() -> Any:
        found = select(*_user_columns()).where(users.c.tenant == bindparam("tenant"), users.c.role == "admin")
        return found.order_by(users.c.created_at, users.c.id).limit(1)

    rows = yield Ask(("credentials", "administrator"), build, {"tenant": organization_id})
    return User(*rows[0]) if rows else None


def add_user(user: User, now: str) -> Transaction[None]:
    """raises NotUnique where the organization has a user with this email already."""
    yield from _insert(
        users,
        {
            "tenant": user.organization_id,
            "id": user.id,
            "email": user.email,
            "email_key": user.email.lower(),
            "password_hash": user.password_hash,
            "role": user.role,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "time_zone": user.time_zone,
            "created_at": now,
            "updated_at": now,
        },
    )


def markets(tenant: str, ids: list[str], codes: list[str]) -> Transaction[list[MarketRow]]:
    """The markets that have one of the ids or codes."""

    def build() -> Any:
        c = METADATA.tables["markets"].c
        wanted = (
            OneOf(c.id, bindparam("ids", type_=ListOf(Text()))),
            OneOf(c.code, bindparam("codes", type_=ListOf(Text()))),
        )
        found = select(c.id, c.code, c.disabled_at, c.private, c.external_prices_url)
        return found.where(c.tenant == bindparam("tenant"), wanted[0] | wanted[1])

    rows = yield Ask(("credentials", "markets"), build, {"tenant": tenant, "ids": ids, "codes": codes})
    return [MarketRow(row[0], row[1], row[2] is not None, bool(row[3]), bool(row[4])) for row in rows]


# Grants and their tokens.


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
    ask = Ask(
        ("credentials", "lock grant"), lambda: _grant_select().with_for_update(), {"tenant": tenant, "id": grant_id}
    )
    rows = yield ask
    return Grant(*rows[0]) if rows else None


def _refresh_token(digest: str) -> Transaction[RefreshToken | None]:
    def build() -> Any:
        c = refresh_tokens.c
        columns = (c.digest, c.tenant, c.grant_id, c.expires_at, c.used_at, c.salt, c.successor)
        return select(*columns).where(c.digest == bindparam("digest"))

    rows = yield Ask(("credentials", "refresh token"), build, {"digest": digest})
    return RefreshToken(*rows[0]) if rows else None


def grant_of_refresh_token(digest: str) -> Transaction[Grant | None]:
    """What a refresh token belongs to, be it alive or not."""
    token = yield from _refresh_token(digest)
    if token is None:
        return None
    rows = yield Ask(("credentials", "grant"), _grant_select, {"tenant": token.tenant, "id": token.grant_id})
    return Grant(*rows[0]) if rows else None


def grant_of_access_token(tenant: str, digest: str) -> Transaction[str | None]:
    """The id of the grant that an access token came from, None for those without a refresh token."""

    def build() -> Any:
        c = access_tokens.c
        return select(c.grant_id).where(c.tenant == bindparam("tenant"), c.digest == bindparam("digest"))

    rows = yield Ask(("credentials", "access token"), build, {"tenant": tenant, "digest": digest})
    return rows[0][0] if rows else None


def _refresh_row(token: RefreshToken, now: str) -> dict[str, Any]:
    return asdict(token) | {"created_at": now}


def _access_row(grant: Grant, token: AccessToken) -> dict[str, Any]:
    return {"tenant": grant.tenant, "digest": token.digest, "grant_id": grant.id, "until": token.until}


def open_grant(
    grant: Grant, refresh: RefreshToken, access: AccessToken, now: str, *, password_hash: str | None = None
) -> Transaction[bool]:
    """A new family with its first tokens; False where `password_hash` is given, and is the customer's no more."""
    if password_hash is not None and (yield from _password_held(grant.tenant, grant.owner_id)) != password_hash:
        return False
    yield from _insert(grants, asdict(grant) | {"created_at": now})
    yield from _insert(refresh_tokens, _refresh_row(refresh, now))
    yield from _insert(access_tokens, _access_row(grant, access))
    return True


def _password_held(tenant: str, customer_id: str | None) -> Transaction[str | None]:
    """A customer's password hash, which nobody changes until the transaction ends."""

    def build() -> Any:
        c = METADATA.tables["customers"].c
        found = select(c.password_hash).where(c.tenant == bindparam("tenant"), c.id == bindparam("id"))
        return found.with_for_update()

    rows = yield Ask(("credentials", "hold password"), build, {"tenant": tenant, "id": customer_id})
    return rows[0][0] if rows else None


def rotate(
    digest: str, following: RefreshToken, salt: str, access: AccessToken, now: str, grace_seconds: float
) -> Transaction[Rotation]:
    """Use a refresh token: `following`, made with `salt`, takes its place, and `access` comes with it.

    Of two uses at the same time one comes second, and finds the first one's.
    """
    token = yield from _refresh_token(digest)
    grant = (yield from _locked(token.tenant, token.grant_id)) if token else None
    # Read again: what was read before the lock may have been used since.
    token = (yield from _refresh_token(digest)) if grant else None
    if token is None or grant is None or grant.revoked_at is not None:
        return Rotation("dead")
    if not now < token.expires_at <= later(following.expires_at, SKEW_SECONDS):
        # Over; or made by a clock that ran ahead.
        return Rotation("dead")
    if token.used_at is not None:
        next_one = yield from _refresh_token(token.successor or "")
        recent = now <= later(token.used_at, grace_seconds)
        if recent and next_one is not None and next_one.used_at is None:
            yield from _insert(access_tokens, _access_row(grant, access))
            return Rotation("repeated", token.salt or "")
        revoked = yield from _end(grant, now)
        return Rotation("reused", revoked=revoked)

    def build() -> Any:
        names = ("used_at", "salt", "successor")
        values = {name: bindparam(name, type_=refresh_tokens.c[name].type) for name in names}
        return update(refresh_tokens).where(refresh_tokens.c.digest == bindparam("at_digest")).values(values)

    used = {"used_at": now, "salt": salt, "successor": following.digest, "at_digest": digest}
    yield Ask(("credentials", "use refresh token"), build, used)
    yield from _insert(refresh_tokens, _refresh_row(following, now))
    yield from _insert(access_tokens, _access_row(grant, access))

    def prolong() -> Any:
        c = grants.c
        found = update(grants).where(c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"))
        return found.values(expires_at=bindparam("expires_at", type_=c.expires_at.type))

    until = {"at_tenant": grant.tenant, "at_id": grant.id, "expires_at": following.expires_at}
    yield Ask(("credentials", "prolong grant"), prolong, until)
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
    rows = yield Ask(("credentials", "owner's grants"), alive, {"tenant": tenant, "owner_id": owner_id})
    for (grant_id,) in rows:
        if grant_id != kept_id:
            yield from end_grant(tenant, grant_id, now)


def _end(grant: Grant, now: str) -> Transaction[tuple[AccessToken, ...]]:
    def end() -> Any:
        c = grants.c
        found = update(grants).where(c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"))
        return found.where(c.revoked_at.is_(None)).values(revoked_at=bindparam("now", type_=c.revoked_at.type))

    yield Ask(("credentials", "end grant"), end, {"at_tenant": grant.tenant, "at_id": grant.id, "now": now})

    def alive() -> Any:
        c = access_tokens.c
        found = select(c.digest, c.until).where(c.tenant == bindparam("tenant"), c.grant_id == bindparam("grant_id"))
        return found.where(c.until > bindparam("now", type_=c.until.type))

    asked = {"tenant": grant.tenant, "grant_id": grant.id, "now": now}
    rows = yield Ask(("credentials", "grant's access tokens"), alive, asked)
    tokens = tuple(AccessToken(*row) for row in rows)
    yield from _revoke(grant.tenant, tokens, now)
    return tokens


def _revoke(tenant: str, tokens: Iterable[AccessToken], now: str) -> Statements:
    rows: list[Mapping[str, Any]] = [
        {"tenant": tenant, "digest": one.digest, "until": one.until, "revoked_at": now} for one in tokens
    ]

    def build() -> Any:
        values = {column.name: bindparam(column.name, type_=column.type) for column in revocations.c}
        return upsert(revocations).values(values).on_conflict_do_nothing()

    if rows:
        yield Ask(("credentials", "revoke"), build, rows)


def revoke_access_token(tenant: str, token: AccessToken, now: str) -> Transaction[tuple[AccessToken, ...]]:
    """Revoke one that came without a refresh token."""
    yield from _revoke(tenant, (token,), now)
    return (token,)


# Codes.


def add_code(code: Code, now: str) -> Transaction[None]:
    yield from _insert(authorization_codes, asdict(code) | {"created_at": now})


def code(digest: str) -> Transaction[Code | None]:
    def build() -> Any:
        c = authorization_codes.c
        columns = (c.digest, c.tenant, c.application_id, c.user_id, c.redirect_uri, c.scope, c.challenge)
        found = select(*columns, c.expires_at, c.used_at, c.grant_id)
        return found.where(c.digest == bindparam("digest"))

    rows = yield Ask(("credentials", "code"), build, {"digest": digest})
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

    used = yield Ask(("credentials", "use code"), build, {"at_digest": digest, "used_at": now, "grant_id": grant.id})
    if used:
        yield from open_grant(grant, refresh, access, now)
        return None
    spent = yield from code(digest)
    if spent is None or spent.grant_id is None:
        return ()
    return (yield from end_grant(spent.tenant, spent.grant_id, now))


# Founding, for the command line.


def organization_with_slug(slug: str) -> Transaction[str | None]:
    """Its id."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        return select(table.c.id).where(table.c.slug == bindparam("slug"))

    rows = yield Ask(("credentials", "organization by slug"), build, {"slug": slug})
    return rows[0][0] if rows else None


def applications_of(organization_id: str) -> Transaction[list[Row]]:
    """Tenant, client id, kind, name and the instant it was made, of those that are not revoked, oldest first."""

    def build() -> Any:
        c = METADATA.tables["applications"].c
        wanted = OneOf(c.tenant, bindparam("tenants", type_=ListOf(Text())))
        columns = (c.tenant, c.uid, c.kind, c.name, c.created_at)
        return select(*columns).where(wanted, c.revoked_at.is_(None)).order_by(c.created_at, c.id)

    tenants = [f"{organization_id}/test", f"{organization_id}/live"]
    rows = yield Ask(("credentials", "applications"), build, {"tenants": tenants})
    return rows
