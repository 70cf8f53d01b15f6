"""What this server is as an OAuth server, for clients that set themselves up. Source: RFC 8414."""

from __future__ import annotations

from typing import Any

from paydesk.oauth.grants import GRANTS

PATHS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
"""Clients ask at either. The document is the same, without the members of OpenID, which is not spoken here."""

_CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]


def document(issuer: str) -> dict[str, Any]:
    """The metadata of the server whose tokens are issued by `issuer`."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "token_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": sorted(frozenset[str]().union(*GRANTS.values())),
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": f"{issuer}/docs",
    }
