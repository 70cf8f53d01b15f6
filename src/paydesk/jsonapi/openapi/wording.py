"""How types are called in descriptions."""

from __future__ import annotations

from paydesk.declare import Shape


def words(name: str) -> str:
    return name.replace("_", " ")


def a(singular: str) -> str:
    """The words of a singular name, with its article."""
    return f"{'an' if singular[0] in 'aeio' else 'a'} {words(singular)}"


def public_doc(shape: Shape) -> str:
    """The description of a type for its users; the source of a fact concerns those who work on paydesk."""
    return shape.doc.partition(" Source: ")[0]
