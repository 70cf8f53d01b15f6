"""When an organization's money is captured by itself: a setting of paydesk's own, which the API does not show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.base.actor import worker
from paydesk.base.tenants import tenant_of
from paydesk.declare import Rule, eq
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.rules.asking import Find
from paydesk.rules.work import Work
from paydesk.store import organizations


async def tune(parts: Parts, slug: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is named; returns how all of it stands. Running servers know within seconds. Raises Unknown."""
    id_ = await parts.database.read(lambda: organizations.organization_with_slug(slug))
    if id_ is None:
        raise Unknown(f"There is no organization {slug}.")

    def rule(work: Work) -> Rule:
        organization = yield Find("organizations", eq("id", id_), lock=True)
        work.change(organization, **values)
        return {name: getattr(organization, name) for name in NAMES}

    found: dict[str, Any] = await parts.desk.operate(worker(tenant_of(id_, False), slug, "tuning", id_), rule)
    return found


NAMES = ("captures_before_end_hours", "captures_shipped")
