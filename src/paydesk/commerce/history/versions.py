"""versions: what changed on a record, when and by whom."""

from __future__ import annotations

from paydesk.declare import FILTER, READ_ACTIONS, document, hidden, string
from paydesk.rules.resource import Resource


class Version(
    Resource,
    type="versions",
    singular="version",
    actions=READ_ACTIONS,
    versions=False,
    unique=(("ms", "sequence"),),
    indexes=(("resource_id", "resource_type"),),
):
    """One change of one record: created, updated or destroyed, with each attribute before and after.

    Written in the transaction of the change itself and never altered. The versions of a deleted record stay.
    Source: Commerce Layer, "Versions".
    """

    recorded = False

    resource_type = string(FILTER, example="orders", doc="The type of the record that changed.")
    resource_id = string(FILTER, example="PzdJhdLdYV", doc="Its id.")
    event = string(example="update", doc="`create`, `update` or `destroy`.")
    changes = document(
        default={}, example={"status": ["draft", "placed"]}, doc="Each attribute that changed: [before, after]."
    )
    who = document(
        default={}, example={"application": {"id": "DNOPYiZYpn"}}, doc="The application and owner, or the worker."
    )
    ms = hidden("integer")
    sequence = hidden("integer")
    ip_address = hidden("string")
    user_agent = hidden("string")
    uuid = hidden("string")
