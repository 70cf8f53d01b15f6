"""All that there is to tell of a payment: in words, and all that happened to it in the order of time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from paydesk.base.instants import instant
from paydesk.declare import within
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.operations.told import listing, lost, words
from paydesk.operations.told.clues import clue
from paydesk.operations.told.facts import Facts
from paydesk.operations.told.finding import Match, find, tenants_of
from paydesk.operations.told.reading import facts_of
from paydesk.operations.told.situations import situations
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup

TURN = {"answer": 0, "version": 1, "call": 2, "webhook": 3}
"""What comes first of one instant: an answer before what it brought about, a change before what it asks for."""

SECRET = ("secret", "login", "password")


async def show_payment(
    parts: Parts, name: str, slug: str | None, mode: str | None, *, whole: bool = True
) -> dict[str, Any]:
    """What there is to tell of what a customer can say, as JSON values: of one order its six lines and its history, of
    several a line each (`matches`), of a payment whose order is gone its six lines. Raises Unknown.

    whole   with versions and webhooks in the history; without them it has the gateway calls alone
    """
    slugs = await tenants_of(parts, slug, mode)
    now = instant(parts.clock())
    found = await find(parts, clue(name), slugs)
    if len(found.orders) == 1 and not found.lost:
        match = found.orders[0]
        history: dict[str, Any] = await parts.database.read(lambda: _read(parts, match, now, whole))
        return history
    if len(found.lost) == 1 and not found.orders:
        return lost.told(found.lost[0], slugs)
    if not found.orders and not found.lost:
        raise Unknown(f"There is no order or payment {name}.")
    rows = await listing.rows_of(parts, found.orders, now)
    return {"matches": [*rows, *(lost.row(one, slugs) for one in found.lost)], "more": found.more}


def _read(parts: Parts, match: Match, now: str, whole: bool) -> Generator[Any, Any, dict[str, Any]]:
    """One order with all that belongs to its payment."""
    session = Session(match.tenant, {})
    facts: Facts = (yield from facts_of(parts, match.tenant, match.slug, [match.order], now))[match.order]
    order, payments, moved = facts.order, facts.payments, facts.transactions
    disputes = sorted(facts.disputes, key=lambda one: (one.opened_at, one.dispute_id))
    kinds = sorted(parts.desk.plans)
    calls = yield from lookup.calls_about(match.tenant, kinds, [order.id])
    # A payment that was deleted is known by the call that opened it.
    subjects = {one.id for one in (*payments, *moved)} | {call["record_id"] for call in calls if call["record_id"]}
    subjects -= {order.id}
    calls += yield from lookup.calls_about(match.tenant, kinds, sorted(subjects))
    versions, events = (yield from _around(parts, session, facts, calls, subjects)) if whole else ([], [])
    history = [
        *(_version(one) for one in sorted(versions, key=lambda one: (one.ms, one.sequence))),
        *(entry for call in calls for entry in _call(call)),
        *(_event(event) for event in events),
    ]
    states = situations(facts)
    return {
        "answer": words.told(facts, states),
        "situations": [one.value for one in states],
        "order": _order(facts),
        "payments": [_payment(one, order) for one in payments],
        "transactions": [_transaction(one) for one in moved],
        "disputes": [{**one.shown(), "payment": one.payment_id, "opened_at": one.opened_at} for one in disputes],
        "net": _net(facts),
        "history": sorted(history, key=lambda one: (one["at"], TURN[one["what"]])),
    }


def _around(
    parts: Parts, session: Session, facts: Facts, calls: list[dict[str, Any]], subjects: set[str]
) -> Generator[Any, Any, tuple[list[Any], list[Any]]]:
    """The versions of all records that belong to the payment, and the webhooks about it."""
    told = Find("versions", within("resource_id", sorted({*subjects, facts.order.id})))
    versions = yield from parts.desk.reader.records(session, told)
    names = {_name_at_gateway(one) for one in facts.payments} | {call["ask"].get("payment_id") for call in calls}
    names |= {((call["outcome"] or {}).get("answer") or {}).get("payment_id") for call in calls}
    events = yield from lookup.events_about(session.tenant, sorted(name for name in names if name))
    return versions, events


def _name_at_gateway(payment: Any) -> str | None:
    return payment.payment_id if getattr(payment, payment.named_by) else None


def _order(facts: Facts) -> dict[str, Any]:
    order, made = facts.order, facts.sums
    return {
        "id": order.id,
        "number": order.number,
        "organization": facts.organization,
        "mode": facts.mode,
        "status": order.status,
        "payment_status": order.payment_status,
        "fulfillment_status": order.fulfillment_status,
        "currency_code": order.currency_code,
        "total_amount_with_taxes_cents": order.total_amount_with_taxes_cents,
        "authorized_cents": made.authorized.cents,
        "captured_cents": made.captured.cents,
        "voided_cents": made.voided.cents,
        "refunded_cents": made.refunded.cents,
        "refund_pending_cents": facts.pending,
    }


def _net(facts: Facts) -> dict[str, Any]:
    """What is left of what was captured, in minor units of the order's currency; None where a dispute is of another.

    A dispute moves money by itself and is in no other sum: what it took and what of it came back counts here alone. A
    refund on its way counts as gone.
    """
    out = sum(one.withdrawn_cents for one in facts.disputes)
    back = sum(one.reinstated_cents for one in facts.disputes)
    alike = all(one.currency_code == facts.order.currency_code for one in facts.disputes)
    return {
        "currency_code": facts.order.currency_code,
        "captured_cents": facts.captured,
        "refunded_cents": facts.refunded,
        "refund_pending_cents": facts.pending,
        "disputed_out_cents": out if alike else None,
        "disputed_in_cents": back if alike else None,
        "net_cents": facts.kept if alike else None,
    }


def _payment(payment: Resource, order: Any) -> dict[str, Any]:
    return {
        "type": payment.shape.type,
        "id": payment.id,
        "payment_id": _name_at_gateway(payment),
        "gateway": getattr(payment, "payment_gateway_id", None),
        "is_source": payment.id == order.payment_source_id,
        "gateway_status": getattr(payment, "gateway_status", None),
        "amount_cents": getattr(payment, "intended_cents", None),
        "currency_code": getattr(payment, "intended_currency", None),
    }


def _transaction(one: Any) -> dict[str, Any]:
    names = ("number", "id", "currency_code", "amount_cents", "succeeded", "message", "error_code", "error_detail")
    told = {name: getattr(one, name) for name in names}
    return {
        "type": one.shape.type,
        **told,
        "counts": one.counts,
        "forwarded": one.forwarded,
        "pending": one.is_pending,
        "at": one.created_at,
    }


def _version(version: Any) -> dict[str, Any]:
    return {
        "at": version.created_at,
        "what": "version",
        "event": version.event,
        "type": version.resource_type,
        "id": version.resource_id,
        "changes": version.changes,
        "who": _who(version.who),
    }


def _call(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A call is told when it was journalled, and again when its answer was settled."""
    same = {"kind": call["kind"], "id": call["id"], "type": call["subject_type"], "subject": call["subject_id"]}
    outcome = call["outcome"] or {}
    answer, error = outcome.get("answer"), outcome.get("error")
    is_open = call["state"] == "open"
    yield {
        "at": call["created_at"],
        "what": "call",
        **same,
        "gateway": call["gateway_id"],
        "key": call["idempotency_key"],
        "attempt": call["attempt"],
        "tries": max(call["tries"], 0),
        "parameters": _safe(call["parameters"]),
        "who": _who(call["who"]),
        **({"state": "open", "due_at": call["due_at"], "last_answer": answer} if is_open else {}),
    }
    if not is_open:
        yield {
            "at": call["settled_at"],
            "what": "answer",
            **same,
            "state": call["state"],
            "answer": answer,
            **({"refused_with": error.get("text")} if error else {}),
        }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": event["received_at"],
        "what": "webhook",
        "type": event["type"],
        "id": event["event_id"],
        "payment_id": event["payment_id"],
        "gateway": event["gateway_id"],
        "outcome": event["outcome"],
        "worked_at": event["worked_at"],
        "tries": event["tries"],
    }


def _who(who: Mapping[str, Any]) -> str:
    """Who did it, in a few words: "integration aPiElBpReI", "webhooks evt_…"."""
    told = []
    if worker := who.get("worker"):
        told.append(f"{worker['type']} {worker['id']}")
    if application := who.get("application"):
        told.append(f"{application.get('kind', 'application')} {application['id']}")
    if owner := who.get("owner"):
        told.append(f"{owner.get('type', 'owner')} {owner['id']}".lower())
    return ", ".join(told)


def _safe(value: Any) -> Any:
    """The same without what may be a secret."""
    if isinstance(value, dict):
        return {
            name: "…" if any(word in name for word in SECRET) and isinstance(one, str) else _safe(one)
            for name, one in value.items()
        }
    return [_safe(one) for one in value] if isinstance(value, list) else value
