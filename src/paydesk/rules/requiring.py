"""What a record cannot be without, whoever makes it: a client, the demo, a command, or a rule of another record."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid
from paydesk.rules.asking import Change
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

NOTHING: tuple[Any, ...] = (None, "", [])


def require(resource: type[Resource], change: Change, work: Work, *, creates: bool) -> None:
    """Note what a change leaves out that a new record is to be given, or takes away that one cannot be without."""
    said = {one.field for one in work.mistakes if isinstance(one, Invalid)}
    given = {**change.values, **change.arguments, **change.related}
    for name in resource.shape.demanded:
        if (creates or name in given) and given.get(name) in NOTHING and name not in said:
            work.invalid(name, "blank")
