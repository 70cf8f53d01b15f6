"""Documents of the API that anybody may read: its OpenAPI description and the reference page.

Making one takes as long as a hundred requests. So each is made once, beside the event loop and soon after the start,
with a name in place of the address that is asked, which may be any.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from paydesk import __version__
from paydesk.jsonapi.openapi.document import openapi_document
from paydesk.jsonapi.pages.reference import reference_page
from paydesk.rules.registry import Registry

_HERE = "https://here.invalid"
"""Stands for the address that is asked."""


def _operation(name: str, summary: str, description: str, responses: dict[str, Any]) -> dict[str, Any]:
    """An operation that anybody may ask for without a token."""
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "security": [],
        "responses": responses,
    }


def _answer(description: str, example: Any, media_type: str = "application/json") -> dict[str, Any]:
    schema = {"type": "string"} if isinstance(example, str) else {"type": "object", "additionalProperties": True}
    return {"description": description, "content": {media_type: {"schema": schema, "example": example}}}


_BAD_HOST = {"$ref": "#/components/responses/error_400"}

_TOKEN_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {
            "type": "string",
            "enum": [
                "client_credentials",
                "password",
                "refresh_token",
                "authorization_code",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
            ],
        },
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
        "scope": {"type": "string", "examples": ["market:code:europe"]},
    },
}
_TOKEN = {
    "access_token": "eyJhbGciOiJSUzUxMiJ9.e30.c2lnbmVk",
    "token_type": "bearer",
    "expires_in": 7200,
    "scope": "market:code:europe",
    "created_at": 1543582800,
}

ELSEWHERE: dict[str, Any] = {
    "/healthz": {
        "get": _operation(
            "check_health",
            "The process serves",
            "Answers as long as the process takes requests; it asks nothing of the database.",
            {"200": _answer("It does.", {"status": "ok"}), "400": _BAD_HOST},
        )
    },
    "/readyz": {
        "get": _operation(
            "check_readiness",
            "Database, keys and schema are in order",
            "Answers whether this process can serve requests: what requests need was tried within the last seconds.",
            {
                "200": _answer("They are.", {"status": "ready"}),
                "400": _BAD_HOST,
                "503": _answer("They are not.", {"status": "unavailable"}),
            },
        )
    },
    "/metrics": {
        "get": _operation(
            "read_metrics",
            "What an operator watches, for Prometheus; not for the world",
            "Counters and gauges in Prometheus' text format, for peers that the settings name.",
            {
                "200": _answer("Text.", "paydesk_open_calls 0\n", "text/plain"),
                "400": _BAD_HOST,
                "404": {"description": "Not from there."},
            },
        )
    },
    "/oauth/token": {
        "post": {
            **_operation(
                "create_token",
                "Get or refresh a token",
                "Gives an access token to an application, and to a customer or user through one. Other grants take "
                "more members: `username` and `password`, `refresh_token`, `code`, `assertion`. The client says who it "
                "is in the body or by HTTP Basic.",
                {
                    "200": _answer("The token.", _TOKEN),
                    "400": {"description": "The request, scope or grant is not valid."},
                    "401": {"description": "The client is unknown, or its secret wrong."},
                    "429": {"description": "Too many requests; `Retry-After` says for how long."},
                },
            ),
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": _TOKEN_REQUEST,
                        "example": {
                            "grant_type": "client_credentials",
                            "client_id": "pd_sales_channel",
                            "scope": "market:code:europe",
                        },
                    }
                },
            },
        }
    },
    "/.well-known/jwks.json": {
        "get": _operation(
            "read_keys",
            "The keys tokens are signed with",
            "The public keys, by which anybody can check a token.",
            {
                "200": _answer(
                    "A JWK set.",
                    {"keys": [{"kty": "RSA", "alg": "RS512", "kid": "…", "n": "…", "e": "AQAB"}]},
                ),
                "400": _BAD_HOST,
            },
        )
    },
    "/.well-known/oauth-authorization-server": {
        "get": _operation(
            "read_authorization_server",
            "How tokens are given here",
            "The addresses and abilities of the OAuth server, for clients that set themselves up (RFC 8414).",
            {
                "200": _answer(
                    "The metadata.",
                    {"issuer": _HERE, "token_endpoint": f"{_HERE}/oauth/token"},
                ),
                "400": _BAD_HOST,
            },
        )
    },
}
"""The paths served beside resources, for the OpenAPI document."""


class Documents:
    """The documents of one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def make(self, after: asyncio.Task[None] | None = None) -> None:
        """Make all of them, once `after` has ended: the server is to answer first."""
        if after is not None:
            await asyncio.wait([after])
        await self.description("")
        await self.reference("")

    async def description(self, here: object) -> bytes:
        """The OpenAPI description of the API at this address."""
        return _at(await asyncio.to_thread(_description, self._registry), here)

    async def reference(self, here: object) -> bytes:
        """The reference page of the API at this address."""
        return _at(await asyncio.to_thread(_reference, self._registry), here)


@cache
def _description(registry: Registry) -> bytes:
    return openapi_document(registry, version=__version__, servers=[_HERE], paths=ELSEWHERE)


@cache
def _reference(registry: Registry) -> bytes:
    return reference_page(registry, version=__version__, origin=_HERE)


def _at(document: bytes, here: object) -> bytes:
    return document.replace(_HERE.encode(), str(here).encode())
