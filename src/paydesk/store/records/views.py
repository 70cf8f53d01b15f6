"""What is read of rows for documents: the columns of a view, and who may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from paydesk.declare import Condition, Relationship
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.sql.conditions import Clauses

Sort = tuple[tuple[str, bool], ...]

Gate = Callable[[type[Record], Relationship], Condition | None]
"""Which rows of a type the caller may see through a relationship: None for all, NEVER for none."""

NEWEST_FIRST: Sort = (("created_at", True), ("id", True))


class Viewed(Protocol):
    """What reading needs of a `jsonapi.documents.views.View`."""

    serial: int
    resource: type[Record]
    columns: list[str]
    at: dict[str, int]
    includes: dict[str, dict[str, Any]]


def selected(
    registry: Registry, clauses: Clauses, resource: type[Record], source: Any, columns: Iterable[str]
) -> tuple[list[Any], Any]:
    """The select list of a view, and the FROM with a left join for each to-one its columns pass through."""
    joins: dict[str, tuple[type[Record], Any]] = {"": (resource, source)}
    origin: Any = source
    chosen = []
    for path in columns:
        *steps, name = path.split(".")
        at = ""
        for step in steps:
            further = f"{at}.{step}" if at else step
            if further not in joins:
                owner, alias = joins[at]
                target = registry[owner.shape.relationships[step].types[0]]
                joined = clauses.alias(target)
                origin = origin.outerjoin(joined, clauses.joined(step, owner, alias, target, joined))
                joins[further] = (target, joined)
            at = further
        chosen.append(joins[at][1].c[name])
    return chosen, origin
