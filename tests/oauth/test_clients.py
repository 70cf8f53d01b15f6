"""Who asks for a token: id and secret of a client in the body or by HTTP Basic."""

import logging
from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from paydesk.oauth.grants import JWT_BEARER
from paydesk.oauth.secrets import digest
from tests.acts.clients import basic, post
from tests.acts.grants import INVALID_CLIENT, REDIRECT, assertion, bad_request, code_of, error_of, payload_of
from tests.acts.tokens import is_good
from tests.oauth.conftest import PASSWORD, TENANT, Api, add_application, on_sqlite

CHALLENGE = 'Basic realm="paydesk", charset="UTF-8"'


async def test_every_grant_takes_a_client_by_basic(api: Api) -> None:
    back, shop, desk = (basic(f"client-{id}", f"secret-{id}") for id in ("back", "shop", "desk"))
    first = await post(api, back)
    assert payload_of(first.json()["access_token"])["application"]["id"] == "back"
    customer = (await post(api, shop, grant_type="password", username="ada@example.com", password=PASSWORD)).json()
    assert payload_of(customer["access_token"])["application"]["confidential"] is True
    user = (await post(api, desk, grant_type="authorization_code", code=await code_of(api), **REDIRECT)).json()
    for headers, answer in ((shop, customer), (desk, user)):
        again = await post(api, headers, grant_type="refresh_token", refresh_token=answer["refresh_token"])
        assert again.json()["owner_id"] == answer["owner_id"]
    text = assertion({"owner": {"type": "Customer", "id": "cusADAxxxx"}})
    assert (await post(api, back, grant_type=JWT_BEARER, assertion=text)).json()["owner_id"] == "cusADAxxxx"


async def test_a_client_by_basic_revokes_its_token(api: Api) -> None:
    token = (await api.given("back", "client_credentials"))["access_token"]
    response = await post(api, basic("client-back", "wrong"), "revoke", token=token)
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
    assert response.headers["www-authenticate"] == CHALLENGE
    assert is_good(api.oauth, token)
    response = await post(api, basic("client-back", "secret-back"), "revoke", token=token)
    assert (response.status_code, response.json()) == (200, {})
    assert not is_good(api.oauth, token)


@pytest.mark.parametrize("quoted", [True, False])
async def test_id_and_secret_may_be_form_encoded_or_raw(api: Api, quoted: bool) -> None:
    odd = "100% +ä:/&="
    await add_application(api.rows, TENANT, "odd", "integration", uid="client odd+", secret_hash=digest(odd))
    client_id, secret = (quote_plus(text) if quoted else text for text in ("client odd+", odd))
    response = await post(api, basic(client_id, secret, "bAsIc"))
    assert payload_of(response.json()["access_token"])["application"]["id"] == "odd"
    assert (await post(api, basic(client_id, secret + "x"))).json() == INVALID_CLIENT


async def test_an_id_in_the_body_says_which_reading_is_meant(api: Api) -> None:
    for uid in ("odd+1", "odd%2B1"):
        await add_application(api.rows, TENANT, uid, "integration", uid=uid, secret_hash=digest("same"))
    for uid in ("odd+1", "odd%2B1"):
        response = await post(api, basic("odd%2B1", "same"), client_id=uid)
        assert payload_of(response.json()["access_token"])["application"]["id"] == uid
    response = await post(api, basic("odd%2B1", "same"))
    assert payload_of(response.json()["access_token"])["application"]["id"] == "odd+1"


async def test_an_empty_secret_is_none(api: Api) -> None:
    for body in ({}, {"client_id": "client-shop"}):
        response = await post(api, basic("client-shop", ""), **body)
        assert payload_of(response.json()["access_token"])["application"]["confidential"] is False
    assert (await post(api, basic("client-back", ""))).json() == INVALID_CLIENT


async def test_the_same_client_may_be_named_in_the_body_too(api: Api) -> None:
    response = await post(api, basic("client-back", "secret-back"), client_id="client-back")
    assert response.status_code == 200


@on_sqlite
@pytest.mark.parametrize("path", ["token", "revoke"])
@pytest.mark.parametrize(
    "body",
    [
        {"client_id": "client-back", "client_secret": "secret-back"},
        {"client_secret": "secret-back"},
        {"client_id": "client-shop"},
        {"client_id": "client-back "},
    ],
)
async def test_two_ways_at_once_or_two_clients_are_refused(api: Api, path: str, body: dict[str, str]) -> None:
    response = await post(api, basic("client-back", "secret-back"), path, token="x", **body)
    assert error_of(response) == bad_request("invalid_request")
    assert "www-authenticate" not in response.headers


