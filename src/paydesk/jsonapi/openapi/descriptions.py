"""What operations do, in sentences."""

from __future__ import annotations

from paydesk.declare import CREATE, UPDATE, Flag, Relationship, Shape
from paydesk.jsonapi.openapi.wording import a, public_doc, words
from paydesk.jsonapi.query.query import PAGE_SIZE

_REPEATED = "With an `Idempotency-Key` the request may be repeated safely."


def listing(shape: Shape) -> str:
    return (
        f"A page of the {words(shape.type)} that the token may see: {PAGE_SIZE} unless told otherwise, newest first "
        f"unless sorted. {public_doc(shape)}"
    ).strip()


def retrieval(shape: Shape) -> str:
    return f"One {words(shape.singular)}. {public_doc(shape)}".strip()


def creation(shape: Shape) -> str:
    required = [
        name for name, field in shape.fields.items() if field.required and field.default is None and field.can(CREATE)
    ]
    required += [name for name, one in shape.relationships.items() if one.required and one.can(CREATE)]
    needs = f"Required: {_codes(required)}. " if required else ""
    return f"Creates {a(shape.singular)}. {needs}{_triggers(shape, CREATE)}{_REPEATED}"


def update(shape: Shape) -> str:
    return (
        "Changes the attributes and relationships that the body names; all others stay as they are, and null clears. "
        f"{_triggers(shape, UPDATE)}{_REPEATED}"
    )


def deletion(shape: Shape) -> str:
    return f"Deletes the {words(shape.singular)} for good, where its state permits."


def related(shape: Shape, name: str, relationship: Relationship) -> str:
    what = "The records" if relationship.many else "The record, or null,"
    return f"{what} at the other end of `{name}`. {relationship.doc}".strip()


def linkage(shape: Shape, name: str, relationship: Relationship) -> str:
    what = "The types and ids" if relationship.many else "The type and id, or null,"
    return f"{what} at the other end of `{name}`. {relationship.doc}".strip()


def _triggers(shape: Shape, flag: Flag) -> str:
    names = [name for name, trigger in shape.triggers.items() if trigger.can(flag)]
    return f"Triggers, which act when true: {_codes(names)}. " if names else ""


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
