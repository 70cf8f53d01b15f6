"""Administrators: the people who may let a web application in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Index, Table, Text, bindparam, select, update

from paydesk.store.sql.ask import Ask, Asks, Transaction
from paydesk.store.sql.rows import insert_row
from paydesk.store.types import METADATA, Instant

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
    Column("disabled_at", Instant),
)
"""People who may let a web application in. The tenant is the organization's id: they belong to both environments.

role      `admin` or `read_only`
password  argon2id, null for one who cannot log in
disabled  since when this one is let in no more, and is nobody's owner of a token
"""
Index("uq_users_email_key", users.c.tenant, users.c.email_key, unique=True)


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
class Account:
    """A user as whoever runs the server sees one."""

    id: str
    email: str
    role: str
    disabled_at: str | None


def user_columns() -> list[Any]:
    c = users.c
    return [c.tenant, c.id, c.email, c.role, c.first_name, c.last_name, c.time_zone]


def enabled_users(*more: Any) -> Any:
    """Those who count, with these further columns."""
    return select(*user_columns(), *more).where(users.c.disabled_at.is_(None))


def user(organization_id: str, user_id: str) -> Transaction[User | None]:
    def build() -> Any:
        return enabled_users().where(users.c.tenant == bindparam("tenant"), users.c.id == bindparam("id"))

    rows = yield Ask(("oauth", "user"), build, {"tenant": organization_id, "id": user_id})
    return User(*rows[0]) if rows else None


def user_with_email(organization_id: str, email_key: str) -> Transaction[User | None]:
    """With the password's hash."""

    def build() -> Any:
        found = enabled_users(users.c.password_hash)
        return found.where(users.c.tenant == bindparam("tenant"), users.c.email_key == bindparam("email_key"))

    rows = yield Ask(("oauth", "user by email"), build, {"tenant": organization_id, "email_key": email_key})
    return User(*rows[0]) if rows else None


def first_administrator(organization_id: str) -> Transaction[User | None]:
    """The oldest administrator."""

    def build() -> Any:
        found = enabled_users().where(users.c.tenant == bindparam("tenant"), users.c.role == "admin")
        return found.order_by(users.c.created_at, users.c.id).limit(1)

    rows = yield Ask(("oauth", "administrator"), build, {"tenant": organization_id})
    return User(*rows[0]) if rows else None


def add_user(user: User, now: str) -> Transaction[None]:
    """raises NotUnique where the organization has a user with this email already."""
    yield from insert_row(
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
            "disabled_at": None,
        },
    )


def accounts_of(organization_id: str) -> Transaction[list[Account]]:
    """All users of an organization, also those who are disabled, the oldest first."""

    def build() -> Any:
        c = users.c
        found = select(c.id, c.email, c.role, c.disabled_at).where(c.tenant == bindparam("tenant"))
        return found.order_by(c.created_at, c.id)

    rows = yield Ask(("oauth", "accounts"), build, {"tenant": organization_id})
    return [Account(*row) for row in rows]


def change_user(organization_id: str, user_id: str, values: Mapping[str, Any], now: str) -> Asks:
    """Set some columns of a user."""
    names = sorted({*values, "updated_at"})

    def build() -> Any:
        c = users.c
        changed = {name: bindparam(name, type_=c[name].type) for name in names}
        found = update(users).where(c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"))
        return found.values(changed)

    asked = {**values, "updated_at": now, "at_tenant": organization_id, "at_id": user_id}
    yield Ask(("oauth", "change user", *names), build, asked)
