"""event_stores: the history of a record, in the form that replaces versions."""

from __future__ import annotations

from typing import Any

from paydesk.declare import derived, document, hidden, string
from paydesk.rules.resource import Resource


def event_id(ms: int, sequence: int) -> str:
    return f"{ms}-{sequence}"


def event_key(text: str) -> tuple[int, int] | None:
    """The two numbers of an event store's id, None when the text is no such id."""
    ms, dash, sequence = text.partition("-")
    if not (dash and ms.isascii() and ms.isdigit() and sequence.isascii() and sequence.isdigit()):
        return None
    return (int(ms), int(sequence)) if len(ms) < 19 and len(sequence) < 19 else None


def payload(changes: dict[str, Any]) -> dict[str, Any]:
    """A version's pairs in the form of event stores: {attribute: {from, to}}."""
    return {name: {"from": before, "to": after} for name, (before, after) in changes.items()}


class EventStore(
    Resource,
    type="event_stores",
    singular="event_store",
    actions=("retrieve",),
    table="versions",
    cursor_paged=True,
    versions=False,
    event_stores=False,
):
    """One change of one record: what it was and what it became, and who did it.

    Listed under the record it tells of (`/api/orders/{id}/event_stores`), newest first, by cursor.
    Source: Commerce Layer, "Event stores".
    """

    recorded = False
    wire_id = (("ms", "sequence"), event_id)

    resource_type = string(example="orders", doc="The type of the record that changed.")
    resource_id = string(example="PzdJhdLdYV", doc="Its id.")
    event = string(example="update", doc="`create` or `update`.")
    payload = derived(
        "object",
        ["changes"],
        payload,
        example={"status": {"from": "draft", "to": "placed"}},
        doc="Attribute by attribute.",
    )
    who = document(
        default={}, example={"application": {"id": "DNOPYiZYpn"}}, doc="The application and owner, or the worker."
    )
    changes = hidden("object", default={})
    ms = hidden("integer")
    sequence = hidden("integer")
