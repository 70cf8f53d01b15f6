"""What is served beside resources, as the OpenAPI document tells it: tokens, keys, health and metrics."""

from __future__ import annotations

from typing import Any

HERE = "https://here.invalid"
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

_TEXT: dict[str, Any] = {"type": "string"}
_CLIENT: dict[str, Any] = {
    "client_id": {**_TEXT, "description": "Here or by HTTP Basic."},
    "client_secret": {**_TEXT, "description": "Here or by HTTP Basic; a sales channel has none."},
}
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
        **_CLIENT,
        "scope": {**_TEXT, "examples": ["market:code:europe"]},
        "username": {**_TEXT, "description": "Grant `password`: the customer's email."},
        "password": {**_TEXT, "description": "Grant `password`."},
        "refresh_token": {**_TEXT, "description": "Grant `refresh_token`."},
        "code": {**_TEXT, "description": "Grant `authorization_code`: what came to the redirect URI."},
        "redirect_uri": {**_TEXT, "description": "Grant `authorization_code`: as in the authorization request."},
        "code_verifier": {**_TEXT, "description": "Grant `authorization_code`, where a challenge was sent (PKCE)."},
        "assertion": {**_TEXT, "description": "Grant `jwt-bearer`: a JSON Web Token that names the owner."},
    },
}
_TOKEN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope", "created_at"],
    "properties": {
        "access_token": _TEXT,
        "token_type": _TEXT,
        "expires_in": {"type": "integer", "description": "Seconds."},
        "refresh_token": {**_TEXT, "description": "Where the grant has one."},
        "scope": _TEXT,
        "created_at": {"type": "integer", "description": "Seconds since 1970."},
        "owner_type": {**_TEXT, "description": "`customer` or `user`, where somebody signed in."},
        "owner_id": _TEXT,
    },
}
_TOKEN = {
    "access_token": "eyJhbGciOiJSUzUxMiJ9.e30.c2lnbmVk",
    "token_type": "bearer",
    "expires_in": 7200,
    "scope": "market:code:europe",
    "created_at": 1543582800,
}
_REFUSAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error", "error_description", "errors"],
    "properties": {
        "error": {**_TEXT, "description": "As in RFC 6749, section 5.2."},
        "error_description": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": _TEXT,
                    "detail": _TEXT,
                    "code": _TEXT,
                    "status": {"type": "integer"},
                    "meta": {"type": "object", "additionalProperties": True},
                },
            },
        },
    },
}
_REVOKE_REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["token"],
    "properties": {
        "token": {**_TEXT, "description": "An access or a refresh token."},
        "token_type_hint": {**_TEXT, "description": "Taken, and not needed."},
        **_CLIENT,
    },
}


def _refusal(
    description: str, error: str, detail: str, code: str, status: int, title: str | None = None
) -> dict[str, Any]:
    one = {"title": title or error, "detail": detail, "code": code, "status": status, "meta": {}}
    example = {"errors": [one], "error": error, "error_description": detail}
    content = {"application/json": {"schema": _REFUSAL_SCHEMA, "example": example}}
    return {"description": description, "content": content}


def _form_or_json(schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    """A body that is taken in either form."""
    media = {"schema": schema, "example": example}
    return {"required": True, "content": {"application/json": media, "application/x-www-form-urlencoded": media}}


_UNKNOWN_CLIENT = _refusal(
    "The client is unknown, or its secret wrong.",
    "invalid_client",
    "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method.",
    "UNAUTHORIZED",
    401,
)
_TOO_MANY = {"description": "Too many requests; `Retry-After` says for how long."}

_TOKENS: dict[str, Any] = {
    "/oauth/token": {
        "post": {
            **_operation(
                "create_token",
                "Get or refresh a token",
                "Gives an access token to an application, and to a customer or user through one. The client says who "
                "it is in the body or by HTTP Basic.",
                {
                    "200": {
                        "description": "The token.",
                        "content": {"application/json": {"schema": _TOKEN_SCHEMA, "example": _TOKEN}},
                    },
                    "400": _refusal(
                        "The request, scope or grant is not valid.",
                        "invalid_request",
                        "Missing required parameter: username.",
                        "BAD_REQUEST",
                        400,
                    ),
                    "401": _UNKNOWN_CLIENT,
                    "429": _TOO_MANY,
                },
            ),
            "requestBody": _form_or_json(
                _TOKEN_REQUEST,
                {
                    "grant_type": "client_credentials",
                    "client_id": "pd_sales_channel",
                    "scope": "market:code:europe",
                },
            ),
        }
    },
    "/oauth/revoke": {
        "post": {
            **_operation(
                "revoke_token",
                "End a token",
                "Ends an access or a refresh token and all that came with it. A token that has ended, or is none, is "
                "revoked already. A sales channel needs no secret for a customer's token.",
                {
                    "200": _answer("It has ended.", {}),
                    "400": _refusal(
                        "The request is not valid.",
                        "invalid_request",
                        "Missing required parameter: token.",
                        "BAD_REQUEST",
                        400,
                    ),
                    "401": _UNKNOWN_CLIENT,
                    "403": _refusal(
                        "The token is another client's, or no client is named.",
                        "unauthorized_client",
                        "You are not authorized to revoke this token",
                        "FORBIDDEN",
                        403,
                    ),
                    "429": _TOO_MANY,
                },
            ),
            "requestBody": _form_or_json(
                _REVOKE_REQUEST, {"token": _TOKEN["access_token"], "client_id": "pd_sales_channel"}
            ),
        }
    },
    "/oauth/tokeninfo": {
        "get": {
            **_operation(
                "read_token",
                "What a token lets its bearer do",
                "Tells its environment, markets, role, application and owner, and what it may do with each type.",
                {
                    "200": _answer(
                        "What it is.",
                        {
                            "token": {"test": True, "market_ids": [], "stock_location_ids": [], "lifespan": 7200},
                            "role": {"id": "integration", "kind": "integration", "name": "Integration"},
                            "application": {"id": "XAyRWNUzyN", "kind": "integration", "name": "ERP", "core": False},
                            "owner": None,
                            "permissions": {},
                            "accessible_apps": [],
                        },
                    ),
                    "401": _refusal(
                        "The token is none, or has ended.",
                        "invalid_token",
                        "The access token you provided is invalid.",
                        "INVALID_TOKEN",
                        401,
                        "Invalid token",
                    ),
                },
            ),
            "security": [{"bearer": []}],
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
                    {"issuer": HERE, "token_endpoint": f"{HERE}/oauth/token"},
                ),
                "400": _BAD_HOST,
            },
        )
    },
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
    **_TOKENS,
}
"""The paths served beside resources."""
