"""Tenants: an organization in one of its two environments, `{organization id}/{test|live}`."""

from __future__ import annotations


def tenant_of(organization_id: str, live: bool) -> str:
    return f"{organization_id}/{'live' if live else 'test'}"


def organization_of(tenant: str) -> str:
    """The organization's id."""
    return tenant.partition("/")[0]


def mode_of(tenant: str) -> str:
    """`live` or `test`."""
    return tenant.partition("/")[2]


def is_live(tenant: str) -> bool:
    return mode_of(tenant) == "live"
