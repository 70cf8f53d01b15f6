"""The versions of a record."""

from typing import Any

from tests.payments.conftest import Answer, Api


async def history(api: Api, of: Answer) -> list[dict[str, Any]]:
    """A record's event stores, oldest first."""
    link = of.link
    found = (await api.get(f"{link['type']}/{link['id']}/event_stores")).data
    return [one["attributes"] for one in reversed(found)]
