"""Setting the demo up: its organization, its applications, and its data by the rules that clients meet.

`paydesk dev` has to tell the same secrets after a restart although only hashes are stored, so all of the demo's
secrets are derived from the data directory's key file.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from paydesk.base.actor import Actor, worker
from paydesk.base.instants import instant, wall
from paydesk.base.tenants import tenant_of
from paydesk.commerce.accounts.applications import Application
from paydesk.commerce.accounts.organizations import Organization
from paydesk.declare import eq
from paydesk.desk import Request, Write
from paydesk.oauth import scopes
from paydesk.oauth.secrets import digest
from paydesk.operations import demo
from paydesk.operations.parts import Parts
from paydesk.rules.asking import Change, Find, new_id
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store import organizations
from paydesk.store.oauth import administrators
from paydesk.store.oauth.administrators import User
from paydesk.store.records.sessions import Session
from paydesk.vault import Vault

SLUG = "demo"
NAME = "Demo organization"
REDIRECT_URI = "http://localhost:3000/callback"
ADMIN_EMAIL = "admin@example.com"
KINDS = ("integration", "sales_channel", "webapp")


def _derived(vault: Vault, label: str, length: int = 32) -> str:
    return base64.urlsafe_b64encode(vault.derive(f"demo {label}", length)).decode().rstrip("=")


async def ensure_demo(parts: Parts, *, stripe_api_base: str, base_url: str) -> dict[str, Any]:
    """Make what is missing of the demo; returns what the credentials file tells.

    Needs a migrated database and the settings' Stripe keys. Doing it again changes nothing.

    base_url   where the demo's pictures are shown: that of this server
    """
    settings, vault = parts.settings, parts.vault
    organization_id = await _organization(parts, vault)
    actor = _integration(organization_id)
    made = await demo.ensure_demo(
        Doing(parts, actor),
        Finding(parts, actor),
        base_url=base_url,
        stripe_secret_key=settings.stripe_secret_key or "",
        stripe_publishable_key=settings.stripe_publishable_key or "",
        customer_password=_derived(vault, "customer password", 12),
    )
    applications = {kind: _client(vault, kind) for kind in KINDS}
    applications["webapp"]["redirect_uri"] = REDIRECT_URI
    return {
        "organization": {"id": organization_id, "slug": SLUG},
        "applications": applications,
        "market": {"id": made.market.id, "scope": f"market:id:{made.market.id}"},
        "skus": [{"id": sku.id, "code": sku.code} for sku in made.skus],
        "payment_method": {"id": made.payment_method.id},
        "stripe_gateway": {"id": made.stripe_gateway.id},
        "stripe": {
            "api_base": stripe_api_base,
            "secret_key": settings.stripe_secret_key,
            "publishable_key": settings.stripe_publishable_key,
        },
        "customer": {"email": demo.CUSTOMER_EMAIL, "password": _derived(vault, "customer password", 12)},
    }


async def for_readers(parts: Parts, *, stripe_api_base: str) -> dict[str, Any] | None:
    """What somebody who reads the reference tries its requests with: how each token is got (`grants`), and the values
    that guides begin with. None where no demo was made.
    """
    organization_id = await parts.database.read(lambda: organizations.organization_with_slug(SLUG))
    if organization_id is None:
        return None
    markets = await Finding(parts, _integration(organization_id))("markets", "code", demo.MARKET_CODE)
    integration, shop = (_client(parts.vault, kind) for kind in ("integration", "sales_channel"))
    scoped = {"client_id": shop["client_id"], "scope": f"market:code:{demo.MARKET_CODE}"}
    password = _derived(parts.vault, "customer password", 12)
    return {
        "grants": {
            "token": {"grant_type": "client_credentials", **integration},
            "shop_token": {"grant_type": "client_credentials", **scoped},
            "customer_token": {
                "grant_type": "password",
                "username": demo.CUSTOMER_EMAIL,
                "password": password,
                **scoped,
            },
        },
        "values": {
            **integration,
            "market": markets[0].id if markets else None,
            "stripe": stripe_api_base,
            "publishable_key": parts.settings.stripe_publishable_key,
        },
    }


def _client(vault: Vault, kind: str) -> dict[str, str]:
    return {"client_id": _derived(vault, f"{kind} id"), "client_secret": _derived(vault, f"{kind} secret")}


def _integration(organization_id: str) -> Actor:
    return worker(tenant_of(organization_id, False), SLUG, "demo", organization_id)


async def _organization(parts: Parts, vault: Vault) -> str:
    """The demo organization with its applications and administrator, in one transaction where it is not there."""
    known = await parts.database.read(lambda: organizations.organization_with_slug(SLUG))
    if known is not None:
        return known
    organization_id, now = new_id(), instant(wall())
    password = _derived(vault, "admin password", 12)
    hashed = await parts.passwords.hash(password)

    def write() -> Any:
        work = Work(_integration(organization_id), now)
        work.create(Organization, id=organization_id, name=NAME, slug=SLUG)
        for kind in KINDS:
            work.create(
                Application,
                name=f"Demo {kind.replace('_', ' ')}",
                kind=kind,
                public_access=kind == "sales_channel",
                redirect_uri=REDIRECT_URI if kind == "webapp" else None,
                scopes=scopes.EVERYTHING,
                uid=_derived(vault, f"{kind} id"),
                secret_hash=digest(_derived(vault, f"{kind} secret")),
            )
        yield from parts.desk.writer.write(work)
        user = User(organization_id, new_id(), ADMIN_EMAIL, "admin", "Demo", "Admin", "UTC", hashed)
        yield from administrators.add_user(user, now)

    await parts.database.write(write)
    return organization_id


class Doing:
    """`demo.Do` by the desk."""

    def __init__(self, parts: Parts, actor: Actor) -> None:
        self.parts = parts
        self.actor = actor

    async def __call__(
        self,
        type: str,
        verb: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, Resource | None],
        *,
        id: str | None = None,
    ) -> Any:
        resource = self.parts.registry[type]
        change = Change(type)
        for name, value in attributes.items():
            (change.values if name in resource.shape.columns else change.arguments)[name] = value
        if verb == "create" and id is not None:
            change.arguments["id"] = id
        links = {name: (one.shape.type, one.id) if one is not None else None for name, one in relationships.items()}
        write = Write(verb, resource, id if verb == "update" else None, change, links)
        view = self.parts.views.of(resource, {}, {}, in_list=False)
        response = await self.parts.desk.change(Request(self.actor, "0" * 64), write, view)
        return (await Finding(self.parts, self.actor)(type, "id", response.record_id or ""))[0]


class Finding:
    """`demo.Find` by the store."""

    def __init__(self, parts: Parts, actor: Actor) -> None:
        self.parts = parts
        self.actor = actor

    async def __call__(self, type: str, column: str, value: str) -> list[Any]:
        return await self.all(Find(type, eq(column, value)))

    async def all(self, find: Find) -> list[Any]:
        desk = self.parts.desk
        session = Session(self.actor.tenant, {})
        found: list[Any] = await self.parts.database.read(lambda: desk.reader.records(session, find))
        return found
