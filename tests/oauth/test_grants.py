"""Getting tokens: every grant over HTTP, on both databases."""

import asyncio
import hashlib
import threading
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from paydesk.base.errors import InvalidToken
from paydesk.base.instants import instant, later
from paydesk.oauth import endpoints
from paydesk.oauth.grants import JWT_BEARER, RETRY_SECONDS
from paydesk.oauth.secrets import digest
from paydesk.store.oauth import clearing
from paydesk.store.sql.ask import Database
from tests.acts.grants import (
    CHALLENGE,
    INVALID_CLIENT,
    PKCE,
    REDIRECT,
    VERIFIER,
    assertion,
    bad_request,
    code_of,
    error_of,
    payload_of,
)
from tests.oauth.conftest import LIVE, NOW, PASSWORD, TENANT, Api, on_sqlite


async def test_a_sales_channel_gets_a_guest_token_without_secret(api: Api) -> None:
    response = await api.token("shop", "client_credentials", secret=False, scope="market:id:mktEUROPEx")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == "*"
    answer = response.json()
    text = answer.pop("access_token")
    assert answer == {
        "token_type": "bearer",
        "expires_in": 14400,
        "scope": "market:id:mktEUROPEx",
        "created_at": 1_700_000_000,
    }
    payload = payload_of(text)
    assert 0 <= payload.pop("rand") < 1
    assert payload == {
        "organization": {"id": "orgAAAAAAA", "slug": "acme", "enterprise": False, "region": "self-hosted"},
        "application": {
            "id": "shop",
            "client_id": "client-shop",
            "kind": "sales_channel",
            "public": True,
            "confidential": False,
        },
        "test": True,
        "market": {
            "id": ["mktEUROPEx"],
            "stock_location_ids": [],
            "geocoder_id": None,
            "allows_external_prices": True,
        },
        "scope": "market:id:mktEUROPEx",
        "exp": 1_700_014_400,
        "iat": 1_700_000_000,
        "iss": "https://auth.shop.test",
    }


async def test_the_token_verifies_with_the_published_key_and_has_the_documented_header(api: Api) -> None:
    text = (await api.given("back", "client_credentials"))["access_token"]
    response = await api.client.get("/.well-known/jwks.json")
    (jwk,) = response.json()["keys"]
    assert sorted(jwk) == ["alg", "e", "kid", "kty", "n", "use"]
    assert (jwk["kty"], jwk["alg"], jwk["use"], len(jwk["kid"])) == ("RSA", "RS512", "sig", 64)
    read = jws.deserialize_compact(text, RSAKey.import_key(jwk), algorithms=["RS512"])
    assert read.headers() == {"alg": "RS512", "typ": "JWT", "kid": jwk["kid"]}
    der = RSAKey.import_key(jwk).as_der(private=False)
    assert hashlib.sha256(der).hexdigest() == jwk["kid"]


async def test_an_integration_needs_its_secret_and_gets_two_hours(api: Api) -> None:
    answer = await api.given("back", "client_credentials")
    assert (answer["expires_in"], answer["scope"]) == (7200, "market:all")
    payload = payload_of(answer["access_token"])
    assert "market" not in payload and "owner" not in payload
    assert payload["application"]["public"] is False and payload["application"]["confidential"] is True
    assert "refresh_token" not in answer


async def test_a_live_application_gets_a_live_token(api: Api) -> None:
    payload = payload_of((await api.given("liveshop", "client_credentials", secret=False))["access_token"])
    assert payload["test"] is False
    assert api.oauth.actor((await api.given("liveshop", "client_credentials"))["access_token"], "acme").tenant == LIVE


async def test_a_sales_channel_that_sends_its_secret_is_confidential(api: Api) -> None:
    answer = await api.given("shop", "client_credentials")
    assert payload_of(answer["access_token"])["application"]["confidential"] is True


