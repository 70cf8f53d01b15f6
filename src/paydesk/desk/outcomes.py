"""How a gateway call ended, as those who wait for it are told."""

from __future__ import annotations

from dataclasses import dataclass

from paydesk.base.errors import Conflict, Refusal
from paydesk.desk.refusals import of_json
from paydesk.rules.plans import AnyCall
from paydesk.rules.record import Record
from paydesk.store.journal.calls import State


@dataclass(frozen=True)
class Ended:
    """How a gateway call ended: the record it is about, or the refusal that the client is told.

    following   the call that its settlement asked for, and that is made next
    late        another process has settled it: its state in the journal
    elsewhere   another process makes it now, or has made it
    """

    record_type: str | None = None
    record_id: str | None = None
    refusal: Refusal | None = None
    following: tuple[AnyCall, Record] | None = None
    late: State | None = None
    elsewhere: bool = False


def of_state(state: State | None) -> Ended:
    """How a settled call ended, by its state in the journal. Raises Conflict where it was withdrawn."""
    if state is None:
        raise Conflict("The operation was withdrawn.")
    outcome = state.outcome
    if outcome and "error" in outcome:
        return Ended(refusal=of_json(outcome["error"]))
    return Ended((outcome or {}).get("type", state.kind), (outcome or {}).get("id", state.record_id))
