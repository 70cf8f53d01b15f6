"""The end of tokens before their time: over HTTP, and in another process."""

from typing import Any

import httpx
import pytest
from sqlalchemy import bindparam, delete, update
from starlette.applications import Starlette

from paydesk.base.instants import instant
from paydesk.oauth import keys
from paydesk.oauth.authority import OAuth
from paydesk.oauth.endpoints import routes
from paydesk.oauth.grants import JWT_BEARER
from paydesk.oauth.keys import RETIREMENT_SECONDS, SETTLING_SECONDS
from paydesk.store.sql.ask import Database
from paydesk.store.types import METADATA
from paydesk.vault import Vault
from tests.acts.grants import INVALID_CLIENT, assertion, bad_request, code_of, error_of
from tests.acts.tokens import is_good
from tests.oauth.conftest import NOW, Api, Clock, Rows, furnish


async def revoke(api: Api, id: str, token: str | None, secret: bool = False) -> httpx.Response:
    body: dict[str, Any] = {"client_id": f"client-{id}", "token": token}
    if secret:
        body["client_secret"] = f"secret-{id}"
    return await api.client.post("/oauth/revoke", json=body)


async def test_a_customers_access_token_is_revoked_at_once_with_its_refresh_token(api: Api) -> None:
    answer = await api.customer()
    other = await api.customer()
    assert is_good(api.oauth, answer["access_token"])
    response = await revoke(api, "shop", answer["access_token"])
    assert (response.status_code, response.json()) == (200, {})
    assert not is_good(api.oauth, answer["access_token"])
    refused = await api.token("shop", "refresh_token", refresh_token=answer["refresh_token"])
    assert error_of(refused) == bad_request("invalid_grant")
    assert is_good(api.oauth, other["access_token"])
    await api.given("shop", "refresh_token", refresh_token=other["refresh_token"])


async def test_a_refresh_token_is_revoked_with_its_access_tokens(api: Api) -> None:
    first = await api.customer()
    second = await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    assert (await revoke(api, "shop", second["refresh_token"])).json() == {}
    assert not is_good(api.oauth, first["access_token"])
    assert not is_good(api.oauth, second["access_token"])
    assert (await revoke(api, "shop", second["refresh_token"])).json() == {}


async def test_the_old_access_token_of_a_family_ends_all_of_it(api: Api) -> None:
    first = await api.customer()
    second = await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    assert (await revoke(api, "shop", first["access_token"])).status_code == 200
    assert not is_good(api.oauth, second["access_token"])
    refused = await api.token("shop", "refresh_token", refresh_token=second["refresh_token"])
    assert error_of(refused) == bad_request("invalid_grant")


async def test_a_confidential_client_needs_its_secret(api: Api) -> None:
    token = (await api.given("back", "client_credentials"))["access_token"]
    response = await revoke(api, "back", token)
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
    assert is_good(api.oauth, token)
    assert (await revoke(api, "back", token, secret=True)).json() == {}
    assert not is_good(api.oauth, token)


async def test_a_guests_token_needs_the_shops_secret(api: Api) -> None:
    token = (await api.given("shop", "client_credentials", secret=False))["access_token"]
    response = await revoke(api, "shop", token)
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
    assert is_good(api.oauth, token)
    assert (await revoke(api, "shop", token, secret=True)).json() == {}
    assert not is_good(api.oauth, token)
    assert (await revoke(api, "shop", token, secret=True)).json() == {}


async def test_an_ownerless_refresh_token_needs_the_shops_secret(api: Api) -> None:
    answer = await api.given("shop", JWT_BEARER, assertion=assertion({"custom_claim": {"a": 1}}))
    response = await revoke(api, "shop", answer["refresh_token"])
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
    assert (await revoke(api, "shop", answer["refresh_token"], secret=True)).json() == {}
    assert not is_good(api.oauth, answer["access_token"])


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_another_clients_token_is_not_revoked(api: Api, kind: str) -> None:
    answer = await api.customer()
    for id, secret in (("back", True), ("foreign", False), ("liveshop", True)):
        response = await revoke(api, id, answer[kind], secret)
        assert error_of(response) == (403, "unauthorized_client", "FORBIDDEN", 403)
    assert is_good(api.oauth, answer["access_token"])
    await api.given("shop", "refresh_token", refresh_token=answer["refresh_token"])


async def test_a_token_that_is_none_is_revoked_already(api: Api) -> None:
    for token in ("x", "a.b.c", "x" * 43):
        response = await revoke(api, "shop", token)
        assert (response.status_code, response.json()) == (200, {})
    answer = await api.customer()
    api.clock.advance(14_400)
    assert (await revoke(api, "shop", answer["access_token"])).json() == {}
    await api.given("shop", "refresh_token", refresh_token=answer["refresh_token"])


async def test_revoking_asks_for_a_client_and_a_token(api: Api) -> None:
    assert (await revoke(api, "nobody", "x")).json() == INVALID_CLIENT
    assert error_of(await revoke(api, "shop", None)) == bad_request("invalid_request")
    wrong = await api.client.post(
        "/oauth/revoke", json={"client_id": "client-shop", "client_secret": "wrong", "token": "x"}
    )
    assert wrong.json() == INVALID_CLIENT


