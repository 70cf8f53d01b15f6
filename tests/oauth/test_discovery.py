"""The documents by which OAuth clients set themselves up (RFC 8414)."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from paydesk.oauth.authority import OAuth
from paydesk.oauth.discovery import PATHS
from paydesk.oauth.endpoints import routes
from paydesk.store.sql.ask import Database
from paydesk.vault import Vault
from tests.acts.grants import payload_of
from tests.oauth.conftest import Api, Clock, on_sqlite


def document(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": f"{issuer}/docs",
    }


@on_sqlite
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("base", "issuer"),
    [
        ("https://auth.shop.test", "https://auth.shop.test"),
        ("https://acme.shop.test", "https://auth.shop.test"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
async def test_the_document_names_the_issuer_of_the_tokens(api: Api, path: str, base: str, issuer: str) -> None:
    response = await api.client.get(base + path)
    assert (response.status_code, response.json()) == (200, document(issuer))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["access-control-allow-origin"] == "*"
    assert (await api.client.head(base + path)).status_code == 200
    body = {"grant_type": "client_credentials", "client_id": "client-shop"}
    told = (await api.client.post(response.json()["token_endpoint"], data=body)).json()
    assert payload_of(told["access_token"])["iss"] == issuer


@on_sqlite
async def test_a_fixed_domain_is_the_issuer(database: Database, vault: Vault, clock: Clock) -> None:
    oauth = OAuth(database, vault, clock, public_domain="fixed.test")
    transport = httpx.ASGITransport(Starlette(routes=list(routes(oauth))))
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
        for path in PATHS:
            assert (await client.get(path)).json() == document("https://auth.fixed.test")
            assert (await client.post(path)).status_code == 405