@on_sqlite
@pytest.mark.parametrize(
    ("id", "body"),
    [
        ("nobody", {}),
        ("gone", {"client_secret": "secret-gone"}),
        ("back", {}),
        ("back", {"client_secret": "wrong"}),
        ("back", {"client_secret": ""}),
        ("shop", {"client_secret": "wrong"}),
        ("desk", {"grant_type": "refresh_token", "refresh_token": "x"}),
        ("shop", {"grant_type": JWT_BEARER, "assertion": "x"}),
    ],
)
async def test_a_client_that_cannot_be_told_is_refused_in_the_documented_words(
    api: Api, id: str, body: dict[str, str]
) -> None:
    asked = {"grant_type": "client_credentials", "client_id": f"client-{id}", **body}
    response = await api.client.post("/oauth/token", json=asked)
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)


async def test_a_request_without_client_is_refused_in_the_same_words(api: Api) -> None:
    response = await api.client.post("/oauth/token", json={"grant_type": "client_credentials"})
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)


@on_sqlite
@pytest.mark.parametrize(
    ("id", "grant_type"),
    [
        ("back", "password"),
        ("back", "authorization_code"),
        ("shop", "authorization_code"),
        ("desk", "client_credentials"),
        ("desk", "password"),
    ],
)
async def test_a_grant_is_only_for_the_kinds_that_have_it(api: Api, id: str, grant_type: str) -> None:
    assert error_of(await api.token(id, grant_type)) == bad_request("unauthorized_client")


async def test_unknown_and_missing_grant_types(api: Api) -> None:
    assert error_of(await api.token("back", "implicit")) == bad_request("unsupported_grant_type")
    response = await api.client.post("/oauth/token", json={"client_id": "client-shop"})
    assert error_of(response) == bad_request("invalid_request")


@on_sqlite
@pytest.mark.parametrize(
    ("grant_type", "parameters"),
    [
        ("password", {"username": "ada@example.com"}),
        ("password", {"password": "x"}),
        ("refresh_token", {}),
        (JWT_BEARER, {}),
    ],
)
async def test_a_missing_parameter_is_named(api: Api, grant_type: str, parameters: dict[str, Any]) -> None:
    response = await api.token("shop", grant_type, **parameters)
    assert error_of(response) == bad_request("invalid_request")
    assert response.json()["errors"][0]["detail"].startswith("Missing required parameter: ")


# Bodies.


async def test_a_form_does_as_well_as_json(api: Api) -> None:
    form = {"grant_type": "client_credentials", "client_id": "client-shop", "scope": "market:code:europe"}
    response = await api.client.post("/oauth/token", data=form)
    assert response.status_code == 200
    assert response.json()["scope"] == "market:code:europe"


@on_sqlite
@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b""),
        ("application/json", b"[]"),
        ("application/json", b'"text"'),
        ("application/json", b"{"),
        ("application/json", b"[" * 60_000),
        ("application/json", b'{"grant_type":' * 4000),
        ("application/json", b'{"grant_type":"client_credentials","client_id":1}'),
        ("application/json", b'{"grant_type":"client_credentials","client_id":' + b"9" * 60_000 + b"}"),
        ("application/json", b'{"grant_type":"client_credentials","client_id":["client-shop"]}'),
        ("application/json", b'{"grant_type":"client_credentials","client_id":"client-shop\\u0000"}'),
        ("application/json", b'{"grant_type":"client_credentials","client_id":"\\ud800"}'),
        ("application/json", b'{"grant_type":"client_credentials","client_id":"client-shop","client_id":"x"}'),
        ("application/json", b'{"grant_type":"\xff"}'),
        ("application/x-www-form-urlencoded", b"grant_type=client_credentials&client_id=a&client_id=b"),
        ("application/x-www-form-urlencoded", b"grant_type=client_credentials&client_id=%ff"),
        ("application/x-www-form-urlencoded", b"a=1&" * 200),
        ("application/x-www-form-urlencoded", b"grant_type=client_credentials&client_id=a%00"),
        ("text/plain", b"grant_type=client_credentials&client_id=client-shop"),
        ("multipart/form-data; boundary=x", b"--x--"),
    ],
)
async def test_a_body_that_cannot_be_read_is_an_invalid_request(api: Api, media: str, body: bytes) -> None:
    response = await api.client.post("/oauth/token", content=body, headers={"content-type": media})
    assert error_of(response) == bad_request("invalid_request")