# Another process.


@pytest.fixture
async def second(api: Api, database: Database, vault: Vault) -> Any:
    other = OAuth(database, vault, api.clock)
    await other.start()
    yield other
    await other.stop()


async def test_another_process_knows_a_revocation_when_it_reads_again(api: Api, second: OAuth) -> None:
    answer = await api.customer()
    guest = (await api.given("shop", "client_credentials"))["access_token"]
    for token in (answer["access_token"], guest):
        assert is_good(second, token)
        await revoke(api, "shop", token, secret=True)
        assert is_good(second, token)
    await second.refresh()
    for token in (answer["access_token"], guest):
        assert not is_good(second, token)
    assert 0 < second.refresh_seconds < 5


async def test_a_process_that_starts_later_knows_it_from_the_start(api: Api, database: Database, vault: Vault) -> None:
    token = (await api.given("shop", "client_credentials"))["access_token"]
    api.clock.advance(1000)
    await revoke(api, "shop", token, secret=True)
    api.clock.advance(10_000)
    late = OAuth(database, vault, api.clock)
    await late.start()
    assert not is_good(late, token)
    await late.stop()


@pytest.mark.parametrize("how", ["revoked", "deleted"])
async def test_tokens_of_an_application_that_ended_stop(api: Api, how: str) -> None:
    token = (await api.given("back", "client_credentials"))["access_token"]
    assert is_good(api.oauth, token)
    table = METADATA.tables["applications"]
    api.clock.advance(1)
    if how == "deleted":
        await api.rows.run("delete application", lambda: delete(table).where(table.c.id == "back"))
    else:
        ended = instant(api.clock())

        def build() -> Any:
            when = bindparam("when", ended, type_=table.c.revoked_at.type)
            return update(table).where(table.c.id == "back").values(revoked_at=when)

        await api.rows.run("revoke application", build)
    await api.oauth.refresh()
    assert not is_good(api.oauth, token)
    assert (await api.token("back", "client_credentials")).json() == INVALID_CLIENT


async def test_a_process_that_starts_later_refuses_an_ended_applications_token(
    api: Api, database: Database, vault: Vault
) -> None:
    token = (await api.given("back", "client_credentials"))["access_token"]
    table = METADATA.tables["applications"]

    def build() -> Any:
        when = bindparam("when", instant(api.clock()), type_=table.c.revoked_at.type)
        return update(table).where(table.c.id == "back").values(revoked_at=when)

    await api.rows.run("revoke application", build)
    api.clock.advance(3600)
    late = OAuth(database, vault, api.clock)
    await late.start()
    assert not is_good(late, token)
    await late.stop()


async def test_the_background_reads_again_by_itself(api: Api, database: Database, vault: Vault) -> None:
    import asyncio

    other = OAuth(database, vault, api.clock, refresh_seconds=0.01)
    await other.start()
    answer = await api.customer()
    assert is_good(other, answer["access_token"])
    await revoke(api, "shop", answer["access_token"])
    for _ in range(200):
        if not is_good(other, answer["access_token"]):
            break
        await asyncio.sleep(0.01)
    assert not is_good(other, answer["access_token"])
    await other.stop()


async def test_a_customers_email_is_known_to_a_process_that_did_not_log_them_in(api: Api, second: OAuth) -> None:
    token = (await api.customer())["access_token"]
    assert second.actor(token, "acme").who["owner"]["email"] is None
    actor = await second.admit(token, "acme")
    assert actor.who["owner"]["email"] == "Ada@example.com"
    assert second.actor(token, "acme").who["owner"]["email"] == "Ada@example.com"


# Keys.


async def test_processes_that_start_together_make_one_key(database: Database, vault: Vault, clock: Clock) -> None:
    import asyncio

    several = [OAuth(database, vault, clock) for _ in range(3)]
    await asyncio.gather(*(one.start() for one in several))
    kids = {key["kid"] for one in several for key in one.keyring.jwks()["keys"]}
    assert len(kids) == 1
    for one in several:
        await one.stop()


async def test_the_key_stays_after_a_restart_and_can_be_rotated(api: Api, database: Database, vault: Vault) -> None:
    old = (await api.given("back", "client_credentials"))["access_token"]
    kid = await keys.rotate(database, vault, api.clock())
    await api.oauth.refresh()
    (new_key, old_key) = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
    assert new_key["kid"] == kid
    assert api.oauth.keyring.signer(api.oauth.now).kid == old_key["kid"]
    api.clock.advance(SETTLING_SECONDS)
    assert api.oauth.keyring.signer(api.oauth.now).kid == kid
    new = (await api.given("back", "client_credentials"))["access_token"]
    assert is_good(api.oauth, old) and is_good(api.oauth, new)
    assert new.split(".")[0] != old.split(".")[0]
    api.clock.advance(RETIREMENT_SECONDS)
    await api.oauth.refresh()
    assert list(api.oauth.keyring.by_header) == [new.split(".")[0]]
    await api.oauth.clear()
    api.clock.advance(3601)
    await api.oauth.clear()
    assert await api.rows.all("signing_keys", "kid") == [(kid,)]


