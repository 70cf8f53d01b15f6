"""Applications, as oauth and the commands ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, select

from paydesk.base.tenants import organization_of
from paydesk.store.organizations import organization_with_id
from paydesk.store.sql.ask import Ask, Row, Transaction
from paydesk.store.sql.statements import OneOf
from paydesk.store.types import METADATA, ListOf


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


def application(client_id: str) -> Transaction[Application | None]:
    """The application that has this client id, unless it is revoked."""

    def build() -> Any:
        table = METADATA.tables["applications"]
        names = ("tenant", "id", "name", "kind", "uid", "secret_hash", "redirect_uri", "scopes", "lifetime_seconds")
        columns = [table.c[name] for name in (*names, "role")]
        return select(*columns).where(table.c.uid == bindparam("uid"), table.c.revoked_at.is_(None))

    rows = yield Ask(("oauth", "application"), build, {"uid": client_id})
    if not rows:
        return None
    organization = yield from organization_with_id(organization_of(rows[0][0]))
    if organization is None:
        return None
    slug, organization_name = organization
    return Application(*(*rows[0], slug, organization_name))


def applications_of(organization_id: str) -> Transaction[list[Row]]:
    """Tenant, client id, kind, name and the instant it was made, of those that are not revoked, oldest first."""

    def build() -> Any:
        c = METADATA.tables["applications"].c
        wanted = OneOf(c.tenant, bindparam("tenants", type_=ListOf(Text())))
        columns = (c.tenant, c.uid, c.kind, c.name, c.created_at)
        return select(*columns).where(wanted, c.revoked_at.is_(None)).order_by(c.created_at, c.id)

    tenants = [f"{organization_id}/test", f"{organization_id}/live"]
    rows = yield Ask(("oauth", "applications"), build, {"tenants": tenants})
    return rows