@on_sqlite
async def test_two_basic_headers_are_refused(api: Api) -> None:
    back, shop = (basic(f"client-{id}", f"secret-{id}")["authorization"] for id in ("back", "shop"))
    for other in (back, shop, "Bearer x"):
        response = await post(api, [("authorization", back), ("authorization", other)])
        assert error_of(response) == bad_request("invalid_request")


@on_sqlite
@pytest.mark.parametrize(
    "authorization",
    [
        basic("client-back", "wrong")["authorization"],
        basic("nobody", "secret-back")["authorization"],
        basic("", "secret-back")["authorization"],
        basic("client-back", "\0")["authorization"],
        basic("client-back", "%00")["authorization"] + "=",
        basic("client-back\0", "secret-back")["authorization"],
        "Basic",
        "Basic ",
        "Basic ???",
        "Basic " + b64encode(b"client-back").decode(),
        "Basic " + b64encode(b"client-back:\xff").decode(),
        "Basic " + b64encode(b"client-back:secret-back").decode()[:-3],
    ],
)
async def test_basic_that_proves_nothing_is_asked_for_again(api: Api, authorization: str) -> None:
    response = await post(api, {"authorization": authorization})
    assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
    assert response.headers["www-authenticate"] == CHALLENGE
    assert "WWW-Authenticate" in response.headers["access-control-expose-headers"]


@on_sqlite
async def test_a_client_that_came_by_the_body_is_not_asked_for_basic(api: Api) -> None:
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Digest x"}):
        response = await post(api, headers, client_id="client-back", client_secret="wrong")
        assert (response.status_code, response.json()) == (401, INVALID_CLIENT)
        assert "www-authenticate" not in response.headers


async def test_a_token_that_comes_along_says_nothing_of_the_client(api: Api) -> None:
    response = await post(api, {"authorization": "Bearer x"}, client_id="client-back", client_secret="secret-back")
    assert response.status_code == 200


async def test_revoking_without_any_client_is_forbidden(api: Api) -> None:
    for body in ({"token": "1234"}, {"token": "1234", "client_secret": "secret-back"}):
        response = await post(api, {}, "revoke", **body)
        assert error_of(response) == (403, "unauthorized_client", "FORBIDDEN", 403)
        assert response.json()["errors"][0]["detail"] == "You are not authorized to revoke this token"


async def test_guesses_by_basic_count_like_those_in_the_body(api: Api) -> None:
    guesses = [await post(api, basic("client%2Dback" if odd else "client-back", "wrong")) for odd in range(2)]
    guesses += [await post(api, basic("client-back", "wrong"), "revoke", token="x") for _ in range(2)]
    guesses.append(await post(api, {}, client_id="client-back", client_secret="wrong"))
    assert [one.status_code for one in guesses] == [401] * 5
    waits = [
        await post(api, basic("client-back", "secret-back")),
        await post(api, {}, client_id="client-back", client_secret="secret-back"),
    ]
    for one in waits:
        assert error_of(one) == (429, "too_many_requests", "TOO_MANY_REQUESTS", 429)
        assert one.headers["retry-after"] == "1"
        assert "www-authenticate" not in one.headers
    api.clock.advance(2)
    assert (await post(api, basic("client-back", "secret-back"))).status_code == 200


async def test_nothing_of_basic_is_logged_or_kept(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for client_id, secret in (("client-back", "hush-wrong"), ("client-back", "secret-back"), ("nobody", "hush")):
        headers = basic(client_id, secret)
        told += [secret, headers["authorization"].removeprefix("Basic ")]
        for path in ("token", "revoke"):
            response = await post(api, headers, path, token="x")
            assert not any(text in response.text for text in told)
    assert not any(text in caplog.text for text in told)


async def test_a_description_has_only_the_characters_it_may_have(api: Api) -> None:
    response = await api.token("back", "client_credentials", scope='market:id:"é\\')
    body = response.json()
    assert body["errors"][0]["detail"].endswith('malformed: market:id:"é\\')
    assert (body["error"], body["error_description"]) == (
        "invalid_scope",
        "The requested scope is invalid, unknown, or malformed: market:id:???",
    )
