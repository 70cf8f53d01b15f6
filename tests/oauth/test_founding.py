"""Founding an organization and making its applications, as the command line does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paydesk.base.errors import Invalid, NotFound
from paydesk.oauth.authority import OAuth
from paydesk.oauth.grants import token
from paydesk.oauth.refusals import OAuthRefusal
from paydesk.oauth.secrets import digest, verify_password
from paydesk.operations import founding
from paydesk.settings import Settings
from paydesk.store import migrate, open_database
from paydesk.vault import Vault
from tests.oauth.conftest import Rows, add_market, on_sqlite

ORIGIN = ("https", "auth.shop.test")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path)


async def ask(settings: Settings, vault: Vault, client_id: str, client_secret: str) -> dict[str, Any]:
    database = open_database(settings.database_url)
    oauth = OAuth(database, vault)
    try:
        await oauth.start()
        asked = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        answer = await token(oauth, asked, ORIGIN)
        return oauth.tokens.read(answer["access_token"]).payload
    finally:
        await oauth.stop()
        await database.close()


async def rows(settings: Settings, do: Callable[[Rows], Any]) -> Any:
    database = open_database(settings.database_url)
    try:
        return await do(Rows(database))
    finally:
        await database.close()


async def test_an_organization_has_applications_for_both_environments(settings: Settings, vault: Vault) -> None:
    founded = await founding.found_organization(settings, name=" The Blue Brand ", slug="the-blue-brand")
    assert (founded.name, founded.slug, len(founded.id)) == ("The Blue Brand", "the-blue-brand", 10)
    assert [(one.kind, one.mode) for one in founded.applications] == [
        ("integration", "test"),
        ("sales_channel", "test"),
        ("integration", "live"),
        ("sales_channel", "live"),
    ]
    for one in founded.applications:
        payload = await ask(settings, vault, one.client_id, one.client_secret)
        assert payload["test"] is (one.mode == "test")
        assert payload["organization"]["slug"] == "the-blue-brand"
        assert payload["application"]["kind"] == one.kind
    listed = await founding.list_applications(settings, "the-blue-brand")
    assert {(one.client_id, one.kind, one.mode) for one in listed} == {
        (one.client_id, one.kind, one.mode) for one in founded.applications
    }

    async def look(found: Rows) -> None:
        assert await found.all("organizations", "tenant", "id", "slug") == [(founded.id, founded.id, "the-blue-brand")]
        kept = {row[0] for row in await found.all("applications", "secret_hash")}
        assert kept == {digest(one.client_secret) for one in founded.applications}
        ((tenant, email, role, password_hash),) = await found.all("users", "tenant", "email", "role", "password_hash")
        assert (tenant, email, role) == (founded.id, founded.admin_email, "admin")
        assert verify_password(founded.admin_password, password_hash)
        versions = await found.all("versions", "resource_type", "event", "changes")
        assert {(row[0], row[1]) for row in versions} == {("organizations", "create"), ("applications", "create")}
        assert not any("secret_hash" in row[2] or "uid" in row[2] for row in versions)

    await rows(settings, look)


@on_sqlite
@pytest.mark.parametrize(
    ("name", "slug", "error"),
    [
        ("", "acme", "name: can't be blank"),
        ("A", "", "slug: cannot be a host name's label"),
        ("A", "Acme", "slug: cannot be a host name's label"),
        ("A", "-a", "slug: cannot be a host name's label"),
        ("A", "a.b", "slug: cannot be a host name's label"),
        ("A", "a" * 64, "slug: cannot be a host name's label"),
        ("A", "auth", "slug: is reserved"),
    ],
)
async def test_a_name_or_slug_that_cannot_be(settings: Settings, name: str, slug: str, error: str) -> None:
    with pytest.raises(Invalid) as told:
        await founding.found_organization(settings, name=name, slug=slug)
    assert str(told.value) == error


async def test_a_slug_is_taken_once(settings: Settings) -> None:
    await founding.found_organization(settings, name="A", slug="acme")
    with pytest.raises(Invalid) as told:
        await founding.found_organization(settings, name="B", slug="acme")
    assert str(told.value) == "slug: has already been taken"

    async def look(found: Rows) -> None:
        assert len(await found.all("organizations", "id")) == 1
        assert len(await found.all("applications", "id")) == 4
        assert len(await found.all("users", "id")) == 1

    await rows(settings, look)


async def test_an_application_is_made_and_revoked(settings: Settings, vault: Vault) -> None:
    founded = await founding.found_organization(settings, name="A", slug="acme")

    async def market(found: Rows) -> None:
        await add_market(found, f"{founded.id}/live", "mktEUROPEx", "europe")

    await rows(settings, market)
    made = await founding.create_application(
        settings,
        organization_slug="acme",
        mode="live",
        kind="integration",
        name="ERP",
        scopes=("market:code:europe",),
        lifetime_seconds=15 * 86_400,
    )
    assert (made.kind, made.mode, made.name) == ("integration", "live", "ERP")
    assert len(made.client_id) == len(made.client_secret) == 43
    payload = await ask(settings, vault, made.client_id, made.client_secret)
    assert (payload["test"], payload["scope"]) == (False, "market:code:europe")
    assert payload["exp"] - payload["iat"] == 15 * 86_400
    assert await founding.revoke_application(settings, made.client_id) is True
    with pytest.raises(OAuthRefusal) as refused:
        await ask(settings, vault, made.client_id, made.client_secret)
    assert refused.value.error == "invalid_client"
    assert await founding.revoke_application(settings, made.client_id) is False
    assert made.client_id not in {one.client_id for one in await founding.list_applications(settings, "acme")}


@on_sqlite
async def test_a_web_application_may_be_made_with_a_role(settings: Settings) -> None:
    await founding.found_organization(settings, name="A", slug="acme")
    given: dict[str, Any] = {"organization_slug": "acme", "mode": "test", "kind": "webapp"}
    for name, role in (("Chief", "admin"), ("Reader", "read_only"), ("Plain", None)):
        await founding.create_application(settings, **given, name=name, redirect_uri="https://a.example/", role=role)

    async def look(found: Rows) -> None:
        kept = dict(await found.all("applications", "name", "role"))
        assert {name: kept[name] for name in ("Chief", "Reader", "Plain")} == {
            "Chief": "admin",
            "Reader": "read_only",
            "Plain": None,
        }

    await rows(settings, look)


@on_sqlite
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"mode": "prod"}, "mode: is not included in the list"),
        ({"kind": "dashboard"}, "kind: is not included in the list"),
        ({"name": " "}, "name: can't be blank"),
        ({"kind": "webapp"}, "redirect_uri: can't be blank"),
        ({"role": "admin"}, "role: is for web applications: admin or read_only"),
        (
            {"kind": "webapp", "redirect_uri": "https://a.example/", "role": "owner"},
            "role: is for web applications: admin or read_only",
        ),
        ({"lifetime_seconds": 59}, "lifetime: must be between a minute and 15 days"),
        ({"lifetime_seconds": 15 * 86_400 + 1}, "lifetime: must be between a minute and 15 days"),
        (
            {"kind": "webapp", "redirect_uri": "javascript:alert(1)"},
            "redirect_uri: must be an http or https address without a fragment",
        ),
        (
            {"kind": "webapp", "redirect_uri": "https://a.example/#x"},
            "redirect_uri: must be an http or https address without a fragment",
        ),
        (
            {"scopes": ("market:code:nowhere",)},
            "scopes: The requested scope is invalid, unknown, or malformed: market:code:nowhere",
        ),
    ],
)
async def test_an_application_that_cannot_be(settings: Settings, changed: dict[str, Any], error: str) -> None:
    await founding.found_organization(settings, name="A", slug="acme")
    given: dict[str, Any] = {"organization_slug": "acme", "mode": "test", "kind": "integration", "name": "ERP"}
    with pytest.raises(Invalid) as told:
        await founding.create_application(settings, **given | changed)
    assert str(told.value) == error
    assert len(await founding.list_applications(settings, "acme")) == 4


async def test_an_organization_that_is_not_there(settings: Settings) -> None:
    with pytest.raises(NotFound):
        await founding.list_applications(settings, "nobody")
    with pytest.raises(NotFound):
        await founding.create_application(
            settings, organization_slug="nobody", mode="test", kind="integration", name="ERP"
        )
    assert await founding.revoke_application(settings, "nobody") is False


async def test_a_database_that_was_not_migrated(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/none.sqlite3", data_dir=tmp_path)
    with pytest.raises(migrate.NotMigrated):
        await founding.found_organization(settings, name="A", slug="acme")
