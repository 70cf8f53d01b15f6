"""The people who may let web applications in: adding them, their passwords, disabling them.

Disabling somebody, or giving another password, ends all tokens that were given in that person's name: refresh tokens
at once, access tokens within seconds in every process that serves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from paydesk.base.errors import Invalid, NotFound, NotUnique
from paydesk.base.instants import instant, wall
from paydesk.base.tenants import tenant_of
from paydesk.commerce.accounts.emails import email_key, is_email
from paydesk.oauth.secrets import hash_password, new_secret
from paydesk.operations.founding import opened, organization_with_slug
from paydesk.rules.asking import new_id
from paydesk.settings import Settings
from paydesk.store.oauth import administrators
from paydesk.store.oauth.administrators import Account, User
from paydesk.store.oauth.grants import end_grants_of

Role = Literal["admin", "read_only"]

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
"""Who lets an application in lends it the whole shop."""


@dataclass(frozen=True, slots=True)
class Lent:
    """Whose password was set; `password` is the one that was made here, else None, and is nowhere else."""

    email: str
    role: str
    password: str | None


async def add_user(settings: Settings, *, slug: str, email: str, role: Role, password: str | None) -> Lent:
    """Somebody who may let web applications in.

    password  None: one is made
    raises    Invalid; NotFound where no organization has this slug
    """
    if not is_email(email):
        raise Invalid("email", "invalid", "is no e-mail address")
    chosen, hashed = _hashed(password)
    async with opened(settings) as (database, _):
        organization_id = await organization_with_slug(database, slug)
        user = User(organization_id, new_id(), email.strip(), role, None, None, "UTC", hashed)
        try:
            await database.write(lambda: administrators.add_user(user, instant(wall())))
        except NotUnique:
            raise Invalid("email", "taken", f"is taken by another user of {slug}") from None
    return Lent(user.email, role, chosen)


async def set_password(settings: Settings, *, slug: str, email: str, password: str | None) -> Lent:
    """Another password for somebody, whose tokens end.

    raises  Invalid; NotFound where there is no such user
    """
    chosen, hashed = _hashed(password)
    account = await _change(settings, slug, email, {"password_hash": hashed})
    return Lent(account.email, account.role, chosen)


async def disable_user(settings: Settings, *, slug: str, email: str) -> Account:
    """Let somebody in no more, and end what was let in. raises NotFound where there is no such user"""
    return await _change(settings, slug, email, {"disabled_at": instant(wall())})


async def enable_user(settings: Settings, *, slug: str, email: str) -> Account:
    """Let somebody in again, with the password of before. raises NotFound where there is no such user"""
    return await _change(settings, slug, email, {"disabled_at": None})


async def list_users(settings: Settings, slug: str) -> list[Account]:
    """An organization's users, the oldest first. raises NotFound where no organization has this slug"""
    async with opened(settings) as (database, _):
        organization_id = await organization_with_slug(database, slug)
        return await database.read(lambda: administrators.accounts_of(organization_id))


async def _change(settings: Settings, slug: str, email: str, values: dict[str, Any]) -> Account:
    async with opened(settings) as (database, _):
        organization_id = await organization_with_slug(database, slug)
        accounts = await database.read(lambda: administrators.accounts_of(organization_id))
        key = email_key(email)
        found = next((each for each in accounts if email_key(each.email) == key), None)
        if found is None:
            raise NotFound(f"There is no user {email} of {slug}.")
        now = instant(wall())

        def write() -> Any:
            yield from administrators.change_user(organization_id, found.id, values, now)
            for live in (False, True):
                yield from end_grants_of(tenant_of(organization_id, live), found.id, now)

        await database.write(write)
        return found


def _hashed(password: str | None) -> tuple[str | None, str]:
    """The password that was made here, if one was, and the hash of the one that counts."""
    if password is None:
        made = new_secret()
        return made, hash_password(made)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        least, most = SHORTEST_PASSWORD, LONGEST_PASSWORD
        raise Invalid("password", "invalid", f"must have from {least} to {most} characters")
    return None, hash_password(password)
