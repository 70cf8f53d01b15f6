"""What one run of recovery did."""

from __future__ import annotations

from paydesk.cli.screen import rows, say
from paydesk.operations.recover import Recovered


def show(ended: Recovered) -> None:
    """The counts, then a line for each call that is open and each gateway and payment that did not tell."""
    rows(
        [
            ("gateways asked for events", ended.fetched.asked),
            ("events fetched", ended.fetched.events),
            ("events worked", ended.worked),
            ("payments due to be looked at", ended.looked.due),
            ("payments looked at", ended.looked.read),
            ("orders ended", ended.ended),
            ("gateway calls finished", ended.finished),
            ("events waiting", ended.events),
            ("gateway calls open", len(ended.calls)),
        ]
    )
    for tenant, call_id, kind, subject_type, subject_id, tries, created_at in ended.calls:
        _tell(f"{kind} {call_id} of {subject_type}/{subject_id}, {tenant}: {tries + 1} tries since {created_at}")
    for gateway_id, said in ended.fetched.silent.items():
        _tell(f"gateway {gateway_id} does not tell its events: {said}")
    for gateway_id, said in ended.looked.silent.items():
        _tell(f"gateway {gateway_id} does not tell of its payments: {said}")
    for payment_id, said in ended.looked.refused.items():
        _tell(f"payment {payment_id} could not be looked at: {said}")


def _tell(line: str) -> None:
    say(f"  {line}")
