"""What the contract knows and is not served yet: a list of it is empty, and there is no record."""

from __future__ import annotations

from paydesk.base.actor import Actor
from paydesk.base.errors import Denied, NotFound
from paydesk.jsonapi.query.known import link_query
from paydesk.jsonapi.render import Frame
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
    if actor.is_sales_channel and ("customer" if actor.owner_type == "Customer" else "guest") not in kind.read_by:
        raise Denied(parts[0])
    return frame.nothing(parts[0], link_query(raw_query, kind, registry))
