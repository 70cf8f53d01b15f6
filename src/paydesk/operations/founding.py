"""Founding organizations and making their applications, for the command line.

Secrets are told once, by what these functions return: the database keeps hashes.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from paydesk import commerce
from paydesk.base.actor import Actor, worker
from paydesk.base.errors import Invalid, NotFound, NotUnique
from paydesk.base.instants import instant, wall
from paydesk.base.tenants import mode_of, tenant_of
from paydesk.commerce.accounts.applications import Application
from paydesk.commerce.accounts.organizations import Organization
from paydesk.declare import eq
from paydesk.oauth import scopes as scoping
from paydesk.oauth.grants import GRANTS, ROLES
from paydesk.oauth.refusals import OAuthRefusal
from paydesk.oauth.secrets import digest, hash_password, new_secret
from paydesk.oauth.tokens import LONGEST_LIFETIME_SECONDS
from paydesk.rules.asking import Find, new_id
from paydesk.rules.registry import Registry
from paydesk.rules.work import Work
from paydesk.settings import Settings
from paydesk.store import open_database, organizations, schema
from paydesk.store.oauth import administrators
from paydesk.store.oauth import applications as stored_applications
from paydesk.store.oauth.administrators import User
from paydesk.store.records import tables
from paydesk.store.records.reading import Reader
from paydesk.store.records.sessions import Session
from paydesk.store.records.writing import Writer
from paydesk.store.sql.ask import Database

Mode = Literal["test", "live"]

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
RESERVED_SLUGS = frozenset({"auth", "core", "dashboard", "metrics", "provisioning", "www"})
"""First labels that mean something else: the authentication host, and those of the other Commerce Layer APIs."""


@dataclass(frozen=True, slots=True)
class Created:
    """A new application; the secret is nowhere else."""

    kind: str
    mode: str
    name: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class Founded:
    """A new organization.

    applications     an integration and a sales channel for each environment
    admin_password   of the administrator who may let web applications in; nowhere else
    """

    id: str
    slug: str
    name: str
    applications: tuple[Created, ...]
    admin_email: str
    admin_password: str


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    client_id: str
    kind: str
    mode: str
    name: str
    created_at: str


async def found_organization(settings: Settings, *, name: str, slug: str, admin_email: str | None = None) -> Founded:
    """An organization, with an integration and a sales channel for each environment, and one administrator.

    raises  Invalid: no name, or a slug that is none, reserved or taken
    """
    if not name.strip():
        raise Invalid("name", "blank", "can't be blank")
    if not _SLUG.fullmatch(slug):
        raise Invalid("slug", "invalid", "cannot be a host name's label")
    if slug in RESERVED_SLUGS:
        raise Invalid("slug", "exclusion", "is reserved")
    commerce.registry()  # fixes which columns each type has
    organization_id, now = new_id(), instant(wall())
    email, password = admin_email or f"admin@{slug}", new_secret()
    user = User(organization_id, new_id(), email, "admin", "Admin", None, "UTC", hash_password(password))
    made: list[tuple[Created, Work]] = []
    for mode in ("test", "live"):
        for kind in ("integration", "sales_channel"):
            title = kind.replace("_", " ").capitalize()
            made.append(_made(organization_id, slug, mode, kind, title, None, None, now))
    founding = Work(_command(organization_id, slug, "live", organization_id, "organization create"), now)
    founding.create(Organization, id=organization_id, name=name.strip(), slug=slug)
    async with opened(settings) as (database, registry):
        writer = Writer(registry)

        def write() -> Any:
            yield from writer.write(founding)
            for _, work in made:
                yield from writer.write(work)
            yield from administrators.add_user(user, now)

        try:
            await database.write(write)
        except NotUnique:
            raise Invalid("slug", "taken", "has already been taken") from None
    return Founded(organization_id, slug, name.strip(), tuple(created for created, _ in made), email, password)


async def create_application(
    settings: Settings,
    *,
    organization_slug: str,
    mode: Mode,
    kind: str,
    name: str,
    redirect_uri: str | None = None,
    scopes: Iterable[str] = (),
    lifetime_seconds: int | None = None,
    role: str | None = None,
) -> Created:
    """Credentials of an organization for one environment.

    redirect_uri      where authorization codes are sent, of a web application; several are parted by spaces
    scopes            what its tokens may name; nothing: any
    lifetime_seconds  how long its access tokens live; None: as those of its kind
    role              what a web application may do with tokens that no user's role bounds; None: only read
    raises            Invalid; NotFound where no organization has this slug
    """
    if mode not in ("test", "live"):
        raise Invalid("mode", "inclusion", "is not included in the list")
    if kind not in GRANTS:
        raise Invalid("kind", "inclusion", "is not included in the list")
    if not name.strip():
        raise Invalid("name", "blank", "can't be blank")
    if kind == "webapp" and not (redirect_uri or "").split():
        raise Invalid("redirect_uri", "blank", "can't be blank")
    for address in (redirect_uri or "").split():
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise Invalid("redirect_uri", "invalid", "must be an http or https address without a fragment")
    if lifetime_seconds is not None and not 60 <= lifetime_seconds <= LONGEST_LIFETIME_SECONDS:
        raise Invalid("lifetime", "inclusion", "must be between a minute and 15 days")
    if role is not None and (kind != "webapp" or role not in ROLES):
        raise Invalid("role", "inclusion", "is for web applications: admin or read_only")
    wanted = " ".join(scopes) or None
    async with opened(settings) as (database, registry):
        organization_id = await organization_with_slug(database, organization_slug)
        if wanted is not None:
            try:
                await scoping.resolve(database, tenant_of(organization_id, mode == "live"), wanted, None)
            except OAuthRefusal as refusal:
                raise Invalid("scopes", "invalid", refusal.detail) from None
        now = instant(wall())
        created, work = _made(
            organization_id,
            organization_slug,
            mode,
            kind,
            name.strip(),
            redirect_uri,
            wanted,
            now,
            lifetime_seconds,
            role,
        )
        writer = Writer(registry)
        await database.write(lambda: writer.write(work))
    return created


async def list_applications(settings: Settings, slug: str) -> list[ApplicationRow]:
    """An organization's applications in both environments, oldest first, less those that were revoked.

    raises  NotFound where no organization has this slug
    """
    async with opened(settings) as (database, _):
        organization_id = await organization_with_slug(database, slug)
        rows = await database.read(lambda: stored_applications.applications_of(organization_id))
    return [
        ApplicationRow(client_id, kind, mode_of(tenant), name, created_at)
        for tenant, client_id, kind, name, created_at in rows
    ]


async def revoke_application(settings: Settings, client_id: str) -> bool:
    """End an application: its tokens stop within seconds in every process that serves. False where there is none."""
    async with opened(settings) as (database, registry):
        found = await database.read(lambda: stored_applications.application(client_id))
        if found is None:
            return False
        mode = "live" if found.live else "test"
        actor = _command(found.organization_id, found.slug, mode, found.id, "application revoke")
        now, reader, writer = instant(wall()), Reader(registry), Writer(registry)

        def revoke() -> Any:
            # A transaction may be run again, so its work begins afresh with it.
            work = Work(actor, now)
            find = Find(Application, eq("id", found.id), lock=True)
            records = yield from reader.records(Session(actor.tenant, {}), find)
            for record in records:
                work.change(record, revoked_at=work.now)
            yield from writer.write(work)

        await database.write(revoke)
    return True


def _made(
    organization_id: str,
    slug: str,
    mode: str,
    kind: str,
    name: str,
    redirect_uri: str | None,
    scopes: str | None,
    now: str,
    lifetime_seconds: int | None = None,
    role: str | None = None,
) -> tuple[Created, Work]:
    """A new application, and the work that writes it."""
    created = Created(kind, mode, name, client_id=new_secret(), client_secret=new_secret())
    application_id = new_id()
    work = Work(_command(organization_id, slug, mode, application_id, "application create"), now)
    work.create(
        Application,
        id=application_id,
        name=name,
        kind=kind,
        public_access=kind == "sales_channel",
        redirect_uri=redirect_uri,
        scopes=scopes or scoping.EVERYTHING,
        uid=created.client_id,
        secret_hash=digest(created.client_secret),
        lifetime_seconds=lifetime_seconds,
        role=role,
    )
    return created, work


def _command(organization_id: str, slug: str, mode: str, subject: str, command: str) -> Actor:
    return worker(tenant_of(organization_id, mode == "live"), slug, command, subject)


async def organization_with_slug(database: Database, slug: str) -> str:
    """Its id. raises NotFound"""
    organization_id = await database.read(lambda: organizations.organization_with_slug(slug))
    if organization_id is None:
        raise NotFound(f"There is no organization with the slug {slug}.")
    return organization_id


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[tuple[Database, Registry]]:
    """The migrated database of these settings, and the resources that it keeps.

    raises  schema.NotMigrated, schema.DatabaseUnreachable
    """
    await asyncio.to_thread(schema.check, settings.database_url)
    registry = commerce.registry()
    tables.build(registry)
    database = open_database(settings.database_url, connections=1)
    try:
        yield database, registry
    finally:
        await database.close()
