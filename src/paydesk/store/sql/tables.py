"""Which table keeps a type, and under which tenant."""

from __future__ import annotations

from sqlalchemy import Table

from paydesk.base.tenants import organization_of
from paydesk.rules.record import Record
from paydesk.store.types import METADATA


def table_of(resource: type[Record]) -> Table:
    return METADATA.tables[resource.shape.table]


def tenant_for(resource: type[Record], tenant: str) -> str:
    """The tenant column's value: an organization is kept once, for both environments."""
    return organization_of(tenant) if resource.shape.tenancy == "organization" else tenant
