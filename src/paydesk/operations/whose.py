"""The tenants that an operator asks about."""

from __future__ import annotations

from paydesk.base.tenants import tenant_of
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.store import organizations


async def tenants_of(parts: Parts, slug: str | None, mode: str | None) -> dict[str, tuple[str, str]]:
    """Organization and mode ("test", "live") of each: of one organization where its slug is given, of one mode.

    raises   Unknown
    """
    known = await parts.database.read(lambda: organizations.organizations(slug))
    if slug is not None and not known:
        raise Unknown(f"There is no organization {slug}.")
    return {
        tenant_of(id_, live): (its_slug, "live" if live else "test")
        for id_, its_slug in known
        for live in (False, True)
        if mode is None or live == (mode == "live")
    }
