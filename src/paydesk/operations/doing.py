"""How the demo's data are made and found: by the rules that clients meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from paydesk.rules.resource import Resource


class Do(Protocol):
    """Carries one change out through the desk, as an integration of the demo organization."""

    async def __call__(
        self,
        type: str,
        verb: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, Resource | None],
        *,
        id: str | None = None,
    ) -> Any:
        """`verb` is `create` or `update`. `id` names the record to update, or is the argument `id` of a new order."""
        ...


class Find(Protocol):
    """Finds the records of a type by one column, oldest first."""

    async def __call__(self, type: str, column: str, value: str) -> list[Any]: ...


async def first(find: Find, type: str, column: str, value: str) -> Any:
    """The oldest of them; None where there is none."""
    return next(iter(await find(type, column, value)), None)
