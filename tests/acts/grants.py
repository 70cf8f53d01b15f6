"""What /oauth/token answers."""

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from joserfc import jws
from joserfc.jwk import OctKey

from paydesk.oauth.grants import CLAIMS
from tests.oauth.conftest import NOW, Api

INVALID_CLIENT = {
    "errors": [
        {
            "title": "invalid_client",
            "detail": "Client authentication failed due to unknown client, no client authentication included, or "
            "unsupported authentication method.",
            "code": "UNAUTHORIZED",
            "status": 401,
            "meta": {},
        }
    ],
    "error": "invalid_client",
    "error_description": "Client authentication failed due to unknown client, no client authentication included, or "
    "unsupported authentication method.",
}


def error_of(response: Any) -> tuple[int, str, str, int]:
    body = response.json()
    assert list(body) == ["errors", "error", "error_description"] and len(body["errors"]) == 1
    error = body["errors"][0]
    assert body["error"] == error["title"].lower().replace(" ", "_")
    assert body["error_description"] == error["detail"]
    assert list(error) == ["title", "detail", "code", "status", "meta"]
    return response.status_code, error["title"], error["code"], error["status"]


def bad_request(title: str) -> tuple[int, str, str, int]:
    return 400, title, "BAD_REQUEST", 400


def assertion(claims: Any, **others: Any) -> str:
    """As the official client makes it: HS512 with a fixed word."""
    payload = {CLAIMS: claims, "iat": int(NOW), **others}
    return jws.serialize_compact(
        {"alg": "HS512", "typ": "JWT"}, orjson.dumps(payload), OctKey.import_key("cl" * 32), algorithms=["HS512"]
    )


def payload_of(token: str) -> dict[str, Any]:
    body = jws.extract_compact(token.encode()).payload
    payload: dict[str, Any] = json.loads(body)
    return payload


# Codes.

AUTHORIZE = {"client_id": "client-desk", "redirect_uri": "https://desk.example/callback?a=1", "response_type": "code"}
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PKCE: dict[str, Any] = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


async def code_of(api: Api, **parameters: str | None) -> str:
    """A code, had without a person."""
    api.oauth.auto_approve = True
    asked = {name: value for name, value in (AUTHORIZE | parameters).items() if value is not None}
    response = await api.client.get("/oauth/authorize", params=asked)
    assert response.status_code == 303, response.text
    (code,) = parse_qs(urlsplit(response.headers["location"]).query)["code"]
    return code


REDIRECT: dict[str, Any] = {"redirect_uri": AUTHORIZE["redirect_uri"]}