async def test_jwks_may_be_kept_a_little(api: Api) -> None:
    response = await api.client.get("/.well-known/jwks.json")
    assert response.headers["cache-control"] == "public, max-age=300"
    assert response.headers["access-control-allow-origin"] == "*"
    assert (await api.client.head("/.well-known/jwks.json")).status_code == 200


# tokeninfo.


async def info(api: Api, token: str | None) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    return await api.client.get("https://acme.shop.test/oauth/tokeninfo", headers=headers)


async def test_tokeninfo_tells_a_customer(api: Api) -> None:
    token = (await api.customer(scope="market:code:europe"))["access_token"]
    assert (await info(api, token)).json() == {
        "token": {"test": True, "market_ids": ["mktEUROPEx"], "stock_location_ids": [], "lifespan": 14400},
        "role": {"id": "sales_channel", "kind": "sales_channel", "name": "Sales channel"},
        "application": {"id": "shop", "kind": "sales_channel", "name": "My sales_channel", "core": False},
        "owner": {
            "id": "cusADAxxxx",
            "type": "Customer",
            "email": "Ada@example.com",
            "first_name": None,
            "last_name": None,
            "owner": False,
            "time_zone": None,
        },
        "permissions": {},
        "accessible_apps": [],
    }


async def test_tokeninfo_tells_permissions(api: Api) -> None:
    from paydesk.commerce import registry

    api.oauth.resources = registry()
    told = (await info(api, (await api.given("back", "client_credentials"))["access_token"])).json()
    assert told["owner"] is None
    assert told["role"] == {"id": "integration", "kind": "integration", "name": "Integration"}
    assert told["permissions"]["skus"] == {"actions": ["create", "destroy", "read", "update"]}
    assert told["permissions"]["organizations"] == {"actions": ["read"]}
    assert told["permissions"]["returns"] == told["permissions"]["coupons"] == {"actions": ["read"]}
    guest = (await info(api, (await api.given("shop", "client_credentials"))["access_token"])).json()
    assert guest["permissions"]["orders"] == {"actions": ["create", "read", "update"]}
    assert "price_lists" not in guest["permissions"]
    assert guest["permissions"]["shipments"] == {"actions": ["read", "update"]}
    assert "coupons" not in guest["permissions"]
    code = await code_of(api)
    user = await api.given("desk", "authorization_code", code=code, redirect_uri="https://desk.example/callback?a=1")
    told = (await info(api, user["access_token"])).json()
    assert told["role"] == {"id": "admin", "kind": "admin", "name": "Admin"}
    assert (told["owner"]["email"], told["owner"]["owner"], told["owner"]["time_zone"]) == (
        "boss@acme.example",
        True,
        "UTC",
    )


async def test_tokeninfo_without_a_good_token(api: Api) -> None:
    foreign = (await api.given("foreign", "client_credentials"))["access_token"]
    for token, reason in (
        (None, "The request has no access token."),
        ("x", "The access token is not one of this server."),
        ("", "The access token is not one of this server."),
        (foreign, "The access token is for another organization."),
    ):
        response = await info(api, token)
        assert error_of(response) == (401, "Invalid token", "INVALID_TOKEN", 401)
        challenge = f'Bearer error="invalid_token", error_description="{reason}"'
        assert response.headers["www-authenticate"] == challenge


async def test_a_fixed_domain_is_the_issuer_wherever_it_is_asked(
    database: Database, vault: Vault, clock: Clock, key_rows: Any
) -> None:
    await furnish(Rows(database), key_rows)
    oauth = OAuth(database, vault, clock, public_domain="fixed.test")
    await oauth.start()
    transport = httpx.ASGITransport(Starlette(routes=list(routes(oauth))))
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
        response = await client.post(
            "/oauth/token", data={"grant_type": "client_credentials", "client_id": "client-shop"}
        )
    read = oauth.tokens.read(response.json()["access_token"])
    assert read.payload["iss"] == "https://auth.fixed.test"
    assert read.until == NOW + 14_400
    await oauth.stop()


async def test_a_token_that_is_not_good_any_more_is_told_why(api: Api) -> None:
    expired = (await api.given("back", "client_credentials"))["access_token"]
    api.clock.advance(7200)
    revoked = (await api.given("back", "client_credentials"))["access_token"]
    await revoke(api, "back", revoked, secret=True)
    for token, reason in (
        (expired, "The access token has expired."),
        (revoked, "The access token was revoked."),
        (revoked[:-1], "The access token is not one of this server."),
    ):
        response = await info(api, token)
        assert response.json()["errors"][0]["detail"] == "The access token you provided is invalid."
        challenge = f'Bearer error="invalid_token", error_description="{reason}"'
        assert response.headers["www-authenticate"] == challenge
