"""What needs a person's attention, for `paydesk matters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from paydesk.base.tenants import mode_of
from paydesk.operations.matters import Matter, matters
from paydesk.operations.parts import Parts
from paydesk.operations.told.finding import tenants_of


@dataclass(frozen=True)
class Attending:
    """Matters, the longest first.

    at       when it was asked
    slugs    the organization of each tenant
    """

    at: str
    slugs: Mapping[str, str]
    matters: list[Matter]

    def where(self, matter: Matter) -> str:
        return f"{self.slugs[matter.tenant]}/{mode_of(matter.tenant)}"

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"organization": self.slugs[one.tenant], "mode": mode_of(one.tenant), **_shown(one)} for one in self.matters
        ]


def _shown(matter: Matter) -> dict[str, Any]:
    told = asdict(matter)
    del told["tenant"]
    return told


async def attending(parts: Parts, slug: str | None, mode: str | None, now: str) -> Attending:
    """All that needs attention now in these organizations. Raises Unknown."""
    slugs = await tenants_of(parts, slug, mode)
    found: list[Matter] = await parts.database.read(lambda: matters(now, parts.watching.types, list(slugs)))
    return Attending(now, slugs, found)
