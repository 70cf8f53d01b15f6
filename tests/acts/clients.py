"""How applications say who they are."""

from base64 import b64encode
from typing import Any

import httpx

from tests.oauth.conftest import Api


def basic(client_id: str, secret: str, scheme: str = "Basic") -> dict[str, str]:
    return {"authorization": f"{scheme} {b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


async def post(
    api: Api, headers: dict[str, str] | list[tuple[str, str]], path: str = "token", **body: Any
) -> httpx.Response:
    body = body if path == "revoke" else {"grant_type": "client_credentials"} | body
    return await api.client.post(f"/oauth/{path}", data=body, headers=headers)
