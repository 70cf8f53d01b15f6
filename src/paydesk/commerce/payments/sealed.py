"""What is sealed of a gateway, for those who may see it."""

from __future__ import annotations

from paydesk.commerce.sealed import opened


def revealed(sealed: str | None, record_id: str) -> str | None:
    """The webhook secret of a gateway in clear."""
    return opened(sealed, f"webhook/{record_id}")
