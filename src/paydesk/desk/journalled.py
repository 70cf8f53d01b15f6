"""Calls of the journal, as their plans read them. A later release may have written what this one cannot read."""

from __future__ import annotations

from collections.abc import Mapping

from paydesk.rules.asks import Unreadable, fingerprint_of, waiting_of
from paydesk.rules.plans import AnyCall, AnyPlan
from paydesk.store.journal import calls as journal


def plan_of(plans: Mapping[str, AnyPlan], kind: str) -> AnyPlan:
    """The plan of a kind of call. Raises Unreadable where only a later release has one."""
    if kind not in plans:
        raise Unreadable(f"A later release of paydesk wrote this down ({kind}), and goes on with it.")
    return plans[kind]


def call_of(plans: Mapping[str, AnyPlan], row: journal.Row) -> AnyCall:
    """A call of the journal. Raises Unreadable where a later release wrote it."""
    ask = plan_of(plans, row.kind).asks.read(row.ask)
    return AnyCall(**row._replace(ask=ask)._asdict(), fingerprint=fingerprint_of(row.ask), waiting=waiting_of(row.ask))
