"""Types that the contract knows and paydesk does not serve yet: their lists and relationships are empty."""

from __future__ import annotations

from paydesk.base.actor import Actor
from paydesk.base.errors import Denied, NotFound
from paydesk.declare import Relationship
from paydesk.declare.contract import KnownType
from paydesk.jsonapi.documents.frame import Frame
from paydesk.jsonapi.query.known import link_query
from paydesk.jsonapi.query.parse import parse
from paydesk.rules.registry import Registry


def nothing_of(
    parts: list[str], method: str, actor: Actor, raw_query: bytes, registry: Registry, frame: Frame
) -> bytes | None:
    """The document at an address of a type that is not served; None for a method that it does not take.

    raises   NotFound, also where the contract knows no such type; Denied for who could not read it either
    """
    kind = registry.known.get(parts[0])
    if kind is None or len(parts) > 2 or (len(parts) == 2 and method == "GET"):
        raise NotFound(parts[-1])
    if method != "GET":
        return None
    _permit([kind], actor)
    return frame.nothing(parts[0], link_query(raw_query, [kind], registry))


def nothing_in(
    relationship: Relationship,
    at: tuple[str, str, str],
    linkage: bool,
    actor: Actor,
    raw_query: bytes,
    registry: Registry,
    frame: Frame,
) -> bytes:
    """The document at the related address of a relationship that is always empty, or at that of its linkage.

    at       the type and id of the record that has it, and its name
    raises   RequestProblems; Denied for who could not read what it might hold either
    """
    kinds = [registry.known[name] for name in relationship.types]
    if relationship.many:
        _permit(kinds, actor)
    if linkage:
        parse(raw_query, registry[at[0]], registry, purpose="write")
        return frame.linkage(*at, [] if relationship.many else None)
    links = link_query(raw_query, kinds, registry, purpose="list" if relationship.many else "one")
    return frame.nothing("/".join(at), links) if relationship.many else b'{"data":null}'


def _permit(kinds: list[KnownType], actor: Actor) -> None:
    if not any(kind.is_readable_by(actor) for kind in kinds):
        raise Denied(kinds[0].name)
