"""What an answer with status 401 asks for (`WWW-Authenticate`). Source: RFC 6750, section 3; RFC 7617."""

from __future__ import annotations

BASIC = 'Basic realm="paydesk", charset="UTF-8"'
"""For a client that came by HTTP Basic alone: a browser would open its own box for a password."""

MAY_NOT = 'Bearer error="insufficient_scope"'
"""The token is good; its bearer may not do this."""

MISSING = "The request has no access token."


def bearer(reason: str) -> str:
    """For a token that is missing or not good, and why. `reason` is plain text without quotes."""
    return f'Bearer error="invalid_token", error_description="{reason}"'
