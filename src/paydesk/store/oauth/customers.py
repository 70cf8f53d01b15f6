"""Who signs in as a customer: what oauth asks of the `customers` themselves, in the form of `paydesk.store.sql.ask`."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, null, select, update

from paydesk.store.sql.ask import Ask, Transaction
from paydesk.store.types import METADATA


class KnownCustomer(NamedTuple):
    """Who signs in; `trusted_at`: since when the password is of whoever the address belongs to."""

    id: str
    email: str
    password_hash: str | None
    trusted_at: str | None
    group: str | None = None


def customer_with_email(type_: str, tenant: str, email_key: str) -> Transaction[KnownCustomer | None]:
    """The customer of an address, None where there is none."""

    def build() -> Any:
        table = METADATA.tables[type_]
        c = table.c
        known = select(c.id, c.email, c.password_hash, c.password_trusted_at, c.customer_group_id)
        return known.where(c.tenant == bindparam("tenant"), c.email_key == bindparam("email_key"))

    rows = yield Ask(("oauth", "customer by email"), build, {"tenant": tenant, "email_key": email_key})
    return KnownCustomer(*rows[0]) if rows else None


def prove_customer(type_: str, tenant: str, customer_id: str, now: str) -> Transaction[str]:
    """Note that the customer's address was proved, unless it is noted already; since when it is, or `now`."""

    def build() -> Any:
        c = METADATA.tables[type_].c
        unproved = update(METADATA.tables[type_]).where(
            c.tenant == bindparam("at_tenant"), c.id == bindparam("at_id"), c.proved_at.is_(None)
        )
        return unproved.values(proved_at=bindparam("now", type_=c.proved_at.type), made_by=null())

    yield Ask(("oauth", "prove customer"), build, {"at_tenant": tenant, "at_id": customer_id, "now": now})

    def proved() -> Any:
        c = METADATA.tables[type_].c
        return select(c.proved_at).where(c.tenant == bindparam("tenant"), c.id == bindparam("id"))

    rows = yield Ask(("oauth", "proved"), proved, {"tenant": tenant, "id": customer_id})
    return rows[0][0] if rows else now


def customer_email(type_: str, tenant: str, customer_id: str) -> Transaction[str | None]:
    """The customer's email, None where there is no such customer."""

    def build() -> Any:
        table = METADATA.tables[type_]
        return select(table.c.email).where(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))

    rows = yield Ask(("oauth", "customer"), build, {"tenant": tenant, "id": customer_id})
    return rows[0][0] if rows else None


def customer_group(type_: str, tenant: str, customer_id: str) -> Transaction[str | None]:
    """The group that the customer is in."""

    def build() -> Any:
        c = METADATA.tables[type_].c
        return select(c.customer_group_id).where(c.tenant == bindparam("tenant"), c.id == bindparam("id"))

    rows = yield Ask(("oauth", "customer group"), build, {"tenant": tenant, "id": customer_id})
    return rows[0][0] if rows else None


def held_password(type_: str, tenant: str, customer_id: str | None) -> Transaction[str | None]:
    """A customer's password hash, which nobody changes until the transaction ends."""

    def build() -> Any:
        c = METADATA.tables[type_].c
        found = select(c.password_hash).where(c.tenant == bindparam("tenant"), c.id == bindparam("id"))
        return found.with_for_update()

    rows = yield Ask(("oauth", "hold password"), build, {"tenant": tenant, "id": customer_id})
    return rows[0][0] if rows else None
