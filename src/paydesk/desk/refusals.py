"""How a change is refused: broken rules, a unique key that is taken; and refusals as the journal keeps them."""

from __future__ import annotations

from typing import Any

from paydesk.base import errors
from paydesk.base.errors import Conflict, Guess, Invalid, NotUnique, Refusal, Several
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry

UNDER_WAY = "Another operation on the same record is under way."


class Broken(Refusal):
    """Values that break rules: the decoder's problems and the rules' refusals together."""

    def __init__(self, problems: tuple[Any, ...], refusals: list[Refusal]) -> None:
        super().__init__("the request breaks rules")
        self.problems, self.refusals = problems, refusals


def under_way() -> Conflict:
    return Conflict(UNDER_WAY)


def keeps_changing() -> Conflict:
    return Conflict("Other requests keep changing the same record.")


def taken_by(registry: Registry, conflict: NotUnique, resource: type[Record] | None = None) -> Refusal | None:
    """Which field of a request took a value that is taken; None when the change may simply be tried again."""
    for one in registry.types.values():
        shape = one.shape
        if shape.table == "versions" or (resource is not None and shape.table != resource.shape.table):
            continue
        for columns in shape.unique:
            names = [f"{shape.table}.{column}" for column in columns]
            index = f"uq_{shape.table}_{'_'.join(columns)}"[:63]
            if index in conflict.constraint or set(names) <= set(conflict.constraint.split(", ")):
                return Guess(_field_of(one, columns), "taken")
    return None


def _field_of(resource: type[Record], columns: tuple[str, ...]) -> str:
    """The field that a client knows a unique key by."""
    shape = resource.shape
    for name, relationship in shape.relationships.items():
        if relationship.stored and columns[-1] == f"{name}_id":
            return name
    # A field that clients write comes before one that they never see.
    visible = [one for one in columns if one in shape.fields and shape.fields[one].on_wire]
    hidden = columns[-1] in shape.fields and not shape.fields[columns[-1]].on_wire
    return (visible[-1] if hidden and visible else columns[-1]).removesuffix("_key")


def as_json(refusal: Refusal) -> dict[str, Any]:
    """A refusal as the journal keeps it with the call that came to it."""
    if isinstance(refusal, Several):
        return {"class": "Several", "refusals": [as_json(one) for one in refusal.refusals]}
    return {
        "class": type(refusal).__name__,
        **{name: value for name, value in vars(refusal).items()},
        "text": str(refusal),
    }


def of_json(kept: dict[str, Any]) -> Refusal:
    kind = kept["class"]
    if kind == "Several":
        return Several([of_json(one) for one in kept["refusals"]])
    if kind in ("Invalid", "Guess"):
        return Invalid(kept["field"], kept["error"], kept["message"], **kept["meta"])
    if kind == "GatewayRefused":
        return errors.GatewayRefused(kept["message"], kept["code"], kept.get("field"), kept.get("meta"))
    if kind == "Conflict":
        return Conflict(kept["text"], kept.get("retry_after", 1), kept.get("meta"))
    refusal: Refusal = getattr(errors, kind)(kept["text"])
    return refusal
