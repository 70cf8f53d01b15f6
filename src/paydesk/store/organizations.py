"""Organizations by their id or slug."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    bindparam,
    select,
)

from paydesk.base.tenants import organization_of
from paydesk.store.sql.ask import Ask, Asks, Transaction
from paydesk.store.types import METADATA


def organization_with_id(organization_id: str) -> Transaction[tuple[str, str] | None]:
    """Slug and name."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        named = select(table.c.slug, table.c.name)
        return named.where(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))

    rows = yield Ask(("organization of id",), build, {"tenant": organization_id, "id": organization_id})
    return (rows[0][0], rows[0][1] or "") if rows else None


def organization_with_slug(slug: str) -> Transaction[str | None]:
    """Its id."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        return select(table.c.id).where(table.c.slug == bindparam("slug"))

    rows = yield Ask(("organization of slug",), build, {"slug": slug})
    return rows[0][0] if rows else None


def slug_of(tenant: str) -> Asks:
    """The slug of a tenant's organization; empty where that is not there."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        return select(table.c.slug).where(table.c.id == bindparam("id"))

    rows = yield Ask(("slug",), build, {"id": organization_of(tenant)})
    return rows[0][0] if rows else ""


def capturing_before_the_end() -> Asks:
    """`(id, slug, hours)` of those that have what is authorized captured so long before its end."""

    def build() -> Any:
        table = METADATA.tables["organizations"]
        hours = table.c.captures_before_end_hours
        return select(table.c.id, table.c.slug, hours).where(hours.is_not(None)).order_by(table.c.id)

    rows = yield Ask(("organizations that capture",), build, {})
    return rows


def organizations(slug: str | None = None) -> Asks:
    """`(id, slug)` of every organization, or of the one with this slug."""
    table = METADATA.tables["organizations"]

    def build() -> Any:
        everything = select(table.c.id, table.c.slug).order_by(table.c.slug)
        return everything if slug is None else everything.where(table.c.slug == bindparam("slug"))

    rows = yield Ask(("organizations", slug is None), build, {} if slug is None else {"slug": slug})
    return rows
