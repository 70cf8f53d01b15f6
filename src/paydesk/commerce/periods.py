"""Records that hold for a while: from `starts_at` until `expires_at`, unless they are disabled."""

from __future__ import annotations

INPUTS = ("disabled_at", "starts_at", "expires_at", "caller.now")
"""What both functions are given."""

STATUSES = ("disabled", "expired", "pending", "active")


def status(disabled_at: str | None, starts_at: str | None, expires_at: str | None, now: str) -> str:
    """Where such a record stands now: without a start it holds at once, without an end for ever."""
    if disabled_at is not None:
        return "disabled"
    if expires_at is not None and now >= expires_at:
        return "expired"
    return "pending" if starts_at is not None and now < starts_at else "active"


def is_active(disabled_at: str | None, starts_at: str | None, expires_at: str | None, now: str) -> bool:
    return status(disabled_at, starts_at, expires_at, now) == "active"