async def test_a_body_over_64_kib_is_refused_before_it_is_read_to_the_end(api: Api) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100 * endpoints.LONGEST_BODY:
            sent += 1024
            yield b"a" * 1024

    response = await api.client.post("/oauth/token", content=endless(), headers={"content-type": "application/json"})
    assert error_of(response) == (413, "invalid_request", "PAYLOAD_TOO_LARGE", 413)
    assert sent == endpoints.LONGEST_BODY + 1024


async def test_other_methods_and_preflight(api: Api) -> None:
    response = await api.client.get("/oauth/token")
    assert error_of(response) == (405, "invalid_request", "METHOD_NOT_ALLOWED", 405)
    assert response.headers["allow"] == "POST, OPTIONS"
    preflight = await api.client.options("/oauth/token")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert preflight.headers["access-control-allow-headers"] == "Authorization, Content-Type, Accept"


# The issuer.


@on_sqlite
@pytest.mark.parametrize(
    ("base", "issuer"),
    [
        ("https://auth.shop.test", "https://auth.shop.test"),
        ("https://acme.shop.test", "https://auth.shop.test"),
        ("https://ACME.shop.test:8443", "https://auth.shop.test:8443"),
        ("https://bolt.shop.test", "https://auth.shop.test"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://other.shop.test", "https://other.shop.test"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://acme", "http://acme"),
    ],
)
async def test_the_issuer_follows_the_host(api: Api, base: str, issuer: str) -> None:
    body = {"grant_type": "client_credentials", "client_id": "client-shop"}
    response = await api.client.post(f"{base}/oauth/token", json=body)
    assert payload_of(response.json()["access_token"])["iss"] == issuer


# Passwords.


async def test_a_customer_logs_in(api: Api) -> None:
    answer = await api.given("shop", "password", secret=False, username=" ADA@example.com ", password=PASSWORD)
    assert (answer["owner_id"], answer["owner_type"], answer["scope"]) == ("cusADAxxxx", "customer", "market:all")
    assert len(answer["refresh_token"]) == 43
    assert payload_of(answer["access_token"])["owner"] == {"id": "cusADAxxxx", "type": "Customer"}
    actor = api.oauth.actor(answer["access_token"], "acme")
    assert actor.customer_id == "cusADAxxxx"
    assert actor.who == {
        "application": {
            "id": "shop",
            "client_id": "client-shop",
            "kind": "sales_channel",
            "public": True,
            "confidential": False,
        },
        "owner": {
            "id": "cusADAxxxx",
            "type": "Customer",
            "email": "Ada@example.com",
            "first_name": None,
            "last_name": None,
        },
    }


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada@example.com", "wrong"),
        ("guest@example.com", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("ada@example.com", PASSWORD + "x" * 2000),
    ],
)
async def test_a_wrong_pair_says_the_same_whoever_is_meant(api: Api, username: str, password: str) -> None:
    response = await api.token("shop", "password", secret=False, username=username, password=password)
    assert error_of(response) == bad_request("invalid_grant")
    other = await api.token("shop", "password", secret=False, username="never@example.com", password="x")
    assert response.json() == other.json()
    assert await api.rows.all("grants", "id") == []


async def test_customers_of_the_two_environments_are_different_people(api: Api) -> None:
    answer = await api.given("liveshop", "password", username="ada@example.com", password=PASSWORD)
    assert answer["owner_id"] == "cusLIVExxx"


async def test_secrets_are_kept_as_digests(api: Api) -> None:
    answer = await api.customer()
    assert await api.rows.all("refresh_tokens", "digest") == [(digest(answer["refresh_token"]),)]
    ((private,),) = await api.rows.all("signing_keys", "private_key")
    assert private.startswith("v1.")


async def test_more_logins_than_can_be_worked_are_refused_and_told_to_wait(api: Api) -> None:
    passwords, looked_at = api.oauth.passwords, threading.Event()
    room, passwords._room = passwords._room, 1
    try:
        first = asyncio.create_task(passwords._run(lambda: looked_at.wait(60)))
        await asyncio.sleep(0)
        login: dict[str, Any] = {"secret": False, "username": "a@example.com", "password": "x"}
        answers = await asyncio.gather(*(api.token("shop", "password", **login) for _ in range(2)))
        looked_at.set()
        assert await first
        answers.append(await api.token("shop", "password", **login))
    finally:
        looked_at.set()
        passwords._room = room
    assert [answer.status_code for answer in answers] == [429, 429, 400]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert error_of(refused) == (429, "too_many_requests", "TOO_MANY_REQUESTS", 429)
    assert refused.headers["retry-after"] == "1"


