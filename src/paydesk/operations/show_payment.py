"""All that happened to the payment of one order, in the order of time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paydesk.base.tenants import mode_of, tenant_of
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payable import SOURCES
from paydesk.commerce.payments.disputes import Dispute
from paydesk.commerce.payments.status import sums
from paydesk.declare import eq, within
from paydesk.operations.names import Ambiguous, Unknown
from paydesk.operations.parts import Parts
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.store import organizations as stored_organizations
from paydesk.store.records.sessions import Session
from paydesk.store.upkeep import lookup

TURN = {"answer": 0, "version": 1, "call": 2, "webhook": 3}
"""What comes first of one instant: an answer before what it brought about, a change before what it asks for."""

SECRET = ("secret", "login", "password")


@dataclass(frozen=True)
class Named:
    """Where an order was found."""

    slug: str
    tenant: str
    id: str

    @property
    def mode(self) -> str:
        return mode_of(self.tenant)


async def show_payment(parts: Parts, name: str, slug: str | None, mode: str | None) -> dict[str, Any]:
    """The history of the order with this id or number, as JSON values. Raises Unknown and Ambiguous."""
    read = parts.database.read
    organizations = await read(lambda: stored_organizations.organizations(slug))
    if slug is not None and not organizations:
        raise Unknown(f"There is no organization {slug}.")
    slugs = {
        tenant_of(organization_id, live): its_slug
        for organization_id, its_slug in organizations
        for live in (False, True)
        if mode is None or live == (mode == "live")
    }
    orders = await read(lambda: lookup.orders_named(Order, list(slugs), name))
    named = [Named(slugs[tenant], tenant, order_id) for tenant, order_id in orders]
    if not named:
        raise Unknown(f"There is no order {name}.")
    if len(named) > 1:
        places = ", ".join(f"{one.slug}/{one.mode}" for one in named)
        raise Ambiguous(f"{len(named)} orders are called {name}: {places}.")
    history: dict[str, Any] = await read(lambda: _read(parts, named[0]))
    return history


def _read(parts: Parts, named: Named) -> Generator[Any, Any, dict[str, Any]]:
    """One order with all that belongs to its payment."""
    session = Session(named.tenant, {})

    def records(type: str, column: str, value: str) -> Generator[Any, Any, Any]:
        return (yield from parts.desk.reader.records(session, Find(type, eq(column, value))))

    (order,) = yield from records("orders", "id", named.id)
    payments: list[Any] = []
    for kind in SOURCES:
        if kind in parts.registry.types:
            payments += yield from records(kind, "order_id", order.id)
    moved = yield from records("transactions", "order_id", order.id)
    contested = Find(Dispute, within("payment_id", sorted(one.id for one in payments)))
    disputes = sorted(
        (yield from parts.desk.reader.records(session, contested)), key=lambda one: (one.opened_at, one.dispute_id)
    )
    kinds = sorted(parts.desk.plans)
    calls = yield from lookup.calls_about(named.tenant, kinds, [order.id])
    # A payment that was deleted is known by the call that opened it.
    subjects = {one.id for one in (*payments, *moved)} | {call["record_id"] for call in calls if call["record_id"]}
    subjects -= {order.id}
    calls += yield from lookup.calls_about(named.tenant, kinds, sorted(subjects))
    told = Find("versions", within("resource_id", sorted({*subjects, order.id})))
    versions = yield from parts.desk.reader.records(session, told)
    names = {_name_at_gateway(one) for one in payments} | {call["ask"].get("payment_id") for call in calls}
    names |= {((call["outcome"] or {}).get("answer") or {}).get("payment_id") for call in calls}
    events = yield from lookup.events_about(named.tenant, sorted(name for name in names if name))
    history = [
        *(_version(one) for one in sorted(versions, key=lambda one: (one.ms, one.sequence))),
        *(entry for call in calls for entry in _call(call)),
        *(_event(event) for event in events),
    ]
    return {
        "order": _order(order, named, moved),
        "payments": [_payment(one, order) for one in payments],
        "transactions": [_transaction(one) for one in sorted(moved, key=lambda one: (len(one.number), one.number))],
        "disputes": [{**one.shown(), "payment": one.payment_id, "opened_at": one.opened_at} for one in disputes],
        "net": _net(order, moved, disputes),
        "history": sorted(history, key=lambda one: (one["at"], TURN[one["what"]])),
    }


def _name_at_gateway(payment: Any) -> str | None:
    return payment.payment_id if getattr(payment, payment.named_by) else None


def _order(order: Any, named: Named, moved: list[Any]) -> dict[str, Any]:
    made = sums(moved, order.currency_code)
    return {
        "id": order.id,
        "number": order.number,
        "organization": named.slug,
        "mode": named.mode,
        "status": order.status,
        "payment_status": order.payment_status,
        "fulfillment_status": order.fulfillment_status,
        "currency_code": order.currency_code,
        "total_amount_with_taxes_cents": order.total_amount_with_taxes_cents,
        "authorized_cents": made.authorized.cents,
        "captured_cents": made.captured.cents,
        "voided_cents": made.voided.cents,
        "refunded_cents": made.refunded.cents,
    }


def _net(order: Any, moved: list[Any], disputes: list[Any]) -> dict[str, Any]:
    """What is left of what was captured, in minor units of the order's currency; None where a dispute is of another.

    A dispute moves money by itself and is in no other sum: what it took and what of it came back counts here alone.
    """
    currency = order.currency_code
    made = sums(moved, currency)
    out = sum(one.withdrawn_cents for one in disputes)
    back = sum(one.reinstated_cents for one in disputes)
    alike = all(one.currency_code == currency for one in disputes)
    return {
        "currency_code": currency,
        "captured_cents": made.captured.cents,
        "refunded_cents": made.refunded.cents,
        "disputed_out_cents": out if alike else None,
        "disputed_in_cents": back if alike else None,
        "net_cents": (made.captured - made.refunded).cents - out + back if alike else None,
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
    return {"type": one.shape.type, **told, "counts": one.counts, "forwarded": one.forwarded, "at": one.created_at}


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
