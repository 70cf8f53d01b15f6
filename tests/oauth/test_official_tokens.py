"""The calls for tokens that the official checkout makes, word for word, and what it reads of their answers."""

from typing import Any

import httpx
import pytest
from joserfc import jws

from paydesk.oauth.grants import JWT_BEARER
from tests.acts.grants import assertion, payload_of
from tests.oauth.conftest import PASSWORD, Api

GUEST = {"access_token", "token_type", "expires_in", "scope", "created_at"}
OWNED = GUEST | {"owner_id", "owner_type", "refresh_token"}
HEADERS = {"accept": "application/json", "content-type": "application/json", "origin": "https://checkout.example.com"}
CUSTOMER = {"id": "cusADAxxxx", "type": "Customer"}


async def asked(api: Api, path: str, **body: Any) -> httpx.Response:
    """As the official client sends it: JSON, from a page of another origin."""
    answer = await api.client.post(f"/oauth/{path}", json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer


def read(answer: dict[str, Any], members: set[str]) -> dict[str, Any]:
    """The token's payload, as far as the checkout reads it."""
    assert set(answer) == members
    assert (answer["token_type"], type(answer["expires_in"]), type(answer["created_at"])) == ("bearer", int, int)
    payload = payload_of(answer["access_token"])
    assert jws.extract_compact(answer["access_token"].encode()).headers()["alg"] == "RS512"
    assert (payload["organization"]["slug"], payload["application"]["kind"]) == ("acme", "sales_channel")
    assert (payload["test"], payload["market"]["id"]) == (True, ["mktEUROPEx"])
    assert payload["exp"] - payload["iat"] == answer["expires_in"]
    assert payload["iss"].startswith("https://auth.")
    return payload


@pytest.mark.parametrize("scope", ["market:id:mktEUROPEx", "market:code:europe"])
async def test_a_guest(api: Api, scope: str) -> None:
    shop = {"client_id": "client-shop", "scope": scope}
    answer = (await asked(api, "token", grant_type="client_credentials", **shop)).json()
    assert "owner" not in read(answer, GUEST)
    assert answer["scope"] == scope


async def test_a_customer_signs_in_and_out(api: Api) -> None:
    shop = {"client_id": "client-shop", "scope": "market:code:europe"}
    given = {"username": "ada@example.com", "password": PASSWORD}
    answer = (await asked(api, "token", grant_type="password", **given, **shop)).json()
    assert read(answer, OWNED)["owner"] == CUSTOMER
    # The members beside the token name the owner's type in small letters, the token's own in capitals.
    assert (answer["owner_id"], answer["owner_type"]) == (CUSTOMER["id"], "customer")
    again = (
        await asked(api, "token", grant_type="refresh_token", refresh_token=answer["refresh_token"], **shop)
    ).json()
    assert read(again, OWNED)["owner"] == CUSTOMER
    ended = await asked(api, "revoke", client_id="client-shop", token=again["access_token"])
    assert (ended.json(), ended.headers["content-type"]) == ({}, "application/json")


async def test_a_customer_whom_the_shop_itself_signed_in(api: Api) -> None:
    shop = {"client_id": "client-shop", "client_secret": "secret-shop", "scope": "market:id:mktEUROPEx"}
    answer = (await asked(api, "token", grant_type=JWT_BEARER, assertion=assertion({"owner": CUSTOMER}), **shop)).json()
    assert read(answer, OWNED)["owner"] == CUSTOMER
    del shop["scope"]
    assert (await asked(api, "revoke", token=answer["access_token"], **shop)).json() == {}


async def test_the_keys_that_it_checks_tokens_with(api: Api) -> None:
    answer = await asked(api, "token", grant_type="client_credentials", client_id="client-shop")
    kid = jws.extract_compact(answer.json()["access_token"].encode()).headers()["kid"]
    keys = (await api.client.get("/.well-known/jwks.json", headers=HEADERS)).json()["keys"]
    assert kid in [one["kid"] for one in keys]
