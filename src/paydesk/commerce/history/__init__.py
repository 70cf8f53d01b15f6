"""What happened: versions and event stores, two readings of one row per change."""

from __future__ import annotations

from paydesk.commerce.history.event_stores import EventStore
from paydesk.commerce.history.versions import Version
from paydesk.declare import ALWAYS, Access, Condition, Own, Related, Test, both, either, eq, to_one
from paydesk.rules.registry import Registry


def confine(registry: Registry) -> None:
    """Let a token whose scope names markets read of the past what it reads of the present.

    The history of a type that keeps to markets is seen through its record, so that of a deleted one is not.
    """
    for history in (Version, EventStore):
        kept: dict[str, Condition] = {}
        for name, one in registry.types.items():
            if one.shape.access.scope != ALWAYS:
                record = f"record_of_{name}"
                found = to_one(name, name=record, match=eq("id", Own("resource_id")), hidden=True, includable=False)
                history.shape.relationships[record] = found
                kept[name] = both(eq("resource_type", name), Related((one.shape.access.scope,), record, name))
        history.shape.access = Access(scope=either(Test("resource_type", "not_in", tuple(kept)), *kept.values()))
