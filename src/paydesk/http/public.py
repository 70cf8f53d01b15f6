"""What anybody may read of the API: its OpenAPI description and the reference page.

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

ELSEWHERE: dict[str, Any] = {
    "/healthz": {
        "get": {"summary": "The process serves", "security": [], "responses": {"200": {"description": "It does."}}}
    },
    "/readyz": {
        "get": {
            "summary": "Database, keys and schema are in order",
            "security": [],
            "responses": {"200": {"description": "They are."}, "503": {"description": "They are not."}},
        }
    },
    "/metrics": {
        "get": {
            "summary": "What an operator watches, for Prometheus; not for the world",
            "security": [],
            "responses": {"200": {"description": "Text."}, "404": {"description": "Not from there."}},
        }
    },
    "/oauth/token": {
        "post": {
            "summary": "Get or refresh a token",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["grant_type", "client_id"],
                            "properties": {
                                "grant_type": {
                                    "enum": [
                                        "client_credentials",
                                        "password",
                                        "refresh_token",
                                        "authorization_code",
                                        "urn:ietf:params:oauth:grant-type:jwt-bearer",
                                    ]
                                },
                                "client_id": {"type": "string"},
                                "client_secret": {"type": "string"},
                                "scope": {"type": "string", "examples": ["market:code:europe"]},
                            },
                        }
                    }
                },
            },
            "responses": {
                "200": {"description": "The token."},
                "400": {"description": "The request, scope or grant is not valid."},
                "401": {"description": "The client is unknown, or its secret wrong."},
            },
        }
    },
    "/.well-known/jwks.json": {
        "get": {
            "summary": "The keys tokens are signed with",
            "security": [],
            "responses": {"200": {"description": "A JWK set."}},
        }
    },
}
"""What is served beside resources, for the OpenAPI document."""


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
