"""What the OAuth endpoints refuse, in their own form: `title` is the OAuth error, `status` an integer.

Source: Commerce Layer, "Authentication", and the fixtures of its JS client; RFC 6749, section 5.2.
"""

from __future__ import annotations

import re
from typing import Any

INVALID_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method."
)
"""Official clients compare this text."""
INVALID_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
    "authorization request, or was issued to another client."
)
"""One text for all, so that nobody learns whether an email exists."""

_UNDESCRIBED = re.compile(r"[^ !#-\[\]-~]")


class OAuthRefusal(Exception):
    """A request to an OAuth endpoint that is not answered; nothing was changed.

    error        the OAuth error (`invalid_grant`)
    title        of the error object, where that is not the OAuth error
    retry_after  seconds, where the same may be asked again
    """

    def __init__(
        self,
        status: int,
        error: str,
        detail: str,
        code: str,
        retry_after: int | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(f"{error}: {detail}")
        self.status, self.error, self.detail, self.code = status, error, detail, code
        self.retry_after = retry_after
        self.title = title or error

    @property
    def description(self) -> str:
        """The detail in the few characters that `error_description` may have."""
        return _UNDESCRIBED.sub("?", self.detail)

    def as_json(self) -> dict[str, Any]:
        """The error object, and beside it the form of RFC 6749, which generic clients read."""
        one = {"title": self.title, "detail": self.detail, "code": self.code, "status": self.status, "meta": {}}
        return {"errors": [one], "error": self.error, "error_description": self.description}


def _bad_request(error: str, detail: str) -> OAuthRefusal:
    return OAuthRefusal(400, error, detail, "BAD_REQUEST")


def invalid_client() -> OAuthRefusal:
    return OAuthRefusal(401, "invalid_client", INVALID_CLIENT, "UNAUTHORIZED")


def invalid_grant() -> OAuthRefusal:
    return _bad_request("invalid_grant", INVALID_GRANT)


def invalid_request(detail: str) -> OAuthRefusal:
    return _bad_request("invalid_request", detail)


def invalid_scope(detail: str) -> OAuthRefusal:
    return _bad_request("invalid_scope", detail)


def invalid_assertion(detail: str) -> OAuthRefusal:
    return _bad_request("invalid_assertion", detail)


def unsupported_grant_type() -> OAuthRefusal:
    return _bad_request("unsupported_grant_type", "The authorization grant type is not supported by this server.")


def unauthorized_client() -> OAuthRefusal:
    return _bad_request("unauthorized_client", "The client is not authorized to use this authorization grant type.")


def foreign_token() -> OAuthRefusal:
    return OAuthRefusal(403, "unauthorized_client", "You are not authorized to revoke this token", "FORBIDDEN")


def invalid_token() -> OAuthRefusal:
    detail = "The access token you provided is invalid."
    return OAuthRefusal(401, "invalid_token", detail, "INVALID_TOKEN", title="Invalid token")


def too_large() -> OAuthRefusal:
    return OAuthRefusal(413, "invalid_request", "The request body is too large.", "PAYLOAD_TOO_LARGE")


def too_many(retry_after: int) -> OAuthRefusal:
    detail = "Too many requests: try again soon."
    return OAuthRefusal(429, "too_many_requests", detail, "TOO_MANY_REQUESTS", retry_after)


def unavailable(retry_after: int) -> OAuthRefusal:
    detail = "The server cannot answer at present."
    return OAuthRefusal(503, "temporarily_unavailable", detail, "SERVICE_UNAVAILABLE", retry_after)


def not_allowed(detail: str) -> OAuthRefusal:
    return OAuthRefusal(405, "invalid_request", detail, "METHOD_NOT_ALLOWED")