# Scopes.


@pytest.mark.parametrize(
    ("scope", "markets"),
    [
        (None, None),
        ("market:all", None),
        ("market:id:mktEUROPEx", ("mktEUROPEx",)),
        ("market:code:usa", ("mktUSAxxxx",)),
        ("market:code:usa market:id:mktEUROPEx", ("mktUSAxxxx", "mktEUROPEx")),
        ("market:id:mktEUROPEx market:code:europe", ("mktEUROPEx",)),
    ],
)
async def test_a_scope_names_markets(api: Api, scope: str | None, markets: tuple[str, ...] | None) -> None:
    answer = await api.given("back", "client_credentials", scope=scope)
    assert answer["scope"] == (scope or "market:all")
    assert api.oauth.actor(answer["access_token"], None).market_ids == markets


@pytest.mark.parametrize(
    "scope",
    [
        "market:1234",
        "market:id:",
        "market:id:nowhere",
        "market:code:nowhere",
        "market:code:closed",
        "market:id:mktFOREIGN",
        "market:name:europe",
        "market:all market:id:mktEUROPEx",
        "market:id:mktEUROPEx store:id:abc",
        "stock_location:id:abc",
        "store:code:shut",
        "everything",
        "market:id:" + "x" * 5000,
        " ".join(f"market:id:{number}" for number in range(65)),
    ],
)
async def test_a_scope_that_names_nothing_is_refused(api: Api, scope: str) -> None:
    assert error_of(await api.token("back", "client_credentials", scope=scope)) == bad_request("invalid_scope")


async def test_a_private_market_is_not_for_shoppers(api: Api) -> None:
    refused = await api.token("shop", "client_credentials", scope="market:code:private")
    assert error_of(refused) == bad_request("invalid_scope")
    assert (await api.given("back", "client_credentials", scope="market:code:private"))[
        "scope"
    ] == "market:code:private"


async def test_an_application_can_be_held_to_markets_and_a_lifetime(api: Api) -> None:
    answer = await api.given("bound", "client_credentials")
    assert (answer["scope"], answer["expires_in"]) == ("market:id:mktEUROPEx", 600)
    assert (await api.given("bound", "client_credentials", scope="market:code:europe"))["scope"] == "market:code:europe"
    for wider in ("market:all", "market:code:usa", "market:code:europe market:code:usa"):
        assert error_of(await api.token("bound", "client_credentials", scope=wider)) == bad_request("invalid_scope")


# Refreshing.


async def test_a_refresh_rotates(api: Api) -> None:
    first = await api.customer(scope="market:code:europe")
    api.clock.advance(3600)
    second = await api.given("shop", "refresh_token", secret=False, refresh_token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert (second["scope"], second["owner_id"], second["owner_type"], second["created_at"]) == (
        "market:code:europe",
        "cusADAxxxx",
        "customer",
        1_700_003_600,
    )
    third = await api.given("shop", "refresh_token", secret=False, refresh_token=second["refresh_token"])
    assert api.oauth.actor(third["access_token"], None).customer_id == "cusADAxxxx"


async def test_a_retry_of_a_refresh_gets_the_same_refresh_token_again(api: Api) -> None:
    first = await api.customer()
    asked = {"secret": False, "refresh_token": first["refresh_token"]}
    second = await api.given("shop", "refresh_token", **asked)
    api.clock.advance(RETRY_SECONDS - 1)
    again = await api.given("shop", "refresh_token", **asked)
    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] != second["access_token"]
    await api.given("shop", "refresh_token", secret=False, refresh_token=second["refresh_token"])


