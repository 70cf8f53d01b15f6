"""What the OpenAPI document says of the OAuth endpoints is what they answer, and what they know is told."""

from typing import Any

import jsonschema_rs

from paydesk.http.described import ELSEWHERE
from paydesk.oauth import discovery
from paydesk.oauth.endpoints import routes
from paydesk.oauth.grants import GRANTS
from tests.oauth.conftest import Api, on_sqlite

PAGES = {"/oauth/authorize"}
"""For people in a browser."""


def check(path: str, method: str, answer: Any) -> Any:
    """The described example of an answer of this status, after the answer was checked."""
    content = ELSEWHERE[path][method]["responses"][str(answer.status_code)]["content"]["application/json"]
    jsonschema_rs.Draft202012Validator(content["schema"]).validate(answer.json())
    return content["example"]


@on_sqlite
async def test_every_endpoint_for_programs_is_described(api: Api) -> None:
    served = {route.path for route in routes(api.oauth)} - PAGES - set(discovery.PATHS[1:])
    assert served <= set(ELSEWHERE)
    described = ELSEWHERE["/oauth/token"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(described["properties"]["grant_type"]["enum"]) == frozenset().union(*GRANTS.values())


@on_sqlite
async def test_tokens_and_refusals_are_as_described(api: Api) -> None:
    check("/oauth/token", "post", await api.token("shop", "client_credentials"))
    signed_in = await api.token("shop", "password", username="ada@example.com", password="correct horse")
    assert signed_in.status_code == 200
    check("/oauth/token", "post", signed_in)
    refused = await api.token("shop", "password")
    assert refused.json() == check("/oauth/token", "post", refused)
    unknown = await api.client.post("/oauth/revoke", json={"client_id": "nobody", "token": "x"})
    assert unknown.json() == check("/oauth/revoke", "post", unknown)
    empty = await api.client.post("/oauth/revoke", data={"client_id": "client-shop"})
    assert empty.json() == check("/oauth/revoke", "post", empty)
    foreign = await api.client.post("/oauth/revoke", data={"token": signed_in.json()["access_token"]})
    assert foreign.json() == check("/oauth/revoke", "post", foreign)
    revoked = await api.client.post(
        "/oauth/revoke", data={"client_id": "client-shop", "token": signed_in.json()["access_token"]}
    )
    assert revoked.json() == check("/oauth/revoke", "post", revoked) == {}
    wrong = await api.client.get("/oauth/tokeninfo", headers={"authorization": "Bearer nothing"})
    assert wrong.json() == check("/oauth/tokeninfo", "get", wrong)
