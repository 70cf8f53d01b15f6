"""Who asks: what an access token says of its bearer, or which part of paydesk acts by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from paydesk.base.tenants import is_live, organization_of

Kind = Literal["sales_channel", "integration", "webapp", "worker"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one request.

    tenant       `{organization id}/{test|live}`: the first key of every table
    owner_id     the customer or user a token was given to, None for a client on its own
    market_ids   markets in the token's scope, None when the scope is all markets
    store_id     the store in the token's scope
    token        tells this access token from every other one; empty where there is none
    trusted_at   when the bearer was last known to be the customer that owns the token; None: the bearer knew a password
                 that anybody may have chosen
    who          what versions and event stores record: application and owner, or the worker
    """

    tenant: str
    organization_id: str
    slug: str
    live: bool
    kind: Kind
    application_id: str = ""
    owner_id: str | None = None
    owner_type: str | None = None
    market_ids: tuple[str, ...] | None = None
    stock_location_ids: tuple[str, ...] | None = None
    store_id: str | None = None
    role: str = "admin"
    custom_claim: dict[str, Any] | None = None
    token: str = ""
    trusted_at: str | None = None
    who: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return "live" if self.live else "test"

    @property
    def is_sales_channel(self) -> bool:
        return self.kind == "sales_channel"

    @property
    def is_confidential(self) -> bool:
        """The client proved its secret for this token: a shop's own server asked for it, and may have handed it on."""
        return bool(self.who.get("application", {}).get("confidential"))

    @property
    def customer_id(self) -> str | None:
        """The customer who shops with this token. An owner that an integration or a web application has only signs the
        history.
        """
        return self.owner_id if self.is_sales_channel and self.owner_type == "Customer" else None

    @property
    def key_owner(self) -> str:
        """Whose an `Idempotency-Key` is within an application: the owner's, or, as all guests of a storefront share
        one application, the token's own.
        """
        return self.owner_id or (self.token if self.is_sales_channel else "")


def worker(tenant: str, slug: str, name: str, subject: str) -> Actor:
    """paydesk itself at work in the background: `name` is the kind of work, `subject` what it is about."""
    return Actor(
        tenant=tenant,
        organization_id=organization_of(tenant),
        slug=slug,
        live=is_live(tenant),
        kind="worker",
        who={"worker": {"id": subject, "type": name}},
    )
