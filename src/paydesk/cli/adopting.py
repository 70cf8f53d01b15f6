"""`paydesk adopt-installation`: of several copies of an installation, this one acts."""

from __future__ import annotations

from paydesk.app import Parts
from paydesk.settings import Settings


async def adopt(settings: Settings) -> int:
    """Returns at how many webhook endpoints it was written. Raises as `Parts.open`, and Unavailable."""
    parts = await Parts.open(settings)
    try:
        return await parts.owner.adopt()
    finally:
        await parts.close()
