"""The jwt-bearer grant for every kind of application, with every owner and every claim: the cases of the official
client's own tests, and those between them.
"""

from typing import Any

import pytest

from paydesk.oauth.grants import JWT_BEARER
from tests.acts.clients import basic, post
from tests.acts.grants import assertion, bad_request, error_of, payload_of
from tests.oauth.conftest import Api, on_sqlite

CUSTOMER = {"type": "Customer", "id": "cusADAxxxx"}
USER = {"type": "User", "id": "usrADMINxx"}
CLAIM = {"first_name": "John", "nested": {"list": [1, None]}}
APPLICATIONS = {
    "shop": {"kind": "sales_channel", "public": True, "expires_in": 14400},
    "back": {"kind": "integration", "public": False, "expires_in": 7200},
    "desk": {"kind": "webapp", "public": False, "expires_in": 7200},
}
KEYS = {"access_token", "token_type", "expires_in", "refresh_token", "scope", "created_at"}
CLAIMS: list[dict[str, Any]] = [
    {"custom_claim": CLAIM},
    {"owner": None, "custom_claim": CLAIM},
    {"owner": USER},
    {"owner": USER, "custom_claim": CLAIM},
    {"owner": CUSTOMER},
    {"owner": CUSTOMER, "custom_claim": None},
    {"owner": CUSTOMER, "custom_claim": {}},
    {"owner": CUSTOMER, "custom_claim": CLAIM},
]
NOTHING: list[Any] = [
    {},
    {"owner": None},
    {"owner": {}},
    {"custom_claim": {}},
    {"owner": {}, "custom_claim": {}},
    None,
    "text",
    [],
]


def check(answer: dict[str, Any], id: str, claims: dict[str, Any], scope: str) -> None:
    """The answer and its token carry what was claimed, and nothing that was not."""
    application, owner = APPLICATIONS[id], claims.get("owner")
    assert set(answer) == KEYS | ({"owner_id", "owner_type"} if owner else set())
    assert (answer["token_type"], answer["scope"]) == ("bearer", scope)
    assert answer["expires_in"] == application["expires_in"]
    payload = payload_of(answer["access_token"])
    assert payload["application"] == {
        "id": id,
        "client_id": f"client-{id}",
        "kind": application["kind"],
        "public": application["public"],
        "confidential": True,
    }
    assert (payload["scope"], payload["test"]) == (scope, True)
    if owner:
        assert (answer["owner_id"], answer["owner_type"]) == (owner["id"], owner["type"].lower())
    assert payload.get("owner") == owner
    assert payload.get("custom_claim") == claims.get("custom_claim")
    assert ("owner" in payload, "custom_claim" in payload) == (bool(owner), claims.get("custom_claim") is not None)


@pytest.mark.parametrize("claims", CLAIMS, ids=lambda claims: "+".join(f"{key}={claims[key]}"[:24] for key in claims))
@pytest.mark.parametrize("id", APPLICATIONS)
async def test_an_assertion_gives_what_it_claims(api: Api, id: str, claims: dict[str, Any]) -> None:
    answer = await api.given(id, JWT_BEARER, assertion=assertion(claims))
    check(answer, id, claims, "market:all")
    again = await api.given(id, "refresh_token", refresh_token=answer["refresh_token"])
    check(again, id, claims, "market:all")
    asked = {"grant_type": JWT_BEARER, "assertion": assertion(claims), "scope": "market:code:europe"}
    by_basic = await post(api, basic(f"client-{id}", f"secret-{id}"), **asked)
    check(by_basic.json(), id, claims, "market:code:europe")


@on_sqlite
@pytest.mark.parametrize("id", APPLICATIONS)
async def test_an_assertion_that_claims_nothing_is_refused_in_the_official_words(api: Api, id: str) -> None:
    for claims in NOTHING:
        refused = await api.token(id, JWT_BEARER, assertion=assertion(claims))
        assert error_of(refused) == bad_request("invalid_assertion")
        assert refused.json()["errors"][0]["detail"] == "The provided assertion is invalid."
    assert await api.rows.all("grants", "id") == []


@on_sqlite
@pytest.mark.parametrize("id", APPLICATIONS)
async def test_an_owner_who_does_not_exist_is_refused(api: Api, id: str) -> None:
    for owner in (CUSTOMER | {"id": "nobody"}, USER | {"id": "nobody"}, CUSTOMER | {"type": "User"}):
        for claims in ({"owner": owner}, {"owner": owner, "custom_claim": CLAIM}):
            refused = await api.token(id, JWT_BEARER, assertion=assertion(claims))
            assert error_of(refused) == bad_request("invalid_assertion")
    assert await api.rows.all("grants", "id") == []


@on_sqlite
@pytest.mark.parametrize("id", APPLICATIONS)
async def test_an_assertion_needs_the_applications_secret(api: Api, id: str) -> None:
    text = assertion({"owner": CUSTOMER})
    assert (await api.token(id, JWT_BEARER, secret=False, assertion=text)).status_code == 401
    for secret in ("", "wrong"):
        refused = await post(api, basic(f"client-{id}", secret), grant_type=JWT_BEARER, assertion=text)
        assert refused.status_code == 401
    assert await api.rows.all("grants", "id") == []