@pytest.mark.parametrize("reason", ["too late", "the next one was used"])
async def test_a_used_refresh_token_ends_its_family(api: Api, reason: str) -> None:
    first = await api.customer()
    second = await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    newest = second
    if reason == "too late":
        api.clock.advance(RETRY_SECONDS + 1)
    else:
        newest = await api.given("shop", "refresh_token", refresh_token=second["refresh_token"])
    for token in (first, second, newest):
        api.oauth.actor(token["access_token"], None)
    reused = await api.token("shop", "refresh_token", refresh_token=first["refresh_token"])
    assert error_of(reused) == bad_request("invalid_grant")
    dead = await api.token("shop", "refresh_token", refresh_token=newest["refresh_token"])
    assert error_of(dead) == bad_request("invalid_grant")
    for token in (first, second, newest):
        await assert_refused(api, token["access_token"])
    assert len(await api.rows.all("revocations", "digest")) == len(
        {first["access_token"], second["access_token"], newest["access_token"]}
    )


async def assert_refused(api: Api, token: str) -> None:
    with pytest.raises(InvalidToken):
        api.oauth.actor(token, None)


async def test_two_refreshes_at_once_agree(api: Api) -> None:
    first = await api.customer()
    asked = [api.token("shop", "refresh_token", refresh_token=first["refresh_token"]) for _ in range(8)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == 8


async def test_a_refresh_can_narrow_the_scope_but_not_widen_it(api: Api) -> None:
    wide = await api.customer()
    narrow = await api.given("shop", "refresh_token", refresh_token=wide["refresh_token"], scope="market:code:usa")
    assert narrow["scope"] == "market:code:usa"
    back = await api.given("shop", "refresh_token", refresh_token=narrow["refresh_token"])
    assert back["scope"] == "market:all"
    bound = await api.customer(scope="market:code:europe")
    for wider in ("market:all", "market:code:usa", "market:code:europe market:code:usa"):
        refused = await api.token("shop", "refresh_token", refresh_token=bound["refresh_token"], scope=wider)
        assert error_of(refused) == bad_request("invalid_scope")
    assert (await api.given("shop", "refresh_token", refresh_token=bound["refresh_token"]))["scope"] == (
        "market:code:europe"
    )


async def test_a_refresh_token_lives_two_weeks(api: Api) -> None:
    first = await api.customer()
    api.clock.advance(14 * 86_400 - 1)
    second = await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    api.clock.advance(14 * 86_400)
    late = await api.token("shop", "refresh_token", refresh_token=second["refresh_token"])
    assert error_of(late) == bad_request("invalid_grant")


async def test_a_refresh_token_is_good_for_its_own_application_alone(api: Api) -> None:
    first = await api.customer()
    for id in ("liveshop", "foreign"):
        refused = await api.token(id, "refresh_token", refresh_token=first["refresh_token"])
        assert error_of(refused) == bad_request("invalid_grant")
    await api.given("shop", "refresh_token", refresh_token=first["refresh_token"])
    assert error_of(await api.token("shop", "refresh_token", refresh_token="x")) == bad_request("invalid_grant")


async def test_a_customer_who_is_gone_gets_no_further_tokens(api: Api) -> None:
    from sqlalchemy import delete

    from paydesk.store.types import METADATA

    first = await api.customer()
    await api.rows.run("no customers", lambda: delete(METADATA.tables["customers"]))
    refused = await api.token("shop", "refresh_token", refresh_token=first["refresh_token"])
    assert error_of(refused) == bad_request("invalid_grant")


# Assertions.


async def test_an_assertion_makes_a_customers_token(api: Api) -> None:
    text = assertion({"owner": {"type": "Customer", "id": "cusGUESTxx"}, "custom_claim": {"tier": "gold", "n": [1]}})
    answer = await api.given("shop", JWT_BEARER, assertion=text, scope="market:code:europe")
    assert (answer["owner_id"], answer["owner_type"]) == ("cusGUESTxx", "customer")
    actor = api.oauth.actor(answer["access_token"], None)
    assert actor.customer_id == "cusGUESTxx"
    assert actor.custom_claim == {"tier": "gold", "n": [1]}
    again = await api.given("shop", "refresh_token", secret=False, refresh_token=answer["refresh_token"])
    assert api.oauth.actor(again["access_token"], None).custom_claim == {"tier": "gold", "n": [1]}
    assert payload_of(again["access_token"])["scope"] == "market:code:europe"


async def test_an_assertion_without_owner_names_none(api: Api) -> None:
    answer = await api.given("shop", JWT_BEARER, assertion=assertion({"custom_claim": {"a": 1}}))
    assert "owner_id" not in answer and "owner_type" not in answer
    assert len(answer["refresh_token"]) == 43
    assert api.oauth.actor(answer["access_token"], None).owner_id is None
    again = await api.given("shop", "refresh_token", secret=False, refresh_token=answer["refresh_token"])
    assert "owner_id" not in again


async def test_an_assertion_for_a_web_application_names_a_user(api: Api) -> None:
    answer = await api.given("desk", JWT_BEARER, assertion=assertion({"owner": {"type": "User", "id": "usrREADERx"}}))
    assert (answer["owner_type"], answer["expires_in"]) == ("user", 7200)
    actor = api.oauth.actor(answer["access_token"], None)
    assert (actor.kind, actor.role, actor.owner_id) == ("webapp", "read_only", "usrREADERx")
    assert actor.who["owner"] == {
        "id": "usrREADERx",
        "type": "User",
        "email": "reader@acme.example",
        "first_name": "Ada",
        "last_name": None,
    }


@pytest.mark.parametrize(
    "text",
    [
        "not a token",
        "a.b.c",
        "e30.e30.",
        assertion({}),
        assertion({"owner": None}),
        assertion({"owner": {}, "custom_claim": {}}),
        assertion("text"),
        assertion({"owner": {"type": "Customer"}}),
        assertion({"owner": {"type": "Customer", "id": "nobody"}}),
        assertion({"owner": {"type": "Customer", "id": "cusLIVExxx"}}),
        assertion({"owner": {"type": "User", "id": "cusADAxxxx"}}),
        assertion({"owner": {"type": "Customer", "id": "usrADMINxx"}}),
        assertion({"owner": {"type": "customer", "id": "cusADAxxxx"}}),
        assertion({"owner": {"type": "Customer", "id": ["cusADAxxxx"]}}),
        assertion({"owner": {"type": "Customer", "id": "cusADAxxxx\0"}}),
        assertion({"custom_claim": ["a"]}),
        assertion({"custom_claim": {"a": "\0"}}),
        assertion({"custom_claim": {"a": "x" * 4096}}),
        assertion({"custom_claim": {"a": 1}}, iat=None),
        assertion({"custom_claim": {"a": 1}}, iat="yesterday"),
        assertion({"custom_claim": {"a": 1}}, exp=NOW - 60),
        assertion({"custom_claim": {"a": 1}}, exp="later"),
    ],
)
async def test_a_bad_assertion(api: Api, text: str) -> None:
    assert error_of(await api.token("shop", JWT_BEARER, assertion=text)) == bad_request("invalid_assertion")
    assert await api.rows.all("grants", "id") == []


async def test_a_code_is_exchanged_for_a_users_tokens(api: Api) -> None:
    code = await code_of(api, scope="market:code:europe")
    answer = await api.given("desk", "authorization_code", code=code, **REDIRECT)
    assert (answer["owner_id"], answer["owner_type"], answer["scope"]) == ("usrADMINxx", "user", "market:code:europe")
    actor = api.oauth.actor(answer["access_token"], "acme")
    assert (actor.role, actor.owner_type, actor.market_ids) == ("admin", "User", ("mktEUROPEx",))
    await api.given("desk", "refresh_token", refresh_token=answer["refresh_token"])


async def test_a_code_is_good_once_and_its_second_use_ends_what_the_first_gave(api: Api) -> None:
    code = await code_of(api)
    answer = await api.given("desk", "authorization_code", code=code, **REDIRECT)
    api.oauth.actor(answer["access_token"], None)
    assert error_of(await api.token("desk", "authorization_code", code=code, **REDIRECT)) == bad_request(
        "invalid_grant"
    )
    await assert_refused(api, answer["access_token"])
    refused = await api.token("desk", "refresh_token", refresh_token=answer["refresh_token"])
    assert error_of(refused) == bad_request("invalid_grant")


async def test_of_two_exchanges_at_once_one_at_most_succeeds(api: Api) -> None:
    code = await code_of(api)
    answers = await asyncio.gather(*(api.token("desk", "authorization_code", code=code, **REDIRECT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def test_what_a_clock_that_ran_ahead_gave_counts_as_ended(api: Api) -> None:
    code = await code_of(api)
    api.clock.advance(365 * 86_400)
    ahead, code_ahead = await api.customer(), await code_of(api)
    api.clock.advance(-365 * 86_400)
    with pytest.raises(InvalidToken):
        api.oauth.actor(ahead["access_token"], None)
    for application, grant, asked in (
        ("shop", "refresh_token", {"refresh_token": ahead["refresh_token"]}),
        ("desk", "authorization_code", {"code": code_ahead, **REDIRECT}),
    ):
        assert error_of(await api.token(application, grant, **asked)) == bad_request("invalid_grant")
    await api.given("desk", "authorization_code", code=code, **REDIRECT)


async def test_a_code_lives_ten_minutes(api: Api) -> None:
    code = await code_of(api)
    api.clock.advance(600)
    assert error_of(await api.token("desk", "authorization_code", code=code, **REDIRECT)) == bad_request(
        "invalid_grant"
    )


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, {"redirect_uri": "https://desk.example/"}),
        ({}, {}),
        ({}, {**REDIRECT, "code": "x" * 43}),
        ({}, {**REDIRECT, "code_verifier": VERIFIER}),
        (PKCE, {**REDIRECT, "code_verifier": "w" * 43}),
        (PKCE, {**REDIRECT}),
        (PKCE, {**REDIRECT, "code_verifier": CHALLENGE}),
    ],
)
async def test_a_code_with_something_wrong_beside_it(api: Api, asked: dict[str, Any], sent: dict[str, Any]) -> None:
    code = await code_of(api, **asked)
    refused = await api.token("desk", "authorization_code", **{"code": code, **sent})
    assert error_of(refused) == bad_request("invalid_grant")


async def test_pkce_and_a_redirect_uri_left_out(api: Api) -> None:
    code = await code_of(api, redirect_uri=None, **PKCE)
    await api.given("desk", "authorization_code", code=code, code_verifier=VERIFIER)


async def test_a_code_is_good_for_its_own_application_alone(api: Api) -> None:
    from tests.oauth.conftest import add_application

    await add_application(api.rows, TENANT, "rival", "webapp", redirect_uri="https://desk.example/callback?a=1")
    code = await code_of(api)
    refused = await api.token("rival", "authorization_code", code=code, **REDIRECT)
    assert error_of(refused) == bad_request("invalid_grant")
    await api.given("desk", "authorization_code", code=code, **REDIRECT)


# What is left behind.


async def test_what_has_ended_is_deleted(api: Api) -> None:
    first = await api.customer()
    await api.client.post("/oauth/revoke", json={"client_id": "client-shop", "token": first["refresh_token"]})
    await code_of(api)
    for table in ("grants", "refresh_tokens", "access_tokens", "revocations", "authorization_codes"):
        assert len(await api.rows.all(table, "tenant")) == 1
    api.clock.advance(14 * 86_400 + 1)
    await api.oauth.clear()
    for table in ("grants", "refresh_tokens", "access_tokens", "revocations", "authorization_codes"):
        assert await api.rows.all(table, "tenant") == []
    assert await api.rows.all("signing_keys", "serial", "retired_at") == [(1, None)]
    assert instant(NOW) < api.oauth.now


async def test_what_has_ended_is_deleted_a_portion_at_a_time(api: Api, database: Database) -> None:
    for _ in range(3):
        await api.customer()

    async def left() -> list[int]:
        return [len(await api.rows.all(table, "tenant")) for table in ("access_tokens", "refresh_tokens", "grants")]

    over = later(api.oauth.now, 15 * 86_400)
    assert await left() == [3, 3, 3]
    assert await database.write(lambda: clearing.clear(over, 4)) is True
    assert await left() == [0, 2, 3]
    assert await database.write(lambda: clearing.clear(over, 4)) is True
    assert await left() == [0, 0, 1]
    assert await database.write(lambda: clearing.clear(over, 4)) is False
    assert await left() == [0, 0, 0]
